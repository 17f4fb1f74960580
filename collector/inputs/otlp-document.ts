import { fieldType } from '../../ecs/fields.ts';
import { isObject, type JsonObject } from '../parsers/json-object.ts';
import type { OtlpRecord, OtlpValue } from './otlp-message.ts';

/** Levels of OTLP's severity numbers (log data model, *Severity Fields*): four numbers each. */
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
/** Attributes that OpenTelemetry's conventions name otherwise than ECS. */
const RENAMED: Readonly<Record<string, string>> = {
  'service.instance.id': 'service.node.name',
  'deployment.environment': 'service.environment',
  'deployment.environment.name': 'service.environment',
  'host.arch': 'host.architecture',
  'os.description': 'host.os.full',
  'os.name': 'host.os.name',
  'os.version': 'host.os.version',
  'process.executable.path': 'process.executable',
  'exception.type': 'error.type',
  'exception.message': 'error.message',
  'exception.stacktrace': 'error.stack_trace',
  'client.address': 'client.address',
  'enduser.id': 'user.id',
  'http.request.method': 'http.request.method',
  'http.method': 'http.request.method',
  'http.response.status_code': 'http.response.status_code',
  'http.status_code': 'http.response.status_code',
  'user_agent.original': 'user_agent.original',
  'network.peer.address': 'source.ip',
  'thread.id': 'process.thread.id',
  'thread.name': 'process.thread.name',
  'code.filepath': 'log.origin.file.name',
  'code.file.path': 'log.origin.file.name',
  'code.lineno': 'log.origin.file.line',
  'code.line.number': 'log.origin.file.line',
  'code.function': 'log.origin.function',
  'code.function.name': 'log.origin.function',
};
const NOT_TAKEN = /^(?:organization|agent|haidang|@timestamp|message|ecs|event\.(?:id|ingested|original|kind))(?:\.|$)/;
const MOST_LABEL = 1_024;

/**
 * Makes the ECS document of a log record: attributes that have an ECS name stand under it, others in `labels` with `_`
 * for dots (so that no sender can make fields without end). `event.original` is the body where it is text, else the
 * document without it.
 */
export function otlpDocument(record: OtlpRecord): string {
  const document: JsonObject = {};
  const labels: Record<string, string> = {};
  const time = record.time > 0n ? record.time : record.observed;
  const ms = Number(time / 1_000_000n);
  if (ms > 0 && ms < 4_102_444_800_000) document['@timestamp'] = new Date(ms).toISOString();
  if (typeof record.body === 'string') document['message'] = record.body;
  else if (record.body !== null) document['message'] = JSON.stringify(record.body);
  for (const source of [record.resource, record.attributes]) {
    for (const [key, value] of Object.entries(source)) put(document, labels, key, value);
  }
  const level = LEVELS[Math.floor((record.severity - 1) / 4)];
  const named = record.severityText || level;
  if (named) place(document, 'log.level', named.toLowerCase().slice(0, 32));
  if (record.scope.name) place(document, 'log.logger', record.scope.name);
  if (/^[0-9a-f]{32}$/.test(record.traceId)) place(document, 'trace.id', record.traceId);
  if (/^[0-9a-f]{16}$/.test(record.spanId)) place(document, 'span.id', record.spanId);
  if (record.eventName) place(document, 'event.action', record.eventName);
  if (Object.keys(labels).length > 0) document['labels'] = labels;
  return JSON.stringify(document);
}

function put(document: JsonObject, labels: Record<string, string>, key: string, value: OtlpValue): void {
  if (value === null) return;
  const name = RENAMED[key] ?? key;
  const type = fieldType(name);
  const isPlain =
    typeof value !== 'object' || (Array.isArray(value) && value.every((each) => typeof each !== 'object'));
  const isLeaf = type !== undefined && type !== 'object' && type !== 'nested' && type !== 'flattened';
  if (isLeaf && isPlain && !NOT_TAKEN.test(name) && place(document, name, value)) return;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  labels[key.replaceAll('.', '_').slice(0, 128)] = text.slice(0, MOST_LABEL);
}

/** Sets a dotted name; false where something that is no object stands in the way. */
function place(document: JsonObject, name: string, value: unknown): boolean {
  const path = name.split('.');
  let at = document;
  for (const part of path.slice(0, -1)) {
    if (!Object.hasOwn(at, part)) at[part] = {};
    const next = at[part];
    if (!isObject(next)) return false;
    at = next;
  }
  at[path.at(-1) as string] = value;
  return true;
}
