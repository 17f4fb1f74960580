/**
 * Event ids: `<UTC day>-<collector>-<epoch>-<sequence>-<content hash>`, for instance
 * `20261122-c7h2k9qd-5f0a3b1c-1042-9b1de07c44aa`. The id is made once, when a record enters the spool; the store's
 * partition is its day, so a conflict on the id always means "already stored".
 */
export interface EventId {
  /** UTC day, `YYYYMMDD`: the partition. */
  readonly day: string;
  /** Collector id, 4 to 32 of `[a-z0-9]`. */
  readonly collector: string;
  /** Random at each start of the collector: 8 of `[0-9a-f]`. */
  readonly epoch: string;
  /** Counts from 1 within the epoch. */
  readonly sequence: number;
  /** First 12 hexadecimal digits of the SHA-256 of `event.original`. */
  readonly hash: string;
}

const FORM = /^(\d{8})-([a-z0-9]{4,32})-([0-9a-f]{8})-([1-9]\d{0,14})-([0-9a-f]{12})$/;

/** Writes an event id. */
export function formatEventId(id: EventId): string {
  return `${id.day}-${id.collector}-${id.epoch}-${id.sequence}-${id.hash}`;
}

/** Reads an event id; undefined where the text is not one. */
export function parseEventId(text: string): EventId | undefined {
  const found = FORM.exec(text);
  if (!found) return undefined;
  const [, day = '', collector = '', epoch = '', sequence = '', hash = ''] = found;
  return { day, collector, epoch, sequence: Number(sequence), hash };
}

/** The UTC day `YYYYMMDD` of a time in milliseconds. */
export function utcDay(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10).replaceAll('-', '');
}
