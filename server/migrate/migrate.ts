import { setTimeout as pause } from 'node:timers/promises';
import { HaidangError } from '../errors.ts';
import type { AppendResult, StoredBatch } from '../store/event-store.ts';
import { RECORD_INDEXES } from '../store/record-kinds.ts';
import type { RecordKind, Signal, Versioned } from '../store/record-store.ts';
import type { Marker } from './marker.ts';
import type { PlacedLetter, Source } from './source.ts';
import type { Target } from './target.ts';
import { everyRecord, type Verification, verify } from './verify.ts';

/** What a move is doing. */
export interface MoveProgress {
  readonly step: 'events' | 'dead letters' | 'records' | 'signals' | 'verifying';
  /** Events: numbers of the source. Others: written so far, of an unknown whole (0). */
  readonly done: number;
  readonly total: number;
  readonly detail: string;
}

export interface MoveOptions {
  readonly source: Source;
  readonly target: Target;
  readonly onProgress?: (progress: MoveProgress) => void;
  readonly now?: () => number;
  /** Milliseconds that an answer of "down" or "full" is waited out; default five minutes. */
  readonly patienceMs?: number;
}

/** How a move ended. */
export interface MoveReport {
  /** Written now; less than there are where an earlier run wrote some. */
  readonly events: { readonly stored: number; readonly duplicates: number; readonly deadLettered: number };
  /** Whether an earlier run was gone on with. */
  readonly resumed: boolean;
  /** Frames that no longer can be read, by what is wrong with them. */
  readonly unreadable: readonly string[];
  readonly verification: Verification;
  readonly ok: boolean;
}

/** A move that cannot begin; the sentence says what to do. */
export class MoveRefused extends Error {}

/** Batches under way at once: the cluster writes some while others travel. */
const BATCHES = 16;
const RECORDS = 500;
const SIGNALS = 1_000;
const LETTERS = 500;
const RETRY_MS = 2_000;
const NAMED = 20;

/**
 * Moves a store: events by their frames in the order in which they were stored, then dead letters, records and signals;
 * then compares both. Every step can be repeated, for all is written under the ids it has. What is in the cluster for
 * good is noted there, so that a run after a crash goes on from there.
 *
 * @throws MoveRefused before anything is written
 */
export async function moveStore(options: MoveOptions): Promise<MoveReport> {
  const { source, target, now = Date.now, onProgress = () => {} } = options;
  await mustBeEvaluated(source);
  const before = await target.marker();
  await mustBeOurs(source, target, before);
  const startedAt = before?.startedAt ?? new Date(now()).toISOString();
  const marker: Marker = { state: 'running', source: source.id, upTo: before?.upTo ?? 0, startedAt, endedAt: null };
  if (!before) await target.putMarker(marker);

  const { events, unreadable } = await moveEvents(options, marker);
  await moveLetters(source, target, onProgress);
  await moveRecords(source, target, onProgress);
  await moveSignals(source, target, onProgress);
  const verification = await verify(source, target, (day) =>
    onProgress({ step: 'verifying', done: source.days.indexOf(day), total: source.days.length, detail: day }),
  );
  const ok = verification.ok && unreadable.length === 0;
  const upTo = await source.events.lastSequence();
  if (ok) await target.putMarker({ ...marker, state: 'done', upTo, endedAt: new Date(now()).toISOString() });
  return { events, resumed: before !== undefined, unreadable: unreadable.slice(0, NAMED), verification, ok };
}

/** The cluster numbers events anew: what still waits for the rules here would be passed over there. */
async function mustBeEvaluated({ events, records }: Source): Promise<void> {
  const last = await events.lastSequence();
  const waiting = last - (await records.detectionCursor());
  if (waiting > 0)
    throw new MoveRefused(
      `${waiting} events wait for the rules; start haidang up, wait until haidang status shows no gap, stop it, and try again.`,
    );
  const damaged = (await events.days()).filter(({ state }) => state === 'damaged').map(({ day }) => day);
  if (damaged.length > 0)
    throw new MoveRefused(
      `Day ${damaged.join(', ')} is damaged; restore it from a backup, or move its files out of the store's folder, and try again.`,
    );
}

async function mustBeOurs(source: Source, target: Target, marker: Marker | undefined): Promise<void> {
  if (marker && marker.source !== source.id)
    throw new MoveRefused('The cluster was filled from another store; delete its indexes, or name another cluster.');
  if (marker?.state === 'done')
    throw new MoveRefused(
      `This store was moved to the cluster at ${marker.endedAt} already; start the server with OPENSEARCH_URL to use it.`,
    );
  if (!marker && !(await target.isEmpty()))
    throw new MoveRefused('The cluster holds a store already; delete its indexes, or name another cluster.');
}

async function moveEvents(options: MoveOptions, marker: Marker) {
  const { source, target, onProgress = () => {} } = options;
  const last = await source.events.lastSequence();
  const events = { stored: 0, duplicates: 0, deadLettered: 0 };
  const unreadable: string[] = [];
  for (let from = marker.upTo + 1; from <= last; ) {
    const batches = await source.events.readFrom(from, BATCHES);
    const newest = batches.at(-1);
    if (!newest) break;
    for (const result of await appendAll(options, batches)) {
      if (typeof result === 'string') {
        unreadable.push(result);
        continue;
      }
      events.stored += result.stored;
      events.duplicates += result.duplicates;
      events.deadLettered += result.deadLettered;
    }
    from = newest.lastSequence + 1;
    await target.putMarker({ ...marker, upTo: newest.lastSequence });
    const detail = newest.receivedAt.slice(0, 10);
    onProgress({ step: 'events', done: newest.lastSequence, total: last, detail });
  }
  return { events, unreadable };
}

/** Appends batches in their order; where the cluster fails in between, all again: what is there already changes nothing. */
async function appendAll(
  { target, now = Date.now, patienceMs = 300_000 }: MoveOptions,
  batches: readonly StoredBatch[],
): Promise<(AppendResult | string)[]> {
  const until = now() + patienceMs;
  for (;;) {
    const ends = await Promise.allSettled(
      batches.map(({ collector, agency, receivedAt, body }) =>
        target.events.append({ collector, agency, receivedAt, body }).catch((error: unknown) => {
          if (!(error instanceof HaidangError) || error.code !== 'HD_BATCH_MALFORMED') throw error;
          return `${collector} at ${receivedAt}: ${error.message}`;
        }),
      ),
    );
    const failed = ends.find((end) => end.status === 'rejected');
    if (!failed) return ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
    const passing = failed.reason instanceof HaidangError && failed.reason.retryAfter !== undefined;
    if (!passing || now() >= until) throw failed.reason;
    await pause(RETRY_MS);
  }
}

async function moveLetters(source: Source, target: Target, onProgress: NonNullable<MoveOptions['onProgress']>) {
  let done = 0;
  for (const day of source.days) {
    for (const page of pagesOf<PlacedLetter>(source.lettersOf(day), LETTERS)) {
      await target.putLetters(page);
      done += page.length;
      onProgress({ step: 'dead letters', done, total: 0, detail: day });
    }
  }
}

/** From the beginning each time: records change and go while a server runs between two runs of this. */
async function moveRecords(source: Source, target: Target, onProgress: NonNullable<MoveOptions['onProgress']>) {
  await target.clearRecords();
  let done = 0;
  for (const kind of Object.keys(RECORD_INDEXES) as RecordKind[]) {
    let page: Versioned<object>[] = [];
    const write = async () => {
      if (page.length > 0) await target.putRecords(kind, page);
      done += page.length;
      page = [];
      onProgress({ step: 'records', done, total: 0, detail: kind });
    };
    for await (const record of everyRecord(source.records, kind)) {
      page.push(record);
      if (page.length === RECORDS) await write();
    }
    await write();
  }
  await target.raiseChange(await source.records.lastChange());
}

async function moveSignals(source: Source, target: Target, onProgress: NonNullable<MoveOptions['onProgress']>) {
  let done = 0;
  for (const signals of pagesOf<Signal>(source.signals(), SIGNALS)) {
    await target.records.commitDetection({ cursor: 0, signals, alerts: [] });
    done += signals.length;
    onProgress({ step: 'signals', done, total: 0, detail: '' });
  }
  // Above every number of either store: no new batch gets one that a signal from the folder bears.
  const cursor = Math.max(await source.events.lastSequence(), await target.events.lastSequence());
  await target.records.commitDetection({ cursor, signals: [], alerts: [] });
}

function* pagesOf<Item>(items: Iterable<Item>, size: number): Generator<Item[]> {
  let page: Item[] = [];
  for (const item of items) {
    page.push(item);
    if (page.length < size) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
