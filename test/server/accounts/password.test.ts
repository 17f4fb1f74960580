import { describe, expect, it } from 'vitest';
import { createBackOff } from '../../../server/accounts/back-off.ts';
import { hashPassword, verifyPassword } from '../../../server/accounts/password.ts';

describe('passwords', () => {
  it('are kept as Argon2id with 64 MiB and three passes, salted', async () => {
    const [one, two] = await Promise.all([hashPassword('đèn biển sáng'), hashPassword('đèn biển sáng')]);
    expect(one).toMatch(/^argon2id\$m=65536,t=3,p=1\$[\w-]{22}\$[\w-]{43}$/);
    expect(one).not.toBe(two);
    expect(await verifyPassword('đèn biển sáng', one)).toBe(true);
    expect(await verifyPassword('đèn biển sang', one)).toBe(false);
  });

  it('fit whatever way the keyboard composes their accents', async () => {
    const stored = await hashPassword('đèn biển'.normalize('NFD'));
    expect(await verifyPassword('đèn biển'.normalize('NFC'), stored)).toBe(true);
  });

  it('never fit an account that is not there', async () => {
    expect(await verifyPassword('anything at all', undefined)).toBe(false);
  });
});

describe('back-off', () => {
  it('lets five failures pass, then doubles the wait up to 15 minutes', () => {
    let now = 0;
    const backOff = createBackOff({ now: () => now });
    for (let n = 0; n < 4; n += 1) backOff.failed('k');
    expect(() => backOff.check('k')).not.toThrow();
    const waits: number[] = [];
    for (let n = 0; n < 14; n += 1) {
      backOff.failed('k');
      try {
        backOff.check('k');
      } catch (error) {
        waits.push((error as { retryAfter: number }).retryAfter);
      }
    }
    expect(waits.slice(0, 4)).toEqual([1, 2, 4, 8]);
    expect(waits.at(-1)).toBe(900);
    now += 900_000;
    expect(() => backOff.check('k')).not.toThrow();
  });

  it('forgets after a success and holds other keys apart', () => {
    const backOff = createBackOff({ now: () => 0 });
    for (let n = 0; n < 9; n += 1) backOff.failed('k');
    expect(() => backOff.check('other')).not.toThrow();
    expect(() => backOff.check('k')).toThrow();
    backOff.succeeded('k');
    expect(() => backOff.check('k')).not.toThrow();
  });
});
