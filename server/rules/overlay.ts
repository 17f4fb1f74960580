import type { Condition } from '../../rules/query/condition.ts';
import { parseKql } from '../../rules/query/kql.ts';
import type { DetectionRule, Rule, RuleProblem } from '../../rules/rule.ts';
import { parseRules } from '../../rules/sigma/parse.ts';
import { joinRules, type RuleSet } from '../../rules/sigma/rule-set.ts';
import type { LoadedRules } from '../detection/detection.ts';
import { isDraftFile } from './import/imported-files.ts';
import type { RuleException, RuleRecord, RuleSettingRecord } from './record.ts';
import { shadowId } from './shadow.ts';

/** Rules of folders and of the console, with what people decided about them. */
export interface OverlaidRules extends LoadedRules {
  readonly shadows: readonly Rule[];
  /** Loaded, and switched off. */
  readonly disabled: readonly Rule[];
  /** All of them, in force or not, without exceptions and as they are written. */
  readonly plain: readonly Rule[];
  /** Ids of those that were never switched on. */
  readonly drafts: ReadonlySet<string>;
  /** When the next exception ends, milliseconds. */
  readonly nextChange: number | undefined;
}

type Documents = ReadonlyMap<string, RuleRecord>;
type Settings = ReadonlyMap<string, RuleSettingRecord>;

/** Where a rule of the console stands, in place of a file's name. */
export function consoleFile(id: string): string {
  return `console/${id}`;
}

/** Puts the rules of folders, those of the console and people's decisions together. Pure but for what it remembers of parsed texts. */
export function overlay(base: LoadedRules, documents: Documents, settings: Settings, now: number): OverlaidRules {
  const problems: RuleProblem[] = [];
  const written = [...documents].flatMap(([id, { yaml }]) => {
    const parsed = parseRules(yaml, consoleFile(id), base.lists);
    problems.push(...parsed.problems);
    return parsed.rules;
  });
  const replaced = new Set(written.map(({ id }) => id));
  // A text of the console that cannot be read must not switch off the rule that it stands for.
  const all = [...base.rules.filter(({ id }) => !replaced.has(id)), ...written];
  const disabled = all.filter((rule) => !isEnabled(rule, settings.get(rule.id)));
  const enabled = all.filter((rule) => isEnabled(rule, settings.get(rule.id)));
  const adjusted = enabled.map((rule) => adjust(rule, settings.get(rule.id)));
  const { rules, shadows, nextChange } = except(adjusted, settings, now, problems);
  // Rules of folders fit together already.
  const isChanged = written.length > 0 || disabled.length > 0;
  const set = isChanged ? joinRules(rules) : undefined;
  return {
    rules: set ? [...set.detections, ...set.correlations] : rules,
    shadows,
    disabled,
    plain: all,
    drafts: new Set(disabled.flatMap(({ id }) => ((settings.get(id) ?? NEW_DRAFT).draft ? [id] : []))),
    nextChange,
    problems: [...base.problems, ...problems, ...(set?.problems ?? [])],
  };
}

/** What holds for an imported draft about which nobody decided anything. */
const NEW_DRAFT = { draft: true } as const;

/** Whether a rule is in force: imported drafts only where somebody switched them on, all others unless switched off. */
export function isEnabled({ file }: Pick<Rule, 'file'>, setting: RuleSettingRecord | undefined): boolean {
  return setting?.enabled ?? !isDraftFile(file);
}

function adjust(rule: Rule, setting: RuleSettingRecord | undefined): Rule {
  if (!setting || (setting.level === null && setting.groupBy === null && setting.gapSeconds === null)) return rule;
  const { level, groupBy, gapSeconds } = setting;
  return {
    ...rule,
    level: level ?? rule.level,
    extension: {
      ...rule.extension,
      groupBy: groupBy ?? rule.extension.groupBy,
      gapSeconds: gapSeconds ?? rule.extension.gapSeconds,
    },
  };
}

/** Whether an exception hides events at a time. */
export function isActive({ endedAt, expires }: RuleException, now: number): boolean {
  return endedAt === null && Date.parse(expires) > now;
}

function except(rules: readonly Rule[], settings: Settings, now: number, problems: RuleProblem[]) {
  const shadows: Rule[] = [];
  const hidden = new Map<string, Condition[]>();
  let nextChange: number | undefined;
  const isExcepted = rules.some(({ id }) => settings.get(id)?.exceptions.some((one) => isActive(one, now)));
  if (!isExcepted) return { rules, shadows, nextChange };
  const set = joinRules(rules);
  for (const rule of rules) {
    const active = (settings.get(rule.id)?.exceptions ?? []).filter((one) => isActive(one, now));
    if (active.length === 0) continue;
    const targets = exceptedRules(rule, set);
    if (targets.length === 0) {
      const message = `The exceptions of rule "${rule.id}" hide nothing: other rules count the same events. Except the rules that it counts.`;
      problems.push({ code: 'HD_RULE_EXCEPTION', file: rule.file, line: rule.line, column: 1, rule: rule.id, message });
      continue;
    }
    for (const exception of active) {
      const condition = readCondition(exception, rule, problems);
      if (!condition) continue;
      nextChange = Math.min(nextChange ?? Number.POSITIVE_INFINITY, Date.parse(exception.expires));
      for (const target of targets) {
        hidden.set(target.id, [...(hidden.get(target.id) ?? []), condition]);
        shadows.push(shadowOfRule(target, rule.id, exception.id, condition));
      }
    }
  }
  const excepted = rules.map((rule): Rule => {
    const conditions = hidden.get(rule.id);
    if (!conditions || rule.kind !== 'detection') return rule;
    const none: Condition = { kind: 'not', of: { kind: 'or', of: conditions } };
    return { ...rule, condition: { kind: 'and', of: [rule.condition, none] } };
  });
  return { rules: excepted, shadows, nextChange };
}

/**
 * The detection rules whose events an exception of a rule hides: itself, or what a correlation counts. None where
 * another rule lives by one of them: it would be silenced along.
 */
export function exceptedRules(rule: Rule, set: RuleSet): readonly DetectionRule[] {
  if (rule.kind === 'detection') return [rule];
  const bases = set.counted.get(rule.id) ?? [];
  const others = [...set.counted].filter(([id]) => id !== rule.id).flatMap(([, counted]) => counted);
  return bases.every((base) => set.silent.has(base.id) && !others.includes(base)) ? bases : [];
}

/** The events that an exception names. Throws `KqlError` where its query is none. */
export function exceptionCondition({ kql, agency }: Pick<RuleException, 'kql' | 'agency'>): Condition {
  const condition = parseKql(kql);
  if (agency === null) return condition;
  const test = { kind: 'string', match: 'equals', value: agency, cased: true } as const;
  return { kind: 'and', of: [{ kind: 'field', field: 'organization.id', test }, condition] };
}

function readCondition(exception: RuleException, rule: Rule, problems: RuleProblem[]): Condition | undefined {
  try {
    return exceptionCondition(exception);
  } catch (error) {
    const message = `The exception "${exception.id}" of rule "${rule.id}" cannot be read (${(error as Error).message}); end it and write it anew.`;
    problems.push({ code: 'HD_RULE_EXCEPTION', file: rule.file, line: rule.line, column: 1, rule: rule.id, message });
    return undefined;
  }
}

/** The rule that counts what one exception of a rule hides of another rule's matches. */
export function shadowOfRule(
  target: DetectionRule,
  rule: string,
  exception: string,
  condition: Condition,
): DetectionRule {
  const { name: _, ...rest } = target;
  const id = target.id === rule ? shadowId(rule, exception) : shadowId(rule, `${exception}+${target.id}`);
  return {
    ...rest,
    id,
    condition: { kind: 'and', of: [target.condition, condition] },
    extension: { ...target.extension, groupBy: [], samples: { match: [], noMatch: [] } },
  };
}
