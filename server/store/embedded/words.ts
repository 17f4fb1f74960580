/**
 * The words of a text, as the day's word index holds them: runs of letters, digits and marks in any script, folded to
 * lower case. The index is a prefilter alone, so it may say "perhaps" too often and never "no" wrongly; the matcher of
 * `rules/query` decides. Characters beyond the basic plane part words, as they do there.
 */
const WORDS = /(?:(?![\u{10000}-\u{10ffff}])[\p{L}\p{N}\p{M}])+/gu;

/** Most of one event's texts, in bytes, that goes into the index; what has more is marked with `LONG_TEXT` instead. */
export const LONGEST_TEXT = 64 * 1024;
/** A word that stands for "this event has more words than the index knows". */
export const LONG_TEXT = 'haidanglongtext';

function fold(text: string): string {
  return text.toLowerCase().replaceAll('ς', 'σ');
}

/** The words of a text. */
export function foldWords(text: string): readonly string[] {
  return fold(text).match(WORDS) ?? [];
}

/** Words that a text must hold; `prefix`: a word that starts so. */
export interface NeededWord {
  readonly word: string;
  readonly prefix: boolean;
}

/** A shorter beginning of a word would gather more of the index than it saves. */
const SHORTEST_PREFIX = 3;

/**
 * The words that every text holding `piece` has for certain. Where a side is open, the piece may stand inside a longer
 * word there.
 */
export function neededWords(piece: string, openStart: boolean, openEnd: boolean): NeededWord[] {
  const folded = fold(piece);
  const needed: NeededWord[] = [];
  for (const match of folded.matchAll(WORDS)) {
    const word = match[0];
    if (openStart && match.index === 0) continue;
    const prefix = openEnd && match.index + word.length === folded.length;
    if (prefix && word.length < SHORTEST_PREFIX) continue;
    needed.push({ word, prefix });
  }
  return needed;
}

/** An FTS5 expression for all of these words, or for texts of which the index does not know all; undefined where there are none. */
export function matchExpression(words: readonly NeededWord[]): string | undefined {
  if (words.length === 0) return undefined;
  return `(${words.map(({ word, prefix }) => `"${word}"${prefix ? '*' : ''}`).join(' AND ')}) OR ${LONG_TEXT}`;
}
