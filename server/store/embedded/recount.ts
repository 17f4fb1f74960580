import { formatEventId, parseEventId } from '../../../ecs/event-id.ts';
import type { AgencyId, CollectorId } from '../../identity.ts';
import type { MissingEvent, StoredCount } from '../event-store.ts';
import { type BatchRow, batchRow, type DayReader, lineOf } from './day-reader.ts';
import { batchesHolding, sequencesByLine } from './lookup.ts';

/** Missing events named by id, at most, for one source. */
const MOST_NAMED = 100;
/** A day whose rows took this long to count is counted in full again only after this many times as long. */
const PATIENCE = 20;

interface SourceTotal {
  readonly agency: string;
  readonly collector: string;
  readonly source: string;
  stored: number;
  unevaluated: number;
  deadLettered: number;
  missingTotal: number;
  readonly missing: MissingEvent[];
}

type Totals = Map<string, SourceTotal>;

/** What is remembered of one day's file between two counts. */
interface DayCount {
  dataVersion: number;
  /** Rows by shape up to `countedTo`. */
  readonly rows: Map<number, number>;
  countedTo: number;
  /** What the batches say was stored, by agency, collector and source, up to `countedTo`. */
  readonly expected: Map<string, number>;
  readonly missing: Map<string, { readonly named: MissingEvent[]; total: number }>;
  fullAt: number;
  fullMs: number;
}

/** Counts the rows that are there, and compares with what each batch brought. */
export class Auditor {
  readonly #days = new WeakMap<DayReader, DayCount>();

  /** `full`: every row of every day is looked at again. */
  recount(readers: readonly DayReader[], evaluatedUpTo: number, full: boolean): StoredCount[] {
    const totals: Totals = new Map();
    for (const reader of readers) {
      const counted = this.#count(reader, full);
      addDay(totals, reader, counted, evaluatedUpTo);
    }
    return [...totals.values()].map(({ agency, collector, ...rest }) => ({
      ...rest,
      agency: agency as AgencyId,
      collector: collector as CollectorId,
    }));
  }

  /**
   * SQLite tells whether another connection changed the file: a day at rest is counted once. In a day that grows, new
   * stretches are added at each call and the whole is counted again from time to time, by what that costs.
   */
  #count(reader: DayReader, full: boolean): DayCount {
    const dataVersion = Number(reader.statement('PRAGMA data_version').get()?.['data_version']);
    const known = this.#days.get(reader);
    if (known && !full && known.dataVersion === dataVersion) return known;
    const due = !known || performance.now() - known.fullAt > PATIENCE * known.fullMs;
    const counted = known && !full && !due ? known : emptyCount();
    const started = performance.now();
    countRows(reader, counted);
    counted.dataVersion = dataVersion;
    if (counted !== known) {
      counted.missing.clear();
      findMissing(reader, counted, full);
      counted.fullAt = performance.now();
      counted.fullMs = counted.fullAt - started;
      this.#days.set(reader, counted);
    }
    return counted;
  }
}

function emptyCount(): DayCount {
  return {
    dataVersion: -1,
    rows: new Map(),
    countedTo: 0,
    expected: new Map(),
    missing: new Map(),
    fullAt: 0,
    fullMs: 0,
  };
}

function sourceKey(agency: string, collector: string, source: string): string {
  return `${agency} ${collector} ${source}`;
}

function countRows(reader: DayReader, counted: DayCount): void {
  const after = counted.countedTo;
  const rows = reader.statement('SELECT shape, count(*) AS n FROM event NOT INDEXED WHERE sequence > ? GROUP BY shape');
  for (const row of rows.iterate(after)) add(counted.rows, Number(row['shape']), Number(row['n']));
  const batches = reader.statement(
    'SELECT agency, collector, sources, last_sequence FROM batch WHERE first_sequence > ?',
  );
  for (const row of batches.iterate(after)) {
    const sources = JSON.parse(String(row['sources'])) as [string, number][];
    const [agency, collector] = [String(row['agency']), String(row['collector'])];
    for (const [source, stored] of sources) add(counted.expected, sourceKey(agency, collector, source), stored);
    counted.countedTo = Math.max(counted.countedTo, Number(row['last_sequence']));
  }
}

function findMissing(reader: DayReader, counted: DayCount, full: boolean): void {
  const actual = new Map<string, number>();
  for (const [shape, rows] of counted.rows) {
    const { agency, collector, source } = reader.dictionary.sourceOf(shape);
    add(actual, sourceKey(agency, collector, source), rows);
  }
  const differs = [...counted.expected].some(([key, expected]) => (actual.get(key) ?? 0) !== expected);
  if (!differs && !full) return;
  for (const row of reader.statement('SELECT * FROM batch ORDER BY first_sequence').iterate()) {
    const batch = batchRow(row);
    if (rowsOf(reader, batch) === batch.last - batch.first + 1) continue;
    nameMissing(reader, batch, counted);
  }
}

function rowsOf(reader: DayReader, batch: BatchRow): number {
  const row = reader
    .statement('SELECT count(*) AS n FROM event WHERE sequence BETWEEN ? AND ?')
    .get(batch.first, batch.last);
  return Number(row?.['n']);
}

function nameMissing(reader: DayReader, batch: BatchRow, counted: DayCount): void {
  const present = sequencesByLine(reader, batch);
  for (let sequence = batch.first; sequence <= batch.last; sequence++) {
    const line = lineOf(batch, sequence);
    if (present.has(line)) continue;
    const event = reader.document(batch, line);
    const id = event.event.id ?? '';
    if (storedAgain(reader, batch, id)) continue;
    const haidang = event['haidang'] as { readonly source: string };
    const key = sourceKey(batch.agency, batch.collector, haidang.source);
    const missing = counted.missing.get(key) ?? { named: [], total: 0 };
    missing.total++;
    if (missing.named.length < MOST_NAMED) missing.named.push({ id, day: reader.day, sequence });
    counted.missing.set(key, missing);
  }
}

/** Whether the collector sent the event once more after its row was gone, so that another batch holds it now. */
function storedAgain(reader: DayReader, batch: BatchRow, id: string): boolean {
  const parsed = parseEventId(id);
  if (!parsed || formatEventId(parsed) !== id) return false;
  return batchesHolding(reader, batch.stream, parsed.sequence).some(
    (other) => other.first !== batch.first && sequencesByLine(reader, other).has(parsed.sequence - other.frameFirst),
  );
}

function addDay(totals: Totals, reader: DayReader, counted: DayCount, evaluatedUpTo: number): void {
  for (const [shape, rows] of counted.rows) totalOf(totals, reader.dictionary.sourceOf(shape)).stored += rows;
  const unevaluated = reader.statement('SELECT shape, count(*) AS n FROM event WHERE sequence > ? GROUP BY shape');
  if (counted.countedTo > evaluatedUpTo) {
    for (const row of unevaluated.iterate(evaluatedUpTo)) {
      totalOf(totals, reader.dictionary.sourceOf(Number(row['shape']))).unevaluated += Number(row['n']);
    }
  }
  const dead = reader.statement(
    'SELECT agency, collector, source, count(*) AS n FROM dead_letter GROUP BY agency, collector, source',
  );
  for (const row of dead.iterate()) {
    const from = { agency: String(row['agency']), collector: String(row['collector']), source: String(row['source']) };
    totalOf(totals, from).deadLettered += Number(row['n']);
  }
  for (const [key, { named, total }] of counted.missing) {
    const found = [...totals.values()].find((one) => sourceKey(one.agency, one.collector, one.source) === key);
    if (!found) continue;
    found.missing.push(...named.slice(0, MOST_NAMED - found.missing.length));
    found.missingTotal += total;
  }
}

function totalOf(totals: Totals, from: { agency: string; collector: string; source: string }): SourceTotal {
  const key = JSON.stringify([from.agency, from.collector, from.source]);
  const known = totals.get(key);
  if (known) return known;
  const fresh = { ...from, stored: 0, unevaluated: 0, deadLettered: 0, missingTotal: 0, missing: [] };
  totals.set(key, fresh);
  return fresh;
}

function add<Key>(into: Map<Key, number>, key: Key, count: number): void {
  into.set(key, (into.get(key) ?? 0) + count);
}
