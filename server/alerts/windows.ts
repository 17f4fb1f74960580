import { type CorrelationMembers, correlationMembers, isWithin } from '../../rules/engine/correlation-members.ts';
import { type CorrelationPlan, reachOf } from '../../rules/engine/correlation-plan.ts';
import type { MatchCell } from '../detection/match-cell.ts';
import type { Signal } from '../store/record-store.ts';
import { stepGroup } from './keys.ts';

/** Signals of one group that the store has, within seconds (both ends included). */
export type SignalsOf = (rule: string, group: string, from: number, to: number) => Promise<readonly Signal[]>;

/** Matches of a second and step that crossed a threshold: in memory with all their details, or known by signals alone. */
export interface CrossedSecond {
  readonly second: number;
  readonly cells: readonly MatchCell[];
  /** Counted before this start or long ago: how many by alert row, and event ids to read the rest from. */
  readonly stored: { readonly rows: ReadonlyMap<string, number>; readonly events: readonly string[] } | undefined;
}

/** One second of one group and step. */
interface SecondState {
  count: number;
  /** Came since the start, and are on no alert yet. */
  cells: MatchCell[];
  /** Read from signals: how many by alert row, and event ids. */
  rows: Map<string, number>;
  events: string[];
}

interface GroupState {
  readonly plan: CorrelationPlan;
  readonly group: string;
  /** By step. */
  readonly steps: readonly Map<number, SecondState>[];
  /** Seconds known from the store or from the stream, both ends included. */
  from: number;
  to: number;
}

/** Counts of correlations' groups by second; a bounded cache of what signals hold. */
export interface WindowBook {
  /** Adds one group's new matches; gives the seconds whose matches now belong to an alert and did not before. */
  add(plan: CorrelationPlan, cells: readonly MatchCell[]): Promise<readonly CrossedSecond[]>;
  /** Forgets seconds out of reach, and groups used longest ago past the bound; call after a commit only. */
  trim(): void;
}

/**
 * Opens a window book. A second is a member where some window of the rule's timespan that holds it satisfies the rule
 * (`rules/engine/correlation-members.ts`). Matches at second `s` change members within a reach (the longest timespan of
 * the rule and its steps) of `s`, which depend on counts within two: that much is read, compared before and after, and no
 * more needs remembering. `fresh`: the store held no signals at the start, so that only what was forgotten since must be
 * read back.
 */
export function openWindowBook(signalsOf: SignalsOf, options: { fresh: boolean; maxSeconds: number }): WindowBook {
  const groups = new Map<string, GroupState>();
  /** Latest second forgotten, by rule. */
  const forgotten = new Map<string, number>();
  /** Groups added to since the last commit, and from which second on they are still of use. */
  const touched = new Map<GroupState, number>();
  let held = 0;

  const forgetBefore = ({ plan, steps }: GroupState, keepFrom: number) => {
    for (const seconds of steps) {
      for (const second of [...seconds.keys()]) {
        if (second >= keepFrom) continue;
        forgotten.set(plan.rule.id, Math.max(second, forgotten.get(plan.rule.id) ?? second));
        if (seconds.delete(second)) held--;
      }
    }
  };
  const readBack = async (state: GroupState, from: number, to: number) => {
    if (from > to) return;
    const { id } = state.plan.rule;
    if (options.fresh && from > (forgotten.get(id) ?? Number.NEGATIVE_INFINITY)) return;
    for (const [step, seconds] of state.steps.entries()) {
      for (const signal of await signalsOf(id, stepGroup(state.group, step), from, to)) {
        if (!seconds.has(signal.second)) held++;
        addSignal(seconds, signal);
      }
    }
  };
  const cover = async (state: GroupState, from: number, to: number) => {
    if (state.from > state.to) {
      [state.from, state.to] = [from, to];
      await readBack(state, from, to);
      return;
    }
    const before: [number, number] = [state.from, state.to];
    if (from < before[0]) {
      state.from = from;
      await readBack(state, from, before[0] - 1);
    }
    if (to > before[1]) {
      state.to = to;
      await readBack(state, before[1] + 1, to);
    }
  };

  return {
    async add(plan, cells) {
      const key = cells[0]?.group ?? '';
      const id = `${plan.rule.id} ${key}`;
      const state = groups.get(id) ?? { plan, group: key, steps: plan.steps.map(() => new Map()), from: 0, to: -1 };
      groups.delete(id);
      groups.set(id, state);
      const reach = reachOf(plan);
      const crossed: CrossedSecond[] = [];
      for (const cluster of clusters(cells, 4 * reach)) {
        await cover(state, cluster.from - 2 * reach, cluster.to + 2 * reach);
        const before = secondsIn(state);
        crossed.push(...addCluster(state, cluster, reach));
        held += secondsIn(state) - before;
        touched.set(state, cluster.from - 2 * reach);
      }
      return crossed;
    },
    trim() {
      for (const [state, keepFrom] of touched) {
        forgetBefore(state, keepFrom);
        state.from = Math.max(state.from, keepFrom);
      }
      touched.clear();
      for (const [id, state] of groups) {
        if (held <= options.maxSeconds && groups.size <= options.maxSeconds) return;
        forgetBefore(state, Number.POSITIVE_INFINITY);
        groups.delete(id);
      }
    },
  };
}

interface Cluster {
  readonly from: number;
  to: number;
  readonly cells: MatchCell[];
}

/** Cells whose seconds lie within `reach` of each other, so that far ones do not span all the time between. */
function clusters(cells: readonly MatchCell[], reach: number): readonly Cluster[] {
  const found: Cluster[] = [];
  for (const cell of [...cells].sort((a, b) => a.second - b.second)) {
    const open = found.at(-1);
    if (open && cell.second - open.to <= reach) {
      open.to = cell.second;
      open.cells.push(cell);
    } else found.push({ from: cell.second, to: cell.second, cells: [cell] });
  }
  return found;
}

function secondsIn({ steps }: GroupState): number {
  return steps.reduce((sum, seconds) => sum + seconds.size, 0);
}

function addCluster(state: GroupState, cluster: Cluster, reach: number): CrossedSecond[] {
  const { plan, steps } = state;
  const within = { from: cluster.from - 2 * reach, to: cluster.to + 2 * reach };
  const before = membersOf(plan, steps, within);
  const added = steps.map((): Map<number, MatchCell[]> => new Map());
  for (const cell of cluster.cells) {
    const seconds = steps[cell.step];
    if (!seconds) continue;
    const own = added[cell.step]?.get(cell.second);
    if (own) own.push(cell);
    else added[cell.step]?.set(cell.second, [cell]);
    addCell(seconds, cell);
  }
  const after = membersOf(plan, steps, within);
  const crossed: CrossedSecond[] = [];
  for (const [step, seconds] of steps.entries()) {
    for (const [second, entry] of seconds) {
      if (second < cluster.from - reach || second > cluster.to + reach) continue;
      const cells = added[step]?.get(second) ?? [];
      if (!isWithin(after.ranges[step], second)) {
        entry.cells.push(...cells);
        continue;
      }
      if (isWithin(before.ranges[step], second)) {
        if (cells.length > 0) crossed.push({ second, cells, stored: undefined });
        continue;
      }
      const stored = entry.rows.size > 0 ? { rows: entry.rows, events: entry.events } : undefined;
      crossed.push({ second, cells: [...entry.cells, ...cells], stored });
      entry.cells = [];
      entry.rows = new Map();
      entry.events = [];
    }
  }
  return crossed;
}

function membersOf(
  plan: CorrelationPlan,
  steps: readonly ReadonlyMap<number, SecondState>[],
  within: { readonly from: number; readonly to: number },
): CorrelationMembers {
  const pairs = steps.map((seconds) => {
    const own: [number, number][] = [];
    for (const [second, { count }] of seconds) {
      if (second >= within.from && second <= within.to && count > 0) own.push([second, count]);
    }
    return own;
  });
  return correlationMembers(plan, pairs);
}

function addCell(seconds: Map<number, SecondState>, cell: MatchCell): void {
  const entry = seconds.get(cell.second);
  if (entry) entry.count += cell.count;
  else seconds.set(cell.second, { count: cell.count, cells: [], rows: new Map(), events: [] });
}

function addSignal(seconds: Map<number, SecondState>, signal: Signal): void {
  let entry = seconds.get(signal.second);
  if (!entry) {
    entry = { count: 0, cells: [], rows: new Map(), events: [] };
    seconds.set(signal.second, entry);
  }
  entry.count += signal.count;
  for (const [row, count] of Object.entries(signal.rows ?? {})) entry.rows.set(row, (entry.rows.get(row) ?? 0) + count);
  entry.events.push(...signal.events);
}
