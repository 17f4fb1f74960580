import type { Identity } from '../../identity.ts';
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
import type { OpsSetup } from './ops.ts';
import type { pruneSignals, SignalKey } from './ops-detection.ts';
import type { Scope } from './read-calls.ts';
import { type StoreLog, WorkerClient } from './worker-client.ts';

type Pruned = ReturnType<typeof pruneSignals>;

/** The record store on `ops.db`, in a thread of its own. */
export class EmbeddedRecords implements RecordStore {
  readonly #worker: WorkerClient;

  constructor(setup: OpsSetup, log: StoreLog) {
    this.#worker = new WorkerClient(new URL('./ops.ts', import.meta.url), 'records', () => setup, log);
  }

  as(identity: Identity): RecordView {
    return new EmbeddedRecordView(this.#worker, identity.agencies);
  }

  commitDetection(commit: DetectionCommit): Promise<{ readonly changed: readonly string[] }> {
    return this.#worker.call('commitDetection', commit);
  }

  detectionCursor(): Promise<number> {
    return this.#worker.call('detectionCursor', undefined);
  }

  readSignals(rule: string, group: string, fromSecond: number, toSecond: number): Promise<readonly Signal[]> {
    return this.#worker.call('readSignals', { rule, group, from: fromSecond, to: toSecond });
  }

  signalPosition(): Promise<number> {
    return this.detectionCursor();
  }

  async pruneSignals(upTo: number, beforeSecond: number): Promise<number> {
    let removed = 0;
    let after: SignalKey | null = null;
    do {
      const piece: Pruned = await this.#worker.call('pruneSignals', { after, upTo, beforeSecond });
      removed += piece.removed;
      after = piece.next;
    } while (after !== null);
    return removed;
  }

  lastChange(): Promise<number> {
    return this.#worker.call('lastChange', undefined);
  }

  close(): Promise<void> {
    return this.#worker.close();
  }
}

class EmbeddedRecordView implements RecordView {
  readonly #worker: WorkerClient;
  readonly #scope: Scope;

  constructor(worker: WorkerClient, scope: Scope) {
    this.#worker = worker;
    this.#scope = scope;
  }

  get<K extends RecordKind>(kind: K, id: string): Promise<Versioned<RecordKinds[K]> | undefined> {
    return this.#worker.call('get', { kind, id, scope: this.#scope });
  }

  find<K extends RecordKind>(kind: K, filter: RecordFilter = {}): Promise<RecordPage<RecordKinds[K]>> {
    return this.#worker.call('find', { kind, filter, scope: this.#scope });
  }

  count<K extends RecordKind>(kind: K, filter: Pick<RecordFilter, 'where'> = {}): Promise<number> {
    return this.#worker.call('count', { kind, where: filter.where, scope: this.#scope });
  }

  create<K extends RecordKind>(kind: K, id: string, document: RecordKinds[K]): Promise<Versioned<RecordKinds[K]>> {
    return this.#worker.call('create', { kind, id, document, scope: this.#scope });
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
    return this.#worker.call('replaceMany', { kind, changes, scope: this.#scope });
  }

  remove<K extends RecordKind>(kind: K, id: string): Promise<void> {
    return this.#worker.call('remove', { kind, id, scope: this.#scope });
  }

  changesSince<K extends RecordKind>(
    kind: K,
    change: number,
    limit: number,
  ): Promise<readonly Versioned<RecordKinds[K]>[]> {
    return this.#worker.call('changesSince', { kind, change, limit, scope: this.#scope });
  }
}
