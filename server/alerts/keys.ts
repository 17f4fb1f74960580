import { hash } from 'node:crypto';
import { fieldText } from './entities.ts';

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
