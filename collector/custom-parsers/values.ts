import { isIPv6 } from 'node:net';
import { type Draft, endpoint, isAddress } from '../parsers/draft.ts';
import type { JsonObject } from '../parsers/json-object.ts';
import { isoString } from '../parsers/time.ts';
import { readRequest, setUrl } from '../parsers/url.ts';
import { compileSetter } from './setter.ts';
import type { Found } from './step.ts';
import type { Target } from './targets.ts';
import type { TimeReader } from './time-format.ts';

/** What a document says about a value on its way into a field. */
export interface FieldRule {
  /** The name that a step gives it. */
  readonly from: string;
  readonly target: Target;
  readonly letters: 'lower' | 'upper' | undefined;
  /** Texts and what they mean; keys such as `200-399` are ranges of numbers. */
  readonly meanings: ReadonlyMap<string, string | number | boolean> | undefined;
  /** For what `meanings` does not list. */
  readonly otherwise: string | number | boolean | undefined;
  /** Texts that say that there is no value, beside nothing and `-`. */
  readonly nothing: ReadonlySet<string>;
  /** Between several values of one text. */
  readonly split: string | undefined;
  /** Of dates. */
  readonly time: TimeReader | undefined;
}

/** What conversions need of the line around them. */
export interface ValueContext {
  readonly now: number;
  readonly timeZone: string;
}

/** Puts a value into the event; gives why it could not be, where it could not. */
export type PutField = (value: Found, event: Draft, context: ValueContext) => string | undefined;

const MOST_VALUES = 100;
/** Longer texts are no value of a field; the line itself is kept in `event.original`. */
const LONGEST = 32_768;
const TRUE = new Set(['true', 'yes', '1', 'on']);
const FALSE = new Set(['false', 'no', '0', 'off']);

/** Compiles what becomes of one value. */
export function compileField(rule: FieldRule): PutField {
  const { target, letters, nothing, split } = rule;
  const put = compilePut(rule);
  const meaning = rule.meanings && compileMeaning(rule.meanings, rule.otherwise);
  const one = (text: string, event: Draft, context: ValueContext): string | undefined => {
    if (text === '' || text === '-' || nothing.has(text)) return undefined;
    let value: string | number | boolean = text;
    if (meaning) {
      const meant = meaning(text);
      if (meant === undefined) return 'its value is not listed in "map"';
      value = meant;
    } else if (text.length > LONGEST) return `it is longer than ${LONGEST} characters`;
    else if (letters === 'lower') value = text.toLowerCase();
    else if (letters === 'upper') value = text.toUpperCase();
    return put(value, event, context);
  };
  return (value, event, context) => {
    if (value === undefined) return undefined;
    if (typeof value === 'string' && split === undefined) return one(value, event, context);
    const values = typeof value === 'string' ? value.split(split as string, MOST_VALUES) : value;
    if (!Array.isArray(values)) return one(String(values), event, context);
    if (!target.isList && values.length > 1) return 'it holds several values, and the field takes one';
    let why: string | undefined;
    for (const each of values) why = one(String(each).trim(), event, context) ?? why;
    return why;
  };
}

function compileMeaning(
  meanings: ReadonlyMap<string, string | number | boolean>,
  otherwise: string | number | boolean | undefined,
): (text: string) => string | number | boolean | undefined {
  const ranges: { from: number; to: number; meaning: string | number | boolean }[] = [];
  for (const [key, meaning] of meanings) {
    const range = /^(\d{1,15})-(\d{1,15})$/.exec(key);
    if (range) ranges.push({ from: Number(range[1]), to: Number(range[2]), meaning });
  }
  if (ranges.length === 0) return (text) => meanings.get(text) ?? otherwise;
  return (text) => {
    const exact = meanings.get(text);
    if (exact !== undefined) return exact;
    const number = text.length < 16 ? Number(text) : Number.NaN;
    for (const { from, to, meaning } of ranges) if (number >= from && number <= to) return meaning;
    return otherwise;
  };
}

type Put = (value: string | number | boolean, event: Draft, context: ValueContext) => string | undefined;

function compilePut({ target, time }: FieldRule): Put {
  if (target.type === 'endpoint') return putEndpoint(target.name as 'source');
  if (target.type === 'url') {
    return (value, event) => {
      setUrl(event, String(value));
      return undefined;
    };
  }
  if (target.type === 'request') return putRequest;
  const convert = compileConvert(target, time);
  const set = compileSetter(target.name);
  const why = `it is no value of type ${target.type}`;
  if (target.isList) {
    const read = compileGetter(target.name);
    return (value, event, context) => {
      const made = convert(value, context);
      if (made === undefined) return why;
      const before = read(event);
      if (!Array.isArray(before)) set(event, [made]);
      else if (before.length < MOST_VALUES && !before.includes(made)) before.push(made);
      return undefined;
    };
  }
  return (value, event, context) => {
    const made = convert(value, context);
    if (made === undefined) return why;
    set(event, made);
    return undefined;
  };
}

function compileGetter(name: string): (event: JsonObject) => unknown {
  const path = name.split('.');
  return (event) => {
    let at: unknown = event;
    for (const key of path) {
      if (typeof at !== 'object' || at === null) return undefined;
      at = (at as JsonObject)[key];
    }
    return at;
  };
}

function putEndpoint(name: 'source' | 'destination'): Put {
  return (value, event) => {
    const text = String(value);
    // `192.0.2.1:443`, `[2001:db8::1]:443`, `host:443`, or one of these without a port.
    const colon = text.lastIndexOf(':');
    const host = text.slice(0, colon);
    const isPort = colon > 0 && !isAddress(text) && /^\d{1,5}$/.test(text.slice(colon + 1));
    const found = isPort ? endpoint(host, text.slice(colon + 1)) : endpoint(text);
    if (!found) return 'it is no address and no name of a host';
    event[name] = { ...event[name], ...found };
    return undefined;
  };
}

function putRequest(value: string | number | boolean, event: Draft): string | undefined {
  const line = readRequest(event, String(value));
  if (!line) return 'it is no request line such as "GET /path HTTP/1.1"';
  const http = (event['http'] ?? {}) as JsonObject;
  if (line.version !== undefined) http['version'] = line.version;
  http['request'] = { ...(http['request'] as object | undefined), method: line.method };
  event['http'] = http;
  return undefined;
}

type Convert = (value: string | number | boolean, context: ValueContext) => string | number | boolean | undefined;

function compileConvert({ type, allowed }: Target, time: TimeReader | undefined): Convert {
  switch (type) {
    case 'long':
      return (value) => wholeNumber(value);
    case 'double':
      return (value) => {
        if (typeof value === 'number') return value;
        if (typeof value === 'boolean' || !/^[+-]?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})$/.test(value))
          return undefined;
        return Number(value);
      };
    case 'boolean':
      return (value) => {
        if (typeof value === 'boolean') return value;
        const word = String(value).toLowerCase();
        return TRUE.has(word) ? true : FALSE.has(word) ? false : undefined;
      };
    case 'ip':
      return (value) => addressOf(String(value));
    case 'date':
      return (value, { now, timeZone }) => {
        const ms = time?.(String(value), now, timeZone);
        return ms === undefined ? undefined : isoString(ms);
      };
    default: {
      if (!allowed) return (value) => (typeof value === 'string' ? value : String(value));
      const known = new Set(allowed);
      return (value) => (known.has(String(value)) ? String(value) : undefined);
    }
  }
}

function wholeNumber(value: string | number | boolean): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined;
  if (typeof value === 'boolean') return undefined;
  if (value.length > 16) return undefined;
  // Most are short and plain; the pattern costs more than reading them.
  let number = 0;
  for (let at = 0; at < value.length; at++) {
    const digit = value.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) return signed(value);
    number = number * 10 + digit;
  }
  return value.length > 0 && value.length < 16 ? number : undefined;
}

function signed(value: string): number | undefined {
  return /^[+-]?\d{1,15}$/.test(value) ? Number(value) : undefined;
}

function addressOf(text: string): string | undefined {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (!isAddress(bare)) return undefined;
  const zone = bare.indexOf('%');
  return zone < 0 ? bare : isIPv6(bare) ? bare.slice(0, zone) : undefined;
}
