import type { CorrelationRule, EventCountRule, RuleHead, TemporalRule } from '../rule.ts';
import type { RuleReader } from './reader.ts';
import type { YamlMap, YamlNode } from './yaml-tree.ts';

const CODE = 'HD_RULE_CORRELATION';
const UNSUPPORTED = 'HD_RULE_UNSUPPORTED_CORRELATION';
const UNSUPPORTED_TYPES = ['value_count', 'value_sum', 'value_avg', 'value_percentile'];
const SUPPORTED_TYPES = ['event_count', 'temporal', 'temporal_ordered'] as const;
/** Rules that one temporal correlation may put together. */
const MAX_TEMPORAL_RULES = 50;
const COMPARISONS = ['gt', 'gte', 'lt', 'lte', 'eq'] as const;

interface Threshold {
  readonly compare: EventCountRule['compare'];
  readonly threshold: number;
}

function readThreshold(reader: RuleReader, node: YamlNode | undefined, section: YamlMap): Threshold | undefined {
  const map = reader.map(node, 'condition', CODE);
  if (!map)
    return node ? undefined : reader.problem('HD_RULE_MISSING', 'The correlation has no "condition"', section.at);
  const [entry, second] = map.entries;
  if (!entry) return reader.problem(CODE, '"condition" is empty', map.at);
  if (second)
    return reader.problem(UNSUPPORTED, 'A "condition" with more than one comparison is not supported', second.at);
  const compare = COMPARISONS.find((name) => name === entry.key);
  if (!compare) return reader.problem(UNSUPPORTED, `The comparison "${entry.key}" is not supported`, entry.at);
  const threshold = entry.value.kind === 'scalar' ? entry.value.value : undefined;
  if (typeof threshold !== 'number' || !Number.isInteger(threshold) || threshold < 0) {
    return reader.problem(CODE, `"${compare}" must be a whole number from 0 on`, entry.value.at);
  }
  return { compare, threshold };
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
  const { compare, threshold } = read;
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

function readRules(reader: RuleReader, type: CorrelationRule['type'], section: YamlMap): readonly string[] {
  const node = reader.get(section, 'rules');
  const rules = reader.texts(node, 'rules', CODE);
  if (rules.length === 0) reader.problem('HD_RULE_MISSING', 'The correlation has no "rules"', section.at);
  if (type === 'event_count' || node === undefined) return rules;
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
  const type = SUPPORTED_TYPES.find((name) => name === named);
  if (type === undefined) {
    const what = UNSUPPORTED_TYPES.includes(named)
      ? `Correlation type "${named}" is not supported`
      : `There is no correlation type "${named}"`;
    return reader.problem(UNSUPPORTED, what, typeNode.at);
  }
  const aliases = section.entries.find((entry) => entry.key === 'aliases');
  if (aliases) return reader.problem(UNSUPPORTED, '"aliases" are not supported', aliases.at);
  reader.only(section, ['type', 'rules', 'group-by', 'timespan', 'condition', 'generate'], 'correlation', CODE);
  const rules = readRules(reader, type, section);
  const timespanNode = reader.get(section, 'timespan');
  const timespanSeconds = reader.span(timespanNode, 'timespan', CODE);
  if (timespanNode === undefined) reader.problem('HD_RULE_MISSING', 'The correlation has no "timespan"', section.at);
  if (timespanSeconds === 0)
    reader.problem(CODE, '"timespan" must be longer than nothing', timespanNode?.at ?? section.at);
  const groupBy = reader.texts(reader.get(section, 'group-by'), 'group-by', CODE);
  const generate = readGenerate(reader, section, document);
  const base = { ...head, kind: 'correlation', rules, groupBy, generate } as const;
  if (type === 'event_count') {
    const threshold = readThreshold(reader, reader.get(section, 'condition'), section);
    return threshold && timespanSeconds ? { ...base, type, timespanSeconds, ...threshold } : undefined;
  }
  const different = readDifferent(reader, type, section, rules);
  return different && timespanSeconds ? { ...base, type, timespanSeconds, different } : undefined;
}
