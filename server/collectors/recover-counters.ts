import { readFrameHead } from '../ingest/frame-head.ts';
import type { Log } from '../log.ts';
import type { EventStore } from '../store/event-store.ts';
import type { CollectorBook } from './collector-book.ts';

/** Events to look back: more than arrive between two writes of the book. */
const LOOK_BACK = 100_000;
const PAGE = 20;

/**
 * Reads the counters of the last stored frames again: after a kill, records lag behind what was acknowledged by up to the
 * book's writing interval.
 */
export async function recoverCounters(
  events: EventStore,
  book: Pick<CollectorBook, 'claim'>,
  log: Log | undefined,
): Promise<void> {
  try {
    const last = await events.lastSequence();
    for (let from = Math.max(1, last - LOOK_BACK); from <= last; ) {
      const batches = await events.readFrom(from, PAGE);
      const newest = batches.at(-1);
      if (!newest) return;
      for (const batch of batches) {
        const head = await readFrameHead(batch.body);
        book.claim(batch.collector, head.sources);
      }
      from = newest.lastSequence + 1;
    }
  } catch (error) {
    log?.warn(
      { err: error },
      'Counters of the last batches could not be read again; the next status of each collector brings them.',
    );
  }
}
