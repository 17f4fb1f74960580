import { createHash } from 'node:crypto';
import { HaidangError } from '../errors.ts';
import { LIMITS } from './limits.ts';
import { SPEC_VERSIONS } from './stix-object.ts';
import { readTimestamp } from './timestamp.ts';

/** The query of an endpoint as it came (TAXII 2.1 §3.4). */
export interface Query {
  readonly added_after?: string;
  readonly limit?: string;
  readonly next?: string;
  readonly 'match[id]'?: string;
  readonly 'match[type]'?: string;
  readonly 'match[version]'?: string;
  readonly 'match[spec_version]'?: string;
}

/** Which versions of an object are asked for (§3.4.1). */
export type Versions = 'all' | { readonly first: boolean; readonly last: boolean; readonly at: readonly number[] };

/** A place between two objects of a collection: after the one that was added then, as number `sequence`. */
export interface Place {
  readonly added: number;
  readonly sequence: number;
}

/** What objects of a collection are asked for; times in microseconds. */
export interface ObjectFilter {
  readonly addedAfter: number | undefined;
  readonly ids: readonly string[] | undefined;
  readonly types: readonly string[] | undefined;
  /** 20, 21; undefined for the latest of each object. */
  readonly specs: readonly number[] | undefined;
  readonly versions: Versions;
}

/** A page of what a filter lets through. */
export interface PageRequest extends ObjectFilter {
  readonly limit: number;
  readonly after: Place | undefined;
  /** What `next` begins with: it belongs to one filter of one endpoint. */
  readonly mark: string;
}

/** Reads the query of an endpoint. @throws HaidangError `HD_BAD_REQUEST` where a parameter is malformed (§3.4). */
export function readPageRequest(query: Query, scope: string): PageRequest {
  const filter = readFilter(query);
  const mark = createHash('sha256')
    .update(JSON.stringify([scope, filter]))
    .digest('base64url')
    .slice(0, 16);
  return { ...filter, limit: readLimit(query.limit), after: readNext(query.next, mark), mark };
}

/** The part of a query that says which objects. @throws HaidangError `HD_BAD_REQUEST` */
export function readFilter(query: Query): ObjectFilter {
  const specs = list(query['match[spec_version]'], 'match[spec_version]');
  return {
    addedAfter: query.added_after === undefined ? undefined : timestamp(query.added_after, 'added_after'),
    ids: list(query['match[id]'], 'match[id]'),
    types: list(query['match[type]'], 'match[type]'),
    // A version of the specification that is not known here is one of which there are no objects.
    specs: specs?.flatMap((text) => SPEC_VERSIONS.get(text) ?? []).sort(),
    versions: readVersions(list(query['match[version]'], 'match[version]')),
  };
}

/** The `next` of a page that ended at a place. */
export function writeNext({ mark }: PageRequest, { added, sequence }: Place): string {
  return `${mark}.${added.toString(36)}.${sequence.toString(36)}`;
}

function readNext(text: string | undefined, mark: string): Place | undefined {
  if (text === undefined) return undefined;
  const found = /^([\w-]{16})\.(-?[0-9a-z]{1,11})\.([0-9a-z]{1,11})$/.exec(text);
  if (!found) throw bad('"next" is not one that this server gave.');
  if (found[1] !== mark) throw bad('"next" belongs to a request with other parameters; repeat those, or leave it out.');
  const [added, sequence] = [Number.parseInt(found[2] ?? '', 36), Number.parseInt(found[3] ?? '', 36)];
  if (!Number.isSafeInteger(added) || !Number.isSafeInteger(sequence))
    throw bad('"next" is not one that this server gave.');
  return { added, sequence };
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return LIMITS.page;
  if (!/^\d{1,15}$/.test(text) || Number(text) === 0) throw bad('"limit" must be a whole number above zero.');
  return Math.min(Number(text), LIMITS.page);
}

function readVersions(words: readonly string[] | undefined): Versions {
  if (words === undefined) return { first: false, last: true, at: [] };
  if (words.includes('all')) {
    if (words.length === 1) return 'all';
    throw bad('"all" must be the only value of match[version].');
  }
  const at = words
    .filter((word) => word !== 'first' && word !== 'last')
    .map((word) => timestamp(word, 'match[version]'));
  return { first: words.includes('first'), last: words.includes('last'), at: at.sort((a, b) => a - b) };
}

function list(text: string | undefined, name: string): readonly string[] | undefined {
  if (text === undefined) return undefined;
  const values = text.split(',');
  if (values.some((value) => value === '')) throw bad(`${name} has an empty value.`);
  if (values.length > LIMITS.values) throw bad(`${name} has more than ${LIMITS.values} values.`);
  if (new Set(values).size !== values.length) throw bad(`${name} has a value twice.`);
  return values.sort();
}

function timestamp(text: string, name: string): number {
  const at = readTimestamp(text);
  if (at === undefined) throw bad(`${name} must be a timestamp like 2026-11-23T01:02:03.456789Z.`);
  return at;
}

function bad(detail: string): HaidangError {
  return new HaidangError('HD_BAD_REQUEST', detail);
}
