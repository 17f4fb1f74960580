import type { AgencyId, Identity } from '../identity.ts';
import type { AgencyRecord } from './record.ts';

type Agencies = ReadonlyMap<string, Pick<AgencyRecord, 'parent'>>;

/** Levels that a tree may have below the province: department, district, commune and some to spare. */
export const MOST_LEVELS = 8;

const childrenOf = new WeakMap<Agencies, ReadonlyMap<string, readonly AgencyId[]>>();

function children(agencies: Agencies): ReadonlyMap<string, readonly AgencyId[]> {
  const known = childrenOf.get(agencies);
  if (known) return known;
  const made = new Map<string, AgencyId[]>();
  for (const [id, { parent }] of agencies) {
    if (parent === undefined) continue;
    const siblings = made.get(parent) ?? [];
    siblings.push(id as AgencyId);
    made.set(parent, siblings);
  }
  childrenOf.set(agencies, made);
  return made;
}

/**
 * The agencies of a scope with all that are below them: who is bound to a department sees its districts and communes. This is the
 * one place where a subtree becomes a list; whatever asks `identity.agencies` afterwards knows nothing of trees.
 */
export function withSubtrees(scope: Identity['agencies'], agencies: Agencies): Identity['agencies'] {
  if (scope === 'all') return scope;
  const below = children(agencies);
  const found = new Set<AgencyId>(scope);
  // A set that grows while it is walked: what is there already is not walked again, so that a circle would end too.
  for (const agency of found) for (const child of below.get(agency) ?? []) found.add(child);
  const own = new Set(scope);
  return [...scope, ...[...found].filter((agency) => !own.has(agency)).sort()];
}

/** The agencies above one, the nearest first; ends at a circle. */
export function ancestorsOf(id: string, agencies: Agencies): readonly AgencyId[] {
  const found: AgencyId[] = [];
  for (let at = agencies.get(id)?.parent; at !== undefined && !found.includes(at); at = agencies.get(at)?.parent)
    found.push(at);
  return found;
}
