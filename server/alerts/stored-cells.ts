import type { CorrelationPlan } from '../../rules/engine/correlation-plan.ts';
import type { MatchCell } from '../detection/match-cell.ts';
import type { AgencyId } from '../identity.ts';
import { correlationFields } from './correlation-fields.ts';
import { collectEntities, entityFieldsOf, fieldText } from './entities.ts';
import { partOf, rowKey } from './keys.ts';

/** Signals of one second, without the events' own values. */
interface StoredSecond {
  readonly second: number;
  readonly rows: ReadonlyMap<string, number>;
  readonly events: readonly string[];
}

type EventsOf = (ids: readonly string[]) => Promise<readonly { readonly id: string; readonly event: object }[]>;

/**
 * Makes cells again of matches that are known by their signals alone, because they came before this start and cross
 * their threshold only now. Counts by row are exact; values come from the events kept by id, at most 100 a second.
 */
export async function cellsOfStored(
  { rule, steps }: CorrelationPlan,
  like: MatchCell | undefined,
  stored: StoredSecond,
  eventsOf: EventsOf,
): Promise<readonly MatchCell[]> {
  if (!like) return [];
  const fields = entityFieldsOf(rule);
  const rows = new Map<string, Row>();
  const step = steps[like.step];
  const named = step ? step.bases.map((base) => correlationFields(rule, step, base).row) : [];
  /** By which rule's names an event fell on its row is not kept; it is the one that gives a row of that second. */
  const agencyOf = (event: object): AgencyId =>
    rule.extension.scope === 'province' ? (fieldText(event, 'organization.id') as AgencyId) : like.agency;
  const rowOf = (event: object): { key: string; values: Record<string, string> } => {
    const found = named.map((fields) => {
      const names = rule.extension.groupBy;
      const values = Object.fromEntries(names.map((name, index) => [name, fieldText(event, fields[index] ?? name)]));
      return { key: rowKey(rule, agencyOf(event), values), values };
    });
    return found.find(({ key }) => stored.rows.has(key)) ?? found[0] ?? { key: like.row, values: like.rowValues };
  };
  for (const { id, event } of await eventsOf(stored.events)) {
    const { key, values } = rowOf(event);
    const row = rows.get(key) ?? emptyRow(values, stored.second);
    rows.set(key, row);
    row.events.push(id);
    collectEntities(row.entities, event, fields);
    const time = Date.parse(String((event as Record<string, unknown>)['@timestamp']));
    row.first = Math.min(row.first, time);
    row.last = Math.max(row.last, time);
  }
  return [...stored.rows].map(([key, count]) => {
    // Where retention took the events, the row is still the row; its values are then those of a match like it.
    const row = rows.get(key) ?? emptyRow(key === like.row ? like.rowValues : {}, stored.second);
    const known = row.events.length > 0;
    return {
      rule: rule.id,
      agency: partOf(key)?.agency ?? like.agency,
      group: like.group,
      step: like.step,
      row: key,
      rowValues: row.values,
      second: stored.second,
      batch: 0,
      count,
      events: row.events,
      first: known ? row.first : stored.second * 1000,
      last: known ? row.last : stored.second * 1000,
      entities: Object.fromEntries([...row.entities].map(([field, values]) => [field, [...values]])),
    };
  });
}

interface Row {
  readonly values: Readonly<Record<string, string>>;
  readonly events: string[];
  readonly entities: Map<string, Set<string>>;
  first: number;
  last: number;
}

function emptyRow(values: Readonly<Record<string, string>>, second: number): Row {
  return { values, events: [], entities: new Map(), first: second * 1000 + 999, last: second * 1000 };
}
