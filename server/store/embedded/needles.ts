import type { Condition, StringTest } from '../../../rules/query/condition.ts';
import { joinLiterals } from '../../../rules/query/wildcard-pieces.ts';
import type { FramePart } from './day-frames.ts';
import { isInWordIndex } from './fields.ts';

/**
 * Texts of which each line of an event that satisfies a condition has one, in lower case and whatever its own case; what
 * makes an event's JSON worth parsing. Undefined where nothing of the kind can be said.
 */
export type Needles = readonly string[];

/** Needles looked for at most: each is one pass over the lines. */
const MOST = 6;
const SHORTEST = 3;
/** Characters that stand in JSON as they are. */
const PLAIN = /[^\x00-\x20"\\/\x7f-\uffff]+/g;
/** A number may be written in another way than it is asked for. */
const LIKE_A_NUMBER = /^[-+0-9e]*\.?[-+0-9e]*$/;
const LETTER = /[a-z]/;
/** An escape by code may stand for anything. */
const ESCAPE = Buffer.from('\\u');
/** Letters that are ASCII in lower case, as UTF-8: K and İ, and ı, which other folding takes for one. */
const FOLDED = ['\u212a', '\u0130', '\u0131'].map((letter) => Buffer.from(letter));

/** The needles of a condition. */
export function needlesOf(condition: Condition): Needles | undefined {
  switch (condition.kind) {
    case 'and': {
      const parts = condition.of.flatMap((part) => {
        const needles = needlesOf(part);
        return needles ? [needles] : [];
      });
      return parts.reduce<Needles | undefined>(
        (best, part) => (best && weight(best) >= weight(part) ? best : part),
        undefined,
      );
    }
    case 'or': {
      const parts = condition.of.map(needlesOf);
      const all = parts.flatMap((part) => part ?? []);
      return parts.length > 0 && parts.every((part) => part !== undefined) && all.length <= MOST ? all : undefined;
    }
    case 'text':
      return condition.scope === 'message' ? needleOf(condition.test) : undefined;
    case 'field': {
      const { field, test } = condition;
      return isInWordIndex(field) && (test.kind === 'string' || test.kind === 'wildcard') ? needleOf(test) : undefined;
    }
    default:
      return undefined;
  }
}

/** Longer needles are rarer. */
function weight(needles: Needles): number {
  return needles.reduce((least, needle) => Math.min(least, needle.length), Number.POSITIVE_INFINITY);
}

function needleOf(test: StringTest): Needles | undefined {
  const literals = test.kind === 'string' ? [test.value] : joinLiterals(test.pieces);
  let longest = '';
  for (const literal of literals) {
    if (typeof literal !== 'string') continue;
    for (const [plain] of literal.matchAll(PLAIN)) if (plain.length > longest.length) longest = plain;
  }
  const needle = longest.toLowerCase();
  return needle.length < SHORTEST || LIKE_A_NUMBER.test(needle) ? undefined : [needle];
}

/** Marks the lines of a part that have one of the needles, or something that may stand for it. */
export function linesWith(part: FramePart, needles: Needles): Uint8Array {
  const { bytes } = part.text;
  const marks = new Uint8Array(part.starts.length - 1);
  mark(part, marks, (from) => bytes.indexOf(ESCAPE, from));
  const cased = needles.filter((needle) => LETTER.test(needle));
  for (const needle of needles) {
    if (cased.includes(needle)) continue;
    const wanted = Buffer.from(needle);
    mark(part, marks, (from) => bytes.indexOf(wanted, from));
  }
  if (cased.length === 0) return marks;
  for (const letter of FOLDED) mark(part, marks, (from) => bytes.indexOf(letter, from));
  const lower = bytes.toString('latin1').toLowerCase();
  for (const needle of cased) mark(part, marks, (from) => lower.indexOf(needle, from));
  return marks;
}

/** Marks each line that `find` finds a place in, from a place on. */
function mark({ starts }: FramePart, marks: Uint8Array, find: (from: number) => number): void {
  let line = 0;
  for (let at = find(starts[0] ?? 0); at >= 0; at = find(starts[line] as number)) {
    while ((starts[line] as number) <= at) line++;
    // `line` is the one behind now.
    marks[line - 1] = 1;
    if (line >= marks.length) return;
  }
}
