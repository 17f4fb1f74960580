import type { Language } from './messages.ts';

/** Dates, numbers and spans as the reader's language and the province's time zone write them. */
export interface Format {
  readonly timeZone: string;
  /** dd/MM/yyyy HH:mm:ss in the province's time zone; the text itself where it is no time. */
  dateTime(time: string | number): string;
  /** HH:mm today, dd/MM HH:mm on other days, dd/MM/yyyy HH:mm in other years. */
  brief(time: string | number, now: number): string;
  /** From first to last in the fewest words: clock times within a day, days across days; the year where it is not this one. */
  span(first: string | number, last: string | number, now: number): string;
  /** The same moment in UTC, for hovering. */
  utc(time: string | number): string;
  relative(time: string | number, now: number): string;
  number(value: number): string;
  bytes(value: number): string;
  percent(value: number): string;
  /** A part of one, from 0 to 1, as a whole number of percent. */
  share(value: number): string;
}

type Parts = Readonly<Record<string, string>>;

function partsIn(timeZone: string): (moment: number) => Parts {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  return (moment) => Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, value]));
}

const clockOf = (p: Parts): string => `${p['hour']}:${p['minute']}`;
const dayOf = (p: Parts): string => `${p['day']}/${p['month']}`;
const dateOf = (p: Parts): string => `${dayOf(p)}/${p['year']}`;
const full = (p: Parts): string => `${dateOf(p)} ${clockOf(p)}:${p['second']}`;

function briefly(p: Parts, today: Parts): string {
  if (dateOf(p) === dateOf(today)) return clockOf(p);
  return `${p['year'] === today['year'] ? dayOf(p) : dateOf(p)} ${clockOf(p)}`;
}

function spanOf(first: Parts, last: Parts, today: Parts): string {
  if (dateOf(first) === dateOf(last)) {
    const begin = briefly(first, today);
    return clockOf(first) === clockOf(last) ? begin : `${begin} – ${clockOf(last)}`;
  }
  const begin = first['year'] === last['year'] ? dayOf(first) : dateOf(first);
  return `${begin} – ${last['year'] === today['year'] && first['year'] === last['year'] ? dayOf(last) : dateOf(last)}`;
}

function knownZone(timeZone: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return timeZone;
  } catch {
    return 'Asia/Ho_Chi_Minh';
  }
}

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

const KHMER_UNITS: Readonly<Record<string, string>> = { day: 'ថ្ងៃ', hour: 'ម៉ោង', minute: 'នាទី', second: 'វិនាទី' };

/** Chromium carries no relative times in Khmer, and would write English ones. */
function khmerRelative(value: number, unit: Intl.RelativeTimeFormatUnit): string {
  if (value === 0) return 'ឥឡូវ';
  return `${Math.abs(value)} ${KHMER_UNITS[unit]}${value < 0 ? 'មុន' : 'ទៀត'}`;
}

function relativeIn(language: Language): (value: number, unit: Intl.RelativeTimeFormatUnit) => string {
  if (language === 'km') return khmerRelative;
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  return (value, unit) => format.format(value, unit);
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Makes the formats of one language and time zone (IANA name). */
export function makeFormat(language: Language, zone: string): Format {
  const timeZone = knownZone(zone);
  const local = partsIn(timeZone);
  const universal = partsIn('UTC');
  const relative = relativeIn(language);
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  const valid = (time: string | number, write: (moment: number) => string): string => {
    const moment = typeof time === 'number' ? time : Date.parse(time);
    return Number.isFinite(moment) ? write(moment) : String(time);
  };
  return {
    timeZone,
    dateTime: (time) => valid(time, (moment) => full(local(moment))),
    brief: (time, now) => valid(time, (moment) => briefly(local(moment), local(now))),
    span: (first, last, now) =>
      valid(first, (begin) => valid(last, (end) => spanOf(local(begin), local(end), local(now)))),
    utc: (time) => valid(time, (moment) => `${full(universal(moment))} UTC`),
    relative: (time, now) =>
      valid(time, (moment) => {
        const seconds = Math.round((moment - now) / 1000);
        const [unit, size] = STEPS.find(([, step]) => Math.abs(seconds) >= step) ?? ['second', 1];
        return relative(Math.trunc(seconds / size), unit);
      }),
    number: (value) => number.format(value),
    bytes: (value) => {
      const power = value < 1 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log(value) / Math.log(1024)));
      return `${number.format(value / 1024 ** power)} ${BYTE_UNITS[power]}`;
    },
    percent: (value) => `${number.format(value)}%`,
    share: (value) => `${number.format(Math.floor(Math.min(1, Math.max(0, value)) * 100))}%`,
  };
}

/** `yyyy-MM-ddTHH:mm` in a time zone, as `<input type="datetime-local">` wants it. */
export function toLocalInput(moment: number, timeZone: string): string {
  const p = partsIn(knownZone(timeZone))(moment);
  return `${p['year']}-${p['month']}-${p['day']}T${p['hour']}:${p['minute']}`;
}

/** The moment (ISO 8601, UTC) that a `datetime-local` value means in a time zone; undefined where it is none. */
export function fromLocalInput(text: string, timeZone: string): string | undefined {
  const asUtc = Date.parse(`${text}Z`);
  if (!Number.isFinite(asUtc)) return undefined;
  const zone = knownZone(timeZone);
  // The zone's offset is read at the guessed moment, and once more there: that settles it around clock changes.
  let moment = asUtc;
  for (let round = 0; round < 2; round += 1) {
    moment += asUtc - Date.parse(`${toLocalInput(moment, zone)}Z`);
  }
  return new Date(moment).toISOString();
}
