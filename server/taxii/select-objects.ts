import type { SQLInputValue } from 'node:sqlite';
import type { ObjectFilter, PageRequest, Place } from './filter.ts';
import { LIMITS } from './limits.ts';
import type { Statements } from './statements.ts';

/** An object of a collection as it is stored. */
export interface StoredObject {
  readonly sequence: number;
  readonly added: number;
  readonly id: string;
  readonly spec: number;
  readonly version: string;
  /** Its JSON text; undefined where only the rest was asked for. */
  readonly text: string | undefined;
}

/** A page, oldest first; `more` where the filter lets others through after it. */
export interface ObjectPage {
  readonly objects: readonly StoredObject[];
  readonly more: boolean;
}

interface Sql {
  readonly text: string;
  readonly values: readonly SQLInputValue[];
}

const EVER = Number.MIN_SAFE_INTEGER;

/**
 * A page of a collection, found by where the last one ended and not by how many came before, so that the millionth
 * object is found as fast as the first (TAXII 2.1 §3.3–3.5).
 */
export function selectPage(db: Statements, collection: number, request: PageRequest, withText: boolean): ObjectPage {
  const places = drivers(request)
    .flatMap((driver) => selectPlaces(db, collection, request, driver))
    .sort((a, b) => a.added - b.added || a.sequence - b.sequence);
  const objects: StoredObject[] = [];
  let bytes = 0;
  for (const { sequence } of places) {
    if (objects.length === request.limit || bytes > LIMITS.pageBytes) break;
    const object = readObject(db, sequence, withText);
    bytes += object.text?.length ?? 100;
    objects.push(object);
  }
  return { objects, more: objects.length < places.length };
}

/** Whether a collection holds any version of an object. */
export function hasObject(db: Statements, collection: number, id: string): boolean {
  return (
    db.of('SELECT 1 FROM object INDEXED BY object_id WHERE collection = ? AND id = ? LIMIT 1').get(collection, id) !==
    undefined
  );
}

/** The sequences of an object's versions that a filter lets through. */
export function selectVersions(db: Statements, collection: number, filter: ObjectFilter): Place[] {
  const request = { ...filter, after: undefined, limit: LIMITS.versions, mark: '' };
  return drivers(request).flatMap((driver) => selectPlaces(db, collection, request, driver));
}

/** An index, and what of it is gone through: each gives places in order, several are merged. */
interface Driver extends Sql {
  readonly index: string;
}

function drivers({ ids, types, versions, specs }: PageRequest): Driver[] {
  if (specs?.length === 0) return [];
  if (ids) return ids.map((id) => ({ index: 'object_id', text: 'r.id = ?', values: [id] }));
  if (types) return types.map((type) => ({ index: 'object_type', text: 'r.type = ?', values: [type] }));
  if (versions !== 'all' && !versions.first && !versions.last)
    return versions.at.map((at) => ({ index: 'object_version', text: 'r.version = ?', values: [at] }));
  return [{ index: isLastOnly(versions) ? 'object_current' : 'object_added', text: '1', values: [] }];
}

function selectPlaces(db: Statements, collection: number, request: PageRequest, driver: Driver): Place[] {
  const since = request.addedAfter ?? EVER;
  // One lower bound: of two, the database might seek to the farther one and go through all between them.
  const { after } = request;
  const bound: Sql =
    after && after.added > since
      ? { text: '(r.added, r.sequence) > (?, ?)', values: [after.added, after.sequence] }
      : { text: 'r.added > ?', values: [since] };
  const conditions: Sql[] = [
    { text: 'r.collection = ?', values: [collection] },
    driver,
    bound,
    ...specCondition(request, since),
    ...versionCondition(request, since),
  ];
  if (request.ids && request.types)
    conditions.push({ text: 'r.type IN (SELECT value FROM json_each(?))', values: [JSON.stringify(request.types)] });
  if (isLastOnly(request.versions)) conditions.push({ text: 'r.current = 1', values: [] });
  const where = conditions.map(({ text }) => `(${text})`).join(' AND ');
  const sql = `SELECT r.added, r.sequence FROM object r INDEXED BY ${driver.index} WHERE ${where} ORDER BY r.added, r.sequence LIMIT ?`;
  const values = conditions.flatMap((condition) => condition.values);
  return db
    .of(sql)
    .all(...values, request.limit + 1)
    .map((row) => ({ added: Number(row['added']), sequence: Number(row['sequence']) }));
}

function isLastOnly(versions: PageRequest['versions']): boolean {
  return versions !== 'all' && versions.last && !versions.first && versions.at.length === 0;
}

/** By the object's own index: the planner might take the one by time, and go through all that came since. */
const OTHER =
  'SELECT 1 FROM object o INDEXED BY object_id WHERE o.collection = r.collection AND o.id = r.id AND o.space = r.space AND o.added > ?';

/** Where no specification version is asked for, only the latest that there is of each object. */
function specCondition({ specs }: ObjectFilter, since: number): Sql[] {
  if (specs) return [{ text: `r.spec IN (${numbers(specs)})`, values: [] }];
  return [{ text: `NOT EXISTS (${OTHER} AND o.spec > r.spec)`, values: [since] }];
}

/** First and last are those of the versions that the rest of the request lets through. */
function versionCondition({ specs, versions }: ObjectFilter, since: number): Sql[] {
  if (versions === 'all') return [];
  const others = specs ? `o.spec IN (${numbers(specs)})` : 'o.spec = r.spec';
  const alternatives: Sql[] = [];
  if (versions.last) {
    const later = '(o.version > r.version OR (o.version = r.version AND o.spec > r.spec))';
    alternatives.push({ text: `NOT EXISTS (${OTHER} AND ${others} AND ${later})`, values: [since] });
  }
  if (versions.first) {
    const earlier = '(o.version < r.version OR (o.version = r.version AND o.spec < r.spec))';
    alternatives.push({ text: `NOT EXISTS (${OTHER} AND ${others} AND ${earlier})`, values: [since] });
  }
  if (versions.at.length > 0) alternatives.push({ text: `r.version IN (${numbers(versions.at)})`, values: [] });
  return [
    { text: alternatives.map(({ text }) => text).join(' OR '), values: alternatives.flatMap(({ values }) => values) },
  ];
}

/** Whole numbers that were read as such: safe in a statement. */
function numbers(list: readonly number[]): string {
  return list.map((one) => Math.trunc(one)).join(', ');
}

function readObject(db: Statements, sequence: number, withText: boolean): StoredObject {
  const columns = `sequence, added, id, spec, version_text${withText ? ', document' : ''}`;
  const row = db.of(`SELECT ${columns} FROM object WHERE sequence = ?`).get(sequence) ?? {};
  return {
    sequence: Number(row['sequence']),
    added: Number(row['added']),
    id: String(row['id']),
    spec: Number(row['spec']),
    version: String(row['version_text']),
    text: withText ? String(row['document']) : undefined,
  };
}
