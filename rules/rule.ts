import type { Condition } from './query/condition.ts';

export type Severity = 'informational' | 'low' | 'medium' | 'high' | 'critical';
export type Language = 'vi' | 'en' | 'km';

/** A Sigma log source (Sigma 2.1, *Log Source*). */
export interface LogSource {
  readonly category?: string;
  readonly product?: string;
  readonly service?: string;
}

/** What a detection rule and a correlation rule share. */
export interface RuleHead {
  readonly id: string;
  readonly name?: string;
  readonly title: string;
  readonly description: string;
  readonly status: string;
  readonly level: Severity;
  readonly tags: readonly string[];
  readonly falsepositives: readonly string[];
  readonly references: readonly string[];
  readonly author: string;
  /** The file it came from and the line it starts on, for messages. */
  readonly file: string;
  readonly line: number;
  /** The YAML document as written, for the alert page. */
  readonly yaml: string;
  readonly extension: RuleExtension;
}

/** The `haidang:` section of a rule: how its alerts are grouped and explained. All parts are optional in the file. */
export interface RuleExtension {
  /** ECS fields whose values keep alerts apart; default: `host.name`. The agency always does. */
  readonly groupBy: readonly string[];
  /** Two matches of one group at most this many seconds apart (event time) are one alert; default 86,400. */
  readonly gapSeconds: number;
  /** Matches of all agencies are counted and alerted on together; without it, of each agency by itself. */
  readonly scope?: 'province';
  /** Title in the other languages. */
  readonly titles: Partial<Readonly<Record<Language, string>>>;
  /** One sentence of what happened, with `{field.name}` and `{count}` filled in from the alert. */
  readonly sentences: Partial<Readonly<Record<Language, string>>>;
  readonly guidance: Partial<Readonly<Record<Language, Guidance>>>;
  readonly samples: { readonly match: readonly Sample[]; readonly noMatch: readonly Sample[] };
}

/** Advice for somebody who is no specialist. */
export interface Guidance {
  readonly meaning: string;
  readonly check: readonly string[];
  readonly act: string;
  readonly escalate: string;
  /** Whether a native reader has approved the text. */
  readonly reviewed: boolean;
}

/** Events a rule must, or must not, match. Events may use dotted names. `repeat` copies an event with `@timestamp` `every` seconds apart. */
export interface Sample {
  readonly events: readonly {
    readonly event: Readonly<Record<string, unknown>>;
    readonly repeat: number;
    readonly every: number;
  }[];
}

/** A rule over single events. */
export interface DetectionRule extends RuleHead {
  readonly kind: 'detection';
  readonly logsource: LogSource;
  readonly condition: Condition;
}

/** What all rules over the matches of other rules share (Sigma 2.1, *Correlation Rules*). */
interface CorrelationBase extends RuleHead {
  readonly kind: 'correlation';
  /** Ids or names of the rules it counts or puts in order. */
  readonly rules: readonly string[];
  /** Where each of them is written, the line counted from that of the rule; for messages. */
  readonly places?: readonly { readonly line: number; readonly column: number }[];
  readonly groupBy: readonly string[];
  readonly timespanSeconds: number;
  /** Whether the detection rules it refers to also alert by themselves. */
  readonly generate: boolean;
  /** By name that `groupBy` may use: which field it is in the events of each rule, by id or name (*Field Name Aliases*). */
  readonly aliases?: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** One comparison of a correlation's condition. */
export interface Comparison {
  readonly compare: 'gt' | 'gte' | 'lt' | 'lte' | 'eq' | 'neq';
  readonly threshold: number;
}

/** So many matches within a timespan (*Event Count*). */
export interface EventCountRule extends CorrelationBase, Comparison {
  readonly type: 'event_count';
  /** More comparisons that must hold as well: a range. */
  readonly also?: readonly Comparison[];
}

/**
 * Something about the values of fields within a timespan: how many different ones (*Value Count*), or of a number its sum,
 * average or percentile. Matches without the fields, or without a number there, do not take part.
 */
export interface ValueRule extends CorrelationBase, Comparison {
  readonly type: 'value_count' | 'value_sum' | 'value_avg' | 'value_percentile';
  readonly also?: readonly Comparison[];
  /** Several for `value_count` alone: their values together are one value. */
  readonly fields: readonly string[];
  /** Of `value_percentile`: which one, above 0 and up to 100. */
  readonly percentile: number;
}

/** Matches of several rules within a timespan, in any order or in the order of `rules` (*Temporal Proximity*). */
export interface TemporalRule extends CorrelationBase {
  readonly type: 'temporal' | 'temporal_ordered';
  /** How many of its rules must match; all of them where the rule does not say. */
  readonly different: number;
}

export type CorrelationRule = EventCountRule | ValueRule | TemporalRule;

export type Rule = DetectionRule | CorrelationRule;

/** One thing wrong with a rule file; nothing of that rule is enabled. */
export interface RuleProblem {
  /** From `rules/errors.ts`. */
  readonly code: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly rule: string | null;
  /** What is wrong and what to do, in one sentence. */
  readonly message: string;
}
