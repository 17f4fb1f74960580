import { numberOf, scalarText } from '../query/field-test.ts';
import type { CorrelationRule } from '../rule.ts';
import type { ValueCount } from './measure.ts';

/** Different values kept of one second of one group, in a batch and over all: what comes beyond is not told apart. */
export const MOST_VALUES = 10_000;
/** Longest value that is told apart, in UTF-16 units: log content is the attacker's to choose. */
const MAX_TEXT = 300;

/** The fields whose values a correlation measures; empty for one that counts matches. */
export function valueFields(rule: CorrelationRule): readonly string[] {
  return 'fields' in rule ? rule.fields : [];
}

function one(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value;
}

/**
 * What one match adds to what a correlation measures, given the values of its fields in order: nothing where it counts
 * matches alone. Undefined where a field is absent, or is no number where one is needed: the match then has no part in it.
 */
export function valueOfMatch(rule: CorrelationRule, values: readonly unknown[]): ValueCount | null | undefined {
  if (!('fields' in rule)) return null;
  if (rule.type === 'value_count') {
    const texts = values.map((value) => scalarText(one(value)));
    if (texts.some((text) => text === undefined || text === '')) return undefined;
    const cut = texts.map((text) => (text ?? '').slice(0, MAX_TEXT));
    return [cut.length === 1 ? (cut[0] ?? '') : cut.map((text) => `${text.length}:${text}`).join(''), 1];
  }
  const number = numberOf(one(values[0]));
  if (number === undefined || !Number.isFinite(number)) return undefined;
  return rule.type === 'value_percentile' ? [String(number), 1] : ['', number];
}
