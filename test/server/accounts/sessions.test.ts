import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserName } from '../../../server/accounts/browser-name.ts';
import type { OpenSession } from '../../../server/accounts/schema.ts';
import { SYSTEM } from '../../../server/identity.ts';
import { type Bench, openBench, PASSWORD } from '../api/harness.ts';

let bench: Bench;
let host = '';
beforeAll(async () => {
  bench = await openBench({ tickMs: 200 });
  await bench.addAgency('one');
  await bench.addAgency('two');
  host = new URL(await bench.app.listen({ host: '127.0.0.1', port: 0 })).host;
});
afterAll(() => bench.close());

const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:141.0) Gecko/20100101 Firefox/141.0';

function ask(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, cookie: string, more: object = {}) {
  const { payload, ...headers } = more as { payload?: object };
  return bench.app.inject({
    method,
    url: `/api/v1${path}`,
    headers: { host, origin: `http://${host}`, cookie, 'user-agent': FIREFOX, ...headers },
    ...(payload ? { payload } : {}),
  });
}
const cookieOf = (answer: Awaited<ReturnType<typeof ask>>): string | undefined => {
  const found = answer.cookies.find(({ name }) => name === 'haidang_session');
  return found && `haidang_session=${found.value}`;
};
async function signIn(user: string): Promise<string> {
  const answer = await ask('POST', '/session', '', { payload: { user, password: PASSWORD } });
  expect(answer.statusCode).toBe(200);
  return cookieOf(answer) ?? '';
}
async function listed(path: string, cookie: string): Promise<OpenSession[]> {
  const answer = await ask('GET', path, cookie);
  expect(answer.statusCode).toBe(200);
  return answer.json().sessions;
}
async function lastAct(act: string) {
  const { records } = await bench.records
    .as(SYSTEM)
    .find('audit', { orderBy: { field: 'at', descending: true }, limit: 1000 });
  return records.find(({ document }) => document.act === act)?.document;
}

describe('open sessions', () => {
  it('are listed for their owner: where from, since when, and which is this one', async () => {
    const first = await bench.signIn({ user: 'list-lan' });
    const second = await signIn('list-lan');
    const list = await listed('/session/sessions', second);
    expect(list).toHaveLength(2);
    expect(list.find(({ current }) => current)).toMatchObject({
      user: 'list-lan',
      address: '127.0.0.1',
      browser: 'Firefox 141 · Windows',
    });
    expect(list.filter(({ current }) => current)).toHaveLength(1);
    const text = JSON.stringify(list);
    for (const cookie of [first, second]) expect(text).not.toContain(cookie.split('=')[1]);
    for (const { id } of list) expect(id).toMatch(/^[0-9a-f]{16}$/);
  });

  it('are ended by their owner, one or all others, and of nobody else', async () => {
    const mine = await bench.signIn({ user: 'end-lan' });
    const other = await signIn('end-lan');
    const third = await signIn('end-lan');
    const theirs = await bench.signIn({ user: 'end-minh' });
    const [foreign] = await listed('/session/sessions', theirs);
    expect((await ask('DELETE', `/session/sessions/${foreign?.id}`, mine)).statusCode).toBe(404);
    expect((await ask('GET', '/session', theirs)).statusCode).toBe(200);

    const ofOther = (await listed('/session/sessions', other)).find(({ current }) => current);
    expect((await ask('DELETE', `/session/sessions/${ofOther?.id}`, mine)).statusCode).toBe(204);
    expect((await ask('GET', '/session', other)).statusCode).toBe(401);
    expect(await lastAct('session.revoke')).toMatchObject({ actor: 'end-lan', target: 'end-lan' });

    expect((await ask('DELETE', '/session/sessions', mine)).statusCode).toBe(204);
    expect((await ask('GET', '/session', third)).statusCode).toBe(401);
    expect((await ask('GET', '/session', mine)).statusCode).toBe(200);
  });

  it('are listed and ended by administrators, within their agencies', async () => {
    const chief = await bench.signIn({ user: 'chief', role: 'administrator' });
    const bound = await bench.signIn({ user: 'chief-one', role: 'administrator', agencies: ['one'] });
    const one = await bench.signIn({ user: 'of-one', agencies: ['one'] });
    const two = await bench.signIn({ user: 'of-two', agencies: ['two'] });
    const names = async (cookie: string) => new Set((await listed('/sessions', cookie)).map(({ user }) => user));
    expect(await names(chief)).toContain('of-two');
    expect([...(await names(bound))].sort()).toEqual(['chief-one', 'of-one']);
    expect((await ask('GET', '/sessions', one)).statusCode).toBe(403);

    const [ofTwo] = await listed('/sessions?user=of-two', chief);
    expect((await ask('DELETE', `/sessions/${ofTwo?.id}`, bound)).statusCode).toBe(404);
    expect((await ask('DELETE', '/users/of-two/sessions', bound)).statusCode).toBe(404);
    expect((await ask('GET', '/session', two)).statusCode).toBe(200);
    expect((await ask('DELETE', `/sessions/${ofTwo?.id}`, chief)).statusCode).toBe(204);
    expect((await ask('GET', '/session', two)).statusCode).toBe(401);
    expect((await ask('DELETE', '/users/of-one/sessions', bound)).statusCode).toBe(204);
    expect((await ask('GET', '/session', one)).statusCode).toBe(401);
    expect((await ask('DELETE', '/users/nobody/sessions', chief)).statusCode).toBe(404);
    expect((await ask('DELETE', '/sessions/0000000000000000', chief)).statusCode).toBe(404);
  });

  it('are twenty of one account: one more ends the one that was not used for longest, and nobody else is touched', async () => {
    const { sessions } = bench.accounts;
    const oldest = await bench.signIn({ user: 'many-lan' });
    const forgotten = await bench.signIn({ user: 'many-lan' });
    const other = await bench.signIn({ user: 'many-minh' });
    bench.clock.now += 5 * 60_000;
    expect((await ask('GET', '/session', oldest)).statusCode).toBe(200);
    for (let n = 3; n <= 20; n++) await sessions.start('many-lan');
    expect(await listed('/session/sessions', oldest)).toHaveLength(20);
    const { token } = await sessions.start('many-lan');
    expect((await ask('GET', '/session', forgotten)).statusCode).toBe(401);
    for (const cookie of [oldest, other, `haidang_session=${token}`])
      expect((await ask('GET', '/session', cookie)).statusCode).toBe(200);
    expect(await listed('/session/sessions', oldest)).toHaveLength(20);
  });

  it('that are over are not listed', async () => {
    const cookie = await bench.signIn({ user: 'idle-lan' });
    bench.clock.now += 9 * 3_600_000;
    const fresh = await bench.signIn({ user: 'idle-lan' });
    expect(await listed('/session/sessions', fresh)).toHaveLength(1);
    expect((await ask('GET', '/session', cookie)).statusCode).toBe(401);
  });
});

describe('the live connection of a session', () => {
  type WithHeaders = new (url: string, options: { headers: Record<string, string> }) => WebSocket;
  async function connect(headers: Record<string, string>): Promise<{ closed: Promise<number> }> {
    const socket = new (WebSocket as unknown as WithHeaders)(`ws://${host}/api/v1/live`, {
      headers: { origin: `http://${host}`, ...headers },
    });
    const closed = new Promise<number>((done) => socket.addEventListener('close', ({ code }) => done(code)));
    await new Promise<void>((done, failed) => {
      socket.addEventListener('message', () => done(), { once: true });
      socket.addEventListener('close', () => failed(new Error('closed before it spoke')), { once: true });
    });
    return { closed };
  }

  it('closes at once when it is revoked, by its owner and by an administrator', async () => {
    const chief = await bench.signIn({ user: 'live-chief', role: 'administrator' });
    const cookie = await bench.signIn({ user: 'live-lan' });
    const { closed } = await connect({ cookie });
    expect((await ask('DELETE', '/users/live-lan/sessions', chief)).statusCode).toBe(204);
    expect(await closed).toBe(4401);

    const mine = await bench.signIn({ user: 'live-lan' });
    const other = await bench.signIn({ user: 'live-lan' });
    const second = await connect({ cookie: other });
    expect((await ask('DELETE', '/session/sessions', mine)).statusCode).toBe(204);
    expect(await second.closed).toBe(4401);
  });

  it('closes when the token that it came by is revoked', async () => {
    await bench.signIn({ user: 'live-token' });
    const actor = { kind: 'user', name: 'live-token', role: 'analyst', agencies: 'all' } as const;
    const wanted = { name: 'wall', permissions: ['alerts.read' as const], days: 1 };
    const { token, id } = await bench.accounts.tokens.create('live-token', wanted, actor);
    const { closed } = await connect({ authorization: `Bearer ${token}` });
    await bench.accounts.tokens.revokeOwn('live-token', id);
    expect(await closed).toBe(4401);
  });
});

describe('a session whose rights change', () => {
  const CHANGE = { displayName: 'x', role: 'administrator', agencies: 'all', disabled: false };

  it('gets a new token with the next request; the one of before dies half a minute later', async () => {
    const chief = await bench.signIn({ user: 'rotate-chief', role: 'administrator' });
    const before = await bench.signIn({ user: 'rotate-lan' });
    expect((await ask('PUT', '/users/rotate-lan', chief, { payload: CHANGE })).statusCode).toBe(200);

    // A page asks for several things at once: each is answered, and one brings the new token.
    const answers = await Promise.all(['/session', '/session', '/session'].map((path) => ask('GET', path, before)));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
    const fresh = answers.map(cookieOf).filter((cookie) => cookie !== undefined);
    expect(fresh).toHaveLength(1);
    expect(fresh[0]).not.toBe(before);
    expect((await ask('GET', '/session', fresh[0] ?? '')).json()).toMatchObject({ role: 'administrator' });
    expect(cookieOf(await ask('GET', '/session', fresh[0] ?? ''))).toBeUndefined();
    expect(await listed('/session/sessions', fresh[0] ?? '')).toHaveLength(1);

    bench.clock.now += 31_000;
    expect((await ask('GET', '/session', before)).statusCode).toBe(401);
    expect((await ask('GET', '/session', fresh[0] ?? '')).statusCode).toBe(200);
  });

  it('keeps its token where only the name changed', async () => {
    const chief = await bench.signIn({ user: 'rotate-chief', role: 'administrator' });
    const cookie = await bench.signIn({ user: 'rotate-name' });
    const same = { ...CHANGE, role: 'analyst', displayName: 'Tên mới' };
    expect((await ask('PUT', '/users/rotate-name', chief, { payload: same })).statusCode).toBe(200);
    const answer = await ask('GET', '/session', cookie);
    expect(answer.statusCode).toBe(200);
    expect(cookieOf(answer)).toBeUndefined();
  });
});

describe('a session cannot be planted or borrowed', () => {
  it('takes no token from outside: a planted one is worthless before and after signing in', async () => {
    await bench.signIn({ user: 'fix-lan' });
    const planted = `haidang_session=${'A'.repeat(43)}`;
    const answer = await ask('POST', '/session', planted, { payload: { user: 'fix-lan', password: PASSWORD } });
    expect(answer.statusCode).toBe(200);
    expect(cookieOf(answer)).not.toBe(planted);
    expect((await ask('GET', '/session', planted)).statusCode).toBe(401);
  });

  it('ends the session of somebody else that the browser brought to the sign-in', async () => {
    const attacker = await bench.signIn({ user: 'fix-attacker' });
    await bench.signIn({ user: 'fix-victim' });
    const answer = await ask('POST', '/session', attacker, { payload: { user: 'fix-victim', password: PASSWORD } });
    expect(answer.json()).toMatchObject({ user: 'fix-victim' });
    expect((await ask('GET', '/session', attacker)).statusCode).toBe(401);
  });

  it.each([
    ['another site', { origin: 'https://evil.example' }],
    ['a page without an origin', { origin: 'null' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['a browser that hides where from', { origin: undefined, 'sec-fetch-site': 'cross-site' }],
  ])('refuses a change that %s asks for', async (_what, headers) => {
    const cookie = await bench.signIn({ user: 'csrf-lan', role: 'administrator' });
    const { origin, ...rest }: Record<string, string | undefined> = headers;
    for (const [method, path] of [
      ['DELETE', '/session/sessions'],
      ['POST', '/session/tokens'],
      ['POST', '/users'],
    ] as const) {
      const answer = await bench.app.inject({
        method,
        url: `/api/v1${path}`,
        headers: { host, cookie, ...rest, ...(origin === undefined ? {} : { origin }) },
        ...(method === 'POST' ? { payload: {} } : {}),
      });
      expect(answer.statusCode, `${method} ${path}`).toBe(403);
      expect(answer.json()).toMatchObject({ code: 'HD_ORIGIN' });
    }
  });

  it('lives in a cookie out of reach of scripts, other sites and other paths, for no longer than the session', async () => {
    await bench.signIn({ user: 'cookie-lan' });
    const answer = await ask('POST', '/session', '', { payload: { user: 'cookie-lan', password: PASSWORD } });
    const [cookie] = answer.cookies;
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/' });
    expect(cookie).not.toHaveProperty('domain');
    const clockAhead = (bench.clock.now - Date.now()) / 1000;
    expect(Math.abs((cookie?.maxAge ?? 0) - clockAhead - 86_400)).toBeLessThan(60);
  });
});

it.each([
  [FIREFOX, 'Firefox 141 · Windows'],
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
    'Chrome 142 · Linux',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) coc_coc_browser/130.0.0 Chrome/124.0.0.0 Safari/537.36',
    'Cốc Cốc 130 · Windows',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
    'Safari 18 · iOS',
  ],
  ['Mozilla/5.0 (Windows NT 10.0) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0', 'Edge 140 · Windows'],
  ['curl/8.5.0', 'curl 8'],
  ['my \u001b[31mtool\u202e', 'my  [31mtool'],
  [undefined, ''],
  ['x'.repeat(100_000), 'x'.repeat(80)],
])('a browser is named as a person would: %#', (header, name) => {
  expect(browserName(header)).toBe(name);
});
