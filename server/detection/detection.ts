import { setImmediate as immediate } from 'node:timers/promises';
import { explain } from '../../rules/engine/explain.ts';
import type { DetectionRule, Rule, RuleProblem } from '../../rules/rule.ts';
import type { Placeholders } from '../../rules/sigma/placeholders.ts';
import { readsOf } from '../alerts/grouping.ts';
import { openAssetBook } from '../assets/book.ts';
import type { SharedIndicators } from '../indicators/watch.ts';
import type { Log } from '../log.ts';
import { joinedRules } from '../rules/joined.ts';
import { ruleVersions } from '../rules/version.ts';
import type { EventStore, StoredBatch } from '../store/event-store.ts';
import type { GroupedUpTo } from '../store/match-log.ts';
import type { DetectionCommit, RecordStore } from '../store/record-store.ts';
import { type DetectionThread, type EvaluatedStretch, isEvaluated, startDetectionThread } from './detection-thread.ts';
import { openHandOn } from './hand-on.ts';
import type { StretchAlerts } from './messages.ts';
import { openPatience, type Pauses, type Trouble } from './patience.ts';
import { openRefills, type Refill } from './refill.ts';
import { openRuleSpans, type RuleGap, type RuleSpan } from './rule-spans.ts';
import { joinReports, type WatchReport } from './rule-watch.ts';
import type { SelfTestResult } from './self-test.ts';
import { openStretches } from './stretches.ts';

/** Rules that are enabled, and what was refused. */
export interface LoadedRules {
  readonly rules: readonly Rule[];
  readonly problems: readonly RuleProblem[];
  /** Rules that only count what exceptions hide (`server/rules/shadow.ts`). */
  readonly shadows?: readonly Rule[];
  /** What rules that stand for lists look for. */
  readonly indicators?: SharedIndicators | undefined;
  /** Lists for `expand`, by name. */
  readonly lists?: Placeholders;
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
  /** Stored, and not yet evaluated or not in alerts. */
  readonly lagEvents: number;
  /** Stored and not yet evaluated: what is not in alerts yet may be another server's part. */
  readonly unevaluated?: number;
  /** What keeps evaluation from going on; it is tried until it works. */
  readonly trouble?: Trouble;
}

export interface Detection {
  /** Takes a batch just stored; never waits. */
  offer(batch: StoredBatch): void;
  state(): DetectionState;
  /** Hears how far this server's matches went into alerts, where one server groups for all. */
  grouped(done: GroupedUpTo | undefined): void;
  /** Dotted names of the fields that made a rule match an event; of a correlation: by the rules it counts. Empty where it is not enabled. */
  explain(ruleId: string, event: object): readonly string[];
  /**
   * Evaluates by other rules from the next stretch on, without a pause: they are compiled beside those in use. Resolves
   * once they are in force; rejects, with the old ones in force, where they cannot be.
   */
  use(rules: LoadedRules): Promise<void>;
  /** Since when each rule evaluates, and what it missed, by rule id. */
  spans(): ReadonlyMap<string, RuleSpan>;
  /** Evaluates a gap of a rule after the fact. */
  refill(rule: string, gap: Pick<RuleGap, 'from' | 'to'>): Promise<void>;
  refills(): readonly Refill[];
  /** Runs rules' own samples in the thread that evaluates. */
  selfTest(rules: readonly string[]): Promise<readonly SelfTestResult[]>;
  /** What was seen of live events since the last asking. */
  watch(): Promise<WatchReport>;
  stop(): Promise<void>;
}

export interface DetectionOptions {
  readonly events: EventStore;
  readonly records: RecordStore;
  readonly rules: LoadedRules;
  readonly log: Log;
  /** Called with the ids of alerts that changed, after they are written. */
  readonly onAlertsChanged: (ids: readonly string[]) => void;
  /** Of a store that several servers share: called after matches were written for whoever groups them. */
  readonly onMatches?: () => void;
  readonly now?: () => number;
  /** Tells servers that share a store apart. */
  readonly node?: string;
  /** Between tries where the store fails; for tests. */
  readonly pauses?: Pauses;
}

/** A cursor without alerts is written at most this late, milliseconds: what is lost of it is only evaluated again. */
const IDLE_CURSOR_MS = 1_000;
const MAX_GAPS = 1_000;
/** Stretches of new events between two of what a rule missed. */
const LIVE_IN_A_ROW = 4;

/** Rules and the thread that evaluates by them. */
interface InForce {
  readonly loaded: LoadedRules;
  readonly thread: DetectionThread;
  readonly ids: ReadonlySet<string>;
  readonly detections: readonly DetectionRule[];
  readonly counted: ReadonlyMap<string, readonly DetectionRule[]>;
}

function inForceOf(loaded: LoadedRules, thread: DetectionThread): InForce {
  const { detections, counted } = joinedRules(loaded.rules);
  return { loaded, thread, detections, counted, ids: new Set(loaded.rules.map(({ id }) => id)) };
}

/** What the thread compiles: the rules, and those that count what exceptions hide. */
function threadRules({ rules, shadows = [] }: LoadedRules): readonly Rule[] {
  return [...rules, ...shadows];
}

/**
 * Starts evaluation of all that is stored, from the cursor on, in order of sequence. Each stretch's signals, alerts and
 * cursor are written at once, so that a crash at any moment leaves a state from which reading on gives the same alerts.
 */
export async function startDetection(options: DetectionOptions): Promise<Detection> {
  const { events, records, rules, log, onAlertsChanged } = options;
  const now = options.now ?? Date.now;
  const handOn = records.matches && (await openHandOn(records.matches, options.onMatches ?? (() => undefined)));
  const handsOn = handOn !== undefined;
  const begun = Math.max(await records.detectionCursor(), handOn?.begun ?? 0);
  const patience = openPatience(log, options.pauses, now);
  const stretches = openStretches(events, await events.lastSequence(), patience);
  const reads = readsOf(records, events);
  const assets = openAssetBook(records);
  const spans = await openRuleSpans(
    records,
    options.node === undefined ? undefined : `rules.spans.${options.node}`,
    now,
  );
  await spans.begin(ruleVersions(rules.rules), begun);
  const refills = await openRefills(events, records, spans);
  let inForce = inForceOf(
    rules,
    startDetectionThread({
      rules: threadRules(rules),
      indicators: rules.indicators,
      reads,
      fresh: begun === 0,
      handsOn,
      log,
    }),
  );
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
  const commit = ({ entries = [], ...part }: DetectionCommit & StretchAlerts) =>
    // The same documents at each try: it changes nothing where the first did go through.
    patience.insist('Alerts could not be written', async () => {
      if (entries.length > 0) await handOn?.append(entries, part.signals);
      // Of what is handed on the cursor alone is left to write, which may come later.
      if (entries.length > 0 && part.signals.length + part.alerts.length === 0) return;
      const { changed } = await records.commitDetection({ ...part, alerts: await assets.weighed(part.alerts) });
      written = part.cursor;
      if (changed.length > 0) onAlertsChanged(changed);
    });
  /** Rules that are compiled and wait for the stretch under way to be written. */
  let coming: { readonly rules: InForce; readonly done: PromiseWithResolvers<void> } | undefined;
  /** By threads that were replaced, and not asked for since. */
  let seen: WatchReport | undefined;
  let wake = Promise.withResolvers<void>();
  const wakeUp = () => {
    wake.resolve();
    wake = Promise.withResolvers();
  };
  const group = async (stretch: EvaluatedStretch): Promise<StretchAlerts> => {
    const found = stretch.results.reduce((sum, result) => sum + (isEvaluated(result) ? result.cells : 0), 0);
    if (found === 0) return { signals: [], alerts: [] };
    return patience.insist('Alerts could not be read', () =>
      inForce.thread.group(stretch, new Date(now()).toISOString()),
    );
  };
  /** Never rejects: what a stop cuts short is evaluated again at the next start. */
  const write = async ({ batches, results }: EvaluatedStretch, alerts: StretchAlerts) => {
    const last = batches.at(-1)?.lastSequence ?? cursor;
    try {
      const { signals, alerts: changed, entries = [] } = alerts;
      if (signals.length + changed.length + entries.length > 0) await commit({ cursor: last, ...alerts });
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

  /** Puts compiled rules in force. Where they begin is written first, so that no event counts as missed and is evaluated too. */
  const putInForce = async () => {
    const next = coming;
    if (!next) return;
    coming = undefined;
    try {
      await writing;
      await writeCursor();
      if (broken || written < cursor) throw new Error('The place of evaluation could not be written.');
      await spans.begin(ruleVersions(next.rules.loaded.rules), cursor);
    } catch (error) {
      await next.rules.thread.stop();
      return next.done.reject(error);
    }
    const before = inForce.thread;
    inForce = next.rules;
    // What it saw since the last asking must not go with it.
    const report = await before.watch().catch(() => undefined);
    if (report) seen = seen ? joinReports(seen, report) : report;
    await before.stop().finally(() => next.done.resolve());
  };
  /** One stretch of what a rule missed. What it gives is written with how far that is. */
  const refillOne = async () => {
    const { ids } = inForce;
    const next = await patience.insist('What a rule missed could not be read', () => refills.next(ids));
    if (!next) return;
    const stretch = await inForce.thread.evaluate(next.batches, [next.rule]);
    await writing;
    const { signals, ...alerts } = await group(stretch);
    writing = writing.then(async () => {
      try {
        if (broken) return;
        await commit({ cursor, signals: [...signals, refills.marker(next.batches)], ...alerts });
        refills.written(next.batches);
      } catch {
        broken = true;
      }
    });
    await writing;
  };
  const run = async () => {
    let evaluated = begun;
    let next: Promise<readonly StoredBatch[]> | undefined;
    let inARow = 0;
    while (!stopped) {
      await putInForce();
      next ??= stretches.next(evaluated);
      // Looked at in its turn, which may come after a stretch of what was missed.
      next.catch(() => undefined);
      const isFilling = refills.list().length > 0;
      const batches = await Promise.race([next, isFilling ? immediate(undefined) : wake.promise]);
      // What was missed must not wait for a quiet hour, nor hold up what is new.
      if (isFilling && (batches === undefined || inARow >= LIVE_IN_A_ROW)) {
        inARow = 0;
        await refillOne();
        continue;
      }
      if (batches === undefined) continue;
      if (batches.length === 0) break;
      next = undefined;
      inARow++;
      // The thread evaluates one stretch while the one before is written.
      const stretch = await inForce.thread.evaluate(batches);
      evaluated = batches.at(-1)?.lastSequence ?? evaluated;
      await writing;
      const alerts = await group(stretch);
      writing = writing.then(() => write(stretch, alerts));
    }
  };
  const running = run()
    .catch((error) => {
      if (!stopped) log.error({ err: error }, 'Detection stopped; restart the server. Events are stored meanwhile.');
    })
    .finally(() => coming?.done.reject(new Error('Detection has stopped.')));

  return {
    offer: (batch) => stretches.offer(batch),
    state() {
      const newest = stretches.newest();
      const settled = handOn?.settled(cursor) ?? cursor;
      const lag = { lagEvents: Math.max(0, newest - settled), unevaluated: Math.max(0, newest - cursor) };
      const trouble = patience.trouble();
      return { cursor: settled, gaps: [...gaps], ...lag, ...(trouble ? { trouble } : {}) };
    },
    grouped: (done) => handOn?.grouped(done),
    explain(ruleId, event) {
      const { counted, detections } = inForce;
      const matching = counted.get(ruleId) ?? detections.filter(({ id }) => id === ruleId);
      return [...new Set(matching.flatMap((rule) => explain(rule, event)))];
    },
    async use(next) {
      if (stopped) throw new Error('Detection has stopped.');
      const thread = startDetectionThread({
        rules: threadRules(next),
        indicators: next.indicators,
        reads,
        fresh: false,
        handsOn,
        log,
      });
      try {
        await thread.ready;
        // It may have been stopped meanwhile, and then nobody would ever put these in force.
        if (stopped) throw new Error('Detection has stopped.');
      } catch (error) {
        await thread.stop();
        throw error;
      }
      const earlier = coming;
      const done = Promise.withResolvers<void>();
      coming = { rules: inForceOf(next, thread), done };
      wakeUp();
      if (earlier) {
        earlier.done.reject(new Error('Newer rules came before these were in force.'));
        await earlier.rules.thread.stop();
      }
      await done.promise;
    },
    spans: () => spans.all(),
    async refill(rule, gap) {
      await refills.add(rule, gap);
      wakeUp();
    },
    refills: () => refills.list(),
    selfTest: (ids) => inForce.thread.selfTest(ids),
    async watch() {
      const report = await inForce.thread.watch();
      const before = seen;
      seen = undefined;
      return before ? joinReports(before, report) : report;
    },
    async stop() {
      stopped = true;
      clearInterval(idleCursor);
      handOn?.stop();
      stretches.stop();
      patience.stop();
      wakeUp();
      await Promise.all([inForce.thread.stop(), coming?.rules.thread.stop()]);
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
