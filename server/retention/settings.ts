import { LEVELS, type RetentionPolicy, type SourceRule } from './policy.ts';

/** What the configuration says of retention, checked against the law's minimum. */
export interface RetentionSettings {
  /** Fewest months by law for levels 1 to 5. */
  readonly minimumMonths: readonly number[];
  readonly policy: RetentionPolicy;
  /** Time of day of the nightly run, `HH:MM` in the configured time zone. */
  readonly at: string;
}

/**
 * Months by law for levels 1 to 5. Secondary sources only (docs/retention.md names them), so this is the default of a
 * setting and no constant.
 */
export const MINIMUM_MONTHS: readonly number[] = [0, 1, 3, 6, 12];
/** Twice the minimum, as somebody may ask the day after it is over; three months where there is no minimum. */
export const KEEP_DAYS: readonly number[] = [92, 92, 184, 366, 731];

/** One number for each security level, 1 to 5. */
export function perLevel(most: number): (value: unknown) => readonly number[] {
  return (value) => {
    const valid = (one: unknown) => typeof one === 'number' && Number.isInteger(one) && one >= 0 && one <= most;
    if (Array.isArray(value) && value.length === LEVELS.length && value.every(valid)) return value as number[];
    throw new Error(`must be a list of five whole numbers up to ${most}, for security levels 1 to 5.`);
  };
}

/** Rules for sources by name. */
export function sourceRules(value: unknown): readonly SourceRule[] {
  if (Array.isArray(value) && value.length <= 200 && value.every(isSourceRule)) return value as SourceRule[];
  throw new Error('must be a list of at most 200 rules such as {source: "netflow*", levels: [1, 2, 3], days: 92}.');
}

function isSourceRule(value: unknown): value is SourceRule {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { source, levels, days, ...more } = value as Record<string, unknown>;
  const named = typeof source === 'string' && source !== '' && source.length <= 512;
  const leveled = levels === undefined || (Array.isArray(levels) && levels.every((one) => LEVELS.includes(one)));
  return named && leveled && Number.isInteger(days) && Object.keys(more).length === 0;
}

/** A time of day, `HH:MM`. */
export function timeOfDay(value: unknown): string {
  if (typeof value === 'string' && /^([01]\d|2[0-3]):[0-5]\d$/.test(value)) return value;
  throw new Error('must be a time of day such as "02:30".');
}
