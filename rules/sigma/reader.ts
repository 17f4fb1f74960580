import { type Place, type RuleErrorCode, ruleProblem } from '../errors.ts';
import type { RuleProblem } from '../rule.ts';
import type { YamlMap, YamlNode } from './yaml-tree.ts';

/** Reads the parts of one document and collects everything that is wrong with it. */
export class RuleReader {
  readonly file: string;
  readonly problems: RuleProblem[] = [];
  /** Id of the rule, once known. */
  rule: string | null = null;

  constructor(file: string) {
    this.file = file;
  }

  problem(code: RuleErrorCode, what: string, at: Place): undefined {
    this.problems.push(ruleProblem(code, what, { ...at, file: this.file, rule: this.rule }));
    return undefined;
  }

  get(map: YamlMap, key: string): YamlNode | undefined {
    return map.entries.find((entry) => entry.key === key)?.value;
  }

  /** A text; numbers and dates count as written. Undefined where absent, or wrong (and reported). */
  text(node: YamlNode | undefined, name: string, code: RuleErrorCode = 'HD_RULE_FIELD'): string | undefined {
    if (node === undefined || isNull(node)) return undefined;
    if (node.kind !== 'scalar') return this.problem(code, `"${name}" must be a text`, node.at);
    return node.source;
  }

  /** A list of texts; one text stands for a list of one. */
  texts(node: YamlNode | undefined, name: string, code: RuleErrorCode = 'HD_RULE_FIELD'): readonly string[] {
    if (node === undefined || isNull(node)) return [];
    const items = node.kind === 'list' ? node.items : [node];
    const texts: string[] = [];
    for (const item of items) {
      if (item.kind === 'scalar' && item.value !== null) texts.push(item.source);
      else this.problem(code, `"${name}" must be a list of texts`, item.at);
    }
    return texts;
  }

  map(node: YamlNode | undefined, name: string, code: RuleErrorCode = 'HD_RULE_FIELD'): YamlMap | undefined {
    if (node === undefined || isNull(node)) return undefined;
    if (node.kind !== 'map') return this.problem(code, `"${name}" must be a map`, node.at);
    return node;
  }

  /** Reports keys that are not among the known ones. */
  only(map: YamlMap, known: readonly string[], name: string, code: RuleErrorCode): void {
    for (const entry of map.entries) {
      if (known.includes(entry.key)) continue;
      this.problem(code, `"${entry.key}" is not known in "${name}"; there are ${known.join(', ')}`, entry.at);
    }
  }

  /** A span such as `90s`, `15m`, `24h`, `7d`, in seconds. */
  span(node: YamlNode | undefined, name: string, code: RuleErrorCode): number | undefined {
    const text = this.text(node, name, code);
    if (node === undefined || text === undefined) return undefined;
    const found = /^(\d{1,9})([smhd])$/.exec(text);
    const seconds = Number(found?.[1]) * (SECONDS[found?.[2] ?? ''] ?? Number.NaN);
    if (Number.isNaN(seconds) || seconds > 366 * 86_400) {
      return this.problem(code, `"${name}" must be a number and s, m, h or d, at most a year, not "${text}"`, node.at);
    }
    return seconds;
  }
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Whether a node is an absent or null value. */
export function isNull(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}
