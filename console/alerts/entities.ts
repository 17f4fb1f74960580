import type { AlertRow } from '../../server/alerts/schema.ts';

/** One value of an entity field, for a row or a link. */
export interface Entity {
  readonly field: string;
  readonly value: string;
}

const SHOWN_FIRST = ['source.ip', 'user.name', 'host.name', 'destination.ip', 'url.path'];

function rank(field: string): number {
  const place = SHOWN_FIRST.indexOf(field);
  return place < 0 ? SHOWN_FIRST.length : place;
}

/** The entity fields of an alert in the order of use: address, user, host, then the rest by name. */
export function entityFields(row: AlertRow): readonly string[] {
  return Object.keys(row.entities).sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

/** The first value of each entity field, and how many values there are beyond these. */
export function leadingEntities(
  row: AlertRow,
  most: number,
): { readonly shown: readonly Entity[]; readonly more: number } {
  const shown: Entity[] = [];
  let total = 0;
  for (const field of entityFields(row)) {
    const entity = row.entities[field];
    if (!entity) continue;
    total += Math.max(entity.total, entity.values.length);
    const value = entity.values[0];
    if (value !== undefined && shown.length < most) shown.push({ field, value });
  }
  return { shown, more: Math.max(0, total - shown.length) };
}
