import type { AlertDetected } from '../alerts/record.ts';
import type { Identity } from '../identity.ts';
import type { RecordKinds } from './record-kinds.ts';

export type RecordKind = keyof RecordKinds;

/** A document with the version to compare against and its place in the stream of changes. */
export interface Versioned<Document> {
  readonly id: string;
  readonly version: number;
  /** Rises with every change of any record on this node: what the live feed resumes from. */
  readonly change: number;
  readonly document: Document;
}

export interface RecordFilter {
  /** Equal to any of the listed values; only fields that `record-kinds.ts` lists as indexed. */
  readonly where?: Readonly<Record<string, readonly (string | number)[]>>;
  readonly orderBy?: { readonly field: string; readonly descending: boolean };
  readonly limit?: number;
  readonly after?: string;
}

export interface RecordPage<Document> {
  readonly records: readonly Versioned<Document>[];
  readonly next: string | null;
}

/** Records within an identity's agency scope; kinds without an `agency` field are seen by all-agency identities alone. */
export interface RecordView {
  get<K extends RecordKind>(kind: K, id: string): Promise<Versioned<RecordKinds[K]> | undefined>;
  find<K extends RecordKind>(kind: K, filter?: RecordFilter): Promise<RecordPage<RecordKinds[K]>>;
  count<K extends RecordKind>(kind: K, filter?: Pick<RecordFilter, 'where'>): Promise<number>;
  /** @throws HaidangError `HD_RECORD_EXISTS` */
  create<K extends RecordKind>(kind: K, id: string, document: RecordKinds[K]): Promise<Versioned<RecordKinds[K]>>;
  /** @throws HaidangError `HD_RECORD_CONFLICT` where the version is no longer this one, `HD_RECORD_ABSENT`. */
  replace<K extends RecordKind>(
    kind: K,
    id: string,
    document: RecordKinds[K],
    ifVersion: number,
  ): Promise<Versioned<RecordKinds[K]>>;
  /** Several replacements, all or none: fails as `replace` does at the first that cannot be. */
  replaceMany<K extends RecordKind>(
    kind: K,
    changes: readonly { readonly id: string; readonly document: RecordKinds[K]; readonly ifVersion: number }[],
  ): Promise<readonly Versioned<RecordKinds[K]>[]>;
  remove<K extends RecordKind>(kind: K, id: string): Promise<void>;
  /** Changed records of a kind after a change number, oldest first. */
  changesSince<K extends RecordKind>(
    kind: K,
    change: number,
    limit: number,
  ): Promise<readonly Versioned<RecordKinds[K]>[]>;
}

/** Alerts, users, agencies and the rest: small, changing documents. One change is one document. */
export interface RecordStore {
  as(identity: Identity): RecordView;
  /** Writes what one evaluated stretch gave, and its cursor, atomically; running it again changes nothing. */
  commitDetection(commit: DetectionCommit): Promise<{ readonly changed: readonly string[] }>;
  /** Where evaluation stands; 0 at first. */
  detectionCursor(): Promise<number>;
  /** Signals of one rule's group with `fromSecond <= second <= toSecond`, oldest first: to rebuild correlation state. */
  readSignals(rule: string, group: string, fromSecond: number, toSecond: number): Promise<readonly Signal[]>;
  /** How far signals are written; rises, and is what `pruneSignals` takes. */
  signalPosition(): Promise<number>;
  /**
   * Removes signals that were written up to a position and whose second lies before one; gives how many. What was written
   * up to there is never evaluated again, so that nothing is counted anew for want of them.
   */
  pruneSignals(upTo: number, beforeSecond: number): Promise<number>;
  lastChange(): Promise<number>;
  /** Of a store that several servers share: each evaluates, one groups for all. Without it, detection commits by itself. */
  readonly matches?: import('./match-log.ts').MatchLog;
  close(): Promise<void>;
}

/** Matches of one rule for one group within one second (event time) of one stored batch: a replay overwrites it. */
export interface Signal {
  readonly rule: string;
  /** Hash of agency and group-by values. */
  readonly group: string;
  /** Unix second of the events' `@timestamp`. */
  readonly second: number;
  /** `firstSequence` of the stored batch. */
  readonly batch: number;
  readonly count: number;
  /** Ids of the events, to a cap of 100. */
  readonly events: readonly string[];
  /** Of a correlation's signals: how `count` divides over alert rows, by row key. Kept and given back as it is. */
  readonly rows?: Readonly<Record<string, number>>;
  /** Of a correlation of values: what it measures of these matches. Kept and given back as it is. */
  readonly values?: readonly (readonly [value: string, count: number])[];
}

export interface DetectionCommit {
  /** All up to here is evaluated. */
  readonly cursor: number;
  readonly signals: readonly Signal[];
  readonly alerts: readonly AlertUpdate[];
}

/** The engine's part of an alert, whole: replaces the one before; what people set (status, notes) is kept. */
export interface AlertUpdate {
  readonly id: string;
  readonly detected: AlertDetected;
  /** Alerts in the store that are part of it from now on (`store/alert-record.ts`): `detected` holds their events already. */
  readonly merges?: readonly string[];
}
