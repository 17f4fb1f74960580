import { type CorrelationMembers, correlationMembers } from '../../rules/engine/correlation-members.ts';
import { type CorrelationPlan, reachOf, stepsNeeded } from '../../rules/engine/correlation-plan.ts';
import { isMonotone } from '../../rules/engine/measure.ts';
import { isWithin } from '../../rules/engine/step-track.ts';
import type { EventCountRule, ValueRule } from '../../rules/rule.ts';
import type { MatchCell } from '../detection/match-cell.ts';
import type { Signal } from '../store/record-store.ts';
import { Coverage } from './coverage.ts';
import { stepGroup } from './keys.ts';
import { StepSeconds } from './step-seconds.ts';

/** Signals of one group that the store has, within seconds (both ends included). */
export type SignalsOf = (rule: string, group: string, from: number, to: number) => Promise<readonly Signal[]>;

/** Matches of a second and step that crossed a threshold: in memory with all their details, or known by signals alone. */
export interface CrossedSecond {
  readonly second: number;
  readonly cells: readonly MatchCell[];
  /** Counted before this start or long ago: how many by alert row, and event ids to read the rest from. */
  readonly stored: { readonly rows: ReadonlyMap<string, number>; readonly events: readonly string[] } | undefined;
}

interface GroupState {
  readonly plan: CorrelationPlan;
  readonly group: string;
  /** By step. */
  readonly steps: readonly StepSeconds[];
  readonly covered: Coverage;
  /** Latest second that the store may hold and this does not, where the store was empty at first. */
  forgotten: number;
}

/** Counts of correlations' groups by second; a bounded cache of what signals hold. */
export interface WindowBook {
  /** Adds one group's new matches; gives the seconds whose matches now belong to an alert and did not before. */
  add(plan: CorrelationPlan, cells: readonly MatchCell[]): Promise<readonly CrossedSecond[]>;
  /** Forgets seconds out of reach, and groups used longest ago past the bound; call after a commit only. */
  trim(): void;
}

/** Where too much is held, groups in use forget what lies further back than so many reaches from their latest second. */
const KEPT_REACHES = 8;

/**
 * Opens a window book. A second is a member where some window of the rule's timespan that holds it satisfies the rule
 * (`rules/engine/correlation-members.ts`). Matches at second `s` change members within a reach (the longest timespan of
 * the rule and its steps) of `s`, which depend on counts within two: that much is read where it is not held, and only that
 * much is looked at. `fresh`: the store held no signals at the start, so that only what was forgotten since must be read
 * back.
 */
export function openWindowBook(signalsOf: SignalsOf, options: { fresh: boolean; maxSeconds: number }): WindowBook {
  const groups = new Map<string, GroupState>();
  /** Latest second of groups forgotten whole, by rule. */
  const forgotten = new Map<string, number>();
  const touched = new Set<GroupState>();
  let held = 0;

  const forget = (state: GroupState, from: number, to: number) => {
    const before = sizeOf(state);
    for (const seconds of state.steps) seconds.forget(from, to);
    held += sizeOf(state) - before;
    state.forgotten = Math.max(state.forgotten, to);
  };
  /** What is in use now keeps its latest stretch: of a back-fill over a long time the rest is read again. */
  const forgetPast = (state: GroupState) => {
    const kept = KEPT_REACHES * reachOf(state.plan);
    const latest = state.covered.stretches.at(-1)?.to ?? 0;
    for (const stretch of [...state.covered.stretches]) {
      const to = Math.min(stretch.to, latest - kept - 1);
      if (to < stretch.from) continue;
      forget(state, stretch.from, to);
      if (to === stretch.to) state.covered.drop(stretch);
      else stretch.from = to + 1;
    }
  };
  const forgetGroup = (id: string, state: GroupState) => {
    const { plan, covered } = state;
    for (const { from, to } of covered.stretches) forget(state, from, to);
    forgotten.set(plan.rule.id, Math.max(state.forgotten, forgotten.get(plan.rule.id) ?? Number.NEGATIVE_INFINITY));
    groups.delete(id);
  };
  const readBack = async (state: GroupState, from: number, to: number) => {
    if (options.fresh && from > state.forgotten) return;
    const { id } = state.plan.rule;
    let found = 0;
    const before = sizeOf(state);
    for (const [step, seconds] of state.steps.entries()) {
      for (const signal of await signalsOf(id, stepGroup(state.group, step), from, to)) {
        seconds.addSignal(signal);
        found++;
      }
    }
    held += sizeOf(state) - before;
    if (found > 0) judgeAgain(state, from, to);
  };
  const readUnread = async (state: GroupState, found: readonly FoundSecond[]): Promise<readonly CrossedSecond[]> => {
    const whole = new Map<FoundSecond, CrossedSecond>();
    for (const step of state.steps.keys()) {
      const unread = new Map(found.flatMap((one) => (one.unreadStep === step ? [[one.second, one] as const] : [])));
      if (unread.size === 0) continue;
      const seconds = [...unread.keys()].sort((a, b) => a - b);
      const group = stepGroup(state.group, step);
      const read = new StepSeconds();
      for (const signal of await signalsOf(state.plan.rule.id, group, seconds[0] ?? 0, seconds.at(-1) ?? 0)) {
        // Of a batch either all matches of a second are at hand, or none.
        const one = unread.get(signal.second);
        if (one && !one.cells.some(({ batch }) => batch === signal.batch)) read.addSignal(signal);
      }
      for (const [second, one] of unread) whole.set(one, { ...one, stored: read.get(second)?.stored });
    }
    return found.map((one) => whole.get(one) ?? one);
  };
  const openGroup = (plan: CorrelationPlan, group: string): GroupState => {
    const id = `${plan.rule.id} ${group}`;
    const state = groups.get(id) ?? {
      plan,
      group,
      steps: plan.steps.map(() => new StepSeconds()),
      covered: new Coverage(),
      forgotten: forgotten.get(plan.rule.id) ?? Number.NEGATIVE_INFINITY,
    };
    groups.delete(id);
    groups.set(id, state);
    touched.add(state);
    return state;
  };

  return {
    async add(plan, cells) {
      const state = openGroup(plan, cells[0]?.group ?? '');
      const reach = reachOf(plan);
      const crossed: CrossedSecond[] = [];
      for (const cluster of clusters(cells, 2 * reach)) {
        for (const gap of state.covered.cover(cluster.from - 2 * reach, cluster.to + 2 * reach)) {
          await readBack(state, gap.from, gap.to);
        }
        const before = sizeOf(state);
        const found = addCluster(state, cluster, reach);
        held += sizeOf(state) - before;
        for (const one of await readUnread(state, found)) crossed.push(one);
      }
      return crossed;
    },
    trim() {
      if (held > options.maxSeconds) {
        for (const state of groups.values()) {
          if (held <= options.maxSeconds / 2) break;
          const before = sizeOf(state);
          for (const seconds of state.steps) seconds.dropDetails();
          held += sizeOf(state) - before;
        }
      }
      if (held > options.maxSeconds || groups.size > options.maxSeconds) {
        for (const [id, state] of groups) {
          if (held <= options.maxSeconds && groups.size <= options.maxSeconds) break;
          if (touched.has(state)) forgetPast(state);
          else forgetGroup(id, state);
        }
      }
      touched.clear();
    },
  };
}

interface Cluster {
  readonly from: number;
  to: number;
  readonly cells: MatchCell[];
}

/** Cells whose seconds lie within `reach` of each other: further apart they have no bearing on the same members. */
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

/** A crossed second of which some matches may still have to be read from signals. */
interface FoundSecond extends CrossedSecond {
  readonly unreadStep: number | undefined;
}

function sizeOf({ steps }: GroupState): number {
  return steps.reduce((sum, seconds) => sum + seconds.size, 0);
}

/** Counts came to light between two seconds that were not known before. */
function judgeAgain(state: GroupState, from: number, to: number): void {
  const reach = reachOf(state.plan);
  const { ranges } = membersOf(state, from - 2 * reach, to + 2 * reach);
  for (const [step, seconds] of state.steps.entries()) {
    for (const [second, entry] of seconds.between(from - reach, to + reach)) {
      seconds.setMember(second, entry, isWithin(ranges[step], second));
    }
  }
}

function addCluster(state: GroupState, cluster: Cluster, reach: number): readonly FoundSecond[] {
  const crossed: FoundSecond[] = [];
  const hard = cluster.cells.filter((cell) => {
    const isEasy = addEasily(state, cell, reach);
    if (isEasy) crossed.push({ second: cell.second, cells: [cell], stored: undefined, unreadStep: undefined });
    return !isEasy;
  });
  if (hard.length === 0) return crossed;
  const from = (hard[0] as MatchCell).second;
  const to = (hard.at(-1) as MatchCell).second;
  for (const cell of hard) {
    state.steps[cell.step]?.addCell(cell);
  }
  const { ranges } = membersOf(state, from - 2 * reach, to + 2 * reach);
  for (const [step, seconds] of state.steps.entries()) {
    for (const [second, entry] of seconds.between(from - reach, to + reach)) {
      const isMember = isWithin(ranges[step], second);
      const wasMember = entry.isMember;
      seconds.setMember(second, entry, isMember);
      if (!isMember) continue;
      // Of a member nothing waits here but what was just added; its signals, read back or not, are counted already.
      if (wasMember && !entry.cells) continue;
      const { cells = [], stored, isUnread } = seconds.take(entry);
      if (wasMember) crossed.push({ second, cells, stored: undefined, unreadStep: undefined });
      else crossed.push({ second, cells, stored, unreadStep: isUnread ? step : undefined });
    }
  }
  return crossed;
}

/**
 * In the midst of what is counted already, as nearly all of a long attack is, one more match adds itself and changes
 * nothing else: no second around it is still outside, and its own window is full.
 */
function addEasily(state: GroupState, cell: MatchCell, reach: number): boolean {
  const { root } = state.plan;
  const seconds = state.steps[0];
  if (!seconds || root.kind !== 'measured' || !isMonotone(root.rule)) return false;
  const { rule } = root;
  const { second } = cell;
  const known = seconds.get(second);
  if (known && !known.isMember) return false;
  if (seconds.hasOutside(second - reach, second + reach, second)) return false;
  if (!known && !reaches(seconds, rule, cell)) return false;
  const entry = seconds.at(second);
  entry.count += cell.count;
  seconds.addValues(entry, cell.values);
  seconds.setMember(second, entry, true);
  return true;
}

function reaches(seconds: StepSeconds, rule: EventCountRule | ValueRule, cell: MatchCell): boolean {
  const { second, count, values } = cell;
  if (rule.type !== 'event_count') return seconds.reachesWith(second, [second, count, values ?? []], rule);
  const needed = (rule.compare === 'gt' ? rule.threshold + 1 : rule.threshold) - count;
  return seconds.reaches(second, rule.timespanSeconds, Math.max(1, needed));
}

const NONE: CorrelationMembers = { ranges: [], intervals: [] };

function membersOf({ plan, steps }: GroupState, from: number, to: number): CorrelationMembers {
  if (steps.filter((seconds) => seconds.hasAny(from, to)).length < stepsNeeded(plan)) return NONE;
  return correlationMembers(
    plan,
    steps.map((seconds) => seconds.counts(from, to)),
  );
}
