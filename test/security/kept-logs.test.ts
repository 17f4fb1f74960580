import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepLog, LOGS_VARIABLE, leaksIn } from '../kept-logs.ts';

let folder = '';
let before: string | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haidang-kept-'));
  before = process.env[LOGS_VARIABLE];
  process.env[LOGS_VARIABLE] = folder;
});
afterEach(async () => {
  process.env[LOGS_VARIABLE] = before;
  await rm(folder, { recursive: true, force: true });
});

describe('the search of all logs at the end of a run', () => {
  it('finds a secret of one server in the log of another, and does not repeat it', () => {
    const secret = 'a-password-that-nobody-else-has';
    keepLog('first', 'nothing here', [secret]);
    keepLog('second', `{"level":"info","msg":"signed in with ${secret}"}`);
    const { logs, leaks } = leaksIn(folder);
    expect(logs).toBe(2);
    expect(leaks).toHaveLength(1);
    expect(leaks[0]).toMatch(/second.*signed in with/);
    expect(leaks[0]).not.toContain(secret);
  });

  it.each([
    ['a session', 'cookie: haidang_session=AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-AbCde'],
    ['a private key', '-----BEGIN PRIVATE KEY-----'],
    ['a password hash', 'argon2id$m=65536,t=3,p=1$abc$def'],
    ['a second factor', 'otpauth://totp/x?secret=ABC'],
    ['a set-up link', 'http://127.0.0.1/setup?token=abcdefghijklmnopqrstuvwxyz'],
    ['an authorization', '{"authorization":"anything"}'],
    ['an authorization', 'Bearer abcdefghijklmnopqrstuvwxyz'],
  ])('finds %s by its form', (what, text) => {
    keepLog('one', `{"msg":"${text}"}`);
    expect(leaksIn(folder).leaks.join()).toContain(what);
  });

  it('is content with logs that hold none, and with what was cut out', () => {
    keepLog('one', '{"level":"info","authorization":"[cut]","msg":"the server listens"}', ['short']);
    expect(leaksIn(folder).leaks).toEqual([]);
  });

  it('does not pass over a log that cannot be read', async () => {
    await writeFile(join(folder, 'x.json'), 'broken');
    expect(() => leaksIn(folder)).toThrow();
  });
});
