import type { Comparison, EventCountRule, ValueRule } from '../rule.ts';

/** A value of a correlation's field and how often it was; of sums and averages, the empty name and their sum. */
export type ValueCount = readonly [value: string, count: number];

/** Matches of one group in one second of event time, with their values where the correlation asks for some. */
export type SecondCount = readonly [second: number, count: number, values?: readonly ValueCount[]];

/** What a correlation measures over a window that moves: matches enter and leave by the second. */
export interface Measure {
  enter(entry: SecondCount): void;
  leave(entry: SecondCount): void;
  /** Whether the window, which holds at least one match, satisfies the condition. */
  holds(): boolean;
}

/** What `measureOf` needs of a rule. */
export type Measured =
  | (Pick<EventCountRule, 'compare' | 'threshold' | 'also'> & { readonly type?: 'event_count' })
  | Pick<ValueRule, 'type' | 'compare' | 'threshold' | 'also' | 'percentile'>;

function satisfies(value: number, { compare, threshold }: Comparison): boolean {
  switch (compare) {
    case 'gt':
      return value > threshold;
    case 'gte':
      return value >= threshold;
    case 'lt':
      return value < threshold;
    case 'lte':
      return value <= threshold;
    case 'eq':
      return value === threshold;
    case 'neq':
      return value !== threshold;
  }
}

/** Whether more matches in a window can only bring the rule nearer to its condition, never away from it. */
export function isMonotone(rule: Measured): boolean {
  const rises = (rule.compare === 'gt' || rule.compare === 'gte') && (rule.also ?? []).length === 0;
  return rises && (rule.type === undefined || rule.type === 'event_count' || rule.type === 'value_count');
}

/** An empty window of a rule. */
export function measureOf(rule: Measured): Measure {
  const all = [rule, ...(rule.also ?? [])];
  const holds = (value: number): boolean => all.every((one) => satisfies(value, one));
  let count = 0;
  const type = rule.type ?? 'event_count';
  if (type === 'event_count') {
    return {
      enter: ([, entering]) => {
        count += entering;
      },
      leave: ([, leaving]) => {
        count -= leaving;
      },
      holds: () => count > 0 && holds(count),
    };
  }
  if (type === 'value_count' || type === 'value_percentile') {
    const tally = new ValueTally();
    const measured =
      type === 'value_count'
        ? () => tally.distinct
        : () => tally.percentile('percentile' in rule ? rule.percentile : 50);
    return {
      enter: ([, , values = []]) => tally.add(values, 1),
      leave: ([, , values = []]) => tally.add(values, -1),
      holds: () => tally.distinct > 0 && holds(measured()),
    };
  }
  let sum = 0;
  const add = ([, own, values = []]: SecondCount, sign: 1 | -1): void => {
    count += sign * own;
    for (const [, part] of values) sum += sign * part;
    // What is left of fractions that went is no sum of an empty window.
    if (count === 0) sum = 0;
  };
  return {
    enter: (entry) => add(entry, 1),
    leave: (entry) => add(entry, -1),
    holds: () => count > 0 && holds(type === 'value_sum' ? sum : sum / count),
  };
}

/** How often each value is in a window. */
class ValueTally {
  readonly #counts = new Map<string, number>();
  /** Numbers in order, where percentiles were asked for; made anew when a value comes or goes. */
  #sorted: readonly (readonly [number: number, value: string])[] | undefined;
  #total = 0;

  get distinct(): number {
    return this.#counts.size;
  }

  add(values: readonly ValueCount[], sign: 1 | -1): void {
    for (const [value, count] of values) {
      const before = this.#counts.get(value) ?? 0;
      const after = before + sign * count;
      this.#total += sign * count;
      if (after > 0) this.#counts.set(value, after);
      else this.#counts.delete(value);
      if (before === 0 || after <= 0) this.#sorted = undefined;
    }
  }

  /** The nearest rank: the smallest value that at least `percent` of all are not above. */
  percentile(percent: number): number {
    this.#sorted ??= [...this.#counts.keys()].map((value) => [Number(value), value] as const).sort(([a], [b]) => a - b);
    const rank = Math.max(1, Math.ceil((percent / 100) * this.#total));
    let seen = 0;
    for (const [number, value] of this.#sorted) {
      seen += this.#counts.get(value) ?? 0;
      if (seen >= rank) return number;
    }
    return Number.NaN;
  }
}

/** Adds up how often values were: both lists may name the same ones. */
export function addValues(into: Map<string, number>, values: readonly ValueCount[], most: number): void {
  for (const [value, count] of values) {
    const known = into.get(value);
    if (known !== undefined) into.set(value, known + count);
    else if (into.size < most) into.set(value, count);
  }
}
