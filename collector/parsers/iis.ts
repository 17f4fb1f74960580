import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import { ColumnMemory } from './column-memory.ts';
import type { Row } from './device-fields.ts';
import { DeviceFields, takeFields } from './device-fields.ts';
import type { Draft } from './draft.ts';
import { classify, finish, isAddress, newDraft } from './draft.ts';
import { countOf, put } from './put.ts';
import { isoTimeAt } from './time.ts';
import { readAuthority, setUrl } from './url.ts';

const START = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (?:\S+ ){0,4}(?:[0-9A-Fa-f.:]{2,45}|-) /;
const HEADER = /^#(Software|Version|Date|Fields|Start-Date|End-Date|Remark): ?(.*)$/;
const METHOD =
  / (?:GET|HEAD|POST|PUT|DELETE|OPTIONS|TRACE|CONNECT|PATCH|PROPFIND|PROPPATCH|MKCOL|COPY|MOVE|LOCK|UNLOCK|SEARCH|REPORT|DEBUG|BITS_POST|RPC_IN_DATA|RPC_OUT_DATA) [/*]/;
const MAX_IIS = 65_536;
const words = (text: string): readonly string[] => text.split(' ');

/** What servers write unless told otherwise: IIS 10, IIS 7 and 8, and with all fields; for lines whose header was not seen. */
const USUAL: readonly (readonly string[])[] = [
  'date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken',
  'date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken',
  'date time s-sitename s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs-version cs(User-Agent) cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken',
].map(words);

const ROWS: readonly Row[] = [
  ['c-ip', 'source', 'end'],
  ['c-port', 'source.port', 'port'],
  ['s-ip', 'destination', 'end'],
  ['s-port', 'destination.port', 'port'],
  ['cs-username', 'user.name'],
  ['cs-method', 'http.request.method'],
  ['sc-status', 'http.response.status_code', 'count'],
  ['sc-bytes', 'http.response.bytes', 'count'],
  ['cs-bytes', 'http.request.bytes', 'count'],
  ['cs(Referer)', 'http.request.referrer'],
  ['s-computername', 'host.name'],
  ['s-sitename', 'iis.access.site_name'],
  ['sc-substatus', 'iis.access.sub_status', 'count'],
  ['sc-win32-status', 'iis.access.win32_status', 'count'],
  ['cs(Cookie)', 'iis.access.cookie'],
];

const seen = new ColumnMemory();

/** Columns by the file's header, else the usual ones with as many values whose method and address stand where they should. */
function columnsOf(values: readonly string[], path: string | undefined): readonly string[] | undefined {
  const known = seen.of(path, values.length);
  if (known) return known;
  return USUAL.find((columns) => {
    if (columns.length !== values.length) return false;
    const at = (name: string) => values[columns.indexOf(name)] ?? '';
    return isAddress(at('c-ip')) && /^[A-Z_]{2,16}$/.test(at('cs-method')) && /^\d{3}$/.test(at('sc-status'));
  });
}

function setRequest(draft: Draft, fields: DeviceFields): void {
  const stem = fields.take('cs-uri-stem') ?? fields.take('cs-uri');
  const query = fields.take('cs-uri-query');
  if (stem !== undefined) setUrl(draft, query === undefined ? stem : `${stem}?${query}`);
  const host = fields.take('cs-host');
  if (host !== undefined) {
    const { domain } = readAuthority(host);
    if (domain !== undefined) put(draft, 'url.domain', domain);
  }
  // Blanks in a header's value are written as `+`.
  put(draft, 'user_agent.original', fields.take('cs(User-Agent)')?.replaceAll('+', ' '));
  put(draft, 'http.version', /^HTTP\/(\d(?:\.\d)?)$/.exec(fields.take('cs-version') ?? '')?.[1]);
  const taken = countOf(fields.take('time-taken'));
  if (taken !== undefined) put(draft, 'event.duration', taken * 1_000_000);
  const forwarded = fields.take('X-Forwarded-For') ?? fields.take('cs(X-Forwarded-For)');
  put(draft, 'iis.access.forwarded_for', forwarded);
}

function readHeader(line: string, context: ParseContext): EcsEvent | undefined {
  const found = HEADER.exec(line);
  if (!found) return undefined;
  if (found[1] === 'Fields') seen.remember(context.path, (found[2] as string).trim().split(/\s+/));
  const draft = newDraft(line, line, 'iis.access', context);
  const at = found[1] === 'Date' ? isoTimeAt(`${found[2]}Z`, 0, 'UTC') : undefined;
  if (at) draft['@timestamp'] = new Date(at.ms).toISOString();
  classify(draft, ['web'], ['info'], 'log-header');
  return finish(draft);
}

function readLine(line: string, context: ParseContext): EcsEvent | undefined {
  if (line.length > MAX_IIS) return undefined;
  const values = line.trimEnd().split(' ', 200);
  const columns = columnsOf(values, context.path);
  if (!columns) return undefined;
  const pairs = new Map(columns.map((name, at) => [name, values[at] as string]));
  const fields = new DeviceFields(pairs);
  // W3C extended logs are in UTC.
  const time = isoTimeAt(`${fields.take('date')} ${fields.take('time')}Z`, 0, 'UTC');
  if (!time) return undefined;
  const draft = newDraft(line, line, 'iis.access', context, time.ms);
  takeFields(draft, fields, ROWS);
  if (draft.host?.name !== undefined) draft.host.hostname = draft.host.name;
  setRequest(draft, fields);
  const status = (draft['http'] as { response?: { status_code?: number } } | undefined)?.response?.status_code;
  const outcome = status === undefined ? undefined : status < 400 ? 'success' : 'failure';
  classify(draft, ['web'], ['access'], undefined, outcome);
  return finish(draft);
}

/** W3C extended logs of Internet Information Services 6 to 10; the `#Fields` line of a file names its columns. */
export const iis: Parser = {
  name: 'iis',
  detects: (line) =>
    (START.test(line) && METHOD.test(line)) || /^#(?:Software: Microsoft Internet|Fields: date time )/.test(line),
  parse: (line, context) => (line.startsWith('#') ? readHeader(line, context) : readLine(line, context)),
};
