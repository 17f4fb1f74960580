import { type ClockMark, type ClockState, type LegalClock, stageAt, stagesBetween } from './state.ts';
import type { ClockSettings, YearlyTerm } from './terms.ts';

const DAY_MS = 86_400_000;

/** The report of a year at a moment; times are ISO 8601. */
export interface YearlyClock extends Pick<LegalClock, 'id' | 'from' | 'due' | 'stages' | 'state' | 'source'> {
  readonly year: number;
  /** The last that a person said of it: it was sent, or is not owed. */
  readonly mark: ClockMark | null;
}

/** Id of the record of a year's report. */
export function yearlyId(year: number): string {
  return `yearly-${year}`;
}

/** The clock of a year: a function of its arguments alone. It runs from some days before the day on, until somebody says that the report went. */
export function yearlyClock(
  year: number,
  { day, noticeDays, source }: YearlyTerm,
  { warnPercent, timeZone }: Pick<ClockSettings, 'warnPercent' | 'timeZone'>,
  marks: readonly ClockMark[],
  now: number,
): YearlyClock {
  const [month = 1, date = 1] = day.split('-').map(Number);
  const due = endOfDay(year, month, date, timeZone);
  const from = due - noticeDays * DAY_MS;
  const stages = stagesBetween(from, due, warnPercent);
  const last = marks.at(-1);
  const mark = last && last.act !== 'open' ? last : null;
  const state = (): ClockState => {
    if (mark?.act === 'waived') return 'waived';
    if (mark) return Date.parse(mark.at) <= due ? 'met' : 'met-late';
    return stageAt(stages, now) ?? 'running';
  };
  const times = { from: new Date(from).toISOString(), due: new Date(due).toISOString(), stages };
  return { id: 'yearly', year, source, ...times, state: state(), mark };
}

/** The years whose report is watched: this one once it is counted down, and the one before as long as it is owed. */
export function yearsAt(now: number, { noticeDays, day }: YearlyTerm, timeZone: string): readonly number[] {
  const year = Number(partsOf(now, timeZone).year);
  const [month = 1, date = 1] = day.split('-').map(Number);
  // A day early in the year is counted down from the year before.
  return [year - 1, year, year + 1].filter((one) => now >= endOfDay(one, month, date, timeZone) - noticeDays * DAY_MS);
}

/** The moment at which a day ends in a time zone, milliseconds since 1970. */
export function endOfDay(year: number, month: number, date: number, timeZone: string): number {
  const wall = Date.UTC(year, month - 1, date + 1);
  // The offset is that of the moment itself: the first guess may lie on the other side of a change of time.
  const guess = wall - offsetAt(wall, timeZone);
  return wall - offsetAt(guess, timeZone);
}

function offsetAt(moment: number, timeZone: string): number {
  const { year, month, day, hour, minute, second } = partsOf(moment, timeZone);
  const wall = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  return wall - Math.floor(moment / 1000) * 1000;
}

type Parts = Readonly<Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'weekday', string>>;

/** Wall-clock parts of a moment in a time zone; `weekday` is `Mon` to `Sun`. */
export function partsOf(moment: number, timeZone: string): Parts {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone, hourCycle: 'h23', weekday: 'short' },
    ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' },
  } as Intl.DateTimeFormatOptions);
  return Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, value])) as Parts;
}
