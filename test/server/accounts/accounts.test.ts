import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SYSTEM } from '../../../server/identity.ts';
import { type Bench, HOST, openBench, PASSWORD } from '../api/harness.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

const HEADERS = { host: HOST, origin: `http://${HOST}` };

function post(url: string, payload: object, cookie?: string) {
  return bench.app.inject({ method: 'POST', url, payload, headers: { ...HEADERS, ...(cookie ? { cookie } : {}) } });
}
function session(cookie: string) {
  return bench.app.inject({ url: '/api/v1/session', headers: { host: HOST, cookie } });
}
async function audited(act: string): Promise<number> {
  const page = await bench.records.as(SYSTEM).find('audit', { limit: 1000 });
  return page.records.filter((record) => record.document.act === act).length;
}

describe('signing in', () => {
  it('sets a cookie that scripts and other sites cannot use, tells who it is, and is audited', async () => {
    await bench.signIn({ user: 'lan', role: 'analyst' });
    const answer = await post('/api/v1/session', { user: 'lan', password: PASSWORD });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ user: 'lan', role: 'analyst', agencies: 'all' });
    const [cookie] = answer.cookies;
    expect(cookie).toMatchObject({ name: 'haidang_session', httpOnly: true, sameSite: 'Strict', path: '/' });
    expect((await session(`haidang_session=${cookie?.value}`)).json()).toMatchObject({ user: 'lan' });
    expect(await audited('session.start')).toBe(1);
    const stored = await bench.records.as(SYSTEM).find('session');
    expect(JSON.stringify(stored.records)).not.toContain(cookie?.value);
  });

  it('answers the same to a wrong password and an unknown user', async () => {
    await bench.signIn({ user: 'lan' });
    const wrong = await post('/api/v1/session', { user: 'lan', password: 'x' });
    const unknown = await post('/api/v1/session', { user: 'nobody', password: 'x' });
    expect(wrong.statusCode).toBe(401);
    expect(wrong.json()).toMatchObject({ code: 'HD_WRONG_PASSWORD', status: 401 });
    expect(unknown.json()).toEqual(wrong.json());
    expect(await audited('session.refused')).toBe(2);
  });

  it('makes guessing slow, with Retry-After, and even the right password waits', async () => {
    await bench.signIn({ user: 'lan' });
    for (let n = 0; n < 5; n += 1) await post('/api/v1/session', { user: 'lan', password: 'x' });
    const answer = await post('/api/v1/session', { user: 'lan', password: PASSWORD });
    expect(answer.statusCode).toBe(429);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    bench.clock.now += 2_000;
    expect((await post('/api/v1/session', { user: 'lan', password: PASSWORD })).statusCode).toBe(200);
  });

  it('gives a new session and ends the one that the browser brought', async () => {
    const before = await bench.signIn({ user: 'lan' });
    const answer = await post('/api/v1/session', { user: 'lan', password: PASSWORD }, before);
    expect(answer.cookies[0]?.value).not.toBe(before.split('=')[1]);
    expect((await session(before)).statusCode).toBe(401);
  });

  it('refuses a disabled user and ends what was open', async () => {
    const cookie = await bench.signIn({ user: 'lan' });
    const view = bench.records.as(SYSTEM);
    const user = await view.get('user', 'lan');
    if (!user) throw new Error('the user is gone');
    await view.replace('user', 'lan', { ...user.document, disabled: true }, user.version);
    expect((await session(cookie)).statusCode).toBe(401);
    expect((await post('/api/v1/session', { user: 'lan', password: PASSWORD })).statusCode).toBe(401);
  });
});

describe('sessions', () => {
  it('end after eight idle hours, and stay while used', async () => {
    const cookie = await bench.signIn({ user: 'lan' });
    bench.clock.now += 7 * 3_600_000;
    expect((await session(cookie)).statusCode).toBe(200);
    bench.clock.now += 7 * 3_600_000;
    expect((await session(cookie)).statusCode).toBe(200);
    bench.clock.now += 8 * 3_600_000;
    expect((await session(cookie)).statusCode).toBe(401);
  });

  it('end after 24 hours however much they are used', async () => {
    const cookie = await bench.signIn({ user: 'lan' });
    for (let hour = 0; hour < 23; hour += 1) {
      bench.clock.now += 3_600_000;
      expect((await session(cookie)).statusCode).toBe(200);
    }
    bench.clock.now += 3_600_000;
    expect((await session(cookie)).statusCode).toBe(401);
  });

  it('end at sign-out', async () => {
    const cookie = await bench.signIn({ user: 'lan' });
    const answer = await bench.app.inject({
      method: 'DELETE',
      url: '/api/v1/session',
      headers: { ...HEADERS, cookie },
    });
    expect(answer.statusCode).toBe(204);
    expect((await session(cookie)).statusCode).toBe(401);
    expect(await audited('session.end')).toBe(1);
  });

  it('are swept once they are over', async () => {
    await bench.signIn({ user: 'lan' });
    bench.clock.now += 25 * 3_600_000;
    await bench.accounts.sessions.sweep();
    expect(await bench.records.as(SYSTEM).count('session')).toBe(0);
  });

  it.each([
    '',
    'haidang_session=',
    'haidang_session=short',
    `haidang_session=${'x'.repeat(43)}`,
    `haidang_session=${'é'.repeat(43)}`,
  ])('are not opened by cookie %j', async (cookie) => {
    expect((await session(cookie)).statusCode).toBe(401);
  });
});

describe('the set-up link', () => {
  const wanted = (token: string, user = 'chi-huy') => ({ token, user, displayName: 'Chỉ huy', password: PASSWORD });

  async function link(): Promise<string> {
    const made = await bench.accounts.setup.make(`http://${HOST}`);
    return new URL(made ?? 'http://none').searchParams.get('token') ?? '';
  }

  it('makes the first administrator, once, and signs in', async () => {
    const token = await link();
    const file = join(bench.folder, 'setup-link');
    expect(readFileSync(file, 'utf8')).toContain(token);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const state = () => bench.app.inject({ url: `/api/v1/setup?token=${token}`, headers: { host: HOST } });
    expect((await state()).json()).toEqual({ needed: true, valid: true });

    const answer = await post('/api/v1/setup', wanted(token));
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ user: 'chi-huy', role: 'administrator' });
    expect((await session(`haidang_session=${answer.cookies[0]?.value}`)).statusCode).toBe(200);
    expect(existsSync(file)).toBe(false);

    const again = await post('/api/v1/setup', wanted(token, 'intruder'));
    expect(again.statusCode).toBe(410);
    expect(again.json()).toMatchObject({ code: 'HD_SETUP_LINK' });
    expect((await state()).json()).toEqual({ needed: false, valid: false });
  });

  it('lets one of two at once through', async () => {
    const token = await link();
    const answers = await Promise.all([
      post('/api/v1/setup', wanted(token, 'one')),
      post('/api/v1/setup', wanted(token, 'two')),
    ]);
    expect(answers.map((answer) => answer.statusCode).sort()).toEqual([200, 410]);
    expect(await bench.records.as(SYSTEM).count('user')).toBe(1);
  });

  it('is over after an hour, void after a restart, and not made where a user exists', async () => {
    const old = await link();
    const token = await link();
    expect((await post('/api/v1/setup', wanted(old))).statusCode).toBe(410);
    bench.clock.now += 3_600_001;
    expect((await post('/api/v1/setup', wanted(token))).statusCode).toBe(410);
    await bench.signIn({ user: 'lan' });
    expect(await bench.accounts.setup.make(`http://${HOST}`)).toBeUndefined();
  });

  it('is not opened by a guess', async () => {
    await link();
    expect((await post('/api/v1/setup', wanted('x'.repeat(43)))).statusCode).toBe(410);
  });
});

describe('users', () => {
  const lan = { user: 'lan', displayName: 'Lan', role: 'analyst', agencies: 'all', password: PASSWORD };

  it('are added by administrators alone', async () => {
    const admin = await bench.signIn({ user: 'admin', role: 'administrator' });
    const analyst = await bench.signIn({ user: 'minh' });
    expect((await post('/api/v1/users', lan, analyst)).statusCode).toBe(403);
    expect((await post('/api/v1/users', lan)).statusCode).toBe(401);
    expect((await post('/api/v1/users', lan, admin)).statusCode).toBe(201);
    expect((await post('/api/v1/users', lan, admin)).json()).toMatchObject({ code: 'HD_RECORD_EXISTS', status: 409 });
    expect((await post('/api/v1/users', { ...lan, user: 'x1', agencies: ['none'] }, admin)).statusCode).toBe(400);
    expect((await post('/api/v1/users', { ...lan, user: 'x2', password: 'short' }, admin)).statusCode).toBe(400);
    expect(await audited('user.add')).toBeGreaterThan(0);
  });

  it('are never shown with their password', async () => {
    const admin = await bench.signIn({ user: 'admin', role: 'administrator' });
    const answer = await bench.app.inject({ url: '/api/v1/users', headers: { host: HOST, cookie: admin } });
    expect(answer.json()).toEqual({
      users: [{ user: 'admin', displayName: 'admin', role: 'administrator', agencies: 'all', disabled: false }],
    });
    expect(answer.payload).not.toContain('argon2');
  });

  it('get a first administrator from the environment only where nobody exists', async () => {
    expect(await bench.accounts.ensureAdministrator(PASSWORD)).toBe(true);
    expect(await bench.accounts.ensureAdministrator('another password')).toBe(false);
    expect((await post('/api/v1/session', { user: 'admin', password: PASSWORD })).statusCode).toBe(200);
  });
});

describe('an administrator', () => {
  const ADMIN = { displayName: 'Lan', role: 'administrator', agencies: 'all', disabled: false } as const;
  const ANALYST = { ...ADMIN, displayName: 'Minh', role: 'analyst' } as const;
  const NEW_PASSWORD = 'mot-mat-khau-moi-hon';
  let lan = '';
  beforeEach(async () => {
    lan = await bench.signIn({ user: 'lan', role: 'administrator' });
  });

  function put(url: string, payload: object, cookie = lan) {
    return bench.app.inject({ method: 'PUT', url, payload, headers: { ...HEADERS, cookie } });
  }

  it('changes name, role and agencies of a user, at once and on record', async () => {
    const minh = await bench.signIn({ user: 'minh', role: 'viewer' });
    await bench.addAgency('one');
    const change = { displayName: 'Trần Quang Minh', role: 'analyst', agencies: ['one'], disabled: false };
    const answer = await put('/api/v1/users/minh', change);
    expect(answer.json()).toEqual({ user: 'minh', ...change });
    expect((await session(minh)).json()).toMatchObject({ role: 'analyst', agencies: ['one'] });
    const { records } = await bench.records.as(SYSTEM).find('audit', { limit: 1000 });
    expect(records.map(({ document }) => document)).toContainEqual(
      expect.objectContaining({
        actor: 'lan',
        act: 'user.change',
        target: 'minh',
        detail: {
          role: 'analyst',
          agencies: ['one'],
          disabled: false,
          was: { role: 'viewer', agencies: 'all', disabled: false },
        },
      }),
    );
    const list = await bench.app.inject({ url: '/api/v1/users', headers: { host: HOST, cookie: lan } });
    expect(list.json().users).toContainEqual({ user: 'minh', ...change });
    const forMinh = await bench.app.inject({ url: '/api/v1/users', headers: { host: HOST, cookie: minh } });
    expect(forMinh.json().users.every((user: object) => !('agencies' in user))).toBe(true);
  });

  it('locks a user, who is out at once and cannot come back, and lets them in again', async () => {
    const minh = await bench.signIn({ user: 'minh' });
    expect((await put('/api/v1/users/minh', { ...ANALYST, disabled: true })).statusCode).toBe(200);
    expect((await session(minh)).statusCode).toBe(401);
    expect((await post('/api/v1/session', { user: 'minh', password: PASSWORD })).statusCode).toBe(401);
    await put('/api/v1/users/minh', ANALYST);
    expect((await session(minh)).statusCode).toBe(401);
    expect((await post('/api/v1/session', { user: 'minh', password: PASSWORD })).statusCode).toBe(200);
  });

  it('sets a new password, which ends every session of that user but the one that asks', async () => {
    const minh = await bench.signIn({ user: 'minh' });
    expect((await put('/api/v1/users/minh/password', { password: NEW_PASSWORD })).statusCode).toBe(204);
    expect((await session(minh)).statusCode).toBe(401);
    expect((await post('/api/v1/session', { user: 'minh', password: PASSWORD })).statusCode).toBe(401);
    expect((await post('/api/v1/session', { user: 'minh', password: NEW_PASSWORD })).statusCode).toBe(200);
    const elsewhere = await bench.signIn({ user: 'lan', role: 'administrator' });
    await put('/api/v1/users/lan/password', { password: NEW_PASSWORD });
    expect((await session(lan)).statusCode).toBe(200);
    expect((await session(elsewhere)).statusCode).toBe(401);
    expect(await audited('user.password')).toBe(2);
    const stored = await bench.records.as(SYSTEM).find('audit', { limit: 1000 });
    expect(JSON.stringify(stored.records)).not.toContain(NEW_PASSWORD);
  });

  it('at the command line gives the current password of a user, or sets a new one without', async () => {
    const minh = await bench.signIn({ user: 'minh' });
    const wrong = await put('/api/v1/users/minh/password', { current: 'not this', password: NEW_PASSWORD });
    expect(wrong.json()).toMatchObject({ code: 'HD_CURRENT_PASSWORD' });
    const right = await put('/api/v1/users/minh/password', { current: PASSWORD, password: NEW_PASSWORD });
    expect(right.statusCode).toBe(204);
    expect((await session(minh)).statusCode).toBe(401);
    expect((await post('/api/v1/session', { user: 'minh', password: NEW_PASSWORD })).statusCode).toBe(200);
  });

  it.each([
    ['locked', { ...ADMIN, disabled: true }],
    ['an analyst', { ...ADMIN, role: 'analyst' }],
    ['bound to one agency', { ...ADMIN, agencies: ['one'] }],
  ])('who is the last one of the province is not made %s', async (_name, change) => {
    await bench.addAgency('one');
    await bench.signIn({ user: 'of-one', role: 'administrator', agencies: ['one'] });
    await bench.signIn({ user: 'gone', role: 'administrator' });
    await put('/api/v1/users/gone', { ...ADMIN, disabled: true });
    const answer = await put('/api/v1/users/lan', change);
    expect(answer.statusCode).toBe(409);
    expect(answer.json()).toMatchObject({ code: 'HD_LAST_ADMINISTRATOR' });
    expect((await put('/api/v1/users/lan', { ...ADMIN, displayName: 'Lan khác' })).statusCode).toBe(200);
    await put('/api/v1/users/gone', ADMIN);
    expect((await put('/api/v1/users/lan', change)).statusCode).toBe(200);
  });

  it('of two who demote each other at once, one stays', async () => {
    const minh = await bench.signIn({ user: 'minh', role: 'administrator' });
    const analyst = { ...ADMIN, role: 'analyst' };
    const answers = await Promise.all([
      put('/api/v1/users/minh', analyst, lan),
      put('/api/v1/users/lan', analyst, minh),
    ]);
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409]);
  });

  it('bound to some agencies leaves users of others alone', async () => {
    await bench.addAgency('one');
    await bench.addAgency('two');
    const bound = await bench.signIn({ user: 'of-one', role: 'administrator', agencies: ['one'] });
    await bench.signIn({ user: 'hoa', agencies: ['one'] });
    await bench.signIn({ user: 'two', agencies: ['one', 'two'] });
    const hoa = { ...ANALYST, agencies: ['one'] };
    expect((await put('/api/v1/users/hoa', hoa, bound)).statusCode).toBe(200);
    expect((await put('/api/v1/users/hoa', { ...hoa, agencies: 'all' }, bound)).statusCode).toBe(403);
    for (const user of ['two', 'lan']) {
      expect((await put(`/api/v1/users/${user}`, hoa, bound)).statusCode).toBe(403);
      const reset = await put(`/api/v1/users/${user}/password`, { password: NEW_PASSWORD }, bound);
      expect(reset.statusCode).toBe(403);
    }
  });

  it('alone may do this, and is told what is wrong', async () => {
    const minh = await bench.signIn({ user: 'minh' });
    expect((await put('/api/v1/users/minh', { ...ANALYST, role: 'administrator' }, minh)).statusCode).toBe(403);
    expect((await put('/api/v1/users/lan/password', { password: NEW_PASSWORD }, minh)).statusCode).toBe(403);
    expect((await put('/api/v1/users/nobody', ANALYST)).statusCode).toBe(404);
    expect((await put('/api/v1/users/minh', { ...ANALYST, agencies: ['nowhere'] })).statusCode).toBe(400);
    expect((await put('/api/v1/users/minh', { ...ANALYST, role: 'root' })).statusCode).toBe(400);
    expect((await put('/api/v1/users/minh/password', { password: 'short' })).statusCode).toBe(400);
  });
});

describe("one's own password", () => {
  const NEW_PASSWORD = 'mot-mat-khau-moi-hon';
  let minh = '';
  beforeEach(async () => {
    minh = await bench.signIn({ user: 'minh', role: 'viewer' });
  });
  const change = (payload: object, cookie = minh) =>
    bench.app.inject({ method: 'PUT', url: '/api/v1/session/password', payload, headers: { ...HEADERS, cookie } });

  it('is changed by whoever knows it, and ends every session but this one', async () => {
    const elsewhere = await bench.signIn({ user: 'minh', role: 'viewer' });
    const other = await bench.signIn({ user: 'lan' });
    expect((await change({ current: PASSWORD, password: NEW_PASSWORD })).statusCode).toBe(204);
    expect((await session(minh)).statusCode).toBe(200);
    expect((await session(elsewhere)).statusCode).toBe(401);
    expect((await session(other)).statusCode).toBe(200);
    expect((await post('/api/v1/session', { user: 'minh', password: PASSWORD })).statusCode).toBe(401);
    expect((await post('/api/v1/session', { user: 'minh', password: NEW_PASSWORD })).statusCode).toBe(200);
    const { records } = await bench.records.as(SYSTEM).find('audit', { limit: 1000 });
    expect(records.map(({ document }) => document)).toContainEqual(
      expect.objectContaining({ actor: 'minh', act: 'user.password', target: 'minh', detail: { knewCurrent: true } }),
    );
    expect(JSON.stringify(records)).not.toMatch(new RegExp(`${NEW_PASSWORD}|${PASSWORD}`));
  });

  it('stays where the current one is wrong, which is on record and gets slow', async () => {
    for (let tries = 0; tries < 5; tries++) {
      const answer = await change({ current: 'a guess', password: NEW_PASSWORD });
      expect(answer.statusCode).toBe(403);
      expect(answer.json()).toMatchObject({ code: 'HD_CURRENT_PASSWORD' });
    }
    const slow = await change({ current: PASSWORD, password: NEW_PASSWORD });
    expect(slow.statusCode).toBe(429);
    expect(Number(slow.headers['retry-after'])).toBeGreaterThan(0);
    expect(await audited('user.password.refused')).toBe(5);
    expect((await session(minh)).statusCode).toBe(200);
    expect((await post('/api/v1/session', { user: 'minh', password: PASSWORD })).statusCode).toBe(200);
  });

  it('must be another one, and long enough', async () => {
    expect((await change({ current: PASSWORD, password: PASSWORD })).statusCode).toBe(400);
    expect((await change({ current: PASSWORD, password: 'short' })).statusCode).toBe(400);
    expect((await change({ password: NEW_PASSWORD })).statusCode).toBe(400);
    expect((await change({ current: PASSWORD, password: NEW_PASSWORD }, 'none')).statusCode).toBe(401);
  });

  it('that an administrator sets at the same moment stands', async () => {
    const users = bench.accounts.users;
    const before = (await users.get('minh'))?.password ?? '';
    await users.setPassword('minh', NEW_PASSWORD, SYSTEM);
    await expect(users.setPassword('minh', 'yet-another-password', SYSTEM, before)).rejects.toMatchObject({
      code: 'HD_CURRENT_PASSWORD',
    });
    expect((await post('/api/v1/session', { user: 'minh', password: NEW_PASSWORD })).statusCode).toBe(200);
  });

  it('is none at the control socket', async () => {
    bench.local = true;
    expect((await change({ current: PASSWORD, password: NEW_PASSWORD })).statusCode).toBe(403);
  });
});
