import type { Condition } from '../../../rules/query/condition.ts';
import type { FieldList, FieldsQuery, StackedHistogram, StackedQuery, TopQuery, TopValues } from '../event-store.ts';
import { fieldTexts, NameTally, StackTally, ValueTally } from '../field-values.ts';
import { intervalsOf, rangeOf, scoped } from '../question.ts';
import { stretches } from './aggregate.ts';
import { Budget } from './budget.ts';
import type { DayReader } from './day-reader.ts';
import { type IndexedField, indexedField } from './indexed-field.ts';
import { Matches, readDocument } from './matches.ts';
import type { ValuesCall } from './read-calls.ts';
import { within } from './search.ts';
import { prefilter } from './sql.ts';

const MOST_VALUES = 1_000;
const MOST_STACKED = 20;
const MOST_SAMPLED = 10_000;

/** Told of events by interval: how many there are with these values. */
type Take = (bucket: number, texts: readonly string[], events: number) => void;

interface Walk {
  readonly field: string;
  readonly condition: Condition;
  readonly from: number;
  readonly to: number;
  readonly interval: number;
  /** Most events to be read. */
  readonly sample: number;
}

/** The most frequent values of a field. */
export function topValues(readers: readonly DayReader[], call: ValuesCall<TopQuery>): TopValues {
  const { field, limit, prefix, sample = Number.POSITIVE_INFINITY } = call.query;
  const { from, to } = rangeOf(call.query.range);
  const budget = new Budget(call.limits, call.stop);
  const condition = scoped(call.query.condition, call.scope);
  const tally = new ValueTally(prefix);
  const walk = { field, condition, from, to, interval: Math.max(1, to - from), sample };
  const complete = eachValue(readers, walk, budget, (_, texts, events) => tally.add(texts, events));
  const { values, other } = tally.top(Math.max(1, Math.min(MOST_VALUES, Math.floor(limit))));
  return { values, other, absent: tally.absent, looked: tally.events, complete, stopped: budget.stopped };
}

/** Events by interval of time and by the most frequent values of a field. */
export function stackedHistogram(readers: readonly DayReader[], call: ValuesCall<StackedQuery>): StackedHistogram {
  const { field, range, limit, sample = Number.POSITIVE_INFINITY } = call.query;
  const { from, to, interval, length } = intervalsOf(call.query);
  const most = Math.max(1, Math.min(MOST_STACKED, Math.floor(limit)));
  const top = topValues(readers, {
    ...call,
    query: { range, condition: call.query.condition, field, limit: most, sample },
  });
  const values = top.values.map(({ value }) => value);
  const budget = new Budget(call.limits, call.stop);
  const tally = new StackTally(values, length);
  const walk = { field, condition: scoped(call.query.condition, call.scope), from, to, interval, sample };
  const complete = eachValue(readers, walk, budget, (bucket, texts, events) => tally.add(bucket, texts, events));
  const buckets = tally.buckets(from, interval);
  const total = buckets.reduce((sum, bucket) => sum + bucket.count, 0);
  return { values, buckets, total, complete: complete && top.complete, stopped: budget.stopped ?? top.stopped };
}

/** Which fields the newest events have. */
export function fields(readers: readonly DayReader[], call: ValuesCall<FieldsQuery>): FieldList {
  const { from, to } = rangeOf(call.query.range);
  const budget = new Budget(call.limits, call.stop);
  const sample = Math.max(1, Math.min(MOST_SAMPLED, Math.floor(call.query.sample)));
  const tally = new NameTally();
  const condition = scoped(call.query.condition, call.scope);
  const matches = matchesOf(within(readers, from, to - 1), condition, from, to, budget);
  for (const { reader, sequence, line, event } of matches.walk()) {
    if (tally.events >= sample) return { fields: tally.list(), looked: tally.events, complete: false };
    const document = event ?? readDocument(reader, sequence, line);
    if (document) tally.add(document);
    if (!event && budget.document()) break;
  }
  return { fields: tally.list(), looked: tally.events, complete: matches.done };
}

function matchesOf(readers: readonly DayReader[], condition: Condition, from: number, to: number, budget: Budget) {
  const below = { ts: to - 1, sequence: Number.MAX_SAFE_INTEGER };
  const matches = new Matches(readers, condition, from, below, budget);
  budget.watch(() => (to - matches.reached.ts) / Math.max(1, to - from));
  return matches;
}

/** Goes through all matching events, by the index where it tells all; gives whether that was every one. */
function eachValue(readers: readonly DayReader[], walk: Walk, budget: Budget, take: Take): boolean {
  const { field, condition, from, to } = walk;
  const days = within(readers, from, to - 1);
  const held = indexedField(field);
  const plans = days.map((reader) => ({ reader, plan: prefilter(condition, reader.dictionary) }));
  // Either all days or none: a sample of the newest events must not stand beside whole days.
  if (!held || !plans.every(({ plan }) => plan.exact && plan.words === undefined)) {
    return eachDocument(days, walk, budget, take);
  }
  for (const [at, { reader, plan }] of plans.entries()) {
    budget.watch(() => at / plans.length);
    if (plan.sql !== '0' && !eachGroup(reader, held, plan.sql, walk, budget, take)) return false;
  }
  return true;
}

function eachDocument(days: readonly DayReader[], walk: Walk, budget: Budget, take: Take): boolean {
  const { field, condition, from, to, interval, sample } = walk;
  const matches = matchesOf(days, condition, from, to, budget);
  let read = 0;
  for (const { reader, ts, sequence, line, event } of matches.walk()) {
    if (read++ >= sample) return false;
    const document = event ?? readDocument(reader, sequence, line);
    if (document) take(Math.floor((ts - from) / interval), fieldTexts(document, field), 1);
    if (!event && budget.document()) return false;
  }
  return matches.done;
}

/** Lets SQL count the rows of a day by interval and dictionary number. */
function eachGroup(
  reader: DayReader,
  held: IndexedField,
  sql: string,
  { field, from, to, interval }: Walk,
  budget: Budget,
  take: Take,
): boolean {
  const extent = reader.extent();
  if (!extent) return true;
  const values = held.valuesIn(reader);
  const end = Math.min(to, extent.max + 1);
  const start = Math.max(from, extent.min);
  // One group for all where there is one interval, as SQLite then sorts less.
  const bucket = interval >= to - from ? '0' : `CAST((ts - ${from}) / ${interval} AS INTEGER)`;
  const groups = reader.db.prepare(
    `SELECT ${bucket} AS b, ${held.column} AS id, count(*) AS n FROM event INDEXED BY event_ts
      WHERE ts >= ? AND ts < ? AND (${sql}) GROUP BY b, id`,
  );
  groups.setReturnArrays(true);
  const unknown = new Set<number>();
  for (const [lo, hi] of stretches(reader, start, end, from, Math.max(interval, to - from))) {
    if (budget.spent()) return false;
    for (const row of groups.iterate(lo, hi) as Iterable<unknown>) {
      const [at, id, events] = row as readonly [number, number, number];
      const texts = values(id);
      budget.rows(events);
      if (texts) take(at, texts, events);
      else unknown.add(id);
    }
  }
  return (
    unknown.size === 0 ||
    eachUnknown(reader, held.column, unknown, sql, { field, start, end, from, interval }, budget, take)
  );
}

/** What the dictionary cannot hold is read from the documents. */
function eachUnknown(
  reader: DayReader,
  column: string,
  ids: ReadonlySet<number>,
  sql: string,
  at: {
    readonly field: string;
    readonly start: number;
    readonly end: number;
    readonly from: number;
    readonly interval: number;
  },
  budget: Budget,
  take: Take,
): boolean {
  const rows = reader.db.prepare(
    `SELECT ts, sequence, line FROM event INDEXED BY event_ts
      WHERE ts >= ? AND ts < ? AND (${sql}) AND ${column} IN (${[...ids].join(',')}) ORDER BY ts DESC`,
  );
  rows.setReturnArrays(true);
  for (const row of rows.iterate(at.start, at.end) as Iterable<unknown>) {
    const [ts, sequence, line] = row as readonly [number, number, number];
    const document = readDocument(reader, sequence, line);
    if (document) take(Math.floor((ts - at.from) / at.interval), fieldTexts(document, at.field), 1);
    if (budget.document()) return false;
  }
  return true;
}
