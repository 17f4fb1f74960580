import { stixId } from './stix/ids.ts';
import type { StixObject } from './stix/objects.ts';

/** Kinds that say the same for everybody and have no versions of ours. */
const FIXED = new Set(['marking-definition', 'extension-definition']);

/**
 * Gives each object the version under which it leaves, by what left before (STIX 2.1 §3.6): what did not change keeps its
 * `modified`, what changed is strictly later, what is no longer there leaves revoked, and what comes back after that gets
 * an id of its own, as a revoked one never lives again.
 */
export function versionObjects(
  objects: readonly StixObject[],
  before: readonly StixObject[],
  at: string,
): readonly StixObject[] {
  const earlier = new Map(before.map((object) => [object.id, object]));
  const renewed = renew(objects, earlier);
  const present = new Set(renewed.map(({ id }) => id));
  const versioned = renewed.map((object) => versionOf(object, earlier.get(object.id), at));
  const gone = before.flatMap((object): StixObject[] => {
    if (present.has(object.id) || object.modified === undefined || FIXED.has(object.type)) return [];
    if (object.type === 'identity') return [];
    if (object['revoked'] === true) return [object];
    return [{ ...object, revoked: true, modified: after(object.modified, at) }];
  });
  const all = [...versioned, ...gone];
  // What leaves revoked may refer to what is no longer there: it goes along as it was.
  const ids = new Set(all.map(({ id }) => id));
  const referred = new Set(gone.flatMap(referencesOf));
  const kept = before.filter(({ id }) => !ids.has(id) && referred.has(id));
  return [...all, ...kept];
}

function versionOf(object: StixObject, old: StixObject | undefined, at: string): StixObject {
  if (!old || object.modified === undefined || old.modified === undefined || FIXED.has(object.type)) return object;
  if (contentOf(object) === contentOf(old)) return { ...object, modified: old.modified };
  return { ...object, modified: after(old.modified, object.modified > at ? object.modified : at) };
}

/** A time that is later than one, and no earlier than another. */
function after(one: string, wanted: string): string {
  return wanted > one ? wanted : new Date(Date.parse(one) + 1).toISOString();
}

function contentOf({ modified: _, ...content }: StixObject): string {
  return JSON.stringify(content);
}

/** New ids for what was revoked, everywhere where it is referred to. */
function renew(objects: readonly StixObject[], earlier: ReadonlyMap<string, StixObject>): readonly StixObject[] {
  const names = new Map<string, string>();
  for (const { id, type } of objects) {
    let name = id;
    // Each life has its own name, made of the one before: the same on every server.
    for (let old = earlier.get(name); old?.['revoked'] === true && !isRevoked(objects, id); old = earlier.get(name))
      name = stixId(type, name, 'again');
    if (name !== id) names.set(id, name);
  }
  if (names.size === 0) return objects;
  const pattern = new RegExp([...names.keys()].join('|'), 'g');
  const text = JSON.stringify(objects).replaceAll(pattern, (id) => names.get(id) ?? id);
  return JSON.parse(text) as StixObject[];
}

function isRevoked(objects: readonly StixObject[], id: string): boolean {
  return objects.some((object) => object.id === id && object['revoked'] === true);
}

function referencesOf(object: StixObject): readonly string[] {
  return Object.entries(object).flatMap(([name, value]) => {
    if (name.endsWith('_refs') && Array.isArray(value)) return value as string[];
    return name.endsWith('_ref') && typeof value === 'string' ? [value] : [];
  });
}
