import type { AgencyId, CollectorId } from '../../identity.ts';
import type { MissingEvent, StoredCount } from '../event-store.ts';
import { type BatchDocument, linesOf, type WholeBatch, wholeBatches } from './batches.ts';
import type { Cluster } from './cluster.ts';
import { getMany } from './get-many.ts';
import { dayIndex, type IndexNames } from './indexes.ts';
import type { Json } from './mapping.ts';
import { FramePreparer } from './prepare.ts';

interface Counting {
  readonly cluster: Cluster;
  readonly names: IndexNames;
  readonly node: string;
}

interface SourceTotal {
  readonly agency: string;
  readonly collector: string;
  readonly source: string;
  stored: number;
  unevaluated: number;
  deadLettered: number;
  expected: number;
  missingTotal: number;
  readonly missing: MissingEvent[];
}

type Totals = Map<string, SourceTotal>;
type Key = Pick<SourceTotal, 'agency' | 'collector' | 'source'>;

/** Missing events named by id, at most, for one source. */
const MOST_NAMED = 100;
const PAGE = 1_000;
const MISSING_INDEX = { ignore_unavailable: true, allow_no_indices: true } as const;

/** Counts what the days' indexes hold, and compares with what each batch brought. */
export async function recount(counting: Counting, evaluatedUpTo: number): Promise<StoredCount[]> {
  const { names, node } = counting;
  const totals: Totals = new Map();
  const unevaluated: Json = {
    filter: {
      bool: { filter: [{ term: { 'store.node': node } }, { range: { 'store.sequence': { gt: evaluatedUpTo } } }] },
    },
  };
  for await (const bucket of groups(counting, names.events, ['store.agency', 'store.collector', 'store.source'], {
    unevaluated,
  })) {
    const total = totalOf(totals, keyOf(bucket.key));
    total.stored += bucket.doc_count;
    total.unevaluated += bucket.unevaluated?.doc_count ?? 0;
  }
  for await (const bucket of groups(counting, names.deadLetters, ['agency', 'collector', 'source'], {})) {
    totalOf(totals, keyOf(bucket.key)).deadLettered += bucket.doc_count;
  }
  await addExpected(counting, totals);
  if ([...totals.values()].some(({ stored, expected }) => stored < expected)) await nameMissing(counting, totals);
  return [...totals.values()].map(({ agency, collector, expected: _, ...rest }) => ({
    ...rest,
    agency: agency as AgencyId,
    collector: collector as CollectorId,
  }));
}

interface Group {
  readonly key: Readonly<Record<string, string>>;
  readonly doc_count: number;
  readonly unevaluated?: { readonly doc_count: number };
  readonly sources?: { readonly names: { readonly buckets: readonly SourceBucket[] } };
}

interface SourceBucket {
  readonly key: string;
  readonly stored: { readonly value: number };
}

/** Buckets of documents by the values of several fields, a page at a time. */
async function* groups(
  counting: Counting,
  index: string,
  fields: readonly string[],
  aggs: Json,
): AsyncGenerator<Group> {
  const sources = fields.map((field) => ({ [field.slice(field.lastIndexOf('.') + 1)]: { terms: { field } } }));
  let after: Json | undefined;
  do {
    const composite = { size: PAGE, sources, ...(after ? { after } : {}) };
    const { body } = await counting.cluster.request<GroupsAnswer>({
      method: 'POST',
      path: `/${index}/_search`,
      query: MISSING_INDEX,
      body: { size: 0, track_total_hits: false, aggs: { groups: { composite, aggs } } },
    });
    const found = body.aggregations?.groups;
    yield* found?.buckets ?? [];
    after = found?.buckets.length === PAGE ? found.after_key : undefined;
  } while (after);
}

interface GroupsAnswer {
  readonly aggregations?: { readonly groups: { readonly buckets: readonly Group[]; readonly after_key?: Json } };
}

async function addExpected(counting: Counting, totals: Totals): Promise<void> {
  const names = {
    terms: { field: 'sources.name', size: 10_000 },
    aggs: { stored: { sum: { field: 'sources.stored' } } },
  };
  const aggs = { sources: { nested: { path: 'sources' }, aggs: { names } } };
  for await (const bucket of groups(counting, counting.names.batches, ['agency', 'collector'], aggs)) {
    for (const { key, stored } of bucket.sources?.names.buckets ?? []) {
      totalOf(totals, { ...keyOf(bucket.key), source: key }).expected += stored.value;
    }
  }
}

/** Looks for the batches that have fewer events than they brought, a page of them at a time. */
async function nameMissing(counting: Counting, totals: Totals): Promise<void> {
  const { cluster, names } = counting;
  let after: readonly unknown[] | undefined;
  do {
    const { body } = await cluster.request<BatchesAnswer>({
      method: 'POST',
      path: `/${names.batches}/_search`,
      body: {
        size: PAGE,
        query: { match_all: {} },
        sort: [{ node: 'asc' }, { first: 'asc' }],
        _source: { excludes: ['body', 'lines'] },
        ...(after ? { search_after: after } : {}),
      },
    });
    const { hits } = body.hits;
    const present = await eventsByBatch(
      counting,
      hits.map(({ _source }) => _source),
    );
    for (const { _id, _source } of hits) {
      const brought = _source.sources.reduce((sum, { stored }) => sum + stored, 0);
      if ((present.get(`${_source.node} ${_source.first}`) ?? 0) === brought) continue;
      const [whole] = await wholeBatches(cluster, names, [_id]);
      if (whole) await nameOf(counting, whole, totals);
    }
    after = hits.length === PAGE ? hits.at(-1)?.sort : undefined;
  } while (after);
}

interface BatchesAnswer {
  readonly hits: {
    readonly hits: readonly {
      readonly _id: string;
      readonly _source: BatchDocument;
      readonly sort: readonly unknown[];
    }[];
  };
}

async function eventsByBatch(counting: Counting, batches: readonly BatchDocument[]): Promise<Map<string, number>> {
  const present = new Map<string, number>();
  for (const node of new Set(batches.map((batch) => batch.node))) {
    const firsts = batches.flatMap((batch) => (batch.node === node ? [batch.first] : []));
    const { body } = await counting.cluster.request<{
      aggregations?: { firsts: { buckets: readonly { key: number; doc_count: number }[] } };
    }>({
      method: 'POST',
      path: `/${counting.names.events}/_search`,
      query: MISSING_INDEX,
      body: {
        size: 0,
        track_total_hits: false,
        query: { bool: { filter: [{ term: { 'store.node': node } }, { terms: { 'store.batch': firsts } }] } },
        aggs: { firsts: { terms: { field: 'store.batch', size: PAGE } } },
      },
    });
    for (const { key, doc_count } of body.aggregations?.firsts.buckets ?? []) present.set(`${node} ${key}`, doc_count);
  }
  return present;
}

/** Names the events of a batch that are no longer there; one that its collector sent again lives on in another batch. */
async function nameOf(counting: Counting, batch: WholeBatch, totals: Totals): Promise<void> {
  const { cluster, names } = counting;
  const { agency, collector, receivedAt, body } = batch;
  const incoming = {
    agency: agency as AgencyId,
    collector: collector as CollectorId,
    receivedAt,
    body: Buffer.from(body, 'base64'),
  };
  const { lines } = new FramePreparer().prepareAgain(incoming);
  const byLine = new Map(lines.map((prepared) => [prepared.line, prepared]));
  const brought = [...linesOf(batch)].flatMap((line, at) => {
    const prepared = byLine.get(line);
    return prepared?.kind === 'event' ? [{ prepared, sequence: batch.first + at }] : [];
  });
  const ids = brought.map(({ prepared }) => prepared.id);
  const found = await getMany(cluster, dayIndex(names, batch.day), ids, { source: false });
  for (const [at, { prepared, sequence }] of brought.entries()) {
    if (found[at]?.found) continue;
    const { eventId, source } = prepared;
    const total = totalOf(totals, { agency, collector, source });
    total.missingTotal++;
    if (total.missing.length < MOST_NAMED) total.missing.push({ id: eventId, day: batch.day, sequence });
  }
}

function keyOf(key: Readonly<Record<string, string>>): Key {
  return { agency: key['agency'] ?? '', collector: key['collector'] ?? '', source: key['source'] ?? '' };
}

function totalOf(totals: Totals, { agency, collector, source }: Key): SourceTotal {
  const key = JSON.stringify([agency, collector, source]);
  const known = totals.get(key);
  if (known) return known;
  const counts = { stored: 0, unevaluated: 0, deadLettered: 0, expected: 0, missingTotal: 0, missing: [] };
  const fresh: SourceTotal = { agency, collector, source, ...counts };
  totals.set(key, fresh);
  return fresh;
}
