import { type RegexNode, writeCodePoint } from './regex-syntax.ts';

/** Characters that may stand at a place: those of ASCII one by one, and whether any other may. */
export interface Characters {
  readonly ascii: bigint;
  readonly foreign: boolean;
}

/** What may come first of a part, and whether the part may be left out as a whole. */
export interface First {
  readonly of: Characters;
  readonly empty: boolean;
}

/** No character: the end of the text. */
export const NOTHING: Characters = { ascii: 0n, foreign: false };
const ALL = (1n << 128n) - 1n;
const EVERYTHING: Characters = { ascii: ALL, foreign: true };
const known = new Map<string, Characters>();
const MOST_KNOWN = 2_000;

/** Whether no character is in both. */
export function areApart(left: Characters, right: Characters): boolean {
  return (left.ascii & right.ascii) === 0n && !(left.foreign && right.foreign);
}

/** The characters of either. */
export function union(left: Characters, right: Characters): Characters {
  return { ascii: left.ascii | right.ascii, foreign: left.foreign || right.foreign };
}

/** The characters of a set in JavaScript's `u` notation; where folding may reach beyond ASCII, any foreign one counts. */
function ofSource(source: string, fold: boolean): Characters {
  const key = (fold ? 'i' : '') + source;
  const found = known.get(key);
  if (found) return found;
  const test = new RegExp(`^${source}$`, fold ? 'iu' : 'u');
  let ascii = 0n;
  for (let point = 0; point < 128; point++) if (test.test(String.fromCharCode(point))) ascii |= 1n << BigInt(point);
  const made = { ascii, foreign: fold || mayBeForeign(source) };
  if (known.size < MOST_KNOWN) known.set(key, made);
  return made;
}

function mayBeForeign(source: string): boolean {
  if (source.startsWith('[^') || /[^\x00-\x7f]/.test(source)) return true;
  return [...source.matchAll(/\\u\{([0-9a-f]+)\}/g)].some(([, hex]) => Number.parseInt(hex as string, 16) > 127);
}

/** Every character that a part matching one character may match; undefined where it may match another number of them. */
export function oneCharacter(node: RegexNode, fold = false): Characters | undefined {
  switch (node.kind) {
    case 'any':
      return EVERYTHING;
    case 'set':
      return ofSource(node.source, fold);
    case 'literal': {
      const [first, second] = node.text;
      return first === undefined || second !== undefined ? undefined : ofLetter(first, fold);
    }
    case 'capture':
      return oneCharacter(node.of, fold);
    case 'flags':
      return oneCharacter(node.of, fold || node.flags.includes('i'));
    case 'sequence':
      return node.of.length === 1 ? oneCharacter(node.of[0] as RegexNode, fold) : undefined;
    default:
      return undefined;
  }
}

function ofLetter(letter: string, fold: boolean): Characters {
  return ofSource(writeCodePoint(letter.codePointAt(0) ?? 0), fold);
}

/** What a part may begin with; always at least what it can, at times more. */
export function firstOf(node: RegexNode, fold = false): First {
  switch (node.kind) {
    case 'literal': {
      const [letter] = node.text;
      return letter === undefined ? { of: NOTHING, empty: true } : { of: ofLetter(letter, fold), empty: false };
    }
    case 'any':
      return { of: EVERYTHING, empty: false };
    case 'set':
      return { of: ofSource(node.source, fold), empty: false };
    case 'anchor':
      // After the end of the text comes nothing; of the other places nothing is known.
      return { of: NOTHING, empty: node.at !== 'text-end' && node.at !== 'end' };
    case 'capture':
      return firstOf(node.of, fold);
    case 'flags':
      return node.flags.includes('m')
        ? { of: EVERYTHING, empty: true }
        : firstOf(node.of, fold || node.flags.includes('i'));
    case 'repeat': {
      const inside = firstOf(node.of, fold);
      return { of: inside.of, empty: inside.empty || node.min === 0 };
    }
    case 'either': {
      const parts = node.of.map((part) => firstOf(part, fold));
      return {
        of: parts.reduce((all, part) => union(all, part.of), NOTHING),
        empty: parts.some(({ empty }) => empty),
      };
    }
    case 'sequence': {
      let of = NOTHING;
      for (const part of node.of) {
        const next = firstOf(part, fold);
        of = union(of, next.of);
        if (!next.empty) return { of, empty: false };
      }
      return { of, empty: true };
    }
  }
}
