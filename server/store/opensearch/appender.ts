import { HaidangError } from '../../errors.ts';
import type { AppendResult, IncomingBatch } from '../event-store.ts';
import {
  batchId,
  batchItem,
  lastBatch,
  packLineNumbers,
  storedBatch,
  type WholeBatch,
  wholeBatches,
} from './batches.ts';
import type { BulkItem, BulkResult, Cluster, StoreLog } from './cluster.ts';
import type { Counters } from './counters.ts';
import { dayIndex, type IndexNames, makeIndex } from './indexes.ts';
import {
  type DayLimits,
  letterOf,
  type PreparedBatch,
  type PreparedEvent,
  prepareAgain,
  prepareBatch,
} from './prepare.ts';

/** What an appender works with. */
export interface AppenderSetup {
  readonly cluster: Cluster;
  readonly names: IndexNames;
  readonly counters: Counters;
  readonly log: StoreLog;
  /** This server's name among those that share the cluster. */
  readonly node: string;
  readonly now: () => number;
  readonly limits: DayLimits;
  /** Called after each write, with the indexes that changed. */
  readonly changed: (indexes: readonly string[]) => void;
}

const MOST_PENDING = 64;
/** Bulk requests of one batch that are under way at the same time. */
const PARALLEL = 2;

/**
 * Writes batches of one server, one after the other, so that the numbers it gives are dense. The batch's own document is
 * written first: what was begun before a crash or a failure is brought to its end before anything else is numbered.
 */
export class Appender {
  readonly #setup: AppenderSetup;
  readonly #days = new Set<string>();
  #queue: Promise<unknown> = Promise.resolve();
  #pending = 0;
  #last = 0;
  /** A batch whose writing failed halfway. */
  #begun: { readonly batch: WholeBatch; readonly prepared: PreparedBatch } | undefined;

  constructor(setup: AppenderSetup) {
    this.#setup = setup;
  }

  /** Highest number of a batch that is written to its end. */
  get lastSequence(): number {
    return this.#last;
  }

  /** Finds where numbering stands, and ends what was begun; `floor` was given out whatever the cluster says. */
  async recover(floor: number): Promise<void> {
    const { cluster, names, counters, node } = this.#setup;
    await cluster.request({ method: 'POST', path: `/${names.batches}/_refresh` });
    const last = await lastBatch(cluster, names, node);
    const counted = await counters.read(`sequence:${node}`);
    this.#last = Math.max(floor, last ? last.first - 1 : 0);
    if (last) {
      const prepared = prepareAgain(incoming(last));
      this.#begun = { batch: last, prepared };
      await this.#finishBegun();
    }
    // The counter runs along behind the batches, for the day when old batches are no longer there.
    this.#last = Math.max(this.#last, counted);
  }

  append(batch: IncomingBatch): Promise<AppendResult> {
    if (this.#pending >= MOST_PENDING) {
      throw new HaidangError('HD_TOO_MANY', 'Too many batches wait for the cluster already.', { retryAfter: 1 });
    }
    const prepared = prepareBatch(batch, this.#setup.now(), this.#setup.limits);
    this.#pending++;
    const written = this.#queue.then(() => this.#write(prepared));
    this.#queue = written.then(
      () => this.#pending--,
      () => this.#pending--,
    );
    return written;
  }

  /** Numbers up to `floor` were given out elsewhere: the next batch is numbered above. */
  async raiseFloor(floor: number): Promise<number> {
    await this.#queue;
    this.#last = Math.max(this.#last, floor);
    return this.#last;
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await this.#queue;
    await this.#setup.counters.raise(`sequence:${this.#setup.node}`, this.#last).catch(() => {});
  }

  async #write(prepared: PreparedBatch): Promise<AppendResult> {
    await this.#finishBegun();
    await this.#ensureDay(prepared.day);
    const events = prepared.lines.filter((line) => line.kind === 'event');
    if (events.length > 0) {
      const batch = this.#describe(prepared, events, this.#last + 1);
      this.#begun = { batch, prepared };
      return this.#finishBegun() as Promise<AppendResult>;
    }
    return this.#finish(undefined, prepared);
  }

  /** Writes a batch's document; an answer that was lost on the way leaves it there already. */
  async #begin(batch: WholeBatch): Promise<void> {
    const { cluster, names, node, log } = this.#setup;
    const [result] = await cluster.bulk([batchItem(names, batch, 'create')]);
    if (result && result.status < 300) return;
    const [there] = result?.status === 409 ? await wholeBatches(cluster, names, [batchId(node, batch.first)]) : [];
    if (there?.collector === batch.collector && there.body === batch.body) return;
    // Nothing of this batch was written: its collector sends it again.
    this.#begun = undefined;
    const reason = there
      ? `another server with the name "${node}" has given number ${batch.first}; give each server its own name`
      : `batch ${batch.first} was refused: ${result?.reason}`;
    log.error({ reason }, 'A batch could not be begun.');
    throw new HaidangError('HD_STORE_DOWN', `The events cannot be numbered: ${reason}.`, { retryAfter: 10 });
  }

  async #finishBegun(): Promise<AppendResult | undefined> {
    const begun = this.#begun;
    if (!begun) return undefined;
    await this.#ensureDay(begun.prepared.day);
    await this.#begin(begun.batch);
    const result = await this.#finish(begun.batch, begun.prepared);
    this.#begun = undefined;
    return result;
  }

  /** Writes events and dead letters of a batch; running it again changes nothing. */
  async #finish(batch: WholeBatch | undefined, prepared: PreparedBatch): Promise<AppendResult> {
    const { cluster, names, node } = this.#setup;
    const index = dayIndex(names, prepared.day);
    const events = prepared.lines.filter((line) => line.kind === 'event');
    const letters = prepared.lines.filter((line) => line.kind === 'letter');
    const first = batch?.first ?? 0;
    const items: BulkItem[] = [
      ...events.map((event, at): BulkItem => {
        const document = event.document({ node, sequence: first + at, batch: first });
        return { action: 'create', index, id: event.id, document };
      }),
      ...letters.map((letter): BulkItem => {
        return { action: 'create', index: names.deadLetters, id: letter.id, document: letter.document };
      }),
    ];
    const results = await cluster.bulk(items, { parallel: PARALLEL });
    this.#setup.changed([index, names.deadLetters, names.batches]);
    const refused = await this.#keepRefused(prepared, events, results);
    const conflicts = events.filter((_, at) => results[at]?.status === 409);
    const owned = conflicts.length === 0 ? new Set<string>() : await this.#owned(index, conflicts, first);
    const stored = events.filter(({ id }, at) => (results[at]?.status ?? 500) < 300 || owned.has(id));
    const deadLettered = refused + results.slice(events.length).filter(({ status }) => status < 300).length;
    const appended = batch && (await this.#settle(batch, prepared, stored, events.length, index));
    if (appended) this.#last = Math.max(this.#last, appended.last);
    const duplicates = prepared.lines.length - stored.length - deadLettered;
    return {
      stored: stored.length,
      duplicates,
      deadLettered,
      appended: appended && storedBatch(appended),
    };
  }

  /** What the cluster will not take as an event is kept as a dead letter, with what it said. */
  async #keepRefused(
    prepared: PreparedBatch,
    events: readonly PreparedEvent[],
    results: readonly BulkResult[],
  ): Promise<number> {
    const { cluster, names, log } = this.#setup;
    const refused = events.flatMap((event, at) => {
      const { status = 500, reason = '' } = results[at] ?? {};
      return status < 300 || status === 409 ? [] : [{ event, reason }];
    });
    if (refused.length === 0) return 0;
    log.error(
      { count: refused.length, reason: refused[0]?.reason },
      'The cluster refused events; they are dead letters.',
    );
    const items = refused.map(({ event, reason }): BulkItem => {
      const position = Number(event.id.split('-')[3]);
      const document = JSON.stringify(event.document({ node: '', sequence: 0, batch: 0 })['document']);
      const why = `The cluster refused the event: ${reason.slice(0, 500)}`;
      const letter = letterOf(prepared.batch, event.source, position, why, document);
      return { action: 'create', index: names.deadLetters, id: event.id, document: letter };
    });
    const kept = await cluster.bulk(items);
    const lost = kept.find(({ status }) => status >= 300 && status !== 409);
    if (lost)
      throw new HaidangError('HD_STORE_DOWN', `Dead letters cannot be kept: ${lost.reason}.`, { retryAfter: 10 });
    return kept.filter(({ status }) => status < 300).length;
  }

  /** Of events that were there already, those that this very batch wrote before it failed. */
  async #owned(index: string, events: readonly PreparedEvent[], first: number): Promise<Set<string>> {
    const { cluster, node } = this.#setup;
    const { body } = await cluster.request<{ docs: readonly OwnedDocument[] }>({
      method: 'POST',
      path: `/${index}/_mget`,
      query: { _source_includes: 'store.node,store.batch' },
      body: { ids: events.map(({ id }) => id) },
    });
    const own = body.docs.filter(
      ({ found, _source }) => found && _source.store.node === node && _source.store.batch === first,
    );
    return new Set(own.map(({ _id }) => _id));
  }

  /** Where not all events of a batch were new, its numbers are closed up and its document says which lines they are. */
  async #settle(
    batch: WholeBatch,
    prepared: PreparedBatch,
    stored: readonly PreparedEvent[],
    expected: number,
    index: string,
  ): Promise<WholeBatch | undefined> {
    const { cluster, names, node } = this.#setup;
    if (stored.length === expected) return batch;
    if (stored.length === 0) {
      await cluster.bulk([{ action: 'delete', index: names.batches, id: batchId(node, batch.first) }]);
      return undefined;
    }
    const numbered = stored.map((event, at): BulkItem => {
      const document = event.document({ node, sequence: batch.first + at, batch: batch.first });
      return { action: 'index', index, id: event.id, document };
    });
    const settled = this.#describe(prepared, stored, batch.first);
    const results = await cluster.bulk([...numbered, batchItem(names, settled, 'index')]);
    const failed = results.find(({ status }) => status >= 300);
    if (failed)
      throw new HaidangError('HD_STORE_DOWN', `A batch cannot be settled: ${failed.reason}.`, { retryAfter: 10 });
    return settled;
  }

  #describe(prepared: PreparedBatch, events: readonly PreparedEvent[], first: number): WholeBatch {
    const { agency, collector, receivedAt, body } = prepared.batch;
    const sources = new Map<string, number>();
    for (const { source } of events) sources.set(source, (sources.get(source) ?? 0) + 1);
    const whole = events.length === prepared.lines.length;
    return {
      node: this.#setup.node,
      first,
      last: first + events.length - 1,
      collector,
      agency,
      receivedAt,
      day: prepared.day,
      bytes: body.byteLength,
      sources: [...sources].map(([name, stored]) => ({ name, stored })),
      ...(whole ? {} : { lines: packLineNumbers(events.map(({ line }) => line)) }),
      body: Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('base64'),
    };
  }

  async #ensureDay(day: string): Promise<void> {
    if (this.#days.has(day)) return;
    const { cluster, names } = this.#setup;
    await makeIndex(cluster, dayIndex(names, day));
    this.#days.add(day);
  }
}

interface OwnedDocument {
  readonly _id: string;
  readonly found?: boolean;
  readonly _source: { readonly store: { readonly node: string; readonly batch: number } };
}

function incoming(batch: WholeBatch): IncomingBatch {
  const { agency, collector, receivedAt, body } = storedBatch(batch);
  return { agency, collector, receivedAt, body };
}
