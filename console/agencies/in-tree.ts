import type { Agency } from '../../server/agencies/schema.ts';

/** An agency with the number of agencies above it, as far as they are seen. */
export interface PlacedAgency {
  readonly agency: Agency;
  readonly depth: number;
}

/** Agencies in the order of a tree: each below the one above it, those of one level by name. */
export function inTree(agencies: readonly Agency[]): readonly PlacedAgency[] {
  const known = new Set(agencies.map(({ id }) => id));
  const below = new Map<string | undefined, Agency[]>();
  for (const agency of agencies) {
    const above = agency.parent !== undefined && known.has(agency.parent) ? agency.parent : undefined;
    below.set(above, [...(below.get(above) ?? []), agency]);
  }
  const placed: PlacedAgency[] = [];
  const seen = new Set<string>();
  const walk = (above: string | undefined, depth: number): void => {
    for (const agency of (below.get(above) ?? []).sort((a, b) => a.name.localeCompare(b.name, 'vi'))) {
      if (seen.has(agency.id)) continue;
      seen.add(agency.id);
      placed.push({ agency, depth });
      walk(agency.id, depth + 1);
    }
  };
  walk(undefined, 0);
  return placed;
}
