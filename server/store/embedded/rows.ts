import type { MinuteCounts } from './minute-counts.ts';
import { type Segment, SHAPE_PLACE } from './segments.ts';

/** Which events of a segment are meant: by place, 1 for each that is. */
export type Rows = 'all' | 'none' | Uint8Array;

/** Tells which events of a segment satisfy a condition. A list it gives is the caller's to change. */
export type RowTest = (segment: Segment) => Rows;

/** Marks of dictionary numbers: 1 at each of these. */
export function marked(ids: readonly number[]): Uint8Array {
  const marks = new Uint8Array(ids.reduce((most, id) => Math.max(most, id), 0) + 1);
  for (const id of ids) marks[id] = 1;
  return marks;
}

/** Events whose shape is marked. Most segments tell by their counts. */
export function ofShapes(marks: Uint8Array): RowTest {
  return (segment) => {
    const has = segment.info.counts.has(marks);
    return has === 'some' ? rowsWith(segment.ids(SHAPE_PLACE), marks) : has;
  };
}

/** Events whose number in a column is marked. */
export function ofColumn(place: number, marks: Uint8Array): RowTest {
  return (segment) => rowsWith(segment.ids(place), marks);
}

function rowsWith(ids: Int32Array, marks: Uint8Array): Uint8Array {
  const rows = new Uint8Array(ids.length);
  const last = marks.length;
  for (let at = 0; at < ids.length; at++) {
    const id = ids[at] as number;
    if (id < last) rows[at] = marks[id] as number;
  }
  return rows;
}

/** Events whose time, in milliseconds, satisfies a test. */
export function atTimes(test: (ts: number) => boolean): RowTest {
  return (segment) => {
    const { info, times, length } = segment;
    const rows = new Uint8Array(length);
    for (let at = 0; at < length; at++) if (test(info.minTs + (times[at] as number))) rows[at] = 1;
    return rows;
  };
}

/** Events that satisfy all. */
export function allOf(tests: readonly RowTest[]): RowTest {
  const [only] = tests;
  if (only && tests.length === 1) return only;
  return (segment) => {
    let rows: Rows = 'all';
    for (const test of tests) {
      rows = both(rows, test(segment));
      if (rows === 'none') break;
    }
    return rows;
  };
}

/** Events that satisfy one of them. */
export function anyOf(tests: readonly RowTest[]): RowTest {
  const [only] = tests;
  if (only && tests.length === 1) return only;
  return (segment) => {
    let rows: Rows = 'none';
    for (const test of tests) {
      rows = either(rows, test(segment));
      if (rows === 'all') break;
    }
    return rows;
  };
}

/** Events that do not satisfy it. */
export function noneOf(test: RowTest): RowTest {
  return (segment) => {
    const rows = test(segment);
    if (rows === 'all') return 'none';
    if (rows === 'none') return 'all';
    for (let at = 0; at < rows.length; at++) rows[at] = 1 - (rows[at] as number);
    return rows;
  };
}

function both(one: Rows, other: Rows): Rows {
  if (one === 'all' || other === 'none') return other;
  if (other === 'all' || one === 'none') return one;
  for (let at = 0; at < one.length; at++) one[at] = (one[at] as number) & (other[at] as number);
  return one;
}

function either(one: Rows, other: Rows): Rows {
  if (one === 'all' || other === 'none') return one;
  if (other === 'all' || one === 'none') return other;
  for (let at = 0; at < one.length; at++) one[at] = (one[at] as number) | (other[at] as number);
  return one;
}

/** Whether a segment with these counts can hold what a plan is for. */
export function mayHold(counts: MinuteCounts, shapes: Uint8Array | undefined): boolean {
  return shapes === undefined || counts.has(shapes) !== 'none';
}
