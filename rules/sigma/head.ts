import type { RuleHead, Severity } from '../rule.ts';
import { readExtension } from './extension.ts';
import type { RuleReader } from './reader.ts';
import type { YamlMap, YamlSource } from './yaml-tree.ts';

const LEVELS: readonly Severity[] = ['informational', 'low', 'medium', 'high', 'critical'];
const STATUSES: readonly string[] = ['stable', 'test', 'experimental', 'deprecated', 'unsupported'];

function oneOf<T extends string>(reader: RuleReader, map: YamlMap, name: string, known: readonly T[], absent: T): T {
  const node = reader.get(map, name);
  const text = reader.text(node, name);
  if (node === undefined || text === undefined) return absent;
  const found = known.find((word) => word === text.toLowerCase());
  if (found === undefined)
    reader.problem('HD_RULE_FIELD', `"${name}" is "${text}"; there are ${known.join(', ')}`, node.at);
  return found ?? absent;
}

/** Reads what a detection rule and a correlation rule share. A rule without an id is known by its name, else its title. */
export function readHead(reader: RuleReader, map: YamlMap, source: YamlSource): RuleHead | undefined {
  const id = reader.text(reader.get(map, 'id'), 'id');
  const name = reader.text(reader.get(map, 'name'), 'name');
  const title = reader.text(reader.get(map, 'title'), 'title');
  reader.rule = id ?? name ?? title ?? null;
  if (title === undefined || title.trim() === '') {
    return reader.problem('HD_RULE_MISSING', 'The rule has no "title"', map.at);
  }
  return {
    id: id ?? name ?? title,
    ...(name === undefined ? {} : { name }),
    title,
    description: reader.text(reader.get(map, 'description'), 'description') ?? '',
    status: oneOf(reader, map, 'status', STATUSES, 'experimental'),
    level: oneOf(reader, map, 'level', LEVELS, 'medium'),
    tags: reader.texts(reader.get(map, 'tags'), 'tags'),
    falsepositives: reader.texts(reader.get(map, 'falsepositives'), 'falsepositives'),
    references: reader.texts(reader.get(map, 'references'), 'references'),
    author: reader.texts(reader.get(map, 'author'), 'author').join(', '),
    file: reader.file,
    line: source.linesBefore + firstLine(source.text),
    yaml: source.text.trim(),
    extension: readExtension(reader, reader.get(map, 'haidang')),
  };
}

function firstLine(text: string): number {
  const lines = text.split('\n');
  return (
    Math.max(
      0,
      lines.findIndex((line) => /^\s*[^\s#]/.test(line)),
    ) + 1
  );
}
