import { HaidangError } from '../../errors.ts';
import type { TimeRange } from '../event-store.ts';

/** A place in the order of results, newest first: by time, then number, then server. */
export interface Place {
  readonly ts: number;
  readonly sequence: number;
  readonly node: string;
}

/** A place as a page's `next`. */
export function writePlace({ ts, sequence, node }: Place): string {
  return `${ts.toString(36)}.${sequence.toString(36)}.${node}`;
}

/** Reads what `writePlace` wrote. @throws HaidangError `HD_BAD_REQUEST` */
export function placeOf(text: string): Place {
  const found = /^(-?[0-9a-z]{1,12})\.([0-9a-z]{1,12})\.([a-z0-9-]{1,64})$/.exec(text);
  const [, ts = '', sequence = '', node = ''] = found ?? [];
  const place = { ts: Number.parseInt(ts, 36), sequence: Number.parseInt(sequence, 36), node };
  if (!found || !Number.isSafeInteger(place.ts) || !Number.isSafeInteger(place.sequence)) {
    throw new HaidangError('HD_BAD_REQUEST', 'The place to go on from is not one that a page gave; start anew.');
  }
  return place;
}

/** A place as the cluster's `search_after`. */
export function placeValues({ ts, sequence, node }: Place): readonly [number, number, string] {
  return [ts, sequence, node];
}

/** A range in milliseconds. @throws HaidangError `HD_TIME_RANGE` */
export function rangeOf(range: TimeRange): { readonly from: number; readonly to: number } {
  const from = Date.parse(range.from);
  const to = Date.parse(range.to);
  if (Number.isNaN(from) || Number.isNaN(to)) {
    throw new HaidangError('HD_TIME_RANGE', 'The range needs two times in ISO 8601, such as 2026-11-22T00:00:00.000Z.');
  }
  return { from, to };
}
