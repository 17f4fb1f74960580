import type { EcsEvent } from '../../../ecs/event.ts';
import { foldCase } from '../../../rules/query/string-test.ts';
import type {
  FieldList,
  FieldsQuery,
  OnProgress,
  SearchStop,
  StackedHistogram,
  StackedQuery,
  TopQuery,
  TopValues,
} from '../event-store.ts';
import { fieldTexts, NameTally, StackTally, ValueTally } from '../field-values.ts';
import { intervalsOf } from '../question.ts';
import { ALL_IRREGULAR } from './document.ts';
import { both, either, isExact, without } from './dsl.ts';
import { INDEXED_FIELDS, type IndexedAs, type Json } from './mapping.ts';
import type { Scope, Searched } from './search.ts';
import { eventOf, READ_SOURCE, type StoredDocument } from './stored-document.ts';
import { CHUNK, MISSING_INDEX, type Question, questionOf, tellProgress, Walk } from './walk.ts';

const MOST_VALUES = 1_000;
const MOST_STACKED = 20;
const MOST_SAMPLED = 10_000;
/** Values that each part of the index gives; beyond, counts may be a little low, and the answer says so. */
const PART_VALUES = 20_000;
/** Values whose spelling is looked up. */
const MOST_SPELLED = 100;

/** What is asked, and by whom. */
export interface Asked {
  readonly searched: Searched;
  readonly scope: Scope;
  readonly signal: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

interface TermsAnswer {
  readonly buckets: readonly { readonly key: string | number; readonly doc_count: number }[];
  readonly sum_other_doc_count: number;
  readonly doc_count_error_upper_bound: number;
}

/** How the index holds a field's values so that it can count them; undefined where only documents tell. */
type Counted = Extract<IndexedAs, 'keyword' | 'number' | 'ip'>;

function counted(field: string): Counted | undefined {
  const as = INDEXED_FIELDS.get(field);
  return as === 'keyword' || as === 'number' || as === 'ip' ? as : undefined;
}

/** A question divided: what the index counts by itself, and what is to be read. */
interface Parts {
  readonly regular: Json | undefined;
  readonly rest: Json;
}

function divide({ bounds }: Question, field: string): Parts {
  if (!counted(field)) return { regular: undefined, rest: bounds.possibly };
  const irregular: Json = { terms: { irregular: [field, ALL_IRREGULAR] } };
  const regular = both([bounds.surely, without(irregular)]);
  const open = isExact(bounds) ? irregular : either([irregular, without(bounds.surely)]);
  return { regular, rest: both([bounds.possibly, open]) };
}

/** The most frequent values of a field. */
export async function topValues(asked: Asked, query: TopQuery): Promise<TopValues> {
  const { field, prefix } = query;
  const limit = Math.max(1, Math.min(MOST_VALUES, Math.floor(query.limit)));
  const question = questionOf(query.range, query.condition, asked.scope);
  const tally = new ValueTally(prefix);
  if (isNothing(question, asked.scope)) return { values: [], other: 0, absent: 0, looked: 0, complete: true };
  const { regular, rest } = divide(question, field);
  const approximate = regular !== undefined && (await countRegular(asked, regular, field, prefix, tally));
  const end = await eachRest(asked, question, rest, query.sample, (_, event) => tally.add(fieldTexts(event, field)));
  const { values, other } = tally.top(limit);
  const spelled = counted(field) === 'keyword' && regular ? await spellings(asked, regular, field, values) : values;
  return {
    values: spelled,
    other,
    absent: tally.absent,
    looked: tally.events,
    ...end,
    ...(approximate ? { approximate } : {}),
  };
}

function isNothing({ from, to }: Question, scope: Scope): boolean {
  return from >= to || scope.length === 0;
}

/** Lets the cluster count; gives whether the counts may be a little low. */
async function countRegular(
  asked: Asked,
  regular: Json,
  field: string,
  prefix: string | undefined,
  tally: ValueTally,
): Promise<boolean> {
  const wanted = prefix === undefined || prefix === '' ? undefined : foldCase(prefix);
  const include = wanted !== undefined && counted(field) !== 'number' ? { include: `${literal(wanted)}.*` } : {};
  const terms = { field, size: MOST_VALUES, shard_size: PART_VALUES, show_term_doc_count_error: false, ...include };
  const body = await ask<{ values: TermsAnswer; absent: { doc_count: number } }>(asked, regular, {
    values: { terms },
    absent: { missing: { field } },
  });
  // Where there is no index at all, the cluster answers without.
  if (!body.aggregations) return false;
  const { values, absent } = body.aggregations;
  for (const { key, doc_count } of values.buckets) tally.addValue(String(key), doc_count);
  // With a prefix, the cluster leaves out what begins otherwise; of numbers only the listed ones can be told.
  if (wanted === undefined || counted(field) !== 'number') tally.addUntold(values.sum_other_doc_count);
  tally.absent += absent.doc_count;
  tally.events += body.hits.total.value;
  return values.doc_count_error_upper_bound > 0;
}

/** A text as a pattern of Lucene's regular expressions that stands for itself alone. */
function literal(text: string): string {
  return text.replace(/[.?+*|{}[\]()"\\#@&<>~^$-]/g, '\\$&');
}

/** The index holds values folded: how each is written is taken from its newest event. */
async function spellings(
  asked: Asked,
  regular: Json,
  field: string,
  values: TopValues['values'],
): Promise<TopValues['values']> {
  const some = values.slice(0, MOST_SPELLED);
  if (some.length === 0) return values;
  const filters = Object.fromEntries(
    some.map(({ value }, at) => [`v${at}`, { term: { [field]: { value: foldCase(value) } } }]),
  );
  const newest = { top_hits: { size: 1, sort: [{ '@timestamp': 'desc' }], _source: READ_SOURCE } };
  const { aggregations } = await ask<{ written: { buckets: Readonly<Record<string, SpelledBucket>> } }>(
    asked,
    regular,
    {
      written: { filters: { filters }, aggs: { newest } },
    },
  );
  return values.map(({ value, count }, at) => {
    const newest = aggregations?.written.buckets[`v${at}`]?.newest.hits.hits[0]?._source;
    const texts = newest === undefined ? [] : fieldTexts(eventOf(newest), field);
    return { value: texts.find((text) => foldCase(text) === foldCase(value)) ?? value, count };
  });
}

interface SpelledBucket {
  readonly newest: { readonly hits: { readonly hits: readonly { readonly _source: StoredDocument }[] } };
}

/** Events by interval of time and by the most frequent values of a field. */
export async function stackedHistogram(asked: Asked, query: StackedQuery): Promise<StackedHistogram> {
  const { field, range, condition, sample } = query;
  const { from, interval, length } = intervalsOf(query);
  const limit = Math.max(1, Math.min(MOST_STACKED, Math.floor(query.limit)));
  const top = await topValues(asked, { range, condition, field, limit, sample });
  const values = top.values.map(({ value }) => value);
  const tally = new StackTally(values, length);
  const question = questionOf(range, condition, asked.scope);
  let end: End = { complete: true, stopped: undefined };
  if (length > 0 && !isNothing(question, asked.scope)) {
    const { regular, rest } = divide(question, field);
    if (regular) await countStacked(asked, regular, query, values, tally);
    end = await eachRest(asked, question, rest, sample, (ts, event) =>
      tally.add(Math.floor((ts - from) / interval), fieldTexts(event, field)),
    );
  }
  const buckets = tally.buckets(from, interval);
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  return { values, buckets, total, complete: end.complete && top.complete, stopped: end.stopped ?? top.stopped };
}

interface StackedAnswer {
  readonly at: {
    readonly buckets: readonly {
      readonly key: number;
      readonly doc_count: number;
      readonly listed?: TermsAnswer;
      readonly all: TermsAnswer;
      readonly absent: { readonly doc_count: number };
    }[];
  };
}

async function countStacked(
  asked: Asked,
  regular: Json,
  query: StackedQuery,
  values: readonly string[],
  tally: StackTally,
): Promise<void> {
  const { field } = query;
  const { from, interval } = intervalsOf(query);
  const isNumber = counted(field) === 'number';
  const keys = values.map((value) => (isNumber ? Number(value) : foldCase(value)));
  const include = keys.filter((key) => typeof key === 'string' || Number.isFinite(key));
  const listed = include.length > 0 ? { listed: { terms: { field, size: MOST_STACKED, include } } } : {};
  const { aggregations } = await ask<StackedAnswer>(asked, regular, {
    at: {
      histogram: { field: '@timestamp', interval, offset: from % interval, min_doc_count: 1 },
      // One value and what is beside it add up to all occurrences.
      aggs: { ...listed, all: { terms: { field, size: 1 } }, absent: { missing: { field } } },
    },
  });
  for (const bucket of aggregations?.at.buckets ?? []) {
    const counts = keys.map((key) => bucket.listed?.buckets.find((found) => found.key === key)?.doc_count ?? 0);
    const told = counts.reduce((sum, count) => sum + count, 0);
    const all = bucket.all.buckets.reduce((sum, found) => sum + found.doc_count, bucket.all.sum_other_doc_count);
    const part = { count: bucket.doc_count, counts, other: all - told, absent: bucket.absent.doc_count };
    tally.merge(Math.floor((bucket.key - from) / interval), part);
  }
}

/** Which fields the newest events have. */
export async function fields(asked: Asked, query: FieldsQuery): Promise<FieldList> {
  const question = questionOf(query.range, query.condition, asked.scope);
  const sample = Math.max(1, Math.min(MOST_SAMPLED, Math.floor(query.sample)));
  const tally = new NameTally();
  if (isNothing(question, asked.scope)) return { fields: [], looked: 0, complete: true };
  const { complete } = await eachRest(asked, question, question.bounds.possibly, sample, (_, event) =>
    tally.add(event),
  );
  return { fields: tally.list(), looked: tally.events, complete };
}

interface End {
  readonly complete: boolean;
  readonly stopped: SearchStop | undefined;
}

/** Reads what is to be read, newest first, and takes what the matcher accepts. */
async function eachRest(
  { searched, signal, onProgress }: Asked,
  question: Question,
  rest: Json,
  sample: number | undefined,
  take: (ts: number, event: EcsEvent) => void,
): Promise<End> {
  const most = sample ?? Number.POSITIVE_INFINITY;
  const enough = isExact(question.bounds) && most < CHUNK ? most + 1 : undefined;
  const walk = new Walk(searched, rest, { enough, signal, onDocuments: tellProgress(question, onProgress) });
  let read = 0;
  for await (const hit of walk.from(undefined)) {
    const event = eventOf(hit._source);
    if (!question.matcher(event)) continue;
    if (read++ >= most) return { complete: false, stopped: undefined };
    take(hit.sort[0], event);
  }
  return { complete: walk.done, stopped: walk.stopped };
}

interface Answer<Aggregations> {
  readonly aggregations?: Aggregations;
  readonly hits: { readonly total: { readonly value: number } };
}

async function ask<Aggregations>({ searched, signal }: Asked, query: Json, aggs: Json): Promise<Answer<Aggregations>> {
  const { body } = await searched.cluster.request<Answer<Aggregations>>({
    method: 'POST',
    path: `/${searched.index}/_search`,
    query: MISSING_INDEX,
    body: { size: 0, track_total_hits: true, query, aggs },
    signal,
  });
  return body;
}
