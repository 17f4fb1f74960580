import type { StringTest } from './condition.ts';

type Pieces = Extract<StringTest, { kind: 'wildcard' }>['pieces'];
/** Literals with `null` for exactly one character; what lies between two `*`. */
type Segment = readonly (string | null)[];

const WORD = /[\p{L}\p{N}\p{M}]/u;

/** Whether a character of a text belongs to a word: letters, numbers and marks do, in any script. */
function isWordAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code < 128) return (code > 47 && code < 58) || (code > 64 && code < 91) || (code > 96 && code < 123);
  return at >= 0 && at < text.length && WORD.test(text.charAt(at));
}

/** A word starts, ends, or is not concerned here: no word runs on across this position. */
function isBoundary(text: string, at: number): boolean {
  return at <= 0 || at >= text.length || !isWordAt(text, at - 1) || !isWordAt(text, at);
}

function containsWords(text: string, words: string): boolean {
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) {
    if (isBoundary(text, at) && isBoundary(text, at + words.length)) return true;
  }
  return false;
}

function segmentLength(segment: Segment): number {
  return segment.reduce((sum, piece) => sum + (piece === null ? 1 : piece.length), 0);
}

function segmentAt(text: string, segment: Segment, start: number): boolean {
  let at = start;
  for (const piece of segment) {
    if (piece === null) at++;
    else if (text.startsWith(piece, at)) at += piece.length;
    else return false;
  }
  return at <= text.length;
}

function findSegment(text: string, segment: Segment, from: number): number {
  const [first] = segment;
  if (segment.length === 1 && typeof first === 'string') return text.indexOf(first, from);
  const last = text.length - segmentLength(segment);
  for (let at = from; at <= last; at++) {
    if (typeof first === 'string') {
      at = text.indexOf(first, at);
      if (at < 0 || at > last) return -1;
    }
    if (segmentAt(text, segment, at)) return at;
  }
  return -1;
}

function toSegments(pieces: Pieces, fold: (text: string) => string): (string | null)[][] {
  const segments: (string | null)[][] = [[]];
  for (const piece of pieces) {
    const current = segments[segments.length - 1] ?? [];
    if (typeof piece === 'string') {
      if (piece !== '') current.push(fold(piece));
    } else if (piece.any === 'one') current.push(null);
    else segments.push([]);
  }
  return segments;
}

/** The whole text, from its first character to its last. Greedy: time is linear in the text for each segment. */
function wholePattern(segments: readonly Segment[]): (text: string) => boolean {
  const [head = []] = segments;
  const tail = segments[segments.length - 1] ?? [];
  const middle = segments.slice(1, -1).filter((segment) => segment.length > 0);
  const headLength = segmentLength(head);
  const tailLength = segmentLength(tail);
  if (segments.length === 1) return (text) => text.length === headLength && segmentAt(text, head, 0);
  return (text) => {
    const end = text.length - tailLength;
    if (end < headLength || !segmentAt(text, head, 0) || !segmentAt(text, tail, end)) return false;
    let at = headLength;
    for (const segment of middle) {
      at = findSegment(text, segment, at);
      if (at < 0) return false;
      at += segmentLength(segment);
    }
    return at <= end;
  };
}

/** Anywhere in the text, but a side of the pattern without `*` is the side of a word (`fail*`: words that start so). */
function wordPattern(segments: readonly Segment[]): (text: string) => boolean {
  const filled = segments.filter((segment) => segment.length > 0);
  const opens = (segments[0]?.length ?? 0) > 0;
  const closes = (segments[segments.length - 1]?.length ?? 0) > 0;
  return (text) => {
    let at = 0;
    for (const [index, segment] of filled.entries()) {
      const length = segmentLength(segment);
      const first = opens && index === 0;
      const last = closes && index === filled.length - 1;
      at = findSegment(text, segment, at);
      while (at >= 0 && ((first && !isBoundary(text, at)) || (last && !isBoundary(text, at + length)))) {
        at = findSegment(text, segment, at + 1);
      }
      if (at < 0) return false;
      at += length;
    }
    return true;
  };
}

/** Text as `word` tests compare it: runs of white space are one blank. */
function oneBlank(text: string): string {
  return /[\t\n\v\f\r]| {2}/.test(text) ? text.replace(/\s+/g, ' ') : text;
}

/** How a text is folded for comparison without regard to case. */
export function foldCase(text: string): string {
  return text.toLowerCase();
}

/**
 * Compiles a string test. The predicate takes the text already folded by `foldCase` where the test is not cased, as it
 * is where it is. With `inText` a wildcard pattern looks for words inside the text rather than for the whole of it.
 */
export function compileStringTest(test: StringTest, inText = false): (text: string) => boolean {
  const fold = test.cased ? (text: string) => text : foldCase;
  if (test.kind === 'wildcard') {
    const segments = toSegments(test.pieces, fold);
    return inText ? wordPattern(segments) : wholePattern(segments);
  }
  const value = fold(test.value);
  switch (test.match) {
    case 'equals':
      return (text) => text === value;
    case 'starts':
      return (text) => text.startsWith(value);
    case 'ends':
      return (text) => text.endsWith(value);
    case 'contains':
      return (text) => text.includes(value);
    case 'word': {
      const words = oneBlank(value).trim();
      return (text) => containsWords(oneBlank(text), words);
    }
  }
}
