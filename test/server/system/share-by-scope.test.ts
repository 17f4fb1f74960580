import { describe, expect, it } from 'vitest';
import type { AgencyId, Identity } from '../../../server/identity.ts';
import { shareByScope } from '../../../server/system/share-by-scope.ts';

const user = (name: string, agencies: 'all' | string[]): Identity => ({
  kind: 'user',
  name,
  role: 'viewer',
  agencies: agencies as 'all' | AgencyId[],
});

describe('shared answers', () => {
  it('are shared by those with the same agencies, and by no others', async () => {
    let asked = 0;
    const answer = shareByScope(
      1000,
      async ({ agencies }) => {
        asked += 1;
        return `${asked} ${String(agencies)}`;
      },
      () => 0,
    );
    expect(await answer(user('a', 'all'))).toBe('1 all');
    expect(await answer(user('b', 'all'))).toBe('1 all');
    expect(await answer(user('c', ['one', 'two']))).toBe('2 one,two');
    expect(await answer(user('d', ['two', 'one']))).toBe('2 one,two');
    expect(await answer(user('e', ['one']))).toBe('3 one');
    expect(await answer(user('f', []))).toBe('4 ');
  });

  it('are asked for again after their time, and at once after a failure', async () => {
    let now = 0;
    let asked = 0;
    const answer = shareByScope(
      1000,
      async () => {
        asked += 1;
        if (asked === 1) throw new Error('no');
        return asked;
      },
      () => now,
    );
    await expect(answer(user('a', 'all'))).rejects.toThrow('no');
    expect(await answer(user('a', 'all'))).toBe(2);
    now = 999;
    expect(await answer(user('a', 'all'))).toBe(2);
    now = 1000;
    expect(await answer(user('a', 'all'))).toBe(3);
  });
});
