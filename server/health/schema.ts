import { type Static, Type } from 'typebox';

const Bytes = Type.Integer({ minimum: 0 });

/** A certificate and its end, ISO 8601. */
export const HealthCertificate = Type.Object({
  what: Type.Enum(['authority', 'console', 'collector']),
  /** The collector's name, for one of those. */
  name: Type.String(),
  notAfter: Type.String(),
  /** `soon`: less than a month is left of the authority's or the console's, less than five days of a collector's. */
  state: Type.Enum(['ok', 'soon', 'over']),
});
export type HealthCertificate = Static<typeof HealthCertificate>;

/** `GET /api/v1/health`: how the server itself is, for who runs it. */
export const SystemHealth = Type.Object({
  at: Type.String(),
  version: Type.String(),
  startedAt: Type.String(),
  memoryBytes: Bytes,
  /** What `/readyz` looks at, by name: `ok` or what is wrong. */
  parts: Type.Array(Type.Object({ name: Type.String(), state: Type.String() })),
  /** Threads of the server, by name. */
  workers: Type.Array(
    Type.Object({
      name: Type.String(),
      /** `waits`: it died, and is started again in a moment. */
      state: Type.Enum(['runs', 'waits']),
      deaths: Type.Integer({ minimum: 0 }),
      /** What it is asked at the moment; `null` where that is not counted. */
      calls: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
    }),
  ),
  queues: Type.Object({
    /** Stored, and not yet judged by the rules. */
    detection: Type.Integer(),
    /** What keeps detection from going on. */
    trouble: Type.Union([Type.String(), Type.Null()]),
    /** Waiting at collectors, as they said last. */
    collectors: Type.Integer(),
    deadLettered: Type.Integer(),
    /** Consoles connected to this server. */
    consoles: Type.Integer(),
  }),
  store: Type.Object({ events: Type.Integer(), days: Type.Integer(), since: Type.Union([Type.String(), Type.Null()]) }),
  disk: Type.Object({
    totalBytes: Bytes,
    freeBytes: Bytes,
    usedPercent: Type.Number(),
    state: Type.Enum(['ok', 'warning', 'stopped']),
    daysLeft: Type.Union([Type.Number(), Type.Null()]),
  }),
  /** The soonest to end first; of collectors, the ten soonest. */
  certificates: Type.Array(HealthCertificate),
  /** The last backup since the server's start. */
  backup: Type.Union([
    Type.Object({
      state: Type.Enum(['running', 'done', 'failed']),
      to: Type.String(),
      startedAt: Type.String(),
      error: Type.Union([Type.String(), Type.Null()]),
    }),
    Type.Null(),
  ]),
  /** When the store came from a backup: the last time that a restore was tried for real. */
  restoredAt: Type.Union([Type.String(), Type.Null()]),
});
export type SystemHealth = Static<typeof SystemHealth>;
