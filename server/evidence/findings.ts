/** What `haidang verify` can find. */
export type FindingKind =
  | 'key-missing'
  | 'manifest-missing'
  | 'manifest-damaged'
  | 'manifest-signature'
  | 'manifest-chain'
  | 'list-changed'
  | 'day-missing'
  | 'day-unreadable'
  | 'batch-missing'
  | 'batch-changed'
  | 'batch-inserted'
  | 'rows-changed'
  | 'rows-inserted'
  | 'event-changed'
  | 'dead-letter-missing'
  | 'dead-letter-changed'
  | 'sequence-hole';

/** One thing that is not as it was. */
export interface Finding {
  readonly kind: FindingKind;
  /** `YYYYMMDD`; null where it is about the chain as a whole. */
  readonly day: string | null;
  /** First node sequence of the batch. */
  readonly batch?: number;
  /** Event ids, the first 100. Ids of events that are gone may end in `-*`. */
  readonly events?: readonly string[];
  readonly eventsTotal?: number;
  readonly message: string;
}

/** Most event ids that a finding names. */
export const MOST_NAMED = 100;

/** Cuts a list of event ids to what a finding names. */
export function naming(ids: readonly string[]): Pick<Finding, 'events' | 'eventsTotal'> {
  return { events: ids.slice(0, MOST_NAMED), eventsTotal: ids.length };
}
