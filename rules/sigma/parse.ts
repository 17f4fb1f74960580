import { ruleProblem } from '../errors.ts';
import type { Condition } from '../query/condition.ts';
import type { DetectionRule, LogSource, Rule, RuleHead, RuleProblem } from '../rule.ts';
import { ConditionError, parseConditionExpression } from './condition-expression.ts';
import { readCorrelation } from './correlation.ts';
import { DetectionReader } from './detection.ts';
import { type FilterRule, readFilterRules, suppressedBy } from './filter.ts';
import { readHead } from './head.ts';
import type { Placeholders } from './placeholders.ts';
import { RuleReader } from './reader.ts';
import { readYaml, splitDocuments, type YamlMap, type YamlNode, type YamlSource, YamlTreeError } from './yaml-tree.ts';

/** Largest rule file that is read, and most documents in it. */
export const FILE_LIMITS = { characters: 4 * 1024 * 1024, documents: 5_000 } as const;

/** What a rule file holds: the rules and filters that are whole, and everything wrong with the others. */
export interface ParsedRules {
  readonly rules: readonly Rule[];
  readonly filters: readonly FilterRule[];
  readonly problems: readonly RuleProblem[];
}

function readLogSource(reader: RuleReader, document: YamlMap): LogSource | undefined {
  const map = reader.map(reader.get(document, 'logsource'), 'logsource');
  if (!map) return reader.problem('HD_RULE_MISSING', 'The rule has no "logsource"', document.at);
  const logsource: { category?: string; product?: string; service?: string } = {};
  for (const name of ['category', 'product', 'service'] as const) {
    const text = reader.text(reader.get(map, name), `logsource.${name}`);
    if (text !== undefined) logsource[name] = text.toLowerCase();
  }
  return logsource;
}

function readCondition(
  reader: RuleReader,
  node: YamlNode,
  identifiers: ReadonlyMap<string, Condition>,
): Condition | undefined {
  if (node.kind === 'list') {
    const of = node.items.map((item) => readCondition(reader, item, identifiers));
    const known = of.filter((condition) => condition !== undefined);
    if (of.length === 0) return reader.problem('HD_RULE_CONDITION', '"condition" is empty', node.at);
    if (known.length < of.length) return undefined;
    return known.length === 1 ? known[0] : { kind: 'or', of: known };
  }
  if (node.kind === 'map') return reader.problem('HD_RULE_CONDITION', '"condition" must be a text', node.at);
  try {
    return parseConditionExpression(node.source, identifiers);
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    const at = node.textAt ? { line: node.textAt.line, column: node.textAt.column + error.offset } : node.at;
    const code = error.unsupported ? 'HD_RULE_UNSUPPORTED_CONDITION' : 'HD_RULE_CONDITION';
    return reader.problem(code, `The condition cannot be read: ${error.message}`, at);
  }
}

/** Search identifiers and the node of their condition; undefined where something is wrong with them, and reported. */
function readSearch(
  reader: RuleReader,
  section: YamlMap,
  name: string,
  others: readonly string[],
  placeholders: Placeholders,
): { readonly identifiers: ReadonlyMap<string, Condition>; readonly node: YamlNode } | undefined {
  const detection = new DetectionReader(reader, placeholders);
  const identifiers = new Map<string, Condition>();
  for (const { key, value } of section.entries) {
    if (key === 'condition' || others.includes(key)) continue;
    const condition = detection.identifier(value, key);
    if (condition) identifiers.set(key, condition);
  }
  const node = reader.get(section, 'condition');
  if (!node) return reader.problem('HD_RULE_MISSING', `The ${name} has no "condition"`, section.at);
  // What is wrong with an identifier would be reported again as an unknown name.
  return reader.problems.length > 0 ? undefined : { identifiers, node };
}

function readDetection(
  reader: RuleReader,
  document: YamlMap,
  section: YamlMap,
  head: RuleHead,
  placeholders: Placeholders,
): DetectionRule | undefined {
  const logsource = readLogSource(reader, document);
  const timeframe = section.entries.find((entry) => entry.key === 'timeframe');
  if (timeframe) reader.problem('HD_RULE_UNSUPPORTED_CONDITION', '"timeframe" is not supported', timeframe.at);
  const search = readSearch(reader, section, 'detection', ['timeframe'], placeholders);
  const condition = search && readCondition(reader, search.node, search.identifiers);
  return condition && logsource ? { ...head, kind: 'detection', logsource, condition } : undefined;
}

function readFilter(
  reader: RuleReader,
  document: YamlMap,
  section: YamlMap,
  { id, file, line }: RuleHead,
  placeholders: Placeholders,
): FilterRule | undefined {
  const logsource = readLogSource(reader, document);
  const rules = readFilterRules(reader, section);
  const search = readSearch(reader, section, 'filter', ['rules'], placeholders);
  const condition = search && readCondition(reader, search.node, search.identifiers);
  if (!search || !condition || !logsource || !rules) return undefined;
  const leaves = new Map([...search.identifiers.keys()].map((name) => [name, { kind: 'always' } as const]));
  const expression = readCondition(reader, search.node, leaves);
  const suppresses = expression && suppressedBy(condition, expression);
  if (suppresses) return { id, file, line, logsource, rules, suppresses };
  const what =
    'The condition mixes what is selected and what is not, and can be read both ways; write "not ( … )" around it';
  return reader.problem('HD_RULE_FILTER', what, search.node.at);
}

function readRule(reader: RuleReader, source: YamlSource, placeholders: Placeholders): Rule | FilterRule | undefined {
  const document = readYaml(source);
  if (document.kind !== 'map') return reader.problem('HD_RULE_DOCUMENT', 'This document is not a rule', document.at);
  const head = readHead(reader, document, source);
  const correlation = reader.get(document, 'correlation');
  const detection = reader.get(document, 'detection');
  const filter = reader.get(document, 'filter');
  const action = document.entries.find((entry) => entry.key === 'action');
  if (action)
    return reader.problem('HD_RULE_UNSUPPORTED_DOCUMENT', 'A document with "action" is not supported', action.at);
  if (filter) {
    const section = reader.map(filter, 'filter', 'HD_RULE_FILTER');
    if (correlation || detection || !section) {
      return reader.problem(
        'HD_RULE_DOCUMENT',
        'A filter has "filter" with its parts, and no other section',
        filter.at,
      );
    }
    return head && readFilter(reader, document, section, head, placeholders);
  }
  if ((correlation === undefined) === (detection === undefined)) {
    const what = detection ? 'The rule has "detection" and "correlation"' : 'The rule has no "detection"';
    return reader.problem('HD_RULE_DOCUMENT', what, document.at);
  }
  const name = correlation ? 'correlation' : 'detection';
  const section = reader.map(correlation ?? detection, name);
  if (!section) return reader.problem('HD_RULE_DOCUMENT', `"${name}" is empty`, document.at);
  if (!head) return undefined;
  return correlation
    ? readCorrelation(reader, document, section, head)
    : readDetection(reader, document, section, head, placeholders);
}

/**
 * Parses a rule file of one or many YAML documents. It never throws: a document that is not YAML, or uses what is not
 * supported, becomes problems with file, line and column, and the rules beside it are given all the same.
 */
export function parseRules(text: string, file: string, placeholders: Placeholders = new Map()): ParsedRules {
  const rules: Rule[] = [];
  const filters: FilterRule[] = [];
  const problems: RuleProblem[] = [];
  const first = { file, rule: null, line: 1, column: 1 };
  if (text.length > FILE_LIMITS.characters) {
    problems.push(
      ruleProblem('HD_RULE_TOO_LARGE', `The file is longer than ${FILE_LIMITS.characters} characters`, first),
    );
    return { rules, filters, problems };
  }
  const documents = splitDocuments(text);
  if (documents.length === 0) problems.push(ruleProblem('HD_RULE_DOCUMENT', 'The file holds no rule', first));
  if (documents.length > FILE_LIMITS.documents) {
    const what = `The file holds more than ${FILE_LIMITS.documents} documents; the rest is left out`;
    problems.push(ruleProblem('HD_RULE_TOO_LARGE', what, first));
  }
  for (const source of documents.slice(0, FILE_LIMITS.documents)) {
    const reader = new RuleReader(file);
    try {
      const rule = readRule(reader, source, placeholders);
      if (rule && reader.problems.length === 0) {
        if ('suppresses' in rule) filters.push(rule);
        else rules.push(rule);
      }
    } catch (error) {
      if (!(error instanceof YamlTreeError)) throw error;
      reader.problem(error.code, error.message, error.at);
    }
    problems.push(...reader.problems);
  }
  return { rules, filters, problems };
}
