import type { RuleProblem } from './rule.ts';

/** Everything that can be wrong with a rule file, and what its author can do. */
export const RULE_ERRORS = {
  HD_RULE_YAML: 'Correct the YAML.',
  HD_RULE_TOO_LARGE: 'Split it into smaller files or rules.',
  HD_RULE_DOCUMENT: 'A rule has either "detection" with "logsource", or "correlation".',
  HD_RULE_UNSUPPORTED_DOCUMENT: 'Leave this kind of document out.',
  HD_RULE_MISSING: 'Add it.',
  HD_RULE_FIELD: 'Write it as the Sigma specification says.',
  HD_RULE_DETECTION: 'Write a map of fields, a list of such maps, or a list of keywords.',
  HD_RULE_UNKNOWN_MODIFIER: 'Use one of the modifiers listed in docs/rules.md.',
  HD_RULE_UNSUPPORTED_MODIFIER: 'Write the rule without it.',
  HD_RULE_MODIFIER_USE: 'Change the modifier or its value.',
  HD_RULE_PLACEHOLDER: 'Add the list to placeholders.yml in the folder of rules, or write the values out.',
  HD_RULE_PLACEHOLDERS: 'Write "name: [value, …]" for each list.',
  HD_RULE_FILTER: 'See docs/rules.md, "Filters".',
  HD_RULE_VALUE: 'Change the value.',
  HD_RULE_REGEX: 'Rewrite the expression with what docs/rules.md lists.',
  HD_RULE_CONDITION: 'Correct the condition.',
  HD_RULE_UNSUPPORTED_CONDITION: 'Use a correlation rule instead.',
  HD_RULE_UNSUPPORTED_CORRELATION: 'See docs/rules.md, "Correlations", for what is supported.',
  HD_RULE_CORRELATION: 'Write it as the Sigma correlation specification says.',
  HD_RULE_EXTENSION: 'See docs/rules.md, "The haidang section".',
  HD_RULE_DUPLICATE: 'Give each rule an id and name of its own.',
  HD_RULE_EXCEPTION: 'Except the rules that it counts.',
  HD_RULE_REFERENCE: 'Refer to a rule by its id or name, in these files.',
} as const;

export type RuleErrorCode = keyof typeof RULE_ERRORS;

/** Where something stands in a rule file; line and column count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Makes a problem: what is wrong, and from the catalogue what to do about it. */
export function ruleProblem(
  code: RuleErrorCode,
  what: string,
  where: Place & { readonly file: string; readonly rule: string | null },
): RuleProblem {
  return {
    code,
    file: where.file,
    line: where.line,
    column: where.column,
    rule: where.rule,
    message: `${what}. ${RULE_ERRORS[code]}`,
  };
}
