import type { EcsEvent } from '../../ecs/event.ts';
import { fieldType } from '../../ecs/fields.ts';
import type { RecordParser } from '../intake.ts';
import { isAddress } from '../parsers/draft.ts';
import { isObject, type JsonObject, parseObject } from '../parsers/json-object.ts';

/** The parsers that documents of shippers go through. */
export interface DocumentParsers {
  /** For a record that is no document, and for the line inside one (`message`). */
  readonly line: RecordParser;
  /** Takes an object as ECS, and what is not ECS under its own names. */
  readonly json: RecordParser;
  /** For Windows events as Winlogbeat sends them; undefined where this version has no such parser. */
  readonly windows: RecordParser | undefined;
}

/** Names that only this program sets, and those whose value is the parsed line's own business. */
const RESERVED = new Set(['organization', 'agent', 'haidang', '@timestamp', 'message']);
const RESERVED_OF_EVENT = new Set(['id', 'ingested', 'original', 'kind']);
/** The same for keys that hold dots. */
const RESERVED_NAME = /^(?:organization|agent|haidang|@timestamp|message|event\.(?:id|ingested|original|kind))(?:\.|$)/;

/**
 * Makes events of documents that shippers send (Filebeat, Winlogbeat, Fluent Bit, Logstash, OTLP). What is ECS already
 * is taken as it is; the log line inside a document that nobody has parsed yet is parsed, and the rest of the document
 * stands beside it. `event.original` is the sender's, else the message, else the whole document. Values that do not
 * fit their ECS field go to `haidang.json`.
 */
export function documentParser({ line, json, windows }: DocumentParsers): RecordParser {
  return (record, now) => {
    const object = record.charCodeAt(0) === 123 ? parseObject(record) : undefined;
    if (!object) return line(record, now);
    if (windows !== undefined && isObject(object['winlog'])) {
      const event = windows(record, now);
      if (event.event.kind !== 'pipeline_error') return event;
    }
    const given = isObject(object['event']) ? object['event'] : {};
    const message = typeof object['message'] === 'string' ? object['message'].replace(/[\r\n]+$/, '') : undefined;
    // Shippers that parse write to ECS names, and say so by the category; others send the bare line under `log`.
    const text = message ?? (typeof object['log'] === 'string' ? object['log'].replace(/[\r\n]+$/, '') : undefined);
    if (message === undefined && text !== undefined) Reflect.deleteProperty(object, 'log');
    const whole = message === undefined && text !== undefined ? { ...object, message: text } : object;
    const event = json.ofObject?.(whole, record, now) ?? json(whole === object ? record : JSON.stringify(whole), now);
    if (event.event.kind === 'pipeline_error') return event;
    dropMisfits(event);
    if (typeof given['original'] !== 'string') event.event.original = text === undefined || text === '' ? record : text;
    if (text === undefined || text === '' || given['category'] !== undefined) return event;
    const parsed = line(text, Date.parse(event['@timestamp']));
    if (parsed.event.kind === 'pipeline_error') return event;
    const original = event.event.original;
    merge(parsed as JsonObject, event as JsonObject, 'top');
    parsed.event.original = original as string;
    return parsed;
  };
}

/** Adds what the document says and the line does not. */
function merge(into: JsonObject, from: JsonObject, place: 'top' | 'event' | 'below'): void {
  for (const key of Object.keys(from)) {
    const value = from[key];
    if (place === 'top' && key === 'haidang') {
      into[key] = { ...(isObject(into[key]) ? into[key] : {}), ...(isObject(value) ? value : {}) };
      continue;
    }
    if (place !== 'below' && isReserved(key, place)) continue;
    const there = Object.hasOwn(into, key) ? into[key] : undefined;
    if (there === undefined) into[key] = value;
    else if (isObject(value) && isObject(there)) {
      merge(there, value, place === 'top' && key === 'event' ? 'event' : 'below');
    }
  }
}

function isReserved(key: string, place: 'top' | 'event'): boolean {
  if (key.includes('.')) return RESERVED_NAME.test(place === 'top' ? key : `event.${key}`);
  return place === 'top' ? RESERVED.has(key) : RESERVED_OF_EVENT.has(key);
}

/** Moves values of the wrong kind out of ECS fields, so that one sender's mistake cannot spoil a field for all. */
function dropMisfits(event: EcsEvent): void {
  const misfits: JsonObject = {};
  walk(event as JsonObject, '', misfits);
  if (Object.keys(misfits).length === 0) return;
  const own = isObject(event['haidang']) ? event['haidang'] : {};
  const json = isObject(own['json']) ? own['json'] : {};
  event['haidang'] = { ...own, json: { ...json, ...misfits } };
}

function walk(object: JsonObject, above: string, misfits: JsonObject): void {
  for (const key of Object.keys(object)) {
    const name = above + key;
    if (name === 'haidang') continue;
    const value = object[key];
    const type = fieldType(name);
    if (type === undefined || type === 'object' || type === 'nested') {
      if (isObject(value)) walk(value, `${name}.`, misfits);
      continue;
    }
    if (value === null || fits(type, value)) continue;
    misfits[name] = value;
    delete object[key];
  }
}

function fits(type: string, value: unknown): boolean {
  if (Array.isArray(value)) return value.every((each) => !Array.isArray(each) && fits(type, each));
  switch (type) {
    case 'ip':
      return typeof value === 'string' && isAddress(value);
    case 'long':
    case 'integer':
      return Number.isSafeInteger(typeof value === 'string' && value !== '' ? Number(value) : value);
    case 'float':
    case 'double':
    case 'scaled_float':
      return Number.isFinite(typeof value === 'string' && value !== '' ? Number(value) : value);
    case 'date':
      return typeof value === 'number' || (typeof value === 'string' && !Number.isNaN(Date.parse(value)));
    case 'boolean':
      return typeof value === 'boolean' || value === 'true' || value === 'false';
    case 'geo_point':
    case 'flattened':
      return typeof value === 'object' || typeof value === 'string';
    default:
      return typeof value !== 'object';
  }
}
