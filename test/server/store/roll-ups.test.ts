import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseKql } from '../../../rules/query/kql.ts';
import { BatchPreparer } from '../../../server/store/embedded/batch-preparer.ts';
import { compactDay } from '../../../server/store/embedded/compaction.ts';
import { makeFolders } from '../../../server/store/embedded/day-files.ts';
import { DayReader } from '../../../server/store/embedded/day-reader.ts';
import { DayWriter } from '../../../server/store/embedded/day-writer.ts';
import { dayFile } from '../../../server/store/embedded/layout.ts';
import { SEARCH_LIMITS } from '../../../server/store/embedded/read-calls.ts';
import { rollUpSegments } from '../../../server/store/embedded/roll-up-segments.ts';
import { stackedHistogram, topValues } from '../../../server/store/embedded/values.ts';
import { decodeFrame } from '../../../server/store/frame.ts';
import { batchOf, DAY, type Parsed } from './frames.ts';
import { sequenceOf } from './real-events.ts';

const START = Date.UTC(2026, 10, 20, 8);
const HOUR = 3_600_000;
const OUTCOMES = ['failure', 'success', 'unknown', undefined];
const REST = { scope: 'all', limits: SEARCH_LIMITS, stop: undefined } as const;
const QUERIES = [
  '',
  'event.outcome: failure',
  'not event.outcome: *',
  'event.outcome: failure or event.action: (a3 or none)',
  'event.outcome: failure and user.name: *',
];
const FIELDS = ['source.ip', 'user.name', 'host.name'];
/** The whole day, a part of it, and one not at the edges of minutes. */
const RANGES = [
  [0, 24 * HOUR],
  [HOUR / 2, 2 * HOUR],
  [1_234_567, 5_000_001],
].map(([from = 0, to = 0]) => ({
  from: new Date(START + from).toISOString(),
  to: new Date(START + to).toISOString(),
}));

let folder = '';
let writer: DayWriter;
let next = 1;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haidang-rolled-'));
  makeFolders(folder);
  writer = new DayWriter(folder, DAY);
  next = 1;
});
afterEach(() => {
  writer.close();
  rmSync(folder, { recursive: true });
});

/** Events of many shapes over some hours, some values of which no dictionary holds. */
function made(count: number, seed: number): Parsed[] {
  const random = sequenceOf(seed);
  const pick = (below: number) => Math.floor(random() * below);
  return Array.from({ length: count }, (_, n): Parsed => {
    const outcome = OUTCOMES[pick(OUTCOMES.length)];
    const name = pick(4_000) === 0 ? 'x'.repeat(300) : pick(50) === 0 ? ['Lan', 'hoa'] : `u${pick(9)}`;
    return {
      '@timestamp': new Date(START + Math.floor((n / count) * 3 * HOUR) + pick(60_000)).toISOString(),
      message: 'made',
      event: { original: `made ${n}`, action: `a${pick(5)}`, ...(outcome ? { outcome } : {}) },
      host: { name: pick(2) === 0 ? 'May-1' : 'may-1' },
      ...(pick(3) > 0 ? { source: { ip: `198.51.${pick(3)}.${pick(250)}` } } : {}),
      ...(pick(4) > 0 ? { user: { name } } : {}),
    };
  });
}

function append(events: readonly Parsed[], size: number): void {
  for (let at = 0; at < events.length; at += size) {
    const part = events.slice(at, at + size);
    const batch = batchOf(part, { first: next });
    writer.begin();
    next += writer.write(new BatchPreparer().prepare(batch, decodeFrame(batch.body)), next).stored;
    writer.commit();
  }
}

function reading<Result>(work: (reader: DayReader) => Result): Result {
  const reader = DayReader.open(folder, DAY);
  if (!reader) throw new Error('There is no day.');
  reader.db.exec('BEGIN');
  try {
    return work(reader);
  } finally {
    reader.close();
  }
}

/** All that can be asked of counts; bars of one field alone. */
function answers(reader: DayReader): unknown[] {
  return QUERIES.flatMap((kql) =>
    RANGES.flatMap((range) =>
      FIELDS.map((field) => {
        const query = { range, condition: parseKql(kql), field, limit: 40 };
        const { values, ...top } = topValues([reader], { query, ...REST });
        const bars = { ...query, limit: 3, intervalSeconds: 1_800 };
        const buckets = field === 'source.ip' && stackedHistogram([reader], { query: bars, ...REST }).buckets;
        return { kql, field, range, top, values: folded(values), buckets };
      }),
    ),
  );
}

/** Which spelling is shown depends on which was met first. */
function folded(values: readonly { readonly value: string; readonly count: number }[]): unknown[] {
  return values.map(({ value, count }) => [value.toLowerCase(), count]);
}

/** Rolls up in stretches of so many events; tells how many there are then, and of how many events. */
function rollUp(most: number): number[] {
  const db = new DatabaseSync(dayFile(folder, DAY));
  for (const _ of rollUpSegments(db, most));
  db.close();
  return reading(({ rollUps }) => rollUps.all.map(({ events }) => events));
}

test('counts are the same with roll-ups as without, for ranges that hold whole ones, parts of them and none', () => {
  append(made(13_000, 1), 1_300);
  const before = reading(answers);
  expect(rollUp(5_000)).toEqual([5_200, 5_200]);
  expect(reading(answers)).toEqual(before);
  expect(rollUp(5_000)).toEqual([5_200, 5_200]);
});

test('they are read instead of rows', () => {
  append(made(12_000, 2), 2_000);
  const rows = (kql: string) => {
    const condition = parseKql(kql);
    const query = { range: RANGES[0] as (typeof RANGES)[0], condition, field: 'host.name', limit: 5 };
    const limits = { ...SEARCH_LIMITS, rows: 1_000 };
    return reading((reader) => topValues([reader], { query, ...REST, limits }).complete);
  };
  expect([rows('event.outcome: failure'), rows('user.name: u1')]).toEqual([false, false]);
  rollUp(100_000);
  expect([rows('event.outcome: failure'), rows('user.name: u1')]).toEqual([true, false]);
});

test('late events are counted beside them, and the next night a roll-up is made anew where segments became larger', async () => {
  const goOn = () => Promise.resolve(true);
  append(made(5_000, 3), 1_250);
  await compactDay(folder, DAY, goOn);
  expect(reading(({ rollUps }) => rollUps.all.map(({ events }) => events))).toEqual([5_000]);
  // A reader that has the day open all the while sees each change.
  const reader = DayReader.open(folder, DAY) as DayReader;
  const asked = () => {
    reader.db.exec('BEGIN');
    const found = answers(reader);
    reader.db.exec('COMMIT');
    return found;
  };
  asked();
  append(made(700, 4), 300);
  const late = asked();
  await compactDay(folder, DAY, goOn);
  expect(asked()).toEqual(late);
  expect(reader.rollUps.all.map(({ events }) => events)).toEqual([5_700]);
  expect(Number(reader.db.prepare('SELECT count(*) AS n FROM roll_up_part WHERE id < 32').get()?.['n'])).toBe(0);
  reader.close();
  append(made(4_200, 5), 700);
  const before = reading(answers);
  expect(rollUp(100_000)).toEqual([5_700, 4_200]);
  expect(reading(answers)).toEqual(before);
});

test('a roll-up goes when the writer makes one segment of pieces that it has', () => {
  append(made(6_000, 6), 1_500);
  expect(rollUp(100_000)).toEqual([6_000]);
  const before = reading(answers);
  append(made(3_000, 7), 1_500);
  const rolled = reading(({ rollUps }) => rollUps.all);
  const segments = reading((reader) => reader.segments.all.map(({ first, last }) => ({ first, last })));
  // Each segment lies inside a roll-up or outside of all.
  for (const { first, last } of rolled) {
    const across = segments.filter(
      (one) => one.first <= last && one.last >= first && !(one.first >= first && one.last <= last),
    );
    expect(across).toEqual([]);
  }
  expect(reading(answers)).not.toEqual(before);
  const after = reading(answers);
  expect(rollUp(100_000).reduce((sum, events) => sum + events, 0)).toBe(9_000);
  expect(reading(answers)).toEqual(after);
});
