import type { EcsEvent } from '../../ecs/event.ts';
import { fieldType } from '../../ecs/fields.ts';
import { NO_OWN_PARSERS, type OwnParsers, parseLine } from '../parsers/index.ts';
import type { JsonObject } from '../parsers/json-object.ts';
import { isObject, parseObject } from '../parsers/json-object.ts';
import { isoTimeAt } from '../parsers/time.ts';
import { isWindowsObject } from '../parsers/windows-record.ts';
import type { ParseContext, ParserHint } from '../record.ts';

const RESERVED = /^(?:organization|agent|haidang|@timestamp|message|event\.(?:id|ingested|original|kind))(?:\.|$)/;

/** The log line inside `{"message": "…"}`; undefined where the record is itself the event. */
function wrapped(record: string, parser: string): JsonObject | undefined {
  if (record.charCodeAt(0) !== 123 || !record.includes('"message"')) return undefined;
  const object = parseObject(record);
  if (typeof object?.['message'] !== 'string') return undefined;
  // ECS documents, EVE and PostgreSQL's JSON records also have keys of their own beside the message.
  const own = typeof object['event_type'] === 'string' || typeof object['error_severity'] === 'string';
  if (own || isWindowsObject(object)) return undefined;
  const isEvent = Object.hasOwn(object, '@timestamp') && (isObject(object['event']) || isObject(object['ecs']));
  if (parser === 'json') return object['message'].startsWith('{') ? object : undefined;
  return parser === 'auto' && isEvent ? undefined : object;
}

/** Adds the ECS fields beside the message that the parser did not set itself. */
function merge(into: JsonObject, from: JsonObject, above: string): void {
  for (const key of Object.keys(from)) {
    const name = above + key;
    const value = from[key];
    if (RESERVED.test(name)) continue;
    const there = Object.hasOwn(into, key) ? into[key] : undefined;
    if (isObject(value) && (there === undefined || isObject(there))) {
      const inner: JsonObject = { ...(there ?? {}) };
      merge(inner, value, `${name}.`);
      if (Object.keys(inner).length > 0) into[key] = inner;
    } else if (there === undefined && !isObject(value) && fieldType(name) !== undefined) {
      into[key] = value;
    }
  }
}

/**
 * Parses one record of `haidang parse`: a raw line, or `{"message": line}` whose other keys are kept only where they are
 * ECS fields; a time beside the message stands in for the clock.
 */
export function parseRecord(
  record: string,
  parser: string,
  context: ParseContext,
  hint: ParserHint,
  own: OwnParsers = NO_OWN_PARSERS,
): EcsEvent {
  const object = wrapped(record, parser);
  if (!object) return parseLine(record, parser, context, hint, own);
  const stamp = object['@timestamp'];
  const now = typeof stamp === 'string' ? isoTimeAt(stamp, 0, context.timeZone)?.ms : undefined;
  const event = parseLine(object['message'] as string, parser, { ...context, now: now ?? context.now }, hint, own);
  merge(event, object, '');
  return event;
}
