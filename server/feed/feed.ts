import type { AgencyBook } from '../agencies/names.ts';
import { SYSTEM } from '../identity.ts';
import type { EventStore } from '../store/event-store.ts';
import type { RecordStore } from '../store/record-store.ts';
import { shareByScope } from '../system/share-by-scope.ts';
import { alertFigures, incidentFigures, newAlerts } from './case-figures.ts';
import { coverageOf } from './coverage.ts';
import { postureOf } from './posture.ts';
import type { Feed } from './schema.ts';
import { serviceStates } from './services.ts';
import { SMALLEST_COUNT } from './withhold.ts';

/** Whoever asks within a minute gets the same answer: no reader makes the store count more often. */
export const KEPT_MS = 60_000;

/** What the feed is counted from. */
export interface FeedOptions {
  readonly events: EventStore;
  readonly records: RecordStore;
  readonly agencies: AgencyBook;
  readonly smallestCount?: number;
  /** Milliseconds. */
  readonly now?: () => number;
}

/** Gives the province in figures, counted anew once a minute at most. */
export function openFeed(options: FeedOptions): () => Promise<Feed> {
  const { now = Date.now } = options;
  const ask = shareByScope(KEPT_MS, () => countFeed(options, now()), now);
  return () => ask(SYSTEM);
}

async function countFeed(
  { events, records, agencies, smallestCount = SMALLEST_COUNT }: FeedOptions,
  now: number,
): Promise<Feed> {
  const [incidents, alerts, critical, high, services, coverage] = await Promise.all([
    incidentFigures(records, now, smallestCount),
    alertFigures(records),
    newAlerts(records, 'critical'),
    newAlerts(records, 'high'),
    serviceStates(events, now, smallestCount),
    coverageOf({ records, agencies }, now, smallestCount),
  ]);
  return {
    version: 1,
    at: new Date(now).toISOString(),
    smallestCount,
    posture: postureOf({ incidents, newAlerts: { critical, high }, services, coverage }),
    incidents,
    alerts,
    services,
    coverage,
  };
}
