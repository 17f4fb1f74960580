import { tmpdir } from 'node:os';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { watchDisk } from '../../../server/system/disk.ts';

const GIB = 1024 ** 3;
const NOON = Date.UTC(2026, 10, 22, 12);

/** A disk of 100 GiB whose fill a test sets. */
async function disk(days: { day: string; bytes: number }[] = []) {
  const said: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => said.push(JSON.parse(line).level) });
  const at = { used: 50, now: NOON };
  const watch = await watchDisk({
    path: '/data',
    log,
    days: async () => days,
    statfs: async () => ({ bsize: GIB, blocks: 100, bfree: 100 - at.used, bavail: 100 - at.used }),
    now: () => at.now,
  });
  const fill = async (used: number) => {
    at.used = used;
    return (await watch.check()).state;
  };
  return { watch, said, fill, at };
}

describe('the disk watch', () => {
  it('warns from 85 percent, stops from 95, and goes back when there is space', async () => {
    const { watch, fill } = await disk();
    const states: string[] = [];
    for (const used of [84.9, 85, 94.9, 95, 99, 94.7, 94, 84.7, 84]) states.push(await fill(used));
    expect(states).toEqual(['ok', 'warning', 'warning', 'stopped', 'stopped', 'stopped', 'warning', 'warning', 'ok']);
    watch.stop();
  });

  it('says each change once', async () => {
    const { watch, fill, said } = await disk();
    for (const used of [50, 86, 87, 88, 96, 97, 60, 50]) await fill(used);
    expect(said).toEqual([40, 50, 30]);
    watch.stop();
  });

  it('tells the days left until it stops, from the growth of the last day', async () => {
    const { watch, at } = await disk([
      { day: '20261121', bytes: 5 * GIB },
      { day: '20261122', bytes: 2 * GIB },
    ]);
    at.used = 85;
    at.now += 120_000;
    expect(await watch.check()).toMatchObject({ state: 'warning', usedPercent: 85, freeBytes: 15 * GIB, daysLeft: 2 });
    watch.stop();
  });

  it('reckons from today where there is no yesterday, and says nothing where nothing is known', async () => {
    const first = await disk([{ day: '20261122', bytes: 5 * GIB }]);
    expect((await first.watch.check()).daysLeft).toBe(4.5);
    const empty = await disk();
    expect((await empty.watch.check()).daysLeft).toBeNull();
    first.watch.stop();
    empty.watch.stop();
  });

  it('keeps its last state where the disk cannot be looked at', async () => {
    let broken = false;
    const watch = await watchDisk({
      path: '/data',
      log: pino({ level: 'silent' }),
      days: async () => [],
      statfs: async () => {
        if (broken) throw new Error('EIO');
        return { bsize: 1, blocks: 100, bfree: 10, bavail: 10 };
      },
    });
    broken = true;
    expect((await watch.check()).state).toBe('warning');
    watch.stop();
  });

  it('reads a real file system', async () => {
    const watch = await watchDisk({ path: tmpdir(), log: pino({ level: 'silent' }), days: async () => [] });
    const { totalBytes, freeBytes, usedPercent } = watch.state();
    expect(totalBytes).toBeGreaterThan(0);
    expect(freeBytes).toBeLessThanOrEqual(totalBytes);
    expect(usedPercent).toBeGreaterThanOrEqual(0);
    watch.stop();
  });
});
