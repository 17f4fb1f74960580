import { CUSTOM_ROOTS, fieldType } from '../../ecs/fields.ts';
import { ruleCondition } from '../../rules/engine/compile.ts';
import type { Condition } from '../../rules/query/condition.ts';
import type { DetectionRule, Rule } from '../../rules/rule.ts';
import { fieldsOf, sourceKey } from '../detection/rule-watch.ts';
import type { SelfTestResult } from '../detection/self-test.ts';
import { isIndicatorRule } from '../indicators/rule-of-list.ts';
import { joinedRules } from './joined.ts';
import type { RuleRegistry } from './registry.ts';
import { shadowOf } from './shadow.ts';

/** Why a rule cannot do its work, or cannot be trusted to. */
export type HealthReason =
  | 'self-test-failed'
  | 'self-test-error'
  | 'self-test-late'
  | 'field-unknown'
  | 'source-silent'
  | 'source-never'
  | 'field-never';

/** How well a rule works. `dead`: it cannot fire, and somebody must look; `waiting`: nothing has come yet that it could fire on. */
export interface RuleHealth {
  readonly state: 'ok' | 'waiting' | 'dead';
  readonly reasons: readonly HealthReason[];
  readonly lastMatch: string | null;
  /** Since the counting began. */
  readonly matches: number;
  /** `null`: the rule has no sample that can be run. */
  readonly selfTest: {
    readonly at: string;
    readonly passed: boolean;
    readonly failed: readonly number[];
    readonly error: string | null;
  } | null;
  /** When an event of its log source was last seen; of a correlation, of any rule behind it. */
  readonly sourceSeen: string | null;
  /** Fields that it asks for and no event of its log source has had. */
  readonly fieldsNeverSeen: readonly string[];
  /** For one event of its log source where the rule is asked alone. */
  readonly nanosecondsPerEvent: number | null;
}

/** Every rule is tested within four of these: what fails shows within five minutes. */
export const LOOK_MS = 60_000;
export const LOOKS_A_ROUND = 4;
const LATE_MS = (LOOKS_A_ROUND + 1) * LOOK_MS;
/** A log source that had events and has none for so long is silent. */
const SILENT_MS = 86_400_000;

/** What was seen of live events; kept over restarts. */
export interface Seen {
  readonly matches: Record<string, { count: number; at: string }>;
  /** By log source: when an event of it last came. */
  readonly sources: Record<string, string>;
  /** By log source: fields that its events have had. */
  readonly fields: Record<string, string[]>;
}

/** What the rules in force are, as far as judging needs it. */
export interface Facts {
  readonly rules: readonly Rule[];
  readonly ids: ReadonlySet<string>;
  readonly counted: ReadonlyMap<string, readonly DetectionRule[]>;
  /** Ids of rules with exceptions. */
  readonly excepted: ReadonlySet<string>;
}

/** The facts of a set of rules. */
export function factsOf({ rules, shadows }: Pick<RuleRegistry, 'rules' | 'shadows'>): Facts {
  const ids = new Set(rules.map(({ id }) => id));
  const excepted = new Set(shadows.flatMap(({ id }) => shadowOf(id)?.rule ?? []));
  return { rules, ids, excepted, counted: joinedRules(rules).counted };
}

/** All that a judgement rests on. */
export interface Evidence extends Facts {
  readonly seen: Seen;
  readonly costs: ReadonlyMap<string, number>;
  readonly tests: ReadonlyMap<string, { readonly at: number; readonly result: SelfTestResult; readonly rule: Rule }>;
  readonly begun: number;
  readonly now: number;
}

/** Judges one rule. */
export function judge(rule: Rule, evidence: Evidence): RuleHealth {
  const { seen, costs, now } = evidence;
  const behind = rule.kind === 'detection' ? [rule] : (evidence.counted.get(rule.id) ?? []);
  const parts = behind.map((one) => judgePart(one, evidence));
  const reasons = new Set<HealthReason>();
  const tested = evidence.tests.get(rule.id);
  const hasSample = rule.extension.samples.match.length > 0;
  if (tested?.result.error) reasons.add('self-test-error');
  else if (tested && !isPassed(tested.result, evidence.excepted.has(rule.id))) reasons.add('self-test-failed');
  const since = tested?.at ?? evidence.begun;
  if (hasSample && now - since > LATE_MS) reasons.add('self-test-late');
  // A correlation over several rules lives as long as one of them can match, but for an order of all of them.
  const needsAll = rule.kind === 'correlation' && (rule.type === 'temporal' || rule.type === 'temporal_ordered');
  const stuck = parts.filter((part) => part.reasons.length > 0);
  if (stuck.length > 0 && (needsAll || stuck.length === parts.length)) {
    for (const part of stuck) for (const reason of part.reasons) reasons.add(reason);
  }
  const own = [rule, ...(rule.kind === 'detection' ? [] : behind)];
  const matches = own.flatMap(({ id }) => seen.matches[id] ?? []);
  return {
    state: stateOf(reasons),
    reasons: [...reasons],
    lastMatch: latest(matches.map(({ at }) => at)),
    matches: matches.reduce((sum, { count }) => sum + count, 0),
    selfTest: tested
      ? {
          at: new Date(tested.at).toISOString(),
          passed: isPassed(tested.result, evidence.excepted.has(rule.id)),
          failed: tested.result.failed,
          error: tested.result.error,
        }
      : null,
    sourceSeen: latest(parts.flatMap(({ seenAt }) => seenAt ?? [])),
    fieldsNeverSeen: [...new Set(parts.flatMap(({ missing }) => missing))],
    nanosecondsPerEvent: sumOf(behind.map(({ id }) => costs.get(id))),
  };
}

const DEAD: ReadonlySet<HealthReason> = new Set([
  'self-test-failed',
  'self-test-error',
  'self-test-late',
  'field-unknown',
  'source-silent',
]);

function stateOf(reasons: ReadonlySet<HealthReason>): RuleHealth['state'] {
  if ([...reasons].some((reason) => DEAD.has(reason))) return 'dead';
  return reasons.size > 0 ? 'waiting' : 'ok';
}

/** An exception may hide a sample: then one that still matches is enough. */
function isPassed({ failed, samples, error }: SelfTestResult, isExcepted: boolean): boolean {
  if (error !== null) return false;
  return failed.length === 0 || (isExcepted && failed.length < samples);
}

const asked = new WeakMap<DetectionRule, { readonly condition: Condition; readonly fields: readonly string[] }>();

/** What a rule asks of events; found out once. */
function askedOf(rule: DetectionRule) {
  let own = asked.get(rule);
  if (!own) {
    own = { condition: ruleCondition(rule, 'ecs'), fields: fieldsOf(rule) };
    asked.set(rule, own);
  }
  return own;
}

function judgePart(rule: DetectionRule, { seen, now }: Evidence) {
  // A list looks at events of every source; its self-test tells whether it works.
  if (isIndicatorRule(rule)) return { reasons: [], missing: [], seenAt: undefined };
  const key = sourceKey(rule.logsource);
  const seenAt = seen.sources[key];
  const known = new Set(seen.fields[key]);
  const { condition, fields } = askedOf(rule);
  const missing = fields.filter((field) => !known.has(field));
  const reasons: HealthReason[] = [];
  const unknown = missing.filter((field) => !isKnownField(field));
  if (!canHold(condition, (field) => !unknown.includes(field))) reasons.push('field-unknown');
  if (seenAt === undefined) reasons.push('source-never');
  else if (now - Date.parse(seenAt) > SILENT_MS) reasons.push('source-silent');
  else if (!canHold(condition, (field) => !missing.includes(field))) reasons.push('field-never');
  return { reasons, missing: seenAt === undefined ? unknown : missing, seenAt };
}

/** Whether events may have a field at all: those of ECS, of sources that have their own, and of Windows and vendors whose events keep their names. */
export function isKnownField(field: string): boolean {
  return (
    fieldType(field) !== undefined ||
    CUSTOM_ROOTS.has(field.split('.')[0] ?? '') ||
    /^(winlog|powershell|sysmon)\./.test(field)
  );
}

/** Whether an event that has only some fields could satisfy a condition. */
export function canHold(condition: Condition, has: (field: string) => boolean): boolean {
  switch (condition.kind) {
    case 'and':
      return condition.of.every((part) => canHold(part, has));
    case 'or':
      return condition.of.some((part) => canHold(part, has));
    case 'field': {
      const { test, field } = condition;
      if (test.kind === 'null' || (test.kind === 'exists' && !test.value)) return true;
      return field.includes('*') || has(field);
    }
    default:
      return condition.kind !== 'never';
  }
}

function latest(times: readonly string[]): string | null {
  return times.reduce<string | null>((last, time) => (last === null || time > last ? time : last), null);
}

function sumOf(values: readonly (number | undefined)[]): number | null {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}
