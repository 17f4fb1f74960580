import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseKql } from '../../../rules/query/kql.ts';
import { DayContents, listed } from '../../../server/evidence/day-contents.ts';
import { SYSTEM } from '../../../server/identity.ts';
import type { Log } from '../../../server/log.ts';
import { compactClosedDays } from '../../../server/store/compaction-job.ts';
import { BatchPreparer } from '../../../server/store/embedded/batch-preparer.ts';
import { compactDay } from '../../../server/store/embedded/compaction.ts';
import { bytesOfDay, makeFolders } from '../../../server/store/embedded/day-files.ts';
import { DayReader } from '../../../server/store/embedded/day-reader.ts';
import { DayWriter } from '../../../server/store/embedded/day-writer.ts';
import { openEmbeddedStore } from '../../../server/store/embedded/open.ts';
import { SEARCH_LIMITS } from '../../../server/store/embedded/read-calls.ts';
import { search } from '../../../server/store/embedded/search.ts';
import { topValues } from '../../../server/store/embedded/values.ts';
import { decodeFrame } from '../../../server/store/frame.ts';
import { batchOf, batchOfLines, DAY, type Parsed, toLines } from './frames.ts';
import { realEvents, sequenceOf } from './real-events.ts';

const START = Date.UTC(2026, 10, 20, 8);
const RANGE = { from: new Date(START).toISOString(), to: new Date(START + 3_600_000).toISOString() };
const QUERIES = ['', 'failed', 'event.outcome: failure', 'url.path: *a*', 'source.ip: *', 'user.name: r* and not sshd'];
const DAY_MS = 86_400_000;
const REST = { scope: 'all', limits: SEARCH_LIMITS, stop: undefined } as const;

let folder = '';
let writer: DayWriter;
let next = 1;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haidang-compact-'));
  makeFolders(folder);
  writer = new DayWriter(folder, DAY);
  next = 1;
});
afterEach(() => {
  writer.close();
  rmSync(folder, { recursive: true });
});

function append(batch: ReturnType<typeof batchOf>): void {
  writer.begin();
  next += writer.write(new BatchPreparer().prepare(batch, decodeFrame(batch.body)), next).stored;
  writer.commit();
}

/** Events in transactions of all sizes, some lines no events, one sent twice. */
function fill(events: readonly Parsed[]): void {
  const random = sequenceOf(events.length);
  for (let at = 0; at < events.length; ) {
    const part = events.slice(at, at + 1 + Math.floor(random() ** 4 * 900));
    append(batchOf(part, { first: 1 + at }));
    at += part.length;
  }
  append(batchOf(events.slice(0, 5), { first: 1 }));
  const place = { first: events.length + 1 };
  const [one = ''] = toLines(events.slice(0, 1), place);
  append(batchOfLines([one, 'no event', `${'{"a":'.repeat(40)}1`], place));
}

/** All that can be asked of the day. */
function everything(): unknown {
  const reader = DayReader.open(folder, DAY);
  const contents = DayContents.open(folder, DAY);
  if (!reader || !contents) throw new Error('There is no day.');
  try {
    reader.db.exec('BEGIN');
    const answers = QUERIES.map((kql) => {
      const condition = parseKql(kql);
      const pages: unknown[] = [];
      let after: string | undefined;
      do {
        const page = search([reader], {
          query: { range: RANGE, condition, limit: 700, ...(after ? { after } : {}) },
          ...REST,
        });
        pages.push(page.events);
        after = page.next ?? undefined;
      } while (after !== undefined);
      const field = 'source.ip';
      return { kql, pages, top: topValues([reader], { query: { range: RANGE, condition, field, limit: 9 }, ...REST }) };
    });
    const evidence = [...contents.batches(0)].map((batch) => {
      const frame = contents.frame(batch);
      return { list: listed(contents, batch, frame), lines: frame.text.bytes.toString('utf8') };
    });
    return { answers, evidence, letters: [...contents.deadLetters()], rows: contents.allRows() };
  } finally {
    reader.close();
    contents.close();
  }
}

const goOn = () => Promise.resolve(true);

test('a compacted day is smaller, answers all as before, and has the same evidence', async () => {
  fill(realEvents(6_000, START));
  const before = everything();
  const done = await compactDay(folder, DAY, goOn);
  expect(everything()).toEqual(before);
  expect(done?.bytesAfter).toBe(bytesOfDay(folder, DAY));
  expect(done?.bytesAfter).toBeLessThan(0.9 * (done?.bytesBefore ?? 0));
  expect(await compactDay(folder, DAY, goOn)).toBeUndefined();
  expect(await compactDay(folder, '20200101', goOn)).toBeUndefined();
});

test('it may be cut after any step, while events go on to arrive, and be done again', async () => {
  const events = realEvents(5_000, START);
  fill(events.slice(0, 3_000));
  const random = sequenceOf(7);
  let arrived = 3_100;
  for (let cut = 1; arrived < 4_900; cut++) {
    let steps = 0;
    const breathe = async () => {
      // A late event now and then: the writer has the day open all the while.
      if (random() < 0.2 && arrived < 4_900) {
        append(batchOf(events.slice(arrived, arrived + 3), { first: 10_000 + arrived }));
        arrived += 3;
      }
      return ++steps < cut;
    };
    await compactDay(folder, DAY, breathe, cut % 3 === 0 ? 'columns' : 'all');
    if (cut % 5 === 0) {
      writer.close();
      writer = new DayWriter(folder, DAY);
    }
    // Each round brings something, so that the loop ends.
    append(batchOf(events.slice(arrived, arrived + 90), { first: 10_000 + arrived }));
    arrived += 90;
  }
  const before = everything() as { rows: number; answers: readonly { pages: readonly (readonly unknown[])[] }[] };
  expect(before.answers[0]?.pages.flat().length).toBe(before.rows);
  expect(before.rows).toBe(next - 1);
  expect(await compactDay(folder, DAY, goOn)).toBeDefined();
  expect(everything()).toEqual(before);
  append(batchOf(events.slice(0, 40), { first: 50_000 }));
  expect((everything() as { rows: number }).rows).toBe(before.rows + 40);
});

test('a reader that was open all the while follows the merging of segments', async () => {
  const events = realEvents(14_000, START);
  for (let at = 0; at < events.length; at += 2_000) append(batchOf(events.slice(at, at + 2_000), { first: 1 + at }));
  const reader = DayReader.open(folder, DAY);
  if (!reader) throw new Error('There is no day.');
  const ask = () => {
    reader.db.exec('BEGIN');
    const query = { range: RANGE, condition: parseKql('source.ip: *'), field: 'user.name', limit: 9 };
    const answer = topValues([reader], { query, ...REST });
    reader.db.exec('COMMIT');
    return { answer, segments: reader.segments.all.length };
  };
  const before = ask();
  expect(before.segments).toBe(3);
  await compactDay(folder, DAY, goOn);
  expect(ask()).toEqual({ answer: before.answer, segments: 1 });
  reader.close();
});

test('the job makes closed days small, and of the others only the columns', async () => {
  const log = { info: () => {}, warn: () => {}, error: () => {} } as unknown as Log;
  const now = Date.UTC(2026, 10, 30, 3);
  const { events, records } = await openEmbeddedStore({
    folder: join(folder, 'store'),
    log,
    now: () => now - 2 * DAY_MS,
  });
  const made = realEvents(2_000, START);
  for (const day of ['20261120', '20261128']) await events.append(batchOf(made, { day }));
  for (let first = 2_001; first < 8_000; first += 2_000) {
    await events.append(batchOf(made, { day: '20261128', first }));
  }
  const done = await compactClosedDays({ events, closeAfterDays: 7, log }, now);
  expect(done.map(({ day }) => day)).toEqual(['20261120']);
  const open = DayReader.open(join(folder, 'store'), '20261128') as DayReader;
  expect(open.rollUps.all.map((rolled) => rolled.events)).toEqual([8_000]);
  expect(open.segments.all.length).toBe(1);
  expect(open.db.prepare('SELECT count(*) AS n FROM frame').get()?.['n']).toBe(4);
  open.close();
  expect(await compactClosedDays({ events, closeAfterDays: 7, log }, now)).toEqual([]);
  const cut = AbortSignal.abort();
  await events.append(batchOf(realEvents(500, START), { day: '20261120', first: 3_000 }));
  expect(await events.compactDay('20261120', cut)).toBeUndefined();
  expect(await events.compactDay('20261120')).toBeDefined();
  const view = events.as(SYSTEM);
  const { count } = await view.count({ range: RANGE, condition: parseKql('') });
  expect(count).toBe(10_500);
  const page = await view.search({ range: RANGE, condition: parseKql('event.outcome: failure'), limit: 1_000 });
  expect(new Set(page.events.map(({ id }) => id.slice(0, 8)))).toEqual(new Set(['20261120', '20261128']));
  // Detection reads on from a day that was compacted.
  const [batch] = await events.readFrom(1, 1);
  expect(batch && decodeFrame(batch.body).header.last).toBe(2_000);
  await events.close();
  await records.close();
});
