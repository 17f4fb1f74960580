import { foldCase } from '../../../rules/query/string-test.ts';

/**
 * Words as the index holds them: runs of letters, digits and marks in any script, cut by this program and not by the
 * cluster, so that they are cut just as the matcher of `rules/query` cuts them. Characters beyond the basic plane part words.
 */
const WORDS = /(?:(?![\u{10000}-\u{10ffff}])[\p{L}\p{N}\p{M}])+/gu;

/** Texts of ASCII alone: their words need no table of the scripts. */
const PLAIN = /^[\u0000-\u007f]*$/;
/** An ASCII character that surely parts words. */
const PART = /[^0-9A-Za-z\u0080-\uffff]/;

/** Longer words are cut to this many UTF-16 units, in the index and in questions alike. */
export const LONGEST_WORD = 200;
/** Characters of one text whose words are kept. */
const LONGEST_TEXT = 64 * 1024;
const MOST_WORDS = 4_000;

/** The distinct words of an event's texts; `all` is false where there are more than the index keeps. */
export function wordsOfTexts(texts: readonly string[]): { readonly words: string[]; readonly all: boolean } {
  const words = new Set<string>();
  let all = true;
  for (const [at, text] of texts.entries()) {
    if (text.length > LONGEST_TEXT) all = false;
    // A message mostly stands in the original line, whose words are taken anyway.
    if (texts.some((other, place) => (other.length > text.length || place < at) && standsApart(other, text))) continue;
    if (!addWords(words, text.slice(0, LONGEST_TEXT))) return { words: [...words], all: false };
  }
  return { words: [...words], all };
}

/** Adds the words of a text; false where there are too many. */
function addWords(words: Set<string>, text: string): boolean {
  const folded = foldText(text);
  if (!PLAIN.test(folded)) {
    for (const [word] of folded.matchAll(WORDS)) {
      if (words.size >= MOST_WORDS) return false;
      words.add(word.slice(0, LONGEST_WORD));
    }
    return true;
  }
  let start = -1;
  for (let at = 0; at <= folded.length; at++) {
    const code = at < folded.length ? folded.charCodeAt(at) : 0;
    if ((code > 96 && code < 123) || (code > 47 && code < 58) || (code > 64 && code < 91)) {
      if (start < 0) start = at;
    } else if (start >= 0) {
      if (words.size >= MOST_WORDS) return false;
      words.add(folded.slice(start, Math.min(at, start + LONGEST_WORD)));
      start = -1;
    }
  }
  return true;
}

/** Whether a text stands in another in such a way that no word runs on across its ends. */
function standsApart(text: string, piece: string): boolean {
  if (text.length > LONGEST_TEXT) return false;
  const at = text.indexOf(piece);
  if (at < 0) return false;
  const before = at === 0 || PART.test(text.charAt(at - 1));
  const end = at + piece.length;
  return before && (end === text.length || PART.test(text.charAt(end)));
}

/** Greek writes one letter in two ways by its place in the word; both count as one here. */
function foldText(text: string): string {
  return foldCase(text).replaceAll('ς', 'σ');
}

/** A word that a text must hold; `prefix`: one that starts so. */
export interface NeededWord {
  readonly word: string;
  readonly prefix: boolean;
}

/**
 * The words that every text holding `piece` has for certain. Where a side is open, the piece may stand inside a longer
 * word there.
 */
export function neededWords(piece: string, openStart: boolean, openEnd: boolean): NeededWord[] {
  const folded = foldText(piece);
  return [...folded.matchAll(WORDS)].flatMap((match) => {
    const word = match[0];
    if (openStart && match.index === 0) return [];
    const atEnd = openEnd && match.index + word.length === folded.length;
    return [{ word: word.slice(0, LONGEST_WORD), prefix: atEnd || word.length >= LONGEST_WORD }];
  });
}

/** The word that a text is, where it is one and nothing else, and no other text folds to it by accident. */
export function singleWord(text: string): string | undefined {
  const folded = foldCase(text);
  const [only] = folded.match(WORDS) ?? [];
  return only === folded && only.length < LONGEST_WORD && !/[σς]/.test(only) ? only : undefined;
}
