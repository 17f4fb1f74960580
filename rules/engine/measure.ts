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

/** An empty window of a rule; `entries` are all that may enter it, which percentiles must know beforehand. */
export function measureOf(rule: Measured, entries: readonly SecondCount[] = []): Measure {
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
  if (type === 'value_percentile') {
    const ranks = new RankTally(entries);
    return {
      enter: ([, , values = []]) => ranks.add(values, 1),
      leave: ([, , values = []]) => ranks.add(values, -1),
      holds: () => ranks.total > 0 && holds(ranks.percentile('percentile' in rule ? rule.percentile : 50)),
    };
  }
  if (type === 'value_count') {
    const tally = new ValueTally();
    return {
      enter: ([, , values = []]) => tally.add(values, 1),
      leave: ([, , values = []]) => tally.add(values, -1),
      holds: () => tally.distinct > 0 && holds(tally.distinct),
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

  get distinct(): number {
    return this.#counts.size;
  }

  add(values: readonly ValueCount[], sign: 1 | -1): void {
    for (const [value, count] of values) {
      const after = (this.#counts.get(value) ?? 0) + sign * count;
      if (after > 0) this.#counts.set(value, after);
      else this.#counts.delete(value);
    }
  }
}

/** How many of each number are in a window, as a binary indexed tree: to add one and to ask for a rank take logarithmic time. */
class RankTally {
  readonly #numbers: readonly number[];
  readonly #places: ReadonlyMap<string, number>;
  readonly #tree: Float64Array;
  total = 0;

  constructor(entries: readonly SecondCount[]) {
    const texts = new Set(entries.flatMap(([, , values = []]) => values.map(([value]) => value)));
    const sorted = [...texts].map((text) => [Number(text), text] as const).sort(([a], [b]) => a - b);
    this.#numbers = sorted.map(([number]) => number);
    this.#places = new Map(sorted.map(([, text], place) => [text, place + 1]));
    this.#tree = new Float64Array(sorted.length + 1);
  }

  add(values: readonly ValueCount[], sign: 1 | -1): void {
    for (const [value, count] of values) {
      this.total += sign * count;
      const place = this.#places.get(value) ?? this.#tree.length;
      for (let at = place; at < this.#tree.length; at += at & -at)
        this.#tree[at] = (this.#tree[at] ?? 0) + sign * count;
    }
  }

  /** The nearest rank: the smallest number that at least `percent` of all are not above. */
  percentile(percent: number): number {
    let left = Math.max(1, Math.ceil((percent / 100) * this.total));
    let place = 0;
    for (let step = 2 ** Math.floor(Math.log2(Math.max(1, this.#tree.length - 1))); step >= 1; step /= 2) {
      const inside = this.#tree[place + step];
      if (inside === undefined || inside >= left) continue;
      place += step;
      left -= inside;
    }
    return this.#numbers[place] ?? Number.NaN;
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
