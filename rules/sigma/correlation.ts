import type { CorrelationRule, RuleHead } from '../rule.ts';
import type { RuleReader } from './reader.ts';
import type { YamlMap, YamlNode } from './yaml-tree.ts';

const CODE = 'HD_RULE_CORRELATION';
const UNSUPPORTED = 'HD_RULE_UNSUPPORTED_CORRELATION';
const TYPES = ['value_count', 'temporal', 'temporal_ordered', 'value_sum', 'value_avg', 'value_percentile'];
const COMPARISONS = ['gt', 'gte', 'lt', 'lte', 'eq'] as const;

interface Threshold {
  readonly compare: CorrelationRule['compare'];
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

/** Reads a correlation rule (Sigma 2.1, *Correlation section*): `event_count` alone; others are refused by name. */
export function readCorrelation(
  reader: RuleReader,
  document: YamlMap,
  section: YamlMap,
  head: RuleHead,
): CorrelationRule | undefined {
  const typeNode = reader.get(section, 'type');
  const type = reader.text(typeNode, 'type', CODE);
  if (typeNode === undefined || type === undefined) {
    return reader.problem('HD_RULE_MISSING', 'The correlation has no "type"', section.at);
  }
  if (type !== 'event_count') {
    const what = TYPES.includes(type)
      ? `Correlation type "${type}" is not supported`
      : `There is no correlation type "${type}"`;
    return reader.problem(UNSUPPORTED, what, typeNode.at);
  }
  const aliases = section.entries.find((entry) => entry.key === 'aliases');
  if (aliases) return reader.problem(UNSUPPORTED, '"aliases" are not supported', aliases.at);
  reader.only(section, ['type', 'rules', 'group-by', 'timespan', 'condition', 'generate'], 'correlation', CODE);
  const rules = reader.texts(reader.get(section, 'rules'), 'rules', CODE);
  if (rules.length === 0) reader.problem('HD_RULE_MISSING', 'The correlation has no "rules"', section.at);
  const timespanNode = reader.get(section, 'timespan');
  const timespanSeconds = reader.span(timespanNode, 'timespan', CODE);
  if (timespanNode === undefined) reader.problem('HD_RULE_MISSING', 'The correlation has no "timespan"', section.at);
  if (timespanSeconds === 0)
    reader.problem(CODE, '"timespan" must be longer than nothing', timespanNode?.at ?? section.at);
  const threshold = readThreshold(reader, reader.get(section, 'condition'), section);
  if (!threshold || !timespanSeconds) return undefined;
  return {
    ...head,
    kind: 'correlation',
    type,
    rules,
    groupBy: reader.texts(reader.get(section, 'group-by'), 'group-by', CODE),
    timespanSeconds,
    ...threshold,
    generate: readGenerate(reader, section, document),
  };
}
