import { type TransferListItem, workerData } from 'node:worker_threads';
import { HaidangError } from '../../errors.ts';
import type { AppendResult } from '../event-store.ts';
import { listDays, makeFolders, moveAside } from './day-files.ts';
import { DayWriter, type WrittenBatch } from './day-writer.ts';
import { failureOf, openDayForWriting } from './layout.ts';
import type { PreparerSetup } from './preparer.ts';
import { Preparing, type Waiting } from './preparing.ts';
import { notify, passedOn, serve } from './worker-server.ts';

/** What the writer thread is started with. */
export interface WriterSetup extends PreparerSetup {
  readonly folder: string;
  /** Sequences up to here were given out, whatever the day files say. */
  readonly floor: number;
}

/** An append as it reaches the writer thread. */
export interface AppendCall {
  readonly agency: string;
  readonly collector: string;
  readonly receivedAt: string;
  readonly body: Uint8Array;
  /** The server's clock, milliseconds. */
  readonly now: number;
}

/** Open day files at a time; each holds its dictionaries in memory. */
const OPEN_DAYS = 4;

const setup = workerData as WriterSetup;
const open = new Map<string, DayWriter>();
const preparing = new Preparing(setup, schedule, passedOn);
let scheduled = false;
let lastSequence = setup.floor;

function writerOf(day: string): DayWriter {
  const known = open.get(day);
  if (known) {
    open.delete(day);
    open.set(day, known);
    return known;
  }
  const writer = openOrReplace(day);
  open.set(day, writer);
  for (const [oldest, other] of open) {
    if (open.size <= OPEN_DAYS) break;
    open.delete(oldest);
    other.close();
  }
  return writer;
}

function openOrReplace(day: string): DayWriter {
  try {
    return new DayWriter(setup.folder, day);
  } catch (error) {
    if (failureOf(error) !== 'damaged') throw error;
    setAside(day, error);
    return new DayWriter(setup.folder, day);
  }
}

function setAside(day: string, error: unknown): void {
  const file = moveAside(setup.folder, day);
  const reason = error instanceof Error ? error.message : String(error);
  notify('error', 'A day file is damaged and was moved aside; the day goes on in a new file.', { day, file, reason });
}

/** A file that cannot be opened for another reason than damage must not stop the other days. */
function readLastSequence(): void {
  for (const day of listDays(setup.folder)) {
    try {
      const db = openDayForWriting(setup.folder, day);
      const last = db.prepare('SELECT max(last_sequence) AS last FROM batch').get()?.['last'];
      lastSequence = Math.max(lastSequence, Number(last ?? 0));
      db.close();
    } catch (error) {
      if (failureOf(error) === 'damaged') setAside(day, error);
      else notify('error', 'A day file cannot be opened.', { day, reason: String(error) });
    }
  }
}

async function append(call: AppendCall, transfer: TransferListItem[]): Promise<AppendResult> {
  const written = await preparing.add(call);
  const { stored, duplicates, deadLettered, firstSequence } = written;
  if (stored === 0) return { stored, duplicates, deadLettered, appended: undefined };
  const lines = written.lines ?? Uint32Array.from({ length: stored }, (_, at) => at);
  const { body } = written;
  if (body.buffer.byteLength === body.byteLength) transfer.push(body.buffer as ArrayBuffer);
  transfer.push(lines.buffer as ArrayBuffer);
  return {
    stored,
    duplicates,
    deadLettered,
    appended: {
      firstSequence,
      lastSequence: firstSequence + stored - 1,
      collector: call.collector as never,
      agency: call.agency as never,
      receivedAt: call.receivedAt,
      body,
      lines,
    },
  };
}

function schedule(): void {
  if (!scheduled) setImmediate(flush);
  scheduled = true;
}

/** Writes what waits in one transaction; what came meanwhile is taken in before the next one. */
function flush(): void {
  scheduled = false;
  const group = preparing.take();
  if (group.length === 0) return;
  writeGroup(group);
  schedule();
}

function writeGroup(group: readonly Waiting[]): void {
  const day = group[0]?.batch.header.day ?? '';
  try {
    for (const [index, written] of writeTransaction(day, group).entries()) group[index]?.resolve(written);
  } catch (error) {
    // What one batch is refused for must not fall on those beside it.
    if (error instanceof HaidangError && group.length > 1) {
      for (const one of group) writeGroup([one]);
      return;
    }
    const failure = storeFailure(day, error);
    for (const { reject } of group) reject(failure);
  }
}

function writeTransaction(day: string, group: readonly Waiting[], again = true): WrittenBatch[] {
  const before = lastSequence;
  let writer: DayWriter | undefined;
  try {
    writer = writerOf(day);
    writer.begin();
    const results: WrittenBatch[] = [];
    for (const { batch } of group) {
      const written = writer.write(batch, lastSequence + 1);
      lastSequence += written.stored;
      results.push(written);
    }
    writer.commit();
    return results;
  } catch (error) {
    lastSequence = before;
    abandon(day, writer);
    if (!again || failureOf(error) !== 'damaged') throw error;
    setAside(day, error);
    return writeTransaction(day, group, false);
  }
}

/** After a failure the file is closed and opened anew: nothing of the failed transaction lives on in memory. */
function abandon(day: string, writer: DayWriter | undefined): void {
  open.delete(day);
  try {
    writer?.rollback();
  } catch {
    // Closing rolls back as well.
  }
  try {
    writer?.close();
  } catch (error) {
    notify('error', 'A day file could not be closed after a failure.', { day, reason: String(error) });
  }
}

function storeFailure(day: string, error: unknown): unknown {
  if (error instanceof HaidangError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  if (failureOf(error) === 'full') {
    notify('error', 'The disk is full: nothing is stored until there is space.', { day, reason });
    return new HaidangError('HD_STORE_FULL', `The day file ${day} cannot grow: ${reason}.`, { retryAfter: 10 });
  }
  notify('error', 'A batch could not be written.', { day, reason });
  return new HaidangError('HD_STORE_DOWN', `The day file ${day} cannot be written: ${reason}.`, { retryAfter: 5 });
}

async function close(): Promise<void> {
  while (!preparing.isIdle) await new Promise((resolve) => setTimeout(resolve, 2));
  await preparing.close();
  for (const writer of open.values()) writer.close();
  open.clear();
}

makeFolders(setup.folder);
readLastSequence();
serve({
  append,
  close,
  lastSequence: () => lastSequence,
  raiseFloor: (floor: number) => {
    lastSequence = Math.max(lastSequence, floor);
    return lastSequence;
  },
});
