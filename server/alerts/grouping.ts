import type { CorrelationPlan } from '../../rules/engine/correlation-plan.ts';
import { MOST_VALUES } from '../../rules/engine/correlation-values.ts';
import { addValues } from '../../rules/engine/measure.ts';
import type { Rule } from '../../rules/rule.ts';
import { joinRules } from '../../rules/sigma/rule-set.ts';
import { CELL_EVENTS, type MatchCell } from '../detection/match-cell.ts';
import { SYSTEM } from '../identity.ts';
import { ruleVersions } from '../rules/version.ts';
import type { EventStore } from '../store/event-store.ts';
import type { AlertUpdate, DetectionCommit, RecordStore, Signal } from '../store/record-store.ts';
import { PROVINCE, partOf, stepGroup } from './keys.ts';
import { openSessionBook, type RowMatches } from './sessions.ts';
import { cellsOfStored } from './stored-cells.ts';
import { openWindowBook } from './windows.ts';

/** What the engine reads of the stores, to rebuild what it does not hold. */
export interface GroupingReads {
  /** Alerts of a row, in any order. */
  alertsOf(row: string): Promise<readonly AlertUpdate[]>;
  signalsOf(rule: string, group: string, from: number, to: number): Promise<readonly Signal[]>;
  /** Events by id; what is gone is left out. */
  eventsOf(ids: readonly string[]): Promise<readonly { readonly id: string; readonly event: object }[]>;
}

export interface GroupingOptions {
  readonly rules: readonly Rule[];
  readonly reads: GroupingReads;
  /** The store held no signals at the start. */
  readonly fresh: boolean;
  readonly maxRows?: number;
  readonly maxSeconds?: number;
}

/** Turns matches into signals and alerts. What it holds in memory is a cache: all of it is rebuilt from the store. */
export interface Grouping {
  /** One stretch's matches, in order of sequence. Commit what it gives before the next call; `step` as in `SessionBook.begin`. */
  apply(cells: readonly MatchCell[], now: string, step?: number): Promise<Omit<DetectionCommit, 'cursor'>>;
}

const MAX_ROWS = 4_000;
const MAX_SECONDS = 400_000;
const MAX_SESSIONS = 500;
const READS_AT_ONCE = 32;

/** Reads of the real stores. */
export function readsOf(records: RecordStore, events: EventStore): GroupingReads {
  return {
    async alertsOf(row) {
      // What became part of another alert is counted there.
      const where = { groupKey: [row], status: ['new', 'in_progress', 'closed'] };
      const filter = { where, orderBy: { field: 'last', descending: true }, limit: MAX_SESSIONS };
      const page = await records.as(SYSTEM).find('alert', filter);
      return page.records.map(({ id, document }) => ({ id, detected: document }));
    },
    signalsOf: (rule, group, from, to) => records.readSignals(rule, group, from, to),
    eventsOf: (ids) => events.as(SYSTEM).getMany(ids),
  };
}

/** Opens the alert engine over a set of rules. */
export function openGrouping(options: GroupingOptions): Grouping {
  const { reads } = options;
  const rules = new Map(options.rules.map((rule) => [rule.id, rule]));
  const { plans } = joinRules(options.rules);
  const sessions = openSessionBook(reads.alertsOf, options.maxRows ?? MAX_ROWS, ruleVersions(options.rules));
  const windows = openWindowBook(reads.signalsOf, {
    fresh: options.fresh,
    maxSeconds: options.maxSeconds ?? MAX_SECONDS,
  });

  const cross = async (plan: CorrelationPlan, cells: readonly MatchCell[]): Promise<readonly MatchCell[]> => {
    const found: MatchCell[] = [];
    for (const { cells: fresh, stored, second } of await windows.add(plan, cells)) {
      if (stored) found.push(...(await cellsOfStored(plan, cells[0], { ...stored, second }, reads.eventsOf)));
      found.push(...fresh);
    }
    return found;
  };

  /** One batch at a time, so that alerts do not depend on how many batches a stretch happened to take. */
  const applyBatch = async (cells: readonly MatchCell[]): Promise<readonly MatchCell[]> => {
    const landing: MatchCell[] = [];
    const groups = new Map<string, { readonly plan: CorrelationPlan; readonly cells: MatchCell[] }>();
    for (const cell of cells) {
      const plan = plans.get(cell.rule);
      if (!plan) {
        if (rules.get(cell.rule)?.kind === 'detection') landing.push(cell);
        continue;
      }
      const key = `${cell.rule} ${cell.group}`;
      const group = groups.get(key);
      if (group) group.cells.push(cell);
      else groups.set(key, { plan, cells: [cell] });
    }
    const crossed = await inTurns([...groups.values()], (own) => cross(own.plan, own.cells));
    landing.push(...crossed.flat().sort((a, b) => a.first - b.first));

    // A match of a rule of the province lands on the province's row and on its agency's part of it.
    const landed = landing.flatMap((cell): { readonly rule: Rule; readonly on: RowMatches }[] => {
      const rule = rules.get(cell.rule) as Rule;
      const part = partOf(cell.row);
      if (!part) return [{ rule, on: cell }];
      return [
        { rule, on: { ...cell, row: part.row, agency: PROVINCE, of: part.agency } },
        { rule, on: cell },
      ];
    });
    const rows = new Map(landed.map(({ rule, on }) => [on.row, rule]));
    await inTurns([...rows], ([row, rule]) => sessions.load(rule, row));
    for (const { rule, on } of landed) sessions.add(rule, on);
    return [...groups.values()].flatMap((own) => own.cells);
  };

  return {
    async apply(cells, now, step) {
      // What the last call gave is committed by now: only then may it be forgotten here.
      sessions.trim();
      windows.trim();
      if (step !== undefined) sessions.begin(step);
      const batches = new Map<number, MatchCell[]>();
      for (const cell of cells) listed(batches, cell.batch).push(cell);
      const signals: Signal[] = [];
      for (const own of batches.values()) signals.push(...signalsOf(await applyBatch(own)));
      return { signals, alerts: sessions.takeChanged(now) };
    },
  };
}

function listed<Key>(lists: Map<Key, MatchCell[]>, key: Key): MatchCell[] {
  const known = lists.get(key);
  if (known) return known;
  const fresh: MatchCell[] = [];
  lists.set(key, fresh);
  return fresh;
}

/** Merges a batch's cells of one second, correlation group and step into one signal, divided by row. */
function signalsOf(cells: readonly MatchCell[]): readonly Signal[] {
  const merged = new Map<string, MatchCell[]>();
  for (const cell of cells) {
    listed(merged, `${cell.rule} ${cell.group} ${cell.step} ${cell.second} ${cell.batch}`).push(cell);
  }
  return [...merged.values()].map((own) => {
    const [{ rule, group, step, second, batch }] = own as [MatchCell];
    const rows: Record<string, number> = {};
    for (const cell of own) rows[cell.row] = (rows[cell.row] ?? 0) + cell.count;
    const count = own.reduce((sum, cell) => sum + cell.count, 0);
    const events = own.flatMap((cell) => cell.events).slice(0, CELL_EVENTS);
    const signal = { rule, group: stepGroup(group, step), second, batch, count, events, rows };
    if (!own.some((cell) => cell.values)) return signal;
    const values = new Map<string, number>();
    for (const cell of own) addValues(values, cell.values ?? [], MOST_VALUES);
    return { ...signal, values: [...values] };
  });
}

/** Runs a task for each, a few at a time, and gives the answers in order. */
async function inTurns<Item, Answer>(items: readonly Item[], task: (item: Item) => Promise<Answer>): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let at = 0; at < items.length; at += READS_AT_ONCE) {
    answers.push(...(await Promise.all(items.slice(at, at + READS_AT_ONCE).map(task))));
  }
  return answers;
}
