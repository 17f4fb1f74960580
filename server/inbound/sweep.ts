import { readTimestamp, writeTimestamp } from '../taxii/timestamp.ts';

/**
 * How far a collection is read. A sweep begins after `after` and goes on by `next` under the same `after`: a `next` of one
 * request with the `added_after` of another loses objects.
 */
export interface Sweep {
  /** TAXII timestamp (TAXII 2.1 §2); null from the beginning. */
  readonly after: string | null;
  readonly next: string | null;
  /** The latest arrival that was seen in this sweep, microseconds. */
  readonly last: number | null;
  /** Objects that are asked for at once. */
  readonly limit: number;
  /** Of which objects the last page was (`PageHead.mark`); null before any. */
  readonly mark: string | null;
}

/** What a page says of itself. */
export interface PageHead {
  readonly more: boolean;
  readonly next: string | null;
  /** `X-TAXII-Date-Added-Last`. */
  readonly last: string | null;
  readonly count: number;
  /** Tells its objects from those of another page. */
  readonly mark: string;
}

/** Objects of a page unless set otherwise. */
export const PAGE = 500;
const MOST_LIMIT = 8_000;

/** The sweep before anything was read. */
export const FIRST_SWEEP: Sweep = { after: null, next: null, last: null, limit: PAGE, mark: null };

/** How a sweep goes on. `skips`: a server with more objects of one moment than it gives at once; what is past those is lost. */
export interface NextSweep {
  readonly sweep: Sweep;
  readonly isDone: boolean;
  readonly skips: boolean;
}

/**
 * The sweep after a page. It ends a microsecond before the last arrival, so that what comes in later at that same moment is
 * found by the next one; reading an object twice changes nothing.
 */
export function nextSweep(sweep: Sweep, page: PageHead): NextSweep {
  const seen = page.last === null ? undefined : readTimestamp(page.last);
  const last = seen === undefined ? sweep.last : Math.max(seen, sweep.last ?? seen);
  if (!page.more || page.count === 0) {
    const after = last === null ? sweep.after : later(sweep.after, last - 1);
    return { sweep: { ...FIRST_SWEEP, after }, isDone: true, skips: false };
  }
  const { mark } = page;
  // Some servers give one and the same `next` for all pages, also of one moment: then it is the objects that tell whether it leads on.
  const leadsOn = page.next !== sweep.next || mark !== sweep.mark;
  if (page.next !== null && leadsOn)
    return { sweep: { ...sweep, next: page.next, last, mark }, isDone: false, skips: false };
  // There is more, and no word of how to get it (or the word that led here): from the last arrival on, that moment included.
  const from = last === null ? sweep.after : later(sweep.after, last - 1);
  if (from !== sweep.after && last !== null)
    return { sweep: { ...sweep, after: from, next: null, last, mark }, isDone: false, skips: false };
  if (sweep.limit < MOST_LIMIT)
    return { sweep: { ...sweep, next: null, last, limit: sweep.limit * 2, mark }, isDone: false, skips: false };
  const past = last === null ? sweep.after : writeTimestamp(last);
  return { sweep: { after: past, next: null, last, limit: PAGE, mark: null }, isDone: last === null, skips: true };
}

/**
 * The sweep without its `next`: from the last arrival on, that moment included. For a server that no longer takes it, and wherever
 * nobody knows whether an answer to it was lost: some servers strike a page off once they have given it.
 */
export function resumed(sweep: Sweep): Sweep {
  const after = sweep.last === null ? sweep.after : later(sweep.after, sweep.last - 1);
  return { ...sweep, after, next: null, mark: null };
}

/** The sweep with shorter pages, where one was longer than is taken; undefined where it was one object. */
export function shortened(sweep: Sweep): Sweep | undefined {
  if (sweep.limit <= 1) return undefined;
  return { ...resumed(sweep), limit: Math.max(1, Math.floor(sweep.limit / 4)) };
}

function later(after: string | null, microseconds: number): string {
  const before = after === null ? undefined : readTimestamp(after);
  return writeTimestamp(before === undefined ? microseconds : Math.max(before, microseconds));
}
