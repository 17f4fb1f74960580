import { isObject } from '../parsers/json-object.ts';
import { asBytes, asNumber, ProtoFault, protoFields } from './protobuf.ts';

/** A value of OTLP's data model (`AnyValue`); bytes are in base64. */
export type OtlpValue = string | number | boolean | null | OtlpValue[] | { [key: string]: OtlpValue };

/** One log record with what stands around it. */
export interface OtlpRecord {
  readonly resource: Readonly<Record<string, OtlpValue>>;
  readonly scope: { readonly name?: string; readonly version?: string };
  /** Nanoseconds since 1970; 0 where not given. */
  readonly time: bigint;
  readonly observed: bigint;
  readonly severity: number;
  readonly severityText: string;
  readonly body: OtlpValue;
  readonly attributes: Readonly<Record<string, OtlpValue>>;
  readonly traceId: string;
  readonly spanId: string;
  readonly eventName: string;
}

/** A request taken apart: its records, and how many could not be read, with the first reason. */
export interface OtlpLogs {
  readonly records: OtlpRecord[];
  rejected: number;
  reason: string;
  /** Bytes that its documents may still take, about. */
  room: number;
}

const MOST_DEPTH = 16;
const MOST_RECORDS = 100_000;
/** Characters of a scope's name; it stands in each of its events. */
const LONGEST_SCOPE = 1_024;
/** Values of one record or resource: each takes many times its bytes in memory. */
const MOST_VALUES = 10_000;
/**
 * What stands once in a request stands in each of its events: a resource of a megabyte with records of two bytes would
 * fill the disk. Events may take sixteen times the bytes of their request, and four megabytes in any case.
 */
const MOST_GROWTH = 16;
const ALWAYS_ROOM = 4 * 1024 * 1024;

function openLogs(bytes: number): OtlpLogs {
  return { records: [], rejected: 0, reason: '', room: Math.max(ALWAYS_ROOM, MOST_GROWTH * bytes) };
}

/** Values that may still be read. */
interface Values {
  left: number;
}

/** Reads `ExportLogsServiceRequest` in the binary form; throws `ProtoFault` where the frame around the records is broken. */
export function readOtlpProtobuf(bytes: Buffer): OtlpLogs {
  const logs = openLogs(bytes.length);
  for (const { number, value } of protoFields(bytes)) {
    if (number !== 1) continue;
    const group = asBytes(value);
    let resource: Record<string, OtlpValue> = {};
    for (const field of protoFields(group)) if (field.number === 1) resource = attributesIn(asBytes(field.value), 1);
    const around = { resource, size: JSON.stringify(resource).length };
    for (const field of protoFields(group)) if (field.number === 2) readScope(asBytes(field.value), around, logs);
  }
  return logs;
}

/** A resource, and the characters of its text. */
interface Around {
  readonly resource: OtlpRecord['resource'];
  readonly size: number;
}

function readScope(bytes: Buffer, { resource, size }: Around, logs: OtlpLogs): void {
  const scope: { name?: string; version?: string } = {};
  for (const field of protoFields(bytes)) {
    if (field.number !== 1) continue;
    for (const { number, value } of protoFields(asBytes(field.value))) {
      if (number === 1) scope.name = asBytes(value).toString('utf8').slice(0, LONGEST_SCOPE);
      if (number === 2) scope.version = asBytes(value).toString('utf8').slice(0, LONGEST_SCOPE);
    }
  }
  for (const { number, value } of protoFields(bytes)) {
    if (number === 2) collect(logs, size, () => readRecord(asBytes(value), resource, scope));
  }
}

/** Takes one more record; `size` is that of what stands around it, which its event has as well. */
function collect(logs: OtlpLogs, size: number, read: () => OtlpRecord): void {
  try {
    if (logs.records.length >= MOST_RECORDS) throw new ProtoFault(`more than ${MOST_RECORDS} records in one request`);
    if (logs.room < size) throw new ProtoFault('the resource is too large to stand in so many records');
    logs.room -= size;
    logs.records.push(read());
  } catch (error) {
    if (!(error instanceof ProtoFault)) throw error;
    logs.rejected++;
    logs.reason ||= error.message;
  }
}

function readRecord(bytes: Buffer, resource: OtlpRecord['resource'], scope: OtlpRecord['scope']): OtlpRecord {
  const record = { ...EMPTY, resource, scope, attributes: {} as Record<string, OtlpValue> };
  const values = { left: MOST_VALUES };
  for (const { number, value } of protoFields(bytes)) {
    if (number === 1) record.time = asNumber(value);
    else if (number === 2) record.severity = Number(asNumber(value));
    else if (number === 3) record.severityText = asBytes(value).toString('utf8');
    else if (number === 5) record.body = anyValue(asBytes(value), 0, values);
    else if (number === 6) putPair(record.attributes, asBytes(value), 0, values);
    else if (number === 9) record.traceId = asBytes(value).toString('hex');
    else if (number === 10) record.spanId = asBytes(value).toString('hex');
    else if (number === 11) record.observed = asNumber(value);
    else if (number === 12) record.eventName = asBytes(value).toString('utf8');
  }
  return record;
}

const EMPTY = {
  time: 0n,
  observed: 0n,
  severity: 0,
  severityText: '',
  body: null as OtlpValue,
  traceId: '',
  spanId: '',
  eventName: '',
};

function attributesIn(bytes: Buffer, wanted: number): Record<string, OtlpValue> {
  const found: Record<string, OtlpValue> = {};
  const values = { left: MOST_VALUES };
  for (const { number, value } of protoFields(bytes)) if (number === wanted) putPair(found, asBytes(value), 0, values);
  return found;
}

function putPair(into: Record<string, OtlpValue>, bytes: Buffer, depth: number, values: Values): void {
  take(values);
  let key = '';
  let found: OtlpValue = null;
  for (const { number, value } of protoFields(bytes)) {
    if (number === 1) key = asBytes(value).toString('utf8');
    else if (number === 2) found = anyValue(asBytes(value), depth + 1, values);
  }
  if (key !== '' && key !== '__proto__') into[key] = found;
}

function take(values: Values): void {
  if (values.left-- <= 0) throw new ProtoFault(`more than ${MOST_VALUES} values in one record or resource`);
}

function anyValue(bytes: Buffer, depth: number, values: Values): OtlpValue {
  take(values);
  if (depth > MOST_DEPTH) throw new ProtoFault(`values are nested deeper than ${MOST_DEPTH} levels`);
  let found: OtlpValue = null;
  for (const { number, value } of protoFields(bytes)) {
    if (number === 1) found = asBytes(value).toString('utf8');
    else if (number === 2) found = asNumber(value) !== 0n;
    else if (number === 3) found = whole(BigInt.asIntN(64, asNumber(value)));
    else if (number === 4) found = double(asNumber(value));
    else if (number === 5) {
      const list: OtlpValue[] = [];
      for (const each of protoFields(asBytes(value))) {
        if (each.number === 1) list.push(anyValue(asBytes(each.value), depth + 1, values));
      }
      found = list;
    } else if (number === 6) {
      const pairs: Record<string, OtlpValue> = {};
      for (const each of protoFields(asBytes(value))) {
        if (each.number === 1) putPair(pairs, asBytes(each.value), depth, values);
      }
      found = pairs;
    } else if (number === 7) found = asBytes(value).toString('base64');
  }
  return found;
}

/** Whole numbers past what a double holds exactly stay exact as text. */
function whole(value: bigint): OtlpValue {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
}

const SCRATCH = Buffer.alloc(8);

function double(bits: bigint): OtlpValue {
  SCRATCH.writeBigUInt64LE(bits);
  const value = SCRATCH.readDoubleLE();
  return Number.isFinite(value) ? value : String(value);
}

/**
 * Reads the request in its JSON form (OTLP 1.x, *JSON Protobuf Encoding*: lowerCamelCase keys, ids in hexadecimal,
 * 64-bit numbers as text or number). Throws `ProtoFault` where it is no such request.
 */
export function readOtlpJson(text: string): OtlpLogs {
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch {
    throw new ProtoFault('the body is not JSON');
  }
  if (!isObject(request)) throw new ProtoFault('the body is not an object');
  const logs = openLogs(text.length);
  for (const group of objects(request['resourceLogs'] ?? request['resource_logs'])) {
    const resource = pairs(isObject(group['resource']) ? group['resource']['attributes'] : undefined, 0);
    const size = JSON.stringify(resource).length;
    for (const inner of objects(group['scopeLogs'] ?? group['scope_logs'])) {
      const given = isObject(inner['scope']) ? inner['scope'] : {};
      const scope = { ...some('name', given['name']), ...some('version', given['version']) };
      for (const record of objects(inner['logRecords'] ?? inner['log_records'])) {
        collect(logs, size, () => jsonRecord(record, resource, scope));
      }
    }
  }
  return logs;
}

function jsonRecord(
  given: Record<string, unknown>,
  resource: OtlpRecord['resource'],
  scope: OtlpRecord['scope'],
): OtlpRecord {
  return {
    resource,
    scope,
    time: nanoseconds(given['timeUnixNano'] ?? given['time_unix_nano']),
    observed: nanoseconds(given['observedTimeUnixNano'] ?? given['observed_time_unix_nano']),
    severity: Number(given['severityNumber'] ?? given['severity_number']) || 0,
    severityText: str(given['severityText'] ?? given['severity_text']),
    body: jsonValue(given['body'], 0),
    attributes: pairs(given['attributes'], 0),
    traceId: str(given['traceId'] ?? given['trace_id']).toLowerCase(),
    spanId: str(given['spanId'] ?? given['span_id']).toLowerCase(),
    eventName: str(given['eventName'] ?? given['event_name']),
  };
}

function objects(value: unknown): Record<string, unknown>[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || !value.every(isObject)) throw new ProtoFault('a list of objects is something else');
  return value;
}

function str(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function some(key: 'name' | 'version', value: unknown): Record<string, string> {
  return typeof value === 'string' && value !== '' ? { [key]: value.slice(0, LONGEST_SCOPE) } : {};
}

function nanoseconds(value: unknown): bigint {
  const text = typeof value === 'number' && Number.isFinite(value) ? String(Math.trunc(value)) : value;
  if (text === undefined || text === null) return 0n;
  if (typeof text !== 'string' || !/^\d{1,20}$/.test(text)) throw new ProtoFault('a time is not a number');
  return BigInt(text);
}

function pairs(value: unknown, depth: number): Record<string, OtlpValue> {
  const found: Record<string, OtlpValue> = {};
  for (const pair of objects(value)) {
    const key = str(pair['key']);
    if (key !== '' && key !== '__proto__') found[key] = jsonValue(pair['value'], depth + 1);
  }
  return found;
}

function jsonValue(value: unknown, depth: number): OtlpValue {
  if (depth > MOST_DEPTH) throw new ProtoFault(`values are nested deeper than ${MOST_DEPTH} levels`);
  if (!isObject(value)) return null;
  if (typeof value['stringValue'] === 'string') return value['stringValue'];
  if (typeof value['boolValue'] === 'boolean') return value['boolValue'];
  const int = value['intValue'];
  if (typeof int === 'number') return int;
  if (typeof int === 'string' && /^-?\d{1,19}$/.test(int)) return whole(BigInt(int));
  const real = value['doubleValue'];
  if (typeof real === 'number' || typeof real === 'string') return real;
  if (typeof value['bytesValue'] === 'string') return value['bytesValue'];
  if (isObject(value['arrayValue'])) {
    return objects(value['arrayValue']['values']).map((each) => jsonValue(each, depth + 1));
  }
  if (isObject(value['kvlistValue'])) return pairs(value['kvlistValue']['values'], depth);
  return null;
}
