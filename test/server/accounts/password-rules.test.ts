import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BreachedFileError, isBreached } from '../../../server/accounts/breached-file.ts';
import { isGuessable, isOwnName } from '../../../server/accounts/guessable.ts';
import { passwordRules } from '../../../server/accounts/password-rules.ts';
import { type Bench, HOST, openBench, PASSWORD } from '../api/harness.ts';

describe('an easily guessed password', () => {
  it.each([
    'password1234',
    'P@ssw0rd2026!',
    'Admin@123456',
    'Matkhau@123456',
    'Mật khẩu 2026!',
    'M@tKhau#2026',
    'camau2026camau',
    'Cà Mau 12345',
    'vietnam123456789',
    'haidang@2026!!',
    'qwertyuiop12',
    '1qaz2wsx3edc',
    'zxcvbnm,./asdf',
    '123456789012',
    '20261123000000',
    'aaaaaaaaaaaaaa',
    'abcabcabcabcabc',
    'anhyeuem123456',
    'iloveyouiloveyou',
    'phnompenh2026',
    'sronlanh123456',
    'AdminQuanTri2026',
    'ngocanh!!19901990',
    '',
  ])('is known as one: %j', (password) => {
    expect(isGuessable(password)).toBe(true);
  });

  it.each([
    PASSWORD,
    'mot-mat-khau-dai-cho-thu',
    'mực tím rơi trên cầu gỗ',
    'correct horse battery staple',
    'kh7-Tq!pz4_wLm9',
    'ផ្កាយនៅលើទឹកទន្លេ',
    `${'x1'.repeat(20)} and something of its own ${'y2'.repeat(10)}`,
  ])('is not seen where there is none: %j', (password) => {
    expect(isGuessable(password)).toBe(false);
  });

  it('is judged in time that no input stretches', () => {
    for (const hostile of ['a'.repeat(256), 'abc'.repeat(85), '@'.repeat(256), '𝒂'.repeat(128), 'minh'.repeat(64)])
      expect([true, false]).toContain(isGuessable(hostile));
  });

  it('is also the name of its account, in whatever spelling', () => {
    const names = ['nguyen.van.an', 'Nguyễn Văn Ấn'];
    for (const password of ['nguyenvanan2026', 'Nguyễn-Văn-Ấn!!!', 'nguyenvanan nguyenvanan', 'NguyenV4n4n123'])
      expect(isOwnName(password, names), password).toBe(true);
    for (const password of [PASSWORD, 'nguyen va nhung con song', '123456789012'])
      expect(isOwnName(password, names), password).toBe(false);
    expect(isOwnName('anything at all', ['', '1', 'an'])).toBe(false);
  });
});

describe('the list of breached passwords', () => {
  let folder = '';
  const sha1 = (text: string) => createHash('sha1').update(text).digest('hex').toUpperCase();
  const many = Array.from({ length: 20_000 }, (_, index) => `stolen password ${index}`);
  const sorted = many.map(sha1).sort();
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'haidang-breached-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  let files = 0;
  const file = async (text: string): Promise<string> => {
    files += 1;
    const path = join(folder, `list-${files}`);
    await writeFile(path, text);
    return path;
  };

  it.each([
    ['whole hashes with counts, as they are handed out', (hash: string, at: number) => `${hash}:${at}\r\n`],
    ['whole hashes in lower case', (hash: string) => `${hash.toLowerCase()}\n`],
    ['the first ten digits', (hash: string) => `${hash.slice(0, 10)}\n`],
  ])('is searched on disk: %s', async (_form, line) => {
    const path = await file(sorted.map(line).join(''));
    const looked = [
      ...many.slice(0, 200),
      ...[sorted[0], sorted.at(-1)].map((hash) => many.find((one) => sha1(one) === hash) ?? ''),
    ];
    for (const password of looked) expect(await isBreached(path, password), password).toBe(true);
    for (let index = 0; index < 200; index++) expect(await isBreached(path, `not stolen ${index}`)).toBe(false);
  });

  it.each([0, 1, 2, 50, 90, 120])('finds each of %i lines, and nothing else', async (count) => {
    const some = many.slice(0, count);
    const path = await file(some.map(sha1).sort().join('\n'));
    for (const password of some) expect(await isBreached(path, password)).toBe(true);
    expect(await isBreached(path, 'another')).toBe(false);
  });

  it('that is none is refused by name, and lets no password through', async () => {
    const words = await file('password\nletmein\n'.repeat(1_000));
    await expect(isBreached(words, 'x')).rejects.toThrow(BreachedFileError);
    await expect(isBreached(await file('x'.repeat(100_000)), 'x')).rejects.toThrow(/accounts.breached_passwords/);
    await expect(isBreached(join(folder, 'absent'), 'x')).rejects.toThrow(/absent cannot be read/);
    await expect(passwordRules(words).judge('con mèo ngủ dưới mái hiên', [])).rejects.toMatchObject({
      code: 'HD_INTERNAL',
    });
  });

  it('refuses what it holds, and says why', async () => {
    const rules = passwordRules(await file(`${sha1('con mèo ngủ dưới mái hiên')}\n`));
    await expect(rules.judge('con mèo ngủ dưới mái hiên', [])).rejects.toMatchObject({ code: 'HD_PASSWORD_BREACHED' });
    await rules.judge('con chó ngủ dưới mái hiên', []);
  });
});

describe('wherever a password is set', () => {
  let bench: Bench;
  let chief = '';
  beforeAll(async () => {
    bench = await openBench();
    chief = await bench.signIn({ user: 'chief', role: 'administrator' });
  });
  afterAll(() => bench.close());
  const send = (method: 'POST' | 'PUT', path: string, payload: object) =>
    bench.app.inject({
      method,
      url: `/api/v1${path}`,
      headers: { host: HOST, origin: `http://${HOST}`, cookie: chief },
      payload,
    });

  it('an easy one is refused: a new user, a reset, one’s own, the first', async () => {
    const weak = 'Matkhau@123456';
    const lan = { user: 'tran.thi.lan', displayName: 'Lan', role: 'viewer', agencies: 'all', password: weak };
    expect((await send('POST', '/users', lan)).json()).toMatchObject({ status: 400, code: 'HD_PASSWORD_GUESSABLE' });
    const named = { ...lan, password: 'TranThiLan2026!' };
    expect((await send('POST', '/users', named)).json()).toMatchObject({ status: 400, code: 'HD_PASSWORD_NAME' });
    expect((await send('PUT', '/users/chief/password', { password: weak })).json()).toMatchObject({
      code: 'HD_PASSWORD_GUESSABLE',
    });
    const own = await send('PUT', '/session/password', { current: PASSWORD, password: weak });
    expect(own.json()).toMatchObject({ code: 'HD_PASSWORD_GUESSABLE' });
    const fresh = await openBench();
    try {
      const link = new URL((await fresh.accounts.setup.make(`http://${HOST}`)) ?? 'http://none');
      const token = link.searchParams.get('token') ?? '';
      const first = (password: string) =>
        fresh.app.inject({
          method: 'POST',
          url: '/api/v1/setup',
          headers: { host: HOST, origin: `http://${HOST}` },
          payload: { token, user: 'chi-huy', displayName: 'Chỉ huy', password },
        });
      expect((await first(weak)).json()).toMatchObject({ code: 'HD_PASSWORD_GUESSABLE' });
      expect((await first('mực tím rơi trên cầu gỗ')).statusCode).toBe(200);
    } finally {
      await fresh.close();
    }
  });
});
