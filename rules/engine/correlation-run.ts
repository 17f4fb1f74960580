import { readField } from '../../ecs/event.ts';
import { scalarText } from '../query/field-test.ts';
import type { CorrelationRule, DetectionRule } from '../rule.ts';
import type { RuleSet } from '../sigma/rule-set.ts';
import { correlatedField } from './correlation-aliases.ts';
import { correlationMembers } from './correlation-members.ts';
import type { CorrelationPlan, PlanStep } from './correlation-plan.ts';
import { MOST_VALUES, valueFields, valueOfMatch } from './correlation-values.ts';
import type { FieldMode } from './engine.ts';
import { addValues } from './measure.ts';

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
  /** By step. */
  readonly seconds: readonly Map<number, { count: number; line: number; readonly values: Map<string, number> }>[];
}

/** Where a detection rule's matches go: to one step of a correlation. */
interface Place {
  readonly plan: CorrelationPlan;
  readonly step: number;
  readonly of: PlanStep;
}

/** Collects the matches of a run of events and gives, at its end, the correlations among them. */
export class CorrelationRun {
  readonly #mode: FieldMode;
  readonly #plans: readonly CorrelationPlan[];
  readonly #byRule = new Map<string, Place[]>();
  readonly #groups = new Map<string, Map<string, Group>>();
  #cells = 0;
  /** Matches without a time, and those beyond `CORRELATION_CELLS`: they were not counted. */
  uncounted = 0;

  constructor(rules: Pick<RuleSet, 'correlations' | 'plans'>, mode: FieldMode) {
    this.#mode = mode;
    this.#plans = rules.correlations.flatMap(({ id }) => rules.plans.get(id) ?? []);
    for (const plan of this.#plans) {
      this.#groups.set(plan.rule.id, new Map());
      for (const [step, of] of plan.steps.entries()) {
        const place = { plan, step, of };
        for (const { id } of of.bases) {
          const places = this.#byRule.get(id);
          if (places) places.push(place);
          else this.#byRule.set(id, [place]);
        }
      }
    }
  }

  /** An event that matched these rules. It counts once for a step, however many of its rules it matches. */
  add(event: object, matches: readonly DetectionRule[], line: number): void {
    const places = new Map<Place, DetectionRule>();
    for (const rule of matches) {
      for (const place of this.#byRule.get(rule.id) ?? []) if (!places.has(place)) places.set(place, rule);
    }
    for (const [place, rule] of places) this.#count(place, rule, event, line);
  }

  #count({ plan, step, of: { path, measures } }: Place, rule: DetectionRule, event: object, line: number): void {
    const second = eventSecond(event);
    if (second === undefined || this.#cells >= CORRELATION_CELLS) {
      this.uncounted++;
      return;
    }
    const { id, groupBy } = plan.rule;
    const name = (field: string): string => correlatedField(path, rule, field, this.#mode);
    const measured = measures
      ? valueOfMatch(
          measures,
          // What a correlation measures it calls by its own names.
          valueFields(measures).map((field) => readField(event, correlatedField([measures], rule, field, this.#mode))),
        )
      : null;
    if (measured === undefined) return;
    const values = groupBy.map((field) => groupValue(event, name(field)));
    const key = JSON.stringify(values);
    const groups = this.#groups.get(id);
    let group = groups?.get(key);
    if (!group) {
      const named = Object.fromEntries(groupBy.map((field, index) => [field, values[index] ?? '']));
      group = { values: named, seconds: plan.steps.map(() => new Map()) };
      groups?.set(key, group);
    }
    let cell = group.seconds[step]?.get(second);
    if (!cell) {
      cell = { count: 0, line, values: new Map() };
      group.seconds[step]?.set(second, cell);
      this.#cells++;
    }
    cell.count++;
    cell.line = line;
    if (!measured) return;
    const before = cell.values.size;
    addValues(cell.values, [measured], MOST_VALUES);
    this.#cells += cell.values.size - before;
  }

  /** The satisfied correlations, by rule, then group, then time. */
  finish(): readonly CorrelationMatch[] {
    const found: CorrelationMatch[] = [];
    for (const plan of this.#plans) {
      for (const { values, seconds } of this.#groups.get(plan.rule.id)?.values() ?? []) {
        const pairs = seconds.map((own) =>
          [...own].map(([second, { count, values }]) => [second, count, [...values]] as const),
        );
        for (const interval of correlationMembers(plan, pairs).intervals) {
          const line = Math.max(0, ...seconds.map((own) => own.get(interval.last)?.line ?? 0));
          found.push({ rule: plan.rule, group: values, ...interval, line });
        }
      }
    }
    return found;
  }
}
