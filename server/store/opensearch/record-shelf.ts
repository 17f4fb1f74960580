import { hash } from 'node:crypto';
import { HaidangError } from '../../errors.ts';
import type { RecordFilter, RecordKind, RecordPage } from '../record-store.ts';
import type { BulkItem, Cluster } from './cluster.ts';
import type { Counters } from './counters.ts';
import type { Fresh } from './fresh.ts';
import { getMany } from './get-many.ts';
import type { IndexNames } from './indexes.ts';
import type { Json } from './mapping.ts';
import {
  type AnyRecord,
  assertMayWrite,
  columnOf,
  filtersOf,
  type Place,
  type RecordSource,
  readNext,
  readRecord,
  recordId,
  sees,
  writeRecord,
} from './record-documents.ts';
import type { Scope } from './search.ts';

/** One replacement, as `RecordView.replaceMany` takes it. */
export interface Replacement {
  readonly id: string;
  readonly document: Json;
  readonly ifVersion: number;
}

/** A record with what to compare when it is written. */
export interface Held {
  readonly record: AnyRecord;
  readonly place: Place;
}

interface FindAnswer {
  readonly hits: { readonly hits: readonly { readonly _source: RecordSource; readonly sort: readonly string[] }[] };
}

const MOST_RECORDS = 1_000;
const CHANGE = 'change';
/** Kind of the documents that hold what a server was about to replace together. */
const INTENT = 'intent';

/** Records in the cluster. Callers see to it that one change of this server is under way at a time. */
export class RecordShelf {
  readonly #cluster: Cluster;
  readonly #names: IndexNames;
  readonly #counters: Counters;
  readonly #fresh: Fresh;

  constructor(cluster: Cluster, names: IndexNames, counters: Counters, fresh: Fresh) {
    this.#cluster = cluster;
    this.#names = names;
    this.#counters = counters;
    this.#fresh = fresh;
  }

  async get(kind: RecordKind, id: string, scope: Scope): Promise<AnyRecord | undefined> {
    return (await this.hold(kind, [id], scope))[0]?.record;
  }

  /** Records by id with their places, in order; undefined for what is not there or not to be seen. Needs no refresh. */
  async hold(kind: RecordKind, ids: readonly string[], scope: Scope): Promise<(Held | undefined)[]> {
    const places = ids.map((id) => recordId(kind, id));
    const docs = await getMany<RecordSource>(this.#cluster, this.#names.records, places);
    return docs.map(({ found, _source, _seq_no, _primary_term }) => {
      if (!found) return undefined;
      const record = readRecord(_source);
      return sees(kind, record.document, scope)
        ? { record, place: { seqNo: _seq_no, term: _primary_term } }
        : undefined;
    });
  }

  async find(kind: RecordKind, filter: RecordFilter, scope: Scope): Promise<RecordPage<Json>> {
    const limit = Math.max(1, Math.min(MOST_RECORDS, Math.floor(filter.limit ?? 100)));
    const order = filter.orderBy?.descending === true ? 'desc' : 'asc';
    const columns = filter.orderBy ? [columnOf(kind, filter.orderBy.field), 'id'] : ['id'];
    const after = filter.after === undefined ? undefined : readNext(filter.after, columns.length);
    const filters = filtersOf(kind, filter.where, scope);
    if (!filters) return { records: [], next: null };
    const hits = await this.#search({
      size: limit + 1,
      query: { bool: { filter: filters } },
      sort: columns.map((column) => ({ [column]: order })),
      ...(after ? { search_after: after } : {}),
    });
    const last = hits.length > limit ? hits[limit - 1] : undefined;
    return {
      records: hits.slice(0, limit).map(({ _source }) => readRecord(_source)),
      next: last ? JSON.stringify(last.sort) : null,
    };
  }

  async count(kind: RecordKind, where: RecordFilter['where'], scope: Scope): Promise<number> {
    const filters = filtersOf(kind, where, scope);
    if (!filters) return 0;
    await this.#fresh.before([this.#names.records]);
    const { body } = await this.#cluster.request<{ count: number }>({
      method: 'POST',
      path: `/${this.#names.records}/_count`,
      body: { query: { bool: { filter: filters } } },
    });
    return body.count;
  }

  async changesSince(kind: RecordKind, change: number, limit: number, scope: Scope): Promise<AnyRecord[]> {
    const filters = filtersOf(kind, undefined, scope);
    if (!filters) return [];
    const hits = await this.#search({
      size: Math.max(1, Math.min(MOST_RECORDS, Math.floor(limit))),
      query: { bool: { filter: [...filters, { range: { change: { gt: change } } }] } },
      sort: [{ change: 'asc' }],
    });
    return hits.map(({ _source }) => readRecord(_source));
  }

  async create(kind: RecordKind, id: string, document: Json, scope: Scope): Promise<AnyRecord> {
    assertMayWrite(kind, document, scope);
    const exists = () => new HaidangError('HD_RECORD_EXISTS', `There is a record "${id}" of kind ${kind} already.`);
    if (await this.get(kind, id, 'all')) throw exists();
    const [made] = await this.write(kind, [{ id, version: 1, document, place: undefined }]);
    if (!made) throw exists();
    return made;
  }

  /** Checks all, says to the cluster what is to be done, then does it: a crash between is brought to its end by `recover`. */
  async replaceMany(kind: RecordKind, changes: readonly Replacement[], scope: Scope): Promise<AnyRecord[]> {
    const held = await this.hold(
      kind,
      changes.map(({ id }) => id),
      scope,
    );
    const checked = changes.map((change, at) => ({
      ...checkedChange(kind, change, held[at], scope),
      place: held[at]?.place,
    }));
    if (new Set(changes.map(({ id }) => id)).size < changes.length) {
      throw new HaidangError('HD_BAD_REQUEST', 'One change names a record twice; name each once.');
    }
    if (checked.length < 2) return this.#written(kind, await this.write(kind, checked), changes);
    const intent = await this.#saveIntent(kind, changes);
    try {
      return this.#written(kind, await this.write(kind, checked), changes);
    } finally {
      await this.#dropIntent(intent);
    }
  }

  async remove(kind: RecordKind, id: string, scope: Scope): Promise<void> {
    if (!(await this.get(kind, id, scope))) return;
    await this.#bulk([{ action: 'delete', index: this.#names.records, id: recordId(kind, id) }]);
  }

  /** Writes records where they are still as they were held; undefined for those that somebody else changed meanwhile. */
  async write(
    kind: RecordKind,
    changes: readonly { id: string; version: number; document: Json; place: Place | undefined }[],
  ): Promise<(AnyRecord | undefined)[]> {
    if (changes.length === 0) return [];
    const last = await this.#counters.add(CHANGE, changes.length);
    const records = changes.map(({ id, version, document }, at): AnyRecord => {
      return { id, version, change: last - changes.length + 1 + at, document };
    });
    const items = changes.map(({ id, place }, at): BulkItem => {
      const document = writeRecord(kind, records[at] as AnyRecord);
      const item = { index: this.#names.records, id: recordId(kind, id), document };
      return place ? { ...item, action: 'index', if: place } : { ...item, action: 'create' };
    });
    const results = await this.#bulk(items);
    return results.map((status, at) => (status === 409 ? undefined : records[at]));
  }

  lastChange(): Promise<number> {
    return this.#counters.read(CHANGE);
  }

  /** Ends replacements of several records that a crash broke off. */
  async recover(): Promise<void> {
    await this.#cluster.request({ method: 'POST', path: `/${this.#names.records}/_refresh` });
    const hits = await this.#search({ size: MOST_RECORDS, query: { term: { kind: INTENT } } });
    for (const { _source } of hits) {
      const { kind, changes } = JSON.parse(_source.document) as { kind: RecordKind; changes: readonly Replacement[] };
      const held = await this.hold(
        kind,
        changes.map(({ id }) => id),
        'all',
      );
      const left = changes.flatMap(({ id, document, ifVersion }, at) => {
        const there = held[at];
        return there?.record.version === ifVersion
          ? [{ id, document, version: ifVersion + 1, place: there.place }]
          : [];
      });
      await this.write(kind, left);
      await this.#dropIntent(_source.id);
    }
  }

  #written(
    kind: RecordKind,
    written: readonly (AnyRecord | undefined)[],
    changes: readonly Replacement[],
  ): AnyRecord[] {
    return written.map((record, at) => {
      if (record) return record;
      const detail = `The record "${changes[at]?.id}" of kind ${kind} was changed by another server meanwhile.`;
      throw new HaidangError('HD_RECORD_CONFLICT', detail);
    });
  }

  async #saveIntent(kind: RecordKind, changes: readonly Replacement[]): Promise<string> {
    const document = JSON.stringify({ kind, changes });
    const id = hash('sha256', document);
    const source = { kind: INTENT, id, version: 1, change: 0, document };
    await this.#bulk([{ action: 'index', index: this.#names.records, id: `${INTENT}:${id}`, document: source }]);
    return id;
  }

  async #dropIntent(id: string): Promise<void> {
    await this.#bulk([{ action: 'delete', index: this.#names.records, id: `${INTENT}:${id}` }]);
  }

  /** Statuses; anything but done and "changed meanwhile" is a failure. */
  async #bulk(items: readonly BulkItem[]): Promise<number[]> {
    const results = await this.#cluster.bulk(items);
    this.#fresh.changed([this.#names.records]);
    return results.map(({ status, reason }) => {
      if (status < 300 || status === 409 || status === 404) return status;
      throw new HaidangError('HD_STORE_DOWN', `A record cannot be written: ${reason}.`, { retryAfter: 5 });
    });
  }

  async #search(body: Json): Promise<FindAnswer['hits']['hits']> {
    await this.#fresh.before([this.#names.records]);
    const path = `/${this.#names.records}/_search`;
    const answer = await this.#cluster.request<FindAnswer>({
      method: 'POST',
      path,
      body: { track_total_hits: false, ...body },
    });
    return answer.body.hits.hits;
  }
}

function checkedChange(kind: RecordKind, change: Replacement, held: Held | undefined, scope: Scope) {
  const { id, document, ifVersion } = change;
  if (!held) throw new HaidangError('HD_RECORD_ABSENT', `There is no record "${id}" of kind ${kind}.`);
  if (held.record.version !== ifVersion) {
    const detail = `The record "${id}" of kind ${kind} is at version ${held.record.version}, not ${ifVersion}.`;
    throw new HaidangError('HD_RECORD_CONFLICT', detail);
  }
  assertMayWrite(kind, document, scope);
  return { id, document, version: ifVersion + 1 };
}
