/** A time found in a line: milliseconds since 1970 and the position after it. */
export interface TimeAt {
  readonly ms: number;
  readonly end: number;
}

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const DAY = 86_400_000;
const QUARTER_HOUR = 900_000;

/** The number under two digits at a position, or -1. */
export function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
}

/** The month 0 to 11 whose English three-letter name stands at a position, or -1. */
export function monthAt(text: string, at: number): number {
  const found = MONTHS.indexOf(text.slice(at, at + 3));
  return text.length >= at + 3 && found % 3 === 0 ? found / 3 : -1;
}

function fourDigits(text: string, at: number): number {
  const high = twoDigits(text, at);
  const low = twoDigits(text, at + 2);
  return high < 0 || low < 0 ? -1 : high * 100 + low;
}

/** Seconds of the day of `HH:MM:SS` at a position, or -1; a leap second counts as the second before it. */
export function clockAt(text: string, at: number): number {
  const hour = twoDigits(text, at);
  const minute = twoDigits(text, at + 3);
  const second = twoDigits(text, at + 6);
  if (text.charCodeAt(at + 2) !== 58 || text.charCodeAt(at + 5) !== 58) return -1;
  if (hour < 0 || minute < 0 || second < 0 || hour > 23 || minute > 59 || second > 60) return -1;
  return hour * 3600 + minute * 60 + Math.min(second, 59);
}

/** Milliseconds since 1970 of a date and a clock read as UTC; undefined where the calendar has no such day. */
export function utcTime(year: number, month: number, day: number, seconds: number): number | undefined {
  const ms = Date.UTC(year, month, day);
  return day < 1 || day > 31 || new Date(ms).getUTCDate() !== day ? undefined : ms + seconds * 1000;
}

/** Reads `.123456` or `,123` at a position: whole milliseconds (cut, not rounded) and the position after it. */
export function fractionAt(text: string, at: number): TimeAt {
  const mark = text.charCodeAt(at);
  if (mark !== 46 && mark !== 44) return { ms: 0, end: at };
  let end = at + 1;
  let ms = 0;
  for (let scale = 100; ; scale = Math.floor(scale / 10)) {
    const digit = text.charCodeAt(end) - 48;
    if (!(digit >= 0 && digit <= 9) || end > at + 12) break;
    ms += digit * scale;
    end++;
  }
  return end === at + 1 ? { ms: 0, end: at } : { ms, end };
}

const formatters = new Map<string, Intl.DateTimeFormat | undefined>();
const offsets = new Map<string, Map<number, number>>();

/** Short names that stand for one zone wherever they are written; `IST` and `EST` are several, and are not here. */
const SURE_ZONES: ReadonlyMap<string, string> = new Map([
  ['UTC', 'UTC'],
  ['GMT', 'UTC'],
  ['Z', 'UTC'],
  ['ICT', 'Asia/Bangkok'],
  ['JST', 'Asia/Tokyo'],
  ['KST', 'Asia/Seoul'],
  ['SGT', 'Asia/Singapore'],
  ['HKT', 'Asia/Hong_Kong'],
  ['CET', 'Etc/GMT-1'],
  ['CEST', 'Etc/GMT-2'],
]);

/** The zone that a device names behind its clock, where that name is sure; else `otherwise`. */
export function sureZone(name: string | undefined, otherwise: string): string {
  return (name !== undefined && SURE_ZONES.get(name)) || otherwise;
}

/** Says whether this runtime knows an IANA time zone. */
export function isTimeZone(zone: string): boolean {
  return formatter(zone) !== undefined;
}

function formatter(zone: string): Intl.DateTimeFormat | undefined {
  if (formatters.has(zone)) return formatters.get(zone);
  let made: Intl.DateTimeFormat | undefined;
  try {
    made = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    // An unknown zone is read as UTC; whoever takes the setting refuses it with a message.
  }
  formatters.set(zone, made);
  return made;
}

/** Milliseconds that a zone is ahead of UTC at a moment; kept by quarter hour, since zones change on those only. */
function offsetAt(zone: string, ms: number): number {
  const known = offsets.get(zone) ?? new Map<number, number>();
  if (known.size === 0) offsets.set(zone, known);
  const quarter = Math.floor(ms / QUARTER_HOUR);
  let offset = known.get(quarter);
  if (offset !== undefined) return offset;
  const start = quarter * QUARTER_HOUR;
  const parts = formatter(zone)?.formatToParts(start) ?? [];
  const part = (type: string): number => Number(parts.find((each) => each.type === type)?.value ?? 0);
  offset =
    parts.length === 0
      ? 0
      : Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) - start;
  if (known.size > 20_000) known.clear();
  known.set(quarter, offset);
  return offset;
}

/**
 * The moment at which a zone's clocks show `local` (milliseconds as if it were UTC). Of two such moments (clocks set
 * back) the earlier; where there is none (clocks set forward) as if they had not been set.
 */
export function zonedTime(local: number, zone: string): number {
  if (zone === 'UTC') return local;
  const before = offsetAt(zone, local - DAY);
  const after = offsetAt(zone, local + DAY);
  if (before === after) return local - before;
  const ahead = Math.max(before, after);
  if (offsetAt(zone, local - ahead) === ahead) return local - ahead;
  const behind = Math.min(before, after);
  return offsetAt(zone, local - behind) === behind ? local - behind : local - before;
}

/**
 * The latest moment that fits a date without a year and is at most 24 hours after `now`; undefined where no year of
 * the last eight has that day.
 */
export function yearlessTime(
  month: number,
  day: number,
  seconds: number,
  now: number,
  zone: string,
): number | undefined {
  const newest = new Date(now + 2 * DAY).getUTCFullYear();
  for (let year = newest; year >= newest - 8; year--) {
    const local = utcTime(year, month, day, seconds);
    if (local === undefined) continue;
    const ms = zonedTime(local, zone);
    if (ms <= now + DAY) return ms;
  }
  return undefined;
}

/**
 * Reads an RFC 3339 time at a position, with `T` or a space between date and clock, any number of fraction digits and
 * the zone as `Z`, `+07:00`, `+0700`, `+07` or not at all (then `zone` holds).
 */
export function isoTimeAt(text: string, at: number, zone: string): TimeAt | undefined {
  const year = fourDigits(text, at);
  const month = twoDigits(text, at + 5);
  const day = twoDigits(text, at + 8);
  if (year < 0 || month < 1 || month > 12 || day < 1) return undefined;
  if (text.charCodeAt(at + 4) !== 45 || text.charCodeAt(at + 7) !== 45) return undefined;
  const between = text.charCodeAt(at + 10);
  if (between !== 84 && between !== 32 && between !== 116) return undefined;
  const seconds = clockAt(text, at + 11);
  const local = seconds < 0 ? undefined : utcTime(year, month - 1, day, seconds);
  if (local === undefined) return undefined;
  const fraction = fractionAt(text, at + 19);
  const mark = text.charCodeAt(fraction.end);
  if (mark === 90 || mark === 122) return { ms: local + fraction.ms, end: fraction.end + 1 };
  if (mark !== 43 && mark !== 45) return { ms: zonedTime(local, zone) + fraction.ms, end: fraction.end };
  const hours = twoDigits(text, fraction.end + 1);
  if (hours < 0 || hours > 23) return undefined;
  const colon = text.charCodeAt(fraction.end + 3) === 58 ? 1 : 0;
  const minutes = twoDigits(text, fraction.end + 3 + colon);
  const shift = (hours * 60 + (minutes < 0 || minutes > 59 ? 0 : minutes)) * 60_000;
  const end = fraction.end + (minutes < 0 ? 3 : 5 + colon);
  return { ms: local + fraction.ms - (mark === 43 ? shift : -shift), end };
}

// Sources interleave, so the texts of several recent seconds are kept, by the second's last bits.
const KEPT_SECONDS = 256;
const secondsKept = new Float64Array(KEPT_SECONDS).fill(Number.NaN);
const textsKept: string[] = new Array<string>(KEPT_SECONDS).fill('');

/** Writes a time as `@timestamp` wants it: ISO 8601, UTC, milliseconds. */
export function isoString(ms: number): string {
  const second = Math.floor(ms / 1000);
  const slot = second & (KEPT_SECONDS - 1);
  if (secondsKept[slot] !== second) {
    textsKept[slot] = new Date(second * 1000).toISOString().slice(0, -4);
    secondsKept[slot] = second;
  }
  const rest = Math.floor(ms - second * 1000);
  return `${textsKept[slot]}${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`;
}
