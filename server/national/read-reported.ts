import type { Severity } from '../../rules/rule.ts';
import type { Statements } from '../taxii/statements.ts';
import { writeTimestamp } from '../taxii/timestamp.ts';
import { type Fact, READ_TYPES, type ReportedValue, readFact, text, tlpOf, valuesOf } from './facts.ts';
import type { ReportedState } from './record.ts';

/** The last object that was read, told from another one that got its number after it was deleted. */
export interface Mark {
  readonly sequence: number;
  readonly id: string;
  /** Microseconds. */
  readonly added: number;
}

/** An object that an account added, and what it says. */
export interface Reported {
  readonly collection: number;
  readonly account: number;
  readonly id: string;
  /** `modified`, else `created`, as it was written. */
  readonly version: string;
  /** When it came in, ISO 8601. */
  readonly at: string;
  readonly fact: Fact;
  /** Of a sighting: the values of the indicator that it is of. */
  readonly values?: readonly ReportedValue[];
}

/** Some of what came in after a mark, in order of arrival. */
export interface ReportedPage {
  readonly reported: readonly Reported[];
  readonly mark: Mark | null;
  readonly more: boolean;
}

/** An object within a report, for the page of its incident. */
export interface Contained {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly tlp: string | null;
  readonly isRevoked: boolean;
  readonly values: readonly ReportedValue[];
}

/** One version of an incident as its province sent it. */
export interface ReportedVersion {
  readonly version: string;
  /** When it came in, ISO 8601. */
  readonly at: string;
  readonly title: string;
  readonly severity: Severity | null;
  readonly state: ReportedState;
}

const ROWS = 1_000;
const PAGE_BYTES = 2 * 1024 * 1024;
const MOST_CONTAINED = 500;
const MOST_REFS = 2_000;
const MOST_VERSIONS = 50;
const READ: ReadonlySet<string> = new Set(READ_TYPES);

/**
 * The next objects that accounts added; what came from files or from this server itself has no owner and is left out. A mark
 * that is no longer there begins anew: reading an object again changes nothing. Runs in the reader's thread.
 */
export function readReported(db: Statements, after: Mark | null): ReportedPage {
  const from = after && isThere(db, after) ? after.sequence : 0;
  const rows = db
    .of(
      'SELECT sequence, collection, space, owner, id, type, version_text, added FROM object WHERE sequence > ? ORDER BY sequence LIMIT ?',
    )
    .all(from, ROWS);
  const reported: Reported[] = [];
  let mark: Mark | null = after && from > 0 ? after : null;
  let [bytes, done] = [0, 0];
  for (const row of rows) {
    const [sequence, added] = [Number(row['sequence']), Number(row['added'])];
    const id = String(row['id']);
    done += 1;
    mark = { sequence, id, added };
    if (Number(row['owner']) === 0 || !READ.has(String(row['type']))) continue;
    const document = String(db.of('SELECT document FROM object WHERE sequence = ?').get(sequence)?.['document'] ?? '');
    bytes += document.length;
    const fact = factOf(document);
    if (fact) {
      const [collection, space] = [Number(row['collection']), Number(row['space'])];
      const values = fact.kind === 'sighting' ? valuesSeen(db, collection, space, fact.of) : undefined;
      reported.push({
        collection,
        account: Number(row['owner']),
        id,
        version: String(row['version_text']),
        at: arrival(added),
        fact,
        ...(values ? { values } : {}),
      });
    }
    if (bytes > PAGE_BYTES) break;
  }
  return { reported, mark, more: done < rows.length || rows.length === ROWS };
}

/** What reports of one account hold, each object in its latest version. Runs in the reader's thread. */
export function readContained(
  db: Statements,
  {
    collection,
    account,
    ids,
  }: { readonly collection: number; readonly account: number; readonly ids: readonly string[] },
): readonly Contained[] {
  const refs = new Set<string>();
  for (const id of ids) {
    const object = latest(db, collection, account, id);
    const list = Array.isArray(object?.['object_refs']) ? object['object_refs'] : [];
    for (const ref of list) if (typeof ref === 'string' && refs.size < MOST_REFS) refs.add(ref);
  }
  const found: Contained[] = [];
  for (const id of refs) {
    if (found.length === MOST_CONTAINED) break;
    const object = latest(db, collection, account, id);
    if (!object || object['type'] === 'incident') continue;
    found.push({
      id,
      type: text(object['type'], 60),
      name: text(object['name'] ?? object['value'] ?? object['abstract'], 300),
      tlp: tlpOf(object),
      isRevoked: object['revoked'] === true,
      values: object['type'] === 'indicator' ? valuesOf(object) : [],
    });
  }
  return found;
}

/** The versions of an incident that one account sent, the latest first. Runs in the reader's thread. */
export function readVersions(
  db: Statements,
  { collection, account, id }: { readonly collection: number; readonly account: number; readonly id: string },
): readonly ReportedVersion[] {
  const rows = db
    .of(
      `SELECT version_text, added, document FROM object INDEXED BY object_id WHERE collection = ? AND id = ? AND owner = ?
       ORDER BY spec DESC, version DESC LIMIT ${MOST_VERSIONS}`,
    )
    .all(collection, id, account);
  return rows.flatMap((row): ReportedVersion[] => {
    const fact = factOf(String(row['document']));
    if (fact?.kind !== 'incident' && fact?.kind !== 'container') return [];
    const { title } = fact;
    const said =
      fact.kind === 'incident'
        ? { severity: fact.severity, state: fact.state }
        : { severity: null, state: fact.isRevoked ? ('revoked' as const) : ('open' as const) };
    return [{ version: String(row['version_text']), at: arrival(Number(row['added'])), title, ...said }];
  });
}

/** When something came in, ISO 8601 in milliseconds; the store counts microseconds. */
function arrival(added: number): string {
  return writeTimestamp(added - (added % 1_000)).replace(/000Z$/, 'Z');
}

function isThere(db: Statements, { sequence, id, added }: Mark): boolean {
  const row = db.of('SELECT id, added FROM object WHERE sequence = ?').get(sequence);
  return row !== undefined && row['id'] === id && Number(row['added']) === added;
}

function valuesSeen(db: Statements, collection: number, space: number, id: string): readonly ReportedValue[] {
  const row = db
    .of(
      'SELECT document FROM object INDEXED BY object_id WHERE collection = ? AND id = ? AND space = ? ORDER BY spec DESC, version DESC LIMIT 1',
    )
    .get(collection, id, space);
  const object = row && parse(String(row['document']));
  return object ? valuesOf(object) : [];
}

/** The latest version that this account added: another one's of the same id counts for nothing. */
function latest(db: Statements, collection: number, account: number, id: string) {
  const row = db
    .of(
      'SELECT document FROM object INDEXED BY object_id WHERE collection = ? AND id = ? AND owner = ? ORDER BY spec DESC, version DESC LIMIT 1',
    )
    .get(collection, id, account);
  return row && parse(String(row['document']));
}

function factOf(document: string): Fact | undefined {
  const object = parse(document);
  return object && readFact(object);
}

function parse(document: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const read: unknown = JSON.parse(document);
    return typeof read === 'object' && read !== null ? (read as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
