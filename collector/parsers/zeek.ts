import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import { ColumnMemory } from './column-memory.ts';
import { DeviceFields, sumDirections } from './device-fields.ts';
import type { Draft } from './draft.ts';
import { classify, finish, isAddress, newDraft, relate } from './draft.ts';
import { isObject, parseObject } from './json-object.ts';
import { countOf, put } from './put.ts';
import { isoTimeAt } from './time.ts';
import { setUrl } from './url.ts';
import { classifyZeek, takeZeekFields } from './zeek-logs.ts';

const MAX_ZEEK = 65_536;
const HEADER = /^#(separator|set_separator|empty_field|unset_field|path|open|close|fields|types)[ \t](.*)$/;
const DATA = /^\d{9,11}\.\d{1,9}\t/;
const JSON_START = /^\{(?:"_path":"[a-z_]{2,32}"|"ts":(?:\d{9,11}\.\d|"\d{4}-))/;

const columns = new ColumnMemory();
const paths = new ColumnMemory();

/** Which log a JSON record is of, where its writer does not say, by fields that only that log has. */
const SIGNS: readonly (readonly [field: string, path: string])[] = [
  ['note', 'notice'],
  ['conn_state', 'conn'],
  ['qtype_name', 'dns'],
  ['rcode_name', 'dns'],
  ['query', 'dns'],
  ['uri', 'http'],
  ['status_msg', 'http'],
  ['auth_success', 'ssh'],
  ['cipher', 'ssl'],
  ['server_name', 'ssl'],
  ['fuid', 'files'],
  ['request_type', 'kerberos'],
  ['domainname', 'ntlm'],
  ['mailfrom', 'smtp'],
  ['helo', 'smtp'],
  ['assigned_addr', 'dhcp'],
];

function pathOf(fields: DeviceFields, context: ParseContext): string {
  const named = fields.take('_path') ?? paths.of(context.path, 1)?.[0];
  if (named !== undefined && /^[a-z][a-z0-9_]{1,31}$/.test(named)) return named;
  const file = /(?:^|\/)([a-z][a-z0-9_]{1,31})(?:[.\d:_-][\w.:-]{0,40})?\.log(?:\.gz)?$/.exec(context.path ?? '')?.[1];
  const sign = SIGNS.find(([field]) => fields.peek(field) !== undefined)?.[1];
  return sign ?? file ?? 'log';
}

/** Seconds since 1970 with a fraction, or RFC 3339. */
function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const found = /^(\d{9,11})(?:\.(\d{1,9}))?$/.exec(text);
  if (found) return Number(found[1]) * 1000 + Number((found[2] ?? '').slice(0, 3).padEnd(3, '0'));
  return isoTimeAt(text, 0, 'UTC')?.ms;
}

function setDns(draft: Draft, fields: DeviceFields): void {
  const answers = (fields.peek('answers') ?? '').split(',', 64).filter((each) => each !== '');
  if (answers.length === 0) return;
  fields.take('answers');
  const addresses = answers.filter(isAddress);
  put(draft, 'zeek.dns.answers', answers);
  if (addresses.length > 0) put(draft, 'dns.resolved_ip', addresses);
  for (const address of addresses) relate(draft, 'ip', address);
}

/** Fields of several logs that hold addresses, and do not say whose side they are on. */
const HOST_LISTS = ['host', 'tx_hosts', 'rx_hosts'];

function setAddress(draft: Draft, fields: DeviceFields): void {
  const uri = fields.take('uri');
  const host = fields.take('host');
  if (uri !== undefined) setUrl(draft, uri);
  if (host !== undefined) put(draft, 'url.domain', host.replace(/:\d{1,5}$/, ''));
}

function makeEvent(line: string, pairs: Map<string, string>, context: ParseContext): EcsEvent | undefined {
  const fields = new DeviceFields(pairs);
  const ms = timeOf(fields.take('ts'));
  if (ms === undefined) return undefined;
  const path = pathOf(fields, context);
  const draft = newDraft(line, line, `zeek.${path}`, context, ms);
  put(draft, 'zeek.session_id', fields.take('uid'));
  const duration = Number(fields.peek('duration') ?? Number.NaN);
  if (Number.isFinite(duration) && duration >= 0 && duration < 1e9) {
    put(draft, 'event.duration', Math.round(duration * 1e9));
    fields.take('duration');
  }
  takeZeekFields(draft, fields, path);
  // One column may list the addresses of both sides of a file.
  if (path === 'dns') setDns(draft, fields);
  if (path === 'http') setAddress(draft, fields);
  for (const name of HOST_LISTS) {
    for (const each of (fields.peek(name) ?? '').split(',', 16)) if (isAddress(each)) relate(draft, 'ip', each);
  }
  const port = countOf(fields.peek('p'));
  if (port !== undefined && draft.destination && draft.destination.port === undefined)
    put(draft, 'destination.port', port);
  sumDirections(draft);
  put(draft, 'observer.vendor', 'Zeek');
  put(draft, 'observer.product', 'Zeek');
  classifyZeek(draft, fields, path);
  draft.message = fields.take('msg') ?? line;
  const rest = fields.rest();
  const own = (draft['zeek'] ?? {}) as Record<string, object>;
  if (Object.keys(rest).length > 0) draft['zeek'] = { ...own, [path]: { ...own[path], ...rest } };
  return finish(draft);
}

function readHeader(line: string, context: ParseContext): EcsEvent | undefined {
  const found = HEADER.exec(line);
  if (!found) return undefined;
  const text = found[2] as string;
  if (found[1] === 'fields') columns.remember(context.path, text.split('\t'));
  if (found[1] === 'path') paths.remember(context.path, [text]);
  const draft = newDraft(line, line, 'zeek.log', context);
  classify(draft, ['network'], ['info'], 'log-header');
  return finish(draft);
}

function readColumns(line: string, context: ParseContext): EcsEvent | undefined {
  const values = line.split('\t', 200);
  const names = columns.of(context.path, values.length);
  if (!names) return undefined;
  return makeEvent(line, new Map(names.map((name, at) => [name, values[at] as string])), context);
}

/** A value of a JSON record as text: lists are joined as Zeek's own files join them. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? value.map((each) => String(each)).join(',') : undefined;
}

function readJson(line: string, context: ParseContext): EcsEvent | undefined {
  const record = parseObject(line);
  if (!record || record['ts'] === undefined) return undefined;
  const pairs = new Map<string, string>();
  for (const [key, value] of Object.entries(record)) {
    if (key === 'id' && isObject(value)) {
      for (const [inner, text] of Object.entries(value)) pairs.set(`id.${inner}`, textOf(text) ?? '');
      continue;
    }
    const text = textOf(value);
    if (text !== undefined) pairs.set(key, text);
  }
  return makeEvent(line, pairs, context);
}

/** Logs of Zeek, as JSON or with tabs; the `#fields` line of a file names its columns. */
export const zeek: Parser = {
  name: 'zeek',
  detects: (line) =>
    (JSON_START.test(line) && /"(?:id\.orig_h|uids?|fuid|note|peer)":/.test(line.slice(0, 4_096))) ||
    DATA.test(line) ||
    /^#(?:separator \\x|fields\tts\t|path\t|types\ttime\t)/.test(line),
  parse(line, context) {
    if (line.length > MAX_ZEEK) return undefined;
    if (line.startsWith('{')) return readJson(line, context);
    return line.startsWith('#') ? readHeader(line, context) : readColumns(line, context);
  },
};
