import type { AgencyId, CollectorId } from '../identity.ts';

export interface DeadLetterRecord {
  readonly agency: AgencyId;
  readonly collector: CollectorId;
  readonly at: string;
  readonly source: string;
  readonly reason: string;
  /** The line as it came, cut at 64 KiB. */
  readonly line: string;
}
