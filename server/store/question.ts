import type { Condition } from '../../rules/query/condition.ts';
import { HaidangError } from '../errors.ts';
import type { AgencyId } from '../identity.ts';
import type { TimeRange } from './event-store.ts';

/** Most intervals of a histogram. */
const MOST_INTERVALS = 10_000;

/** A condition narrowed to the agencies that may be seen. */
export function scoped(condition: Condition, scope: 'all' | readonly AgencyId[]): Condition {
  if (scope === 'all') return condition;
  if (scope.length === 0) return { kind: 'never' };
  const agencies = scope.map((agency): Condition => {
    const test = { kind: 'string', match: 'equals', value: agency, cased: true } as const;
    return { kind: 'field', field: 'organization.id', test };
  });
  return { kind: 'and', of: [{ kind: 'or', of: agencies }, condition] };
}

/** A range in milliseconds. @throws HaidangError `HD_TIME_RANGE` */
export function rangeOf(range: TimeRange): { readonly from: number; readonly to: number } {
  const from = Date.parse(range.from);
  const to = Date.parse(range.to);
  if (Number.isNaN(from) || Number.isNaN(to)) {
    throw new HaidangError('HD_TIME_RANGE', 'The range needs two times in ISO 8601, such as 2026-11-22T00:00:00.000Z.');
  }
  return { from, to };
}

/** The intervals of a histogram in milliseconds; the first starts with the range. @throws HaidangError `HD_BAD_REQUEST`, `HD_TIME_RANGE` */
export function intervalsOf(query: { readonly range: TimeRange; readonly intervalSeconds: number }): {
  readonly from: number;
  readonly to: number;
  readonly interval: number;
  /** How many there are. */
  readonly length: number;
} {
  const { from, to } = rangeOf(query.range);
  const interval = Math.round(query.intervalSeconds * 1_000);
  const length = Math.max(0, Math.ceil((to - from) / interval));
  if (!(interval >= 1) || length > MOST_INTERVALS) {
    throw new HaidangError(
      'HD_BAD_REQUEST',
      `A histogram has at most ${MOST_INTERVALS} intervals; choose longer ones.`,
    );
  }
  return { from, to, interval, length };
}
