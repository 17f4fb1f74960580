import type { EcsEvent } from '../../../ecs/event.ts';
import type { Condition } from '../../../rules/query/condition.ts';
import type { FieldList, FieldsQuery, StackedHistogram, StackedQuery, TopQuery, TopValues } from '../event-store.ts';
import { fieldTexts, NameTally, StackTally, ValueTally } from '../field-values.ts';
import { intervalsOf, rangeOf, scoped } from '../question.ts';
import { Budget } from './budget.ts';
import { type Counted, eachGroup, type Take } from './count-rows.ts';
import type { DayReader } from './day-reader.ts';
import { indexedField } from './indexed-field.ts';
import { type Match, Matches, readDocument } from './matches.ts';
import { planOf } from './plan.ts';
import type { ValuesCall } from './read-calls.ts';
import { within } from './search.ts';
import { ValueSums } from './value-numbers.ts';

const MOST_VALUES = 1_000;
const MOST_STACKED = 20;
const MOST_SAMPLED = 10_000;
/** Matches whose documents are read together. */
const ROUND = 8_000;

interface Walk extends Counted {
  readonly condition: Condition;
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
  const complete = eachDocumentOf(matches, sample, budget, (_, document) => tally.add(document));
  return { fields: tally.list(), looked: tally.events, complete };
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
  const plans = days.map((reader) => ({ reader, plan: planOf(condition, reader.dictionary) }));
  // Either all days or none: a sample of the newest events must not stand beside whole days.
  if (!held || !plans.every(({ plan }) => plan.exact)) {
    return eachDocument(days, walk, budget, take);
  }
  const isOne = walk.interval >= to - from;
  const sums = isOne ? new ValueSums(held.values) : undefined;
  let whole = true;
  // The newest first: where a limit ends it, the figures are those of the latest time.
  for (const [at, { reader, plan }] of plans.toReversed().entries()) {
    budget.watch(() => at / plans.length);
    whole = eachGroup(reader, held, plan, walk, budget, take, sums);
    if (!whole) break;
  }
  sums?.give(take);
  return whole;
}

function eachDocument(days: readonly DayReader[], walk: Walk, budget: Budget, take: Take): boolean {
  const { field, condition, from, to, interval, sample } = walk;
  const matches = matchesOf(days, condition, from, to, budget);
  return eachDocumentOf(matches, sample, budget, (ts, document) => {
    take(Math.floor((ts - from) / interval), fieldTexts(document, field), 1);
  });
}

/** Reads the documents of matches, the newest `most`; gives whether that was all. */
function eachDocumentOf(
  matches: Matches,
  most: number,
  budget: Budget,
  take: (ts: number, document: EcsEvent) => void,
): boolean {
  let waiting: Match[] = [];
  // Frame by frame, as times of many collectors interleave: each frame is opened once a round.
  const read = (): boolean => {
    waiting.sort((a, b) => (a.reader === b.reader ? a.sequence - b.sequence : a.reader.day < b.reader.day ? -1 : 1));
    for (const { reader, ts, sequence } of waiting) {
      const document = readDocument(reader, sequence);
      if (document) take(ts, document);
      if (budget.document()) return false;
    }
    waiting = [];
    return true;
  };
  let seen = 0;
  for (const match of matches.walk()) {
    if (seen++ >= most) {
      read();
      return false;
    }
    if (match.event) take(match.ts, match.event);
    else waiting.push(match);
    if (waiting.length >= ROUND && !read()) return false;
  }
  return read() && matches.done;
}
