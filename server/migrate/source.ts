import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SYSTEM } from '../identity.ts';
import type { DeadLetterRecord } from '../ingest/record.ts';
import { listDays } from '../store/embedded/day-files.ts';
import { batchRow, DayReader } from '../store/embedded/day-reader.ts';
import { openEmbeddedStore } from '../store/embedded/open.ts';
import { opsFile } from '../store/embedded/ops-schema.ts';
import type { StoreLog } from '../store/embedded/worker-client.ts';
import type { EventStore } from '../store/event-store.ts';
import type { RecordStore, Signal } from '../store/record-store.ts';

/** A dead letter with its place: stream `<collector>-<epoch>` and position in it. */
export interface PlacedLetter {
  /** `<day>-<stream>-<position>`: the event id that it would have had, without the hash. */
  readonly id: string;
  readonly position: number;
  readonly letter: DeadLetterRecord;
}

/** The embedded store of a folder, opened to be read from beginning to end. */
export interface Source {
  /** Made once; tells whether a cluster was filled from this store. */
  readonly id: string;
  readonly events: EventStore;
  readonly records: RecordStore;
  readonly days: readonly string[];
  /** Ids of a day's rows without their hash, in order of their numbers. */
  idsOf(day: string): Iterable<string>;
  /** Whether a frame of the day covers the id, whatever its row. */
  coveredBy(day: string, id: string): boolean;
  lettersOf(day: string): Iterable<PlacedLetter>;
  signals(): Iterable<Signal>;
  countSignals(): number;
  close(): Promise<void>;
}

const SIGNALS_PAGE = 2_000;
const LETTERS_PAGE = 500;

/** Opens the embedded store in `<data>/store`. The caller holds the lock of the data folder. */
export async function openSource(data: string, log: StoreLog): Promise<Source> {
  const folder = join(data, 'store');
  const { events, records } = await openEmbeddedStore({ folder, log });
  const ops = new DatabaseSync(opsFile(folder), { readOnly: true });
  return {
    id: await storeId(records),
    events,
    records,
    days: listDays(folder),
    idsOf: (day) => idsOf(folder, day),
    coveredBy: (day, id) => coveredBy(folder, day, id),
    lettersOf: (day) => lettersOf(folder, day),
    signals: () => signals(ops),
    countSignals: () => Number(ops.prepare('SELECT count(*) AS n FROM signal').get()?.['n']),
    async close() {
      ops.close();
      await Promise.all([events.close(), records.close()]);
    },
  };
}

async function storeId(records: RecordStore): Promise<string> {
  const view = records.as(SYSTEM);
  const known = await view.get('setting', 'store-id');
  if (known) return String(known.document.value);
  const value = randomUUID();
  await view.create('setting', 'store-id', { value });
  return value;
}

function* idsOf(folder: string, day: string): Generator<string> {
  const reader = mustOpen(folder, day);
  try {
    const rows = reader.db.prepare('SELECT line FROM event WHERE sequence BETWEEN ? AND ? ORDER BY sequence');
    for (const row of reader.db.prepare('SELECT * FROM batch ORDER BY first_sequence').iterate()) {
      const { first, last, stream, frameFirst } = batchRow(row);
      for (const { line } of rows.iterate(first, last) as Iterable<{ line: number }>) {
        yield `${day}-${stream}-${frameFirst + line}`;
      }
    }
  } finally {
    reader.close();
  }
}

function coveredBy(folder: string, day: string, id: string): boolean {
  const [, collector = '', epoch = '', position = ''] = id.split('-');
  const reader = mustOpen(folder, day);
  try {
    const sql = 'SELECT 1 FROM batch WHERE stream = ? AND frame_last >= ? AND frame_first <= ? LIMIT 1';
    const place = Number(position);
    return reader.db.prepare(sql).get(`${collector}-${epoch}`, place, place) !== undefined;
  } finally {
    reader.close();
  }
}

function* lettersOf(folder: string, day: string): Generator<PlacedLetter> {
  const reader = mustOpen(folder, day);
  try {
    const sql = `SELECT * FROM dead_letter WHERE (stream, frame_sequence) > (?, ?)
      ORDER BY stream, frame_sequence LIMIT ${LETTERS_PAGE}`;
    const page = reader.db.prepare(sql);
    for (let rows = page.all('', 0); rows.length > 0; ) {
      for (const row of rows) {
        const { stream, frame_sequence: place, ...letter } = row;
        const id = `${day}-${stream}-${place}`;
        yield { id, position: Number(place), letter: letter as unknown as DeadLetterRecord };
      }
      const last = rows.at(-1);
      rows = page.all(String(last?.['stream']), Number(last?.['frame_sequence']));
    }
  } finally {
    reader.close();
  }
}

function* signals(ops: DatabaseSync): Generator<Signal> {
  const page = ops.prepare(
    `SELECT * FROM signal WHERE (rule, "group", second, batch) > (?, ?, ?, ?)
      ORDER BY rule, "group", second, batch LIMIT ${SIGNALS_PAGE}`,
  );
  let after: [string, string, number, number] = ['', '', Number.MIN_SAFE_INTEGER, 0];
  for (;;) {
    const rows = page.all(...after);
    for (const row of rows) {
      const { rule, group, second, batch, count, detail } = row as unknown as Omit<Signal, 'events'> & {
        detail: string;
      };
      yield { rule, group, second, batch, count, ...(JSON.parse(detail) as Pick<Signal, 'events'>) };
      after = [rule, group, second, batch];
    }
    if (rows.length < SIGNALS_PAGE) return;
  }
}

function mustOpen(folder: string, day: string): DayReader {
  const reader = DayReader.open(folder, day);
  if (reader) return reader;
  throw new Error(`The day file ${day} cannot be read; see haidang status.`);
}
