import { HaidangError } from '../../errors.ts';
import type { Identity } from '../../identity.ts';
import type { MatchLog } from '../match-log.ts';
import type { RecordKinds } from '../record-kinds.ts';
import type {
  DetectionCommit,
  RecordFilter,
  RecordKind,
  RecordPage,
  RecordStore,
  RecordView,
  Signal,
  Versioned,
} from '../record-store.ts';
import { commitDetection, type DetectionShelf, detectionCursor, pruneSignals, readSignals } from './detection.ts';
import { readGroupingState } from './grouping-log.ts';
import type { Json } from './mapping.ts';
import { type OneByOne, OpenSearchMatchLog } from './match-log.ts';
import type { RecordShelf } from './record-shelf.ts';
import type { Scope } from './search.ts';

/** The record store on an OpenSearch cluster: one document a record. */
export class OpenSearchRecords implements RecordStore {
  readonly #shelf: DetectionShelf;
  readonly matches: MatchLog;
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(shelf: DetectionShelf) {
    this.#shelf = shelf;
    this.matches = new OpenSearchMatchLog(shelf, (change) => this.#oneByOne(change));
  }

  as(identity: Identity): RecordView {
    const inOrder = (kind: RecordKind): OneByOne => {
      // A server shows by its lease that it lives: that must not wait behind a large write, and nobody follows its changes.
      if (kind === 'lease' && !this.#closed) return (change) => change();
      return (change) => this.#oneByOne(change);
    };
    return new OpenSearchRecordView(this.#shelf.records, identity.agencies, inOrder);
  }

  async commitDetection(commit: DetectionCommit): Promise<{ readonly changed: readonly string[] }> {
    return this.#oneByOne(async () => ({ changed: await commitDetection(this.#shelf, commit) }));
  }

  detectionCursor(): Promise<number> {
    return detectionCursor(this.#shelf);
  }

  readSignals(rule: string, group: string, fromSecond: number, toSecond: number): Promise<readonly Signal[]> {
    return readSignals(this.#shelf, rule, group, fromSecond, toSecond);
  }

  async signalPosition(): Promise<number> {
    return (await readGroupingState(this.#shelf))?.source.step ?? 0;
  }

  pruneSignals(upTo: number, beforeSecond: number): Promise<number> {
    return pruneSignals(this.#shelf, upTo, beforeSecond);
  }

  lastChange(): Promise<number> {
    return this.#shelf.records.lastChange();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue;
  }

  /** So that change numbers rise in the order in which changes are to be seen. */
  #oneByOne<Result>(change: () => Promise<Result>): Promise<Result> {
    if (this.#closed) return Promise.reject(new HaidangError('HD_STORE_DOWN', 'The store is closed.'));
    const done = this.#queue.then(change);
    this.#queue = done.catch(() => {});
    return done;
  }
}

class OpenSearchRecordView implements RecordView {
  readonly #records: RecordShelf;
  readonly #scope: Scope;
  readonly #inOrder: (kind: RecordKind) => OneByOne;

  constructor(records: RecordShelf, scope: Scope, inOrder: (kind: RecordKind) => OneByOne) {
    this.#records = records;
    this.#scope = scope;
    this.#inOrder = inOrder;
  }

  async get<K extends RecordKind>(kind: K, id: string): Promise<Versioned<RecordKinds[K]> | undefined> {
    return (await this.#records.get(kind, id, this.#scope)) as Versioned<RecordKinds[K]> | undefined;
  }

  async find<K extends RecordKind>(kind: K, filter: RecordFilter = {}): Promise<RecordPage<RecordKinds[K]>> {
    return (await this.#records.find(kind, filter, this.#scope)) as unknown as RecordPage<RecordKinds[K]>;
  }

  count<K extends RecordKind>(kind: K, filter: Pick<RecordFilter, 'where'> = {}): Promise<number> {
    return this.#records.count(kind, filter.where, this.#scope);
  }

  create<K extends RecordKind>(kind: K, id: string, document: RecordKinds[K]): Promise<Versioned<RecordKinds[K]>> {
    const create = () => this.#records.create(kind, id, document as unknown as Json, this.#scope);
    return this.#inOrder(kind)(create) as unknown as Promise<Versioned<RecordKinds[K]>>;
  }

  async replace<K extends RecordKind>(
    kind: K,
    id: string,
    document: RecordKinds[K],
    ifVersion: number,
  ): Promise<Versioned<RecordKinds[K]>> {
    const [replaced] = await this.replaceMany(kind, [{ id, document, ifVersion }]);
    if (!replaced) throw new Error('The record store gave no answer to a replacement.');
    return replaced;
  }

  replaceMany<K extends RecordKind>(
    kind: K,
    changes: readonly { readonly id: string; readonly document: RecordKinds[K]; readonly ifVersion: number }[],
  ): Promise<readonly Versioned<RecordKinds[K]>[]> {
    const plain = changes.map((change) => ({ ...change, document: change.document as unknown as Json }));
    const replace = () => this.#records.replaceMany(kind, plain, this.#scope);
    return this.#inOrder(kind)(replace) as unknown as Promise<readonly Versioned<RecordKinds[K]>[]>;
  }

  remove<K extends RecordKind>(kind: K, id: string): Promise<void> {
    return this.#inOrder(kind)(() => this.#records.remove(kind, id, this.#scope));
  }

  async changesSince<K extends RecordKind>(
    kind: K,
    change: number,
    limit: number,
  ): Promise<readonly Versioned<RecordKinds[K]>[]> {
    const changes = await this.#records.changesSince(kind, change, limit, this.#scope);
    return changes as unknown as readonly Versioned<RecordKinds[K]>[];
  }
}
