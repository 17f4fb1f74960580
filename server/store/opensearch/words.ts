import { foldCase } from '../../../rules/query/string-test.ts';

/**
 * Words as the index holds them: runs of letters, digits and marks in any script, cut by this program and not by the
 * cluster, so that they are cut just as the matcher of `rules/query` cuts them. Characters beyond the basic plane part words.
 */
const WORDS = /(?:(?![\u{10000}-\u{10ffff}])[\p{L}\p{N}\p{M}])+/gu;

/** Longer words are cut to this many UTF-16 units, in the index and in questions alike. */
export const LONGEST_WORD = 200;
/** Characters of one text whose words are kept. */
const LONGEST_TEXT = 64 * 1024;
const MOST_WORDS = 4_000;

/** The distinct words of an event's texts; `all` is false where there are more than the index keeps. */
export function wordsOfTexts(texts: readonly string[]): { readonly words: string[]; readonly all: boolean } {
  const words = new Set<string>();
  let all = true;
  for (const text of texts) {
    if (text.length > LONGEST_TEXT) all = false;
    for (const [word] of foldText(text.slice(0, LONGEST_TEXT)).matchAll(WORDS)) {
      if (words.size >= MOST_WORDS) return { words: [...words], all: false };
      words.add(word.slice(0, LONGEST_WORD));
    }
  }
  return { words: [...words], all };
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
