import { setTimeout as pause } from 'node:timers/promises';
import type { AgencyBook } from '../agencies/names.ts';
import { HaidangError } from '../errors.ts';
import { type Identity, SYSTEM } from '../identity.ts';
import type { Alone } from '../leases/membership.ts';
import type { Log } from '../log.ts';
import type { EventStore, StoredDay } from '../store/event-store.ts';
import type { RecordPage, RecordStore, Versioned } from '../store/record-store.ts';
import { type Deleting, deleteDay, finishDeletions } from './deletions.ts';
import { type DayVerdict, examineDay, type Judgement } from './examine.ts';
import { type HoldRequest, liftHold, listHolds, standingHolds, writeHold } from './holds.ts';
import { policyProblem, type RetentionPolicy } from './policy.ts';
import type { DeletionRecord, LegalHoldRecord } from './record.ts';

/** What one run did, or would have done. */
export interface RunReport {
  readonly startedAt: string;
  readonly endedAt: string;
  readonly by: string;
  readonly dryRun: boolean;
  readonly days: readonly DayVerdict[];
  /** Days that were deleted; of a dry run those that would have been. */
  readonly deleted: readonly string[];
  readonly deletedEvents: number;
  readonly deletedBytes: number;
  /** Why it ended early; null where it did not. */
  readonly failure: string | null;
}

export interface RetentionOptions {
  readonly events: EventStore;
  readonly records: RecordStore;
  readonly agencies: AgencyBook;
  readonly log: Log;
  /** From the configuration: the law's minimum, and the policy unless another was set. */
  readonly minimumMonths: readonly number[];
  readonly policy: RetentionPolicy;
  readonly now?: () => number;
  /** Where several servers share the store: lets one of them at a time delete or hold. */
  readonly alone?: Alone;
}

/** Retention of one server: what is due, deleting it, and the legal holds that stand against it. */
export interface Retention {
  readonly minimumMonths: readonly number[];
  policy(): Promise<{ readonly policy: RetentionPolicy; readonly from: 'configuration' | 'api' }>;
  /** @throws HaidangError `HD_BAD_REQUEST` where the law's minimum is more. */
  setPolicy(policy: RetentionPolicy): Promise<void>;
  /** The report of the run under way so far, or of the last one; undefined where there was none. */
  lastRun(): Promise<RunReport | undefined>;
  running(): boolean;
  /** Begins a run, and gives at once; nothing where one is under way. */
  begin(by: string, dryRun: boolean): boolean;
  /** The same to its end. */
  run(by: string, dryRun: boolean): Promise<RunReport>;
  /** Every day of the store, oldest first. */
  days(): Promise<readonly DayVerdict[]>;
  deletions(limit: number, after: string | undefined): Promise<RecordPage<DeletionRecord>>;
  holds(identity: Identity, limit: number): Promise<readonly Versioned<LegalHoldRecord>[]>;
  /** Once it returns, nothing that the hold covers is deleted. */
  placeHold(request: HoldRequest, by: Identity): Promise<Versioned<LegalHoldRecord>>;
  liftHold(id: string, reason: string, by: Identity): Promise<Versioned<LegalHoldRecord>>;
  /** When the job runs next, ISO 8601; null where none is planned. */
  next(): string | null;
  /** To be called once there is a schedule. */
  setNext(next: () => string | null): void;
  /** Ends what a crash broke off; to be called before the ledger is looked at. */
  recover(): Promise<void>;
  /** Lets the day being deleted come to its end, and begins no other. */
  stop(): Promise<void>;
}

type Check = () => Promise<void>;

const LEASE = 'retention';
/** Between two days, where other servers may be waiting for their turn: they look every 1.2 s. */
const YIELD_MS = 1_500;
const POLICY = 'retention-policy';
const LAST_RUN = 'retention-last-run';
/** Days of a report that are kept. */
const MOST_DAYS_KEPT = 2_000;

/** Opens retention over the stores. */
export function openRetention(options: RetentionOptions): Retention {
  const { events, records, agencies, log, minimumMonths } = options;
  const now = options.now ?? Date.now;
  const alone: Alone = options.alone ?? ((_, act) => act(async () => {}));
  const deleting: Deleting = { events, records, now };
  const view = records.as(SYSTEM);
  let turn: Promise<unknown> = Promise.resolve();
  let stopped = false;
  let current: Promise<RunReport> | undefined;
  let next: () => string | null = () => null;

  /** One at a time: a hold is placed before a day is deleted or after, never between the look and the deed. */
  function inTurn<Result>(act: (check: Check) => Promise<Result>): Promise<Result> {
    const done = turn.then(() => alone(LEASE, act));
    turn = done.catch(() => {});
    return done;
  }

  async function policy() {
    const set = await view.get('setting', POLICY);
    if (set) return { policy: set.document.value as RetentionPolicy, from: 'api' as const };
    return { policy: options.policy, from: 'configuration' as const };
  }

  async function judgement(): Promise<Judgement> {
    agencies.forget();
    return {
      policy: (await policy()).policy,
      minimumMonths,
      agencies: await agencies.all(),
      holds: await standingHolds(records),
      evaluatedUpTo: await records.detectionCursor(),
      now: now(),
    };
  }

  async function days(): Promise<DayVerdict[]> {
    const judged = await judgement();
    const verdicts: DayVerdict[] = [];
    for (const day of await events.days()) {
      if (stopped) break;
      verdicts.push((await examineDay(events, day, judged, false)).verdict);
    }
    return verdicts;
  }

  /** Looks again with all that is known now, and deletes the day if it is still due. */
  async function deleteIfDue(
    stored: StoredDay,
    by: string,
    check: Check,
  ): Promise<DeletionRecord | DayVerdict | undefined> {
    if (stopped) return undefined;
    const { day } = stored;
    const { verdict, contents } = await examineDay(events, stored, await judgement(), true);
    if (verdict.state !== 'due' || !contents) return verdict;
    await check();
    const { document } = await deleteDay(deleting, verdict, contents.sources, by);
    const count = document.sources.reduce((sum, { stored: one }) => sum + one, 0);
    log.info({ day, events: count, bytes: document.bytes, by }, 'A day of events was deleted by retention.');
    return document;
  }

  async function work(by: string, dryRun: boolean): Promise<RunReport> {
    const startedAt = new Date(now()).toISOString();
    let verdicts: DayVerdict[] = [];
    const deleted: string[] = [];
    let deletedEvents = 0;
    let deletedBytes = 0;
    let failure: string | null = null;
    try {
      await inTurn(() => finishDeletions(deleting));
      verdicts = await days();
      for (const { day, state, events: count, bytes } of verdicts) {
        if (state !== 'due' || stopped) continue;
        const result = dryRun
          ? undefined
          : await inTurn((check) => deleteIfDue({ day, events: count, bytes }, by, check));
        if (dryRun || (result && 'begunAt' in result)) {
          deleted.push(day);
          deletedEvents += count;
          deletedBytes += bytes;
          if (!dryRun && options.alone) await pause(YIELD_MS, undefined, { ref: false });
        } else if (result) verdicts = verdicts.map((one) => (one.day === day ? result : one));
      }
      if (stopped) failure = 'The server was stopped meanwhile.';
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
      log.error({ err: error }, 'Retention could not go on; the next run tries again.');
    }
    const endedAt = new Date(now()).toISOString();
    const report = { startedAt, endedAt, by, dryRun, days: verdicts, deleted, deletedEvents, deletedBytes, failure };
    await keepReport(report);
    return report;
  }

  async function keepReport(report: RunReport): Promise<void> {
    const value = { ...report, days: report.days.filter(({ state }) => state !== 'kept').slice(0, MOST_DAYS_KEPT) };
    await put(LAST_RUN, value).catch((error: unknown) => {
      log.warn({ err: error }, 'The report of a retention run could not be kept.');
    });
  }

  async function put(id: string, value: unknown): Promise<void> {
    const before = await view.get('setting', id);
    if (before) await view.replace('setting', id, { value }, before.version);
    else await view.create('setting', id, { value });
  }

  /** Who asks for the same while it runs gets the same; a dry run is no reason to leave a real one out. */
  async function run(by: string, dryRun: boolean): Promise<RunReport> {
    while (current) {
      const report = await current;
      if (report.dryRun === dryRun) return report;
    }
    current = work(by, dryRun).finally(() => {
      current = undefined;
    });
    return current;
  }

  return {
    minimumMonths,
    policy,
    days,
    run,
    async setPolicy(wanted) {
      const problem = policyProblem(wanted, minimumMonths);
      if (problem !== undefined) throw new HaidangError('HD_BAD_REQUEST', problem);
      await put(POLICY, wanted);
    },
    async lastRun() {
      return (await view.get('setting', LAST_RUN))?.document.value as RunReport | undefined;
    },
    running: () => current !== undefined,
    begin(by, dryRun) {
      if (current || stopped) return false;
      void run(by, dryRun);
      return true;
    },
    deletions: (limit, after) =>
      view.find('deletion', {
        orderBy: { field: 'day', descending: true },
        limit,
        ...(after === undefined ? {} : { after }),
      }),
    holds: (identity, limit) => listHolds(records, identity, limit),
    placeHold: (request, by) => inTurn(() => writeHold(records, request, by, now())),
    liftHold: (id, reason, by) => inTurn(() => liftHold(records, id, reason, by, now())),
    next: () => next(),
    setNext(asked) {
      next = asked;
    },
    recover: () => inTurn(() => finishDeletions(deleting)),
    async stop() {
      stopped = true;
      await current?.catch(() => {});
      await turn;
    },
  };
}
