import { hash } from 'node:crypto';
import type { Rule } from '../../rules/rule.ts';
import { joinedRules } from './joined.ts';

const known = new WeakMap<Rule, string>();
const lists = new WeakMap<readonly Rule[], ReadonlyMap<string, string>>();

/** Twelve hexadecimal digits that tell one wording of a rule from another; where its file lies does not count. */
export function ruleVersion(rule: Rule): string {
  let version = known.get(rule);
  if (version === undefined) {
    // Filters, lists and exceptions change the condition and not the text.
    version = shortHash(JSON.stringify({ ...rule, file: '', line: 0, places: undefined }));
    known.set(rule, version);
  }
  return version;
}

/** Takes a rule's version over from where it was found out already: of thousands of rules it takes a while. */
export function knowVersion(rule: Rule, version: string): void {
  known.set(rule, version);
}

/** The versions of all rules by id; a correlation's changes with the rules behind it too. */
export function ruleVersions(rules: readonly Rule[]): ReadonlyMap<string, string> {
  const before = lists.get(rules);
  if (before) return before;
  const { plans } = joinedRules(rules);
  const versions = new Map(
    rules.map((rule) => {
      const plan = plans.get(rule.id);
      const behind = (plan?.steps ?? []).flatMap(({ bases, path }) => [...bases, ...path]);
      const others = [...new Set(behind)].filter((one) => one !== rule);
      if (others.length === 0) return [rule.id, ruleVersion(rule)];
      return [rule.id, shortHash([rule, ...others].map(ruleVersion).join(' '))];
    }),
  );
  lists.set(rules, versions);
  return versions;
}

function shortHash(text: string): string {
  return hash('sha256', text).slice(0, 12);
}
