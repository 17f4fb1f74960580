import { parseEventId } from '../../../ecs/event-id.ts';
import type { AgencyId, CollectorId } from '../../identity.ts';
import type { DeadLetterRecord } from '../../ingest/record.ts';
import type { StoredBatch, StoredEvent } from '../event-store.ts';
import { type BatchRow, batchRow, type DayReader } from './day-reader.ts';
import type { Scope } from './read-calls.ts';

/** Most ids of one `getMany`, and most dead letters at once. */
const MOST = 1_000;
/** Most batches of one `readFrom`, and most bytes of their frames. */
const MOST_BATCHES = 64;
const MOST_BYTES = 64 * 1024 * 1024;

/** The events of these ids that are there and may be seen, in the order asked for. */
export function getMany(
  openDay: (day: string) => DayReader | undefined,
  ids: readonly string[],
  scope: Scope,
): StoredEvent[] {
  const linesOf = new Map<string, ReadonlyMap<number, number>>();
  return ids.slice(0, MOST).flatMap((text) => {
    const id = parseEventId(text);
    const reader = id && openDay(id.day);
    if (!id || !reader) return [];
    for (const batch of batchesHolding(reader, `${id.collector}-${id.epoch}`, id.sequence)) {
      if (!sees(scope, batch.agency)) continue;
      const key = `${id.day} ${batch.first}`;
      const lines = linesOf.get(key) ?? sequencesByLine(reader, batch);
      linesOf.set(key, lines);
      const line = id.sequence - batch.frameFirst;
      const sequence = lines.get(line);
      if (sequence === undefined) continue;
      const event = reader.document(batch, line);
      // The hash is part of the id: a different one was never stored here.
      return event.event.id === text ? [{ id: text, sequence, event }] : [];
    }
    return [];
  });
}

/** A frame of several agencies is a batch for each of them, and may have been sent more than once. */
const MOST_HOLDING = 1_000;

/** The batches of a stream whose frame covers a position, oldest first. */
export function batchesHolding(reader: DayReader, stream: string, frameSequence: number): BatchRow[] {
  return reader
    .statement(
      'SELECT * FROM batch WHERE stream = ? AND frame_last >= ? AND frame_first <= ? ORDER BY frame_last LIMIT ?',
    )
    .all(stream, frameSequence, frameSequence, MOST_HOLDING)
    .map(batchRow);
}

/** Rows that are there for a batch: line of the frame → sequence. */
export function sequencesByLine(reader: DayReader, batch: BatchRow): ReadonlyMap<number, number> {
  const rows = reader
    .statement('SELECT line, sequence FROM event WHERE sequence BETWEEN ? AND ?')
    .all(batch.first, batch.last);
  return new Map(rows.map((row) => [Number(row['line']), Number(row['sequence'])]));
}

function sees(scope: Scope, agency: string): boolean {
  return scope === 'all' || scope.includes(agency as AgencyId);
}

/** Stored batches from a sequence on, oldest first, over all days. */
export function readFrom(readers: readonly DayReader[], sequence: number, limit: number): StoredBatch[] {
  const most = Math.max(1, Math.min(MOST_BATCHES, limit));
  const found = readers.flatMap((reader) => {
    const rows = reader
      .statement('SELECT * FROM batch WHERE first_sequence >= ? ORDER BY first_sequence LIMIT ?')
      .all(sequence, most)
      .map(batchRow);
    const around = reader.batchAt(sequence);
    const batches = around && around.first < sequence ? [around, ...rows] : rows;
    return batches.map((batch) => ({ reader, batch }));
  });
  found.sort((a, b) => a.batch.first - b.batch.first);
  const stored: StoredBatch[] = [];
  let bytes = 0;
  for (const { reader, batch } of found.slice(0, most)) {
    const body = reader.body(batch);
    bytes += body.byteLength;
    if (stored.length > 0 && bytes > MOST_BYTES) break;
    stored.push({
      firstSequence: batch.first,
      lastSequence: batch.last,
      collector: batch.collector as CollectorId,
      agency: batch.agency as AgencyId,
      receivedAt: batch.receivedAt,
      body,
      lines: batch.lines ?? Uint32Array.from({ length: batch.last - batch.first + 1 }, (_, at) => at),
    });
  }
  return stored;
}

/** Dead letters that may be seen, latest first. */
export function deadLetters(readers: readonly DayReader[], limit: number, scope: Scope): DeadLetterRecord[] {
  const most = Math.max(1, Math.min(MOST, limit));
  const agencies = JSON.stringify(scope === 'all' ? [] : scope);
  const found = readers.flatMap((reader) =>
    reader
      .statement(
        `SELECT agency, collector, at, source, reason, line FROM dead_letter
          WHERE ? OR agency IN (SELECT value FROM json_each(?)) ORDER BY at DESC, frame_sequence DESC LIMIT ?`,
      )
      .all(scope === 'all' ? 1 : 0, agencies, most)
      .map((row) => ({ ...row }) as unknown as DeadLetterRecord),
  );
  return found.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0)).slice(0, most);
}
