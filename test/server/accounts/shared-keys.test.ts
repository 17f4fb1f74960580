import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Accounts, openAccounts } from '../../../server/accounts/accounts.ts';
import { secretKeysPath } from '../../../server/accounts/secret-box.ts';
import { totpCode } from '../../../server/accounts/totp.ts';
import { SYSTEM } from '../../../server/identity.ts';
import type { EventStore } from '../../../server/store/event-store.ts';
import type { RecordStore } from '../../../server/store/record-store.ts';
import { openAnyStore } from '../store/any-store.ts';

const PASSWORD = 'ngọn đèn biển 2026';
const CLIENT = { address: '10.0.0.1', browser: 'test' };
let folder = '';
let events: EventStore;
let records: RecordStore;
/** Data folders of two servers on one record store. */
let one = '';
let two = '';
const clock = { now: Date.parse('2026-11-23T00:00:00Z') };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haidang-shared-keys-'));
  ({ events, records } = await openAnyStore(join(folder, 'store')));
});
afterAll(async () => {
  await events?.close();
  await records?.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  one = await mkdtemp(join(folder, 'one-'));
  two = await mkdtemp(join(folder, 'two-'));
});
afterEach(async () => {
  const view = records.as(SYSTEM);
  for (const kind of ['user', 'setting', 'session'] as const)
    for (const { id } of (await view.find(kind, { limit: 1000 })).records) await view.remove(kind, id);
});

const server = (data: string): Accounts => openAccounts({ records, folder: data, shared: true, now: () => clock.now });
async function copyKey(from: string, to: string): Promise<void> {
  await mkdir(dirname(secretKeysPath(to)), { recursive: true, mode: 0o700 });
  await copyFile(secretKeysPath(from), secretKeysPath(to));
}
const keyLines = async (data: string) => (await readFile(secretKeysPath(data), 'utf8')).trim().split('\n');

/** Two servers that may start, with an account whose second factor was set up at the first. */
async function pair(): Promise<{ first: Accounts; second: Accounts; code: () => string }> {
  const first = server(one);
  await first.keys.verify();
  await copyKey(one, two);
  const second = server(two);
  await second.keys.verify();
  await first.users.add(
    { user: 'lan', displayName: 'Lan', role: 'analyst', agencies: 'all', password: PASSWORD },
    'test',
  );
  const { secret } = await first.secondFactors.begin('lan');
  await first.secondFactors.confirm('lan', totpCode(secret, clock.now));
  return {
    first,
    second,
    code: () => {
      // A code is used up: the next one is of the next half minute.
      clock.now += 30_000;
      return totpCode(secret, clock.now);
    },
  };
}

describe('two servers with folders of their own on one record store', () => {
  it('do not both start with keys of their own: the second one is told what to copy, and makes none', async () => {
    await server(one).keys.verify();
    const [line = ''] = await keyLines(one);
    const id = line.split(' ')[0] ?? '';
    await expect(server(two).keys.verify()).rejects.toMatchObject({
      code: 'HD_SECRET_KEY',
      message: expect.stringContaining(`sealed under key ${id}, which ${secretKeysPath(two)} does not hold`),
    });
    await expect(readFile(secretKeysPath(two))).rejects.toMatchObject({ code: 'ENOENT' });
    await copyKey(one, two);
    await server(two).keys.verify();
    await server(one).keys.verify();
  });

  it('refuse a folder that has another key already, and leave that key alone', async () => {
    const foreign = await mkdtemp(join(folder, 'foreign-'));
    const before = server(foreign);
    await before.keys.verify();
    await records.as(SYSTEM).remove('setting', 'secret-keys');
    await server(one).keys.verify();
    const lines = await keyLines(foreign);
    await expect(server(foreign).keys.verify()).rejects.toMatchObject({ code: 'HD_SECRET_KEY' });
    expect(await keyLines(foreign)).toEqual(lines);
  });

  it('start at the same moment with one key between them', async () => {
    const results = await Promise.allSettled([server(one).keys.verify(), server(two).keys.verify()]);
    const states = results.map(({ status }) => status).sort();
    expect(states).toEqual(['fulfilled', 'rejected']);
  });

  it('take each other’s second factors', async () => {
    const { first, second, code } = await pair();
    for (const at of [second, first]) {
      const { signedIn } = await at.signIn({ user: 'lan', password: PASSWORD, code: code() }, CLIENT);
      expect(signedIn.identity.name).toBe('lan');
    }
    // Used up at one is used up at the other.
    const used = code();
    await first.signIn({ user: 'lan', password: PASSWORD, code: used }, CLIENT);
    await expect(second.signIn({ user: 'lan', password: PASSWORD, code: used }, CLIENT)).rejects.toMatchObject({
      code: 'HD_WRONG_CODE',
    });
  });

  it('go through a change of the key: the other one says what it lacks, and goes on once it has it', async () => {
    const { first, second, code } = await pair();
    expect(await first.keys.rotate('test')).toEqual({ sealed: 1, kept: true });
    expect(await keyLines(one)).toHaveLength(2);
    const atSecond = () => second.signIn({ user: 'lan', password: PASSWORD, code: code() }, CLIENT);
    await expect(atSecond()).rejects.toMatchObject({ code: 'HD_SECRET_KEY' });
    await expect(second.secondFactors.begin('lan')).rejects.toMatchObject({ code: 'HD_SECRET_KEY' });
    // Without a restart.
    await copyKey(one, two);
    expect((await atSecond()).signedIn.identity.name).toBe('lan');
    await second.secondFactors.begin('lan');

    expect(await first.keys.finish('test')).toEqual({ sealed: 0 });
    expect(await second.keys.finish('test')).toEqual({ sealed: 0 });
    expect(await keyLines(one)).toEqual(await keyLines(two));
    expect(await keyLines(one)).toHaveLength(1);
    for (const at of [first, second]) {
      const { signedIn } = await at.signIn({ user: 'lan', password: PASSWORD, code: code() }, CLIENT);
      expect(signedIn.identity.name).toBe('lan');
    }
  });

  it('end a change of the key only where the newest key is', async () => {
    const { first, second } = await pair();
    await first.keys.rotate('test');
    await copyKey(one, two);
    await second.keys.rotate('test');
    await copyKey(two, one);
    await first.keys.rotate('test');
    await expect(second.keys.finish('test')).rejects.toMatchObject({ code: 'HD_SECRET_KEY' });
    await first.keys.finish('test');
    expect(await keyLines(one)).toHaveLength(1);
  });
});
