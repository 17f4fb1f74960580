import { type Loss, lossesOf } from '../backup/losses.ts';
import type { Restored } from '../backup/restored.ts';
import { laterCounters, type SourceCounters } from '../collectors/collector-book.ts';
import { recoverCounters } from '../collectors/recover-counters.ts';
import type { DetectionState } from '../detection/detection.ts';
import type { Identity } from '../identity.ts';
import type { Log } from '../log.ts';
import type { DeletedCount } from '../retention/record.ts';
import type { EventStore, StoredCount } from '../store/event-store.ts';
import type { CollectorRecord, RecordKinds } from '../store/record-kinds.ts';
import type { RecordStore, Versioned } from '../store/record-store.ts';
import type { DiskFill } from '../system/disk.ts';
import type { Ledger, LedgerRow } from './schema.ts';

export interface LedgerOptions {
  readonly events: EventStore;
  readonly records: RecordStore;
  readonly detection: DetectionState;
  readonly disk: DiskFill;
  readonly identity: Identity;
  readonly log?: Log;
  /** Counts every row again, also of stretches that were closed long ago. */
  readonly full?: boolean;
  /** From the running ingest listener; without one, the last frames in the store are read again. */
  readonly counters?: () => ReadonlyMap<string, readonly SourceCounters[]>;
  readonly now?: () => number;
  /** Where the store came from a backup. */
  readonly restored?: Restored | undefined;
}

/** Most event ids of missing rows that a ledger row names. */
const MISSING_NAMED = 100;
const PAGE = 500;

/**
 * Recounts the loss ledger, for what an identity may see. *Stored* comes from the store's rows, *spooled* from what
 * collectors claim; what neither explains is shown as `waiting`, and never hidden: fewer spooled than stored is `broken`.
 */
export async function buildLedger(options: LedgerOptions): Promise<Ledger> {
  const { events, records, detection, disk, identity } = options;
  // Read before all else: a day that is deleted meanwhile is then waiting for a moment, and not one too many.
  const deleted = await deletedOf(records, identity);
  // Counted before the claims are read: a batch that comes between is then waiting, and not one too many.
  const stored = await events.recount(detection.cursor, { full: options.full === true });
  const lastSequence = await events.lastSequence();
  const claims = options.counters?.() ?? (await claimsOfStore(events, options.log));
  const collectors = await allCollectors(records, identity);
  const losses = await lossesOf(records, identity);

  const rows: LedgerRow[] = [];
  for (const { id, document } of collectors) {
    const counted = bySource(
      stored.filter(({ collector }) => collector === id),
      identity,
    );
    const lost = losses.filter(({ collector }) => collector === id);
    rows.push(...rowsOf(id, document, counted, claims.get(id) ?? [], deleted.get(id) ?? new Map(), lost));
  }
  const waitingGap = lastSequence > detection.cursor ? [stretch(detection.cursor + 1, lastSequence)] : [];
  return {
    at: new Date((options.now ?? Date.now)()).toISOString(),
    rows: rows.sort((a, b) => order(`${a.collectorName} ${a.source}`, `${b.collectorName} ${b.source}`)),
    disk: { ...disk },
    gaps: [...detection.gaps.map((gap) => ({ ...gap })), ...waitingGap],
    losses: losses.map((loss) => ({ ...loss })),
    ...(options.restored ? { restored: { at: options.restored.restoredAt, since: options.restored.since } } : {}),
  };
}

/**
 * The counts of a collector by source, over all agencies that it logs for: what it spooled is of all of them too. Which events are
 * missing is told of the agencies alone that may be seen.
 */
function bySource(counts: readonly StoredCount[], { agencies: seen }: Identity): ReadonlyMap<string, StoredCount> {
  const found = new Map<string, StoredCount>();
  for (const count of counts) {
    const missing = seen === 'all' || seen.includes(count.agency) ? count.missing : [];
    const before = found.get(count.source);
    const sum = (key: 'stored' | 'unevaluated' | 'deadLettered' | 'missingTotal') => count[key] + (before?.[key] ?? 0);
    found.set(count.source, {
      ...count,
      stored: sum('stored'),
      unevaluated: sum('unevaluated'),
      deadLettered: sum('deadLettered'),
      missingTotal: sum('missingTotal'),
      missing: [...(before?.missing ?? []), ...missing],
    });
  }
  return found;
}

function rowsOf(
  collector: string,
  record: CollectorRecord,
  counted: ReadonlyMap<string, StoredCount>,
  claims: readonly SourceCounters[],
  deletions: ReadonlyMap<string, DeletedCount>,
  losses: readonly Loss[],
): LedgerRow[] {
  const status = record.status;
  const counters = new Map<string, SourceCounters>();
  for (const claim of [...record.counters, ...(status?.sources ?? []), ...claims]) {
    counters.set(claim.source, laterCounters(counters.get(claim.source), claim));
  }
  /** The collector tells how many it set aside, not of which source: they fill what remains, source by source. */
  let setAside = status?.quarantined.events ?? 0;
  const sources = new Set([...counters.keys(), ...counted.keys(), ...deletions.keys()]);
  return [...sources].sort(order).map((source) => {
    const claim = counters.get(source) ?? { read: 0, spooled: 0, dropped: {}, unparsed: 0 };
    const count = counted.get(source);
    const stored = count?.stored ?? 0;
    const deadLettered = count?.deadLettered ?? 0;
    const gone = deletions.get(source);
    const deleted = (gone?.stored ?? 0) + (gone?.deadLettered ?? 0);
    const missingTotal = (count?.missingTotal ?? 0) + (gone?.missing ?? 0);
    const dropped = Object.values(claim.dropped).reduce((sum, number) => sum + number, 0);
    const remainder = claim.spooled - stored - deleted - deadLettered - missingTotal;
    const quarantined = Math.max(0, Math.min(setAside, remainder));
    setAside -= quarantined;
    // On record as lost; where they arrived after all, there is nothing left to explain.
    const onRecord = losses.reduce((sum, loss) => sum + (loss.source === source ? loss.events : 0), 0);
    const lost = Math.max(0, Math.min(onRecord, remainder - quarantined));
    const live = status?.sources.find((one) => one.source === source);
    const gap = count?.unevaluated ?? 0;
    const row = {
      collector,
      collectorName: record.name,
      agency: record.agency,
      source,
      read: claim.read,
      spooled: claim.spooled,
      dropped,
      droppedBy: { ...claim.dropped },
      unparsed: claim.unparsed,
      kernelDropped: live?.kernelDropped ?? 0,
      stored,
      waiting: Math.max(0, remainder - quarantined - lost),
      quarantined,
      deadLettered,
      deleted,
      evaluated: stored - gap,
      gap,
      missing: (count?.missing ?? []).slice(0, MISSING_NAMED).map(({ id }) => id),
      missingTotal,
      lost,
      lastReadAt: live?.lastReadAt ?? null,
      lastSeenAt: record.lastSeenAt,
      error: live?.error ?? null,
    };
    return { ...row, state: stateOf(row, remainder) };
  });
}

/** Dropped on purpose, and nothing with it. */
const HARMLESS = new Set(['empty']);

function stateOf(row: Omit<LedgerRow, 'state'>, remainder: number): LedgerRow['state'] {
  const inMemory = row.read - row.spooled - row.dropped;
  if (row.missingTotal > 0 || remainder < 0 || inMemory < 0) return 'broken';
  const dropped = Object.entries(row.droppedBy).some(([reason, count]) => count > 0 && !HARMLESS.has(reason));
  const elsewhere = row.kernelDropped + row.deadLettered + row.quarantined + (row.lost ?? 0);
  if (dropped || elsewhere > 0) return 'loss';
  return row.waiting > 0 || row.gap > 0 || inMemory > 0 ? 'waiting' : 'ok';
}

/** By collector and source. */
async function deletedOf(
  records: RecordStore,
  identity: Identity,
): Promise<ReadonlyMap<string, ReadonlyMap<string, DeletedCount>>> {
  const collectors = await allCollectors(records, identity);
  return new Map(
    collectors.map(({ id, document }) => {
      return [id, new Map((document.deleted?.sources ?? []).map((count) => [count.source, count]))];
    }),
  );
}

async function allCollectors(
  records: RecordStore,
  identity: Identity,
): Promise<readonly Versioned<RecordKinds['collector']>[]> {
  const found: Versioned<RecordKinds['collector']>[] = [];
  let after: string | undefined;
  do {
    const page = await records
      .as(identity)
      .find('collector', { limit: PAGE, ...(after === undefined ? {} : { after }) });
    found.push(...page.records);
    after = page.next ?? undefined;
  } while (after !== undefined);
  return found;
}

async function claimsOfStore(
  events: EventStore,
  log: Log | undefined,
): Promise<ReadonlyMap<string, readonly SourceCounters[]>> {
  const claims = new Map<string, readonly SourceCounters[]>();
  const claim = (collector: string, sources: readonly SourceCounters[]) => {
    claims.set(collector, [...(claims.get(collector) ?? []), ...sources]);
  };
  await recoverCounters(events, { claim }, log);
  return claims;
}

function stretch(from: number, to: number): { from: number; to: number; events: number } {
  return { from, to, events: to - from + 1 };
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
