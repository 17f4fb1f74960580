import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { Place, RuleErrorCode } from '../errors.ts';

/** A YAML document as plain data with places, aliases resolved. */
export type YamlNode = YamlMap | YamlList | YamlScalar;

export interface YamlMap {
  readonly kind: 'map';
  readonly at: Place;
  readonly entries: readonly YamlEntry[];
}

export interface YamlEntry {
  readonly key: string;
  readonly at: Place;
  readonly value: YamlNode;
}

export interface YamlList {
  readonly kind: 'list';
  readonly at: Place;
  readonly items: readonly YamlNode[];
}

export interface YamlScalar {
  readonly kind: 'scalar';
  readonly at: Place;
  readonly value: string | number | boolean | null;
  /** As written, without quotation marks. */
  readonly source: string;
  /** Where the text itself begins where it stands on one line, to point inside it. */
  readonly textAt: Place | undefined;
}

/** What one document may hold. */
export const YAML_LIMITS = { characters: 1_048_576, nodes: 50_000, depth: 40, aliases: 100 } as const;

/** One `---` document of a file. */
export interface YamlSource {
  readonly text: string;
  /** Lines of the file before it. */
  readonly linesBefore: number;
}

/** Something that keeps a document from being read. */
export class YamlTreeError extends Error {
  readonly code: RuleErrorCode;
  readonly at: Place;

  constructor(code: RuleErrorCode, message: string, at: Place) {
    super(message);
    this.name = 'YamlTreeError';
    this.code = code;
    this.at = at;
  }
}

/**
 * Splits a file at its `---` lines, so that a broken document leaves the others alone. A line that begins with `---` or
 * `...` ends a document wherever it stands (YAML 1.2.2 §9.1.2). Documents without content are left out.
 */
export function splitDocuments(text: string): YamlSource[] {
  const documents: YamlSource[] = [];
  const lines = text.replace(/^\ufeff/, '').split('\n');
  let start = 0;
  const close = (end: number): void => {
    const part = lines.slice(start, end);
    if (part.some((line) => /^\s*[^\s#]/.test(line) && !/^%/.test(line))) {
      documents.push({ text: part.join('\n'), linesBefore: start });
    }
  };
  for (const [index, line] of lines.entries()) {
    if (!/^(---|\.\.\.)(\s|$)/.test(line)) continue;
    close(index);
    start = index + 1;
    const rest = line.slice(3);
    if (/^\s+[^\s#]/.test(rest)) {
      lines[index] = `   ${rest}`;
      start = index;
    }
  }
  close(lines.length);
  return documents;
}

class TreeReader {
  readonly #lines: LineCounter;
  readonly #before: number;
  readonly #document: ReturnType<typeof parseDocument>;
  #nodes = 0;
  #aliases = 0;

  constructor(document: ReturnType<typeof parseDocument>, lines: LineCounter, before: number) {
    this.#document = document;
    this.#lines = lines;
    this.#before = before;
  }

  place(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1) + this.#before, column: Math.max(col, 1) };
  }

  read(node: Node | null, fallback: Place, depth = 0): YamlNode {
    const at = node?.range ? this.place(node.range[0]) : fallback;
    if (depth > YAML_LIMITS.depth) {
      throw new YamlTreeError('HD_RULE_TOO_LARGE', `The document nests deeper than ${YAML_LIMITS.depth} levels`, at);
    }
    if (++this.#nodes > YAML_LIMITS.nodes) {
      throw new YamlTreeError('HD_RULE_TOO_LARGE', `The document holds more than ${YAML_LIMITS.nodes} values`, at);
    }
    if (isAlias(node)) return this.#alias(node, at, depth);
    if (isMap(node)) return { kind: 'map', at, entries: this.#entries(node, at, depth) };
    if (isSeq(node)) {
      return { kind: 'list', at, items: node.items.map((item) => this.read(item as Node | null, at, depth + 1)) };
    }
    return this.#scalar(node, at);
  }

  #alias(node: Extract<Node, { source: string }>, at: Place, depth: number): YamlNode {
    if (++this.#aliases > YAML_LIMITS.aliases) {
      throw new YamlTreeError('HD_RULE_TOO_LARGE', `The document uses more than ${YAML_LIMITS.aliases} aliases`, at);
    }
    const target = isAlias(node) ? node.resolve(this.#document) : undefined;
    if (!target) throw new YamlTreeError('HD_RULE_YAML', 'This alias names no anchor', at);
    return this.read(target, at, depth + 1);
  }

  #entries(map: Extract<Node, { items: unknown[] }>, at: Place, depth: number): YamlEntry[] {
    if (!isMap(map)) return [];
    const keys = new Set<string>();
    return map.items.map((pair): YamlEntry => {
      const key = this.read(pair.key as Node | null, at, depth + 1);
      if (key.kind !== 'scalar') throw new YamlTreeError('HD_RULE_YAML', 'A key must be a plain word', key.at);
      if (keys.has(key.source)) throw new YamlTreeError('HD_RULE_YAML', 'Not YAML: Map keys must be unique', key.at);
      keys.add(key.source);
      return {
        key: key.source,
        at: key.textAt ?? key.at,
        value: this.read(pair.value as Node | null, key.at, depth + 1),
      };
    });
  }

  #scalar(node: Node | null, at: Place): YamlScalar {
    if (!isScalar(node)) return { kind: 'scalar', at, value: null, source: '', textAt: undefined };
    const raw = node.value;
    const source = typeof raw === 'string' ? raw : (node.source ?? String(raw ?? ''));
    const [from = 0, to = 0] = node.range ?? [];
    const quoted = node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE';
    const oneLine = to - from === source.length + (quoted ? 2 : 0);
    const textAt = oneLine ? { line: at.line, column: at.column + (quoted ? 1 : 0) } : undefined;
    // A whole number too large to be exact keeps its digits.
    const inexact = typeof raw === 'number' && Number.isInteger(raw) && !Number.isSafeInteger(raw);
    const known = typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'boolean' || raw === null;
    return { kind: 'scalar', at, value: inexact || !known ? source : raw, source, textAt };
  }
}

/**
 * Reads one document.
 * @throws YamlTreeError with its place in the file, where it is not YAML or passes a limit.
 */
export function readYaml(source: YamlSource): YamlNode {
  const first = { line: source.linesBefore + 1, column: 1 };
  if (source.text.length > YAML_LIMITS.characters) {
    throw new YamlTreeError(
      'HD_RULE_TOO_LARGE',
      `The document is longer than ${YAML_LIMITS.characters} characters`,
      first,
    );
  }
  const lines = new LineCounter();
  let document: ReturnType<typeof parseDocument>;
  try {
    // It compares each key with all others of its map; reading the tree finds a key's second with a set.
    document = parseDocument(source.text, {
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'silent',
      uniqueKeys: false,
    });
  } catch (error) {
    // The parser is recursive: very deep nesting ends as a RangeError.
    const deep = error instanceof RangeError;
    throw new YamlTreeError(
      deep ? 'HD_RULE_TOO_LARGE' : 'HD_RULE_YAML',
      `The document cannot be read: ${String(error)}`,
      first,
    );
  }
  const reader = new TreeReader(document, lines, source.linesBefore);
  const [error] = document.errors;
  if (error) {
    const what = error.message.replace(/\s+/g, ' ').replace(/[.:]?\s*$/, '');
    throw new YamlTreeError('HD_RULE_YAML', `Not YAML: ${what}`, reader.place(error.pos[0]));
  }
  return reader.read(document.contents as Node | null, first);
}
