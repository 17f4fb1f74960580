import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { marksNeeded, type Pruning, startPruning } from '../../../server/alerts/prune-signals.ts';
import { failures, testRules, World } from '../detection/world.ts';

const DAY_MS = 86_400_000;
const LATE_DAYS = 7;
/** The evening after the events of these tests. */
const BEGIN = Date.UTC(2026, 10, 20, 20);
const log = { info: () => {}, error: () => {} };

let world: World;
let pruning: Pruning;
let clock = BEGIN;
let busy = false;
beforeEach(async () => {
  world = await World.create();
  [clock, busy] = [BEGIN, false];
  const { rules } = testRules();
  pruning = startPruning({
    records: world.records,
    rules: () => rules,
    lateDays: LATE_DAYS,
    busy: () => busy,
    log,
    now: () => clock,
  });
  await world.detect();
  await world.store(failures(12));
  await world.settled();
});
afterEach(async () => {
  await pruning.stop();
  await world.close();
});

/** Signals that the store holds. */
function held(): number {
  const db = new DatabaseSync(join(world.folder, 'store', 'ops.db'), { readOnly: true });
  try {
    return Number(db.prepare('SELECT count(*) AS n FROM signal').get()?.['n']);
  } finally {
    db.close();
  }
}

/** Looks once a day; gives how many signals went. */
async function days(count: number): Promise<number> {
  let removed = 0;
  for (let day = 0; day < count; day++) {
    removed += await pruning.run();
    clock += DAY_MS;
  }
  return removed;
}

async function restart(): Promise<void> {
  await world.stopDetection();
  await world.detect();
  await world.settled();
}

const facts = async () => (await world.alerts()).map(({ id, rule, count, events }) => ({ id, rule, count, events }));

describe('signals', () => {
  it('stay as long as a late event may need them, and go then', async () => {
    const before = held();
    expect(before).toBeGreaterThan(0);
    const needed = marksNeeded(testRules().rules, LATE_DAYS);
    expect(await days(needed)).toBe(0);
    expect(held()).toBe(before);
    expect(await days(1)).toBe(before);
    expect(held()).toBe(0);
  });

  it('of an alert that grows late are still there', async () => {
    await days(LATE_DAYS);
    await restart();
    // Nine more alone would be no alert: with what the signals say they belong to it.
    await world.store(failures(9, 12));
    await world.settled();
    expect((await facts()).map(({ count }) => count)).toEqual([21]);
  });

  it('that are gone raise nothing again, whatever is read again or comes far too late', async () => {
    const before = await facts();
    await days(20);
    expect(held()).toBe(0);
    await restart();
    expect(await facts()).toEqual(before);
    // The same frame, sent again.
    await world.events.append((await import('../store/frames.ts')).batchOf(failures(12), { first: 1 }));
    await world.store(failures(5, 3));
    await world.settled();
    expect(await facts()).toEqual(before);
    // As many as make an alert of themselves grow the one that is there.
    await world.store(failures(10, 20));
    await world.settled();
    expect((await facts()).map(({ id, count }) => [id, count])).toEqual([[before[0]?.id, 12 + 5 + 10]]);
  });

  it('written later than the rest stay, though they are of the same time', async () => {
    await days(8);
    const before = held();
    await world.store(failures(4, 100, 1, '198.51.100.9'));
    await world.settled();
    const late = held() - before;
    expect(late).toBeGreaterThan(0);
    expect(await days(4)).toBe(before);
    expect(held()).toBe(late);
    expect(await days(10)).toBe(late);
  });

  it('dated ahead stay until their time is past', async () => {
    const ahead = failures(12, 30 * 86_400, 1, '198.51.100.9');
    await world.store(ahead);
    await world.settled();
    await days(20);
    const left = held();
    expect(left).toBeGreaterThan(0);
    await days(25);
    expect(held()).toBe(0);
  });

  it('do not age while the server stands still, nor by a clock that is wrong for a while', async () => {
    const before = held();
    await days(3);
    clock += 100 * DAY_MS;
    expect(await days(3)).toBe(0);
    expect(held()).toBe(before);

    clock += 400 * DAY_MS;
    await days(4);
    clock = BEGIN + 120 * DAY_MS;
    expect(await days(3)).toBe(0);
    expect(held()).toBe(before);
  });

  it('stay while what a rule missed is evaluated', async () => {
    busy = true;
    expect(await days(30)).toBe(0);
    busy = false;
    expect(await days(2)).toBe(0);
  });

  it('age by one mark a day, however often is looked', async () => {
    for (let look = 0; look < 60; look++) {
      expect(await pruning.run()).toBe(0);
      clock += 3_600_000;
    }
  });

  it('are looked through in pieces, all of them', async () => {
    const signals = Array.from({ length: 12_345 }, (_, at) => ({
      rule: `r${at % 7}`,
      group: `g${at % 11}`,
      second: 1000 + at,
      batch: 1,
      count: 1,
      events: [],
    }));
    const before = held();
    await world.records.commitDetection({ cursor: 12, signals, alerts: [] });
    expect(await world.records.pruneSignals(12, 1000 + 12_000)).toBe(12_000);
    expect(held()).toBe(before + 345);
    expect(await world.records.pruneSignals(0, 1000 + 13_000)).toBe(0);
  });
});

describe('the number of marks to wait for', () => {
  it('covers lateness and twice the longest window', () => {
    const { rules } = testRules();
    expect(marksNeeded([], 7) * 20).toBeGreaterThanOrEqual(7 * 24);
    const long = rules.map((rule) =>
      rule.kind === 'correlation' ? ({ ...rule, timespanSeconds: 30 * 86_400 } as typeof rule) : rule,
    );
    expect(marksNeeded(long, 7) * 20).toBeGreaterThanOrEqual((7 + 60) * 24);
  });
});
