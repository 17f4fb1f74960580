import type { DatabaseSync } from 'node:sqlite';
import { COLUMN_FIELDS } from './fields.ts';
import { inTransaction } from './in-transaction.ts';
import { packNumbers } from './packed.ts';
import { PART, partRow, RollUpList } from './roll-ups.ts';
import { FIRST_COLUMN_PLACE, type SegmentInfo, SegmentList, SHAPE_PLACE, WHOLE_SEGMENT } from './segments.ts';

/** Events of one roll-up: longer ones cost less to read, shorter ones leave fewer events at the edges of a range to be counted one by one. */
const ROLLED_EVENTS = 262_144;

/** Events of one pair, so that its count fits a byte; of more there are several pairs. */
const MOST_OF_PAIR = 255;

/** Makes roll-ups of the segments that have none, one in a step. `most`: events from which on one takes no other segment. */
export function* rollUpSegments(db: DatabaseSync, most: number = ROLLED_EVENTS): Generator<void> {
  const list = new SegmentList(db);
  const rolled = new RollUpList(db).all;
  let run: SegmentInfo[] = [];
  let events = 0;
  let at = 0;
  const rollUp = () => {
    if (events >= WHOLE_SEGMENT) rollUpRun(db, list, run, events);
    run = [];
    events = 0;
  };
  for (const info of [...list.all]) {
    while ((rolled[at]?.last ?? info.first) < info.first) at++;
    if ((rolled[at]?.first ?? Number.POSITIVE_INFINITY) <= info.last) {
      rollUp();
      continue;
    }
    run.push(info);
    events += info.events;
    if (events < most) continue;
    rollUp();
    yield;
  }
  rollUp();
}

function rollUpRun(db: DatabaseSync, list: SegmentList, run: readonly SegmentInfo[], events: number): void {
  const first = run[0]?.first as number;
  const last = run.at(-1)?.last as number;
  const shapes = new Int32Array(events);
  gather(list, run, SHAPE_PLACE, shapes);
  const order = orderBy(shapes);
  const parts: [row: number, numbers: Uint8Array][] = [
    [partRow(first, SHAPE_PLACE, PART.ids), packNumbers(order.shapes, 0, order.shapes.length)],
    [partRow(first, SHAPE_PLACE, PART.counts), packNumbers(order.counts, 0, order.counts.length)],
  ];
  const ids = new Int32Array(events);
  for (let place = FIRST_COLUMN_PLACE; place < FIRST_COLUMN_PLACE + COLUMN_FIELDS.length; place++) {
    gather(list, run, place, ids);
    const pairs = pairsOf(ids, order);
    parts.push(
      [partRow(first, place, PART.ends), packNumbers(pairs.ends, 0, pairs.ends.length)],
      [partRow(first, place, PART.ids), packNumbers(pairs.ids, 0, pairs.length)],
      [partRow(first, place, PART.counts), packNumbers(pairs.counts, 0, pairs.length)],
    );
  }
  const minTs = run.reduce((least, info) => Math.min(least, info.minTs), Number.POSITIVE_INFINITY);
  const maxTs = run.reduce((most, info) => Math.max(most, info.maxTs), Number.NEGATIVE_INFINITY);
  inTransaction(db, () => {
    const found = db.prepare(
      'SELECT count(*) AS n, sum(events) AS events FROM segment WHERE last_sequence >= ? AND first_sequence <= ?',
    );
    const now = found.get(first, last);
    // A late event may have had the writer merge them with others meanwhile.
    if (Number(now?.['n']) !== run.length || Number(now?.['events']) !== events) return;
    const insert = db.prepare('INSERT INTO roll_up_part VALUES (?, ?)');
    for (const [row, numbers] of parts) if (numbers.length > 0) insert.run(row, numbers);
    const rollUp = db.prepare('INSERT INTO roll_up VALUES (?, ?, ?, ?, ?, ?)');
    rollUp.run(first, last, events, order.shapes.length, minTs, maxTs);
  });
}

function gather(list: SegmentList, run: readonly SegmentInfo[], place: number, into: Int32Array): void {
  let at = 0;
  for (const info of run) {
    into.set(list.open(info).ids(place), at);
    at += info.events;
  }
}

/** Events by their shapes. */
interface Order {
  /** The shapes there are, ascending, and how many events have each. */
  readonly shapes: Int32Array;
  readonly counts: Int32Array;
  /** Places of the events, those of the first shape first. */
  readonly places: Int32Array;
}

function orderBy(shapes: Int32Array): Order {
  const events = new Int32Array(shapes.reduce((most, shape) => Math.max(most, shape), 0) + 1);
  for (const shape of shapes) events[shape] = (events[shape] as number) + 1;
  const known = Int32Array.from([...events.keys()].filter((shape) => events[shape] !== 0));
  const next = new Int32Array(events.length);
  let sum = 0;
  for (const shape of known) {
    next[shape] = sum;
    sum += events[shape] as number;
  }
  const places = new Int32Array(shapes.length);
  for (let at = 0; at < shapes.length; at++) {
    const shape = shapes[at] as number;
    places[next[shape] as number] = at;
    next[shape] = (next[shape] as number) + 1;
  }
  return { shapes: known, counts: known.map((shape) => events[shape] as number), places };
}

/** The different numbers of a column under each shape, and how often each occurs there. */
function pairsOf(
  column: Int32Array,
  { places, counts: sizes }: Order,
): { readonly ends: Int32Array; readonly ids: Int32Array; readonly counts: Int32Array; readonly length: number } {
  const sorted = new Int32Array(column.length);
  for (let at = 0; at < places.length; at++) sorted[at] = column[places[at] as number] as number;
  const ends = new Int32Array(sizes.length);
  const ids = new Int32Array(column.length);
  const counts = new Int32Array(column.length);
  let length = 0;
  let from = 0;
  for (let nth = 0; nth < sizes.length; nth++) {
    const end = from + (sizes[nth] as number);
    sorted.subarray(from, end).sort();
    const first = length;
    for (; from < end; from++) {
      const id = sorted[from] as number;
      if (length === first || ids[length - 1] !== id || counts[length - 1] === MOST_OF_PAIR) ids[length++] = id;
      counts[length - 1] = (counts[length - 1] as number) + 1;
    }
    ends[nth] = length;
  }
  return { ends, ids, counts, length };
}
