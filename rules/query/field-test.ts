import type { FieldTest } from './condition.ts';
import { networkHolds, parseIp, parseNetwork } from './ip-address.ts';
import { compileRegex } from './safe-regex.ts';
import { compileStringTest, foldCase } from './string-test.ts';

type Compare = 'eq' | 'lt' | 'lte' | 'gt' | 'gte';
type TimePart = Extract<FieldTest, { kind: 'time-part' }>['part'];
/** Tests that look at one value; `exists`, `null` and `same-as` look at the event and are not among them. */
export type ValueTest = Exclude<FieldTest, { kind: 'null' | 'exists' | 'same-as' }>;

const NUMERIC = /^\s*[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?\s*$/i;

/** How deep lists inside lists are looked into. */
const LIST_DEPTH = 8;

/** A scalar as text; undefined for objects, lists and null, which no text test passes. */
export function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return undefined;
}

/** Whether a value, or any element of it where it is a list, passes. */
export function anyElement(value: unknown, passes: (element: unknown) => boolean, depth = 0): boolean {
  if (!Array.isArray(value)) return passes(value);
  return depth < LIST_DEPTH && value.some((element) => anyElement(element, passes, depth + 1));
}

/** A number, or the number a text spells; undefined otherwise. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.length < 40 && NUMERIC.test(value) ? Number(value) : undefined;
}

function compareOrder(compare: Compare, difference: number): boolean {
  if (compare === 'eq') return difference === 0;
  if (compare === 'lt') return difference < 0;
  if (compare === 'lte') return difference <= 0;
  return compare === 'gt' ? difference > 0 : difference >= 0;
}

function instant(text: string): number {
  return /^\d{4}-\d{2}(-\d{2})?([T ][\d:.]+(Z|[+-]\d{2}:?\d{2})?)?$/.test(text)
    ? Date.parse(/[T ]/.test(text) && !/(Z|[+-]\d{2}:?\d{2})$/.test(text) ? `${text}Z` : text)
    : Number.NaN;
}

/** Times compare as times where both sides are ISO 8601 (without a zone: UTC), anything else by code units, folded. */
function rangeTest(compare: Compare, bound: string): (value: unknown) => boolean {
  const boundTime = instant(bound);
  const folded = foldCase(bound);
  return (value) => {
    if (typeof value !== 'string') return false;
    const time = Number.isNaN(boundTime) ? Number.NaN : instant(value);
    if (!Number.isNaN(time)) return compareOrder(compare, time - boundTime);
    const text = foldCase(value);
    return compareOrder(compare, text < folded ? -1 : text > folded ? 1 : 0);
  };
}

/** ISO 8601 week number (1 to 53) of a calendar day. */
function isoWeek(year: number, month: number, day: number): number {
  const date = new Date(Date.UTC(year, month - 1, day));
  const weekday = (date.getUTCDay() + 6) % 7;
  date.setUTCDate(date.getUTCDate() - weekday + 3);
  const firstThursday = new Date(Date.UTC(date.getUTCFullYear(), 0, 4));
  const shift = (firstThursday.getUTCDay() + 6) % 7;
  firstThursday.setUTCDate(firstThursday.getUTCDate() - shift + 3);
  return 1 + Math.round((date.getTime() - firstThursday.getTime()) / 604_800_000);
}

/** The part as the time is written, without conversion of zones; a number is milliseconds since 1970, UTC. */
function timePart(value: unknown, part: TimePart): number | undefined {
  let text = value;
  if (typeof value === 'number' && Math.abs(value) < 8.64e15) text = new Date(value).toISOString();
  if (typeof text !== 'string') return undefined;
  const found = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2}))?/.exec(text);
  if (!found) return undefined;
  const [year = 0, month = 0, day = 0] = found.slice(1, 4).map(Number);
  if (part === 'year') return year;
  if (part === 'month') return month;
  if (part === 'day') return day;
  if (part === 'week') return isoWeek(year, month, day);
  const clock = part === 'hour' ? found[4] : found[5];
  return clock === undefined ? undefined : Number(clock);
}

/**
 * Compiles a test on one value.
 * @throws RegexError for an expression that is not supported; Error for a network that is none.
 */
export function compileValueTest(test: ValueTest): (value: unknown) => boolean {
  switch (test.kind) {
    case 'string':
    case 'wildcard': {
      const passes = compileStringTest(test);
      const cased = test.cased;
      return (value) => {
        const text = scalarText(value);
        return text !== undefined && passes(cased ? text : foldCase(text));
      };
    }
    case 'number': {
      const { compare, value: bound } = test;
      return (value) => {
        const number = numberOf(value);
        return number !== undefined && compareOrder(compare, number - bound);
      };
    }
    case 'range':
      return rangeTest(test.compare, test.value);
    case 'boolean': {
      const word = String(test.value);
      return (value) => value === test.value || (typeof value === 'string' && foldCase(value) === word);
    }
    case 'cidr': {
      const network = parseNetwork(test.network);
      if (!network) throw new Error(`"${test.network}" is not a network such as 10.0.0.0/8 or 2001:db8::/32.`);
      return (value) => {
        const address = typeof value === 'string' ? parseIp(value) : undefined;
        return address !== undefined && networkHolds(network, address);
      };
    }
    case 'regex': {
      const regex = compileRegex(test.source, test.flags);
      return (value) => {
        const text = scalarText(value);
        return text !== undefined && regex.test(text);
      };
    }
    case 'time-part':
      return (value) => timePart(value, test.part) === test.value;
  }
}
