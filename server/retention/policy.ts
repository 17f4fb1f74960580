/** A rule for sources whose name matches, in place of the days of their agency's security level. */
export interface SourceRule {
  /** Name of a source, with `*` for any characters, such as `netflow*`. */
  readonly source: string;
  /** Security levels for which it holds; all five where it is absent. */
  readonly levels?: readonly number[];
  readonly days: number;
}

/** How long events are kept. Levels are those of the agency's systems, 1 to 5; a list holds one number for each. */
export interface RetentionPolicy {
  readonly keepDays: readonly number[];
  /** The first that matches counts. */
  readonly sources: readonly SourceRule[];
}

/** What one policy says of one source, and by which of its lines. */
export interface KeptFor {
  readonly days: number;
  /** `level 3` or `source netflow*`. */
  readonly rule: string;
}

/**
 * Fewest days of anything: collectors may send events of a day for eight days more, and a day that was deleted would
 * come back with them.
 */
export const FEWEST_DAYS = 10;
/** A hundred years. */
export const MOST_DAYS = 36_525;
export const LEVELS = [1, 2, 3, 4, 5] as const;
const MOST_RULES = 200;
/** Of an agency that nobody knows any more: the strictest. */
const UNKNOWN_LEVEL = 5;

/** Most days that so many calendar months can have: 1 month is 31 days, 12 months are 366. */
export function daysOfMonths(months: number): number {
  let most = 0;
  // Four years hold every sequence of months, one leap year among them.
  for (let month = 0; month < 48; month++) {
    const days = (Date.UTC(2024, month + months, 1) - Date.UTC(2024, month, 1)) / 86_400_000;
    most = Math.max(most, days);
  }
  return most;
}

/** Fewest days by law of each level, as `minimumMonths` says. */
export function minimumDays(minimumMonths: readonly number[]): number[] {
  return LEVELS.map((level) => Math.max(FEWEST_DAYS, daysOfMonths(minimumMonths[level - 1] ?? 0)));
}

/** What is wrong with a policy, in one sentence; undefined where it may be used. */
export function policyProblem(policy: RetentionPolicy, minimumMonths: readonly number[]): string | undefined {
  const minimum = minimumDays(minimumMonths);
  if (policy.keepDays.length !== LEVELS.length) return 'A policy needs the days of five security levels, 1 to 5.';
  for (const level of LEVELS) {
    const problem = daysProblem(`level ${level}`, policy.keepDays[level - 1] ?? 0, level, minimum, minimumMonths);
    if (problem !== undefined) return problem;
  }
  if (policy.sources.length > MOST_RULES) return `A policy has at most ${MOST_RULES} rules for sources.`;
  for (const { source, levels = LEVELS, days } of policy.sources) {
    if (source === '' || source.length > 512) return 'A rule for sources names one of 1 to 512 characters.';
    if (levels.length === 0) return `The rule for source ${source} names no level; leave levels out for all.`;
    for (const level of levels) {
      if (!LEVELS.includes(level as 1)) return `The rule for source ${source} names level ${level}; there are 1 to 5.`;
      const problem = daysProblem(`source ${source}`, days, level, minimum, minimumMonths);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

function daysProblem(
  rule: string,
  days: number,
  level: number,
  minimum: readonly number[],
  months: readonly number[],
): string | undefined {
  if (!Number.isInteger(days) || days > MOST_DAYS)
    return `The days of ${rule} must be a whole number up to ${MOST_DAYS}.`;
  const least = minimum[level - 1] ?? FEWEST_DAYS;
  if (days >= least) return undefined;
  const reason =
    least === FEWEST_DAYS
      ? `${FEWEST_DAYS} days, as collectors may still send events of the days before`
      : `${months[level - 1]} months (${least} days) for systems of level ${level}`;
  const mend = rule.startsWith('source') ? ', or name by "levels" the levels it is for' : '';
  return `${days} days of ${rule} are fewer than the least of ${reason}; keep ${least} days or more${mend}.`;
}

/**
 * How long events of a source are kept. Never less than the law's minimum, whatever a policy says that was made when
 * the minimum was another.
 */
export function keptFor(
  policy: RetentionPolicy,
  minimumMonths: readonly number[],
  source: string,
  securityLevel: number | undefined,
): KeptFor {
  const level = securityLevel ?? UNKNOWN_LEVEL;
  const least = minimumDays(minimumMonths)[level - 1] ?? FEWEST_DAYS;
  const rule = policy.sources.find((one) => (one.levels ?? LEVELS).includes(level) && fits(one.source, source));
  const days = rule?.days ?? policy.keepDays[level - 1] ?? MOST_DAYS;
  if (days < least) return { days: least, rule: `minimum of level ${level}` };
  return { days, rule: rule ? `source ${rule.source}` : `level ${level}` };
}

/** The shortest that anything can be kept by a policy: younger days need no look inside. */
export function shortestDays(policy: RetentionPolicy): number {
  return Math.max(FEWEST_DAYS, Math.min(...policy.keepDays, ...policy.sources.map(({ days }) => days)));
}

/** Whether a name fits a pattern with `*`; steps are bounded by the product of their lengths. */
function fits(pattern: string, name: string): boolean {
  let at = 0;
  let place = 0;
  let star = -1;
  let resume = 0;
  while (place < name.length) {
    if (pattern[at] === '*') {
      star = at++;
      resume = place;
    } else if (at < pattern.length && pattern[at] === name[place]) {
      at++;
      place++;
    } else if (star >= 0) {
      at = star + 1;
      place = ++resume;
    } else return false;
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}
