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
  readonly documents: readonly Buffer[];
}

const NEWLINE = 10;
const MOST_ITEMS = 100_000;
const LONGEST_ACTION = 8_192;
const ACTIONS = new Set(['index', 'create', 'update', 'delete']);
const NOT_APPEND = 'Only index and create are done here: events are kept as they came, and never changed.';

/**
 * Takes a `_bulk` body apart: an action line, then, except for `delete`, a document line. Updates and deletions are
 * refused one by one; an action line that is none throws `HttpFault` 400 for the whole request, as nobody can tell
 * where the next begins. `index` is the one the address names.
 */
export function parseBulk(body: Buffer, index: string | undefined): BulkRequest {
  const items: BulkItem[] = [];
  const documents: Buffer[] = [];
  let at = 0;
  let number = 0;
  const next = (): Buffer | undefined => {
    if (at >= body.length) return undefined;
    const newline = body.indexOf(NEWLINE, at);
    const end = newline < 0 ? body.length : newline;
    const line = body.subarray(at, body[end - 1] === 13 && end > at ? end - 1 : end);
    at = end + 1;
    number++;
    return line;
  };
  // Senders say the same of nearly every document.
  let last: { readonly line: Buffer; readonly said: ReturnType<typeof readAction> } | undefined;
  for (let line = next(); line !== undefined; line = next()) {
    if (line.length === 0) continue;
    if (items.length >= MOST_ITEMS) throw new HttpFault(413, `More than ${MOST_ITEMS} documents in one request.`);
    if (!last?.line.equals(line)) last = { line, said: readAction(line, number) };
    const { action, meta } = last.said;
    const document = action === 'delete' ? undefined : next();
    const isKept = document !== undefined && document.length > 0 && (action === 'index' || action === 'create');
    items.push({
      action,
      index: text(meta['_index']) ?? index ?? 'events',
      id: text(meta['_id']),
      refused: isKept ? undefined : action === 'index' || action === 'create' ? 'The document is missing.' : NOT_APPEND,
    });
    if (isKept) documents.push(document);
  }
  if (items.length === 0) throw new HttpFault(400, 'The bulk request holds no action.');
  return { items, documents };
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

/** The answer to a bulk request, item by item; `idOf` gives an id to documents that came without one. */
export function bulkAnswer(items: readonly BulkItem[], tookMs: number, idOf: (at: number) => string): string {
  const errors = items.some((item) => item.refused !== undefined);
  let index = '';
  let indexText = '""';
  const answers = items.map((item, at) => {
    if (item.index !== index) {
      index = item.index;
      indexText = JSON.stringify(index);
    }
    const place = `"_index":${indexText},"_id":${JSON.stringify(item.id ?? idOf(at))}`;
    if (item.refused === undefined) {
      return `{"${item.action}":{${place},"_version":1,"result":"created","_shards":{"total":1,"successful":1,"failed":0},"_seq_no":${at},"_primary_term":1,"status":201}}`;
    }
    const error = JSON.stringify({ type: 'illegal_argument_exception', reason: item.refused });
    return `{"${item.action}":{${place},"status":400,"error":${error}}}`;
  });
  // Some senders look for `"errors":false` in the text, so it comes first and without spaces.
  return `{"took":${tookMs},"errors":${errors},"items":[${answers.join(',')}]}`;
}
