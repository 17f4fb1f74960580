import { isNull } from '../../rules/sigma/reader.ts';
import type { YamlEntry, YamlList, YamlMap, YamlNode, YamlScalar } from '../../rules/sigma/yaml-tree.ts';

/** Everything that can be wrong with a parser document, and what its author can do. */
export const PARSER_ERRORS = {
  HD_PARSER_YAML: 'Correct the YAML there.',
  HD_PARSER_TOO_LARGE: 'Make it smaller, or make two parsers of it.',
  HD_PARSER_KEY: 'Correct or remove it; docs/parsers.md lists every key.',
  HD_PARSER_STEP: 'See "Steps" in docs/parsers.md.',
  HD_PARSER_PATTERN: 'Correct the pattern.',
  HD_PARSER_FIELD: 'Use a field of ECS, or one of your own below the first word of "dataset".',
  HD_PARSER_VALUE: 'Correct the value.',
  HD_PARSER_SAMPLE: 'Correct the parser or the sample; try the line to see what becomes of it.',
} as const;

export type ParserErrorCode = keyof typeof PARSER_ERRORS;

/** One thing wrong with a parser document; line and column count from 1. */
export interface ParserProblem {
  readonly code: ParserErrorCode;
  readonly line: number;
  readonly column: number;
  /** What is wrong, and then what to do. */
  readonly message: string;
}

const MOST_PROBLEMS = 50;

/** Reads the nodes of a parser document and collects everything that is wrong with it. */
export class ParserReader {
  readonly problems: ParserProblem[] = [];

  problem(code: ParserErrorCode, what: string, at: { readonly line: number; readonly column: number }): undefined {
    if (this.problems.length < MOST_PROBLEMS) {
      const message = `${what}. ${PARSER_ERRORS[code]}`;
      this.problems.push({ code, line: at.line, column: at.column, message });
    }
    return undefined;
  }

  get(map: YamlMap, key: string): YamlNode | undefined {
    const found = map.entries.find((entry) => entry.key === key)?.value;
    return found === undefined || isNull(found) ? undefined : found;
  }

  /** Reports keys that are not among the known ones. */
  only(map: YamlMap, known: readonly string[], name: string): void {
    for (const entry of map.entries) {
      if (known.includes(entry.key)) continue;
      this.problem('HD_PARSER_KEY', `"${entry.key}" is not known in ${name}; there are ${known.join(', ')}`, entry.at);
    }
  }

  map(node: YamlNode | undefined, name: string): YamlMap | undefined {
    if (node === undefined) return undefined;
    if (node.kind !== 'map') return this.problem('HD_PARSER_KEY', `${name} must be a map of names and values`, node.at);
    return node;
  }

  entries(node: YamlNode | undefined, name: string, most: number): readonly YamlEntry[] {
    const map = this.map(node, name);
    if (!map) return [];
    if (map.entries.length > most) {
      this.problem('HD_PARSER_TOO_LARGE', `${name} has more than ${most} entries`, map.at);
      return [];
    }
    return map.entries;
  }

  list(node: YamlNode | undefined, name: string, most: number): YamlList | undefined {
    if (node === undefined) return undefined;
    if (node.kind !== 'list') return this.problem('HD_PARSER_KEY', `${name} must be a list`, node.at);
    if (node.items.length > most)
      return this.problem('HD_PARSER_TOO_LARGE', `${name} has more than ${most} entries`, node.at);
    return node;
  }

  scalar(node: YamlNode | undefined, name: string): YamlScalar | undefined {
    if (node === undefined) return undefined;
    if (node.kind !== 'scalar' || node.value === null)
      return this.problem('HD_PARSER_KEY', `${name} must be one text or number`, node.at);
    return node;
  }

  text(node: YamlNode | undefined, name: string, most = 16_384): string | undefined {
    const found = this.scalar(node, name);
    if (!found) return undefined;
    if (found.source.length > most)
      return this.problem('HD_PARSER_TOO_LARGE', `${name} is longer than ${most} characters`, found.at);
    return found.source;
  }

  flag(node: YamlNode | undefined, name: string): boolean {
    if (node === undefined) return false;
    if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
    this.problem('HD_PARSER_KEY', `${name} must be true or false`, node.at);
    return false;
  }

  /** One text, or a list of them. */
  texts(node: YamlNode | undefined, name: string, most: number): readonly YamlScalar[] {
    if (node === undefined) return [];
    const items = node.kind === 'list' ? (this.list(node, name, most)?.items ?? []) : [node];
    return items.flatMap((item) => this.scalar(item, name) ?? []);
  }
}
