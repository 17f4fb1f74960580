import { hash } from 'node:crypto';
import { HaidangError } from '../../errors.ts';
import { RECORD_INDEXES } from '../record-kinds.ts';
import type { RecordFilter, RecordKind, Versioned } from '../record-store.ts';
import type { Json } from './mapping.ts';
import type { Scope } from './search.ts';

/** A record whose document this side does not look into. */
export type AnyRecord = Versioned<Json>;

/** A record's document in the cluster. */
export interface RecordSource {
  readonly kind: string;
  readonly id: string;
  readonly version: number;
  readonly change: number;
  readonly document: string;
}

/** What the cluster compares, so that of two writers at one version one is told so. */
export interface Place {
  readonly seqNo: number;
  readonly term: number;
}

const LONGEST_ID = 400;
const LONGEST_COLUMN = 4_000;

/** The `_id` of a record: an `_id` has at most 512 bytes. */
export function recordId(kind: RecordKind, id: string): string {
  const plain = `${kind}:${id}`;
  return Buffer.byteLength(plain) <= LONGEST_ID ? plain : `${kind}#${hash('sha256', id)}`;
}

/** Writes a record for the cluster: the document as text, and beside it the fields to filter and sort by. */
export function writeRecord(kind: RecordKind, record: AnyRecord): Json {
  const { id, version, change, document } = record;
  const columns = Object.fromEntries(RECORD_INDEXES[kind].map((field) => [field, columnValue(document[field])]));
  return { kind, id, version, change, columns, document: JSON.stringify(document) };
}

/** Reads what `writeRecord` wrote. */
export function readRecord({ id, version, change, document }: RecordSource): AnyRecord {
  return { id, version, change, document: JSON.parse(document) as Json };
}

/** A value as its column holds it: nothing sorts before everything, as in the embedded store. */
export function columnValue(value: unknown): string {
  if (value === undefined || value === null) return 'n';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return `v${text.slice(0, LONGEST_COLUMN)}`;
}

/** Filters of a question; undefined where nothing can pass. @throws HaidangError `HD_BAD_REQUEST` */
export function filtersOf(kind: RecordKind, where: RecordFilter['where'], scope: Scope): Json[] | undefined {
  const filters: Json[] = [{ term: { kind } }];
  for (const [field, allowed] of Object.entries(where ?? {})) {
    filters.push({ terms: { [columnOf(kind, field)]: allowed.map(columnValue) } });
  }
  if (scope === 'all') return filters;
  if (!hasAgency(kind) || scope.length === 0) return undefined;
  filters.push({ terms: { 'columns.agency': scope.map(columnValue) } });
  return filters;
}

/** The column of a field that may be filtered and sorted by. @throws HaidangError `HD_BAD_REQUEST` */
export function columnOf(kind: RecordKind, field: string): string {
  if (RECORD_INDEXES[kind].includes(field)) return `columns.${field}`;
  throw new HaidangError('HD_BAD_REQUEST', `Records of kind ${kind} cannot be filtered or sorted by "${field}".`);
}

/** Whether a scope shows a record. */
export function sees(kind: RecordKind, document: Json, scope: Scope): boolean {
  if (scope === 'all') return true;
  return hasAgency(kind) && scope.includes(document['agency'] as never);
}

/** @throws HaidangError `HD_FORBIDDEN` */
export function assertMayWrite(kind: RecordKind, document: Json, scope: Scope): void {
  if (sees(kind, document, scope)) return;
  throw new HaidangError('HD_FORBIDDEN', `This identity may not write records of kind ${kind} of this agency.`);
}

function hasAgency(kind: RecordKind): boolean {
  return RECORD_INDEXES[kind].includes('agency');
}

/** Reads a page's `next`. @throws HaidangError `HD_BAD_REQUEST` */
export function readNext(text: string, values: number): readonly string[] {
  try {
    const place: unknown = JSON.parse(text);
    if (Array.isArray(place) && place.length === values && place.every((one) => typeof one === 'string')) return place;
  } catch {
    // Said below.
  }
  throw new HaidangError('HD_BAD_REQUEST', 'The place to go on from is not one that a page gave; start anew.');
}
