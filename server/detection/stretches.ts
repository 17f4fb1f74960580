import type { EventStore, StoredBatch } from '../store/event-store.ts';
import type { Patience } from './patience.ts';

/** Stored batches in order of sequence: from memory where they came just now, from the store where it fell behind. */
export interface Stretches {
  offer(batch: StoredBatch): void;
  /** The next batches after a sequence; waits for some, and for a store that cannot be read. Empty once stopped. */
  next(after: number): Promise<readonly StoredBatch[]>;
  /** Highest sequence heard of. */
  newest(): number;
  stop(): void;
}

export interface StretchBounds {
  /** Bytes of bodies kept in memory; what comes past it is read from the store later. */
  readonly queueBytes: number;
  /** Batches and events in one stretch. */
  readonly batches: number;
  readonly events: number;
}

export const STRETCH_BOUNDS: StretchBounds = { queueBytes: 16 * 1024 * 1024, batches: 32, events: 20_000 };

/** Opens the stretches; `newest` is the store's last sequence at the start. */
export function openStretches(
  events: Pick<EventStore, 'readFrom'>,
  newest: number,
  { insist }: Pick<Patience, 'insist'>,
  bounds: StretchBounds = STRETCH_BOUNDS,
): Stretches {
  const queue: StoredBatch[] = [];
  let queuedBytes = 0;
  let last = newest;
  let stopped = false;
  let wake: (() => void) | undefined;

  const take = (after: number): readonly StoredBatch[] => {
    const taken: StoredBatch[] = [];
    let count = 0;
    let expected = after + 1;
    while (queue.length > 0 && taken.length < bounds.batches && count < bounds.events) {
      const batch = queue[0] as StoredBatch;
      // A number is missing between: what is there stands in the store.
      if (batch.firstSequence > expected) break;
      queue.shift();
      queuedBytes -= batch.body.byteLength;
      if (batch.lastSequence < expected) continue;
      taken.push(batch);
      count += batch.lines.length;
      expected = batch.lastSequence + 1;
    }
    return taken;
  };

  return {
    offer(batch) {
      last = Math.max(last, batch.lastSequence);
      if (queuedBytes + batch.body.byteLength <= bounds.queueBytes) {
        // Two requests may finish in another order than they were numbered.
        let at = queue.length;
        while (at > 0 && (queue[at - 1] as StoredBatch).firstSequence > batch.firstSequence) at--;
        queue.splice(at, 0, batch);
        queuedBytes += batch.body.byteLength;
      }
      wake?.();
    },
    async next(after) {
      for (;;) {
        if (stopped) return [];
        const taken = take(after);
        if (taken.length > 0) return taken;
        if (last > after) {
          let read: readonly StoredBatch[];
          try {
            read = await insist('Stored events could not be read', () => events.readFrom(after + 1, bounds.batches));
          } catch (error) {
            if (stopped) return [];
            throw error;
          }
          if (read.length > 0) return read;
          // Numbered and announced, yet not in the store: nothing to evaluate there.
          last = queue.length > 0 ? last : after;
          if (queue.length > 0) return take((queue[0] as StoredBatch).firstSequence - 1);
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = undefined;
      }
    },
    newest: () => last,
    stop() {
      stopped = true;
      wake?.();
    },
  };
}
