import type { Place } from '../errors.ts';
import type { Condition } from '../query/condition.ts';
import type { LogSource } from '../rule.ts';
import type { RuleReader } from './reader.ts';
import type { YamlMap } from './yaml-tree.ts';

/** A document that suppresses matches of other rules (Sigma 2.1, *Filters*). */
export interface FilterRule {
  readonly id: string;
  readonly file: string;
  readonly line: number;
  readonly logsource: LogSource;
  /** Which rules, by id or name, and where the filter says so; `any` for all of its log source. */
  readonly rules: 'any' | readonly { readonly name: string; readonly at: Place }[];
  /** What is suppressed. */
  readonly suppresses: Condition;
}

/** Reads `filter.rules`: a list of ids and names, or `any`. */
export function readFilterRules(reader: RuleReader, section: YamlMap): FilterRule['rules'] | undefined {
  const node = reader.get(section, 'rules');
  const items = node?.kind === 'list' ? node.items : node ? [node] : [];
  if (items.length === 0) return reader.problem('HD_RULE_MISSING', 'The filter has no "rules"', section.at);
  const rules: { name: string; at: Place }[] = [];
  for (const item of items) {
    if (item.kind !== 'scalar' || item.value === null) {
      return reader.problem('HD_RULE_FILTER', '"rules" must be a list of ids and names, or "any"', item.at);
    }
    rules.push({ name: item.source, at: item.textAt ?? item.at });
  }
  if (rules.length === 1 && rules[0]?.name === 'any') return 'any';
  return rules;
}

/**
 * What a filter suppresses, given its condition, and `expression`: the same with every search identifier as one plain
 * leaf, so that only the words of the condition count. A filter's purpose is to
 * suppress what it selects, so `condition: selection` suppresses that; tools that add the condition to the rule's with "and" write `condition: not selection` for the very same. Both are taken for
 * what they mean. What mixes the two could be read both ways, and is undefined.
 */
export function suppressedBy(condition: Condition, expression: Condition): Condition | undefined {
  const sense = senseOf(expression);
  if (sense === 'mixed') return undefined;
  if (sense === 'positive') return condition;
  return condition.kind === 'not' ? condition.of : { kind: 'not', of: condition };
}

function senseOf(condition: Condition): 'positive' | 'negative' | 'mixed' {
  if (condition.kind === 'not') return senseOf(condition.of) === 'negative' ? 'positive' : 'negative';
  if (condition.kind !== 'and' && condition.kind !== 'or') return 'positive';
  const senses = new Set(condition.of.map(senseOf));
  if (senses.size === 1) return [...senses][0] ?? 'positive';
  // "selection and not exception" is a narrower selection; everything else that mixes is unclear.
  return condition.kind === 'and' && !senses.has('mixed') ? 'positive' : 'mixed';
}
