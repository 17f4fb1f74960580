import { randomBytes } from 'node:crypto';
import { readField } from '../../../ecs/event.ts';
import { HaidangError } from '../../errors.ts';
import { SYSTEM } from '../../identity.ts';
import type { Log } from '../../log.ts';
import type { EventStore } from '../../store/event-store.ts';
import type { RecordStore } from '../../store/record-store.ts';
import type { RuleRegistry } from '../registry.ts';
import { readDecisions } from '../settings.ts';
import { candidateOfText, countersOf } from './candidate.ts';
import { runBacktest } from './run-backtest.ts';
import type { Backtest, BacktestResult, NewBacktest } from './schema.ts';
import type { TallyResult } from './tally.ts';

/** Evaluates rules over what is stored, one at a time. */
export interface Backtests {
  /** @throws HaidangError `HD_TOO_MANY`, `HD_RULE_INVALID`, `HD_NOT_FOUND` */
  start(request: NewBacktest, by: string): Promise<Backtest>;
  /** The one that runs, or the last one. */
  current(): Backtest | undefined;
  cancel(): Promise<Backtest | undefined>;
  /** Those of a rule that are kept, latest first. */
  list(rule: string): Promise<readonly Backtest[]>;
  /** Wordings of a rule that were tested to the end, over all agencies. */
  tested(rule: string): ReadonlySet<string>;
  stop(): Promise<void>;
}

const DAY_MS = 86_400_000;
/** Backtests kept of one rule. */
const KEPT = 20;
const PAGE = 1_000;
const TEXT = 500;
const NONE: ReadonlySet<string> = new Set();

/** Opens the book of backtests with those that were made before. */
export async function openBacktests(options: {
  readonly registry: Pick<RuleRegistry, 'plain' | 'preview' | 'indicators'>;
  readonly events: EventStore;
  readonly records: RecordStore;
  readonly timeZone: string;
  readonly log: Log;
}): Promise<Backtests> {
  const { registry, events, records, timeZone, log } = options;
  const view = records.as(SYSTEM);
  const tested = new Map<string, Set<string>>();
  const note = ({ rule, version, state, agency }: Pick<Backtest, 'rule' | 'version' | 'state' | 'agency'>): void => {
    if (state !== 'done' || agency !== null) return;
    const known = tested.get(rule) ?? new Set();
    tested.set(rule, known.add(version));
  };
  for (let after: string | undefined; ; ) {
    const page = await view.find('rule-backtest', { limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const { document } of page.records) note(document);
    if (page.next === null) break;
    after = page.next;
  }
  let current: Backtest | undefined;
  let ending: AbortController | undefined;
  let running: Promise<void> = Promise.resolve();

  const samplesOf = async (ids: readonly string[]): Promise<BacktestResult['samples']> => {
    const found = await events.as(SYSTEM).getMany(ids);
    return found.map(({ id, event }) => ({
      id,
      at: String(event['@timestamp'] ?? ''),
      agency: String(readField(event, 'organization.id') ?? ''),
      text: String(readField(event, 'message') ?? readField(event, 'event.original') ?? '').slice(0, TEXT),
    }));
  };
  const keep = async (backtest: Backtest): Promise<void> => {
    await view.create('rule-backtest', backtest.id, backtest);
    note(backtest);
    const orderBy = { field: 'at', descending: true };
    const { records: all } = await view.find('rule-backtest', {
      where: { rule: [backtest.rule] },
      orderBy,
      limit: 100,
    });
    for (const { id } of all.slice(KEPT)) await view.remove('rule-backtest', id);
  };

  return {
    async start({ rule, yaml, days, agency }, by) {
      const refuse = () => {
        if (current?.state !== 'running') return;
        const what = `A backtest of rule "${current.rule}" is under way; cancel it or wait.`;
        throw new HaidangError('HD_TOO_MANY', what, { retryAfter: 5 });
      };
      refuse();
      const candidate = await candidateOfText(registry, rule, yaml);
      const { settings } = await readDecisions(records);
      const now = Date.now();
      const counters = countersOf(candidate, settings.get(rule), now);
      // Somebody may have begun one while the text was read.
      refuse();
      const stop = new AbortController();
      ending = stop;
      const made: Backtest = {
        id: randomBytes(8).toString('hex'),
        rule,
        version: candidate.version,
        days,
        agency,
        by,
        at: new Date(now).toISOString(),
        state: 'running',
        progress: { done: 0, total: 0 },
        result: null,
        error: null,
      };
      current = made;
      const change = (part: Partial<Backtest>): void => {
        if (current?.id === made.id) current = { ...current, ...part };
      };
      const finish = async (found: TallyResult): Promise<void> => {
        const hidden = [...counters].map(([id, { exception }]) => ({
          exception: exception.id,
          kql: exception.kql,
          events: found.hidden[id] ?? 0,
        }));
        const result: BacktestResult = { ...found, hidden, samples: await samplesOf(found.samples) };
        const whole: Backtest = { ...made, state: 'done', progress: current?.progress ?? made.progress, result };
        await keep(whole);
        change(whole);
      };
      const own = {
        rules: [...candidate.rules, ...[...counters.values()].map(({ counter }) => counter)],
        rule,
        indicators: registry.indicators,
        from: now - days * DAY_MS,
        agency,
        timeZone,
      };
      running = runBacktest(events, own, (done, total) => change({ progress: { done, total } }), stop.signal)
        .then(finish)
        .catch((error: unknown) => {
          if (stop.signal.aborted) return change({ state: 'cancelled' });
          const reason = error instanceof Error ? error.message : String(error);
          change({ state: 'failed', error: reason });
          log.warn({ rule, reason }, 'A backtest failed.');
        });
      return made;
    },
    current: () => current,
    async cancel() {
      ending?.abort();
      await running;
      return current;
    },
    async list(rule) {
      const orderBy = { field: 'at', descending: true };
      const page = await view.find('rule-backtest', { where: { rule: [rule] }, orderBy, limit: KEPT });
      return page.records.map(({ document }) => document);
    },
    tested: (rule) => tested.get(rule) ?? NONE,
    async stop() {
      ending?.abort();
      await running;
    },
  };
}
