import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseKql } from '../../../rules/query/kql.ts';
import { count } from '../../../server/store/embedded/aggregate.ts';
import { makeFolders } from '../../../server/store/embedded/day-files.ts';
import { DayReader } from '../../../server/store/embedded/day-reader.ts';
import { DayWriter, prepareBatch } from '../../../server/store/embedded/day-writer.ts';
import { dayFile, LAYOUT_VERSION } from '../../../server/store/embedded/layout.ts';
import { SEARCH_LIMITS } from '../../../server/store/embedded/read-calls.ts';
import { search } from '../../../server/store/embedded/search.ts';
import { segmentsOf } from '../../../server/store/embedded/segments.ts';
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
  writer.write(prepareBatch(batch, decodeFrame(batch.body)), first);
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

/** Takes from a file what the first layout did not have. */
function makeOld(): void {
  const db = new DatabaseSync(dayFile(folder, DAY));
  db.exec('DROP TABLE segment; DROP TABLE grams; PRAGMA user_version = 1;');
  db.close();
}

test('a file of the first layout is read as it is, and becomes one of today when something is written to it', () => {
  write(
    Array.from({ length: 90 }, (_, n) => request(n)),
    1,
  );
  makeOld();
  expect(counted('event.action: asked')).toBe(30);
  expect(found('url.path: *o-so/17')).toEqual(['GET /ho-so/17']);

  write(
    Array.from({ length: 30 }, (_, n) => request(90 + n)),
    91,
  );
  expect(read((reader) => reader.layout)).toBe(LAYOUT_VERSION);
  expect(counted('event.action: asked')).toBe(40);
  expect(counted('source.ip: 198.51.100.3')).toBe(17);
  expect(found('url.path: *o-so/17')).toEqual(['GET /ho-so/17']);
  expect(found('url.path: *o-so/117')).toEqual(['GET /ho-so/117']);
  expect(read((reader) => [...segmentsOf(reader.db, 0, Number.MAX_SAFE_INTEGER)].map(({ length }) => length))).toEqual([
    90, 30,
  ]);
});

test('times far apart in one transaction keep their milliseconds', () => {
  const times = [0, Date.UTC(2026, 10, 20, 8, 0, 0, 1), Date.UTC(2032, 0, 1, 0, 0, 0, 999)];
  write(
    times.map((time, n) => request(n, time)),
    1,
  );
  const kept = read((reader) =>
    [...segmentsOf(reader.db, 0, Number.MAX_SAFE_INTEGER)].flatMap(({ length, ts }) =>
      Array.from({ length }, (_, at) => ts(at)),
    ),
  );
  expect(kept).toEqual(times);
  expect(counted('*')).toBe(1);
});
