import { RE2JS } from 're2js';
import { LazyDfa } from './lazy-dfa.ts';
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

const PAIR = /[\ud800-\udbff]/;

/** How `.`, `^` and `$` are meant at a place of an expression. */
export interface RegexMode {
  readonly dotAll: boolean;
  readonly multiline: boolean;
}

/** Worst case of backtracking over a text of n characters: in how many ways a part can match, and steps to try them all. */
interface Effort {
  readonly ways: number;
  readonly steps: number;
}

const UNKNOWN: Effort = { ways: Number.POSITIVE_INFINITY, steps: Number.POSITIVE_INFINITY };

function withFlags(mode: RegexMode, flags: string): RegexMode {
  return { dotAll: mode.dotAll || flags.includes('s'), multiline: mode.multiline || flags.includes('m') };
}

/** Writes the tree in JavaScript's `u` notation (`re2` false) or RE2's; both then mean the same. */
export function writeRegex(node: RegexNode, mode: RegexMode, re2: boolean): string {
  switch (node.kind) {
    case 'capture':
      return `(${writeRegex(node.of, mode, re2)})`;
    case 'literal':
      return Array.from(node.text, (character) => writeCodePoint(character.codePointAt(0) ?? 0)).join('');
    case 'set':
      return node.source;
    case 'any':
      return mode.dotAll ? '[\\x00-\\u{10ffff}]' : '[^\\n]';
    case 'anchor':
      return writeAnchor(node.at, mode, re2);
    case 'sequence':
      return node.of.map((part) => writeRegex(part, mode, re2)).join('');
    case 'either':
      return `(?:${node.of.map((part) => writeRegex(part, mode, re2)).join('|')})`;
    case 'flags': {
      const inside = writeRegex(node.of, withFlags(mode, node.flags), re2);
      return node.flags.includes('i') ? `(?i:${inside})` : `(?:${inside})`;
    }
    case 'repeat': {
      const max = node.max === Number.POSITIVE_INFINITY ? '' : node.max;
      return `(?:${writeRegex(node.of, mode, re2)}){${node.min},${max}}${node.lazy ? '?' : ''}`;
    }
  }
}

function writeAnchor(at: Extract<RegexNode, { kind: 'anchor' }>['at'], mode: RegexMode, re2: boolean): string {
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
  if (node.kind === 'flags' || node.kind === 'capture') return isFixed(node.of);
  if (node.kind === 'repeat') return node.min === node.max && isFixed(node.of);
  return node.kind !== 'either';
}

function hasAnchor(node: RegexNode): boolean {
  if (node.kind === 'sequence' || node.kind === 'either') return node.of.some(hasAnchor);
  return node.kind === 'anchor' || ('of' in node && hasAnchor(node.of as RegexNode));
}

function effort(node: RegexNode, length: number): Effort {
  switch (node.kind) {
    case 'literal':
      return { ways: 1, steps: node.text.length };
    case 'sequence': {
      let [ways, steps] = [1, 1];
      for (const part of node.of) {
        const next = effort(part, length);
        steps += ways * next.steps;
        ways *= next.ways;
      }
      return { ways, steps };
    }
    case 'either': {
      const parts = node.of.map((part) => effort(part, length));
      return {
        ways: parts.reduce((sum, part) => sum + part.ways, 0),
        steps: parts.reduce((sum, part) => sum + part.steps, 1),
      };
    }
    case 'flags':
    case 'capture':
      return effort(node.of, length);
    case 'repeat':
      return repeatEffort(node, length);
    default:
      return { ways: 1, steps: 1 };
  }
}

function repeatEffort({ of, min, max }: Extract<RegexNode, { kind: 'repeat' }>, length: number): Effort {
  const once = effort(of, length);
  const most = Math.min(max, min + length);
  if (isFixed(of)) return { ways: most - min + 1, steps: once.steps * (most + 1) };
  if (max > 4) return UNKNOWN;
  let [ways, steps] = [min === 0 ? 1 : 0, 1];
  for (let count = 1; count <= max; count++) {
    steps += once.ways ** (count - 1) * once.steps;
    if (count >= min) ways += once.ways ** count;
  }
  return { ways, steps };
}

/** Instructions of the linear-time engine's program, about: counted parts are written out. */
export function programSize(node: RegexNode): number {
  if (node.kind === 'literal') return node.text.length;
  if (node.kind === 'sequence' || node.kind === 'either')
    return node.of.reduce((sum, part) => sum + programSize(part), 1);
  if (node.kind === 'flags' || node.kind === 'capture') return programSize(node.of);
  if (node.kind !== 'repeat') return 1;
  return programSize(node.of) * Math.max(1, node.max === Number.POSITIVE_INFINITY ? node.min : node.max) + 1;
}

/**
 * The longest text for which backtracking, from each of its positions, provably stays within the budget, or costs no
 * more than the linear-time engine, which takes about 20 such steps for an instruction and character.
 */
function backtrackingLimit(tree: RegexNode): number {
  let [fits, fails] = [0, REGEX_INPUT_CHARACTERS + 1];
  const size = programSize(tree);
  while (fails - fits > 1) {
    const length = (fits + fails) >> 1;
    const budget = Math.max(STEP_BUDGET, 20 * size * length);
    if ((length + 1) * effort(tree, length).steps <= budget) fits = length;
    else fails = length;
  }
  return fits;
}

/** The shortest of the literals decides how much a set of needed literals tells. */
function worth(literals: readonly string[]): number {
  return Math.min(...literals.map((literal) => literal.length)) * 8 - literals.length;
}

/** Literals in the order in which a match holds them, one of each set; nothing is said where a part may be left out. */
function neededLiterals(node: RegexNode): readonly (readonly string[])[] {
  switch (node.kind) {
    case 'literal': {
      // Letters outside ASCII fold in more than one way: only ASCII runs are relied on.
      const runs = node.text.toLowerCase().match(/[\x00-\x7f]+/g) ?? [];
      return runs.map((run) => [run]);
    }
    case 'flags':
    case 'capture':
      return neededLiterals(node.of);
    case 'repeat':
      return node.min > 0 ? neededLiterals(node.of) : [];
    case 'sequence':
      return node.of.flatMap(neededLiterals);
    case 'either': {
      const all = node.of.map((part) => best(neededLiterals(part)));
      const known = all.flatMap((literals) => literals ?? []);
      return all.includes(undefined) || known.length > 64 ? [] : [known];
    }
    default:
      return [];
  }
}

function best(sets: readonly (readonly string[])[]): readonly string[] | undefined {
  if (sets.length === 0) return undefined;
  return sets.reduce((best, next) => (worth(next) > worth(best) ? next : best));
}

/** Whether a folded text holds one literal of each set, one after the other. Taking the earliest each time misses none. */
function holdsInOrder(text: string, sets: readonly (readonly string[])[]): boolean {
  let from = 0;
  for (const literals of sets) {
    let end = Number.POSITIVE_INFINITY;
    for (const literal of literals) {
      const at = text.indexOf(literal, from);
      if (at >= 0) end = Math.min(end, at + literal.length);
    }
    if (end === Number.POSITIVE_INFINITY) return false;
    from = end;
  }
  return true;
}

/**
 * Compiles a regular expression written by strangers. JavaScript's own engine runs it on texts short enough that
 * backtracking is provably bounded; in the rest it is looked for state by state, and where that would take too much
 * memory by RE2, both in linear time. `flags` are Sigma's `i`, `m`, `s`.
 * @throws RegexError naming what is malformed or not supported.
 */
export function compileRegex(source: string, flags: string): SafeRegex {
  const parsed = parseRegex(source);
  const tree: RegexNode = flags === '' ? parsed : { kind: 'flags', flags, of: parsed };
  const mode = { dotAll: false, multiline: false };
  const short = backtrackingLimit(tree);
  const quick = new RegExp(writeRegex(tree, mode, false), 'u');
  let linear: RE2JS;
  try {
    linear = RE2JS.compile(writeRegex(tree, mode, true).replaceAll('\\u{', '\\x{'));
  } catch (error) {
    throw new RegexError(error instanceof Error ? error.message : String(error));
  }
  const needed = neededLiterals(tree);
  // JavaScript also looks for empty matches between the halves of a surrogate pair.
  const anchored = hasAnchor(tree);
  let states: LazyDfa | undefined;
  let isLarge = false;
  const testLong = (input: string): boolean => {
    if (!states && !isLarge) {
      states = LazyDfa.of(tree);
      isLarge = states === undefined;
    }
    return states?.test(input) ?? linear.matcher(input).find();
  };
  return {
    needs: best(needed),
    test: (text) => {
      const input = text.length > REGEX_INPUT_CHARACTERS ? text.slice(0, REGEX_INPUT_CHARACTERS) : text;
      if (needed.length > 0 && !holdsInOrder(input.toLowerCase(), needed)) return false;
      const fits = input.length <= short && !(anchored && PAIR.test(input));
      return fits ? quick.test(input) : testLong(input);
    },
  };
}
