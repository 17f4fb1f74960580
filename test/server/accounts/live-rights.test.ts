import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, openBench } from '../api/harness.ts';

let bench: Bench;
let host = '';
let chief = '';
beforeAll(async () => {
  bench = await openBench({ tickMs: 200 });
  await bench.addAgency('one');
  host = new URL(await bench.app.listen({ host: '127.0.0.1', port: 0 })).host;
  chief = await bench.signIn({ user: 'chief', role: 'administrator' });
});
afterAll(() => bench?.close());

function ask(method: 'POST' | 'PUT' | 'DELETE', path: string, payload?: object) {
  return bench.app.inject({
    method,
    url: `/api/v1${path}`,
    headers: { host, origin: `http://${host}`, cookie: chief },
    ...(payload ? { payload } : {}),
  });
}

/** A live connection that has spoken once; `closed` gives its close code. */
async function connect(headers: Record<string, string>): Promise<{ readonly closed: Promise<number> }> {
  const socket = new WebSocket(`ws://${host}/api/v1/live`, {
    // @ts-expect-error Node's own WebSocket takes headers, as undici's does; the types are the browser's.
    headers: { origin: `http://${host}`, ...headers },
  });
  const closed = new Promise<number>((done) => socket.addEventListener('close', ({ code }) => done(code)));
  await new Promise<void>((done, failed) => {
    socket.addEventListener('message', () => done(), { once: true });
    socket.addEventListener('close', () => failed(new Error('closed before it spoke')), { once: true });
  });
  return { closed };
}
/** Makes the server look at all live connections now, as it does by itself each half minute. */
async function look(name: string): Promise<void> {
  const contact = { person: '', phone: '', email: '', address: '' };
  const agency = { id: name, name, contact, securityLevel: 3, networks: [], sources: [] };
  // Whoever asks must still be signed in, whatever the clock says.
  chief = await bench.signIn({ user: 'chief', role: 'administrator' });
  const answer = await ask('POST', '/agencies', agency);
  expect(answer.statusCode, answer.payload).toBe(201);
}

describe('a live connection', () => {
  it('ends with a session that nobody used for too long: it is no use of it', async () => {
    const { closed } = await connect({ cookie: await bench.signIn({ user: 'idle' }) });
    bench.clock.now += 8 * 3_600_000;
    await look('after-idle');
    expect(await closed).toBe(4401);
  });

  it('ends with a session whose day is over, however much it was used', async () => {
    const cookie = await bench.signIn({ user: 'long' });
    const { closed } = await connect({ cookie });
    for (let hour = 0; hour < 24; hour += 6) {
      await bench.app.inject({ url: '/api/v1/session', headers: { host, cookie } });
      bench.clock.now += 6 * 3_600_000;
    }
    await look('after-a-day');
    expect(await closed).toBe(4401);
  });

  it('ends with a token that is over, and with one whose account has other rights', async () => {
    await bench.signIn({ user: 'program' });
    const actor = { kind: 'user', name: 'program', role: 'analyst', agencies: 'all' } as const;
    const make = async () => {
      const wanted = { name: 'wall', permissions: ['alerts.read' as const], days: 1 };
      const { token } = await bench.accounts.tokens.create('program', wanted, actor);
      return { authorization: `Bearer ${token}` };
    };
    const old = await connect(await make());
    bench.clock.now += 24 * 3_600_000;
    await look('after-the-token');
    expect(await old.closed).toBe(4401);

    const other = await connect(await make());
    const change = { displayName: 'x', role: 'viewer', agencies: 'all', disabled: false };
    expect((await ask('PUT', '/users/program', change)).statusCode).toBe(200);
    expect(await other.closed).toBe(4401);
  });

  it('ends at once where emergency rights begin, where they are ended, and where their time is over', async () => {
    const reason = 'Không liên lạc được quản trị viên nào';
    const user = { user: 'helper', role: 'analyst' as const, agencies: ['one'] };
    const before = await connect({ cookie: await bench.signIn(user) });
    expect((await ask('POST', '/users/helper/emergency', { reason, minutes: 30 })).statusCode).toBe(201);
    expect(await before.closed).toBe(4401);

    const during = await connect({ cookie: await bench.signIn(user) });
    expect((await ask('DELETE', '/users/helper/emergency')).statusCode).toBe(204);
    expect(await during.closed).toBe(4401);

    expect((await ask('POST', '/users/helper/emergency', { reason, minutes: 30 })).statusCode).toBe(201);
    const late = await connect({ cookie: await bench.signIn(user) });
    bench.clock.now += 30 * 60_000;
    await bench.accounts.breakGlass.sweep();
    expect(await late.closed).toBe(4401);
  });
});
