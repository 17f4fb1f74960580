import { setTimeout as sleep } from 'node:timers/promises';
import { explain } from '../../rules/engine/explain.ts';
import type { Rule, RuleProblem } from '../../rules/rule.ts';
import { joinRules } from '../../rules/sigma/rule-set.ts';
import { readsOf } from '../alerts/grouping.ts';
import type { Log } from '../log.ts';
import type { EventStore, StoredBatch } from '../store/event-store.ts';
import type { DetectionCommit, RecordStore } from '../store/record-store.ts';
import { type EvaluatedStretch, isEvaluated, startDetectionThread } from './detection-thread.ts';
import type { StretchAlerts } from './messages.ts';
import { openStretches } from './stretches.ts';

/** Rules that are enabled, and what was refused. */
export interface LoadedRules {
  readonly rules: readonly Rule[];
  readonly problems: readonly RuleProblem[];
}

/** Sequences that were stored and could not be evaluated, or are no longer there. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  readonly events: number;
}

export interface DetectionState {
  /** All up to here is evaluated, and its alerts are written. */
  readonly cursor: number;
  readonly gaps: readonly Gap[];
  /** Stored and not yet evaluated. */
  readonly lagEvents: number;
}

export interface Detection {
  /** Takes a batch just stored; never waits. */
  offer(batch: StoredBatch): void;
  state(): DetectionState;
  /** Dotted names of the fields that made a rule match an event; of a correlation: by the rules it counts. Empty where it is not enabled. */
  explain(ruleId: string, event: object): readonly string[];
  stop(): Promise<void>;
}

export interface DetectionOptions {
  readonly events: EventStore;
  readonly records: RecordStore;
  readonly rules: LoadedRules;
  readonly log: Log;
  /** Called with the ids of alerts that changed, after they are written. */
  readonly onAlertsChanged: (ids: readonly string[]) => void;
  readonly now?: () => number;
}

/** A cursor without alerts is written at most this late, milliseconds: what is lost of it is only evaluated again. */
const IDLE_CURSOR_MS = 1_000;
const RETRY_MS = 500;
const MAX_GAPS = 1_000;

/**
 * Starts evaluation of all that is stored, from the cursor on, in order of sequence. Each stretch's signals, alerts and
 * cursor are written at once, so that a crash at any moment leaves a state from which reading on gives the same alerts.
 */
export async function startDetection(options: DetectionOptions): Promise<Detection> {
  const { events, records, rules, log, onAlertsChanged } = options;
  const now = options.now ?? Date.now;
  const begun = await records.detectionCursor();
  const stretches = openStretches(events, await events.lastSequence());
  const reads = readsOf(records, events);
  const thread = startDetectionThread({ rules: rules.rules, reads, fresh: begun === 0, log });
  const { detections, counted } = joinRules(rules.rules);
  const gaps: Gap[] = [];
  let stopped = false;
  /** A stop came between evaluation and writing: the cursor must not pass that stretch. */
  let broken = false;
  /** Evaluated and written; the store's own cursor may lag behind over stretches without matches. */
  let cursor = begun;
  let written = begun;

  const addGap = (gap: Gap) => {
    gaps.push(gap);
    if (gaps.length > MAX_GAPS) gaps.shift();
  };
  const commit = async (part: DetectionCommit) => {
    for (;;) {
      try {
        // The same documents at each try: it changes nothing where the first did go through.
        const { changed } = await records.commitDetection(part);
        written = part.cursor;
        if (changed.length > 0) onAlertsChanged(changed);
        return;
      } catch (error) {
        if (stopped) throw error;
        log.error({ err: error }, 'Alerts could not be written; tried again.');
        await sleep(RETRY_MS);
      }
    }
  };
  const group = async (stretch: EvaluatedStretch): Promise<StretchAlerts> => {
    const found = stretch.results.reduce((sum, result) => sum + (isEvaluated(result) ? result.cells : 0), 0);
    while (found > 0) {
      try {
        return await thread.group(stretch, new Date(now()).toISOString());
      } catch (error) {
        if (stopped) throw error;
        log.error({ err: error }, 'Alerts could not be read; tried again.');
        await sleep(RETRY_MS);
      }
    }
    return { signals: [], alerts: [] };
  };
  /** Never rejects: what a stop cuts short is evaluated again at the next start. */
  const write = async ({ batches, results }: EvaluatedStretch, alerts: StretchAlerts) => {
    const last = batches.at(-1)?.lastSequence ?? cursor;
    try {
      if (alerts.signals.length + alerts.alerts.length > 0) await commit({ cursor: last, ...alerts });
    } catch {
      broken = true;
    }
    if (broken) return;
    noteGaps(cursor, batches, results, addGap, log);
    cursor = last;
  };
  const writeCursor = async () => {
    if (broken || cursor <= written) return;
    try {
      await records.commitDetection({ cursor, signals: [], alerts: [] });
      written = cursor;
    } catch (error) {
      log.warn({ err: error }, 'The place of evaluation could not be written; it is tried again.');
    }
  };

  let writing: Promise<void> = Promise.resolve();
  const idleCursor = setInterval(() => {
    writing = writing.then(writeCursor);
  }, IDLE_CURSOR_MS);
  idleCursor.unref();

  const run = async () => {
    let evaluated = begun;
    while (!stopped) {
      const batches = await stretches.next(evaluated);
      if (batches.length === 0) break;
      // The thread evaluates one stretch while the one before is written.
      const stretch = await thread.evaluate(batches);
      evaluated = batches.at(-1)?.lastSequence ?? evaluated;
      await writing;
      const alerts = await group(stretch);
      writing = writing.then(() => write(stretch, alerts));
    }
  };
  const running = run().catch((error) => {
    if (!stopped) log.error({ err: error }, 'Detection stopped; restart the server. Events are stored meanwhile.');
  });

  return {
    offer: (batch) => stretches.offer(batch),
    state: () => ({ cursor, gaps: [...gaps], lagEvents: Math.max(0, stretches.newest() - cursor) }),
    explain(ruleId, event) {
      const matching = counted.get(ruleId) ?? detections.filter(({ id }) => id === ruleId);
      return [...new Set(matching.flatMap((rule) => explain(rule, event)))];
    },
    async stop() {
      stopped = true;
      clearInterval(idleCursor);
      stretches.stop();
      await thread.stop();
      await running;
      await writing;
      await writeCursor();
    },
  };
}

function noteGaps(
  cursor: number,
  batches: readonly StoredBatch[],
  results: EvaluatedStretch['results'],
  addGap: (gap: Gap) => void,
  log: Log,
): void {
  let expected = cursor + 1;
  batches.forEach((batch, index) => {
    const { firstSequence, lastSequence } = batch;
    if (firstSequence > expected) addGap({ from: expected, to: firstSequence - 1, events: firstSequence - expected });
    const result = results[index];
    if (result && !isEvaluated(result)) {
      addGap({ from: firstSequence, to: lastSequence, events: lastSequence - firstSequence + 1 });
      log.error({ firstSequence, lastSequence, reason: result.failed }, 'A stored batch could not be evaluated.');
    }
    expected = lastSequence + 1;
  });
}
