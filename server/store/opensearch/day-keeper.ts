import type { AgencyId, CollectorId } from '../../identity.ts';
import type { DayContents, DaySource, DaySpan } from '../event-store.ts';
import type { BulkItem, Cluster } from './cluster.ts';
import type { Counters } from './counters.ts';
import { deleteFound } from './delete-found.ts';
import { dayIndex, type IndexNames } from './indexes.ts';
import type { Json } from './mapping.ts';

/** What looking into days and deleting them works with. */
export interface DayKeeping {
  readonly cluster: Cluster;
  readonly names: IndexNames;
  readonly counters: Counters;
}

const PAGE = 1_000;
const DAY_MS = 86_400_000;
/** Days around a day within which its dead letters can have come. */
const LETTER_DAYS = 400;
const MISSING_INDEX = { ignore_unavailable: true, allow_no_indices: true } as const;

/** What a day's index holds, with its batches and dead letters. The indexes must be refreshed. */
export async function dayContents(
  keeping: DayKeeping,
  day: string,
  spans: readonly DaySpan[],
): Promise<DayContents | undefined> {
  const { cluster, names } = keeping;
  const index = dayIndex(names, day);
  const there = await cluster.request({ method: 'HEAD', path: `/${index}`, accept: [404] });
  if (there.status !== 200) return undefined;
  const within: boolean[] = [];
  for (const span of spans) within.push(await holdsAny(keeping, index, span));
  return { sources: await sourcesOf(keeping, day), within, unevaluated: await unevaluated(keeping, index) };
}

/** Deletes a day: dead letters, then batches, then events, so that a crash in between leaves nothing that seems lost. */
export async function deleteDay({ cluster, names }: DayKeeping, day: string): Promise<void> {
  for await (const letters of lettersOf({ cluster, names }, day)) {
    const items = letters.map(({ _id }): BulkItem => ({ action: 'delete', index: names.deadLetters, id: _id }));
    await cluster.bulk(items);
  }
  await deleteFound(cluster, names.batches, { term: { day } });
  await cluster.request({ method: 'DELETE', path: `/${dayIndex(names, day)}`, accept: [404] });
}

interface Counted {
  stored: number;
  expected: number;
  deadLettered: number;
}

async function sourcesOf(keeping: DayKeeping, day: string): Promise<DaySource[]> {
  const { cluster, names } = keeping;
  const found = new Map<string, Counted>();
  const of = (agency: string, collector: string, source: string): Counted => {
    const key = JSON.stringify([agency, collector, source]);
    const known = found.get(key) ?? { stored: 0, expected: 0, deadLettered: 0 };
    found.set(key, known);
    return known;
  };
  for await (const { key, doc_count } of groups(
    cluster,
    dayIndex(names, day),
    FIELDS.map((name) => `store.${name}`),
    { match_all: {} },
    {},
  )) {
    of(key['agency'] ?? '', key['collector'] ?? '', key['source'] ?? '').stored = doc_count;
  }
  const perSource = {
    terms: { field: 'sources.name', size: 10_000 },
    aggs: { stored: { sum: { field: 'sources.stored' } } },
  };
  const aggs = { sources: { nested: { path: 'sources' }, aggs: { names: perSource } } };
  for await (const { key, sources } of groups(
    cluster,
    names.batches,
    ['agency', 'collector'],
    { term: { day } },
    aggs,
  )) {
    for (const one of sources?.names.buckets ?? [])
      of(key['agency'] ?? '', key['collector'] ?? '', one.key).expected = one.stored.value;
  }
  for await (const letters of lettersOf(keeping, day)) {
    for (const { _source } of letters) of(_source.agency, _source.collector, _source.source).deadLettered++;
  }
  return [...found].map(([key, { stored, expected, deadLettered }]) => {
    const [agency, collector, source] = JSON.parse(key) as [AgencyId, CollectorId, string];
    return { agency, collector, source, stored, deadLettered, missing: Math.max(0, expected - stored) };
  });
}

const FIELDS = ['agency', 'collector', 'source'] as const;

interface Group {
  readonly key: Readonly<Record<string, string>>;
  readonly doc_count: number;
  readonly sources?: {
    readonly names: {
      readonly buckets: readonly { readonly key: string; readonly stored: { readonly value: number } }[];
    };
  };
}

/** Buckets of documents by the values of several fields, a page at a time. */
async function* groups(
  cluster: Cluster,
  index: string,
  fields: readonly string[],
  query: Json,
  aggs: Json,
): AsyncGenerator<Group> {
  const sources = fields.map((field) => ({ [field.slice(field.lastIndexOf('.') + 1)]: { terms: { field } } }));
  let after: Json | undefined;
  do {
    const composite = { size: PAGE, sources, ...(after ? { after } : {}) };
    const { body } = await cluster.request<{
      readonly aggregations?: { readonly groups: { readonly buckets: readonly Group[]; readonly after_key?: Json } };
    }>({
      method: 'POST',
      path: `/${index}/_search`,
      query: MISSING_INDEX,
      body: { size: 0, track_total_hits: false, query, aggs: { groups: { composite, aggs } } },
    });
    const page = body.aggregations?.groups;
    yield* page?.buckets ?? [];
    after = page?.buckets.length === PAGE ? page.after_key : undefined;
  } while (after);
}

interface LetterHit {
  readonly _id: string;
  readonly _source: { readonly agency: string; readonly collector: string; readonly source: string };
  readonly sort: readonly unknown[];
}

/** Dead letters of a day, a page at a time: their ids begin with it. */
async function* lettersOf(
  { cluster, names }: Pick<DayKeeping, 'cluster' | 'names'>,
  day: string,
): AsyncGenerator<LetterHit[]> {
  const start = Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T00:00:00.000Z`);
  const near = { gte: isoAt(start - LETTER_DAYS * DAY_MS), lt: isoAt(start + LETTER_DAYS * DAY_MS) };
  let after: readonly unknown[] | undefined;
  do {
    const { body } = await cluster.request<{ readonly hits: { readonly hits: readonly LetterHit[] } }>({
      method: 'POST',
      path: `/${names.deadLetters}/_search`,
      body: {
        size: PAGE,
        track_total_hits: false,
        query: { range: { at: near } },
        sort: [{ at: 'asc' }, { position: 'asc' }, { collector: 'asc' }],
        _source: FIELDS,
        ...(after ? { search_after: after } : {}),
      },
    });
    const { hits } = body.hits;
    const mine = hits.filter(({ _id }) => _id.startsWith(`${day}-`));
    if (mine.length > 0) yield mine;
    after = hits.length === PAGE ? hits.at(-1)?.sort : undefined;
  } while (after);
}

function isoAt(time: number): string {
  return new Date(time).toISOString();
}

async function holdsAny({ cluster }: DayKeeping, index: string, { agency, from, to }: DaySpan): Promise<boolean> {
  const filter = [
    { range: { '@timestamp': { gte: from, lt: to } } },
    ...(agency === null ? [] : [{ term: { 'store.agency': agency } }]),
  ];
  return (await countIn(cluster, index, filter)) > 0;
}

/** Every server that stored events in the cluster has a cursor of its own. */
async function unevaluated({ cluster, counters }: DayKeeping, index: string): Promise<number> {
  let waiting = 0;
  for await (const { key } of groups(cluster, index, ['store.node'], { match_all: {} }, {})) {
    const node = key['node'] ?? '';
    const cursor = await counters.read(`detection:${node}`);
    waiting += await countIn(cluster, index, [
      { term: { 'store.node': node } },
      { range: { 'store.sequence': { gt: cursor } } },
    ]);
  }
  return waiting;
}

async function countIn(cluster: Cluster, index: string, filter: readonly Json[]): Promise<number> {
  const { body } = await cluster.request<{ readonly count: number }>({
    method: 'POST',
    path: `/${index}/_count`,
    body: { query: { bool: { filter } } },
  });
  return body.count;
}
