import { clockAt, fractionAt, isoTimeAt, monthAt, utcTime, yearlessTime, zonedTime } from '../parsers/time.ts';

/** Reads a time as milliseconds since 1970; undefined where the text is not of the form. */
export type TimeReader = (text: string, now: number, zone: string) => number | undefined;

/** Names of forms that need no pattern. */
export const TIME_NAMES = ['iso8601', 'unix', 'unix_ms'] as const;
const OLDEST = 0;
const NEWEST = 4_102_444_800_000;

/** What is read of one text. */
interface Parts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  ms: number;
  /** 0 morning, 1 afternoon. */
  half: number;
  /** Milliseconds ahead of UTC; NaN where the text names none. */
  shift: number;
}

/** Reads one place of a pattern and gives the position behind it, -1 where it does not fit. */
type Place = (text: string, at: number, parts: Parts) => number;

function digits(text: string, at: number, least: number, most: number): number {
  let end = at;
  while (end < at + most && end < text.length) {
    const digit = text.charCodeAt(end) - 48;
    if (!(digit >= 0 && digit <= 9)) break;
    end++;
  }
  return end - at < least ? -1 : end;
}

function number(key: keyof Parts, least: number, most: number, from: number, to: number): Place {
  return (text, at, parts) => {
    const end = digits(text, at, least, most);
    if (end < 0) return -1;
    const value = Number(text.slice(at, end));
    parts[key] = value;
    return value < from || value > to ? -1 : end;
  };
}

const readShift: Place = (text, at, parts) => {
  const mark = text.charCodeAt(at);
  if (mark === 90 || mark === 122) {
    parts.shift = 0;
    return at + 1;
  }
  if (mark !== 43 && mark !== 45) return -1;
  const hours = digits(text, at + 1, 2, 2);
  if (hours < 0) return -1;
  const from = text.charCodeAt(hours) === 58 ? hours + 1 : hours;
  const minutes = digits(text, from, 2, 2);
  if (Number(text.slice(at + 1, hours)) > 23) return -1;
  const shift = Number(text.slice(at + 1, hours)) * 60 + (minutes < 0 ? 0 : Number(text.slice(from, minutes)));
  parts.shift = (mark === 43 ? shift : -shift) * 60_000;
  return minutes < 0 ? hours : minutes;
};

// AM and PM as Vietnamese writes them too: sáng, chiều.
const HALVES: Readonly<Record<string, number>> = { AM: 0, PM: 1, SA: 0, CH: 1 };
const readHalf: Place = (text, at, parts) => {
  const half = HALVES[text.slice(at, at + 2).toUpperCase()];
  if (half === undefined) return -1;
  parts.half = half;
  return at + 2;
};

const readMonthName: Place = (text, at, parts) => {
  const short = text.slice(at, at + 3);
  const found = monthAt(short.charAt(0).toUpperCase() + short.slice(1).toLowerCase(), 0);
  parts.month = found + 1;
  return found < 0 ? -1 : at + 3;
};

const readFraction: Place = (text, at, parts) => {
  const end = digits(text, at, 1, 9);
  if (end < 0) return -1;
  parts.ms = fractionAt(`.${text.slice(at, end)}`, 0).ms;
  return end;
};

/** Letters of a pattern, longest runs first (the usual ones of Java and .NET). */
const PLACES: readonly (readonly [string, Place])[] = [
  ['yyyy', number('year', 4, 4, 1970, 2200)],
  [
    'yy',
    (text, at, parts) => {
      const end = digits(text, at, 2, 2);
      if (end >= 0) parts.year = 2000 + Number(text.slice(at, end));
      return end;
    },
  ],
  ['MMM', readMonthName],
  ['MM', number('month', 2, 2, 1, 12)],
  ['M', number('month', 1, 2, 1, 12)],
  ['dd', number('day', 2, 2, 1, 31)],
  ['d', (text, at, parts) => number('day', 1, 2, 1, 31)(text, text.charCodeAt(at) === 32 ? at + 1 : at, parts)],
  ['HH', number('hour', 2, 2, 0, 23)],
  ['H', number('hour', 1, 2, 0, 23)],
  ['hh', number('hour', 2, 2, 1, 12)],
  ['h', number('hour', 1, 2, 1, 12)],
  ['mm', number('minute', 2, 2, 0, 59)],
  ['m', number('minute', 1, 2, 0, 59)],
  ['ss', number('second', 2, 2, 0, 60)],
  ['s', number('second', 1, 2, 0, 60)],
  ['S', readFraction],
  ['a', readHalf],
  ['Z', readShift],
];

function placesOf(pattern: string): readonly Place[] | string {
  const places: Place[] = [];
  const used = new Set<string>();
  for (let at = 0; at < pattern.length; ) {
    const letter = pattern[at] as string;
    if (letter === "'") {
      const end = pattern.indexOf("'", at + 1);
      if (end < 0) return 'a quotation mark is not closed';
      places.push(literal(pattern.slice(at + 1, end) || "'"));
      at = end + 1;
      continue;
    }
    if (!/[A-Za-z]/.test(letter)) {
      places.push(literal(letter));
      at++;
      continue;
    }
    let end = at + 1;
    while (pattern[end] === letter) end++;
    const run = letter === 'S' || letter === 'Z' || letter === 'a' || letter === 'X' ? letter : pattern.slice(at, end);
    const found = PLACES.find(([name]) => name === (run === 'X' ? 'Z' : run));
    if (!found)
      return `"${pattern.slice(at, end)}" is no part of a time; there are ${PLACES.map(([n]) => n).join(' ')}, and text in single quotes`;
    if (used.has(letter)) return `"${letter}" stands twice`;
    used.add(letter);
    places.push(found[1]);
    at = end;
  }
  if (!used.has('M') || !used.has('d')) return 'a time needs a month (M) and a day (d)';
  if (used.has('h') && !used.has('a')) return '"h" counts to 12 and needs "a" (AM or PM); "H" counts to 23';
  return places;
}

function literal(piece: string): Place {
  return (text, at) => (text.startsWith(piece, at) ? at + piece.length : -1);
}

function patternReader(places: readonly Place[]): TimeReader {
  return (text, now, zone) => {
    const parts = { year: -1, month: 0, day: 0, hour: 0, minute: 0, second: 0, ms: 0, half: -1, shift: Number.NaN };
    let at = 0;
    for (const place of places) {
      at = place(text, at, parts);
      if (at < 0) return undefined;
    }
    if (at !== text.length) return undefined;
    const hour = parts.half < 0 ? parts.hour : (parts.hour % 12) + 12 * parts.half;
    const seconds = hour * 3600 + parts.minute * 60 + Math.min(parts.second, 59);
    if (parts.year < 0) {
      const ms = yearlessTime(parts.month - 1, parts.day, seconds, now, Number.isNaN(parts.shift) ? zone : 'UTC');
      return ms === undefined ? undefined : ms + parts.ms - (Number.isNaN(parts.shift) ? 0 : parts.shift);
    }
    const local = utcTime(parts.year, parts.month - 1, parts.day, seconds);
    if (local === undefined) return undefined;
    return parts.ms + (Number.isNaN(parts.shift) ? zonedTime(local, zone) : local - parts.shift);
  };
}

function unixReader(scale: number): TimeReader {
  return (text) => {
    if (!/^\d{1,14}(?:\.\d{1,9})?$/.test(text)) return undefined;
    const ms = Math.floor(Number(text) * scale);
    return ms > OLDEST && ms < NEWEST ? ms : undefined;
  };
}

const isoReader: TimeReader = (text, _now, zone) => {
  const found = isoTimeAt(text, 0, zone);
  return found && found.end === text.length ? found.ms : undefined;
};

/** The usual form of web servers, read place by place without a pattern. */
const WEB = 'dd/MMM/yyyy:HH:mm:ss Z';
const readWeb: TimeReader = (text) => {
  const seconds = clockAt(text, 12);
  const month = monthAt(text, 3);
  const end = digits(text, 22, 4, 4);
  const mark = text.charCodeAt(21);
  if (text.length !== 26 || seconds < 0 || month < 0 || end < 0 || (mark !== 43 && mark !== 45)) return undefined;
  const local = utcTime(Number(text.slice(7, 11)), month, Number(text.slice(0, 2)), seconds);
  if (local === undefined || Number.isNaN(local)) return undefined;
  const shift = (Number(text.slice(22, 24)) * 60 + Number(text.slice(24, 26))) * 60_000;
  return mark === 43 ? local - shift : local + shift;
};

/**
 * Compiles the forms of a time, tried in order: `iso8601`, `unix` (seconds), `unix_ms`, or a pattern such as
 * `dd/MM/yyyy HH:mm:ss.SSS`. A text instead is what is wrong with one.
 */
export function compileTimes(formats: readonly string[]): TimeReader | string {
  const readers: TimeReader[] = [];
  for (const format of formats) {
    if (format === 'iso8601') readers.push(isoReader);
    else if (format === 'unix') readers.push(unixReader(1000));
    else if (format === 'unix_ms') readers.push(unixReader(1));
    else if (format === WEB) readers.push(readWeb);
    else {
      if (format.length > 100) return 'the form of a time is longer than 100 characters';
      const places = placesOf(format);
      if (typeof places === 'string') return `"${format}" cannot be used: ${places}`;
      readers.push(patternReader(places));
    }
  }
  const [only] = readers;
  return kept(
    readers.length === 1 && only
      ? only
      : (text, now, zone) => {
          for (const read of readers) {
            const ms = read(text, now, zone);
            if (ms !== undefined) return ms;
          }
          return undefined;
        },
  );
}

/** Lines of one second have the same time: the last text is remembered, within a minute of the clock and a zone. */
function kept(read: TimeReader): TimeReader {
  let [lastText, lastZone, lastMinute] = ['', '', -1];
  let last: number | undefined;
  return (text, now, zone) => {
    const minute = Math.floor(now / 60_000);
    if (text === lastText && minute === lastMinute && zone === lastZone) return last;
    if (text.length > 64) return undefined;
    const ms = read(text, now, zone);
    [lastText, lastZone, lastMinute, last] = [text, zone, minute, ms];
    return ms;
  };
}
