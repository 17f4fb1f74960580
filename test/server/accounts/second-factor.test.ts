import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addSecretKey, openSecretBox, secretKeysPath } from '../../../server/accounts/secret-box.ts';
import { matchTotp, newRecoveryCodes, newTotpSecret, totpCode, totpUri } from '../../../server/accounts/totp.ts';
import { SYSTEM } from '../../../server/identity.ts';
import { type Bench, HOST, openBench, PASSWORD } from '../api/harness.ts';

describe('time-based codes', () => {
  /** The ASCII text "12345678901234567890" of RFC 6238, appendix B, in base32. */
  const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

  it.each([
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ])('are those of RFC 6238, appendix B, at second %i', (seconds, code) => {
    expect(totpCode(SECRET, seconds * 1_000)).toBe(code);
  });

  it('are taken one step early or late, once, and never before one that was used', () => {
    const now = 1_700_000_010_000;
    const step = matchTotp(SECRET, totpCode(SECRET, now), now, 0) ?? 0;
    expect(matchTotp(SECRET, totpCode(SECRET, now - 30_000), now, 0)).toBe(step - 1);
    expect(matchTotp(SECRET, totpCode(SECRET, now + 30_000), now, 0)).toBe(step + 1);
    expect(matchTotp(SECRET, totpCode(SECRET, now - 60_000), now, 0)).toBeUndefined();
    expect(matchTotp(SECRET, totpCode(SECRET, now + 60_000), now, 0)).toBeUndefined();
    expect(matchTotp(SECRET, totpCode(SECRET, now), now, step)).toBeUndefined();
    expect(matchTotp(SECRET, totpCode(SECRET, now - 30_000), now, step)).toBeUndefined();
    for (const wrong of ['', '12345', '1234567', 'abcdef', '００００００'])
      expect(matchTotp(SECRET, wrong, now, 0)).toBeUndefined();
  });

  it('come of secrets of 160 bits, in a link that applications read', () => {
    const secret = newTotpSecret();
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(newTotpSecret()).not.toBe(secret);
    expect(new URL(totpUri(secret, 'lan')).searchParams.get('secret')).toBe(secret);
    const codes = newRecoveryCodes();
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) expect(code).toMatch(/^[a-z2-7]{5}-[a-z2-7]{5}$/);
  });
});

describe('secrets at rest', () => {
  const folders: string[] = [];
  const folder = async () => {
    const made = await mkdtemp(join(tmpdir(), 'haidang-box-'));
    folders.push(made);
    return made;
  };
  afterAll(() => Promise.all(folders.map((one) => rm(one, { recursive: true, force: true }))));

  it('open for their owner alone, and not where a byte was changed', async () => {
    const box = await openSecretBox(await folder());
    const sealed = box.seal('SECRET', 'lan');
    expect(sealed).not.toContain('SECRET');
    expect(box.open(sealed, 'lan')).toBe('SECRET');
    expect(() => box.open(sealed, 'minh')).toThrow();
    const parts = sealed.split('.');
    const last = parts[4] ?? '';
    parts[4] = (last.startsWith('A') ? 'B' : 'A') + last.slice(1);
    expect(() => box.open(parts.join('.'), 'lan')).toThrow();
    expect(() => box.open(sealed.replace('v1', 'v2'), 'lan')).toThrow(/secrets\.key/);
  });

  it('have a key that only the owner of the folder reads, or the box stays shut and says how to mend it', async () => {
    const data = await folder();
    await openSecretBox(data);
    expect((await stat(secretKeysPath(data))).mode & 0o777).toBe(0o600);
    await chmod(secretKeysPath(data), 0o644);
    await expect(openSecretBox(data)).rejects.toThrow(/chmod 600/);
  });

  it('open after a new key came, which seals from then on', async () => {
    const data = await folder();
    const sealed = (await openSecretBox(data)).seal('SECRET', 'lan');
    await addSecretKey(data);
    const box = await openSecretBox(data);
    expect(box.open(sealed, 'lan')).toBe('SECRET');
    expect([box.isOld(sealed), box.isOld(box.seal('x', 'lan'))]).toEqual([true, false]);
    expect((await readFile(secretKeysPath(data), 'utf8')).trim().split('\n')).toHaveLength(2);
  });
});

describe('a second factor', () => {
  let bench: Bench;
  let cookie = '';
  beforeEach(async () => {
    bench = await openBench({ secondFactor: { requiredRoles: ['administrator'], graceDays: 14 } });
    cookie = await bench.signIn({ user: 'chief', role: 'administrator' });
  });
  afterEach(() => bench.close());

  const send = (method: 'POST' | 'GET' | 'DELETE' | 'PUT', url: string, payload?: object, as = cookie) =>
    bench.app.inject({
      method,
      url: `/api/v1${url}`,
      headers: { host: HOST, origin: `http://${HOST}`, cookie: as },
      ...(payload ? { payload } : {}),
    });
  const signIn = (code?: string, user = 'chief', password = PASSWORD) =>
    send('POST', '/session', { user, password, ...(code === undefined ? {} : { code }) }, '');
  const cookieOf = (answer: Awaited<ReturnType<typeof send>>) =>
    `haidang_session=${answer.cookies.find(({ name }) => name === 'haidang_session')?.value ?? ''}`;
  async function setUp(): Promise<{ secret: string; recoveryCodes: string[] }> {
    const begun = await send('POST', '/session/second-factor', { password: PASSWORD });
    expect(begun.statusCode).toBe(200);
    const { secret } = begun.json();
    const confirmed = await send('POST', '/session/second-factor/confirm', { code: totpCode(secret, bench.clock.now) });
    expect(confirmed.statusCode).toBe(200);
    cookie = cookieOf(confirmed);
    return { secret, recoveryCodes: confirmed.json().recoveryCodes };
  }
  const later = (seconds: number) => {
    bench.clock.now += seconds * 1_000;
  };

  it('is asked for beside the password once it is set up; a code works once', async () => {
    const { secret } = await setUp();
    later(60);
    expect((await signIn()).json()).toMatchObject({ code: 'HD_CODE_NEEDED', status: 401 });
    const code = totpCode(secret, bench.clock.now);
    expect((await signIn('000000')).json().code).toBe('HD_WRONG_CODE');
    const [one, other] = await Promise.all([signIn(code), signIn(code)]);
    expect([one.statusCode, other.statusCode].sort()).toEqual([200, 401]);
    expect((await signIn(code)).json().code).toBe('HD_WRONG_CODE');
    later(30);
    expect((await signIn(totpCode(secret, bench.clock.now))).statusCode).toBe(200);
  });

  it('says nothing of itself to somebody without the password', async () => {
    await setUp();
    expect((await signIn(undefined, 'chief', 'a wrong password')).json().code).toBe('HD_WRONG_PASSWORD');
  });

  it('takes each recovery code once', async () => {
    const { recoveryCodes } = await setUp();
    const [code = '', next = ''] = recoveryCodes;
    expect((await signIn(code.toUpperCase())).statusCode).toBe(200);
    expect((await signIn(code)).statusCode).toBe(401);
    expect((await signIn(next)).statusCode).toBe(200);
    const stored = (await bench.records.as(SYSTEM).get('user', 'chief'))?.document;
    expect(stored?.secondFactor?.recovery).toHaveLength(8);
    expect(JSON.stringify(stored)).not.toContain(next);
  });

  it('gets slow for whoever tries codes, from wherever they come', async () => {
    await setUp();
    for (let n = 0; n < 5; n++) expect((await signIn('000000')).statusCode).toBe(401);
    const answer = await bench.app.inject({
      method: 'POST',
      url: '/api/v1/session',
      remoteAddress: '192.0.2.77',
      headers: { host: HOST, origin: `http://${HOST}` },
      payload: { user: 'chief', password: PASSWORD, code: '000000' },
    });
    expect(answer.statusCode).toBe(429);
  });

  it('ends what was open before, and gives the browser a new session', async () => {
    const before = cookie;
    const other = await bench.signIn({ user: 'chief' });
    await setUp();
    for (const old of [before, other]) expect((await send('GET', '/session', undefined, old)).statusCode).toBe(401);
    expect((await send('GET', '/session')).json()).toMatchObject({ secondFactor: { on: true, due: null } });
  });

  it('is not set up without the password, nor confirmed without a code of the secret', async () => {
    expect((await send('POST', '/session/second-factor', { password: 'not the password' })).statusCode).toBe(403);
    expect((await send('POST', '/session/second-factor/confirm', { code: '123456' })).statusCode).toBe(400);
    const begun = await send('POST', '/session/second-factor', { password: PASSWORD });
    const wrong = totpCode(begun.json().secret, bench.clock.now + 3_600_000);
    expect((await send('POST', '/session/second-factor/confirm', { code: wrong })).json().code).toBe('HD_WRONG_CODE');
    expect((await signIn()).statusCode).toBe(200);
  });

  it('leaves a required role two weeks from the first sign-in on; then it can do nothing but set it up', async () => {
    cookie = cookieOf(await signIn());
    const due = new Date(bench.clock.now + 14 * 86_400_000).toISOString();
    expect((await send('GET', '/session')).json()).toMatchObject({ secondFactor: { on: false, due } });
    expect((await send('GET', '/alerts')).statusCode).toBe(200);
    later(14 * 86_400);
    cookie = cookieOf(await signIn());
    expect((await send('GET', '/alerts')).json()).toMatchObject({ code: 'HD_SECOND_FACTOR', status: 403 });
    expect((await send('GET', '/live')).json()).toMatchObject({ code: 'HD_SECOND_FACTOR' });
    await setUp();
    expect((await send('GET', '/alerts')).statusCode).toBe(200);
  });

  it('is asked of no other role', async () => {
    cookie = await bench.signIn({ user: 'lan' });
    expect((await send('GET', '/session')).json()).toMatchObject({ secondFactor: { on: false, due: null } });
    later(30 * 86_400);
    cookie = cookieOf(await signIn(undefined, 'lan'));
    expect((await send('GET', '/alerts')).statusCode).toBe(200);
  });

  it('is taken away by an administrator from somebody who lost it, whose sessions end', async () => {
    const chief = cookie;
    const lan = await bench.signIn({ user: 'lan' });
    cookie = lan;
    await setUp();
    const mine = cookie;
    cookie = chief;
    expect((await send('DELETE', '/users/lan/second-factor')).statusCode).toBe(204);
    expect((await send('GET', '/session', undefined, mine)).statusCode).toBe(401);
    expect((await signIn(undefined, 'lan')).statusCode).toBe(200);
    const acts = await bench.records.as(SYSTEM).find('audit', { where: { actor: ['lan', 'chief'] } });
    expect(acts.records.map(({ document }) => document.act)).toEqual(
      expect.arrayContaining(['user.second-factor.set', 'user.second-factor.reset']),
    );
  });

  it('is stored sealed, and shown to nobody', async () => {
    const { secret } = await setUp();
    const stored = JSON.stringify((await bench.records.as(SYSTEM).get('user', 'chief'))?.document);
    expect(stored).not.toContain(secret);
    expect((await send('GET', '/users')).payload).not.toMatch(/secret|recovery|lastStep/);
  });
});
