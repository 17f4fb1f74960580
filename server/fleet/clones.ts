import type { CollectorId } from '../identity.ts';

const REMEMBERED = 32;

/** Notices a collector that runs in two places with one certificate. */
export interface CloneWatch {
  /** Takes the epoch of a status; true where that epoch had already given way to another one. */
  isSecond(collector: CollectorId, epoch: string): boolean;
  forget(collector: CollectorId): void;
}

/**
 * An epoch is random per start of a collector, and its spool lets one process run at a time: an epoch that reports
 * again after another one did belongs to a second machine (`A B A`). Two reports that overtake each other on the way
 * are no reason: a connection reports one after the other, and an epoch ends with its process.
 */
export function watchClones(): CloneWatch {
  const seen = new Map<CollectorId, string[]>();
  return {
    isSecond(collector, epoch) {
      const epochs = seen.get(collector) ?? [];
      if (epochs.at(-1) === epoch) return false;
      if (epochs.includes(epoch)) return true;
      epochs.push(epoch);
      if (epochs.length > REMEMBERED) epochs.shift();
      seen.set(collector, epochs);
      return false;
    },
    forget: (collector) => void seen.delete(collector),
  };
}
