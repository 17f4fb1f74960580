import { reachOf } from '../../rules/engine/correlation-plan.ts';
import type { Rule } from '../../rules/rule.ts';
import { joinRules } from '../../rules/sigma/rule-set.ts';
import { SYSTEM } from '../identity.ts';
import type { Turn } from '../leases/membership.ts';
import type { Log } from '../log.ts';
import type { RecordStore } from '../store/record-store.ts';

export interface PruningOptions {
  readonly records: RecordStore;
  /** Rules in force now: none of their windows may lack a signal. */
  readonly rules: () => readonly Rule[];
  /** Days after which no event of a time comes any more (`evidence.close_after_days`). */
  readonly lateDays: number;
  /** Whether what a rule missed is being evaluated: that gives signals of long ago. */
  readonly busy: () => boolean;
  readonly log: Pick<Log, 'info' | 'error'>;
  readonly now?: () => number;
  /** Where several servers share the store: one of them does it at a time. */
  readonly turn?: Turn;
}

/** Removes signals that no window needs any more. */
export interface Pruning {
  /** One look; gives how many signals went. */
  run(): Promise<number>;
  stop(): Promise<void>;
}

/** How far signals were written at a time. */
interface Mark {
  /** Milliseconds. */
  readonly at: number;
  readonly position: number;
}

const LOOK_MS = 3_600_000;
/** For machines that run for minutes only. */
const FIRST_LOOK_MS = 300_000;
const DAY_MS = 86_400_000;
/** Marks are at least this far apart: one a day, also where a night's hour moves. */
const APART_MS = 20 * 3_600_000;
const MOST_MARKS = 1_000;

/** Starts to look every hour; most looks find nothing to do. */
export function startPruning(options: PruningOptions): Pruning {
  const { log, turn } = options;
  let running: Promise<number> | undefined;
  const once = async (): Promise<number> => {
    try {
      let removed = 0;
      const work = async () => {
        removed = await prune(options);
      };
      if (turn) await turn('job:signals', work);
      else await work();
      if (removed > 0) log.info({ signals: removed }, 'Signals that no correlation needs any more were removed.');
      return removed;
    } catch (err) {
      log.error({ err }, 'Old signals could not be removed; it is tried again in an hour.');
      return 0;
    }
  };
  const run = () => {
    running ??= once().finally(() => {
      running = undefined;
    });
    return running;
  };
  const timer = setInterval(() => void run(), LOOK_MS).unref();
  const first = setTimeout(() => void run(), FIRST_LOOK_MS).unref();
  return {
    run,
    async stop() {
      clearInterval(timer);
      clearTimeout(first);
      await running;
    },
  };
}

/**
 * A signal goes when it was written, and its second was, so many daily marks ago that nothing can come near it: the time that
 * events may be late and twice the longest window. Marks are made while the server runs, and come back with a restore, so
 * that days in which it stood still, and events that wait for it then, count for nothing.
 */
async function prune({ records, rules, lateDays, busy, now = Date.now }: PruningOptions): Promise<number> {
  if (busy()) return 0;
  const view = records.as(SYSTEM);
  // Positions of the two kinds of stores are no measure of each other: a store that moved begins anew.
  const id = `signals.marks.${records.matches ? 'steps' : 'batches'}`;
  const kept = await view.get('setting', id);
  // A clock that was ahead must not make signals look old.
  const marks = marksOf(kept?.document.value).filter(({ at }) => at <= now());
  const latest = marks.at(-1);
  if (latest && now() - latest.at < APART_MS) return 0;
  const next = [...marks, { at: now(), position: await records.signalPosition() }].slice(-MOST_MARKS);
  if (kept) await view.replace('setting', id, { value: next }, kept.version);
  else await view.create('setting', id, { value: next });
  const mark = next.at(-1 - marksNeeded(rules(), lateDays));
  return mark ? records.pruneSignals(mark.position, Math.floor(mark.at / 1000)) : 0;
}

/** How many marks must have come after the one up to which signals go. */
export function marksNeeded(rules: readonly Rule[], lateDays: number): number {
  const reaches = [...joinRules(rules).plans.values()].map(reachOf);
  // Matches of a second change members within a reach of it, which depend on counts within two.
  const spanMs = lateDays * DAY_MS + 2 * Math.max(0, ...reaches) * 1000;
  return Math.ceil(spanMs / APART_MS) + 1;
}

function marksOf(value: unknown): Mark[] {
  return Array.isArray(value) ? (value as Mark[]) : [];
}
