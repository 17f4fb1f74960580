import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';

const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Time = Type.String({ maxLength: 40 });
const Hash = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Path = Type.String({ minLength: 1, maxLength: 1_000 });

/** `POST /api/v1/backups`: begins a backup of the data folder. Over the control socket alone. */
export const BackupRequest = Type.Object(
  {
    /** Absolute path of the folder to back up to, on the server's machine, or `s3://bucket/prefix`. */
    to: Type.String({ minLength: 2, maxLength: 4_000 }),
    /** How many backups stay there, this one among them; the setting `backup.keep` where it is not given. */
    keep: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
    /** Text of the configuration file, kept in the backup as `haidang.yaml`. */
    config: Type.Optional(Type.String({ maxLength: 200_000 })),
  },
  { additionalProperties: false },
);
export type BackupRequest = Static<typeof BackupRequest>;

/** One file of a backup. */
export const BackupFile = Type.Object({
  /** Where it belongs, relative to the data folder. */
  path: Path,
  /** Where its copy lies, relative to the target. */
  copy: Path,
  size: Count,
  sha256: Hash,
  /** Permission bits. */
  mode: Type.Integer({ minimum: 0, maximum: 0o777 }),
  modifiedAt: Time,
  /** Size and time of the original (for SQLite with its log): the same again means that nothing was written since. */
  mark: Type.String({ maxLength: 200 }),
});
export type BackupFile = Static<typeof BackupFile>;

/** What a day file of the backup holds. */
export const BackupDay = Type.Object({
  day: Type.String({ pattern: '^\\d{8}$' }),
  events: Count,
  deadLetters: Count,
  batches: Count,
  /** Node sequences; 0 where the day has no batch. */
  firstSequence: Count,
  lastSequence: Count,
  /** Highest sequence of each collector's epochs, `<collector>-<epoch>`: the marks from which they send again. */
  marks: Type.Record(Type.String({ maxLength: 64 }), Count),
});
export type BackupDay = Static<typeof BackupDay>;

/** `backups/<id>.json`: written last, so that a target with one holds a whole backup. */
export const BackupManifest = Type.Object({
  version: Type.Literal(1),
  program: Type.String({ maxLength: 64 }),
  startedAt: Time,
  /** All that was durable in the store at this time is in the backup. */
  since: Time,
  finishedAt: Time,
  events: Count,
  files: Type.Array(BackupFile, { maxItems: 1_000_000 }),
  days: Type.Array(BackupDay, { maxItems: 100_000 }),
  /** Files that could not be copied, and why. */
  problems: Type.Array(Type.Object({ path: Path, reason: Type.String({ maxLength: 2_000 }) }), { maxItems: 10_000 }),
});
export type BackupManifest = Static<typeof BackupManifest>;

export const backupManifestCheck = Compile(BackupManifest);

/** What `haidang backup --json` prints: the manifest in short. */
export const BackupSummary = Type.Object({
  /** Names this backup among those at the target. */
  id: Type.String(),
  to: Type.String(),
  startedAt: Time,
  since: Time,
  finishedAt: Time,
  events: Count,
  days: Count,
  files: Count,
  bytes: Count,
  /** Of these, written by this run; the rest lay there unchanged. */
  copiedFiles: Count,
  copiedBytes: Count,
  problems: Type.Array(Type.Object({ path: Type.String(), reason: Type.String() })),
});
export type BackupSummary = Static<typeof BackupSummary>;

/** That somebody restored a backup elsewhere and looked: what is not tried is no backup. */
export const RestoreDrill = Type.Object({
  at: Time,
  by: Type.String(),
  backup: Type.String(),
  note: Type.String(),
});
export type RestoreDrill = Static<typeof RestoreDrill>;

/** `POST /api/v1/backups/drills`: puts a tried restore on record. */
export const NewRestoreDrill = Type.Object(
  {
    backup: Type.String({ pattern: '^\\d{8}T\\d{9}Z-[0-9a-f]{4}$' }),
    note: Type.String({ minLength: 1, maxLength: 500, pattern: '^[^\\u0000-\\u001f\\u007f]*$' }),
  },
  { additionalProperties: false },
);
export type NewRestoreDrill = Static<typeof NewRestoreDrill>;

/** `GET /api/v1/backups/current`: the backup that runs, or the last one since the server's start. */
export const BackupJob = Type.Object({
  id: Type.String(),
  to: Type.String(),
  state: Type.Enum(['running', 'done', 'failed']),
  startedAt: Time,
  /** Which file is being copied, and bytes of all that must be. */
  progress: Type.Object({ path: Type.String(), doneBytes: Count, totalBytes: Count }),
  summary: Type.Union([BackupSummary, Type.Null()]),
  error: Type.Union([Type.String(), Type.Null()]),
});
export type BackupJob = Static<typeof BackupJob>;

/** `GET /api/v1/backups`: what lies at the configured target, newest first, and what is known of backups. */
export const Backups = Type.Object({
  /** The setting `backup.to`; `null` where there is none. */
  to: Type.Union([Type.String(), Type.Null()]),
  kept: Type.Array(Type.Object({ id: Type.String(), at: Time })),
  /** Why the target could not be looked at. */
  problem: Type.Union([Type.String(), Type.Null()]),
  current: Type.Union([BackupJob, Type.Null()]),
  drill: Type.Union([RestoreDrill, Type.Null()]),
});
export type Backups = Static<typeof Backups>;
