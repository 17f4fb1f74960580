import { HaidangError } from '../../errors.ts';
import type { AppendResult } from '../event-store.ts';
import { batchId, batchItem, linesOf, packLineNumbers, storedBatch, type WholeBatch, wholeBatches } from './batches.ts';
import { type BulkItem, type BulkResult, outcomeOf, WrittenDocument } from './bulk.ts';
import type { ByteSink } from './byte-sink.ts';
import type { Cluster, StoreLog } from './cluster.ts';
import { getMany } from './get-many.ts';
import { dayIndex, type IndexNames } from './indexes.ts';
import { letterOf, type PreparedBatch, type PreparedEvent, placeBytes } from './prepare.ts';

/** A batch whose events have numbers. */
export interface Member {
  readonly batch: WholeBatch;
  readonly prepared: PreparedBatch;
  /** Its new events; the first one's number is `batch.first`. */
  readonly events: readonly PreparedEvent[];
}

/** One batch as it came; without a member where nothing in it is new. */
export interface GroupJob {
  readonly prepared: PreparedBatch;
  readonly member: Member | undefined;
}

/** Batches that are written together. */
export interface BatchGroup {
  readonly first: number;
  /** `first - 1` where nothing is new. */
  readonly last: number;
  readonly jobs: readonly GroupJob[];
  readonly members: readonly Member[];
  /** Its documents were refused for good. */
  refused: boolean;
}

/** What the cluster said to a group's events and dead letters. */
export interface WrittenGroup {
  readonly jobs: readonly WrittenJob[];
}

interface WrittenJob {
  readonly stored: readonly PreparedEvent[];
  readonly deadLettered: number;
}

/** Numbers the new events of batches, from `first` on. */
export function newGroup(
  node: string,
  first: number,
  batches: readonly PreparedBatch[],
  known: readonly ReadonlySet<string>[],
): BatchGroup {
  let next = first;
  const jobs = batches.map((prepared, at): GroupJob => {
    const events = eventsOf(prepared).filter(({ id }) => !known[at]?.has(id));
    if (events.length === 0) return { prepared, member: undefined };
    const batch = describe({ node, group: first, first: next, last: next + events.length - 1 }, prepared, events);
    next += events.length;
    return { prepared, member: { batch, prepared, events } };
  });
  return { first, last: next - 1, jobs, members: membersOf(jobs), refused: false };
}

/** The group of batches that were begun before a crash. */
export function groupAgain(
  begun: readonly { readonly batch: WholeBatch; readonly prepared: PreparedBatch }[],
): BatchGroup {
  const jobs = begun.map(({ batch, prepared }): GroupJob => {
    const lines = new Set(linesOf(batch));
    return { prepared, member: { batch, prepared, events: eventsOf(prepared).filter(({ line }) => lines.has(line)) } };
  });
  const members = membersOf(jobs);
  const first = members[0]?.batch.first ?? 1;
  return { first, last: members.at(-1)?.batch.last ?? first - 1, jobs, members, refused: false };
}

/** Writes groups: `begin`, then `write`, then `settle`. Each may be done again, and changes nothing then. */
export class GroupWriter {
  readonly #cluster: Cluster;
  readonly #names: IndexNames;
  readonly #node: string;
  readonly #log: StoreLog;

  constructor(setup: { cluster: Cluster; names: IndexNames; node: string; log: StoreLog }) {
    this.#cluster = setup.cluster;
    this.#names = setup.names;
    this.#node = setup.node;
    this.#log = setup.log;
  }

  /** Writes the documents of a group's batches; an answer that was lost on the way leaves them there already. */
  async begin(group: BatchGroup): Promise<void> {
    const { members } = group;
    if (members.length === 0) return;
    const results = await this.#cluster.bulk(members.map(({ batch }) => batchItem(this.#names, batch, 'create')));
    for (const [at, { batch }] of members.entries()) {
      const result = results[at];
      if (!result || result.status < 300) continue;
      const [there] =
        result.status === 409 ? await wholeBatches(this.#cluster, this.#names, [batchId(this.#node, batch.first)]) : [];
      if (there?.collector === batch.collector && there.body === batch.body) continue;
      group.refused = true;
      const reason = there
        ? `another server with the name "${this.#node}" has given number ${batch.first}; give each server its own name`
        : `batch ${batch.first} was refused: ${result.reason}`;
      this.#log.error({ reason }, 'A batch could not be begun.');
      for (const member of members.filter((_, place) => (results[place]?.status ?? 500) < 300))
        await this.forget(member.batch);
      throw new HaidangError('HD_STORE_DOWN', `The events cannot be numbered: ${reason}.`, { retryAfter: 10 });
    }
  }

  /** Takes away the document of a batch of which nothing else is written. */
  async forget(batch: WholeBatch): Promise<void> {
    await this.#cluster.bulk([{ action: 'delete', index: this.#names.batches, id: batchId(this.#node, batch.first) }]);
  }

  /** Writes events and dead letters of a begun group. */
  async write({ jobs }: BatchGroup): Promise<WrittenGroup> {
    const items = jobs.flatMap((job) => [...this.#eventItems(job), ...this.#letterItems(job)]);
    const results = await this.#cluster.bulk(items, { paced: true });
    let from = 0;
    const written: WrittenJob[] = [];
    for (const job of jobs) {
      const events = job.member?.events ?? [];
      const ofEvents = results.slice(from, from + events.length);
      const letters = job.prepared.lines.filter((line) => line.kind === 'letter').length;
      const ofLetters = results.slice(from + events.length, from + events.length + letters);
      from += events.length + letters;
      const lost = ofLetters.find((result) => outcomeOf(result, 'create') === 'refused');
      if (lost) throw lettersLost(lost);
      const refused = await this.#keepRefused(job.prepared, events, ofEvents);
      const conflicts = events.filter((_, at) => ofEvents[at]?.status === 409);
      const owned = await this.#owned(job, conflicts);
      written.push({
        stored: events.filter(({ id }, at) => (ofEvents[at]?.status ?? 500) < 300 || owned.has(id)),
        deadLettered: refused + ofLetters.filter(({ status }) => status < 300).length,
      });
    }
    return { jobs: written };
  }

  /**
   * Where not all events of a batch were new, its document says which lines they are, and they are numbered without
   * holes. `newest`: no later number is given, so that those not needed at the end are given again; otherwise they stay
   * empty, and belong to their batch.
   */
  async settle(
    group: BatchGroup,
    written: WrittenGroup,
    newest: boolean,
  ): Promise<{ readonly last: number; readonly results: AppendResult[] }> {
    let last = group.last;
    let atEnd = newest;
    const settled: (WholeBatch | undefined)[] = group.jobs.map(({ member }) => member?.batch);
    const items: BulkItem[] = [];
    for (let at = group.jobs.length - 1; at >= 0; at--) {
      const member = group.jobs[at]?.member;
      if (!member) continue;
      const stored = written.jobs[at]?.stored ?? [];
      if (stored.length < member.events.length) settled[at] = this.#settleOne(member, stored, atEnd, items);
      if (atEnd) last = settled[at]?.last ?? member.batch.first - 1;
      atEnd &&= settled[at] === undefined;
    }
    const failed = (await this.#cluster.bulk(items)).find(({ status }) => status >= 300 && status !== 404);
    if (failed)
      throw new HaidangError('HD_STORE_DOWN', `A batch cannot be settled: ${failed.reason}.`, { retryAfter: 10 });
    const results = group.jobs.map(({ prepared }, at): AppendResult => {
      const { stored = [], deadLettered = 0 } = written.jobs[at] ?? {};
      const batch = settled[at];
      return {
        stored: stored.length,
        duplicates: prepared.lines.length - stored.length - deadLettered,
        deadLettered,
        appended: batch && storedBatch(batch),
      };
    });
    return { last, results };
  }

  /** Gives the batch as it is then, undefined where nothing is left of it, and adds what is to be written for that. */
  #settleOne(
    member: Member,
    stored: readonly PreparedEvent[],
    atEnd: boolean,
    items: BulkItem[],
  ): WholeBatch | undefined {
    const { batch, prepared } = member;
    if (stored.length === 0 && atEnd) {
      items.push({ action: 'delete', index: this.#names.batches, id: batchId(this.#node, batch.first) });
      return undefined;
    }
    const last = atEnd ? batch.first + stored.length - 1 : batch.last;
    const settled = describe({ ...batch, last }, prepared, stored);
    const index = dayIndex(this.#names, prepared.day);
    const place = placeBytes(this.#node, batch.first);
    for (const [at, event] of stored.entries()) {
      items.push(new EventItem('index', index, event, place, batch.first + at));
    }
    items.push(batchItem(this.#names, settled, 'index'));
    return settled;
  }

  #eventItems({ prepared, member }: GroupJob): BulkItem[] {
    if (!member) return [];
    const index = dayIndex(this.#names, prepared.day);
    const { first } = member.batch;
    const place = placeBytes(this.#node, first);
    return member.events.map((event, at): BulkItem => {
      return new EventItem('create', index, event, place, first + at);
    });
  }

  #letterItems({ prepared }: GroupJob): BulkItem[] {
    return prepared.lines.flatMap((line): BulkItem[] => {
      if (line.kind === 'event') return [];
      return [{ action: 'create', index: this.#names.deadLetters, id: line.id, document: line.document }];
    });
  }

  /** What the cluster will not take as an event is kept as a dead letter, with what it said. */
  async #keepRefused(
    prepared: PreparedBatch,
    events: readonly PreparedEvent[],
    results: readonly BulkResult[],
  ): Promise<number> {
    const refused = events.flatMap((event, at) => {
      const result = results[at];
      return result && outcomeOf(result, 'create') === 'refused' ? [{ event, reason: result.reason ?? '' }] : [];
    });
    if (refused.length === 0) return 0;
    const [first] = refused;
    this.#log.error(
      { count: refused.length, reason: first?.reason.slice(0, 500) ?? '' },
      'The cluster refused events; they are dead letters.',
    );
    const items = refused.map(({ event, reason }): BulkItem => {
      const position = Number(event.id.split('-')[3]);
      const why = `The cluster refused the event: ${reason.slice(0, 500)}`;
      const letter = letterOf(prepared.batch, event.source, position, why, event.text);
      return { action: 'create', index: this.#names.deadLetters, id: event.id, document: letter };
    });
    const kept = await this.#cluster.bulk(items);
    const lost = kept.find((result) => outcomeOf(result, 'create') === 'refused');
    if (lost) throw lettersLost(lost);
    return kept.filter(({ status }) => status < 300).length;
  }

  /** Of events that were there already, those that this very batch wrote before it failed. */
  async #owned({ prepared, member }: GroupJob, events: readonly PreparedEvent[]): Promise<ReadonlySet<string>> {
    if (events.length === 0) return new Set();
    const ids = events.map(({ id }) => id);
    const asked = { source: 'store.node,store.batch' };
    const docs = await getMany<OwnedSource>(this.#cluster, dayIndex(this.#names, prepared.day), ids, asked);
    const own = docs.filter(
      ({ found, _source }) => found && _source.store.node === this.#node && _source.store.batch === member?.batch.first,
    );
    return new Set(own.map(({ _id }) => _id));
  }
}

/** The write of an event at its place, and its document. */
class EventItem extends WrittenDocument implements BulkItem {
  readonly action: 'create' | 'index';
  readonly index: string;
  readonly id: string;
  readonly #event: PreparedEvent;
  readonly #place: Buffer;
  readonly #sequence: number;

  constructor(action: 'create' | 'index', index: string, event: PreparedEvent, place: Buffer, sequence: number) {
    super();
    this.action = action;
    this.index = index;
    this.id = event.id;
    this.#event = event;
    this.#place = place;
    this.#sequence = sequence;
  }

  get document(): WrittenDocument {
    return this;
  }

  get size(): number {
    return this.#event.size;
  }

  writeTo(sink: ByteSink): void {
    this.#event.writeTo(sink, this.#place, this.#sequence);
  }
}

interface OwnedSource {
  readonly store: { readonly node: string; readonly batch: number };
}

function eventsOf(prepared: PreparedBatch): PreparedEvent[] {
  return prepared.lines.filter((line) => line.kind === 'event');
}

function membersOf(jobs: readonly GroupJob[]): Member[] {
  return jobs.flatMap(({ member }) => (member ? [member] : []));
}

function describe(
  place: Pick<WholeBatch, 'node' | 'group' | 'first' | 'last'>,
  prepared: PreparedBatch,
  events: readonly PreparedEvent[],
): WholeBatch {
  const { agency, collector, receivedAt, body } = prepared.batch;
  const sources = new Map<string, number>();
  for (const { source } of events) sources.set(source, (sources.get(source) ?? 0) + 1);
  const whole = events.length === prepared.last - prepared.first + 1;
  return {
    node: place.node,
    group: place.group,
    first: place.first,
    last: place.last,
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

function lettersLost({ reason }: BulkResult): HaidangError {
  return new HaidangError('HD_STORE_DOWN', `Dead letters cannot be kept: ${reason}.`, { retryAfter: 10 });
}
