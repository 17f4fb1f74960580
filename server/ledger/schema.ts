import { type Static, Type } from 'typebox';

/**
 * One source of one collector. The equations, shown with their remainder (0 where all is well):
 * read = spooled + dropped; spooled = stored + deleted + waiting + quarantined + deadLettered + lost; stored = evaluated + gap.
 */
export const LedgerRow = Type.Object({
  collector: Type.String(),
  collectorName: Type.String(),
  agency: Type.String(),
  source: Type.String(),
  read: Type.Integer(),
  spooled: Type.Integer(),
  dropped: Type.Integer(),
  droppedBy: Type.Record(Type.String(), Type.Integer()),
  unparsed: Type.Integer(),
  kernelDropped: Type.Integer(),
  stored: Type.Integer(),
  waiting: Type.Integer(),
  quarantined: Type.Integer(),
  deadLettered: Type.Integer(),
  /** Stored or dead-lettered once, and deleted by retention since. */
  deleted: Type.Integer(),
  evaluated: Type.Integer(),
  gap: Type.Integer(),
  /** Acknowledged, and no longer in the store: first ones by event id, and how many. */
  missing: Type.Array(Type.String()),
  missingTotal: Type.Integer(),
  /** Acknowledged before a restore, and what the collector cannot send again; part of `spooled`. */
  lost: Type.Optional(Type.Integer()),
  lastReadAt: Type.Union([Type.String(), Type.Null()]),
  lastSeenAt: Type.Union([Type.String(), Type.Null()]),
  error: Type.Union([Type.String(), Type.Null()]),
  /** `ok`; `waiting`: still moving; `loss`: something was dropped, dead-lettered, quarantined or lost to a restore; `broken`: the equations do not hold or events are missing. */
  state: Type.Enum(['ok', 'waiting', 'loss', 'broken']),
});
export type LedgerRow = Static<typeof LedgerRow>;

/** `GET /api/v1/ledger`, `haidang status --json` */
export const Ledger = Type.Object({
  at: Type.String(),
  rows: Type.Array(LedgerRow),
  disk: Type.Object({
    path: Type.String(),
    totalBytes: Type.Integer(),
    freeBytes: Type.Integer(),
    usedPercent: Type.Number(),
    state: Type.Enum(['ok', 'warning', 'stopped']),
    /** At the rate of the last day; null where nothing is known yet. */
    daysLeft: Type.Union([Type.Number(), Type.Null()]),
  }),
  /** Events lost to a restore, by collector and source: the named gaps. They shrink where they arrive after all. */
  losses: Type.Optional(
    Type.Array(
      Type.Object({
        collector: Type.String(),
        source: Type.String(),
        events: Type.Integer(),
        from: Type.String(),
        to: Type.String(),
      }),
    ),
  ),
  /** Where the store came from a backup: when, and the moment whose state it brought back. */
  restored: Type.Optional(Type.Object({ at: Type.String(), since: Type.String() })),
  /** Stretches stored and not yet evaluated, by sequence. */
  gaps: Type.Array(Type.Object({ from: Type.Integer(), to: Type.Integer(), events: Type.Integer() })),
});
export type Ledger = Static<typeof Ledger>;
