import { RE2JS } from 're2js';
import { areApart, type Characters, firstOf, NOTHING, oneCharacter, union } from './first-characters.ts';
import { parseCapturing, RegexError, type RegexNode } from './regex-syntax.ts';
import { programSize, REGEX_INPUT_CHARACTERS, writeRegex } from './safe-regex.ts';

/** An expression that takes a whole text apart and cannot stall. */
export interface CaptureRegex {
  /** Names of its groups, in the order of their opening brackets; a name may come twice. */
  readonly names: readonly string[];
  /** The longest text for which JavaScript's own engine provably stays quick; longer ones take the linear-time engine. */
  readonly quickUpTo: number;
  /**
   * The texts of the groups, from place 1 on, where the whole text fits; null where it does not, or is longer than
   * `REGEX_INPUT_CHARACTERS`.
   */
  exec(text: string): ArrayLike<string | undefined> | null;
}

/** Steps that backtracking may take in one text at worst, about 5 ms, where the linear-time engine would not take as many. */
const STEP_BUDGET = 4_000_000;
/** What the linear-time engine takes for an instruction and a character, in such steps. */
const LINEAR_STEPS = 20;
const MOST_GROUPS = 100;
/** Of the linear-time engine's program, about. */
const MOST_INSTRUCTIONS = 20_000;
const WHOLE = { dotAll: true, multiline: false };

/** In how many ways a part can match such that what follows begins to fit, and the steps to try them all. */
interface Cost {
  readonly ways: number;
  readonly steps: number;
}

/** Where what a part repeats and what follows it never begin alike, there is one way, and giving back fails at once. */
function cost(node: RegexNode, follow: Characters, length: number, fold: boolean): Cost {
  switch (node.kind) {
    case 'literal':
      return { ways: 1, steps: node.text.length };
    case 'capture':
      return cost(node.of, follow, length, fold);
    case 'flags':
      return cost(node.of, follow, length, fold || node.flags.includes('i'));
    case 'sequence': {
      let [ways, steps] = [1, 1];
      for (let at = 0; at < node.of.length; at++) {
        const next = cost(node.of[at] as RegexNode, after(node.of, at, follow, fold), length, fold);
        steps += ways * next.steps;
        ways *= next.ways;
      }
      return { ways, steps };
    }
    case 'either': {
      const parts = node.of.map((part) => cost(part, follow, length, fold));
      const firsts = node.of.map((part) => firstOf(part, fold));
      const begin = firsts.map(({ of, empty }) => (empty ? union(of, follow) : of));
      const distinct = begin.every((one, at) => begin.every((other, place) => place <= at || areApart(one, other)));
      return {
        ways: parts.reduce((sum, part) => (distinct ? Math.max(sum, part.ways) : sum + part.ways), 0),
        steps: parts.reduce((sum, part) => sum + part.steps, 1),
      };
    }
    case 'repeat':
      return repeatCost(node, follow, length, fold);
    default:
      return { ways: 1, steps: 1 };
  }
}

/** What may come after one part of a sequence. */
function after(parts: readonly RegexNode[], at: number, follow: Characters, fold: boolean): Characters {
  let next = NOTHING;
  for (let place = at + 1; place < parts.length; place++) {
    const part = firstOf(parts[place] as RegexNode, fold);
    next = union(next, part.of);
    if (!part.empty) return next;
  }
  return union(next, follow);
}

function repeatCost(
  { of, min, max }: Extract<RegexNode, { kind: 'repeat' }>,
  follow: Characters,
  length: number,
  fold: boolean,
): Cost {
  const most = Math.min(max, min + length);
  const single = oneCharacter(of, fold);
  if (single) return { ways: min === max || areApart(single, follow) ? 1 : most - min + 1, steps: 2 * (most + 1) };
  const first = firstOf(of, fold);
  const once = cost(of, union(first.of, follow), length, fold);
  if (once.ways === 1 && (min === max || (!first.empty && areApart(first.of, follow)))) {
    // What all rounds take together is no more than one round that takes all of the text, and a beginning of each.
    const begin = cost(of, union(first.of, follow), 1, fold);
    return { ways: 1, steps: once.steps + begin.steps * (most + 1) + most };
  }
  if (max > 4) return { ways: Number.POSITIVE_INFINITY, steps: Number.POSITIVE_INFINITY };
  let [ways, steps] = [min === 0 ? 1 : 0, 1];
  for (let count = 1; count <= max; count++) {
    steps += once.ways ** (count - 1) * once.steps;
    if (count >= min) ways += once.ways ** count;
  }
  return { ways, steps };
}

function quickUpTo(tree: RegexNode): number {
  const size = programSize(tree);
  const fits = (length: number): boolean =>
    cost(tree, NOTHING, length, false).steps <= Math.max(STEP_BUDGET, LINEAR_STEPS * size * length);
  if (fits(REGEX_INPUT_CHARACTERS)) return REGEX_INPUT_CHARACTERS;
  let [low, high] = [0, REGEX_INPUT_CHARACTERS];
  while (high - low > 1) {
    const length = (low + high) >> 1;
    if (fits(length)) low = length;
    else high = length;
  }
  return low;
}

/** Names in order. Engines differ in what a group inside a repeated part holds, so there may be none. */
function namesOf(node: RegexNode, repeated: boolean, names: string[]): void {
  switch (node.kind) {
    case 'capture':
      if (repeated) throw new RegexError(`the group "${node.name}" stands inside a part that may come several times`);
      names.push(node.name);
      namesOf(node.of, repeated, names);
      break;
    case 'flags':
      namesOf(node.of, repeated, names);
      break;
    case 'repeat':
      namesOf(node.of, repeated || node.max > 1, names);
      break;
    case 'sequence':
    case 'either':
      for (const part of node.of) namesOf(part, repeated, names);
  }
}

/** A part of a sequence as the explanation names it: the expression up to there, which must fit the text's beginning. */
export interface PrefixRegex {
  /** How many characters of the text the first `parts` of the expression take; -1 where they do not fit. */
  fits(text: string, parts: number): number;
  readonly parts: number;
  /** What a part (from 0) is, in a word: a group's name, a fixed text, or the expression; empty behind the last. */
  nameOf(part: number): string;
}

/**
 * Compiles an expression with named groups that must fit a whole text, from its first character to its last; `.` is any
 * character. It is run by JavaScript's engine on texts short enough that its backtracking is provably bounded, by RE2 in
 * linear time on others: both find the same.
 * @throws RegexError naming what is malformed or not supported.
 */
export function compileCaptures(source: string): CaptureRegex {
  const tree = parseCapturing(source);
  const names: string[] = [];
  namesOf(tree, false, names);
  if (names.length > MOST_GROUPS) throw new RegexError(`there are more than ${MOST_GROUPS} named groups`);
  const size = programSize(tree);
  if (size > MOST_INSTRUCTIONS)
    throw new RegexError(
      `counted parts written out, it has about ${size} parts; at most ${MOST_INSTRUCTIONS} are possible`,
    );
  const quick = new RegExp(`^(?:${writeRegex(tree, WHOLE, false)})$`, 'u');
  let linear: RE2JS | undefined;
  const compileLinear = (): RE2JS => RE2JS.compile(forRe2(`\\A(?:${writeRegex(tree, WHOLE, true)})\\z`));
  const limit = quickUpTo(tree);
  if (limit < REGEX_INPUT_CHARACTERS) {
    try {
      linear = compileLinear();
    } catch (error) {
      throw new RegexError(error instanceof Error ? error.message : String(error));
    }
  }
  const execLong = (text: string): ArrayLike<string | undefined> | null => {
    linear ??= compileLinear();
    const matcher = linear.matcher(text);
    if (!matcher.find()) return null;
    return Array.from({ length: names.length + 1 }, (_, group) => matcher.group(group) ?? undefined);
  };
  return {
    names,
    quickUpTo: limit,
    exec(text) {
      if (text.length <= limit) return quick.exec(text);
      return text.length > REGEX_INPUT_CHARACTERS ? null : execLong(text);
    },
  };
}

function forRe2(source: string): string {
  return source.replaceAll('\\u{', '\\x{');
}

/** Finds how far an expression fits a text that it does not fit as a whole: for its author, not for log lines. */
export function prefixesOf(source: string): PrefixRegex {
  const tree = parseCapturing(source);
  const parts = tree.kind === 'sequence' ? tree.of : [tree];
  return {
    parts: parts.length,
    nameOf(part) {
      const node = parts[part];
      if (!node) return '';
      if (node.kind === 'capture') return node.name;
      return node.kind === 'literal' ? node.text : writeRegex(node, WHOLE, false).slice(0, 100);
    },
    fits(text, count) {
      if (count === 0) return 0;
      const head: RegexNode = { kind: 'sequence', of: parts.slice(0, count) };
      const matcher = RE2JS.compile(forRe2(`\\A(?:${writeRegex(head, WHOLE, true)})`)).matcher(
        text.slice(0, REGEX_INPUT_CHARACTERS),
      );
      return matcher.find() ? (matcher.group(0) ?? '').length : -1;
    },
  };
}
