import type { EcsEvent } from '../../ecs/event.ts';
import { FIELD_ROOTS, FIELD_TYPES } from '../../ecs/fields.ts';
import type { ParseContext, Parser } from '../record.ts';
import type { JsonObject } from './json-object.ts';
import { isObject, parseObject } from './json-object.ts';
import { isoString, isoTimeAt } from './time.ts';

// What only the collector and the server may say: the agency, who shipped the event, its id and arrival.
const RESERVED_ROOTS = ['organization', 'agent', 'haidang'];
const RESERVED = new Set(['event.id', 'event.ingested']);
const TIME_KEYS = ['@timestamp', 'timestamp', 'time', 'ts'];
const KINDS = new Set(['alert', 'asset', 'enrichment', 'event', 'metric', 'state', 'pipeline_error', 'signal']);

function isReserved(name: string): boolean {
  return RESERVED.has(name) || RESERVED_ROOTS.some((root) => name === root || name.startsWith(`${root}.`));
}

/** A time in ISO 8601 or in seconds or milliseconds since 1970, between the years 2000 and 2100. */
function timeOf(value: unknown, zone: string): number | undefined {
  if (typeof value === 'string') return isoTimeAt(value, 0, zone)?.ms;
  if (typeof value !== 'number') return undefined;
  const ms = value > 1e11 ? value : value * 1000;
  return ms > 946_684_800_000 && ms < 4_102_444_800_000 ? Math.floor(ms) : undefined;
}

function lineTime(object: JsonObject, context: ParseContext): number {
  for (const key of TIME_KEYS) {
    const ms = Object.hasOwn(object, key) ? timeOf(object[key], context.timeZone) : undefined;
    if (ms !== undefined) return ms;
  }
  return context.now;
}

/** Says whether a top-level value fits the ECS field set or field of that name; names unknown to ECS always do. */
export function fits(key: string, value: unknown): boolean {
  if (key === 'event') return isObject(value);
  if (FIELD_ROOTS.has(key)) return isObject(value);
  const type = FIELD_TYPES.get(key);
  if (type === undefined) return true;
  if (type === 'object' || type === 'nested' || type === 'flattened') return typeof value === 'object';
  return typeof value !== 'object' || Array.isArray(value);
}

function eventFields(given: unknown): EcsEvent['event'] {
  const fields: EcsEvent['event'] = {};
  if (!isObject(given)) return fields;
  for (const key of Object.keys(given)) if (!isReserved(`event.${key}`)) fields[key] = given[key];
  for (const key of ['category', 'type'] as const) {
    const value: unknown = fields[key];
    if (typeof value === 'string') fields[key] = [value];
    else if (!Array.isArray(value) || !value.every((each) => typeof each === 'string')) delete fields[key];
  }
  for (const key of ['module', 'dataset', 'action', 'original'] as const) {
    if (typeof fields[key] !== 'string') delete fields[key];
  }
  if (!['success', 'failure', 'unknown'].includes(fields.outcome ?? '')) delete fields.outcome;
  if (!KINDS.has(String(fields.kind))) delete fields.kind;
  return fields;
}

function ofObject(object: JsonObject, line: string, context: ParseContext): EcsEvent {
  const event: EcsEvent = { '@timestamp': isoString(lineTime(object, context)), event: eventFields(object['event']) };
  event.event.kind ??= 'event';
  event.event.original ??= line;
  const misfits: JsonObject = {};
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (key === '@timestamp' || isReserved(key)) continue;
    if (!fits(key, value)) misfits[key] = value;
    else if (key === 'message' && typeof value !== 'string') misfits[key] = value;
    else if (key !== 'event') event[key] = value;
  }
  if (Object.keys(misfits).length > 0) event['haidang'] = { json: misfits };
  return event;
}

/**
 * JSON objects. ECS documents are taken as they are; other objects keep their own keys, and a key that ECS uses for
 * something of another shape goes under `haidang.json`. Neither can set who sent it or when it came.
 */
export const json: Parser = {
  name: 'json',
  detects: (line) => line.charCodeAt(0) === 123 && line.endsWith('}'),
  ofObject,
  parse(line, context) {
    const object = parseObject(line);
    return object && ofObject(object, line, context);
  },
};
