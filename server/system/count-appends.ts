import type { EventStore } from '../store/event-store.ts';

/** What went into the store since this process started. */
export interface AppendTotals {
  readonly events: number;
  readonly duplicates: number;
}

/** The same store, with its appends counted for metrics. */
export function countAppends(events: EventStore): {
  readonly counted: EventStore;
  readonly totals: () => AppendTotals;
} {
  const totals = { events: 0, duplicates: 0 };
  const counted: EventStore = {
    async append(batch) {
      const result = await events.append(batch);
      totals.events += result.stored;
      totals.duplicates += result.duplicates;
      return result;
    },
    as: (identity) => events.as(identity),
    readFrom: (sequence, limit) => events.readFrom(sequence, limit),
    lastSequence: () => events.lastSequence(),
    recount: (upTo, ...more) => events.recount(upTo, ...more),
    days: () => events.days(),
    dayContents: (day, question) => events.dayContents(day, question),
    compactDay: (day, signal, part) => events.compactDay(day, signal, part),
    deleteDay: (day) => events.deleteDay(day),
    close: () => events.close(),
  };
  return { counted, totals: () => ({ ...totals }) };
}
