import type { YamlMap, YamlNode } from '../../rules/sigma/yaml-tree.ts';
import type { ParserReader } from './problems.ts';

/** A line with what must become of it. */
export interface Sample {
  /** The log line. */
  readonly text: string;
  /** Dotted fields and their values; undefined: the parser must not understand the line. */
  readonly expect: ReadonlyMap<string, ExpectedValue> | undefined;
  /** In the document. */
  readonly line: number;
}

export type ExpectedValue = string | number | boolean | null | readonly (string | number | boolean | null)[];

const MOST_SAMPLES = 50;
const MOST_FIELDS = 200;

/** Reads the samples; at least two must be lines that are understood, each with at least one field. */
export function readSamples(reader: ParserReader, root: YamlMap): readonly Sample[] {
  const node = reader.get(root, 'samples');
  const items = reader.list(node, '"samples"', MOST_SAMPLES)?.items ?? [];
  const samples = items.flatMap((item) => readSample(reader, item) ?? []);
  if (samples.filter(({ expect }) => expect).length < 2)
    reader.problem(
      'HD_PARSER_SAMPLE',
      'A parser needs at least two samples, each a "line" with the fields that it must give in "expect"',
      (node ?? root).at,
    );
  return samples;
}

function readSample(reader: ParserReader, item: YamlNode): Sample | undefined {
  const map = reader.map(item, 'a sample');
  if (!map) return undefined;
  reader.only(map, ['line', 'expect', 'fails'], 'a sample');
  const text = reader.text(reader.get(map, 'line'), 'line');
  if (text === undefined) {
    if (!reader.get(map, 'line')) reader.problem('HD_PARSER_SAMPLE', 'The sample has no "line"', map.at);
    return undefined;
  }
  const { line } = map.at;
  if (reader.flag(reader.get(map, 'fails'), 'fails')) return { text, expect: undefined, line };
  const expect = new Map<string, ExpectedValue>();
  for (const { key, value } of reader.entries(reader.get(map, 'expect'), '"expect"', MOST_FIELDS)) {
    const found = expectedOf(value);
    if (found === undefined)
      reader.problem('HD_PARSER_SAMPLE', `"${key}" must be one value or a list of values`, value.at);
    else expect.set(key, found);
  }
  if (expect.size === 0)
    return reader.problem(
      'HD_PARSER_SAMPLE',
      'The sample expects nothing; give fields in "expect", or "fails: true"',
      map.at,
    );
  return { text, expect, line };
}

function expectedOf(node: YamlNode): ExpectedValue | undefined {
  if (node.kind === 'scalar') return node.value;
  if (node.kind !== 'list') return undefined;
  const values: (string | number | boolean | null)[] = [];
  for (const item of node.items) {
    if (item.kind !== 'scalar') return undefined;
    values.push(item.value);
  }
  return values;
}
