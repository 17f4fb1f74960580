import { HaidangError } from '../errors.ts';
import type { ObjectFilter } from './filter.ts';
import { LIMITS } from './limits.ts';
import { selectVersions } from './select-objects.ts';
import type { Statements } from './statements.ts';
import type { StixFacts } from './stix-object.ts';
import { writeTimestamp } from './timestamp.ts';

/** An object on its way into a collection. */
export interface NewObject {
  readonly collection: number;
  /** 0, or the account's number where it cannot read what others put there. */
  readonly space: number;
  /** Number of the account, 0 for what came from a file. */
  readonly owner: number;
  readonly facts: StixFacts;
  readonly text: string;
  /** Microseconds. */
  readonly added: number;
}

/** What became of it. `kept`: the same version was there, and stays as it was. */
export type AddOutcome =
  | { readonly outcome: 'added' | 'kept'; readonly version: string; readonly differs: boolean }
  | { readonly outcome: 'refused'; readonly version: string; readonly reason: string };

/** Adds one version of an object; within a transaction. */
export function addObject(db: Statements, object: NewObject): AddOutcome {
  const { collection, space, owner, facts, text, added } = object;
  const present = findVersion(db, object);
  if (present) return { outcome: 'kept', version: present.version, differs: present.text !== text };
  const key = [collection, facts.id, space] as const;
  const count = db
    .of('SELECT count(*) AS n FROM object INDEXED BY object_id WHERE collection = ? AND id = ? AND space = ?')
    .get(...key);
  const versionText = facts.version?.text ?? writeTimestamp(added);
  const version = facts.version?.at ?? added;
  if (Number(count?.['n']) >= LIMITS.versions)
    return { outcome: 'refused', version: versionText, reason: `There are ${LIMITS.versions} versions of it already.` };
  const later = db
    .of(
      'SELECT 1 FROM object INDEXED BY object_id WHERE collection = ? AND id = ? AND space = ? AND spec = ? AND version > ? AND added >= ? LIMIT 1',
    )
    .get(...key, facts.spec, version, added);
  db.of(
    `INSERT INTO object (collection, space, id, type, spec, version, version_text, added, current, owner, document)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    ...[collection, space, facts.id, facts.type, facts.spec, version, versionText, added, later ? 0 : 1, owner, text],
  );
  if (Number(count?.['n']) > 0) {
    db.of(
      `UPDATE object INDEXED BY object_id SET current = 0
       WHERE collection = ? AND id = ? AND space = ? AND spec = ? AND version < ? AND added <= ? AND current = 1`,
    ).run(...key, facts.spec, version, added);
  }
  return { outcome: 'added', version: versionText, differs: false };
}

/** What has neither `modified` nor `created` has one version: the first that came. */
function findVersion(db: Statements, { collection, space, facts }: NewObject) {
  const base =
    'SELECT version_text, document FROM object INDEXED BY object_id WHERE collection = ? AND id = ? AND space = ?';
  const row = facts.version
    ? db.of(`${base} AND spec = ? AND version = ?`).get(collection, facts.id, space, facts.spec, facts.version.at)
    : db.of(`${base} LIMIT 1`).get(collection, facts.id, space);
  return row && { version: String(row['version_text']), text: String(row['document']) };
}

/**
 * Deletes the versions of one object that a filter names; gives how many. Only an account's own, and what came from a file.
 * @throws HaidangError `HD_FORBIDDEN` where one of them is another account's, `HD_NOT_FOUND` where there is none
 */
export function deleteObject(db: Statements, collection: number, account: number, filter: ObjectFilter): number {
  const id = filter.ids?.[0] ?? '';
  const found = selectVersions(db, collection, filter);
  if (found.length === 0)
    throw new HaidangError('HD_NOT_FOUND', `There is no such version of ${id} in the collection.`);
  for (const { sequence } of found) {
    const owner = Number(db.of('SELECT owner FROM object WHERE sequence = ?').get(sequence)?.['owner']);
    if (owner !== 0 && owner !== account)
      throw new HaidangError('HD_FORBIDDEN', `Another account added ${id}; only that one may delete it.`);
    db.of('DELETE FROM object WHERE sequence = ?').run(sequence);
  }
  // What a deleted version had superseded is current again.
  db.of(
    `UPDATE object AS r INDEXED BY object_id SET current = NOT EXISTS (
       SELECT 1 FROM object o INDEXED BY object_id WHERE o.collection = r.collection AND o.id = r.id AND o.space = r.space
         AND o.spec = r.spec AND o.version > r.version AND o.added >= r.added)
     WHERE r.collection = ? AND r.id = ?`,
  ).run(collection, id);
  return found.length;
}

/** The time at which the last object came into a collection, in microseconds; undefined for an empty one. */
export function lastAdded(db: Statements, collection: number): number | undefined {
  const row = db
    .of('SELECT added FROM object INDEXED BY object_added WHERE collection = ? ORDER BY added DESC LIMIT 1')
    .get(collection);
  return row && Number(row['added']);
}
