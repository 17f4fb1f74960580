import { hash } from 'node:crypto';
import type { AlertRecord } from '../../alerts/record.ts';
import { grownAlert, joinAlerts, newAlert, sameAlert } from '../alert-record.ts';
import type { AlertUpdate, DetectionCommit, Signal } from '../record-store.ts';
import type { BulkItem, Cluster } from './cluster.ts';
import type { Counters } from './counters.ts';
import { deleteFound } from './delete-found.ts';
import type { Fresh } from './fresh.ts';
import type { IndexNames } from './indexes.ts';
import type { Json } from './mapping.ts';
import type { Place } from './record-documents.ts';
import type { RecordShelf } from './record-shelf.ts';

/** What detection's part of the store works with. */
export interface DetectionShelf {
  readonly cluster: Cluster;
  readonly names: IndexNames;
  readonly counters: Counters;
  readonly fresh: Fresh;
  readonly records: RecordShelf;
  readonly node: string;
  /** Rejects where this server's work was taken over by another (`leases/`). */
  readonly fence?: (() => Promise<void>) | undefined;
}

interface SignalSource {
  readonly rule: string;
  readonly group: string;
  readonly second: number;
  readonly batch: number;
  readonly count: number;
  readonly detail: string;
}

const MOST_SIGNALS = 1_000_000;
const PAGE = 5_000;
const MOST_TRIES = 10;

function cursorName(node: string): string {
  return `detection:${node}`;
}

/** Where evaluation of this server's events stands. */
export function detectionCursor({ counters, node }: DetectionShelf): Promise<number> {
  return counters.read(cursorName(node));
}

/**
 * Writes what one evaluated stretch gave: signals, then alerts, then the cursor. Where it ends in between, the stretch is
 * evaluated again and overwrites what was written; an alert is never counted twice, for it is written whole.
 */
export async function commitDetection(shelf: DetectionShelf, commit: DetectionCommit): Promise<string[]> {
  const { counters, node } = shelf;
  const fence = async () => shelf.fence?.();
  await fence();
  await writeSignals(shelf, commit.signals, { node });
  const changed = await writeAlerts(shelf, commit.alerts, fence);
  await fence();
  await counters.raise(cursorName(node), commit.cursor);
  return changed;
}

/** Writes signals, each under an id of its own, so that the same ones again overwrite them. */
export async function writeSignals(
  { cluster, names, fresh }: DetectionShelf,
  signals: readonly Signal[],
  by: SignalsBy,
): Promise<void> {
  if (signals.length === 0) return;
  const results = await cluster.bulk(signalItems(names, signals, by));
  fresh.changed([names.signals]);
  const failed = results.find(({ status }) => status >= 300);
  if (failed) throw new Error(`A signal cannot be written: ${failed.reason}`);
}

/** Who numbers the batches of signals, and the step of grouping that gave them. */
interface SignalsBy {
  readonly node: string;
  readonly step?: number;
}

/** Signals of one group between two seconds, both inclusive, oldest first; of steps of grouping before one, where it is given. */
export async function readSignals(
  { cluster, names, fresh }: DetectionShelf,
  rule: string,
  group: string,
  from: number,
  to: number,
  beforeStep?: number,
): Promise<Signal[]> {
  await fresh.before([names.signals]);
  const signals: Signal[] = [];
  let after: readonly unknown[] | undefined;
  do {
    const { body } = await cluster.request<SignalsAnswer>({
      method: 'POST',
      path: `/${names.signals}/_search`,
      body: {
        size: PAGE,
        track_total_hits: false,
        query: {
          bool: {
            filter: [{ term: { rule } }, { term: { group } }, { range: { second: { gte: from, lte: to } } }],
            ...(beforeStep === undefined ? {} : { must_not: [{ range: { step: { gte: beforeStep } } }] }),
          },
        },
        sort: [{ second: 'asc' }, { batch: 'asc' }, { node: 'asc' }],
        ...(after ? { search_after: after } : {}),
      },
    });
    signals.push(...body.hits.hits.map(({ _source }) => readSignal(_source)));
    after = body.hits.hits.length === PAGE ? body.hits.hits.at(-1)?.sort : undefined;
  } while (after && signals.length < MOST_SIGNALS);
  return signals;
}

/**
 * Removes signals of steps of grouping up to one whose second lies before one; gives how many. Those without a step came by
 * migration, and were settled then.
 */
export async function pruneSignals(
  { cluster, names, fresh }: DetectionShelf,
  upToStep: number,
  beforeSecond: number,
): Promise<number> {
  const later = { range: { step: { gt: upToStep } } };
  const query = { bool: { filter: [{ range: { second: { lt: beforeSecond } } }], must_not: [later] } };
  const removed = await deleteFound(cluster, names.signals, query);
  fresh.changed([names.signals]);
  return removed;
}

interface SignalsAnswer {
  readonly hits: { readonly hits: readonly { readonly _source: SignalSource; readonly sort: readonly unknown[] }[] };
}

/** The writes of signals. */
export function signalItems(names: IndexNames, signals: readonly Signal[], by: SignalsBy): BulkItem[] {
  return signals.map((signal) => signalItem(names, signal, by));
}

function signalItem(names: IndexNames, signal: Signal, { node, step }: SignalsBy): BulkItem {
  const { rule, group, second, batch, count, ...detail } = signal;
  const id = hash('sha256', JSON.stringify([rule, group, second, node, batch]));
  const at = step === undefined ? {} : { step };
  const document = { rule, group, second, node, batch, count, ...at, detail: JSON.stringify(detail) };
  return { action: 'index', index: names.signals, id, document };
}

function readSignal({ rule, group, second, batch, count, detail }: SignalSource): Signal {
  return { rule, group, second, batch, count, ...(JSON.parse(detail) as Pick<Signal, 'events'>) };
}

/** Writes the alerts that really changed, again where a person changed one meanwhile; `fence` rejects where this server may not. */
export async function writeAlerts(
  shelf: DetectionShelf,
  updates: readonly AlertUpdate[],
  fence: () => Promise<void>,
): Promise<string[]> {
  const changed = new Set<string>();
  let left = updates;
  for (let tries = 0; left.length > 0; tries++) {
    if (tries === MOST_TRIES) throw new Error(`${left.length} alerts are changed by others all the time.`);
    const held = await holdAlerts(shelf, left);
    // Asked between reading and writing: what a successor writes after this answer has another version than was read.
    await fence();
    const taken: Write[] = [];
    const writes = left.flatMap((update) => {
      const { id, detected, merges = [] } = update;
      const there = held.get(id);
      let after = there ? grownAlert(there.document, detected) : newAlert(detected);
      for (const merged of merges) {
        const other = held.get(merged);
        if (!other) continue;
        const joined = joinAlerts({ id, document: after }, { id: merged, document: other.document });
        after = joined.into;
        if (joined.from !== other.document) taken.push({ update, change: alertChange(merged, other, joined.from) });
      }
      // Nothing changed: a replay must not stir the consoles.
      return there && sameAlert(there.document, after) ? [] : [{ update, change: alertChange(id, there, after) }];
    });
    const failed = new Set<AlertUpdate>();
    // The alert that takes in comes first: where it ends in between, the other one is still there to be taken in again.
    for (const part of [writes, taken]) {
      const due = part.filter(({ update }) => !failed.has(update));
      const written = await shelf.records.write(
        'alert',
        due.map(({ change }) => change),
      );
      for (const [at, { update, change }] of due.entries()) {
        if (written[at]) changed.add(change.id);
        else failed.add(update);
      }
    }
    left = [...failed];
  }
  return [...changed];
}

interface Write {
  readonly update: AlertUpdate;
  readonly change: ReturnType<typeof alertChange>;
}

interface HeldAlert {
  readonly version: number;
  readonly document: AlertRecord;
  readonly place: Place;
}

/** The alerts that updates speak of, as they are in the store; those that are new are left out. */
async function holdAlerts(shelf: DetectionShelf, updates: readonly AlertUpdate[]): Promise<Map<string, HeldAlert>> {
  const ids = [...new Set(updates.flatMap(({ id, merges = [] }) => [id, ...merges]))];
  const held = await shelf.records.hold('alert', ids, 'all');
  return new Map(
    held.flatMap((there, at) => {
      if (!there) return [];
      const { record, place } = there;
      const document = record.document as unknown as AlertRecord;
      return [[ids[at] as string, { version: record.version, document, place }] as const];
    }),
  );
}

function alertChange(id: string, there: HeldAlert | undefined, document: AlertRecord) {
  return { id, version: (there?.version ?? 0) + 1, document: document as unknown as Json, place: there?.place };
}
