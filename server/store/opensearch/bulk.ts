import type { Json } from './mapping.ts';
import type { BulkSize } from './pace.ts';

/** One write of a bulk request; `lines` are its action and document. */
export interface BulkItem {
  readonly action: 'create' | 'index' | 'delete';
  readonly index: string;
  readonly id: string;
  /** A function is asked when the request is made up, so that thousands of documents need not lie in memory as text. */
  readonly document?: Json | (() => Json);
  /** Write only where the document is still the one that was read. */
  readonly if?: { readonly seqNo: number; readonly term: number };
}

export interface BulkResult {
  readonly status: number;
  /** Why it was refused; undefined where it was done. */
  readonly reason: string | undefined;
}

/** The body of one bulk request, and which of the items are in it. */
export interface BulkBody {
  readonly places: readonly number[];
  readonly text: string;
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

/** Makes one request's body of the first of `left`, which it takes away. */
export function nextBody(items: readonly BulkItem[], left: number[], size: BulkSize): BulkBody {
  const places: number[] = [];
  const texts: string[] = [];
  let length = 0;
  while (left.length > 0 && places.length < size.items) {
    const place = left[0] as number;
    const text = bulkText(items[place] as BulkItem);
    if (places.length > 0 && length + text.length > size.bytes) break;
    left.shift();
    places.push(place);
    texts.push(text);
    length += text.length;
  }
  return { places, text: texts.join(''), full: left.length > 0 };
}

function bulkText({ action, index, id, document, if: condition }: BulkItem): string {
  const place = {
    _index: index,
    _id: id,
    ...(condition ? { if_seq_no: condition.seqNo, if_primary_term: condition.term } : {}),
  };
  const head = `${JSON.stringify({ [action]: place })}\n`;
  if (document === undefined) return head;
  return `${head}${JSON.stringify(typeof document === 'function' ? document() : document)}\n`;
}
