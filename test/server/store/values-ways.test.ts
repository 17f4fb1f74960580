import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EcsEvent, readField } from '../../../ecs/event.ts';
import { parseKql } from '../../../rules/query/kql.ts';
import { compileMatcher } from '../../../rules/query/matcher.ts';
import { BatchPreparer } from '../../../server/store/embedded/batch-preparer.ts';
import { Budget, Stopped } from '../../../server/store/embedded/budget.ts';
import { makeFolders } from '../../../server/store/embedded/day-files.ts';
import { DayReader } from '../../../server/store/embedded/day-reader.ts';
import { DayWriter } from '../../../server/store/embedded/day-writer.ts';
import { SEARCH_LIMITS, STOP_AT } from '../../../server/store/embedded/read-calls.ts';
import { stackedHistogram, topValues } from '../../../server/store/embedded/values.ts';
import { fieldTexts, StackTally, ValueTally } from '../../../server/store/field-values.ts';
import { decodeFrame } from '../../../server/store/frame.ts';
import { batchOf, DAY, type Parsed, toLines } from './frames.ts';
import { realEvents } from './real-events.ts';

const START = Date.UTC(2026, 10, 20, 8);
const REST = { scope: 'all', limits: SEARCH_LIMITS, stop: undefined } as const;
const RANGES = [
  { from: new Date(START).toISOString(), to: new Date(START + 3_600_000).toISOString() },
  { from: new Date(START + 600_000).toISOString(), to: new Date(START + 1_500_000).toISOString() },
  // Not at the edges of minutes.
  { from: new Date(START + 123_457).toISOString(), to: new Date(START + 123_457 + 1_200_000).toISOString() },
];
const QUERIES = ['', 'event.outcome: failure', 'not source.ip: *', 'failed', 'user.name: r* or process.name: sudo'];
const FIELDS = ['event.outcome', 'user.name', 'source.ip', 'event.category', 'url.path'];

describe('the ways to count values', () => {
  let folder = '';
  const readers: DayReader[] = [];
  const events: EcsEvent[] = [];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'haidang-ways-'));
    makeFolders(folder);
    const writer = new DayWriter(folder, DAY);
    // Values that no dictionary holds: too long, and a list in a list.
    const odd = { user: { name: 'x'.repeat(400) }, event: { original: 'odd', outcome: ['failure', ['success']] } };
    const parsed = realEvents(1_200, START).map((event, at): Parsed => (at % 40 === 0 ? { ...event, ...odd } : event));
    for (let at = 0; at < parsed.length; at += 200) {
      const place = { first: at + 1 };
      const batch = batchOf(parsed.slice(at, at + 200), place);
      writer.begin();
      expect(writer.write(new BatchPreparer().prepare(batch, decodeFrame(batch.body)), at + 1).stored).toBe(200);
      writer.commit();
      events.push(...toLines(parsed.slice(at, at + 200), place).map((json) => JSON.parse(json) as EcsEvent));
    }
    writer.close();
    const reader = DayReader.open(folder, DAY);
    if (!reader) throw new Error('The day has no file.');
    readers.push(reader);
  });

  afterAll(() => {
    for (const reader of readers) reader.close();
    rmSync(folder, { recursive: true });
  });

  const inside = (range: { from: string; to: string }, kql: string) => {
    const matcher = compileMatcher(parseKql(kql));
    const [from, to] = [Date.parse(range.from), Date.parse(range.to)];
    return events.filter((event) => {
      const ts = Date.parse(event['@timestamp']);
      return ts >= from && ts < to && matcher(event);
    });
  };

  it('give what the documents say, by counts of minutes, over segments and by documents, for whole days and parts', () => {
    for (const range of RANGES) {
      for (const kql of QUERIES) {
        for (const field of FIELDS) {
          const found = inside(range, kql);
          const tally = new ValueTally();
          for (const event of found) tally.add(fieldTexts(event, field));
          const wanted = { ...tally.top(8), absent: tally.absent, looked: found.length };
          const spelled = ({ values }: { values: readonly { value: string; count: number }[] }) =>
            values.map(({ value, count }) => [value.toLowerCase(), count]);
          for (const reader of readers) {
            const what = { kql, field };
            const answer = topValues([reader], {
              query: { range, condition: parseKql(kql), field, limit: 8 },
              ...REST,
            });
            const { other, absent, looked, complete } = answer;
            expect({ ...what, values: spelled(answer), other, absent, looked, complete }).toEqual({
              ...what,
              values: spelled(wanted),
              other: wanted.other,
              absent: wanted.absent,
              looked: wanted.looked,
              complete: true,
            });
          }
        }
      }
    }
  });

  it('give the same bars', () => {
    for (const range of RANGES) {
      for (const kql of QUERIES) {
        for (const field of FIELDS) {
          const query = { range, condition: parseKql(kql), field, limit: 3, intervalSeconds: 60 };
          const [one] = readers.map((reader) => stackedHistogram([reader], { query, ...REST }));
          const length = (Date.parse(range.to) - Date.parse(range.from)) / 60_000;
          const tally = new StackTally(one?.values ?? [], length);
          for (const event of inside(range, kql)) {
            const at = Math.floor((Date.parse(event['@timestamp']) - Date.parse(range.from)) / 60_000);
            tally.add(at, fieldTexts(event, field));
          }
          expect({ kql, field, buckets: one?.buckets }).toEqual({
            kql,
            field,
            buckets: tally.buckets(Date.parse(range.from), 60_000),
          });
        }
      }
    }
    expect(events.filter((event) => readField(event, 'user.name') === 'x'.repeat(400)).length).toBe(30);
  });

  it('end at a limit and say which, and stop when nobody waits any more', () => {
    const [reader] = readers;
    if (!reader) throw new Error('There is no reader.');
    const query = {
      range: RANGES[0] ?? { from: '', to: '' },
      condition: parseKql('failed'),
      field: 'url.path',
      limit: 5,
    };
    const few = topValues([reader], { query, ...REST, limits: { ...SEARCH_LIMITS, documents: 50 } });
    expect(few).toMatchObject({ complete: false, stopped: 'documents' });
    expect(few.looked).toBeLessThanOrEqual(50);
    const stop = new Int32Array(new SharedArrayBuffer(16));
    Atomics.store(stop, STOP_AT.stop, 1);
    expect(() => topValues([reader], { query, ...REST, stop })).toThrow(Stopped);
  });
});

describe('what a question has used up', () => {
  it('is told through the memory shared with who waits', () => {
    const stop = new Int32Array(new SharedArrayBuffer(16));
    const budget = new Budget({ rows: 1_000, documents: 300, milliseconds: 1e9 }, stop);
    budget.watch(() => 0.4567);
    budget.rows(900);
    for (let n = 0; n < 128; n++) expect(budget.document()).toBe(false);
    expect([...stop]).toEqual([0, 457, 900, 128]);
    budget.rows(200);
    expect(budget.spent()).toBe(true);
    expect(budget.stopped).toBe('rows');
  });

  it('names the limit that was met first', () => {
    const budget = new Budget({ rows: 10, documents: 2, milliseconds: 1e9 }, undefined);
    expect([budget.document(), budget.document()]).toEqual([false, true]);
    budget.rows(50);
    expect(budget.spent()).toBe(true);
    expect(budget.stopped).toBe('documents');
  });
});
