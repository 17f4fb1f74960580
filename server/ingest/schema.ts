import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { WIRE_LIMITS } from '../../ecs/wire.ts';

const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Reasons = Type.Record(Type.String({ maxLength: 64 }), Count, { maxProperties: 64 });
const Time = Type.String({ maxLength: 40 });
const CollectorName = Type.String({ pattern: '^[a-z0-9]{4,32}$' });
const Epoch = Type.String({ pattern: '^[0-9a-f]{8}$' });

/** Most sources of one collector that the server keeps counters of. */
export const MAX_SOURCES = 1_000;

const Counters = {
  source: Type.String({ minLength: 1, maxLength: 512 }),
  read: Count,
  spooled: Count,
  dropped: Reasons,
  unparsed: Count,
};

/** What ingest reads of a frame's header (`ecs/wire.ts`); the store's writer checks the rest. */
export const FrameHead = Type.Object({
  version: Type.Literal(1),
  collector: CollectorName,
  epoch: Epoch,
  first: Count,
  last: Count,
  /** Refused: only the server makes parts. */
  part: Type.Optional(Type.Unknown()),
  sources: Type.Array(Type.Object(Counters), { maxItems: MAX_SOURCES }),
  /** Looked at after a restore alone. */
  spooledAt: Type.Optional(Time),
  runs: Type.Optional(Type.Array(Type.Tuple([Count, Count]), { maxItems: WIRE_LIMITS.frameEvents })),
});
export type FrameHead = Static<typeof FrameHead>;

const Bytes = Type.Number({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const OrNull = <T extends TSchema>(type: T) => Type.Union([type, Type.Null()]);

const Health = Type.Object(
  {
    machine: OrNull(Type.String({ pattern: '^[0-9a-f]{64}$' })),
    cpuPercent: Type.Number({ minimum: 0, maximum: 100_000 }),
    rssBytes: Bytes,
    spoolBytes: Bytes,
    spoolMaxBytes: Bytes,
    diskFreeBytes: Bytes,
    clockOffsetMs: Type.Number({ minimum: -1e15, maximum: 1e15 }),
    waitingSince: OrNull(Time),
    certificateEnds: OrNull(Time),
    geoFault: Type.Optional(Type.String({ maxLength: 1_000 })),
    policy: Type.Object(
      {
        version: OrNull(Count),
        failed: OrNull(
          Type.Object({ version: Count, reason: Type.String({ maxLength: 1_000 }) }, { additionalProperties: false }),
        ),
        trial: Type.Optional(Type.Boolean()),
      },
      { additionalProperties: false },
    ),
    server: Type.Optional(Type.String({ maxLength: 300 })),
    bandwidthLimit: Type.Optional(OrNull(Bytes)),
    sentPerSecond: Type.Optional(Bytes),
  },
  { additionalProperties: false },
);

/** `POST /v1/status`: `CollectorStatus` of `ecs/wire.ts`, bounded. */
export const StatusBody = Type.Object(
  {
    collector: CollectorName,
    epoch: Epoch,
    version: Type.String({ maxLength: 64 }),
    startedAt: Time,
    waiting: Type.Object({ frames: Count, events: Count, bytes: Count }),
    quarantined: Type.Object({ frames: Count, events: Count, reasons: Reasons }),
    sources: Type.Array(
      Type.Object({
        ...Counters,
        kernelDropped: Count,
        lastReadAt: Type.Union([Time, Type.Null()]),
        error: Type.Union([Type.String({ maxLength: 1_000 }), Type.Null()]),
      }),
      { maxItems: MAX_SOURCES },
    ),
    health: Type.Optional(Health),
  },
  { additionalProperties: false },
);

export const frameHeadCheck = Compile(FrameHead);
export const statusCheck = Compile(StatusBody);

/** Bounds of the ingest listener; bytes, milliseconds, counts. */
export const INGEST_LIMITS = {
  statusBytes: 1024 * 1024,
  /** Batches received and not yet durable, of one collector and of all. */
  bytesPerCollector: 4 * WIRE_LIMITS.frameBytes,
  bytesInAll: 32 * WIRE_LIMITS.frameBytes,
  connections: 2_048,
  connectionsPerCertificate: 8,
  /** Connections without a certificate that is good, which may enrol and nothing else: from all, and from one address. */
  strangers: 64,
  strangersPerAddress: 8,
  strangerTime: 20_000,
  streamsPerConnection: 16,
  bodyTime: 30_000,
  idleTime: 120_000,
} as const;

/** The bounds, for tests to lower. */
export type IngestLimits = { readonly [K in keyof typeof INGEST_LIMITS]: number };
