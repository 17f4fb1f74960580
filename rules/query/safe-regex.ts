import { RE2JS } from 're2js';
import { parseRegex, RegexError, type RegexNode, writeCodePoint } from './regex-syntax.ts';

/** A compiled regular expression that cannot stall. */
export interface SafeRegex {
  /** Whether the expression is found anywhere in the first `REGEX_INPUT_CHARACTERS` of the text. */
  test(text: string): boolean;
  /** Lower-case literals of which at least one lies in every text that passes, lower-cased; undefined where none is known. */
  readonly needs: readonly string[] | undefined;
}

/** Only this much of a field is given to a regular expression. */
export const REGEX_INPUT_CHARACTERS = 65_536;

/** Steps a backtracking match may take at worst; beyond, the linear-time engine takes over. About 10 ms. */
const STEP_BUDGET = 8_000_000;

interface Mode {
  readonly dotAll: boolean;
  readonly multiline: boolean;
}

/** Worst number of ways to match: `factor * n ** degree`, for a text of n characters. */
interface Ways {
  readonly factor: number;
  readonly degree: number;
}

const ONE: Ways = { factor: 1, degree: 0 };
const UNBOUNDED: Ways = { factor: Number.POSITIVE_INFINITY, degree: 0 };

function withFlags(mode: Mode, flags: string): Mode {
  return { dotAll: mode.dotAll || flags.includes('s'), multiline: mode.multiline || flags.includes('m') };
}

/** Writes the tree in JavaScript's `u` notation (`re2` false) or RE2's; both then mean the same. */
function write(node: RegexNode, mode: Mode, re2: boolean): string {
  switch (node.kind) {
    case 'literal':
      return Array.from(node.text, (character) => writeCodePoint(character.codePointAt(0) ?? 0)).join('');
    case 'set':
      return node.source;
    case 'any':
      return mode.dotAll ? '[\\x00-\\u{10ffff}]' : '[^\\n]';
    case 'anchor':
      return writeAnchor(node.at, mode, re2);
    case 'sequence':
      return node.of.map((part) => write(part, mode, re2)).join('');
    case 'either':
      return `(?:${node.of.map((part) => write(part, mode, re2)).join('|')})`;
    case 'flags': {
      const inside = write(node.of, withFlags(mode, node.flags), re2);
      return node.flags.includes('i') ? `(?i:${inside})` : `(?:${inside})`;
    }
    case 'repeat': {
      const max = node.max === Number.POSITIVE_INFINITY ? '' : node.max;
      return `(?:${write(node.of, mode, re2)}){${node.min},${max}}${node.lazy ? '?' : ''}`;
    }
  }
}

function writeAnchor(at: Extract<RegexNode, { kind: 'anchor' }>['at'], mode: Mode, re2: boolean): string {
  if (at === 'word') return '\\b';
  if (at === 'inside') return '\\B';
  const start = at === 'start' || at === 'text-start';
  const lines = mode.multiline && (at === 'start' || at === 'end');
  if (re2) return lines ? (start ? '(?m:^)' : '(?m:$)') : start ? '\\A' : '\\z';
  return lines ? (start ? '(?<![^\\n])' : '(?![^\\n])') : start ? '^' : '$';
}

/** Whether the tree matches a text in at most one way: no choice and no variable count in it. */
function isFixed(node: RegexNode): boolean {
  if (node.kind === 'sequence') return node.of.every(isFixed);
  if (node.kind === 'flags') return isFixed(node.of);
  if (node.kind === 'repeat') return node.min === node.max && isFixed(node.of);
  return node.kind !== 'either';
}

function ways(node: RegexNode): Ways {
  switch (node.kind) {
    case 'sequence':
      return node.of.map(ways).reduce(multiply, ONE);
    case 'either':
      return node.of.map(ways).reduce((sum, part) => ({
        factor: sum.factor + part.factor,
        degree: Math.max(sum.degree, part.degree),
      }));
    case 'flags':
      return ways(node.of);
    case 'repeat':
      return repeatWays(node);
    default:
      return ONE;
  }
}

function multiply(left: Ways, right: Ways): Ways {
  return { factor: left.factor * right.factor, degree: left.degree + right.degree };
}

function repeatWays(node: Extract<RegexNode, { kind: 'repeat' }>): Ways {
  const once = ways(node.of);
  if (isFixed(node.of)) {
    return node.max === Number.POSITIVE_INFINITY
      ? { factor: 1, degree: 1 }
      : { factor: node.max - node.min + 1, degree: 0 };
  }
  if (node.max === 1) return { factor: once.factor + 1, degree: once.degree };
  if (node.max > 4) return UNBOUNDED;
  let sum = { factor: node.min === 0 ? 1 : 0, degree: 0 };
  let power = ONE;
  for (let count = 1; count <= node.max; count++) {
    power = multiply(power, once);
    if (count >= node.min) sum = { factor: sum.factor + power.factor, degree: Math.max(sum.degree, power.degree) };
  }
  return sum;
}

function size(node: RegexNode): number {
  if (node.kind === 'literal') return node.text.length;
  if (node.kind === 'sequence' || node.kind === 'either') return node.of.reduce((sum, part) => sum + size(part), 1);
  if (node.kind === 'flags') return size(node.of);
  if (node.kind === 'repeat') return size(node.of) * Math.min(Math.max(node.min, 1), 1_000) + 1;
  return 1;
}

/** The longest text for which backtracking provably stays within the budget: each start, times each way, times the size. */
function backtrackingLimit(tree: RegexNode): number {
  const { factor, degree } = ways(tree);
  const budget = STEP_BUDGET / (factor * size(tree));
  return budget < 1 ? 0 : Math.floor(budget ** (1 / (degree + 1)));
}

/** The shortest of the literals decides how much a set of needed literals tells. */
function worth(literals: readonly string[]): number {
  return Math.min(...literals.map((literal) => literal.length)) * 8 - literals.length;
}

function neededLiterals(node: RegexNode): readonly string[] | undefined {
  switch (node.kind) {
    case 'literal': {
      // Letters outside ASCII fold in more than one way: only ASCII runs are relied on.
      const runs = node.text.toLowerCase().match(/[\x00-\x7f]+/g);
      return runs ? [runs.reduce((best, run) => (run.length > best.length ? run : best))] : undefined;
    }
    case 'flags':
      return neededLiterals(node.of);
    case 'repeat':
      return node.min > 0 ? neededLiterals(node.of) : undefined;
    case 'sequence': {
      const known = node.of.map(neededLiterals).filter((literals) => literals !== undefined);
      return known.length === 0 ? undefined : known.reduce((best, next) => (worth(next) > worth(best) ? next : best));
    }
    case 'either': {
      const known = node.of.map(neededLiterals);
      const all = known.flatMap((literals) => literals ?? []);
      return known.includes(undefined) || all.length > 64 ? undefined : all;
    }
    default:
      return undefined;
  }
}

/**
 * Compiles a regular expression written by strangers. JavaScript's own engine runs it on texts short enough that
 * backtracking is provably bounded; RE2 (linear time) runs it on the rest. `flags` are Sigma's `i`, `m`, `s`.
 * @throws RegexError naming what is malformed or not supported.
 */
export function compileRegex(source: string, flags: string): SafeRegex {
  const parsed = parseRegex(source);
  const tree: RegexNode = flags === '' ? parsed : { kind: 'flags', flags, of: parsed };
  const mode = { dotAll: false, multiline: false };
  const short = backtrackingLimit(tree);
  const quick = new RegExp(write(tree, mode, false), 'u');
  let linear: RE2JS;
  try {
    linear = RE2JS.compile(write(tree, mode, true).replaceAll('\\u{', '\\x{'));
  } catch (error) {
    throw new RegexError(error instanceof Error ? error.message : String(error));
  }
  return {
    needs: neededLiterals(tree),
    test: (text) => {
      const input = text.length > REGEX_INPUT_CHARACTERS ? text.slice(0, REGEX_INPUT_CHARACTERS) : text;
      return input.length <= short ? quick.test(input) : linear.matcher(input).find();
    },
  };
}
