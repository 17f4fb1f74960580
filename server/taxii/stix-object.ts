import { LIMITS } from './limits.ts';
import { readTimestamp } from './timestamp.ts';

/** What the store must know of a STIX object; `version` is undefined for objects without `modified` and `created`. */
export interface StixFacts {
  readonly id: string;
  readonly type: string;
  /** 20 or 21: STIX 2.0 or 2.1. */
  readonly spec: number;
  /** `modified`, or `created` of what is not versioned (TAXII 2.1 §4.3.1). */
  readonly version: { readonly text: string; readonly at: number } | undefined;
}

/** An object that cannot be taken, with what a status resource says of it. */
export interface StixFault {
  readonly id: string;
  readonly version: string;
  readonly message: string;
}

/** STIX 2.1 §2.9: the type, two hyphens, a UUID. */
const ID = /^([a-z0-9][a-z0-9-]{1,248}[a-z0-9])--[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const SHOWN = 300;

/** Specification versions by what objects call them. */
export const SPEC_VERSIONS: ReadonlyMap<string, number> = new Map([
  ['2.0', 20],
  ['2.1', 21],
]);

/** Media type of an object in a manifest and on its collection (TAXII 2.1 §5.3.1). */
export function stixMediaType(spec: number): string {
  return `application/stix+json;version=${Math.floor(spec / 10)}.${spec % 10}`;
}

/** Looks at an object as far as keeping it asks: id, type, specification version, times. The rest is its maker's. */
export function readStixObject(value: unknown, bytes: number): StixFacts | StixFault {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    return { id: 'unknown', version: 'unknown', message: 'This is no STIX object: it is not a JSON object.' };
  const object = value as Readonly<Record<string, unknown>>;
  const id = shown(object['id']);
  const version = shown(object['modified'] ?? object['created']);
  const fault = (message: string): StixFault => ({ id, version, message });

  const type = typeof object['id'] === 'string' ? ID.exec(object['id'])?.[1] : undefined;
  if (object['type'] === 'bundle')
    return fault('A bundle is no object of an envelope; send the objects that are in it.');
  if (type === undefined) return fault('The id is not of the form "type--UUID".');
  if (object['type'] !== type) return fault('The type is not the one that the id begins with.');
  if (bytes > LIMITS.objectBytes) return fault(`The object is larger than ${LIMITS.objectBytes} bytes.`);
  const spec = specOf(object);
  if (spec === undefined) return fault('The spec_version is neither "2.0" nor "2.1".');

  const created = timeOf(object['created']);
  const modified = timeOf(object['modified']);
  if (created === null) return fault('"created" is no timestamp of the form 2026-11-23T01:02:03.456Z.');
  if (modified === null) return fault('"modified" is no timestamp of the form 2026-11-23T01:02:03.456Z.');
  if (created && modified && modified.at < created.at) return fault('"modified" is before "created".');
  return { id, type, spec, version: modified ?? created };
}

/** Cyber observables of STIX 2.1 have no times and may leave the version out; others without one are STIX 2.0. */
function specOf(object: Readonly<Record<string, unknown>>): number | undefined {
  const stated = object['spec_version'];
  if (stated === undefined) return object['created'] === undefined && object['modified'] === undefined ? 21 : 20;
  return typeof stated === 'string' ? SPEC_VERSIONS.get(stated) : undefined;
}

/** `null` where there is something that is no timestamp. */
function timeOf(value: unknown): { text: string; at: number } | undefined | null {
  if (value === undefined) return undefined;
  const at = typeof value === 'string' && value.length <= 40 ? readTimestamp(value) : undefined;
  return at === undefined ? null : { text: value as string, at };
}

function shown(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value.slice(0, SHOWN) : 'unknown';
}
