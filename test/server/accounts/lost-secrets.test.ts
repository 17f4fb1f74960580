import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { openAccounts } from '../../../server/accounts/accounts.ts';
import { openAudit } from '../../../server/accounts/audit.ts';
import { findLostSecrets, giveUpLostSecrets } from '../../../server/accounts/lost-secrets.ts';
import { openSecretBox, secretKeysPath } from '../../../server/accounts/secret-box.ts';
import { totpCode } from '../../../server/accounts/totp.ts';
import { auditFile, auditFolder } from '../../../server/audit/files.ts';
import { run } from '../../../server/commands/key.ts';
import { lockFolder } from '../../../server/control/lock.ts';
import { SYSTEM } from '../../../server/identity.ts';
import { openEmbeddedStore } from '../../../server/store/embedded/open.ts';
import { type Bench, HOST, openBench, PASSWORD } from '../api/harness.ts';

describe('a server that lost its key of secrets for good', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await openBench({ secondFactor: { requiredRoles: ['administrator'], graceDays: 14 } });
    await bench.accounts.keys.verify();
  });
  afterEach(() => bench.close());

  const send = (method: 'POST' | 'GET', url: string, cookie: string, payload?: object) =>
    bench.app.inject({
      method,
      url: `/api/v1${url}`,
      headers: { host: HOST, origin: `http://${HOST}`, cookie },
      ...(payload ? { payload } : {}),
    });
  const signIn = (user: string, code?: string) =>
    send('POST', '/session', '', { user, password: PASSWORD, ...(code === undefined ? {} : { code }) });
  const cookieOf = (answer: Awaited<ReturnType<typeof send>>) =>
    `haidang_session=${answer.cookies.find(({ name }) => name === 'haidang_session')?.value ?? ''}`;
  async function setUp(cookie: string) {
    const { secret } = (await send('POST', '/session/second-factor', cookie, { password: PASSWORD })).json();
    const code = totpCode(secret, bench.clock.now);
    const confirmed = await send('POST', '/session/second-factor/confirm', cookie, { code });
    expect(confirmed.statusCode).toBe(200);
    const [recovery = ''] = confirmed.json().recoveryCodes as string[];
    return { secret: secret as string, recovery, cookie: cookieOf(confirmed) };
  }
  /** As a server that starts on the same store. */
  const restarted = () => openAccounts({ records: bench.records, folder: bench.folder, now: () => bench.clock.now });
  const place = () => ({ records: bench.records, data: bench.folder });
  const giveUp = (audit = openAudit(bench.records)) => giveUpLostSecrets({ ...place(), audit, actor: 'local:0' });

  it('refuses to start, and to make a key that would make what is sealed unreadable', async () => {
    const chief = await setUp(await bench.signIn({ user: 'chief', role: 'administrator' }));
    await rm(secretKeysPath(bench.folder));
    await expect(restarted().keys.verify()).rejects.toThrow(/haidang key reset --lost/);
    const answer = await send('POST', '/keys/rotate', chief.cookie);
    expect([answer.statusCode, answer.json().code]).toEqual([503, 'HD_SECRET_KEY']);
    await expect(stat(secretKeysPath(bench.folder))).rejects.toThrow();
  });

  it('gives up what lies under it: recovery codes open, nothing is allowed before a new factor, others go on', async () => {
    const chief = await setUp(await bench.signIn({ user: 'chief', role: 'administrator' }));
    const lan = await setUp(await bench.signIn({ user: 'lan' }));
    const plain = await bench.signIn({ user: 'minh' });
    const view = bench.records.as(SYSTEM);
    const box = await openSecretBox(bench.folder);
    await view.create('setting', 'sharing-keys', { value: { signing: box.seal('x', 'sharing-keys'), pseudonyms: '' } });
    expect((await findLostSecrets(place())).keys).toEqual([]);
    await rm(secretKeysPath(bench.folder));

    const lost = await findLostSecrets(place());
    expect(lost.users).toEqual([
      { name: 'chief', recoveryCodes: 10 },
      { name: 'lan', recoveryCodes: 10 },
    ]);
    expect(lost.settings).toEqual(['sharing-keys']);
    expect(lost.keys).toHaveLength(1);
    await expect(stat(secretKeysPath(bench.folder))).rejects.toThrow();

    expect(await giveUp()).toEqual(lost);
    expect((await stat(secretKeysPath(bench.folder))).mode & 0o777).toBe(0o600);
    await restarted().keys.verify();
    expect(await view.get('setting', 'sharing-keys')).toBeUndefined();
    const acts = (await view.find('audit', { limit: 500 })).records.map(({ document }) => document);
    expect(acts.find(({ act }) => act === 'key.reset')).toMatchObject({
      actor: 'local:0',
      detail: { keys: lost.keys, users: ['chief', 'lan'], settings: ['sharing-keys'] },
    });
    // Whoever was signed in with two factors is out; who has but a password is not touched.
    for (const { cookie } of [chief, lan]) expect((await send('GET', '/session', cookie)).statusCode).toBe(401);
    expect((await send('GET', '/alerts', plain)).statusCode).toBe(200);

    for (const [user, { secret, recovery }] of Object.entries({ chief, lan })) {
      bench.clock.now += 60_000;
      expect((await signIn(user)).json().code).toBe('HD_CODE_NEEDED');
      expect((await signIn(user, totpCode(secret, bench.clock.now))).json().code).toBe('HD_FACTOR_LOST');
      const cookie = cookieOf(await signIn(user, recovery));
      expect((await send('GET', '/alerts', cookie)).json().code).toBe('HD_SECOND_FACTOR');
      expect((await send('GET', '/session', cookie)).json().secondFactor).toMatchObject({ on: false, lost: true });
      const fresh = await setUp(cookie);
      expect((await send('GET', '/alerts', fresh.cookie)).statusCode).toBe(200);
      bench.clock.now += 60_000;
      expect((await signIn(user, totpCode(fresh.secret, bench.clock.now))).statusCode).toBe(200);
    }
    const key = await readFile(secretKeysPath(bench.folder), 'utf8');
    expect((await giveUp()).keys).toEqual([]);
    expect(await readFile(secretKeysPath(bench.folder), 'utf8')).toBe(key);
  });

  it('makes guessing slow where recovery codes alone open', async () => {
    await setUp(await bench.signIn({ user: 'chief', role: 'administrator' }));
    await rm(secretKeysPath(bench.folder));
    await giveUp();
    for (let n = 0; n < 5; n += 1) expect((await signIn('chief', 'aaaa-bbbb-cccc')).json().code).toBe('HD_FACTOR_LOST');
    expect((await signIn('chief', 'aaaa-bbbb-cccc')).statusCode).toBe(429);
  });

  it('goes on where it was cut short, and does not start meanwhile', async () => {
    for (const user of ['an', 'binh', 'chi']) await setUp(await bench.signIn({ user }));
    await rm(secretKeysPath(bench.folder));
    const whole = openAudit(bench.records);
    const cut = {
      ...whole,
      record: async (act: Parameters<typeof whole.record>[0]) => {
        if (act.target === 'binh') throw new Error('cut short');
        await whole.record(act);
      },
    };
    await expect(giveUp(cut)).rejects.toThrow('cut short');
    await expect(restarted().keys.verify()).rejects.toThrow(/haidang key reset --lost/);
    expect((await giveUp()).users.map(({ name }) => name)).toEqual(['chi']);
    await restarted().keys.verify();
    for (const user of ['an', 'binh', 'chi']) expect((await signIn(user, '000000')).json().code).toBe('HD_FACTOR_LOST');
  });
});

describe('haidang key reset --lost', () => {
  let data = '';
  const said: string[] = [];
  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), 'haidang-lost-'));
    await writeFile(join(data, 'haidang.yaml'), stringify({ data }));
    vi.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line));
    said.length = 0;
    const { events, records } = await openEmbeddedStore({
      folder: join(data, 'store'),
      log: pino({ level: 'silent' }),
    });
    const accounts = openAccounts({ records, folder: data });
    await accounts.keys.verify();
    const lan = { user: 'lan', displayName: 'Lan', role: 'analyst', agencies: 'all', password: PASSWORD } as const;
    await accounts.users.add(lan, 'test');
    const { secret } = await accounts.secondFactors.begin('lan');
    await accounts.secondFactors.confirm('lan', totpCode(secret, Date.now()));
    await accounts.users.add({ ...lan, user: 'minh' }, 'test');
    await accounts.secondFactors.begin('minh');
    await events.close();
    await records.close();
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await rm(data, { recursive: true, force: true });
  });
  const reset = (...more: string[]) => run(['reset', '--lost', '--config', join(data, 'haidang.yaml'), ...more]);

  it('changes nothing where nothing is lost, names what is, and gives it up when told to', async () => {
    expect(await reset('--yes')).toBe(0);
    expect(said.join('\n')).toContain('Nothing is lost');
    await rm(secretKeysPath(data));
    expect(await reset()).toBe(1);
    for (const words of [
      '1 second factor:',
      'lan: signs in with one of 10 recovery codes',
      '1 second factor that was being set up',
      'Nothing was changed.',
    ])
      expect(said.join('\n')).toContain(words);
    await expect(stat(secretKeysPath(data))).rejects.toThrow();
    expect(await reset('--yes')).toBe(0);
    expect(await reset()).toBe(0);
    expect(await readFile(join(auditFolder(data), auditFile(1)), 'utf8')).toContain('"act":"key.reset"');
  });

  it('is refused beside a running server, and without --lost', async () => {
    await rm(secretKeysPath(data));
    const unlock = lockFolder(data);
    try {
      await expect(reset('--yes')).rejects.toThrow(/stop it first/);
    } finally {
      unlock();
    }
    await expect(run(['reset'])).rejects.toThrow(/key reset --lost/);
    await expect(run(['rotate', '--yes'])).rejects.toThrow(/--help/);
  });
});
