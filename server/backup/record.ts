import type { AgencyId, CollectorId } from '../identity.ts';

/** Events that a collector had sent and the store lost, as the collector cannot send them again. */
export interface GapRecord {
  readonly agency: AgencyId;
  readonly collector: CollectorId;
  readonly reason: 'restore';
  readonly at: string;
  /** Every source that was compared; `events` is 0 where nothing is missing. Between the times, ISO 8601. */
  readonly sources: readonly {
    readonly source: string;
    readonly events: number;
    readonly from: string;
    readonly to: string;
  }[];
}
