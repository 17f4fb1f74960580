import { hash } from 'node:crypto';
import type { Rule } from '../../rules/rule.ts';
import type { AgencyId } from '../identity.ts';
import { fieldText } from './entities.ts';

/** Stands for the agency where a rule's scope is the province: no agency can have this id, so no agency's viewer sees it. */
export const PROVINCE = '*' as AgencyId;
/** Between the key of a row and the agency whose part of it it is. */
const PART = '@';

/** The agency by which a rule keeps its matches apart. */
export function scopeOf({ extension }: Pick<Rule, 'extension'>, agency: AgencyId): AgencyId {
  return extension.scope === 'province' ? PROVINCE : agency;
}

/** Key of the alert row that a match lands on; of a province's row, that of the agency's part of it. */
export function rowKey(
  rule: Pick<Rule, 'id' | 'extension'>,
  agency: AgencyId,
  values: Readonly<Record<string, string>>,
): string {
  const key = groupKey(rule.id, scopeOf(rule, agency), values);
  return rule.extension.scope === 'province' ? `${key}${PART}${agency}` : key;
}

/** The row that a part belongs to, and whose part it is; undefined where it is a row of its own. */
export function partOf(row: string): { readonly row: string; readonly agency: AgencyId } | undefined {
  const at = row.indexOf(PART);
  return at < 0 ? undefined : { row: row.slice(0, at), agency: row.slice(at + 1) as AgencyId };
}

/** Parts that may hold anything as one text: each is told from the next by its length. */
function joined(parts: readonly string[]): string {
  return parts.map((part) => `${part.length}:${part}`).join('');
}

/** Groups whose keys are remembered: most matches are of a group seen just before, and looking up is cheaper than hashing. */
const MAX_REMEMBERED = 10_000;
const remembered = new Map<string, string>();

/** Values of the fields that keep groups apart; a missing one is the empty string. */
export function groupValues(event: object, fields: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const field of fields) values[field] = fieldText(event, field);
  return values;
}

/** Key of one rule's group in one agency: of an alert row, or of a correlation's threshold. */
export function groupKey(rule: string, agency: string, values: Readonly<Record<string, string>>): string {
  const group = joined([rule, agency, ...Object.entries(values).flat()]);
  const known = remembered.get(group);
  if (known !== undefined) return known;
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  const key = hash('sha256', group, 'hex').slice(0, 24);
  remembered.set(group, key);
  return key;
}

/** The group under which signals of a correlation's step are kept: the correlation's own for its first step. */
export function stepGroup(group: string, step: number): string {
  return step === 0 ? group : `${group}.${step}`;
}

/** Id of an alert: its row, and the Unix second of its first match as first seen. */
export function alertId(row: string, second: number): string {
  return `a${hash('sha256', joined([row, String(second)]), 'hex').slice(0, 20)}`;
}
