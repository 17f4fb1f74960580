import { readYaml, type YamlMap, type YamlNode, YamlTreeError } from '../../rules/sigma/yaml-tree.ts';
import { isTimeZone } from '../parsers/time.ts';
import { type ParserProblem, ParserReader } from './problems.ts';
import type { Constant } from './read-constants.ts';
import { readConstants } from './read-constants.ts';
import { readFields } from './read-fields.ts';
import { readSamples, type Sample } from './read-samples.ts';
import { readSteps } from './read-steps.ts';
import type { StepForm } from './step.ts';
import { isReservedNamespace } from './targets.ts';
import type { FieldRule } from './values.ts';

/** What a parser document may hold. */
export const PARSER_LIMITS = { characters: 64 * 1024, steps: 20, fields: 200, samples: 50, patterns: 50 } as const;

/** When a step is for a text; all of it must hold. */
export interface Condition {
  /** The name whose value is looked at; undefined: the text that the step reads. */
  readonly from: string | undefined;
  readonly contains: string | undefined;
  readonly prefix: string | undefined;
  readonly is: readonly string[] | undefined;
  readonly exists: string | undefined;
}

/** One step as the document has it. */
export interface DocumentStep {
  readonly kind: string;
  readonly form: StepForm;
  /** The name whose value it reads; undefined: the message. */
  readonly from: string | undefined;
  readonly when: Condition | undefined;
  /** A text that it does not fit is no fault. */
  readonly optional: boolean;
  /** Set where it fits. */
  readonly set: readonly Constant[];
  readonly line: number;
}

/** By what `auto` knows a line. */
export interface MatchRule {
  readonly contains: string | undefined;
  readonly prefix: string | undefined;
}

/** A parser as its document describes it, checked. */
export interface ParserDocument {
  readonly name: string;
  readonly title: string;
  readonly dataset: string;
  readonly match: MatchRule | undefined;
  readonly timeZone: string | undefined;
  /** Whether its lines may come inside syslog. */
  readonly syslog: boolean;
  readonly constants: readonly Constant[];
  readonly steps: readonly DocumentStep[];
  readonly fields: readonly FieldRule[];
  readonly samples: readonly Sample[];
  /** Where the document's parts stand, for what is found wrong later. */
  readonly line: number;
}

/** A document as read: undefined where anything is wrong with it. */
export interface ReadDocument {
  readonly document: ParserDocument | undefined;
  /** The name that it gives itself, right or wrong; empty where it gives none. */
  readonly name: string;
  readonly problems: readonly ParserProblem[];
}

const KEYS = 'name title description dataset match time_zone syslog constants patterns steps fields samples'.split(' ');
const NAME = /^[a-z][a-z0-9-]{1,31}$/;
const DATASET = /^([a-z][a-z0-9_]{1,31})\.[a-z][a-z0-9_]{0,31}$/;
const MIN_MATCH = 3;

/** Reads a parser document; `taken` are names that it may not have, those of the built-in parsers. */
export function readParser(text: string, taken: readonly string[]): ReadDocument {
  const reader = new ParserReader();
  const fail = (): ReadDocument => ({ document: undefined, name: '', problems: reader.problems });
  if (text.length > PARSER_LIMITS.characters) {
    reader.problem('HD_PARSER_TOO_LARGE', `The parser is longer than ${PARSER_LIMITS.characters} characters`, START);
    return fail();
  }
  let root: YamlNode;
  try {
    root = readYaml({ text, linesBefore: 0 });
  } catch (error) {
    if (!(error instanceof YamlTreeError)) throw error;
    const large = error.code === 'HD_RULE_TOO_LARGE';
    reader.problem(large ? 'HD_PARSER_TOO_LARGE' : 'HD_PARSER_YAML', error.message, error.at);
    return fail();
  }
  if (root.kind !== 'map') {
    reader.problem('HD_PARSER_YAML', 'A parser is a map of names and values; it begins with "name:"', root.at);
    return fail();
  }
  const document = readRoot(reader, root, taken);
  const given = reader.get(root, 'name');
  const name = given?.kind === 'scalar' ? given.source : '';
  return { document: reader.problems.length === 0 ? document : undefined, name, problems: reader.problems };
}

const START = { line: 1, column: 1 };

function readRoot(reader: ParserReader, root: YamlMap, taken: readonly string[]): ParserDocument {
  reader.only(root, KEYS, 'a parser');
  const name = readName(reader, root, taken);
  const title = reader.text(reader.get(root, 'title'), 'title', 200) ?? '';
  if (title === '' && !reader.get(root, 'title'))
    reader.problem('HD_PARSER_KEY', '"title" is missing: what people call it', root.at);
  const dataset = readDataset(reader, root);
  const namespace = dataset.split('.', 1)[0] as string;
  const timeZone = readZone(reader, root);
  const constants = readConstants(reader, reader.get(root, 'constants'), '"constants"', namespace);
  const steps = readSteps(reader, root, namespace);
  const fields = readFields(reader, root, steps, namespace);
  return {
    name,
    title,
    dataset,
    match: readMatch(reader, root),
    timeZone,
    syslog: reader.get(root, 'syslog') === undefined || reader.flag(reader.get(root, 'syslog'), 'syslog'),
    constants,
    steps,
    fields,
    samples: readSamples(reader, root),
    line: root.at.line,
  };
}

function readName(reader: ParserReader, root: YamlMap, taken: readonly string[]): string {
  const node = reader.get(root, 'name');
  const name = reader.text(node, 'name', 64);
  if (!node || name === undefined) {
    if (!node) reader.problem('HD_PARSER_KEY', '"name" is missing: what inputs call it', root.at);
    return '';
  }
  if (!NAME.test(name))
    reader.problem(
      'HD_PARSER_VALUE',
      `"${name}" is no name of a parser: 2 to 32 of a-z, 0-9 and -, a letter first`,
      node.at,
    );
  else if (name === 'auto' || taken.includes(name))
    reader.problem('HD_PARSER_VALUE', `"${name}" is a built-in parser; choose another name`, node.at);
  return name;
}

function readDataset(reader: ParserReader, root: YamlMap): string {
  const node = reader.get(root, 'dataset');
  const dataset = reader.text(node, 'dataset', 100);
  if (!node || dataset === undefined) {
    if (!node)
      reader.problem(
        'HD_PARSER_KEY',
        '"dataset" is missing: the application and the kind of log, such as igate.payment',
        root.at,
      );
    return 'custom.log';
  }
  const namespace = DATASET.exec(dataset)?.[1];
  if (namespace === undefined)
    reader.problem('HD_PARSER_VALUE', `"${dataset}" is not of the form application.log, in a-z, 0-9 and _`, node.at);
  else if (isReservedNamespace(namespace))
    reader.problem(
      'HD_PARSER_VALUE',
      `"${namespace}" is a name of ECS; begin "dataset" with the application's name`,
      node.at,
    );
  return dataset;
}

function readZone(reader: ParserReader, root: YamlMap): string | undefined {
  const node = reader.get(root, 'time_zone');
  const zone = reader.text(node, 'time_zone', 64);
  if (node && zone !== undefined && !isTimeZone(zone))
    reader.problem('HD_PARSER_VALUE', `"${zone}" is no time zone; write one like Asia/Ho_Chi_Minh`, node.at);
  return zone;
}

function readMatch(reader: ParserReader, root: YamlMap): MatchRule | undefined {
  const node = reader.get(root, 'match');
  if (!node) return undefined;
  if (node.kind === 'scalar') return { contains: literalOf(reader, node, 'match'), prefix: undefined };
  const map = reader.map(node, '"match"');
  if (!map) return undefined;
  reader.only(map, ['contains', 'prefix'], '"match"');
  return {
    contains: literalOf(reader, reader.get(map, 'contains'), 'contains'),
    prefix: literalOf(reader, reader.get(map, 'prefix'), 'prefix'),
  };
}

function literalOf(reader: ParserReader, node: YamlNode | undefined, name: string): string | undefined {
  const text = reader.text(node, name, 200);
  if (node && text !== undefined && text.trim().length < MIN_MATCH)
    reader.problem(
      'HD_PARSER_VALUE',
      `"${text}" is too short to know a line by; give at least ${MIN_MATCH} characters`,
      node.at,
    );
  return text;
}
