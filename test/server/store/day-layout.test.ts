import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseKql } from '../../../rules/query/kql.ts';
import { count } from '../../../server/store/embedded/aggregate.ts';
import { BatchPreparer } from '../../../server/store/embedded/batch-preparer.ts';
import { compactDay } from '../../../server/store/embedded/compaction.ts';
import { makeFolders } from '../../../server/store/embedded/day-files.ts';
import { DayReader } from '../../../server/store/embedded/day-reader.ts';
import { DayWriter } from '../../../server/store/embedded/day-writer.ts';
import { COLUMN_FIELDS } from '../../../server/store/embedded/fields.ts';
import { dayFile } from '../../../server/store/embedded/layout.ts';
import { SEARCH_LIMITS } from '../../../server/store/embedded/read-calls.ts';
import { search } from '../../../server/store/embedded/search.ts';
import { FIRST_COLUMN_PLACE, SegmentList, WHOLE_SEGMENT } from '../../../server/store/embedded/segments.ts';
import { decodeFrame } from '../../../server/store/frame.ts';
import { batchOf, DAY, type Parsed } from './frames.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haidang-layout-'));
  makeFolders(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

function request(n: number, time = Date.UTC(2026, 10, 20, 8) + n * 1_000): Parsed {
  return {
    '@timestamp': new Date(time).toISOString(),
    message: `GET /ho-so/${n}`,
    event: { original: `GET /ho-so/${n}`, action: n % 3 === 0 ? 'asked' : 'sent' },
    url: { path: `/ho-so/${n}` },
    source: { ip: `198.51.100.${n % 7}` },
  };
}

function write(events: readonly Parsed[], first: number): void {
  const writer = new DayWriter(folder, DAY);
  const batch = batchOf(events, { first });
  writer.begin();
  writer.write(new BatchPreparer().prepare(batch, decodeFrame(batch.body)), first);
  writer.commit();
  writer.close();
}

function read<Result>(work: (reader: DayReader) => Result): Result {
  const reader = DayReader.open(folder, DAY);
  if (!reader) throw new Error('There is no day.');
  try {
    return work(reader);
  } finally {
    reader.close();
  }
}

const RANGE = { from: '2026-11-20T00:00:00.000Z', to: '2026-11-21T00:00:00.000Z' };
const counted = (kql: string) =>
  read(
    (reader) =>
      count([reader], {
        query: { range: RANGE, condition: parseKql(kql) },
        scope: 'all',
        limits: SEARCH_LIMITS,
        stop: undefined,
      }).count,
  );
const found = (kql: string) =>
  read((reader) =>
    search([reader], {
      query: { range: RANGE, condition: parseKql(kql), limit: 100 },
      scope: 'all',
      limits: SEARCH_LIMITS,
      stop: undefined,
    }).events.map(({ event }) => event.event.original),
  );

/** Makes of a file what it was in an earlier layout: without roll-ups; before that the numbers of events in rows, words by event. */
function makeOld(layout: 1 | 2 | 3): void {
  const db = new DatabaseSync(dayFile(folder, DAY));
  db.exec(`DROP TABLE roll_up; DROP TABLE roll_up_part; PRAGMA user_version = ${layout};`);
  if (layout < 3) putNumbersInRows(db, layout as 1 | 2);
  db.close();
}

function putNumbersInRows(db: DatabaseSync, layout: 1 | 2): void {
  const names = COLUMN_FIELDS.map(({ column }) => column).join(', ');
  db.exec(`CREATE TABLE old (sequence INTEGER PRIMARY KEY, line INTEGER, ts INTEGER, shape INTEGER, ${names})`);
  const list = new SegmentList(db);
  const row = db.prepare(`INSERT INTO old VALUES (?, ?, ?, ?${', ?'.repeat(COLUMN_FIELDS.length)})`);
  const rest = db.prepare('SELECT line, ts, shape FROM event WHERE sequence = ?');
  for (const info of list.all) {
    const segment = list.open(info);
    for (let at = 0; at < info.events; at++) {
      const sequence = segment.sequence(at);
      const { line, ts, shape } = rest.get(sequence) as Record<string, number>;
      const ids = COLUMN_FIELDS.map((_, column) => segment.ids(FIRST_COLUMN_PLACE + column)[at] as number);
      row.run(sequence, line as number, ts as number, shape as number, ...ids);
    }
  }
  db.exec(`DROP TABLE event; ALTER TABLE old RENAME TO event; DROP TABLE segment; DROP TABLE segment_column; DROP TABLE packed; DROP TABLE dictionary;
    CREATE INDEX event_ts ON event (ts, shape); CREATE INDEX event_source_ip ON event (source_ip) WHERE source_ip > 0;`);
  if (layout === 1) db.exec('DROP TABLE grams;');
  else db.exec('CREATE TABLE segment (first_sequence INTEGER PRIMARY KEY, numbers BLOB NOT NULL);');
}

test.each([1, 2, 3] as const)('a file of layout %i becomes one of today when it is opened for writing', (layout) => {
  write(
    Array.from({ length: 90 }, (_, n) => request(n)),
    1,
  );
  makeOld(layout);
  expect(() => counted('*')).toThrow(`has layout ${layout}; start the server once`);

  write(
    Array.from({ length: 30 }, (_, n) => request(90 + n)),
    91,
  );
  expect(counted('event.action: asked')).toBe(40);
  expect(counted('source.ip: 198.51.100.3')).toBe(17);
  expect(found('url.path: *o-so/17')).toEqual(['GET /ho-so/17']);
  expect(found('url.path: *o-so/117')).toEqual(['GET /ho-so/117']);
  expect(read((reader) => reader.segments.all.map(({ first, events }) => [first, events]))).toEqual([
    [1, 90],
    [91, 30],
  ]);
});

test('a day that an older program compacted gets its roll-ups in the next night', async () => {
  for (let at = 0; at < 6_000; at += 1_000) {
    write(
      Array.from({ length: 1_000 }, (_, n) => request(at + n)),
      at + 1,
    );
  }
  const goOn = () => Promise.resolve(true);
  await compactDay(folder, DAY, goOn);
  const rolled = () => read((reader) => reader.rollUps.all.map(({ first, events }) => [first, events]));
  expect(rolled()).toEqual([[1, 6_000]]);
  makeOld(3);
  expect(await compactDay(folder, DAY, goOn)).toBeDefined();
  expect(rolled()).toEqual([[1, 6_000]]);
  expect(counted('source.ip: 198.51.100.3')).toBe(857);
});

test('the pieces of many small transactions become one segment, without those of one that was undone', () => {
  const writer = new DayWriter(folder, DAY);
  let sequence = 1;
  for (let at = 0; sequence <= WHOLE_SEGMENT + 50; at++) {
    // Another day's events take sequences between.
    if (at === 3) sequence += 7;
    const batch = batchOf(
      Array.from({ length: 100 }, (_, n) => request(sequence + n)),
      { first: sequence },
    );
    writer.begin();
    writer.write(new BatchPreparer().prepare(batch, decodeFrame(batch.body)), sequence);
    if (at % 5 === 2) writer.rollback();
    else {
      writer.commit();
      sequence += 100;
    }
  }
  writer.close();
  const list = read((reader) => reader.segments.all.map(({ first, last, events }) => ({ first, last, events })));
  expect(list[0]).toEqual({ first: 1, last: 4_107, events: 4_100 });
  const stored = list.reduce((sum, { events }) => sum + events, 0);
  expect(counted('*')).toBe(stored);
  expect(counted('source.ip: 198.51.100.3')).toBeGreaterThan(stored / 7 - 3);
  expect(found('url.path: *o-so/4100')).toEqual(['GET /ho-so/4100']);
  expect(found('url.path: *o-so/205')).toEqual([]);
});

test('times far apart in one transaction keep their milliseconds', () => {
  const times = [0, Date.UTC(2026, 10, 20, 8, 0, 0, 1), Date.UTC(2032, 0, 1, 0, 0, 0, 999)];
  write(
    times.map((time, n) => request(n, time)),
    1,
  );
  const kept = read(({ segments }) =>
    segments.all.flatMap((info) => Array.from(segments.open(info).times, (offset) => info.minTs + offset)),
  );
  expect(kept).toEqual(times);
  expect(counted('*')).toBe(1);
});
