import { isUtf8 } from 'node:buffer';
import { SCALAR } from '../../../ecs/scan/tokens.ts';
import { MESSAGE_FIELDS } from '../../../rules/query/matcher.ts';
import { readLine } from '../line.ts';
import { stamp } from '../stamp.ts';
import { findable } from './document.ts';
import type { Leaves } from './line-shapes.ts';
import { INDEXED_FIELDS } from './mapping.ts';

/** What becomes of a value of a line. */
export const VALUE = { skip: 0, keyword: 1, pattern: 2, address: 3, number: 4, text: 5 } as const;
export type ValueUse = (typeof VALUE)[keyof typeof VALUE];

/** What the server sets in every event of one source, by its place in a recipe. */
export const SET_BY_SERVER = ['agency', 'collector', 'receivedAt', 'source'] as const;

/** A stretch of an event's document that is the same in all lines of a shape, and what follows it. */
export interface RecipePart {
  readonly literal: Buffer;
  /** A value of the line by its number, or `-1 - n` for what the server sets; undefined at the end. */
  readonly next: number | undefined;
}

/** How the document of a line is made of its values, the same for all lines of one shape. */
export interface Recipe {
  /** The fields to find it by, as JSON without the last brace. */
  readonly found: readonly RecipePart[];
  /** Of each value: what becomes of it. */
  readonly uses: Uint8Array;
  /** Whether the line has a number there, and no string. */
  readonly numbers: Uint8Array;
  /** Numbers of the values of `event.id` and `@timestamp`. */
  readonly id: number;
  readonly time: number;
  /** Bytes of all that is the same. */
  readonly size: number;
}

/** Stand for values while the recipe is written: texts that go through all rules unchanged, and can be told again. */
const MARK = /(?:71000(\d{8})|10\.251\.(\d+)\.(\d+))(?!\d)/g;
const FIRST_SET = 90_000_000;
const BACKSLASH = 0x5c;

interface Value {
  readonly path: string;
  readonly value: string | number;
  replace(value: string | number): void;
}

/**
 * Writes the recipe of a line's shape: the document of such a line is made once, in the slow way, with marks for values.
 * Undefined where the lines of this shape must each be made so. `idStart`: as `readLine` has it.
 */
export function recipeOf(
  bytes: Buffer,
  start: number,
  end: number,
  leaves: Leaves,
  idStart: string,
): Recipe | undefined {
  const read = readLine(bytes.toString('utf8', start, end), idStart);
  if (typeof read === 'string') return undefined;
  if (!isUsual(bytes, start, end, leaves)) return undefined;
  const values: Value[] = [];
  if (!collect(read.event, '', values) || values.length !== leaves.count) return undefined;
  const uses = new Uint8Array(values.length);
  const numbers = new Uint8Array(values.length);
  for (const [at, { path, value, replace }] of values.entries()) {
    const token = bytes.toString('utf8', leaves.starts[at], leaves.ends[at]);
    const isNumber = leaves.kinds[at] === SCALAR;
    if ((isNumber ? Number(token) : JSON.parse(`"${token}"`)) !== value) return undefined;
    uses[at] = purposeOf(path);
    numbers[at] = isNumber ? 1 : 0;
    if (isNumber && (uses[at] === VALUE.text || uses[at] === VALUE.address)) return undefined;
    replace(markOf(at, uses[at] as ValueUse, isNumber));
  }
  const [agency = '', collector = '', receivedAt = '', source = ''] = SET_BY_SERVER.map((_, at) =>
    mark(FIRST_SET + at),
  );
  const { irregular, text, ...document } = findable(stamp(read.event, { agency, collector, receivedAt, source }));
  // `text`: words of `true` and the like.
  if (irregular !== undefined || text !== undefined || String(document['names']).search(MARK) >= 0) return undefined;
  const found = partsOf(JSON.stringify(document).slice(0, -1), values.length);
  const id = values.findIndex(({ path }) => path === 'event.id');
  const time = values.findIndex(({ path }) => path === '@timestamp');
  if (!found || id < 0 || time < 0) return undefined;
  for (const [at] of values.entries()) {
    if (uses[at] !== VALUE.text && !found.some(({ next }) => next === at)) uses[at] = VALUE.skip;
  }
  const size = found.reduce((sum, { literal }) => sum + literal.length, 0);
  return { found, uses, numbers, id, time, size };
}

/** The strings and numbers of an event in the order of its text; false where that order is not sure. */
function collect(above: object, name: string, values: Value[]): boolean {
  for (const [key, inside] of Object.entries(above)) {
    if (/^\d+$/.test(key) && !Array.isArray(above)) return false;
    if (key === '__proto__') return false;
    const path = Array.isArray(above) ? name : name === '' ? key : `${name}.${key}`;
    if (typeof inside === 'object' && inside !== null) {
      if (!collect(inside, path, values)) return false;
    } else if (typeof inside === 'string' || typeof inside === 'number') {
      const replace = (value: string | number) => {
        (above as Record<string, unknown>)[key] = value;
      };
      values.push({ path, value: inside, replace });
    }
  }
  return true;
}

function purposeOf(path: string): ValueUse {
  if ((MESSAGE_FIELDS as readonly string[]).includes(path)) return VALUE.text;
  if (path === '@timestamp') return VALUE.skip;
  switch (INDEXED_FIELDS.get(path)) {
    case 'number':
      return VALUE.number;
    case 'ip':
      return VALUE.address;
    case 'pattern':
      return VALUE.pattern;
    case 'text':
      return VALUE.skip;
    default:
      return VALUE.keyword;
  }
}

function mark(at: number): string {
  return `71000${String(at).padStart(8, '0')}`;
}

function markOf(at: number, use: ValueUse, isNumber: boolean): string | number {
  // An empty text has no words; those of the real one are written by themselves.
  if (use === VALUE.text) return '';
  if (use === VALUE.address) return `10.251.${at >> 8}.${at & 255}`;
  return isNumber ? Number(mark(at)) : mark(at);
}

/** Cuts a document at its marks; undefined where one stands there twice, or is none of ours. */
function partsOf(text: string, count: number): RecipePart[] | undefined {
  const parts: RecipePart[] = [];
  const seen = new Set<number>();
  let from = 0;
  for (const match of text.matchAll(MARK)) {
    const [whole, number, high, low] = match;
    const at = number === undefined ? Number(high) * 256 + Number(low) : Number(number);
    const isSet = at >= FIRST_SET;
    if (seen.has(at) || (isSet ? at - FIRST_SET >= SET_BY_SERVER.length : at >= count)) return undefined;
    seen.add(at);
    parts.push({ literal: Buffer.from(text.slice(from, match.index)), next: isSet ? FIRST_SET - 1 - at : at });
    from = match.index + whole.length;
  }
  parts.push({ literal: Buffer.from(text.slice(from)), next: undefined });
  return parts;
}

/** Whether the cluster can keep what lies between the values as it is: without escapes, in UTF-8. */
function isUsual(bytes: Buffer, start: number, end: number, leaves: Leaves): boolean {
  let at = start;
  for (let leaf = 0; leaf <= leaves.count; leaf++) {
    const last = leaf === leaves.count;
    const between = bytes.subarray(at, last ? end : leaves.starts[leaf]);
    if (between.includes(BACKSLASH) || !isUtf8(between)) return false;
    if (!last) at = leaves.ends[leaf] as number;
  }
  return true;
}
