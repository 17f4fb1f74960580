import { type CorrelationInterval, correlate } from '../../rules/engine/correlate.ts';
import type { CorrelationRule } from '../../rules/rule.ts';
import type { MatchCell } from '../detection/match-cell.ts';
import type { Signal } from '../store/record-store.ts';

/** Signals of one group that the store has, within seconds (both ends included). */
export type SignalsOf = (rule: string, group: string, from: number, to: number) => Promise<readonly Signal[]>;

/** Matches of a second that crossed a threshold: in memory with all their details, or known by signals alone. */
export interface CrossedSecond {
  readonly second: number;
  readonly cells: readonly MatchCell[];
  /** Counted before this start or long ago: how many by alert row, and event ids to read the rest from. */
  readonly stored: { readonly rows: ReadonlyMap<string, number>; readonly events: readonly string[] } | undefined;
}

/** One second of one group. */
interface SecondState {
  count: number;
  /** Came since the start, and are on no alert yet. */
  cells: MatchCell[];
  /** Read from signals: how many by alert row, and event ids. */
  rows: Map<string, number>;
  events: string[];
}

interface GroupState {
  readonly rule: CorrelationRule;
  readonly group: string;
  readonly seconds: Map<number, SecondState>;
  /** Seconds known from the store or from the stream, both ends included. */
  from: number;
  to: number;
}

/** Counts of correlations' groups by second; a bounded cache of what signals hold. */
export interface WindowBook {
  /** Adds one group's new matches; gives the seconds whose matches now belong to an alert and did not before. */
  add(rule: CorrelationRule, cells: readonly MatchCell[]): Promise<readonly CrossedSecond[]>;
  /** Forgets seconds out of reach, and groups used longest ago past the bound; call after a commit only. */
  trim(): void;
}

/**
 * Opens a window book. A second is a member where some window of the rule's timespan that holds it satisfies the rule
 * (`rules/engine/correlate.ts`). Matches at second `s` change members within a timespan of `s`, which depend on counts
 * within two timespans: that much is read, compared before and after, and no more needs remembering. `fresh`: the store
 * held no signals at the start, so that only what was forgotten since must be read back.
 */
export function openWindowBook(signalsOf: SignalsOf, options: { fresh: boolean; maxSeconds: number }): WindowBook {
  const groups = new Map<string, GroupState>();
  /** Latest second forgotten, by rule. */
  const forgotten = new Map<string, number>();
  /** Groups added to since the last commit, and from which second on they are still of use. */
  const touched = new Map<GroupState, number>();
  let held = 0;

  const forget = (state: GroupState, second: number) => {
    forgotten.set(state.rule.id, Math.max(second, forgotten.get(state.rule.id) ?? second));
    if (state.seconds.delete(second)) held--;
  };
  const readBack = async (state: GroupState, from: number, to: number) => {
    if (from > to) return;
    if (options.fresh && from > (forgotten.get(state.rule.id) ?? Number.NEGATIVE_INFINITY)) return;
    for (const signal of await signalsOf(state.rule.id, state.group, from, to)) {
      if (!state.seconds.has(signal.second)) held++;
      addSignal(state.seconds, signal);
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
    async add(rule, cells) {
      const key = cells[0]?.group ?? '';
      const id = `${rule.id} ${key}`;
      const state = groups.get(id) ?? { rule, group: key, seconds: new Map(), from: 0, to: -1 };
      groups.delete(id);
      groups.set(id, state);
      const span = rule.timespanSeconds;
      const crossed: CrossedSecond[] = [];
      for (const cluster of clusters(cells, 4 * span)) {
        await cover(state, cluster.from - 2 * span, cluster.to + 2 * span);
        const before = state.seconds.size;
        crossed.push(...addCluster(state, cluster));
        held += state.seconds.size - before;
        touched.set(state, cluster.from - 2 * span);
      }
      return crossed;
    },
    trim() {
      for (const [state, keepFrom] of touched) {
        for (const second of [...state.seconds.keys()]) if (second < keepFrom) forget(state, second);
        state.from = Math.max(state.from, keepFrom);
      }
      touched.clear();
      for (const [id, state] of groups) {
        if (held <= options.maxSeconds && groups.size <= options.maxSeconds) return;
        for (const second of [...state.seconds.keys()]) forget(state, second);
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

function addCluster(state: GroupState, cluster: Cluster): CrossedSecond[] {
  const { rule, seconds } = state;
  const reach = { from: cluster.from - 2 * rule.timespanSeconds, to: cluster.to + 2 * rule.timespanSeconds };
  const membersBefore = membersOf(rule, seconds, reach);
  const added = new Map<number, MatchCell[]>();
  for (const cell of cluster.cells) {
    const own = added.get(cell.second);
    if (own) own.push(cell);
    else added.set(cell.second, [cell]);
    addCell(seconds, cell);
  }
  const membersAfter = membersOf(rule, seconds, reach);
  const crossed: CrossedSecond[] = [];
  const touchFrom = cluster.from - rule.timespanSeconds;
  const touchTo = cluster.to + rule.timespanSeconds;
  for (const [second, entry] of seconds) {
    if (second < touchFrom || second > touchTo) continue;
    const cells = added.get(second) ?? [];
    if (!isMember(membersAfter, second)) {
      entry.cells.push(...cells);
      continue;
    }
    if (isMember(membersBefore, second)) {
      if (cells.length > 0) crossed.push({ second, cells, stored: undefined });
      continue;
    }
    const stored = entry.rows.size > 0 ? { rows: entry.rows, events: entry.events } : undefined;
    crossed.push({ second, cells: [...entry.cells, ...cells], stored });
    entry.cells = [];
    entry.rows = new Map();
    entry.events = [];
  }
  return crossed;
}

function membersOf(
  rule: CorrelationRule,
  seconds: ReadonlyMap<number, SecondState>,
  reach: { readonly from: number; readonly to: number },
): readonly CorrelationInterval[] {
  const pairs: [number, number][] = [];
  let sum = 0;
  for (const [second, { count }] of seconds) {
    if (second < reach.from || second > reach.to || count === 0) continue;
    pairs.push([second, count]);
    sum += count;
  }
  // Most groups never come near their threshold.
  if ((rule.compare === 'gte' && sum < rule.threshold) || (rule.compare === 'gt' && sum <= rule.threshold)) return [];
  return correlate(
    pairs.sort((a, b) => a[0] - b[0]),
    rule,
  );
}

function isMember(intervals: readonly CorrelationInterval[], second: number): boolean {
  return intervals.some(({ first, last }) => second >= first && second <= last);
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
