import { hash } from 'node:crypto';
import { readField } from '../../ecs/event.ts';

/** ECS fields whose values an alert collects, so that the analyst sees who and what was involved. */
export const ENTITY_FIELDS = [
  'source.ip',
  'destination.ip',
  'user.name',
  'user.effective.name',
  'host.name',
  'url.path',
  'process.name',
  'process.command_line',
  'file.path',
  'user_agent.original',
  'dns.question.name',
  'rule.name',
] as const;

/** Distinct values by entity field, of one or several events. */
export type EntityValues = Readonly<Record<string, readonly string[]>>;

/** Longest value kept, in UTF-16 units: log content is the attacker's to choose. */
const MAX_VALUE = 300;
/** Distinct values kept of one field for the matches of one second. */
export const MAX_VALUES_PER_CELL = 200;

/** A field as one text: the first of a list, cut; empty where it is absent or an object. */
export function fieldText(event: object, field: string): string {
  return textOf(readField(event, field));
}

/** The same of a value that was read already. */
export function textOf(read: unknown): string {
  const value: unknown = Array.isArray(read) ? read[0] : read;
  if (typeof value === 'string') return value.length > MAX_VALUE ? value.slice(0, MAX_VALUE) : value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** Adds an event's entities to what was collected before; `fields` are those of the alert's group and sentences. */
export function collectEntities(into: Map<string, Set<string>>, event: object, fields: Iterable<string>): void {
  for (const field of fields) {
    const text = fieldText(event, field);
    if (text === '') continue;
    const values = into.get(field);
    if (!values) into.set(field, new Set([text]));
    else if (values.size < MAX_VALUES_PER_CELL) values.add(text);
  }
}

/** Entity fields of a rule: the common ones and those its sentences name. */
export function entityFieldsOf(rule: {
  readonly extension: { readonly sentences: Readonly<Record<string, string | undefined>> };
}): readonly string[] {
  const named = Object.values(rule.extension.sentences).flatMap((sentence) =>
    [...(sentence ?? '').matchAll(/\{([a-z0-9_@.-]+)\}/gi)].map((found) => found[1] ?? ''),
  );
  const fields = new Set<string>([...ENTITY_FIELDS, ...named]);
  fields.delete('count');
  return [...fields].slice(0, 32);
}

/** Values of one entity field of an alert. */
export interface EntityState {
  readonly values: string[];
  readonly hashes: number[];
  readonly seen: Set<string>;
  total: number;
  /** Read from the store with more values than it names: which of them come again is not known. */
  partial: boolean;
}

/** Values shown of one field; past it only the total grows. */
export const MAX_ENTITY_VALUES = 50;
/** Distinct values told apart for the total of one field. */
const MAX_SEEN = 5_000;

/** What an alert record says of its entities, ready to be added to. */
export function openEntities(
  recorded: Readonly<Record<string, { readonly values: readonly string[]; readonly total: number }>>,
): Map<string, EntityState> {
  return new Map(
    Object.entries(recorded).map(([field, { values, total }]) => [
      field,
      {
        values: [...values],
        hashes: values.map(fractionOf),
        seen: new Set(values),
        total,
        partial: total > values.length,
      },
    ]),
  );
}

/**
 * Adds values to an alert's entities. Of more values than are kept, those with the smallest hashes stay: the same ones in
 * whatever order they come, so that a restart changes nothing. Totals are exact up to the values kept, and past them as
 * long as the alert stays in memory; after that they are an estimate from the hashes, good to about 15 percent, and never fall.
 */
export function addEntities(entities: Map<string, EntityState>, added: EntityValues): void {
  for (const [field, values] of Object.entries(added)) {
    let state = entities.get(field);
    if (!state) {
      state = { values: [], hashes: [], seen: new Set(), total: 0, partial: false };
      entities.set(field, state);
    }
    for (const value of values) {
      if (state.seen.has(value)) continue;
      if (state.seen.size < MAX_SEEN) state.seen.add(value);
      keepSmallest(state, value);
      state.total = Math.max(state.total, state.seen.size, estimate(state));
    }
  }
}

/** Adds all of a later alert's entities to those of the alert that it became part of. */
export function joinEntities(into: Map<string, EntityState>, later: ReadonlyMap<string, EntityState>): void {
  for (const [field, { values, seen, total, partial }] of later) {
    addEntities(into, { [field]: [...new Set([...values, ...seen])] });
    const state = into.get(field);
    if (!state) continue;
    state.partial ||= partial;
    state.total = Math.max(state.total, total, estimate(state));
  }
}

function keepSmallest(state: EntityState, value: string): void {
  const hashed = fractionOf(value);
  if (state.values.length < MAX_ENTITY_VALUES) {
    state.values.push(value);
    state.hashes.push(hashed);
    return;
  }
  const largest = state.hashes.indexOf(Math.max(...state.hashes));
  if (hashed >= (state.hashes[largest] ?? 0) || state.values.includes(value)) return;
  state.values[largest] = value;
  state.hashes[largest] = hashed;
}

/** How many distinct values there were, judged by how small the smallest hashes are (k minimum values). */
function estimate({ partial, hashes, seen }: EntityState): number {
  if (hashes.length < MAX_ENTITY_VALUES || (!partial && seen.size < MAX_SEEN)) return 0;
  return Math.round((MAX_ENTITY_VALUES - 1) / Math.max(...hashes));
}

/** A value's hash as a number from 0 to 1. */
function fractionOf(value: string): number {
  return Number.parseInt(hash('sha256', value, 'hex').slice(0, 12), 16) / 2 ** 48;
}
