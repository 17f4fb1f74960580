import type { CorrelationRule, DetectionRule, EventCountRule, Rule, TemporalRule, ValueRule } from '../rule.ts';
import { wrongAlias } from './correlation-aliases.ts';
import { isMonotone } from './measure.ts';

/** Detection rules at one place of a correlation. Their matches are counted together, and kept as signals of their own. */
export interface PlanStep {
  readonly bases: readonly DetectionRule[];
  /** Correlations from the plan's own down to the one that names these rules. */
  readonly path: readonly CorrelationRule[];
  /** The correlation that measures fields of these matches, if one does. */
  readonly measures: ValueRule | undefined;
}

/** A correlation's tree: what must hold, down to the matches of steps (by their place in `CorrelationPlan.steps`). */
export type PlanNode =
  /** Any one match. */
  | { readonly kind: 'matches'; readonly step: number }
  /** Matches that are counted or measured. */
  | { readonly kind: 'measured'; readonly rule: EventCountRule | ValueRule; readonly step: number }
  /** An `event_count` of what other correlations find. */
  | { readonly kind: 'occurrences'; readonly rule: EventCountRule; readonly parts: readonly PlanNode[] }
  | { readonly kind: 'temporal'; readonly rule: TemporalRule; readonly parts: readonly PlanNode[] };

/** A correlation with all that it refers to, directly and through other correlations. */
export interface CorrelationPlan {
  readonly rule: CorrelationRule;
  readonly steps: readonly PlanStep[];
  readonly root: PlanNode;
  /** All correlations of the tree, the plan's own first. */
  readonly correlations: readonly CorrelationRule[];
}

/** Correlations one above the other, the one over detection rules included, and places of one of them where detection rules stand. */
export const PLAN_LIMITS = { depth: 5, leaves: 200 } as const;

/** Whether a correlation puts several rules together; all others measure the matches of theirs. */
export function isTemporal(rule: CorrelationRule): rule is TemporalRule {
  return rule.type === 'temporal' || rule.type === 'temporal_ordered';
}

/** Why a correlation cannot be planned. */
export interface PlanProblem {
  readonly problem: string;
  /** Which of its `rules` leads there, if one does. */
  readonly entry?: number;
}

/** Thrown inside planning alone. */
class Unplannable extends Error {}

/** Looks up what a correlation refers to, by id or name. */
export function planCorrelation(
  rule: CorrelationRule,
  found: ReadonlyMap<string, Rule>,
): CorrelationPlan | PlanProblem {
  const planner = new Planner(found);
  let entry = 0;
  try {
    const root = planner.node(rule, [rule], (at) => {
      entry = at;
    });
    const { steps } = planner;
    const wrong = wrongAlias(rule, steps);
    if (wrong !== undefined) return { problem: wrong };
    return { rule, steps, root, correlations: [...new Set(steps.flatMap(({ path }) => path))] };
  } catch (error) {
    if (error instanceof Unplannable) return { problem: error.message, entry };
    throw error;
  }
}

class Planner {
  readonly steps: PlanStep[] = [];
  #leaves = 0;
  readonly #found: ReadonlyMap<string, Rule>;

  constructor(found: ReadonlyMap<string, Rule>) {
    this.#found = found;
  }

  /** The node of the last correlation of a path; `at` hears which of its rules is looked at. */
  node(
    rule: CorrelationRule,
    path: readonly CorrelationRule[],
    at: (entry: number) => void = () => undefined,
  ): PlanNode {
    const rules = rule.rules.map((name, entry) => {
      at(entry);
      return this.#refer(name, path);
    });
    if (isTemporal(rule)) {
      const parts = rules.map((one, entry) => {
        at(entry);
        return one.kind === 'detection' ? this.#matches([one], path) : this.#nested(one, path);
      });
      return { kind: 'temporal', rule, parts };
    }
    const first = rules.findIndex(({ kind }) => kind === 'correlation');
    if (first < 0) {
      const bases = [...new Set(rules.filter((one) => one.kind === 'detection'))];
      const { step } = this.#matches(bases, path, 'fields' in rule ? rule : undefined);
      return { kind: 'measured', rule, step };
    }
    at(first);
    const name = rule.rules[first];
    if (rule.type !== 'event_count')
      throw new Unplannable(`"${name}" is a correlation; ${rule.type} takes detection rules alone`);
    if (!rules.every(({ kind }) => kind === 'correlation'))
      throw new Unplannable(`"${name}" is a correlation, and others are not; an event_count takes either kind alone`);
    if (!isMonotone(rule))
      throw new Unplannable(`"${name}" is a correlation; only gt and gte, and no range, can count what it finds`);
    const parts = [...new Set(rules)].map((one) => this.#nested(one as CorrelationRule, path));
    return { kind: 'occurrences', rule, parts };
  }

  #refer(name: string, path: readonly CorrelationRule[]): Rule {
    const own = path.length === 1;
    const rule = this.#found.get(name);
    if (!rule)
      throw new Unplannable(
        own ? `There is no rule "${name}"` : `"${named(path)}" refers to "${name}", which is not there`,
      );
    const turn = rule.kind === 'correlation' ? path.indexOf(rule) : -1;
    if (turn < 0) return rule;
    const through = path.slice(turn + 1).map((one) => `"${one.name ?? one.id}"`);
    const way = through.length > 0 ? ` through ${through.join(', ')}` : '';
    throw new Unplannable(`"${name}" refers to itself${way}`);
  }

  #matches(bases: readonly DetectionRule[], path: readonly CorrelationRule[], measures?: ValueRule) {
    if (++this.#leaves > PLAN_LIMITS.leaves)
      throw new Unplannable(`More than ${PLAN_LIMITS.leaves} references to detection rules are behind it`);
    const known = this.steps.findIndex((step) => isSame(step, { bases, path, measures }));
    if (known >= 0) return { kind: 'matches', step: known } as const;
    this.steps.push({ bases, path, measures });
    return { kind: 'matches', step: this.steps.length - 1 } as const;
  }

  #nested(rule: CorrelationRule, path: readonly CorrelationRule[]): PlanNode {
    const name = rule.name ?? rule.id;
    if (path.length >= PLAN_LIMITS.depth)
      throw new Unplannable(
        `"${name}" is a correlation ${path.length} levels down; at most ${PLAN_LIMITS.depth} stand above each other`,
      );
    if (!isTemporal(rule)) {
      if (rule.type !== 'event_count' && rule.type !== 'value_count')
        throw new Unplannable(
          `"${name}" is a ${rule.type}; only event_count, value_count, temporal and temporal_ordered can be a step`,
        );
      if (!isMonotone(rule))
        throw new Unplannable(`"${name}" counts with "${rule.compare}" or a range; only gt and gte can be a step`);
    }
    return this.node(rule, [...path, rule]);
  }
}

/** Matches that two parts of a tree need alike are one step, so that an event counts once. Aliases may tell them apart. */
function isSame(one: PlanStep, other: PlanStep): boolean {
  if ([...one.path, ...other.path].some(({ aliases }) => (aliases?.size ?? 0) > 0)) return false;
  const fields = [one, other].map(({ measures }) => JSON.stringify([measures?.type, measures?.fields]));
  return (
    fields[0] === fields[1] &&
    one.bases.length === other.bases.length &&
    one.bases.every((base) => other.bases.includes(base))
  );
}

function named(path: readonly CorrelationRule[]): string {
  const last = path.at(-1);
  return last?.name ?? last?.id ?? '';
}

/** Matches without which a count cannot be; windows without a match do not exist, so it is never 0. */
export function atLeastOf({ compare, threshold }: EventCountRule | ValueRule): number {
  if (compare !== 'gt' && compare !== 'gte' && compare !== 'eq') return 1;
  return Math.max(1, compare === 'gt' ? threshold + 1 : threshold);
}

/** How far from a match, in seconds, it may change which others are members. */
export function reachOf({ correlations }: CorrelationPlan): number {
  return Math.max(...correlations.map(({ timespanSeconds }) => timespanSeconds));
}

/** How many steps must have matches, at the least. */
export function stepsNeeded({ root, steps }: CorrelationPlan): number {
  return leavesOf(root) === steps.length ? leavesNeeded(root) : 1;
}

function leavesOf(node: PlanNode): number {
  return 'parts' in node ? node.parts.reduce((sum, part) => sum + leavesOf(part), 0) : 1;
}

function leavesNeeded(node: PlanNode): number {
  if (!('parts' in node)) return 1;
  const parts = node.parts.map(leavesNeeded).sort((left, right) => left - right);
  const needed = node.kind === 'temporal' ? node.rule.different : 1;
  return parts.slice(0, needed).reduce((sum, part) => sum + part, 0);
}
