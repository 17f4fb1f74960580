import { setTimeout as sleep } from 'node:timers/promises';
import type { Rule } from '../../rules/rule.ts';
import { readsOf } from '../alerts/grouping.ts';
import { openAssetBook } from '../assets/book.ts';
import { HaidangError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { EventStore } from '../store/event-store.ts';
import type { GroupingLease, GroupingLog, GroupingStep, MatchEntry, MatchLog } from '../store/match-log.ts';
import type { RecordStore } from '../store/record-store.ts';
import { type GroupingThread, startGroupingThread } from './grouping-thread.ts';

/** What grouping for all servers works with. */
export interface GrouperOptions {
  readonly matches: MatchLog;
  readonly events: EventStore;
  readonly records: RecordStore;
  readonly rules: readonly Rule[];
  readonly lease: GroupingLease;
  readonly log: Log;
  /** Called with the ids of alerts that changed, after they are written. */
  readonly onAlertsChanged: (ids: readonly string[]) => void;
  /** Called after each step, with how far the entries of each server are in alerts. */
  readonly onGrouped?: (done: ReturnType<GroupingLog['state']>['done']) => void;
  readonly now?: () => number;
}

/** Grouping under way. */
export interface Grouper {
  /** An entry was written: look at once. */
  wake(): void;
  /** Groups by other rules from the next step on. */
  use(rules: readonly Rule[]): void;
  /** Resolves when it was stopped or has lost its lease; never rejects. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** Pause between two looks at what other servers wrote, milliseconds. */
const LOOK_MS = 250;
const RETRY_MS = 500;
/** Looks without anything new before the last step is written down as done. */
const SETTLE_LOOKS = 4;

/** Groups what all servers evaluated, in steps, for as long as the lease is held. */
export function startGrouper(options: GrouperOptions): Grouper {
  const { matches, events, records, lease, log, onAlertsChanged } = options;
  let { rules } = options;
  const now = options.now ?? Date.now;
  const stopping = new AbortController();
  const assets = openAssetBook(records);
  let thread: GroupingThread | undefined;
  let wakened = false;
  let wakeNow: (() => void) | undefined;

  /** Tries until it works: what is waited for is the store. */
  const insist = async <Result>(what: string, act: () => Promise<Result>): Promise<Result> => {
    for (;;) {
      stopping.signal.throwIfAborted();
      try {
        return await act();
      } catch (error) {
        if (error instanceof HaidangError && error.code === 'HD_LEASE_LOST') throw error;
        stopping.signal.throwIfAborted();
        log.error({ err: error }, `${what}; it is tried again.`);
        await sleep(RETRY_MS);
      }
    }
  };
  const run = async (work: GroupingLog, group: GroupingThread, step: GroupingStep, entries: readonly MatchEntry[]) => {
    const { nodes } = work.state();
    const whole = entries.filter(({ body }) => body.byteLength > 0);
    if (whole.length < entries.length) {
      const gone = entries.length - whole.length;
      log.error({ step: step.step, gone }, 'Matches that were to be grouped are gone; alerts may lack them.');
    }
    const bodies = whole.map(({ node, body }) => ({ body, place: nodes.indexOf(node) }));
    const at = new Date(now()).toISOString();
    const grouped = await insist('Alerts could not be read', () => group.group(bodies, step.step, at));
    const alerts = await insist('Assets could not be read', () => assets.weighed(grouped.alerts));
    const result = { ...grouped, alerts };
    // The same documents at each try: it changes nothing where the first did go through.
    const changed = await insist('Alerts could not be written', () => work.write(result));
    if (changed.length > 0) onAlertsChanged(changed);
  };
  const wait = async () => {
    if (!wakened) {
      await new Promise<void>((done) => {
        wakeNow = done;
        setTimeout(done, LOOK_MS).unref();
      });
    }
    wakened = false;
  };
  const work = async () => {
    const grouping = await insist('Matches could not be read', () => matches.openGrouping(lease));
    const { begun, step } = grouping.state();
    const reads = {
      ...readsOf(records, events),
      signalsOf: (...asked: Parameters<GroupingLog['readSignals']>) => grouping.readSignals(...asked),
    };
    const fresh = step === 0 && !begun && (await insist('The store', () => records.detectionCursor())) === 0;
    thread = startGroupingThread({ rules, fresh }, reads);
    if (begun) {
      const entries = await insist('Matches could not be read', () => grouping.read(begun));
      await run(grouping, thread, begun, entries);
    }
    let idle = 0;
    let isSettled = begun === undefined;
    let inForce = rules;
    while (!stopping.signal.aborted) {
      if (inForce !== rules) {
        inForce = rules;
        await thread.stop();
        thread = startGroupingThread({ rules, fresh: false }, reads);
      }
      const entries = await insist('Matches could not be read', () => grouping.next());
      if (entries.length > 0) {
        const next = await insist('A step could not be begun', () => grouping.begin(entries));
        await run(grouping, thread, next, entries);
        idle = 0;
        isSettled = false;
        options.onGrouped?.(grouping.state().done);
        continue;
      }
      if (!isSettled && ++idle >= SETTLE_LOOKS) {
        await insist('The end of a step could not be written', () => grouping.settle());
        isSettled = true;
      }
      await wait();
    }
  };
  const ended = work()
    .catch((error) => {
      if (!stopping.signal.aborted) log.warn({ err: error }, 'This server no longer groups matches for all.');
    })
    .finally(() => thread?.stop());
  const wake = () => {
    wakened = true;
    wakeNow?.();
  };
  return {
    wake,
    ended,
    use(next) {
      rules = next;
    },
    async stop() {
      stopping.abort();
      wake();
      // What it was at is gone through again by whoever groups next.
      await thread?.stop();
      await ended;
    },
  };
}
