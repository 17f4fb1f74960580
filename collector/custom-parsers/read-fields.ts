import type { YamlMap, YamlNode } from '../../rules/sigma/yaml-tree.ts';
import type { DocumentStep } from './document.ts';
import type { ParserReader } from './problems.ts';
import { constantOf } from './read-constants.ts';
import { type Target, targetOf, VALUE_TYPES, type ValueType } from './targets.ts';
import { compileTimes, type TimeReader } from './time-format.ts';
import type { FieldRule } from './values.ts';

const MOST_FIELDS = 200;
const MOST_TARGETS = 5;
const MOST_MEANINGS = 200;
const STEP_CODES: ReadonlySet<string> = new Set(['HD_PARSER_STEP', 'HD_PARSER_PATTERN']);
const KEYS = ['to', 'type', 'formats', 'lower', 'upper', 'map', 'otherwise', 'nothing', 'split'];

/**
 * Reads which value goes where. A name with a dot that a pattern, a form or a column gives is a field of that name, unless
 * `fields` says otherwise; other names that `fields` does not list are for later steps alone.
 */
export function readFields(
  reader: ParserReader,
  root: YamlMap,
  steps: readonly DocumentStep[],
  namespace: string,
): readonly FieldRule[] {
  const given = new Set(steps.flatMap(({ form }) => form.names));
  // Of a step that cannot be read nobody knows what it would give.
  const isOpen = steps.some(({ form }) => form.open) || reader.problems.some(({ code }) => STEP_CODES.has(code));
  const rules: FieldRule[] = [];
  const listed = new Set<string>();
  for (const { key, at, value } of reader.entries(reader.get(root, 'fields'), '"fields"', MOST_FIELDS)) {
    listed.add(key);
    if (!given.has(key) && !isOpen && key !== 'message')
      reader.problem('HD_PARSER_STEP', `No step gives a value named "${key}"`, at);
    const items = value.kind === 'list' ? (reader.list(value, `"${key}"`, MOST_TARGETS)?.items ?? []) : [value];
    for (const item of items) {
      const rule = readRule(reader, key, item, namespace);
      if (rule) rules.push(rule);
    }
  }
  for (const { form, line } of steps) {
    for (const name of form.names) {
      if (listed.has(name) || !(name.includes('.') || name === 'message' || name === '@timestamp')) continue;
      listed.add(name);
      const target = targetOf(name, undefined, namespace);
      if (typeof target === 'string') reader.problem('HD_PARSER_FIELD', target, { line, column: 1 });
      else rules.push(plainRule(name, target));
    }
  }
  checkReferences(reader, steps, given, isOpen);
  if (rules.length === 0 && reader.problems.length === 0)
    reader.problem(
      'HD_PARSER_STEP',
      'Nothing of a line becomes a field; list values in "fields", or name them as fields',
      root.at,
    );
  return rules;
}

/** Names that steps read must come from somewhere. */
function checkReferences(
  reader: ParserReader,
  steps: readonly DocumentStep[],
  given: ReadonlySet<string>,
  isOpen: boolean,
): void {
  for (const { from, when, line } of steps) {
    for (const name of [from, when?.from, when?.exists]) {
      if (name === undefined || name === 'message' || given.has(name) || isOpen) continue;
      reader.problem('HD_PARSER_STEP', `No step gives a value named "${name}"`, { line, column: 1 });
    }
  }
}

function plainRule(from: string, target: Target): FieldRule {
  return {
    from,
    target,
    letters: undefined,
    meanings: undefined,
    otherwise: undefined,
    nothing: new Set(),
    split: undefined,
    time: target.type === 'date' ? isoTimes() : undefined,
  };
}

function isoTimes(): TimeReader {
  return compileTimes(['iso8601']) as TimeReader;
}

function readRule(reader: ParserReader, from: string, node: YamlNode, namespace: string): FieldRule | undefined {
  if (node.kind === 'scalar') {
    const name = reader.text(node, `"${from}"`, 200);
    if (name === undefined) return undefined;
    const target = targetOf(name, undefined, namespace);
    return typeof target === 'string'
      ? reader.problem('HD_PARSER_FIELD', upper(target), node.at)
      : plainRule(from, target);
  }
  const map = reader.map(node, `"${from}"`);
  if (!map) return undefined;
  reader.only(map, KEYS, `"${from}"`);
  const to = reader.get(map, 'to');
  const name = reader.text(to, 'to', 200) ?? (to ? undefined : from);
  const type = readType(reader, reader.get(map, 'type'));
  if (name === undefined) return undefined;
  const target = targetOf(name, type, namespace);
  if (typeof target === 'string') return reader.problem('HD_PARSER_FIELD', upper(target), (to ?? map).at);
  const lower = reader.flag(reader.get(map, 'lower'), 'lower');
  const isUpper = reader.flag(reader.get(map, 'upper'), 'upper');
  const meanings = readMeanings(reader, map, target);
  const otherwiseNode = reader.get(map, 'otherwise');
  const otherwise = otherwiseNode && reader.scalar(otherwiseNode, 'otherwise');
  if (otherwiseNode && !meanings)
    reader.problem('HD_PARSER_VALUE', '"otherwise" stands beside "map"', otherwiseNode.at);
  return {
    ...plainRule(from, target),
    letters: lower ? 'lower' : isUpper ? 'upper' : undefined,
    meanings,
    otherwise: otherwise && constantOf(reader, target, otherwise),
    nothing: new Set(reader.texts(reader.get(map, 'nothing'), 'nothing', 20).map(({ source }) => source)),
    split: readSplit(reader, map),
    time: readTimes(reader, map, target),
  };
}

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function readType(reader: ParserReader, node: YamlNode | undefined): ValueType | undefined {
  const text = reader.text(node, 'type', 30);
  const found = VALUE_TYPES.find((type) => type === text);
  if (node && text !== undefined && !found)
    reader.problem('HD_PARSER_VALUE', `"${text}" is no type; there are ${VALUE_TYPES.join(', ')}`, node.at);
  return found;
}

function readMeanings(reader: ParserReader, map: YamlMap, target: Target): FieldRule['meanings'] {
  const node = reader.get(map, 'map');
  if (!node) return undefined;
  if (!['keyword', 'long', 'double', 'boolean'].includes(target.type))
    return reader.problem(
      'HD_PARSER_VALUE',
      `"map" is for words and numbers, and "${target.name}" is of type ${target.type}`,
      node.at,
    );
  const meanings = new Map<string, string | number | boolean>();
  for (const { key, value } of reader.entries(node, '"map"', MOST_MEANINGS)) {
    const scalar = reader.scalar(value, `"${key}"`);
    const meaning = scalar && constantOf(reader, target, scalar);
    if (meaning !== undefined) meanings.set(key, meaning);
  }
  return meanings;
}

function readSplit(reader: ParserReader, map: YamlMap): string | undefined {
  const node = reader.get(map, 'split');
  const text = reader.text(node, 'split', 8);
  if (node && text === '') return reader.problem('HD_PARSER_VALUE', '"split" is the text between two values', node.at);
  return text;
}

function readTimes(reader: ParserReader, map: YamlMap, target: Target): TimeReader | undefined {
  const node = reader.get(map, 'formats');
  if (target.type !== 'date') {
    if (node)
      reader.problem(
        'HD_PARSER_VALUE',
        `"formats" is for times, and "${target.name}" is of type ${target.type}`,
        node.at,
      );
    return undefined;
  }
  const formats = reader.texts(node, 'formats', 10);
  if (formats.length === 0) return isoTimes();
  const times = compileTimes(formats.map(({ source }) => source));
  if (typeof times !== 'string') return times;
  return reader.problem('HD_PARSER_VALUE', upper(times), (formats[0] as (typeof formats)[0]).at);
}
