import { partsOf } from '../clocks/yearly.ts';
import { type OnCallEntry, WEEKDAYS, type Weekday } from './settings.ts';

/** Who is on call at a moment (milliseconds since 1970), by the clock of a time zone; each once, in the order of the list. */
export function onCallAt(entries: readonly OnCallEntry[], moment: number, timeZone: string): readonly string[] {
  const { weekday, hour, minute } = partsOf(moment, timeZone);
  const today = WEEKDAYS.indexOf(weekday.toLowerCase().slice(0, 3) as Weekday);
  const yesterday = (today + 6) % 7;
  const time = `${hour}:${minute}`;
  const isOn = ({ days, from, to }: OnCallEntry): boolean => {
    const begins = (day: number) => days.some((one) => one === WEEKDAYS[day]);
    if (from < to) return begins(today) && from <= time && time < to;
    // Into the next morning: what began yesterday is not over yet.
    return (begins(today) && from <= time) || (begins(yesterday) && time < to);
  };
  return [...new Set(entries.filter(isOn).flatMap(({ people }) => people))];
}
