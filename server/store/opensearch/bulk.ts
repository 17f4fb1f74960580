import type { ByteSink, SinkPool } from './byte-sink.ts';
import type { Json } from './mapping.ts';
import type { BulkSize } from './pace.ts';

/** One write of a bulk request; `lines` are its action and document. */
export interface BulkItem {
  readonly action: 'create' | 'index' | 'delete';
  readonly index: string;
  readonly id: string;
  readonly document?: Json | WrittenDocument;
  /** Write only where the document is still the one that was read. */
  readonly if?: { readonly seqNo: number; readonly term: number };
}

/** A document that writes its JSON itself, when the request is made up. */
export abstract class WrittenDocument {
  /** Bytes at the most. */
  abstract readonly size: number;
  abstract writeTo(sink: ByteSink): void;
}

export interface BulkResult {
  readonly status: number;
  /** Why it was refused; undefined where it was done. */
  readonly reason: string | undefined;
}

/** The body of one bulk request, and which of the items are in it. */
export interface BulkBody {
  readonly places: readonly number[];
  /** The index of items that name none. */
  readonly index: string | undefined;
  readonly sink: ByteSink;
  /** Whether there would have been more. */
  readonly full: boolean;
}

/** What an item's status says: `refused` items are refused again however often they are sent. */
export type BulkOutcome = 'done' | 'conflict' | 'refused' | 'busy' | 'blocked' | 'denied';

/** Sorts the answer to one item. A 404 of a delete is done: what was to go is not there. */
export function outcomeOf({ status, reason = '' }: BulkResult, action: BulkItem['action']): BulkOutcome {
  if (status < 300 || (status === 404 && action === 'delete')) return 'done';
  if (status === 409) return 'conflict';
  if (status === 400 || status === 413) return 'refused';
  if (reason.includes('cluster_block_exception')) return 'blocked';
  if (status === 401 || status === 403) return 'denied';
  return 'busy';
}

/** Longest action line: index, id and condition. */
const LONGEST_ACTION = 2_048;

/**
 * Makes one request's body of the first of `left`, which it takes away; undefined where none are left. `oneIndex`: most items are
 * for one index, which the request's address names, so that they need not.
 */
export function nextBody(
  items: readonly BulkItem[],
  left: number[],
  { size, sinks, oneIndex }: { readonly size: BulkSize; readonly sinks: SinkPool; readonly oneIndex: boolean },
): BulkBody | undefined {
  const first = items[left[0] ?? -1];
  if (first === undefined) return undefined;
  const index = oneIndex ? first.index : undefined;
  const sink = sinks.take(spaceFor(items, left, size));
  let count = 0;
  for (; count < left.length && count < size.items; count++) {
    const item = items[left[count] as number] as BulkItem;
    const before = sink.length;
    writeItem(item, index, sink);
    if (count === 0 || sink.length <= size.bytes) continue;
    sink.length = before;
    break;
  }
  const places = left.splice(0, count);
  return { places, index, sink, full: left.length > 0 };
}

function spaceFor(items: readonly BulkItem[], left: readonly number[], size: BulkSize): number {
  let space = 0;
  for (let at = 0; at < left.length && at < size.items && space < size.bytes; at++) {
    const { document } = items[left[at] as number] as BulkItem;
    space += document instanceof WrittenDocument ? document.size + 128 : 1_024;
  }
  return Math.min(space, size.bytes) + LONGEST_ACTION;
}

function writeItem(
  { action, index, id, document, if: condition }: BulkItem,
  usual: string | undefined,
  sink: ByteSink,
): void {
  if (index === usual && condition === undefined) sink.text(`{"${action}":{"_id":${JSON.stringify(id)}}}\n`);
  else {
    const place = {
      _index: index,
      _id: id,
      ...(condition ? { if_seq_no: condition.seqNo, if_primary_term: condition.term } : {}),
    };
    sink.text(`${JSON.stringify({ [action]: place })}\n`);
  }
  if (document === undefined) return;
  if (document instanceof WrittenDocument) document.writeTo(sink);
  else sink.text(JSON.stringify(document));
  sink.text('\n');
}
