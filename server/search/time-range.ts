import { HaidangError } from '../errors.ts';
import type { TimeRange } from '../store/event-store.ts';

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const ISO = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** A time as ISO 8601 (UTC where no zone is given) or `now`, `now-24h`, `now+5m` (units s m h d w), in milliseconds. @throws HaidangError `HD_TIME_RANGE` */
export function parseTime(text: string, now: number): number {
  const relative = /^now(?:([+-])(\d{1,6})([smhdw]))?$/.exec(text);
  if (relative) {
    const [, sign, count = '0', unit = 's'] = relative;
    return now + (sign === '-' ? -1 : 1) * Number(count) * UNITS[unit as keyof typeof UNITS];
  }
  const zoned = /T/.test(text) && !/(Z|[+-]\d{2}:?\d{2})$/.test(text) ? `${text}Z` : text;
  const time = ISO.test(text) ? Date.parse(zoned) : Number.NaN;
  if (Number.isNaN(time))
    throw new HaidangError('HD_TIME_RANGE', `"${text.slice(0, 40)}" is no time; use 2026-11-22T08:00:00Z or now-24h.`);
  return time;
}

/** The range of a search, by default the last 24 hours; the end is exclusive. @throws HaidangError `HD_TIME_RANGE` */
export function parseRange(from: string | undefined, to: string | undefined, now: number): TimeRange {
  // Collectors' clocks differ a little: what is a second ahead belongs to "now" too.
  const end = to === undefined ? now + 60_000 : parseTime(to, now);
  const start = from === undefined ? now - UNITS.d : parseTime(from, now);
  if (start >= end) throw new HaidangError('HD_TIME_RANGE', 'The range ends before it begins.');
  return { from: new Date(start).toISOString(), to: new Date(end).toISOString() };
}
