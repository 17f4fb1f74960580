import { HaidangError } from '../errors.ts';
import type { GroupedUpTo, MatchLog } from '../store/match-log.ts';
import type { Signal } from '../store/record-store.ts';
import { type PackedMatches, withoutBatches } from './match-entry.ts';

/** Hands matches on to the server that groups them for all. */
export interface HandOn {
  /** All up to here was evaluated before. */
  readonly begun: number;
  /** Writes entries, in order, and with the last of them signals; again with the same changes nothing. */
  append(entries: readonly PackedMatches[], signals: readonly Signal[]): Promise<void>;
  /** Up to where all is in alerts, of what is evaluated up to `cursor`. */
  settled(cursor: number): number;
  /** Hears how far the entries of this server went into alerts. */
  grouped(done: GroupedUpTo | undefined): void;
  stop(): void;
}

/** How often to ask how far the entries went, while some wait, milliseconds. */
const ASK_MS = 500;

/** Opens the match log for the evaluation of one server's events; `onAppended` is called after entries were written. */
export async function openHandOn(matches: MatchLog, onAppended: () => void): Promise<HandOn> {
  let head = await matches.head();
  const { lastSequence: begun } = head;
  /** Entries that are not in alerts yet, and what stood before each. */
  const waiting: { readonly number: number; readonly after: number }[] = [];
  /** Entries of the call before, where it failed in the midst. */
  const written = new WeakSet<PackedMatches>();
  let isAsking = false;

  const grouped = (done: GroupedUpTo | undefined) => {
    while (waiting[0] && waiting[0].number <= (done?.number ?? 0)) waiting.shift();
  };
  const asking = setInterval(() => {
    if (isAsking || waiting.length === 0) return;
    isAsking = true;
    matches
      .grouped()
      .then(grouped, () => undefined)
      .finally(() => {
        isAsking = false;
      });
  }, ASK_MS);
  asking.unref();

  const append = async (entry: PackedMatches, signals: readonly Signal[]): Promise<void> => {
    // Matches of events that were evaluated before, by a rule that came later, move nothing on.
    const isLate = entry.lastSequence <= head.lastSequence;
    let body: Uint8Array | undefined = entry.body;
    for (;;) {
      const next = { number: head.number + 1, lastSequence: Math.max(head.lastSequence, entry.lastSequence) };
      try {
        if (body) await matches.append({ ...next, body }, signals);
        if (body) waiting.push({ number: next.number, after: head.lastSequence });
        if (body) head = next;
        return;
      } catch (error) {
        if (!(error instanceof HaidangError && error.code === 'HD_RECORD_CONFLICT')) throw error;
      }
      // A request of the process before this one came late: what it brought is not brought again.
      head = await matches.head();
      if (!isLate) body = withoutBatches(entry.body, head.lastSequence);
    }
  };
  return {
    begun,
    async append(entries, signals) {
      for (const entry of entries) {
        if (written.has(entry)) continue;
        await append(entry, entry === entries.at(-1) ? signals : []);
        written.add(entry);
      }
      onAppended();
    },
    settled: (cursor) => (waiting[0] ? Math.min(cursor, waiting[0].after) : cursor),
    grouped,
    stop: () => clearInterval(asking),
  };
}
