import { parseEventId } from '../../../ecs/event-id.ts';
import { HaidangError } from '../../errors.ts';
import type { Identity } from '../../identity.ts';
import type { DeadLetterRecord } from '../../ingest/record.ts';
import type {
  AppendResult,
  DayContents,
  EventPage,
  EventQuery,
  EventStore,
  EventView,
  FieldList,
  FieldsQuery,
  Histogram,
  HistogramQuery,
  IncomingBatch,
  OnProgress,
  StackedHistogram,
  StackedQuery,
  StoredBatch,
  StoredCount,
  StoredDay,
  StoredEvent,
  TopQuery,
  TopValues,
} from '../event-store.ts';
import { oneField } from '../field-values.ts';
import type { Appending } from './appending.ts';
import { readBatches } from './batches.ts';
import type { Cluster } from './cluster.ts';
import type { Counters } from './counters.ts';
import { dayContents, deleteDay } from './day-keeper.ts';
import type { Fresh } from './fresh.ts';
import { getPlaced } from './get-many.ts';
import { dayIndex, type IndexNames } from './indexes.ts';
import { recount } from './recount.ts';
import { count, histogram, type Scope, type Searched, type SearchLimits, search } from './search.ts';
import { eventOf, READ_SOURCE, type StoredDocument } from './stored-document.ts';
import { fields, stackedHistogram, topValues } from './values.ts';

/** What the event store works with. */
export interface OpenSearchEventsSetup {
  readonly cluster: Cluster;
  readonly names: IndexNames;
  readonly node: string;
  readonly counters: Counters;
  readonly appender: Appending;
  readonly fresh: Fresh;
  readonly limits: SearchLimits;
}

/** Most ids of one look-up, and most dead letters at once. */
const MOST = 1_000;

/** The event store on an OpenSearch cluster: one index for each day of event ids, behind an alias. */
export class OpenSearchEvents implements EventStore {
  readonly #setup: OpenSearchEventsSetup;
  #closed = false;

  constructor(setup: OpenSearchEventsSetup) {
    this.#setup = setup;
  }

  async append(batch: IncomingBatch): Promise<AppendResult> {
    this.#assertOpen();
    return this.#setup.appender.append(batch);
  }

  as(identity: Identity): EventView {
    return new OpenSearchEventView(this.#setup, identity.agencies, () => this.#assertOpen());
  }

  async readFrom(sequence: number, limitBatches: number): Promise<readonly StoredBatch[]> {
    this.#assertOpen();
    const { cluster, names, node, appender, fresh } = this.#setup;
    // A batch that is being written is not there yet.
    const to = appender.lastSequence;
    if (sequence > to) return [];
    await fresh.before([names.batches]);
    return readBatches(cluster, names, node, { from: sequence, to, limit: limitBatches });
  }

  async lastSequence(): Promise<number> {
    this.#assertOpen();
    return this.#setup.appender.lastSequence;
  }

  /** Always counts all: the cluster's aggregations remember by themselves what did not change. */
  async recount(evaluatedUpTo: number): Promise<readonly StoredCount[]> {
    this.#assertOpen();
    await this.#setup.fresh.before('all');
    return recount(this.#setup, evaluatedUpTo);
  }

  async days(): Promise<readonly StoredDay[]> {
    this.#assertOpen();
    const { cluster, names, fresh } = this.#setup;
    await fresh.before('all');
    const { body } = await cluster.request<readonly Readonly<Record<string, string | null>>[]>({
      method: 'GET',
      path: `/_cat/indices/${names.events}-*`,
      query: { format: 'json', bytes: 'b', h: 'index,health,docs.count,pri.store.size', s: 'index' },
    });
    return body.map((row): StoredDay => {
      const day = (row['index'] ?? '').slice(names.events.length + 1);
      const stored = { day, events: Number(row['docs.count'] ?? 0), bytes: Number(row['pri.store.size'] ?? 0) };
      return row['health'] === 'red' ? { ...stored, state: 'damaged' } : stored;
    });
  }

  async dayContents(
    day: string,
    { spans }: Parameters<EventStore['dayContents']>[1],
  ): Promise<DayContents | undefined> {
    this.#assertOpen();
    await this.#setup.fresh.before('all');
    return dayContents(this.#setup, day, spans);
  }

  /** The cluster packs and merges what it stores by itself. */
  compactDay(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async deleteDay(day: string): Promise<void> {
    this.#assertOpen();
    await this.#setup.fresh.before('all');
    await deleteDay(this.#setup, day);
    this.#setup.fresh.changed([this.#setup.names.deadLetters, this.#setup.names.batches]);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#setup.appender.close();
  }

  #assertOpen(): void {
    if (this.#closed) throw new HaidangError('HD_STORE_DOWN', 'The store is closed.');
  }
}

class OpenSearchEventView implements EventView {
  readonly #setup: OpenSearchEventsSetup;
  readonly #scope: Scope;
  readonly #assertOpen: () => void;
  readonly #searched: Searched;

  constructor(setup: OpenSearchEventsSetup, scope: Scope, assertOpen: () => void) {
    this.#setup = setup;
    this.#scope = scope;
    this.#assertOpen = assertOpen;
    this.#searched = { cluster: setup.cluster, index: setup.names.events, limits: setup.limits };
  }

  async search(query: EventQuery, signal?: AbortSignal, onProgress?: OnProgress): Promise<EventPage> {
    await this.#ready(signal);
    return search(this.#searched, query, this.#scope, signal, onProgress);
  }

  async count(query: Pick<EventQuery, 'range' | 'condition'>, signal?: AbortSignal) {
    await this.#ready(signal);
    return count(this.#searched, query, this.#scope, signal);
  }

  async histogram(query: HistogramQuery, signal?: AbortSignal, onProgress?: OnProgress): Promise<Histogram> {
    await this.#ready(signal);
    return histogram(this.#searched, query, this.#scope, signal, onProgress);
  }

  async topValues(query: TopQuery, signal?: AbortSignal, onProgress?: OnProgress): Promise<TopValues> {
    oneField(query.field);
    await this.#ready(signal);
    return topValues({ searched: this.#searched, scope: this.#scope, signal, onProgress }, query);
  }

  async stackedHistogram(
    query: StackedQuery,
    signal?: AbortSignal,
    onProgress?: OnProgress,
  ): Promise<StackedHistogram> {
    oneField(query.field);
    await this.#ready(signal);
    return stackedHistogram({ searched: this.#searched, scope: this.#scope, signal, onProgress }, query);
  }

  async fields(query: FieldsQuery, signal?: AbortSignal): Promise<FieldList> {
    await this.#ready(signal);
    return fields({ searched: this.#searched, scope: this.#scope, signal }, query);
  }

  async get(id: string): Promise<StoredEvent | undefined> {
    return (await this.getMany([id]))[0];
  }

  /** By id, so that what was stored just now is seen without a refresh. */
  async getMany(ids: readonly string[]): Promise<readonly StoredEvent[]> {
    this.#assertOpen();
    const { cluster, names } = this.#setup;
    const asked = ids.slice(0, MOST).flatMap((id) => {
      const parsed = parseEventId(id);
      return parsed ? [{ id, index: dayIndex(names, parsed.day) }] : [];
    });
    const docs = asked.map(({ id, index }) => {
      return { _index: index, _id: id.slice(0, id.lastIndexOf('-')), _source: READ_SOURCE };
    });
    const found = await getPlaced<StoredDocument>(cluster, docs);
    return found.flatMap(({ found: isThere, _source }, at) => {
      if (!isThere || !(this.#scope === 'all' || this.#scope.includes(_source.store.agency as never))) return [];
      const event = eventOf(_source);
      // The hash is part of the id: a different one was never stored here.
      const id = event.event.id ?? '';
      return id === asked[at]?.id ? [{ id, sequence: _source.store.sequence, event }] : [];
    });
  }

  async deadLetters(limit: number): Promise<readonly DeadLetterRecord[]> {
    await this.#ready(undefined);
    const { cluster, names } = this.#setup;
    const { body } = await cluster.request<{ hits: { hits: readonly { _source: LetterSource }[] } }>({
      method: 'POST',
      path: `/${names.deadLetters}/_search`,
      body: {
        size: Math.max(1, Math.min(MOST, Math.floor(limit))),
        query: this.#scope === 'all' ? { match_all: {} } : { terms: { agency: this.#scope } },
        sort: [{ at: 'desc' }, { position: 'desc' }],
      },
    });
    return body.hits.hits.map(({ _source: { position: _, ...letter } }) => letter);
  }

  async #ready(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    this.#assertOpen();
    await this.#setup.fresh.before('all');
  }
}

type LetterSource = DeadLetterRecord & { readonly position: number };
