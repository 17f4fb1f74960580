import { RegexError } from '../../rules/query/regex-syntax.ts';
import type { YamlMap, YamlNode, YamlScalar } from '../../rules/sigma/yaml-tree.ts';
import { readDissect } from './dissect.ts';
import type { Condition, DocumentStep } from './document.ts';
import { jsonStep } from './json-step.ts';
import { keyValues } from './key-value.ts';
import { patternStep } from './pattern-step.ts';
import type { ParserReader } from './problems.ts';
import { readConstants } from './read-constants.ts';
import { separated, wrongColumns } from './separated.ts';
import type { StepForm } from './step.ts';

const KINDS = ['grok', 'regex', 'dissect', 'kv', 'csv', 'json'] as const;
type Kind = (typeof KINDS)[number];
const MORE_KEYS = ['from', 'when', 'optional', 'set'];
const MOST_STEPS = 20;
const MOST_PATTERNS = 50;
const MOST_ALTERNATIVES = 20;

/** Reads the steps of a document. */
export function readSteps(reader: ParserReader, root: YamlMap, namespace: string): readonly DocumentStep[] {
  const own = readPatterns(reader, root);
  const list = reader.list(reader.get(root, 'steps'), '"steps"', MOST_STEPS);
  if (!list || list.items.length === 0) {
    if (!reader.get(root, 'steps') || list)
      reader.problem('HD_PARSER_STEP', '"steps" is missing: how a line is taken apart', root.at);
    return [];
  }
  return list.items.flatMap((item, place) => readStep(reader, item, place, own, namespace) ?? []);
}

function readPatterns(reader: ParserReader, root: YamlMap): ReadonlyMap<string, string> {
  const own = new Map<string, string>();
  for (const { key, at, value } of reader.entries(reader.get(root, 'patterns'), '"patterns"', MOST_PATTERNS)) {
    if (!/^[A-Z][A-Z0-9_]{0,63}$/.test(key))
      reader.problem('HD_PARSER_PATTERN', `"${key}" is no name of a pattern; write it in capital letters`, at);
    const text = reader.text(value, `pattern ${key}`, 4_096);
    if (text !== undefined) own.set(key, text);
  }
  return own;
}

function readStep(
  reader: ParserReader,
  item: YamlNode,
  place: number,
  own: ReadonlyMap<string, string>,
  namespace: string,
): DocumentStep | undefined {
  const where = `step ${place + 1}`;
  // `- json` alone is a step too.
  if (item.kind === 'scalar' && item.source === 'json')
    return {
      kind: 'json',
      form: jsonStep,
      from: undefined,
      when: undefined,
      optional: false,
      set: [],
      line: item.at.line,
    };
  const map = reader.map(item, where);
  if (!map) return undefined;
  const kinds = map.entries.filter(({ key }) => (KINDS as readonly string[]).includes(key));
  const [kind] = kinds;
  if (!kind || kinds.length > 1)
    return reader.problem('HD_PARSER_STEP', `${where} must have exactly one of ${KINDS.join(', ')}`, item.at);
  reader.only(map, [kind.key, ...MORE_KEYS], where);
  const form = readForm(reader, kind.key as Kind, kind.value, own);
  const from = reader.text(reader.get(map, 'from'), 'from', 64);
  const when = readCondition(reader, reader.get(map, 'when'));
  const optional = reader.flag(reader.get(map, 'optional'), 'optional');
  const set = readConstants(reader, reader.get(map, 'set'), `"set" of ${where}`, namespace);
  if (!form) return undefined;
  const isMessage = from === undefined || from === 'message';
  return { kind: kind.key, form, from: isMessage ? undefined : from, when, optional, set, line: kind.at.line };
}

function readForm(
  reader: ParserReader,
  kind: Kind,
  node: YamlNode,
  own: ReadonlyMap<string, string>,
): StepForm | undefined {
  switch (kind) {
    case 'grok':
    case 'regex':
      return readPattern(reader, kind, node, own);
    case 'dissect': {
      const scalar = reader.scalar(node, 'dissect');
      if (!scalar) return undefined;
      const form = readDissect(scalar.source);
      return typeof form === 'string' ? reader.problem('HD_PARSER_PATTERN', form, scalar.at) : form;
    }
    case 'kv': {
      const map =
        node.kind === 'scalar' && (node.value === null || node.value === true) ? undefined : reader.map(node, '"kv"');
      if (map) reader.only(map, ['pairs', 'values'], '"kv"');
      const pairs = separatorOf(reader, map && reader.get(map, 'pairs'), 'pairs') ?? ' ';
      const values = separatorOf(reader, map && reader.get(map, 'values'), 'values') ?? '=';
      return keyValues({ pairs, values });
    }
    case 'csv':
      return readCsvForm(reader, node);
    default:
      return jsonStep;
  }
}

function readPattern(
  reader: ParserReader,
  kind: 'grok' | 'regex',
  node: YamlNode,
  own: ReadonlyMap<string, string>,
): StepForm | undefined {
  const scalars = reader.texts(node, kind, MOST_ALTERNATIVES);
  if (scalars.length === 0)
    return reader.problem('HD_PARSER_PATTERN', `"${kind}" needs a pattern, or a list of them`, node.at);
  const usable = scalars.filter((scalar) => isUsable(reader, kind, scalar, own));
  if (usable.length < scalars.length) return undefined;
  return patternStep(
    scalars.map(({ source }) => ({ text: source, kind })),
    own,
  );
}

function isUsable(
  reader: ParserReader,
  kind: 'grok' | 'regex',
  scalar: YamlScalar,
  own: ReadonlyMap<string, string>,
): boolean {
  try {
    patternStep([{ text: scalar.source, kind }], own);
    return true;
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    // The character of an expression as written is a place in the document; of a grok pattern it is not.
    const at = kind === 'regex' ? /\(at character (\d+)\)/.exec(error.message)?.[1] : undefined;
    const from = scalar.textAt ?? scalar.at;
    const column = from.column + (at === undefined ? 0 : Number(at) - 1);
    const message = kind === 'grok' ? error.message.replace(/ \(at character \d+\)/, '') : error.message;
    reader.problem('HD_PARSER_PATTERN', upper(message), { line: from.line, column });
    return false;
  }
}

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function separatorOf(reader: ParserReader, node: YamlNode | undefined, name: string): string | undefined {
  const text = reader.text(node, name, 8);
  if (node && text !== undefined && (text === '' || /["'\\]/.test(text)))
    return reader.problem(
      'HD_PARSER_VALUE',
      `"${name}" is a text of 1 to 8 characters without quotation marks`,
      node.at,
    );
  return text;
}

function readCsvForm(reader: ParserReader, node: YamlNode): StepForm | undefined {
  const map = reader.map(node, '"csv"');
  if (!map) return undefined;
  reader.only(map, ['columns', 'separator', 'at_least'], '"csv"');
  const columns = reader.texts(reader.get(map, 'columns'), 'columns', 200).map(({ source }) => source);
  const wrong = wrongColumns(columns);
  if (wrong !== undefined) return reader.problem('HD_PARSER_STEP', `csv: ${wrong}`, node.at);
  const given = reader.get(map, 'separator');
  const text = reader.text(given, 'separator', 3);
  const separator = text === 'tab' || text === '\\t' ? '\t' : (text ?? ',');
  if (given && (separator.length !== 1 || separator === '"'))
    return reader.problem('HD_PARSER_VALUE', '"separator" is one character, or "tab"', given.at);
  const leastNode = reader.get(map, 'at_least');
  const least = Number(reader.text(leastNode, 'at_least', 3) ?? columns.length);
  if (!Number.isInteger(least) || least < 1 || least > columns.length)
    return reader.problem(
      'HD_PARSER_VALUE',
      `"at_least" is a number from 1 to ${columns.length}`,
      leastNode?.at ?? node.at,
    );
  return separated({ separator, columns, least });
}

function readCondition(reader: ParserReader, node: YamlNode | undefined): Condition | undefined {
  const map = reader.map(node, '"when"');
  if (!map) return undefined;
  reader.only(map, ['from', 'contains', 'prefix', 'is', 'exists'], '"when"');
  const text = (key: string) => reader.text(reader.get(map, key), key, 200);
  const is = reader.get(map, 'is');
  const condition = {
    from: text('from'),
    contains: text('contains'),
    prefix: text('prefix'),
    is: is && reader.texts(is, 'is', 50).map(({ source }) => source),
    exists: text('exists'),
  };
  const { contains, prefix, exists } = condition;
  if (contains === undefined && prefix === undefined && exists === undefined && !is)
    return reader.problem('HD_PARSER_STEP', '"when" needs contains, prefix, is or exists', map.at);
  return condition;
}
