import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunReport } from '../../../server/retention/retention.ts';
import { type Schedule, scheduleRetention } from '../../../server/retention/schedule.ts';

const NOW = Date.parse('2026-11-22T03:00:00.000Z');
let schedule: Schedule | undefined;
afterEach(() => schedule?.stop());

const report = (startedAt: string, dryRun = false): RunReport => ({
  startedAt,
  endedAt: startedAt,
  by: 'retention',
  dryRun,
  days: [],
  deleted: [],
  deletedEvents: 0,
  deletedBytes: 0,
  failure: null,
});

/** Who asked for runs until the catching up was over. */
async function runsAfterStart(last: RunReport | undefined): Promise<string[]> {
  const runs: string[] = [];
  let looked: () => void = () => {};
  const caughtUp = new Promise<void>((done) => {
    looked = done;
  });
  schedule = await scheduleRetention({
    retention: {
      async lastRun() {
        // After what the schedule does with the answer.
        setTimeout(looked, 0);
        return last;
      },
      async run(by) {
        runs.push(by);
        return report('2026-11-22T03:00:00.000Z');
      },
    },
    at: '02:30',
    timeZone: 'Asia/Ho_Chi_Minh',
    log: pino({ level: 'silent' }),
    now: () => NOW,
    catchUpMs: 0,
  });
  await caughtUp;
  return runs;
}

describe('the nightly run', () => {
  it('is at the time of day of the province', async () => {
    await runsAfterStart(undefined);
    expect(schedule?.next()).toMatch(/T19:30:00\.000Z$/);
  });

  it.each([
    ['there never was one', undefined, 1],
    ['the last was two nights ago', report('2026-11-20T19:30:00.000Z'), 1],
    ['the last was this night', report('2026-11-21T19:30:00.000Z'), 0],
    ['the last deleted nothing, as a dry run', report('2026-11-21T19:30:00.000Z', true), 1],
  ])('is made up for after a start where %s', async (_name, last, count) => {
    expect(await runsAfterStart(last)).toEqual(Array.from({ length: count }, () => 'retention'));
  });
});
