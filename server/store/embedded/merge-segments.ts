import type { DatabaseSync } from 'node:sqlite';
import { COLUMN_FIELDS } from './fields.ts';
import { inTransaction } from './in-transaction.ts';
import { SegmentWriter } from './segment-writer.ts';
import { FIRST_COLUMN_PLACE, type SegmentInfo, SegmentList, SHAPE_PLACE } from './segments.ts';

/** Events of the segments of a day that hardly grows any more: the fewer there are, the faster a week is counted. */
const LARGE_SEGMENT = 32_768;

/** Tells readers that segments are others than they were (`SegmentList`). */
const COUNT_MERGE = `
INSERT INTO meta VALUES ('segments_merged', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1`;

/** Makes large segments of those that follow each other, one in a step. */
export function* mergeSegments(db: DatabaseSync): Generator<void> {
  const list = new SegmentList(db);
  let small: SegmentInfo[] = [];
  let events = 0;
  for (const info of [...list.all]) {
    small.push(info);
    events += info.events;
    if (events < LARGE_SEGMENT) continue;
    if (small.length > 1) mergeInto(db, list, small);
    small = [];
    events = 0;
    yield;
  }
  if (small.length > 1) mergeInto(db, list, small);
}

function mergeInto(db: DatabaseSync, list: SegmentList, small: readonly SegmentInfo[]): void {
  const first = small[0]?.first as number;
  const last = small.at(-1)?.first as number;
  const events = small.reduce((sum, info) => sum + info.events, 0);
  inTransaction(db, () => {
    const found = db.prepare(
      'SELECT count(*) AS n, sum(events) AS events FROM segment WHERE first_sequence BETWEEN ? AND ?',
    );
    const now = found.get(first, last);
    // A late event may have had the writer merge them meanwhile.
    if (Number(now?.['n']) !== small.length || Number(now?.['events']) !== events) return;
    const writer = new SegmentWriter(db);
    for (const info of small) copy(list, info, writer);
    writer.replace(first, last);
    db.exec(COUNT_MERGE);
  });
}

function copy(list: SegmentList, info: SegmentInfo, writer: SegmentWriter): void {
  const segment = list.open(info);
  const { times, length } = segment;
  const places = [SHAPE_PLACE, ...COLUMN_FIELDS.map((_, column) => FIRST_COLUMN_PLACE + column)];
  const columns = places.map((place) => segment.ids(place));
  for (let at = 0; at < length; at++) {
    const numbers = columns.map((ids) => ids[at] as number);
    writer.add(segment.sequence(at), info.minTs + (times[at] as number), numbers);
  }
}
