import type { Comparison, CorrelationRule, RuleHead, TemporalRule, ValueRule } from '../rule.ts';
import type { RuleReader } from './reader.ts';
import type { YamlEntry, YamlMap, YamlNode } from './yaml-tree.ts';

const CODE = 'HD_RULE_CORRELATION';
const UNSUPPORTED = 'HD_RULE_UNSUPPORTED_CORRELATION';
const TYPES = [
  'event_count',
  'value_count',
  'value_sum',
  'value_avg',
  'value_percentile',
  'temporal',
  'temporal_ordered',
] as const;
type CorrelationType = (typeof TYPES)[number];
/** Rules that one temporal correlation may put together, and fields that one value may be made of. */
const [MAX_TEMPORAL_RULES, MAX_FIELDS] = [50, 10];
const COMPARISONS = ['gt', 'gte', 'lt', 'lte', 'eq', 'neq'] as const;

interface Threshold extends Comparison {
  readonly also: readonly Comparison[];
}

function readComparison(reader: RuleReader, entry: YamlEntry, isCount: boolean): Comparison | undefined {
  const compare = COMPARISONS.find((name) => name === entry.key);
  if (!compare) return reader.problem(UNSUPPORTED, `The comparison "${entry.key}" is not supported`, entry.at);
  const threshold = entry.value.kind === 'scalar' ? entry.value.value : undefined;
  if (typeof threshold !== 'number' || (isCount && (!Number.isInteger(threshold) || threshold < 0))) {
    const what = isCount ? 'a whole number from 0 on' : 'a number';
    return reader.problem(CODE, `"${compare}" must be ${what}`, entry.value.at);
  }
  return { compare, threshold };
}

/** The comparisons of a condition, all of which must hold; `others` are the keys that are none. */
function readThreshold(
  reader: RuleReader,
  node: YamlNode | undefined,
  section: YamlMap,
  { isCount = true, others = [] }: { readonly isCount?: boolean; readonly others?: readonly string[] } = {},
): Threshold | undefined {
  const map = reader.map(node, 'condition', CODE);
  if (!map)
    return node ? undefined : reader.problem('HD_RULE_MISSING', 'The correlation has no "condition"', section.at);
  const entries = map.entries.filter(({ key }) => !others.includes(key));
  if (entries.length === 0) return reader.problem(CODE, '"condition" has no comparison', map.at);
  const comparisons = entries.map((entry) => readComparison(reader, entry, isCount));
  const [first, ...also] = comparisons.filter((comparison) => comparison !== undefined);
  return first && also.length + 1 === entries.length ? { ...first, also } : undefined;
}

/** What a correlation of values measures: `field` of its condition, and of a percentile which one. */
function readValues(
  reader: RuleReader,
  type: ValueRule['type'],
  section: YamlMap,
): Pick<ValueRule, 'fields' | 'percentile' | 'compare' | 'threshold' | 'also'> | undefined {
  const node = reader.get(section, 'condition');
  const others = type === 'value_percentile' ? ['field', 'percentile'] : ['field'];
  const threshold = readThreshold(reader, node, section, { isCount: type === 'value_count', others });
  const map = node?.kind === 'map' ? node : undefined;
  if (!map || !threshold) return undefined;
  const fieldNode = reader.get(map, 'field');
  const fields = reader.texts(fieldNode, 'field', CODE);
  if (fields.length === 0) return reader.problem('HD_RULE_MISSING', `"condition" of ${type} has no "field"`, map.at);
  const most = type === 'value_count' ? MAX_FIELDS : 1;
  if (fields.length > most) {
    return reader.problem(CODE, `${type} takes at most ${most} fields`, fieldNode?.at ?? map.at);
  }
  if (type !== 'value_percentile') return { ...threshold, fields, percentile: 50 };
  const percentile = reader.get(map, 'percentile');
  const percent = percentile?.kind === 'scalar' ? percentile.value : undefined;
  if (percentile === undefined) {
    const what = 'Which percentile "value_percentile" means is not said; write "percentile: 50" for the median';
    return reader.problem(UNSUPPORTED, what, map.at);
  }
  if (typeof percent !== 'number' || percent <= 0 || percent > 100) {
    return reader.problem(CODE, '"percentile" must be a number above 0 and up to 100', percentile.at);
  }
  return { ...threshold, fields, percentile: percent };
}

/** Reads `aliases`: by name, the field that it is in the events of each rule. */
function readAliases(reader: RuleReader, section: YamlMap): NonNullable<CorrelationRule['aliases']> {
  const aliases = new Map<string, ReadonlyMap<string, string>>();
  for (const { key, value } of reader.map(reader.get(section, 'aliases'), 'aliases', CODE)?.entries ?? []) {
    const fields = new Map<string, string>();
    if (value.kind !== 'map' || value.entries.length === 0) {
      reader.problem(CODE, `Alias "${key}" must be a map of rules to fields`, value.at);
      continue;
    }
    for (const entry of value.entries) {
      const field = reader.text(entry.value, `aliases.${key}.${entry.key}`, CODE);
      if (field) fields.set(entry.key, field);
      else reader.problem(CODE, `Alias "${key}" has no field of "${entry.key}"`, entry.at);
    }
    aliases.set(key, fields);
  }
  return aliases;
}

function readGenerate(reader: RuleReader, section: YamlMap, document: YamlMap): boolean {
  const node = reader.get(section, 'generate') ?? reader.get(document, 'generate');
  if (node === undefined) return false;
  if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
  reader.problem(CODE, '"generate" must be true or false', node.at);
  return false;
}

/** How many different rules must match: a temporal `condition` is optional, and asks for all of them where it is left out. */
function readDifferent(
  reader: RuleReader,
  type: TemporalRule['type'],
  section: YamlMap,
  rules: readonly string[],
): number | undefined {
  const node = reader.get(section, 'condition');
  if (node === undefined) return rules.length;
  const read = readThreshold(reader, node, section);
  if (!read) return undefined;
  const { compare, threshold, also } = read;
  if (also.length > 0) {
    return reader.problem(UNSUPPORTED, `A "condition" of ${type} with a range is not supported`, node.at);
  }
  const atLeast = compare === 'gt' ? threshold + 1 : threshold;
  if (atLeast < 1 || atLeast > rules.length) {
    return reader.problem(CODE, `"condition" must ask for 1 to ${rules.length} different rules`, node.at);
  }
  // More rules than there are cannot match: `eq` all is `gte` all.
  const all = atLeast === rules.length && (compare === 'eq' || compare === 'gte' || compare === 'gt');
  if (all || (type === 'temporal' && (compare === 'gte' || compare === 'gt'))) return atLeast;
  return reader.problem(
    UNSUPPORTED,
    `A "condition" of ${type} with "${compare}: ${threshold}" is not supported`,
    node.at,
  );
}

function readRules(reader: RuleReader, type: CorrelationType, section: YamlMap): readonly string[] {
  const node = reader.get(section, 'rules');
  const rules = reader.texts(node, 'rules', CODE);
  if (rules.length === 0) reader.problem('HD_RULE_MISSING', 'The correlation has no "rules"', section.at);
  if (!type.startsWith('temporal') || node === undefined) return rules;
  const twice = rules.find((name, index) => rules.indexOf(name) < index);
  if (twice !== undefined) reader.problem(CODE, `"${twice}" is in "rules" twice`, node.at);
  if (rules.length > MAX_TEMPORAL_RULES) {
    reader.problem('HD_RULE_TOO_LARGE', `${type} takes at most ${MAX_TEMPORAL_RULES} rules`, node.at);
  }
  return rules;
}

/** Reads a correlation rule (Sigma 2.1, *Correlation section*); types that are not supported are refused by name. */
export function readCorrelation(
  reader: RuleReader,
  document: YamlMap,
  section: YamlMap,
  head: RuleHead,
): CorrelationRule | undefined {
  const typeNode = reader.get(section, 'type');
  const named = reader.text(typeNode, 'type', CODE);
  if (typeNode === undefined || named === undefined) {
    return reader.problem('HD_RULE_MISSING', 'The correlation has no "type"', section.at);
  }
  const type = TYPES.find((name) => name === named);
  if (type === undefined) {
    return reader.problem(UNSUPPORTED, `There is no correlation type "${named}"`, typeNode.at);
  }
  reader.only(
    section,
    ['type', 'rules', 'aliases', 'group-by', 'timespan', 'condition', 'generate'],
    'correlation',
    CODE,
  );
  const rules = readRules(reader, type, section);
  const timespanNode = reader.get(section, 'timespan');
  const timespanSeconds = reader.span(timespanNode, 'timespan', CODE);
  if (timespanNode === undefined) reader.problem('HD_RULE_MISSING', 'The correlation has no "timespan"', section.at);
  if (timespanSeconds === 0)
    reader.problem(CODE, '"timespan" must be longer than nothing', timespanNode?.at ?? section.at);
  const node = reader.get(section, 'rules');
  const places = (node?.kind === 'list' ? node.items : node ? [node] : []).map(({ at: { line, column } }) => ({
    line: line - head.line,
    column,
  }));
  const groupBy = reader.texts(reader.get(section, 'group-by'), 'group-by', CODE);
  const generate = readGenerate(reader, section, document);
  const aliases = readAliases(reader, section);
  const base = { ...head, kind: 'correlation', rules, places, groupBy, generate, aliases } as const;
  switch (type) {
    case 'event_count': {
      const threshold = readThreshold(reader, reader.get(section, 'condition'), section);
      return threshold && timespanSeconds ? { ...base, type, timespanSeconds, ...threshold } : undefined;
    }
    case 'temporal':
    case 'temporal_ordered': {
      const different = readDifferent(reader, type, section, rules);
      return different && timespanSeconds ? { ...base, type, timespanSeconds, different } : undefined;
    }
    default: {
      const values = readValues(reader, type, section);
      return values && timespanSeconds ? { ...base, type, timespanSeconds, ...values } : undefined;
    }
  }
}
