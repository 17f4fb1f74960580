import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from './receiver.ts';
import { BLOWS, torture } from './torture.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

test('kill -9 amid outages, a full disk, bad networks, rotation, clock jumps, damage and rollback: every line once', async () => {
  const result = await torture(folder.path, BLOWS.length, () => undefined);
  expect(Object.keys(result.blows)).toEqual(BLOWS);
  expect(result).toMatchObject({ kills: BLOWS.length, doubled: 0 });
  expect(result.foundFull > 0).toBe(result.fullDisk);
  expect(result.ledger).toEqual({ read: result.written, spooled: result.written, dropped: 0 });
  expect(result.unique + result.lost).toBe(result.written);
  // A damaged frame that had not been sent is gone, but set aside and counted.
  expect(result.lost).toBeLessThanOrEqual(result.quarantined);
}, 600_000);
