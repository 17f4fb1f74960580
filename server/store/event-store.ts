import type { EcsEvent } from '../../ecs/event.ts';
import type { Condition } from '../../rules/query/condition.ts';
import type { AgencyId, CollectorId, Identity } from '../identity.ts';
import type { DeadLetterRecord } from '../ingest/record.ts';

/** A frame as it came from a collector, with what the server knows of it from the certificate. */
export interface IncomingBatch {
  readonly collector: CollectorId;
  readonly agency: AgencyId;
  /** When it arrived, ISO 8601: becomes `event.ingested`. */
  readonly receivedAt: string;
  /** zstd NDJSON as `ecs/wire.ts` describes. */
  readonly body: Uint8Array;
}

/** What became of a batch. Returned only when all of it is durable. */
export interface AppendResult {
  readonly stored: number;
  readonly duplicates: number;
  readonly deadLettered: number;
  /** The stored events, numbered by this node; absent where nothing was new. */
  readonly appended: StoredBatch | undefined;
}

/** Stored events in one stretch of the node's numbering, still in their frame. */
export interface StoredBatch {
  /** Numbers of the first and last event; the numbers between are dense. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly collector: CollectorId;
  readonly agency: AgencyId;
  readonly receivedAt: string;
  readonly body: Uint8Array;
  /** For each sequence in order: which line of the frame it is (0 = the first event, after the header). */
  readonly lines: Uint32Array;
}

/** Rows of the store counted again, by collector and source: the ledger's *stored*. */
export interface StoredCount {
  readonly collector: CollectorId;
  readonly agency: AgencyId;
  readonly source: string;
  readonly stored: number;
  /** Of these, with a sequence above the evaluation cursor asked about. */
  readonly unevaluated: number;
  /** Lines kept as dead letters, with their reason (`EventView.deadLetters`). */
  readonly deadLettered: number;
  /** Acknowledged once and no longer there. */
  readonly missing: readonly MissingEvent[];
  readonly missingTotal: number;
}

export interface MissingEvent {
  readonly id: string;
  readonly day: string;
  readonly sequence: number;
}

/** One partition of the store. */
export interface StoredDay {
  /** UTC day of the event ids, `YYYYMMDD`. */
  readonly day: string;
  readonly events: number;
  readonly bytes: number;
  /** `damaged`: the file cannot be read, or was moved aside; its events do not show. Absent means `ok`. */
  readonly state?: 'ok' | 'damaged';
}

/** Events and dead letters of one agency and source within a day, for retention. */
export interface DaySource {
  readonly agency: AgencyId;
  readonly collector: CollectorId;
  readonly source: string;
  readonly stored: number;
  readonly deadLettered: number;
  /** Acknowledged once and no longer there; looked for only where every row is counted. */
  readonly missing: number;
}

/** A stretch of event times, milliseconds, `from <= time < to`; of one agency, or of all where it is `null`. */
export interface DaySpan {
  readonly agency: AgencyId | null;
  readonly from: number;
  readonly to: number;
}

/** What one day holds. */
export interface DayContents {
  readonly sources: readonly DaySource[];
  /** For each span asked about: whether a batch of the day may have an event in it. */
  readonly within: readonly boolean[];
  /** Numbered above the evaluation cursor asked about. */
  readonly unevaluated: number;
}

export interface TimeRange {
  /** Inclusive, ISO 8601. */
  readonly from: string;
  /** Exclusive, ISO 8601. */
  readonly to: string;
}

export interface EventQuery {
  readonly range: TimeRange;
  readonly condition: Condition;
  /** At most 1,000. */
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string;
}

/** A stored event as readers see it: the document with the server's own fields set over whatever the payload said. */
export interface StoredEvent {
  readonly id: string;
  readonly sequence: number;
  readonly event: EcsEvent;
}

/** The limit that ended a question early: time spent, rows of the index looked at, or documents opened. */
export type SearchStop = 'time' | 'rows' | 'documents';

/** How far a question has come. */
export interface SearchProgress {
  /** Part of the time range that is done, 0 to 1. */
  readonly done: number;
  /** Rows of the index looked at. */
  readonly rows: number;
  /** Documents opened. */
  readonly documents: number;
}

/** Told several times a second how far a question has come, while it runs. */
export type OnProgress = (progress: SearchProgress) => void;

export interface EventPage {
  /** Newest first by `@timestamp`, then by sequence. */
  readonly events: readonly StoredEvent[];
  readonly next: string | null;
  /** False where a limit stopped the search before the range's end; `next` then goes on from there. */
  readonly complete: boolean;
  /** Which limit, where one did. */
  readonly stopped?: SearchStop | undefined;
}

export interface HistogramQuery {
  readonly range: TimeRange;
  readonly condition: Condition;
  readonly intervalSeconds: number;
}

export interface Histogram {
  readonly buckets: readonly { readonly start: string; readonly count: number }[];
  readonly total: number;
  readonly complete: boolean;
  readonly stopped?: SearchStop | undefined;
}

/** Asks which values a field has most often. */
export interface TopQuery {
  readonly range: TimeRange;
  readonly condition: Condition;
  /** Dotted name, without `*`. */
  readonly field: string;
  /** Values given, 1 to 1,000. */
  readonly limit: number;
  /** Only values that begin so, whatever their case; the others are not counted at all. */
  readonly prefix?: string | undefined;
  /** Most events read, newest first, where the index does not hold the field; unset: the store's own limit. */
  readonly sample?: number | undefined;
}

/**
 * The values of a field. Values that differ in case only are one, as they are for a query; each is counted once an event,
 * so that in a field with several values the counts may add up to more than there are events.
 */
export interface TopValues {
  /** Most frequent first; those of one count by their text. `value` is one of the spellings met. */
  readonly values: readonly FieldValue[];
  /** Occurrences of all other values. */
  readonly other: number;
  /** Events without a value. */
  readonly absent: number;
  /** Events that the figures are from. */
  readonly looked: number;
  /** False where that is not every event that satisfies the condition. */
  readonly complete: boolean;
  readonly stopped?: SearchStop | undefined;
  /** Set where there are so many values that counts may be a little low. */
  readonly approximate?: boolean | undefined;
}

export interface FieldValue {
  readonly value: string;
  readonly count: number;
}

/** Asks for events by interval of time, divided by the most frequent values of a field. */
export interface StackedQuery extends HistogramQuery {
  readonly field: string;
  /** Values told apart, 1 to 20. */
  readonly limit: number;
  readonly sample?: number | undefined;
}

export interface StackedHistogram {
  /** The values told apart, most frequent first. */
  readonly values: readonly string[];
  readonly buckets: readonly StackedBucket[];
  /** Events. */
  readonly total: number;
  readonly complete: boolean;
  readonly stopped?: SearchStop | undefined;
}

export interface StackedBucket {
  readonly start: string;
  /** Events. */
  readonly count: number;
  /** In the order of `values`. */
  readonly counts: readonly number[];
  /** Occurrences of other values. */
  readonly other: number;
  readonly absent: number;
}

/** Asks which fields the newest events have. */
export interface FieldsQuery {
  readonly range: TimeRange;
  readonly condition: Condition;
  /** Most events read, newest first; at most 10,000. */
  readonly sample: number;
}

/** The fields that hold a value in at least one of the events read. */
export interface FieldList {
  /** By the number of events they occur in, most first, then by name; at most 2,000. */
  readonly fields: readonly { readonly name: string; readonly events: number }[];
  /** Events read. */
  readonly looked: number;
  /** False where there are more events than were read. */
  readonly complete: boolean;
}

/** What an identity may see of the events: the agency scope is inside, so that no caller can forget it. */
export interface EventView {
  search(query: EventQuery, signal?: AbortSignal, onProgress?: OnProgress): Promise<EventPage>;
  get(id: string): Promise<StoredEvent | undefined>;
  getMany(ids: readonly string[]): Promise<readonly StoredEvent[]>;
  count(
    query: { readonly range: TimeRange; readonly condition: Condition },
    signal?: AbortSignal,
  ): Promise<{ count: number; complete: boolean }>;
  histogram(query: HistogramQuery, signal?: AbortSignal, onProgress?: OnProgress): Promise<Histogram>;
  /** @throws HaidangError `HD_BAD_REQUEST` for a field name with `*`. */
  topValues(query: TopQuery, signal?: AbortSignal, onProgress?: OnProgress): Promise<TopValues>;
  /** @throws HaidangError `HD_BAD_REQUEST` for a field name with `*`, or too many intervals. */
  stackedHistogram(query: StackedQuery, signal?: AbortSignal, onProgress?: OnProgress): Promise<StackedHistogram>;
  fields(query: FieldsQuery, signal?: AbortSignal): Promise<FieldList>;
  /** Lines that could not be stored as events, latest first; at most 1,000. */
  deadLetters(limit: number): Promise<readonly DeadLetterRecord[]>;
}

/** What making a day small has brought, in bytes on disk. */
export interface CompactedDay {
  readonly day: string;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** Append-only events. Implementations: embedded (`node:sqlite`) and OpenSearch. One conformance suite runs on each. */
export interface EventStore {
  /** @throws HaidangError `HD_STORE_FULL`, `HD_STORE_DOWN` (collectors hold), `HD_BATCH_MALFORMED`, `HD_BATCH_DAY` (collectors quarantine). */
  append(batch: IncomingBatch): Promise<AppendResult>;
  as(identity: Identity): EventView;
  /** Stored batches from a sequence on, oldest first, for catching up with evaluation. */
  readFrom(sequence: number, limitBatches: number): Promise<readonly StoredBatch[]>;
  /** Highest sequence given out; 0 where there is none. */
  lastSequence(): Promise<number>;
  /** Counts what is there. `full` looks at every row again; without it, stretches that did not change are remembered for a while. */
  recount(evaluatedUpTo: number, options?: { readonly full?: boolean }): Promise<readonly StoredCount[]>;
  /** Bytes on disk and events by day. */
  days(): Promise<readonly StoredDay[]>;
  /** What a day holds; `everyRow` counts its rows instead of believing its batches. Undefined where it cannot be read. */
  dayContents(
    day: string,
    question: { readonly evaluatedUpTo: number; readonly spans: readonly DaySpan[]; readonly everyRow: boolean },
  ): Promise<DayContents | undefined>;
  /**
   * Makes a day small that hardly grows any more; it is searched as before. Undefined where nothing was to be done, the
   * store does so by itself, or it was cut short by `signal`: what is done is done. With `columns` only what counts are read
   * from is put together, for a day that may still grow; undefined as well.
   */
  compactDay(day: string, signal?: AbortSignal, part?: 'all' | 'columns'): Promise<CompactedDay | undefined>;
  /** Deletes all that a day holds, for good; nothing happens where it is not there. `server/retention` alone calls this. */
  deleteDay(day: string): Promise<void>;
  close(): Promise<void>;
}
