/** Shortest and longest wait between two attempts, milliseconds. */
export const BASE_MS = 2_000;
export const CAP_MS = 900_000;
/** Nobody makes us wait longer than this. */
const MOST_WAIT_MS = 3_600_000;

/** When to try again: full jitter over an exponential bound, and not before the recipient asked for. `attempt` counts from 1. */
export function waitOf(attempt: number, random: () => number, askedMs = 0): number {
  const bound = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(attempt - 1, 20));
  return Math.max(Math.min(askedMs, MOST_WAIT_MS), Math.round(random() * bound));
}

/**
 * The wait that a Retry-After asks for (RFC 9110 §10.2.3), milliseconds. A date is measured against the sender's own Date,
 * so that two clocks that differ do no harm.
 */
export function retryAfterMs(value: string | undefined, date: string | undefined, nowMs: number): number {
  if (value === undefined) return 0;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const until = Date.parse(value);
  const from = date === undefined ? nowMs : Date.parse(date);
  return Number.isFinite(until) && Number.isFinite(from) ? Math.max(0, until - from) : 0;
}
