import { readNumber, UsageError } from './arguments.ts';

/** Most hours that a term may be away: a year. */
const MOST_HOURS = 24 * 366;

/** The time of `--due TIME` or `--hours N`, ISO 8601; undefined where neither is said. @throws UsageError */
export function readDue({
  due,
  hours,
}: {
  readonly due?: string | undefined;
  readonly hours?: string | undefined;
}): string | undefined {
  if (due !== undefined && hours !== undefined) throw new UsageError('say --due or --hours, not both.');
  if (hours !== undefined)
    return new Date(Date.now() + readNumber('hours', hours, 24, MOST_HOURS) * 3_600_000).toISOString();
  if (due === undefined) return undefined;
  const time = Date.parse(due);
  if (Number.isNaN(time)) throw new UsageError('--due takes a time like 2026-11-24T17:00+07:00.');
  return new Date(time).toISOString();
}

/** The value of an option that an act cannot do without. @throws UsageError */
export function needed(name: string, value: string | undefined): string {
  if (value !== undefined && value.trim() !== '') return value;
  throw new UsageError(`this needs --${name}; --help tells more.`);
}
