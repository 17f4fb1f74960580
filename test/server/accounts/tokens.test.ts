import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Permission } from '../../../server/accounts/permissions.ts';
import type { MadeApiToken } from '../../../server/accounts/schema.ts';
import { type AgencyId, SYSTEM } from '../../../server/identity.ts';
import { type Bench, HOST, openBench, PASSWORD } from '../api/harness.ts';
import { RULE } from '../api/rule.ts';

let bench: Bench;
let chief = '';
beforeAll(async () => {
  bench = await openBench({ rules: [RULE] });
  for (const agency of ['one', 'two']) await bench.addAgency(agency);
  await bench.addAlert('alert-one');
  await bench.addAlert('alert-two', { agency: 'two' as AgencyId });
  chief = await bench.signIn({ user: 'chief', role: 'administrator' });
});
afterAll(() => bench.close());

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
function ask(method: Method, path: string, headers: object, payload?: object) {
  const url = `/api/v1${path}`;
  return bench.app.inject({ method, url, headers: { host: HOST, ...headers }, ...(payload ? { payload } : {}) });
}
const byCookie = (cookie: string) => ({ cookie, origin: `http://${HOST}` });
const byToken = (token: string) => ({ authorization: `Bearer ${token}` });
const READING: Permission[] = ['alerts.read'];

async function make(cookie: string, wanted: object = {}): Promise<MadeApiToken> {
  const answer = await ask('POST', '/session/tokens', byCookie(cookie), {
    name: 'màn hình',
    permissions: READING,
    ...wanted,
  });
  expect(answer.statusCode, answer.payload).toBe(201);
  return answer.json();
}

describe('a token', () => {
  it('opens what it is for, is shown once, and is kept as its hash alone', async () => {
    const cookie = await bench.signIn({ user: 'lan' });
    const { token, ...made } = await make(cookie);
    expect(token).toMatch(/^hdt_[\w-]{43}$/);
    expect(made).toMatchObject({
      name: 'màn hình',
      owner: 'lan',
      permissions: READING,
      agencies: 'all',
      lastUsedAt: null,
    });
    expect((await ask('GET', '/alerts', byToken(token))).statusCode).toBe(200);
    expect((await ask('GET', '/session', byToken(token))).json()).toMatchObject({ user: 'lan', permissions: READING });
    const refused = await ask('GET', '/ledger', byToken(token));
    expect(refused.statusCode).toBe(403);
    expect(refused.json().detail).toMatch(/^This needs "ledger.read"/);

    const list = await ask('GET', '/session/tokens', byCookie(cookie));
    expect(list.json().tokens).toMatchObject([
      { id: made.id, lastAddress: '127.0.0.1', lastUsedAt: expect.any(String) },
    ]);
    expect(list.payload).not.toContain(token);
    const stored = await bench.records.as(SYSTEM).find('api-token');
    expect(JSON.stringify(stored.records)).not.toContain(token.slice(4));
    const audit = await bench.records.as(SYSTEM).find('audit', { limit: 1000 });
    expect(JSON.stringify(audit.records)).not.toContain(token.slice(4));
    expect(audit.records.map(({ document }) => document.act)).toContain('token.create');
  });

  it('has no more than its maker: neither permissions nor agencies', async () => {
    const cookie = await bench.signIn({ user: 'of-one', agencies: ['one'] });
    for (const wanted of [
      { permissions: ['alerts.read', 'users.change'] },
      { agencies: 'all' },
      { agencies: ['one', 'two'] },
    ]) {
      const answer = await ask('POST', '/session/tokens', byCookie(cookie), {
        name: 'x',
        permissions: READING,
        ...wanted,
      });
      expect(answer.statusCode, JSON.stringify(wanted)).toBe(403);
    }
    const { token } = await make(cookie);
    const alerts = (await ask('GET', '/alerts', byToken(token))).json().alerts;
    expect(alerts.map(({ id }: { id: string }) => id)).toEqual(['alert-one']);
  });

  it('is bound to agencies where its maker is not', async () => {
    const { token } = await make(await bench.signIn({ user: 'bounding' }), { agencies: ['two'] });
    const alerts = (await ask('GET', '/alerts', byToken(token))).json().alerts;
    expect(alerts.map(({ id }: { id: string }) => id)).toEqual(['alert-two']);
    const unknown = { name: 'x', permissions: READING, agencies: ['nowhere'] };
    const cookie = await bench.signIn({ user: 'bounding' });
    expect((await ask('POST', '/session/tokens', byCookie(cookie), unknown)).statusCode).toBe(400);
  });

  it('cannot touch the account: no password, session, second factor or further token', async () => {
    const { token } = await make(chief, { permissions: ['alerts.read', 'users.change', 'tokens.manage'] });
    for (const [method, path, body] of [
      ['PUT', '/session/password', { current: PASSWORD, password: 'một mật khẩu khác hẳn' }],
      ['POST', '/session/second-factor', { password: PASSWORD }],
      ['GET', '/session/sessions', undefined],
      ['DELETE', '/session', undefined],
      ['POST', '/session/tokens', { name: 'child', permissions: READING, days: 1 }],
      ['POST', '/tokens', { owner: 'lan', name: 'child', permissions: READING, days: 1 }],
    ] as const) {
      const answer = await ask(method, path, byToken(token), body);
      expect(answer.statusCode, `${method} ${path}`).toBe(403);
    }
  });

  it('ends with time, when it is revoked, and is 401 then', async () => {
    const cookie = await bench.signIn({ user: 'ending' });
    const short = await make(cookie, { days: 1 });
    const long = await make(cookie, { days: 30 });
    const status = async ({ token }: MadeApiToken) => (await ask('GET', '/alerts', byToken(token))).statusCode;
    expect(await status(short)).toBe(200);
    bench.clock.now += 86_400_000;
    expect([await status(short), await status(long)]).toEqual([401, 200]);
    const fresh = await bench.signIn({ user: 'ending' });
    const { tokens } = (await ask('GET', '/session/tokens', byCookie(fresh))).json();
    expect(tokens.find(({ id }: MadeApiToken) => id === short.id)).toMatchObject({ expired: true });
    expect((await ask('DELETE', `/session/tokens/${long.id}`, byCookie(fresh))).statusCode).toBe(204);
    expect(await status(long)).toBe(401);
    bench.clock.now += 31 * 86_400_000;
    await bench.accounts.sweep();
    expect(await bench.records.as(SYSTEM).count('api-token', { where: { owner: ['ending'] } })).toBe(0);
    bench.clock.now = Date.now();
  });

  it.each([
    ['gets another role', { role: 'viewer' }],
    ['gets other agencies', { agencies: ['one'] }],
    ['is locked', { disabled: true }],
  ])('ends when its maker %s', async (what, change) => {
    chief = await bench.signIn({ user: 'chief', role: 'administrator' });
    const user = `maker-${what.replaceAll(' ', '-')}`;
    const { token } = await make(await bench.signIn({ user }));
    const body = { displayName: 'x', role: 'analyst', agencies: 'all', disabled: false };
    expect((await ask('PUT', `/users/${user}`, byCookie(chief), body)).statusCode).toBe(200);
    expect((await ask('GET', '/alerts', byToken(token))).statusCode).toBe(200);
    expect((await ask('PUT', `/users/${user}`, byCookie(chief), { ...body, ...change })).statusCode).toBe(200);
    expect((await ask('GET', '/alerts', byToken(token))).statusCode).toBe(401);
    expect((await ask('PUT', `/users/${user}`, byCookie(chief), body)).statusCode).toBe(200);
    expect((await ask('GET', '/alerts', byToken(token))).statusCode).toBe(401);
  });

  it('is worth nothing once the account itself is locked in the store, and follows what its role may', async () => {
    const { token } = await make(await bench.signIn({ user: 'direct' }), {
      permissions: ['alerts.read', 'alerts.triage'],
    });
    const view = bench.records.as(SYSTEM);
    const change = async (part: object) => {
      const found = await view.get('user', 'direct');
      if (found) await view.replace('user', 'direct', { ...found.document, ...part }, found.version);
    };
    await change({ role: 'viewer' });
    expect((await ask('GET', '/session', byToken(token))).json().permissions).toEqual(['alerts.read']);
    await change({ disabled: true });
    expect((await ask('GET', '/alerts', byToken(token))).statusCode).toBe(401);
  });

  it.each(['hdt_', `hdt_${'x'.repeat(43)}`, 'x', `hdt_${'x'.repeat(150)}`])('is not opened by %j', async (token) => {
    const answer = await ask('GET', '/alerts', byToken(token));
    expect(answer.statusCode).toBe(401);
    expect(answer.json()).toMatchObject({ code: 'HD_NOT_SIGNED_IN' });
  });

  it('outweighs a cookie: what it may not, the cookie beside it does not open', async () => {
    const { token } = await make(await bench.signIn({ user: 'both' }));
    const headers = { ...byCookie(chief), ...byToken(token) };
    expect((await ask('GET', '/users', headers)).statusCode).toBe(403);
    expect((await ask('GET', '/users', { ...byCookie(chief), ...byToken(`hdt_${'x'.repeat(43)}`) })).statusCode).toBe(
      401,
    );
  });

  it('is named in the audit log beside whoever made it', async () => {
    const { token } = await make(chief, { name: 'đồng bộ', permissions: ['users.change', 'users.read'] });
    const body = { displayName: 'By token', role: 'viewer', agencies: 'all', disabled: false };
    await bench.signIn({ user: 'changed-by-token' });
    expect((await ask('PUT', '/users/changed-by-token', byToken(token), body)).statusCode).toBe(200);
    const { records } = await bench.records.as(SYSTEM).find('audit', { limit: 1000 });
    const act = records.find(({ document }) => document.target === 'changed-by-token')?.document;
    expect(act).toMatchObject({ actor: 'chief', act: 'user.change', detail: { token: 'đồng bộ' } });
  });
});

describe('tokens of others', () => {
  it('are listed and revoked by administrators, and made on the server itself alone', async () => {
    const { token, id } = await make(await bench.signIn({ user: 'other' }));
    const all = (await ask('GET', '/tokens', byCookie(chief))).json().tokens;
    expect(all.map((one: MadeApiToken) => one.id)).toContain(id);
    expect((await ask('GET', '/tokens', byCookie(await bench.signIn({ user: 'other' })))).statusCode).toBe(403);
    const wanted = { owner: 'other', name: 'x', permissions: READING, days: 1 };
    expect((await ask('POST', '/tokens', byCookie(chief), wanted)).statusCode).toBe(403);
    bench.local = true;
    const made = await ask('POST', '/tokens', {}, wanted);
    const tooMuch = await ask('POST', '/tokens', {}, { ...wanted, permissions: ['users.change'] });
    bench.local = false;
    expect(made.statusCode).toBe(201);
    expect(tooMuch.statusCode).toBe(403);
    expect((await ask('GET', '/session', byToken(made.json().token))).json()).toMatchObject({ user: 'other' });
    expect((await ask('DELETE', `/tokens/${id}`, byCookie(chief))).statusCode).toBe(204);
    expect((await ask('GET', '/alerts', byToken(token))).statusCode).toBe(401);
  });

  it('stay unseen by administrators of other agencies', async () => {
    const bound = await bench.signIn({ user: 'chief-one', role: 'administrator', agencies: ['one'] });
    const { id } = await make(await bench.signIn({ user: 'hidden', agencies: ['two'] }));
    const seen = (await ask('GET', '/tokens', byCookie(bound))).json().tokens;
    expect(seen.map((one: MadeApiToken) => one.owner)).not.toContain('hidden');
    expect((await ask('DELETE', `/tokens/${id}`, byCookie(bound))).statusCode).toBe(404);
  });
});
