import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAudit } from '../../../server/accounts/audit.ts';
import { openSecretBox, secretKeysPath } from '../../../server/accounts/secret-box.ts';
import { openSecretKeys } from '../../../server/accounts/secret-keys.ts';
import { totpCode } from '../../../server/accounts/totp.ts';
import { SYSTEM } from '../../../server/identity.ts';
import type { UserRecord } from '../../../server/store/record-kinds.ts';
import { HOST, openBench, PASSWORD } from '../api/harness.ts';
import { openAnyStore } from '../store/any-store.ts';

const USERS = ['an', 'binh', 'chi', 'dung', 'em'];
let data = '';
let store = '';
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'haidang-keys-'));
  store = join(data, 'store');
});
afterEach(() => rm(data, { recursive: true, force: true }));

/** Accounts with a second factor, and a setting with two secrets as the keys of sharing are kept. */
async function fill(): Promise<void> {
  const { events, records } = await openAnyStore(store);
  const box = await openSecretBox(data);
  const view = records.as(SYSTEM);
  for (const name of USERS) {
    const secretFactor = { secret: box.seal(`secret of ${name}`, name), since: '', lastStep: 0, recovery: ['x'] };
    const user: UserRecord = {
      name,
      displayName: 'v1.not.a.secret.at-all',
      role: 'analyst',
      agencies: 'all',
      password: 'x',
      createdAt: '',
      disabled: false,
      secondFactor: secretFactor,
      secondFactorBegun: box.seal(`begun of ${name}`, name),
    };
    await view.create('user', name, user);
  }
  const value = { signing: box.seal('signing', 'sharing-keys'), more: [box.seal('more', 'sharing-keys'), 7, null] };
  await view.create('setting', 'sharing-keys', { value });
  await events.close();
  await records.close();
}

async function opened(): Promise<string[]> {
  const { events, records } = await openAnyStore(store);
  const box = await openSecretBox(data);
  const view = records.as(SYSTEM);
  const found: string[] = [];
  for (const name of USERS) {
    const user = (await view.get('user', name))?.document;
    found.push(box.open(user?.secondFactor?.secret ?? '', name), box.open(user?.secondFactorBegun ?? '', name));
  }
  const value = (await view.get('setting', 'sharing-keys'))?.document.value as { signing: string; more: [string] };
  found.push(box.open(value.signing, 'sharing-keys'), box.open(value.more[0], 'sharing-keys'));
  await events.close();
  await records.close();
  return found;
}
const ALL = [...USERS.flatMap((name) => [`secret of ${name}`, `begun of ${name}`]), 'signing', 'more'];
const keys = async () => (await readFile(secretKeysPath(data), 'utf8')).trim().split('\n');

async function rotate(): Promise<number> {
  const { events, records } = await openAnyStore(store);
  try {
    return (await openSecretKeys({ data, records, audit: openAudit(records) }).rotate('test')).sealed;
  } finally {
    await events.close();
    await records.close();
  }
}

describe('a change of the key', () => {
  it('seals every secret anew, and takes the old key away', async () => {
    await fill();
    const before = await keys();
    expect(await rotate()).toBe(12);
    const after = await keys();
    expect(after).toHaveLength(1);
    expect(after).not.toEqual(before);
    expect(await opened()).toEqual(ALL);
  }, 60_000);

  it.each([1, 4])(
    'that is killed at record %i loses nothing, and is carried on by the next',
    async (at) => {
      await fill();
      const script = fileURLToPath(new URL('rotate-and-die.ts', import.meta.url));
      const child = spawn(process.execPath, [script, data, store, String(at)], { stdio: 'inherit' });
      expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
      expect(await keys()).toHaveLength(2);
      expect(await opened()).toEqual(ALL);
      expect(await rotate()).toBe(12);
      expect(await keys()).toHaveLength(1);
      expect(await opened()).toEqual(ALL);
    },
    120_000,
  );

  it('keeps the old key where a secret does not open: nothing that could be saved is lost', async () => {
    await fill();
    const { events, records } = await openAnyStore(store);
    const view = records.as(SYSTEM);
    const found = await view.get('user', 'chi');
    const foreign = (await openSecretBox(data)).seal('of somebody else', 'dung');
    if (found) await view.replace('user', 'chi', { ...found.document, secondFactorBegun: foreign }, found.version);
    await events.close();
    await records.close();
    await expect(rotate()).rejects.toThrow();
    expect(await keys()).toHaveLength(2);
  }, 60_000);
});

it('goes on beside sign-ins, by an administrator of all agencies', async () => {
  const bench = await openBench();
  try {
    await bench.addAgency('one');
    const ask = (path: string, cookie: string, payload?: object) =>
      bench.app.inject({
        method: 'POST',
        url: `/api/v1${path}`,
        headers: { host: HOST, origin: `http://${HOST}`, cookie },
        ...(payload ? { payload } : {}),
      });
    const lan = await bench.signIn({ user: 'lan' });
    const chief = await bench.signIn({ user: 'chief', role: 'administrator' });
    const bound = await bench.signIn({ user: 'bound', role: 'administrator', agencies: ['one'] });
    const { secret } = (await ask('/session/second-factor', lan, { password: PASSWORD })).json();
    expect((await ask('/keys/rotate', lan)).statusCode).toBe(403);
    expect((await ask('/keys/rotate', bound)).statusCode).toBe(403);
    expect((await ask('/keys/rotate', chief)).json()).toEqual({ sealed: 1, kept: false });
    const confirmed = await ask('/session/second-factor/confirm', lan, { code: totpCode(secret, bench.clock.now) });
    expect(confirmed.statusCode).toBe(200);
    // A change of the key and a second factor that is begun at the same time: both are there afterwards.
    const cookie = `haidang_session=${confirmed.cookies[0]?.value}`;
    const [begun, rotated] = await Promise.all([
      ask('/session/second-factor', cookie, { password: PASSWORD }),
      ask('/keys/rotate', chief),
    ]);
    expect([begun.statusCode, rotated.statusCode]).toEqual([200, 200]);
    const code = totpCode(begun.json().secret, bench.clock.now);
    expect((await ask('/session/second-factor/confirm', cookie, { code })).statusCode).toBe(200);
  } finally {
    await bench.close();
  }
}, 60_000);
