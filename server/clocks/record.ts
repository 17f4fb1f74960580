import type { AgencyId } from '../identity.ts';
import type { ClockMark, FiredStage } from './state.ts';

/**
 * What is kept of the clocks of one incident (the record's id), or of a year's report (`yearly-2026`): what people said, and
 * which warnings were given. All else follows from the incident, the time and the configuration.
 */
export interface ClockRecord {
  /** The incident's: who sees the one sees the other. */
  readonly agency: AgencyId;
  readonly marks: readonly ClockMark[];
  readonly fired: readonly FiredStage[];
  /** 1 where a clock runs. */
  readonly open: 0 | 1;
  /** When the next of its clocks ends, ISO 8601; `9999` where none runs. */
  readonly due: string;
  /** When the next warning is due, ISO 8601; `9999` where none is. */
  readonly lookAt: string;
}

/** Stands for no moment at all, after all others. */
export const NEVER = '9999';
/** Most marks and given warnings that a record keeps; the audit trail has all. */
export const MOST_MARKS = 100;

/** A record about which nothing is known yet. */
export function emptyClocks(agency: AgencyId): ClockRecord {
  return { agency, marks: [], fired: [], open: 0, due: NEVER, lookAt: NEVER };
}
