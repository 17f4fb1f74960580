import { SYSTEM } from '../identity.ts';
import type { EventStore } from '../store/event-store.ts';
import { Cluster, type StoreLog } from '../store/opensearch/cluster.ts';
import type { ClusterAddress } from '../store/opensearch/connection.ts';
import { Counters } from '../store/opensearch/counters.ts';
import { deleteFound } from '../store/opensearch/delete-found.ts';
import { dayIndex, type IndexNames, indexNames } from '../store/opensearch/indexes.ts';
import type { Json } from '../store/opensearch/mapping.ts';
import { type OpenSearchStoreOptions, openOpenSearchStore } from '../store/opensearch/open.ts';
import { recordId, writeRecord } from '../store/opensearch/record-documents.ts';
import type { RecordKind, RecordStore, Versioned } from '../store/record-store.ts';
import { MARKER, type Marker } from './marker.ts';
import type { PlacedLetter } from './source.ts';

/** Where a store is moved to. */
export interface TargetAddress {
  readonly cluster: ClusterAddress;
  /** As of the server that will use it. */
  readonly store?: Pick<OpenSearchStoreOptions, 'prefix' | 'node' | 'events' | 'others'>;
}

/** The cluster that is filled. */
export interface Target {
  readonly events: EventStore;
  readonly records: RecordStore;
  marker(): Promise<Marker | undefined>;
  putMarker(marker: Marker): Promise<void>;
  /** Whether it holds anything that no marker explains. */
  isEmpty(): Promise<boolean>;
  /** Takes away all records but the marker. */
  clearRecords(): Promise<void>;
  /** Writes records as they are: version and place in the stream of changes stay. */
  putRecords(kind: RecordKind, records: readonly Versioned<object>[]): Promise<void>;
  raiseChange(change: number): Promise<void>;
  putLetters(letters: readonly PlacedLetter[]): Promise<void>;
  /** Which of these are there as dead letters. */
  haveLetters(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** How many events a day has. */
  countDay(day: string): Promise<number>;
  /** How many of these ids (without hash) are there; cheap, as nothing is fetched. */
  countIds(day: string, ids: readonly string[]): Promise<number>;
  /** Ids of a day's events without their hash, in order of their numbers. */
  idsOf(day: string): AsyncIterable<string>;
  countSignals(): Promise<number>;
  refresh(): Promise<void>;
  close(): Promise<void>;
}

/** Days of any age are taken. */
const ANY_AGE = 36_525;
const PAGE = 10_000;

/** Opens the cluster as a server would, with a second connection for what the store's own interface does not do. */
export async function openTarget({ cluster: address, store = {} }: TargetAddress, log: StoreLog): Promise<Target> {
  const { events, records } = await openOpenSearchStore({
    ...address,
    ...store,
    log,
    maxPastDays: ANY_AGE,
    maxFutureDays: ANY_AGE,
  });
  const cluster = new Cluster(address, log);
  const names = indexNames(store.prefix ?? 'haidang');
  const counters = new Counters(cluster, names.counters);
  const view = records.as(SYSTEM);
  const markerId = recordId('setting', MARKER);

  const refresh = async () => {
    const all = [names.events, names.batches, names.deadLetters, names.records, names.signals].join(',');
    await cluster.request({ method: 'POST', path: `/${all}/_refresh`, query: { ignore_unavailable: true } });
  };

  return {
    events,
    records,
    refresh,
    async marker() {
      return (await view.get('setting', MARKER))?.document.value as Marker | undefined;
    },
    async putMarker(value) {
      const before = await view.get('setting', MARKER);
      if (before) await view.replace('setting', MARKER, { value }, before.version);
      else await view.create('setting', MARKER, { value });
    },
    async isEmpty() {
      await refresh();
      const counts = [names.events, names.records, names.signals].map((index) => countIn(cluster, index));
      return (await Promise.all(counts)).every((count) => count === 0);
    },
    async clearRecords() {
      await deleteFound(cluster, names.records, { bool: { must_not: [{ ids: { values: [markerId] } }] } });
    },
    async putRecords(kind, found) {
      const items = found.map((record) => ({
        action: 'index' as const,
        index: names.records,
        id: recordId(kind, record.id),
        document: writeRecord(kind, record as Versioned<Json>),
      }));
      mustBeDone(await cluster.bulk(items), `records of kind ${kind}`);
    },
    async raiseChange(change) {
      await counters.raise('change', change);
    },
    async putLetters(letters) {
      const items = letters.map(({ id, position, letter }) => ({
        action: 'create' as const,
        index: names.deadLetters,
        id,
        document: { ...letter, position },
      }));
      mustBeDone(await cluster.bulk(items), 'dead letters');
    },
    async haveLetters(ids) {
      if (ids.length === 0) return new Set();
      const { body } = await cluster.request<{ readonly docs: readonly { _id: string; found?: boolean }[] }>({
        method: 'POST',
        path: `/${names.deadLetters}/_mget`,
        query: { _source: false },
        body: { ids },
      });
      return new Set(body.docs.filter(({ found }) => found).map(({ _id }) => _id));
    },
    countDay: (day) => countIn(cluster, dayIndex(names, day)),
    countIds: (day, ids) => countIn(cluster, dayIndex(names, day), { query: { ids: { values: ids } } }),
    idsOf: (day) => idsIn(cluster, names, day),
    countSignals: () => countIn(cluster, names.signals),
    async close() {
      await Promise.allSettled([events.close(), records.close()]);
      await cluster.close();
    },
  };
}

/** Events of a day by number; the index must be refreshed. */
async function* idsIn(cluster: Cluster, names: IndexNames, day: string): AsyncGenerator<string> {
  let after: readonly unknown[] | undefined;
  do {
    const { body } = await cluster.request<{
      readonly hits: { readonly hits: readonly { readonly _id: string; readonly sort: readonly unknown[] }[] };
    }>({
      method: 'POST',
      path: `/${dayIndex(names, day)}/_search`,
      query: { ignore_unavailable: true, allow_no_indices: true },
      body: {
        size: PAGE,
        track_total_hits: false,
        _source: false,
        query: { match_all: {} },
        sort: [{ 'store.sequence': 'asc' }, { 'store.node': 'asc' }],
        ...(after ? { search_after: after } : {}),
      },
    });
    const { hits } = body.hits;
    for (const { _id } of hits) yield _id;
    after = hits.length === PAGE ? hits.at(-1)?.sort : undefined;
  } while (after);
}

async function countIn(cluster: Cluster, index: string, body?: Json): Promise<number> {
  const answer = await cluster.request<{ readonly count: number }>({
    method: 'POST',
    path: `/${index}/_count`,
    query: { ignore_unavailable: true, allow_no_indices: true },
    ...(body ? { body } : {}),
  });
  return answer.body.count;
}

/** There already is as good as written: the id says what it is. */
function mustBeDone(results: readonly { status: number; reason: string | undefined }[], what: string): void {
  const failed = results.find(({ status }) => status >= 300 && status !== 409);
  if (failed) throw new Error(`The cluster refused ${what}: ${failed.reason}.`);
}
