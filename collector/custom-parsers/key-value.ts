import { type ReadStep, STEP_LIMITS, type StepForm } from './step.ts';

/** How pairs are written. */
export interface PairForm {
  /** Between pairs; a blank stands for any number of blanks and tabs. */
  readonly pairs: string;
  /** Between a name and its value. */
  readonly values: string;
}

/**
 * Pairs such as `user=an result="not allowed"`: values in quotation marks may hold the separators, `\"` and `\\` inside
 * them are the marks themselves. Of a name that comes twice the first holds; at most 400 pairs are read.
 */
export function keyValues({ pairs, values }: PairForm): StepForm {
  return {
    names: [],
    open: true,
    bind(placeOf, asked) {
      const places = new Map(asked.map((name) => [name, placeOf(name)]));
      return blankOnly(pairs) ? byBlanks(values, places) : bySeparator(pairs, values, places);
    },
  };
}

function blankOnly(text: string): boolean {
  return text === ' ';
}

const NO_PAIR = 'it holds no pair of a name and a value';

/** The end of a quoted value and its text; the end is past the text where the mark is not closed. */
function quoted(text: string, at: number): { end: number; value: string } {
  const mark = text[at] as string;
  let end = text.indexOf(mark, at + 1);
  let escaped = false;
  while (end > 0) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes++;
    if (slashes > 0) escaped = true;
    if (slashes % 2 === 0) break;
    end = text.indexOf(mark, end + 1);
  }
  if (end < 0) end = text.length;
  const value = text.slice(at + 1, end);
  return { end: end + 1, value: escaped || value.includes('\\') ? value.replace(/\\(["'\\])/g, '$1') : value };
}

function isQuote(code: number): boolean {
  return code === 34 || code === 39;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

function byBlanks(values: string, places: ReadonlyMap<string, number>): ReadStep {
  return (text, found) => {
    let read = 0;
    let at = 0;
    while (at < text.length && read < STEP_LIMITS.pairs) {
      const mark = text.indexOf(values, at);
      if (mark < 0) break;
      let start = mark;
      while (start > at && !isBlank(text.charCodeAt(start - 1))) start--;
      const name = text.slice(start, mark);
      let next = mark + values.length;
      let value: string;
      if (isQuote(text.charCodeAt(next))) {
        const inside = quoted(text, next);
        value = inside.value;
        next = inside.end;
      } else {
        let end = next;
        while (end < text.length && !isBlank(text.charCodeAt(end))) end++;
        value = text.slice(next, end);
        next = end + 1;
      }
      if (name !== '' && name.length <= STEP_LIMITS.name) {
        read++;
        const place = places.get(name);
        if (place !== undefined && found[place] === undefined) found[place] = value;
      }
      at = next;
    }
    return read === 0 ? NO_PAIR : undefined;
  };
}

function bySeparator(pairs: string, values: string, places: ReadonlyMap<string, number>): ReadStep {
  return (text, found) => {
    let read = 0;
    let at = 0;
    while (at < text.length && read < STEP_LIMITS.pairs) {
      let end = text.indexOf(pairs, at);
      if (end < 0) end = text.length;
      const mark = text.indexOf(values, at);
      if (mark < 0) break;
      if (mark > end) {
        at = end + pairs.length;
        continue;
      }
      const name = text.slice(at, mark).trim();
      let from = mark + values.length;
      while (isBlank(text.charCodeAt(from)) && from < end) from++;
      let value: string;
      if (isQuote(text.charCodeAt(from))) {
        const inside = quoted(text, from);
        value = inside.value;
        end = text.indexOf(pairs, inside.end);
        if (end < 0) end = text.length;
      } else value = text.slice(from, end).trim();
      if (name !== '' && name.length <= STEP_LIMITS.name) {
        read++;
        const place = places.get(name);
        if (place !== undefined && found[place] === undefined) found[place] = value;
      }
      at = end + pairs.length;
    }
    return read === 0 ? NO_PAIR : undefined;
  };
}
