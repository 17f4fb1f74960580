import { readField } from '../../ecs/event.ts';
import { scalarText } from '../query/field-test.ts';
import type { CorrelationRule, DetectionRule } from '../rule.ts';
import type { RuleSet } from '../sigma/rule-set.ts';
import { correlate } from './correlate.ts';
import type { FieldMode } from './engine.ts';
import { ecsFieldName } from './field-names.ts';

/** A correlation that was satisfied; times in seconds since 1970, `line` of its last member. */
export interface CorrelationMatch {
  readonly rule: CorrelationRule;
  readonly group: Readonly<Record<string, string>>;
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly line: number;
}

/** Seconds of one group and correlation that are held at most, over a whole run. */
export const CORRELATION_CELLS = 2_000_000;

const TIME_FIELDS = ['@timestamp', 'timestamp', 'UtcTime', 'SystemTime', 'TimeCreated', 'EventTime'];

/** When an event happened, in seconds since 1970; without a zone it is UTC. Undefined where the event does not say. */
export function eventSecond(event: object): number | undefined {
  for (const field of TIME_FIELDS) {
    const value = readField(event, field);
    if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(value)) continue;
    const zoned = /(Z|[+-]\d{2}:?\d{2})$/i.test(value) ? value : `${value}Z`;
    const time = Date.parse(zoned.replace(' ', 'T'));
    if (!Number.isNaN(time)) return Math.floor(time / 1_000);
  }
  return undefined;
}

/** The text of a group-by field; lists give their elements joined, what is absent is empty. */
function groupValue(event: object, field: string): string {
  const value = readField(event, field);
  return Array.isArray(value) ? value.map((element) => scalarText(element) ?? '').join(',') : (scalarText(value) ?? '');
}

interface Group {
  readonly values: Readonly<Record<string, string>>;
  readonly seconds: Map<number, { count: number; line: number }>;
}

/** Collects the matches of a run of events and gives, at its end, the correlations among them. */
export class CorrelationRun {
  readonly #mode: FieldMode;
  readonly #correlations: readonly CorrelationRule[];
  readonly #byRule = new Map<string, CorrelationRule[]>();
  readonly #groups = new Map<string, Map<string, Group>>();
  #cells = 0;
  /** Matches without a time, and those beyond `CORRELATION_CELLS`: they were not counted. */
  uncounted = 0;

  constructor(rules: Pick<RuleSet, 'correlations' | 'counted'>, mode: FieldMode) {
    this.#mode = mode;
    this.#correlations = rules.correlations;
    for (const correlation of rules.correlations) {
      this.#groups.set(correlation.id, new Map());
      for (const { id } of rules.counted.get(correlation.id) ?? []) {
        const counting = this.#byRule.get(id);
        if (counting) counting.push(correlation);
        else this.#byRule.set(id, [correlation]);
      }
    }
  }

  /** An event that matched these rules. An event that matches several rules of one correlation counts once for each. */
  add(event: object, matches: readonly DetectionRule[], line: number): void {
    for (const rule of matches) {
      for (const correlation of this.#byRule.get(rule.id) ?? []) this.#count(correlation, rule, event, line);
    }
  }

  #count(correlation: CorrelationRule, rule: DetectionRule, event: object, line: number): void {
    const second = eventSecond(event);
    if (second === undefined || this.#cells >= CORRELATION_CELLS) {
      this.uncounted++;
      return;
    }
    const name = (field: string): string => (this.#mode === 'raw' ? field : ecsFieldName(field, rule.logsource));
    const values = correlation.groupBy.map((field) => groupValue(event, name(field)));
    const key = JSON.stringify(values);
    const groups = this.#groups.get(correlation.id);
    let group = groups?.get(key);
    if (!group) {
      const named = Object.fromEntries(correlation.groupBy.map((field, index) => [field, values[index] ?? '']));
      group = { values: named, seconds: new Map() };
      groups?.set(key, group);
    }
    const cell = group.seconds.get(second);
    if (cell) {
      cell.count++;
      cell.line = line;
    } else {
      group.seconds.set(second, { count: 1, line });
      this.#cells++;
    }
  }

  /** The satisfied correlations, by rule, then group, then time. */
  finish(): readonly CorrelationMatch[] {
    const found: CorrelationMatch[] = [];
    for (const rule of this.#correlations) {
      for (const group of this.#groups.get(rule.id)?.values() ?? []) {
        const pairs = [...group.seconds].map(([second, { count }]) => [second, count] as const);
        for (const interval of correlate(pairs, rule)) {
          const line = group.seconds.get(interval.last)?.line ?? 0;
          found.push({ rule, group: group.values, ...interval, line });
        }
      }
    }
    return found;
  }
}
