import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AgencyId, SYSTEM } from '../../../server/identity.ts';
import type { LiveMessage } from '../../../server/realtime/schema.ts';
import { type Bench, openBench } from '../api/harness.ts';
import { RULE } from '../api/rule.ts';

let bench: Bench;
let host = '';
beforeAll(async () => {
  bench = await openBench({ rules: [RULE], tickMs: 200 });
  await bench.addAgency('one');
  await bench.addAgency('two');
  host = new URL(await bench.app.listen({ host: '127.0.0.1', port: 0 })).host;
});
afterAll(() => bench.close());

interface Console {
  readonly messages: LiveMessage[];
  alerts(): string[];
  until(enough: () => boolean): Promise<void>;
  closed: Promise<CloseEvent>;
  close(): Promise<void>;
  readonly socket: WebSocket;
}

/** The global WebSocket takes headers in Node; browsers send the cookie and Origin by themselves. */
type WithHeaders = new (url: string, options: { headers: Record<string, string> }) => WebSocket;

function connect(cookie: string, since = 0, headers: Record<string, string> = {}): Console {
  const socket = new (WebSocket as unknown as WithHeaders)(`ws://${host}/api/v1/live?since=${since}`, {
    headers: { cookie, origin: `http://${host}`, ...headers },
  });
  const messages: LiveMessage[] = [];
  const waiting = new Set<() => void>();
  const look = () => {
    for (const one of waiting) one();
  };
  socket.addEventListener('message', (event) => {
    messages.push(JSON.parse(String(event.data)));
    look();
  });
  const closed = new Promise<CloseEvent>((done) =>
    socket.addEventListener('close', (event) => {
      done(event);
      look();
    }),
  );
  return {
    messages,
    socket,
    closed,
    alerts: () => messages.flatMap((message) => (message.type === 'alert' ? [message.alert.id] : [])),
    until: (enough) =>
      new Promise((done, failed) => {
        const check = () => {
          if (enough()) done();
          else if (socket.readyState === WebSocket.CLOSED) failed(new Error('closed before'));
          else return;
          waiting.delete(check);
        };
        waiting.add(check);
        check();
      }),
    async close() {
      socket.close();
      await closed;
    },
  };
}

describe('rights', () => {
  const change = (user: string, body: object, cookie: string) =>
    bench.app.inject({
      method: 'PUT',
      url: `/api/v1/users/${user}`,
      headers: { host, origin: `http://${host}`, cookie },
      payload: { displayName: 'x', role: 'analyst', agencies: 'all', disabled: false, ...body },
    });

  it.each([
    ['agencies', { agencies: ['two'] }],
    ['the role', { role: 'viewer' }],
    ['the account', { disabled: true }],
  ])('that change close the connection at once: %s taken away', async (what, body) => {
    const chief = await bench.signIn({ user: 'rights-chief', role: 'administrator' });
    const user = `rights-${what.replaceAll(' ', '-')}`;
    const client = connect(await bench.signIn({ user }));
    await client.until(() => client.socket.readyState === WebSocket.OPEN || client.messages.length > 0);
    const closed = client.closed;
    expect((await change(user, body, chief)).statusCode).toBe(200);
    expect((await closed).code).toBe(4401);
  });

  it('that stay as they are leave it open', async () => {
    const chief = await bench.signIn({ user: 'rights-chief', role: 'administrator' });
    const client = connect(await bench.signIn({ user: 'rights-same' }));
    await client.until(() => client.messages.length > 0);
    expect((await change('rights-same', { displayName: 'another name' }, chief)).statusCode).toBe(200);
    const before = client.messages.length;
    await client.until(() => client.messages.length > before + 1);
    expect(client.socket.readyState).toBe(WebSocket.OPEN);
    client.close();
  });
});

describe('the live feed', () => {
  it('sends each alert as it changes, and ticks while nothing does', async () => {
    const console = connect(await bench.signIn({ user: 'lan' }), await bench.records.lastChange());
    await console.until(() => console.messages.some((message) => message.type === 'tick'));
    await bench.addAlert('l1');
    await console.until(() => console.alerts().includes('l1'));
    await bench.addAlert('l1', { count: 11 });
    await console.until(() =>
      console.messages.some((message) => message.type === 'alert' && message.alert.count === 11),
    );
    const changes = console.messages.map((message) => message.change);
    expect(changes).toEqual([...changes].sort((a, b) => a - b));
    await console.close();
  });

  it('misses none over a reconnect, and sends none of what was seen', async () => {
    const cookie = await bench.signIn({ user: 'lan' });
    const first = connect(cookie, await bench.records.lastChange());
    await bench.addAlert('r0');
    await first.until(() => first.alerts().includes('r0'));
    const seen = first.messages.at(-1)?.change ?? 0;
    await first.close();

    const missed = Array.from({ length: 450 }, (_, index) => `r-missed-${index}`);
    for (const id of missed) await bench.addAlert(id);
    const second = connect(cookie, seen);
    await bench.addAlert('r-last');
    await second.until(() => second.alerts().includes('r-last'));
    expect(new Set(second.alerts())).toEqual(new Set([...missed, 'r-last']));
    await second.close();
  });

  it('starts a client anew whose place is from the future', async () => {
    const console = connect(await bench.signIn({ user: 'lan' }), 1_000_000);
    await console.until(() => console.messages.length > 0);
    expect(console.messages[0]).toEqual({ type: 'restart', change: await bench.records.lastChange() });
    await console.close();
  });

  it('sends an agency its own alerts alone', async () => {
    const since = await bench.records.lastChange();
    const two = connect(await bench.signIn({ user: 'hai', agencies: ['two'] }), since);
    await bench.addAlert('of-one');
    await bench.addAlert('of-two', { agency: 'two' as AgencyId });
    await two.until(() => two.alerts().includes('of-two'));
    const ticked = two.messages.length;
    await two.until(() => two.messages.slice(ticked).some((message) => message.type === 'tick'));
    expect(two.alerts()).toEqual(['of-two']);
    await two.close();
  });

  it('shows what people change', async () => {
    const cookie = await bench.signIn({ user: 'lan' });
    await bench.addAlert('p1');
    const console = connect(cookie, await bench.records.lastChange());
    const found = await bench.records.as(SYSTEM).get('alert', 'p1');
    const payload = { alerts: [{ id: 'p1', version: found?.document.timeline.length }], owner: 'lan' };
    await bench.app.inject({
      method: 'POST',
      url: '/api/v1/alerts/changes',
      payload,
      headers: { cookie, host, origin: `http://${host}` },
    });
    await console.until(() =>
      console.messages.some((message) => message.type === 'alert' && message.alert.owner === 'lan'),
    );
    await console.close();
  });

  it('closes with 4401 at sign-out', async () => {
    const cookie = await bench.signIn({ user: 'lan' });
    const console = connect(cookie);
    await console.until(() => console.messages.length > 0);
    await bench.app.inject({
      method: 'DELETE',
      url: '/api/v1/session',
      headers: { cookie, host, origin: `http://${host}` },
    });
    expect((await console.closed).code).toBe(4401);
  });

  it('closes on a client that speaks', async () => {
    const console = connect(await bench.signIn({ user: 'lan' }));
    await console.until(() => console.messages.length > 0);
    console.socket.send('hello');
    expect((await console.closed).code).toBe(1008);
  });

  it('closes on a message that is too large', async () => {
    const console = connect(await bench.signIn({ user: 'lan' }));
    await console.until(() => console.messages.length > 0);
    console.socket.send('x'.repeat(5_000));
    expect([1006, 1009]).toContain((await console.closed).code);
  });

  it('allows ten tabs of one session, and no eleventh', async () => {
    const cookie = await bench.signIn({ user: 'nhieu' });
    const tabs = Array.from({ length: 10 }, () => connect(cookie));
    await Promise.all(tabs.map((tab) => tab.until(() => tab.messages.length > 0)));
    const more = connect(cookie);
    expect((await more.closed).code).toBe(1006);
    await Promise.all(tabs.map((tab) => tab.close()));
  });

  const refused: [string, Record<string, string>][] = [
    ['another Origin', { origin: 'http://evil.example' }],
    ['another Origin on this machine', { origin: 'http://127.0.0.1:1' }],
    ['no session', { cookie: '' }],
    ['a wrong session', { cookie: `haidang_session=${'x'.repeat(43)}` }],
  ];
  it.each(refused)('refuses %s', async (_name, headers) => {
    const console = connect(await bench.signIn({ user: 'lan' }), 0, headers);
    expect((await console.closed).wasClean).toBe(false);
    expect(console.messages).toEqual([]);
  });

  it('refuses another Host', async () => {
    const cookie = await bench.signIn({ user: 'lan' });
    const answer = await fetchWithHost('/api/v1/live', { host: 'evil.example', cookie, upgrade: 'websocket' });
    expect(answer).toBe(403);
  });
});

/** `fetch` sets Host by itself; a raw request says what it wants. */
async function fetchWithHost(path: string, headers: Record<string, string>): Promise<number> {
  const { request } = await import('node:http');
  const upgrade = {
    connection: 'Upgrade',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  };
  return new Promise((done, failed) => {
    const sent = request(`http://${host}${path}`, { headers: { ...headers, ...upgrade } });
    sent.on('response', (response) => done(response.resume().statusCode ?? 0));
    sent.on('upgrade', (_response, socket) => {
      socket.destroy();
      done(101);
    });
    sent.on('error', failed);
    sent.end();
  });
}
