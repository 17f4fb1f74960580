import { isObject } from '../parsers/json-object.ts';
import { HttpFault } from './http-body.ts';

/** One action of a bulk request, and what becomes of it. */
export interface BulkItem {
  readonly action: 'index' | 'create' | 'update' | 'delete';
  readonly index: string;
  readonly id: string | undefined;
  /** Why it is refused; undefined where its document is kept. */
  readonly refused: string | undefined;
}

/** A bulk request taken apart; `documents` are those of the items not refused, in order. */
export interface BulkRequest {
  readonly items: readonly BulkItem[];
  readonly documents: Documents;
}

/** Documents of a body, cut out of it one by one as they are asked for: thousands of them wait for nothing in memory. */
export class Documents implements Iterable<Buffer> {
  readonly #body: Buffer;
  readonly #ends: readonly number[];

  /** `ends` has where each begins and where it ends, one after the other. */
  constructor(body: Buffer, ends: readonly number[]) {
    this.#body = body;
    this.#ends = ends;
  }

  get length(): number {
    return this.#ends.length / 2;
  }

  *[Symbol.iterator](): Iterator<Buffer> {
    for (let at = 0; at < this.#ends.length; at += 2) yield this.#body.subarray(this.#ends[at], this.#ends[at + 1]);
  }
}

const NEWLINE = 10;
const MOST_ITEMS = 100_000;
const LONGEST_ACTION = 8_192;
const ACTIONS = new Set(['index', 'create', 'update', 'delete']);
const MISSING = 'The document is missing.';
const NOT_APPEND = 'Only index and create are done here: events are kept as they came, and never changed.';

/**
 * Takes a `_bulk` body apart: an action line, then, except for `delete`, a document line. Updates and deletions are
 * refused one by one; an action line that is none throws `HttpFault` 400 for the whole request, as nobody can tell
 * where the next begins. `index` is the one the address names.
 */
export function parseBulk(body: Buffer, index: string | undefined): BulkRequest {
  const items: BulkItem[] = [];
  const documents: number[] = [];
  const whole = { line: body, start: 0 };
  let at = 0;
  let number = 0;
  const next = (): typeof whole | undefined => {
    if (at >= body.length) return undefined;
    const newline = body.indexOf(NEWLINE, at);
    const end = newline < 0 ? body.length : newline;
    whole.start = at;
    whole.line = body.subarray(at, body[end - 1] === 13 && end > at ? end - 1 : end);
    at = end + 1;
    number++;
    return whole;
  };
  // Senders say the same of nearly every document: then it is read once, and is one item many times.
  let last: { readonly line: Buffer; readonly item: BulkItem } | undefined;
  while (next()) {
    if (whole.line.length === 0) continue;
    if (items.length >= MOST_ITEMS) throw new HttpFault(413, `More than ${MOST_ITEMS} documents in one request.`);
    if (!last?.line.equals(whole.line)) last = { line: whole.line, item: readItem(whole.line, number, index) };
    const { item } = last;
    if (item.action === 'delete') items.push(item);
    else if (!next() || whole.line.length === 0) items.push({ ...item, refused: item.refused ?? MISSING });
    else {
      items.push(item);
      if (item.refused === undefined) documents.push(whole.start, whole.start + whole.line.length);
    }
  }
  if (items.length === 0) throw new HttpFault(400, 'The bulk request holds no action.');
  return { items, documents: new Documents(body, documents) };
}

/** What an action line asks for; `refused` says so where it is never done here. */
function readItem(line: Buffer, number: number, index: string | undefined): BulkItem {
  const { action, meta } = readAction(line, number);
  return {
    action,
    index: text(meta['_index']) ?? index ?? 'events',
    id: text(meta['_id']),
    refused: action === 'index' || action === 'create' ? undefined : NOT_APPEND,
  };
}

function readAction(line: Buffer, number: number): { action: BulkItem['action']; meta: Record<string, unknown> } {
  const malformed = () =>
    new HttpFault(400, `Malformed action/metadata line [${number}], expected index, create, update or delete.`);
  if (line.length > LONGEST_ACTION) throw malformed();
  let parsed: unknown;
  try {
    parsed = JSON.parse(line.toString('utf8'));
  } catch {
    throw malformed();
  }
  const keys = isObject(parsed) ? Object.keys(parsed) : [];
  const [action = ''] = keys;
  if (keys.length !== 1 || !ACTIONS.has(action)) throw malformed();
  const meta = (parsed as Record<string, unknown>)[action];
  return { action: action as BulkItem['action'], meta: isObject(meta) ? meta : {} };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= 512 ? value : undefined;
}

/** The answer to a bulk request, item by item; `idOf` gives one of letters, digits and `-` to documents without. */
export function bulkAnswer(items: readonly BulkItem[], tookMs: number, idOf: (at: number) => string): string {
  const errors = items.some((item) => item.refused !== undefined);
  let index = '';
  let indexText = '""';
  const answers = items.map((item, at) => {
    if (item.index !== index) {
      index = item.index;
      indexText = JSON.stringify(index);
    }
    const id = item.id === undefined ? `"${idOf(at)}"` : JSON.stringify(item.id);
    const place = `"_index":${indexText},"_id":${id}`;
    if (item.refused === undefined) {
      return `{"${item.action}":{${place},"_version":1,"result":"created","_shards":{"total":1,"successful":1,"failed":0},"_seq_no":${at},"_primary_term":1,"status":201}}`;
    }
    const error = JSON.stringify({ type: 'illegal_argument_exception', reason: item.refused });
    return `{"${item.action}":{${place},"status":400,"error":${error}}}`;
  });
  // Some senders look for `"errors":false` in the text, so it comes first and without spaces.
  return `{"took":${tookMs},"errors":${errors},"items":[${answers.join(',')}]}`;
}
