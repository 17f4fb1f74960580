import type { Rule } from '../../../rules/rule.ts';
import { rulesBehind } from '../../detection/rules-behind.ts';
import { HaidangError } from '../../errors.ts';
import { joinedRules } from '../joined.ts';
import { consoleFile, exceptedRules, exceptionCondition, isActive, shadowOfRule } from '../overlay.ts';
import type { RuleException, RuleSettingRecord } from '../record.ts';
import type { RuleRegistry } from '../registry.ts';
import { ruleVersions } from '../version.ts';

/** A wording of a rule with all that is needed to evaluate it. */
export interface Candidate {
  readonly rule: Rule;
  /** It, and the rules that it refers to, as they are written. */
  readonly rules: readonly Rule[];
  /** Its version among these (`version.ts`). */
  readonly version: string;
}

/** The rule as it is written, in force or not. */
export function candidateOf(plain: readonly Rule[], id: string): Candidate | undefined {
  const { plans, detections, correlations } = joinedRules(plain);
  const rule = [...detections, ...correlations].find((one) => one.id === id);
  if (!rule) return undefined;
  const rules = rulesBehind(new Set([id]), [...detections, ...correlations], plans);
  return { rule, rules, version: ruleVersions(rules).get(id) ?? '' };
}

/** The same for a text that is not saved. @throws HaidangError `HD_RULE_INVALID`, `HD_NOT_FOUND` */
export async function candidateOfText(
  registry: Pick<RuleRegistry, 'plain' | 'preview'>,
  id: string,
  yaml: string | undefined,
): Promise<Candidate> {
  const preview = yaml === undefined ? undefined : await registry.preview(new Map([[id, yaml]]));
  // A text that cannot be read leaves the wording before it: that one was not asked about.
  const problem = preview?.problems.find(({ file }) => file === consoleFile(id));
  if (problem)
    throw new HaidangError('HD_RULE_INVALID', `Line ${problem.line}, column ${problem.column}: ${problem.message}`);
  const found = candidateOf(preview?.plain ?? registry.plain, id);
  if (found) return found;
  throw new HaidangError('HD_NOT_FOUND', `There is no rule "${id}".`);
}

/** Rules that count what each active exception of a candidate would hide, with the exception of each. */
export function countersOf(
  { rule, rules }: Candidate,
  setting: RuleSettingRecord | undefined,
  now: number,
): ReadonlyMap<string, { readonly counter: Rule; readonly exception: RuleException }> {
  const found = new Map<string, { counter: Rule; exception: RuleException }>();
  for (const exception of (setting?.exceptions ?? []).filter((one) => isActive(one, now))) {
    try {
      const condition = exceptionCondition(exception);
      for (const target of exceptedRules(rule, joinedRules(rules))) {
        const counter = shadowOfRule(target, rule.id, exception.id, condition);
        found.set(counter.id, { counter, exception });
      }
    } catch {
      // An exception that cannot be read hides nothing; the list of rules says so.
    }
  }
  return found;
}
