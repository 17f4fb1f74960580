import { HaidangError } from '../../errors.ts';
import type { AppendResult, IncomingBatch } from '../event-store.ts';
import { lastGroups, storedBatch, type WholeBatch } from './batches.ts';
import type { Cluster, StoreLog } from './cluster.ts';
import type { Counters } from './counters.ts';
import { dayIndex, type IndexNames, makeIndex } from './indexes.ts';
import { KnownEvents } from './known-events.ts';
import { type DayLimits, FramePreparer, type PreparedBatch } from './prepare.ts';
import { type BatchGroup, GroupWriter, groupAgain, newGroup } from './write-group.ts';

/** What an appender works with. */
export interface AppenderSetup {
  readonly cluster: Cluster;
  readonly names: IndexNames;
  readonly counters: Counters;
  readonly log: StoreLog;
  /** This server's name among those that share the cluster. */
  readonly node: string;
  readonly limits: DayLimits;
}

const MOST_PENDING = 64;
/** Of documents that wait or are under way. */
const MOST_BYTES = 192 * 1024 * 1024;
/** What is written together, at most. */
const GROUP_BATCHES = 32;
const GROUP_EVENTS = 8_000;
/** Groups under way at once: one is written while the next is numbered. */
const DEPTH = 2;

interface Job {
  readonly prepared: PreparedBatch;
  resolve(result: AppendResult): void;
  reject(error: unknown): void;
}

/**
 * Writes batches of one server in groups. A group's batches are numbered and their documents written first, then all
 * their events; the next group begins meanwhile, and receipts go out in order. What was begun before a crash or a
 * failure is brought to its end before anything else is numbered.
 */
export class Appender {
  readonly #setup: AppenderSetup;
  readonly #writer: GroupWriter;
  readonly #known: KnownEvents;
  readonly #preparer = new FramePreparer();
  readonly #days = new Set<string>();
  readonly #jobs: Job[] = [];
  /** Numbered and not yet written to their end, in order. */
  #begun: BatchGroup[] = [];
  /** The end of each group under way. */
  #ends: Promise<unknown>[] = [];
  #broken = false;
  #pending = 0;
  #pendingBytes = 0;
  #next = 1;
  #last = 0;
  #running: Promise<void> | undefined;
  /** Held by who gives numbers or takes them back. */
  #numbering: Promise<unknown> = Promise.resolve();

  constructor(setup: AppenderSetup) {
    this.#setup = setup;
    this.#writer = new GroupWriter(setup);
    this.#known = new KnownEvents(setup.cluster, setup.names);
  }

  /** Highest number of a batch that is written to its end. */
  get lastSequence(): number {
    return this.#last;
  }

  /** Finds where numbering stands, and ends what was begun; `floor` was given out whatever the cluster says. */
  async recover(floor: number): Promise<void> {
    const { cluster, names, counters, node } = this.#setup;
    await cluster.request({ method: 'POST', path: `/${names.batches}/_refresh` });
    const { groups, orphans } = await lastGroups(cluster, names, node, DEPTH);
    const counted = await counters.read(`sequence:${node}`);
    // Before their group was whole, nothing of it was written but these. What is evaluated was whole once.
    for (const orphan of orphans) if (orphan.first > floor) await this.#writer.forget(orphan);
    const open = groups.filter((batches) => (batches.at(-1)?.last ?? 0) > floor);
    const first = open[0]?.[0]?.first ?? 1;
    // The counter runs along behind the batches, for the day when old batches are no longer there.
    this.#last = Math.max(floor, counted, first - 1);
    this.#next = this.#last + 1;
    this.#begun = open.map((batches) => groupAgain(batches.map((batch) => ({ batch, prepared: this.#again(batch) }))));
    const last = this.#begun.at(-1);
    if (last) this.#next = Math.max(this.#next, last.last + 1);
    await this.#endBegun();
  }

  /** `now`: the server's clock, milliseconds. */
  async append(batch: IncomingBatch, now: number): Promise<AppendResult> {
    if (this.#pending >= MOST_PENDING || this.#pendingBytes >= MOST_BYTES) {
      throw new HaidangError('HD_TOO_MANY', 'Too many batches wait for the cluster already.', { retryAfter: 1 });
    }
    const prepared = this.#preparer.prepare(batch, now, this.#setup.limits);
    this.#pending++;
    const bytes = prepared.sink.bytes.length;
    this.#pendingBytes += bytes;
    const written = new Promise<AppendResult>((resolve, reject) => {
      this.#jobs.push({ prepared, resolve, reject });
    });
    this.#running ??= this.#run();
    return written.finally(() => {
      this.#pending--;
      this.#pendingBytes -= bytes;
    });
  }

  /** Numbers up to `floor` were given out elsewhere: the next batch is numbered above. */
  async raiseFloor(floor: number): Promise<number> {
    while (this.#running) await this.#running;
    if (this.#broken) await this.#mend();
    this.#last = Math.max(this.#last, floor);
    this.#next = Math.max(this.#next, floor + 1);
    return this.#last;
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    while (this.#running) await this.#running;
    await this.#setup.counters.raise(`sequence:${this.#setup.node}`, this.#last).catch(() => {});
  }

  async #run(): Promise<void> {
    do {
      while (this.#jobs.length > 0) await this.#runGroup();
      await Promise.all(this.#ends);
      // More may have come meanwhile; nothing can between this look and the next line.
    } while (this.#jobs.length > 0);
    this.#running = undefined;
  }

  /** Begins a group of what waits; its end is waited for elsewhere. Never rejects. */
  async #runGroup(): Promise<void> {
    if (this.#ends.length >= DEPTH) await this.#ends[0];
    const jobs = this.#take();
    try {
      if (this.#broken) await this.#mend();
      const group = await this.#begin(jobs.map(({ prepared }) => prepared));
      const before = this.#ends.at(-1);
      const end = this.#end(group, before, jobs).finally(() => {
        this.#ends = this.#ends.filter((other) => other !== end);
      });
      this.#ends.push(end);
    } catch (error) {
      for (const { reject } of jobs) reject(error);
    }
  }

  #take(): Job[] {
    let events = 0;
    let count = 0;
    for (const { prepared } of this.#jobs) {
      events += prepared.lines.length;
      if (count > 0 && (count >= GROUP_BATCHES || events > GROUP_EVENTS)) break;
      count++;
    }
    return this.#jobs.splice(0, count);
  }

  /** Numbers a group and writes its batches' documents. */
  async #begin(batches: readonly PreparedBatch[]): Promise<BatchGroup> {
    for (const { day } of batches) await this.#ensureDay(day);
    const known = await this.#known.of(batches);
    return this.#alone(async () => {
      const group = newGroup(this.#setup.node, this.#next, batches, known);
      if (group.members.length > 0) this.#begun.push(group);
      this.#next = group.last + 1;
      try {
        await this.#writer.begin(group);
      } catch (error) {
        if (group.refused) this.#giveUp(group);
        else this.#broken = true;
        this.#known.forget();
        throw error;
      }
      return group;
    });
  }

  /** Writes a begun group's events, and answers when all before it is written too. Never rejects. */
  async #end(group: BatchGroup, before: Promise<unknown> | undefined, jobs: readonly Job[]): Promise<void> {
    try {
      const written = await this.#writer.write(group);
      await before;
      if (this.#broken)
        throw new HaidangError('HD_STORE_DOWN', 'The batch before could not be written.', { retryAfter: 5 });
      const results = await this.#settle(group, written);
      for (const [at, { resolve }] of jobs.entries()) resolve(results[at] as AppendResult);
    } catch (error) {
      this.#broken = true;
      this.#known.forget();
      for (const { reject } of jobs) reject(error);
    }
  }

  #settle(group: BatchGroup, written: Parameters<GroupWriter['settle']>[1]): Promise<AppendResult[]> {
    return this.#alone(async () => {
      // Numbers that were not needed are given again, unless later ones are given already.
      const newest = this.#next === group.last + 1;
      const { last, results } = await this.#writer.settle(group, written, newest);
      if (newest) this.#next = last + 1;
      if (group.members.length > 0) this.#last = Math.max(this.#last, last);
      this.#begun = this.#begun.filter((other) => other !== group);
      for (const { prepared } of group.jobs) this.#preparer.release(prepared);
      return results;
    });
  }

  /** After a failure: once nothing is under way, what was begun is brought to its end. */
  async #mend(): Promise<void> {
    await Promise.all(this.#ends);
    await this.#endBegun();
    this.#broken = false;
  }

  async #endBegun(): Promise<void> {
    for (const group of [...this.#begun]) {
      for (const { prepared } of group.jobs) await this.#ensureDay(prepared.day);
      try {
        await this.#writer.begin(group);
      } catch (error) {
        // Refused for good: nothing of it was written, and its collectors send it again.
        if (group.refused) this.#giveUp(group);
        throw error;
      }
      await this.#settle(group, await this.#writer.write(group));
    }
  }

  #giveUp(group: BatchGroup): void {
    const at = this.#begun.indexOf(group);
    if (at < 0) return;
    this.#begun = this.#begun.slice(0, at);
    this.#next = group.first;
  }

  #alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#numbering.then(work);
    this.#numbering = done.catch(() => {});
    return done;
  }

  #again(batch: WholeBatch): PreparedBatch {
    const { agency, collector, receivedAt, body } = storedBatch(batch);
    return this.#preparer.prepareAgain({ agency, collector, receivedAt, body });
  }

  async #ensureDay(day: string): Promise<void> {
    if (this.#days.has(day)) return;
    const { cluster, names } = this.#setup;
    await makeIndex(cluster, dayIndex(names, day));
    this.#days.add(day);
  }
}
