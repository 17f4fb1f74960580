import type { EcsEvent } from '../../ecs/event.ts';
import type { RecordParser } from '../intake.ts';
import { fits } from '../parsers/json.ts';
import { isObject, type JsonObject, parseObject } from '../parsers/json-object.ts';
import { TEXT_NAMES } from '../record.ts';
import { misfitsOf } from './misfits.ts';

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
  // What `text` has read and could not write at once is not read again.
  let read: { readonly record: string; readonly object: JsonObject | undefined } | undefined;

  function text(record: string, now: number, id: string): string | undefined {
    if (!line.text) return undefined;
    if (record.charCodeAt(0) !== 123) return line.text(record, now, id);
    const object = parseObject(record);
    read = { record, object };
    return object && textOf(object, line.text, id);
  }

  function parse(record: string, now: number): EcsEvent {
    const known = read?.record === record ? read : undefined;
    read = undefined;
    const object = record.charCodeAt(0) === 123 ? (known ? known.object : parseObject(record)) : undefined;
    if (!object) return line(record, now);
    if (windows !== undefined && isObject(object['winlog'])) {
      const event = windows(record, now);
      if (event.event.kind !== 'pipeline_error') return event;
    }
    const given = isObject(object['event']) ? object['event'] : {};
    const message = typeof object['message'] === 'string' ? withoutEnd(object['message']) : undefined;
    // Shippers that parse write to ECS names, and say so by the category; others send the bare line under `log`.
    const text = message ?? (typeof object['log'] === 'string' ? withoutEnd(object['log']) : undefined);
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
  }

  return Object.assign(parse, { text });
}

function withoutEnd(line: string): string {
  const last = line.charCodeAt(line.length - 1);
  return last === 10 || last === 13 ? line.replace(/[\r\n]+$/, '') : line;
}

/**
 * The text of a document's event, where its line's can be written at once and the rest of the document says nothing of
 * what the line says: then the rest stands behind the line's own fields. Undefined for every other document.
 */
function textOf(document: JsonObject, lineText: NonNullable<RecordParser['text']>, id: string): string | undefined {
  const { message, '@timestamp': time } = document;
  if (typeof message !== 'string' || typeof time !== 'string' || !time.endsWith('Z')) return undefined;
  const ms = Date.parse(time);
  const own = Number.isNaN(ms) ? undefined : lineText(withoutEnd(message), ms, id);
  if (own === undefined) return undefined;
  const rest: JsonObject = {};
  for (const key of Object.keys(document)) {
    if (RESERVED.has(key)) continue;
    const value = document[key];
    // Events with two ends have a direction (`collector/enrichers`), which only the event itself can be given.
    if (key === 'destination' || key.includes('.') || !fits(key, value)) return undefined;
    // A quote inside a string is escaped, so what is found here is a name that the line has, too, on some level.
    if (TEXT_NAMES.has(key) && own.includes(`"${key}":`)) return undefined;
    rest[key] = value;
  }
  if (misfitsOf(rest).length > 0) return undefined;
  const behind = JSON.stringify(rest);
  return behind === '{}' ? own : `${own.slice(0, -1)},${behind.slice(1)}`;
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
  const found = misfitsOf(event as JsonObject);
  if (found.length === 0) return;
  const misfits: JsonObject = {};
  for (const { object, key, name } of found) {
    misfits[name] = object[key];
    delete object[key];
  }
  const own = isObject(event['haidang']) ? event['haidang'] : {};
  const json = isObject(own['json']) ? own['json'] : {};
  event['haidang'] = { ...own, json: { ...json, ...misfits } };
}
