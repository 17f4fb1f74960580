import { HaidangError } from '../errors.ts';
import { LIMITS } from './limits.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;

/** One object of an envelope: its text as it came, and what it says. */
export interface EnvelopeObject {
  readonly text: string;
  readonly value: unknown;
}

/**
 * The objects of a TAXII envelope (TAXII 2.1 §3.7), each with its own bytes, so that what is given out again is what came
 * in. Other properties of the envelope are passed over (§7.1.1). Bounded in depth and number before anything is parsed.
 * @throws HaidangError `HD_TAXII_UNPROCESSABLE`, `HD_TOO_LARGE`
 */
export function readEnvelope(body: Uint8Array): EnvelopeObject[] {
  const { members, elements } = scan(body);
  const objects = elements.map(([from, to]) => {
    const text = decode(body.subarray(from, to));
    return { text, value: parse(text) };
  });
  // What is not read must still be JSON.
  for (const [from, to] of members) parse(decode(body.subarray(from, to)));
  return objects;
}

type Span = readonly [from: number, to: number];

/** Finds the elements of the one `objects` list; `members` are the other values. */
function scan(body: Uint8Array): { members: Span[]; elements: Span[] } {
  const members: Span[] = [];
  const elements: Span[] = [];
  let at = space(body, 0);
  if (body[at] !== OPEN_OBJECT) throw malformed('the body is no JSON object');
  at = space(body, at + 1);
  let found = false;
  let first = true;
  while (body[at] !== CLOSE_OBJECT) {
    if (!first) at = space(body, expect(body, at, COMMA));
    first = false;
    if (body[at] !== QUOTE) throw malformed('a property has no name');
    const nameEnd = endOfString(body, at);
    const name = parse(decode(body.subarray(at, nameEnd)));
    at = space(body, expect(body, space(body, nameEnd), 0x3a));
    if (name === 'objects') {
      if (found) throw malformed('it has "objects" twice');
      found = true;
      at = scanList(body, at, elements);
    } else {
      const end = endOfValue(body, at);
      members.push([at, end]);
      at = end;
    }
    at = space(body, at);
  }
  if (space(body, at + 1) !== body.length) throw malformed('something follows the envelope');
  if (!found) throw malformed('the envelope has no "objects"');
  if (elements.length === 0) throw malformed('"objects" is empty, and a list must have a value');
  return { members, elements };
}

function scanList(body: Uint8Array, from: number, elements: Span[]): number {
  let at = space(body, expect(body, from, OPEN_ARRAY, '"objects" is no list'));
  if (body[at] === CLOSE_ARRAY) return at + 1;
  for (;;) {
    const end = endOfValue(body, at);
    if (elements.length === LIMITS.objects)
      throw new HaidangError('HD_TOO_LARGE', `An envelope holds at most ${LIMITS.objects} objects; send several.`);
    elements.push([at, end]);
    at = space(body, end);
    if (body[at] === CLOSE_ARRAY) return at + 1;
    at = space(body, expect(body, at, COMMA));
  }
}

/** Where a value ends; whether it is right is for the parser to say. */
function endOfValue(body: Uint8Array, from: number): number {
  let depth = 0;
  let at = from;
  for (; at < body.length; at++) {
    const byte = body[at];
    if (byte === QUOTE) {
      at = endOfString(body, at) - 1;
      if (depth === 0) return at + 1;
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      // The envelope and its list are two levels already.
      if (++depth > LIMITS.depth) throw malformed(`it is nested deeper than ${LIMITS.depth}`);
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      if (depth === 0) break;
      if (--depth === 0) return at + 1;
    } else if (byte === COMMA && depth === 0) break;
  }
  if (depth > 0 || at === from) throw malformed('a value is missing or not whole');
  return at;
}

function endOfString(body: Uint8Array, from: number): number {
  for (let at = from + 1; at < body.length; at++) {
    if (body[at] === BACKSLASH) at++;
    else if (body[at] === QUOTE) return at + 1;
  }
  throw malformed('a string does not end');
}

function space(body: Uint8Array, from: number): number {
  let at = from;
  while (body[at] === 0x20 || body[at] === 0x0a || body[at] === 0x0d || body[at] === 0x09) at++;
  return at;
}

function expect(body: Uint8Array, at: number, byte: number, otherwise?: string): number {
  if (body[at] === byte) return at + 1;
  throw malformed(otherwise ?? `"${String.fromCharCode(byte)}" is missing at byte ${at}`);
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw malformed('it is not UTF-8');
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('it is not JSON');
  }
}

function malformed(reason: string): HaidangError {
  return new HaidangError('HD_TAXII_UNPROCESSABLE', `The body is no TAXII envelope: ${reason}.`);
}
