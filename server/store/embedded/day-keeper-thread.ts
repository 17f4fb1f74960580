import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';
import type { AgencyId, CollectorId } from '../../identity.ts';
import type { CompactedDay, DayContents, DaySource, DaySpan } from '../event-store.ts';
import { compactDay } from './compaction.ts';
import { DayReader } from './day-reader.ts';
import { EVENTS_FOLDER, failureOf, syncFolder } from './layout.ts';
import { Auditor } from './recount.ts';
import { notify, serve } from './worker-server.ts';

/** A question about one day. */
export interface DayQuestion {
  readonly day: string;
  readonly evaluatedUpTo: number;
  readonly spans: readonly DaySpan[];
  readonly everyRow: boolean;
}

/** A day to delete. */
export interface DayRemoval {
  readonly day: string;
}

/** A day to make small, or of which only the columns are put together. */
export interface DayCompaction {
  readonly day: string;
  readonly part: 'all' | 'columns';
}

const { folder } = workerData as { readonly folder: string };

function contents(question: DayQuestion): DayContents | undefined {
  let reader: DayReader | undefined;
  try {
    reader = DayReader.open(folder, question.day);
    if (!reader) return undefined;
    reader.db.exec('BEGIN');
    return {
      sources: question.everyRow ? countedSources(reader) : toldSources(reader),
      within: question.spans.map((span) => holdsAny(reader as DayReader, span)),
      unevaluated: unevaluated(reader, question.evaluatedUpTo),
    };
  } catch (error) {
    if (failureOf(error) !== 'damaged') throw error;
    notify('error', 'A day file is damaged, so that retention leaves it alone.', { day: question.day });
    return undefined;
  } finally {
    reader?.close();
  }
}

/** Every row is counted, and compared with what the batches brought. */
function countedSources(reader: DayReader): DaySource[] {
  return new Auditor().recount([reader], 0, true).map(({ agency, collector, source, ...count }) => {
    return {
      agency,
      collector,
      source,
      stored: count.stored,
      deadLettered: count.deadLettered,
      missing: count.missingTotal,
    };
  });
}

/** What the batches say they brought. */
function toldSources(reader: DayReader): DaySource[] {
  const found = new Map<string, { stored: number; deadLettered: number }>();
  const add = (agency: unknown, collector: unknown, source: unknown, stored: number, deadLettered: number) => {
    const key = JSON.stringify([String(agency), String(collector), String(source)]);
    const before = found.get(key) ?? { stored: 0, deadLettered: 0 };
    found.set(key, { stored: before.stored + stored, deadLettered: before.deadLettered + deadLettered });
  };
  const brought = reader.db.prepare(
    `SELECT agency, collector, json_extract(one.value, '$[0]') AS source, sum(json_extract(one.value, '$[1]')) AS n
       FROM batch, json_each(batch.sources) AS one GROUP BY agency, collector, source`,
  );
  for (const row of brought.iterate()) add(row['agency'], row['collector'], row['source'], Number(row['n']), 0);
  const letters = reader.db.prepare(
    'SELECT agency, collector, source, count(*) AS n FROM dead_letter GROUP BY agency, collector, source',
  );
  for (const row of letters.iterate()) add(row['agency'], row['collector'], row['source'], 0, Number(row['n']));
  return [...found].map(([key, counts]) => {
    const [agency, collector, source] = JSON.parse(key) as [AgencyId, CollectorId, string];
    return { agency, collector, source, ...counts, missing: 0 };
  });
}

/** By the first and last event time of each batch: may say yes where an event is near, never no where one is there. */
function holdsAny(reader: DayReader, { agency, from, to }: DaySpan): boolean {
  const batch = reader.db.prepare(
    'SELECT 1 FROM batch WHERE (?1 IS NULL OR agency = ?1) AND min_ts < ?2 AND max_ts >= ?3 LIMIT 1',
  );
  if (batch.get(agency, to, from) !== undefined) return true;
  // A dead letter has no event time; what counts is when it came.
  const letter = reader.db.prepare(
    'SELECT 1 FROM dead_letter WHERE (?1 IS NULL OR agency = ?1) AND at < ?2 AND at >= ?3 LIMIT 1',
  );
  return letter.get(agency, new Date(to).toISOString(), new Date(from).toISOString()) !== undefined;
}

function unevaluated(reader: DayReader, upTo: number): number {
  const row = reader.db
    .prepare(
      'SELECT coalesce(sum(last_sequence - max(first_sequence, ?1 + 1) + 1), 0) AS n FROM batch WHERE last_sequence > ?1',
    )
    .get(upTo);
  return Number(row?.['n']);
}

/** The log and whatever else goes with the file first: left behind alone, they could be taken for a new file's. */
function remove({ day }: DayRemoval): void {
  const events = join(folder, EVENTS_FOLDER);
  const file = `${day}.db`;
  const names = readdirSync(events).filter((name) => name.startsWith(`${day}.`));
  for (const name of [...names.filter((one) => one !== file), file]) rmSync(join(events, name), { force: true });
  syncFolder(events);
}

let isCut = false;

function compact({ day, part }: DayCompaction): Promise<CompactedDay | undefined> {
  isCut = false;
  const breathe = async () => {
    // Here the thread takes other calls, and the one that cuts this one short.
    await setImmediate();
    return !isCut;
  };
  return compactDay(folder, day, breathe, part);
}

function cutCompaction(): void {
  isCut = true;
}

serve({ contents, remove, compact, cutCompaction, close: cutCompaction });
