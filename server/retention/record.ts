import type { AgencyId, CollectorId } from '../identity.ts';

/** What was deleted of one source. */
export interface DeletedCount {
  readonly source: string;
  readonly stored: number;
  readonly deadLettered: number;
  /** Were missing already when the day was deleted: deleting a day hides no loss. */
  readonly missing: number;
}

/** While it stands, no day is deleted that may hold an event of it. */
export interface LegalHoldRecord {
  /** `null`: every agency. */
  readonly agency: AgencyId | null;
  /** First and last day of the events, `YYYY-MM-DD`, both inclusive; without an end where `toDay` is `null`. */
  readonly fromDay: string;
  readonly toDay: string | null;
  readonly reason: string;
  readonly placedAt: string;
  readonly placedBy: string;
  readonly liftedAt: string | null;
  readonly liftedBy: string | null;
  readonly liftReason: string | null;
}

/** One day of the store that retention deleted, or is about to. */
export interface DeletionRecord {
  /** Event-id day, `YYYYMMDD`. */
  readonly day: string;
  /** `begun`: counted and about to be deleted; `deleted`: gone, and not in the collectors' counts yet; `done`; `returned`: restored since. */
  readonly state: 'begun' | 'deleted' | 'done' | 'returned';
  readonly begunAt: string;
  readonly deletedAt: string | null;
  /** Who had it done: `retention` for the job, else the user. */
  readonly by: string;
  readonly bytes: number;
  /** The rules by which the day was due, longest first. */
  readonly rules: readonly { readonly rule: string; readonly days: number }[];
  readonly sources: readonly (DeletedCount & { readonly agency: AgencyId; readonly collector: CollectorId })[];
}
