import { hash } from 'node:crypto';
import { fieldText } from './entities.ts';

/** A digest of parts that may hold anything: each is told from the next by its length. */
function digest(parts: readonly string[], length: number): string {
  return hash('sha256', parts.map((part) => `${part.length}:${part}`).join(''), 'hex').slice(0, length);
}

/** Values of the fields that keep groups apart; a missing one is the empty string. */
export function groupValues(event: object, fields: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const field of fields) values[field] = fieldText(event, field);
  return values;
}

/** Key of one rule's group in one agency: of an alert row, or of a correlation's threshold. */
export function groupKey(rule: string, agency: string, values: Readonly<Record<string, string>>): string {
  return digest([rule, agency, ...Object.entries(values).flat()], 24);
}

/** The group under which signals of a correlation's step are kept: the correlation's own for its first step. */
export function stepGroup(group: string, step: number): string {
  return step === 0 ? group : `${group}.${step}`;
}

/** Id of an alert: its row, and the Unix second of its first match as first seen. */
export function alertId(row: string, second: number): string {
  return `a${digest([row, String(second)], 20)}`;
}
