/** How far evaluation is, as `DetectionState` has it. */
export interface Evaluation {
  readonly cursor: number;
  readonly lagEvents: number;
  readonly trouble?: unknown;
}

/** Events stored and not evaluated past which the store gets no more for a moment. */
export const MOST_LAG_EVENTS = 50_000;
/** Evaluation that does not move for so long holds nobody up: events are stored all the same. */
const STALLED_MS = 2_000;

/**
 * Says whether the store should get more: what is stored first is evaluated first, so that the order is fair only as
 * long as little waits behind it. Evaluation that stands still, or says what is wrong with it, holds nothing back.
 */
export function paceBy(
  evaluation: () => Evaluation | undefined,
  now: () => number,
  most = MOST_LAG_EVENTS,
): () => boolean {
  let cursor = Number.NaN;
  let movedAt = 0;
  return () => {
    const state = evaluation();
    if (!state || state.trouble !== undefined || state.lagEvents <= most) {
      cursor = Number.NaN;
      return true;
    }
    if (state.cursor !== cursor) {
      cursor = state.cursor;
      movedAt = now();
    }
    return now() - movedAt >= STALLED_MS;
  };
}
