/**
 * What travels from collector to server. A batch is the payload of one spool frame, unchanged: zstd-compressed NDJSON
 * whose first line is a `FrameHeader` and whose other lines are `EcsEvent`s, one a line, in order of their sequence.
 * `POST /v1/batches` over HTTP/2 with mutual TLS; all events of a frame share one id day.
 */
export interface FrameHeader {
  readonly version: 1;
  readonly collector: string;
  readonly epoch: string;
  /** UTC day of every event id in the frame, `YYYYMMDD`. */
  readonly day: string;
  /** First and last sequence of the frame; `last = first - 1` where the frame holds counters and positions only. */
  readonly first: number;
  readonly last: number;
  /** When the frame was written, ISO 8601 by the collector's clock as corrected by the server's. */
  readonly spooledAt: string;
  /** Sources with events in this frame or changed counters; in the first frame of a segment, every source. */
  readonly sources: readonly FrameSource[];
  /** Which source the events come from, in order: `[index into sources, how many]`. Sums to `last - first + 1`. */
  readonly runs: readonly (readonly [source: number, events: number])[];
  /** Set by the server alone, where one frame's events are of several agencies: the lines of the others are empty here. */
  readonly part?: true;
}

/** Counters of one source since the collector was installed, up to and including this frame. */
export interface FrameSource {
  /** `file:/var/log/auth.log`, `syslog-tcp:127.0.0.1:5514`, `journald`, `stdin`. */
  readonly source: string;
  readonly read: number;
  readonly spooled: number;
  /** Records lost before the spool, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Stored all the same, but no parser understood them. */
  readonly unparsed: number;
  /** Where to resume; its form is the input's own. */
  readonly position?: unknown;
}

/** Answer to a batch, once it is durable in the store. */
export interface BatchReceipt {
  readonly stored: number;
  readonly duplicates: number;
  /** Lines the server could not accept; kept there as dead letters with their reason. */
  readonly deadLettered: number;
}

/** `POST /v1/status`, every few seconds: the part of the ledger that only the collector knows. */
export interface CollectorStatus {
  readonly collector: string;
  readonly epoch: string;
  readonly version: string;
  readonly startedAt: string;
  /** Spooled and not yet acknowledged. */
  readonly waiting: { readonly frames: number; readonly events: number; readonly bytes: number };
  /** Set aside by the collector: damaged, or refused by the server as a whole. */
  readonly quarantined: {
    readonly frames: number;
    readonly events: number;
    readonly reasons: Readonly<Record<string, number>>;
  };
  readonly sources: readonly (Omit<FrameSource, 'position'> & {
    /** What the kernel says it dropped before we could read (UDP). */
    readonly kernelDropped: number;
    readonly lastReadAt: string | null;
    readonly error: string | null;
  })[];
  /** How the process and its machine are; collectors from before do not say. */
  readonly health?: CollectorHealth;
}

/** How a collector's process and machine are at the moment of a status. */
export interface CollectorHealth {
  /** Hash of what tells this machine from others; null where it has nothing of that kind. */
  readonly machine: string | null;
  /** Of one core, since the last status. */
  readonly cpuPercent: number;
  readonly rssBytes: number;
  readonly spoolBytes: number;
  /** Most that the spool may take. */
  readonly spoolMaxBytes: number;
  /** Of the disk that the spool is on. */
  readonly diskFreeBytes: number;
  /** Milliseconds that the server's clock is ahead of this machine's. */
  readonly clockOffsetMs: number;
  /** Since when events wait, ISO 8601 by the server's clock; null where none does. */
  readonly waitingSince: string | null;
  /** When the certificate ends, ISO 8601; null where it could not be read. */
  readonly certificateEnds: string | null;
  /** Why a table of addresses is not in use, or an old one still is; absent where all are. */
  readonly geoFault?: string;
  /** The policy in force, and the newer one that failed its self-check; both null without central policy. */
  readonly policy: {
    readonly version: number | null;
    readonly failed: { readonly version: number; readonly reason: string } | null;
    /** Taken over a moment ago, and watched: where it does not work, the one before comes back. */
    readonly trial?: boolean;
  };
  /** Host and port of the server in use, of those that it knows. */
  readonly server?: string;
  /** Bytes per second that may be sent at this hour; null without a bound. */
  readonly bandwidthLimit?: number | null;
  /** Bytes of frames sent per second since the last status. */
  readonly sentPerSecond?: number;
}

/** Answer to `GET /v1/clock` and to a status: the server's time, from which the collector keeps an offset. */
export interface ServerClock {
  readonly now: string;
  /**
   * After a restore, with `GET /v1/clock`: what was acknowledged from then on (by the server's clock) may be gone from the
   * store. A collector sends again all it keeps of it, once for each id; what is too much is known by its event ids.
   */
  readonly resend?: { readonly id: string; readonly since: string };
}

/** Size limits both sides hold to. */
export const WIRE_LIMITS = {
  /** Events in a frame. */
  frameEvents: 2_000,
  /** Bytes of a frame as it travels. */
  frameBytes: 4 * 1024 * 1024,
  /** Bytes of a frame after decompression. */
  frameBytesPlain: 32 * 1024 * 1024,
  /** Bytes of one record; what is longer is cut into pieces of this size, each kept. */
  recordBytes: 256 * 1024,
} as const;
