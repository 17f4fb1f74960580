import type { Rule } from '../../rules/rule.ts';
import { joinRules, type RuleSet } from '../../rules/sigma/rule-set.ts';

const sets = new WeakMap<readonly Rule[], RuleSet>();

/** How rules fit together; of one list it is found out once, as thousands of rules take a while. */
export function joinedRules(rules: readonly Rule[]): RuleSet {
  let set = sets.get(rules);
  if (!set) {
    set = joinRules(rules);
    sets.set(rules, set);
  }
  return set;
}
