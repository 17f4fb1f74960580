import { HaidangError } from '../../errors.ts';
import type { EventPage, StoredEvent } from '../event-store.ts';
import { rangeOf, scoped } from '../question.ts';
import { Budget } from './budget.ts';
import type { Place } from './day-candidates.ts';
import type { DayReader } from './day-reader.ts';
import { type Match, Matches, readDocument } from './matches.ts';
import type { SearchCall } from './read-calls.ts';

/** Most events on a page. */
const MOST_EVENTS = 1_000;

/** One page of matches, newest first. `readers` are in a read transaction each. */
export function search(readers: readonly DayReader[], call: SearchCall): EventPage {
  const { query, limits, stop } = call;
  const limit = Math.max(1, Math.min(MOST_EVENTS, Math.floor(query.limit)));
  const { from, to } = rangeOf(query.range);
  const start =
    query.after === undefined ? { ts: to - 1, sequence: Number.MAX_SAFE_INTEGER } : placeOf(query.after, to);
  if (start.ts < from) return { events: [], next: null, complete: true };
  const budget = new Budget(limits, stop);
  const matches = new Matches(
    within(readers, from, start.ts),
    scoped(query.condition, call.scope),
    from,
    start,
    budget,
  );
  budget.watch(() => (start.ts - matches.reached.ts) / Math.max(1, start.ts - from));
  const page: Match[] = [];
  for (const match of matches.walk()) {
    page.push(match);
    // Whether there is another page is looked for in what is at hand, not in all of the past.
    matches.enough = page.length >= limit;
    if (page.length > limit) break;
  }
  const shown = page.slice(0, limit);
  const last = shown.at(-1);
  const events = shown.map(storedEvent);
  if (last && (page.length > limit || (page.length === limit && !matches.done))) {
    return { events, next: writePlace(last), complete: true };
  }
  if (matches.done) return { events, next: null, complete: true };
  return { events, next: writePlace(matches.reached), complete: false, stopped: budget.stopped };
}

function storedEvent({ reader, sequence, event }: Match): StoredEvent {
  const document = event ?? readDocument(reader, sequence);
  if (!document) throw new Error(`Event ${sequence} of day ${reader.day} belongs to no batch.`);
  return { id: document.event.id ?? '', sequence, event: document };
}

/** The days that hold events between two times, both inclusive. */
export function within(readers: readonly DayReader[], from: number, to: number): DayReader[] {
  return readers.filter((reader) => {
    const { extent } = reader.segments;
    return extent !== undefined && extent.max >= from && extent.min <= to;
  });
}

function writePlace({ ts, sequence }: Place): string {
  return `${ts.toString(36)}.${sequence.toString(36)}`;
}

function placeOf(text: string, to: number): Place {
  const found = /^(-?[0-9a-z]{1,12})\.([0-9a-z]{1,12})$/.exec(text);
  const ts = Number.parseInt(found?.[1] ?? '', 36);
  const sequence = Number.parseInt(found?.[2] ?? '', 36);
  if (!Number.isSafeInteger(ts) || !Number.isSafeInteger(sequence)) {
    throw new HaidangError('HD_BAD_REQUEST', 'The place to go on from is not one that a page gave; start anew.');
  }
  return ts >= to ? { ts: to - 1, sequence: Number.MAX_SAFE_INTEGER } : { ts, sequence };
}
