import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import { looksLikeAccess, parseAccess } from './access-log.ts';
import type { Draft } from './draft.ts';
import { classify, endpoint, finish, newDraft, portNumber } from './draft.ts';
import { countOf, put } from './put.ts';
import { isoTimeAt } from './time.ts';
import { setUrl } from './url.ts';

const NATIVE =
  /^(\d{9,11})\.(\d{3}) {1,12}(-?\d{1,12}) (\S{1,255}) ([A-Z][A-Z_]{2,60})\/(\d{3}) (\d{1,15}|-) (\S{1,64}) (.*)$/s;
const NATIVE_START = /^\d{9,11}\.\d{3} {1,12}-?\d{1,12} \S{1,255} (?:(?:\d{1,5}|-) )?[A-Z][A-Z_]{2,60}\/\d{3} /;
/** The same with the client's port, more sizes, the version, the server's port and headers. */
const EXTENDED =
  /^(\d{9,11})\.(\d{3}) {1,12}(-?\d{1,12}) (\S{1,255}) (\d{1,5}|-) ([A-Z][A-Z_]{2,60})\/(\d{3}) (\d{1,15}|-)((?: (?:\d{1,15}|-)){1,8}) ([A-Z][A-Z_-]{0,31}) (\S{1,8192}) (\d\.\d|-) (\S{1,512}) ([A-Z][A-Z0-9_]{2,60}\/\S{1,255}) (\d{1,5}|-) (\S{1,160})(.*)$/s;
const PEER = /^([A-Z][A-Z0-9_]{2,60})(?:\/(\S{1,255}))?$/;
const RESULT = / ([A-Z][A-Z_]{2,60}):([A-Z][A-Z0-9_]{2,60})$/;
const CACHE = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d:\d\d:\d\d)(?:\.\d{1,6})? ?(?:kid(\d{1,4}))?\| /;

/** What the result code says of the request: served or refused. */
function classifyResult(draft: Draft, code: string, status: number | undefined): void {
  const denied = code.includes('DENIED');
  const verdict = denied ? ['denied'] : /^(?:TAG_)?NONE/.test(code) ? [] : ['allowed'];
  const outcome = denied ? 'failure' : status === undefined ? undefined : status < 400 ? 'success' : 'failure';
  classify(draft, ['web', 'network'], ['connection', ...verdict], code, outcome);
}

function setPeer(draft: Draft, text: string | undefined): void {
  const peer = text === undefined ? null : PEER.exec(text);
  if (!peer) return;
  put(draft, 'squid.hierarchy_code', peer[1]);
  const end = peer[2] === undefined || peer[2] === '-' ? undefined : endpoint(peer[2]);
  if (end) draft.destination = end;
}

/** Splits what stands behind the method: address, user, peer and type; the address may hold blanks, the rest not. */
function readTail(tail: string): { url: string; user: string; peer: string; mime: string } | undefined {
  const words = tail.split(' ');
  // Formats of one's own may add fields behind; the peer, told by its shape, fixes the places of the others.
  for (let at = 2; at < words.length && at < 4_096; at++) {
    if (!/^[A-Z][A-Z0-9_]{2,60}\/\S+$/.test(words[at] as string)) continue;
    return {
      url: words.slice(0, at - 1).join(' '),
      user: words[at - 1] as string,
      peer: words[at] as string,
      mime: words[at + 1] ?? '-',
    };
  }
  return undefined;
}

interface Access {
  ms: number;
  elapsed: number;
  client: string;
  code: string;
  status: number | undefined;
  size: string;
  method: string;
  url: string;
  user: string;
  peer: string;
  mime: string;
}

function accessEvent(line: string, access: Access, context: ParseContext): Draft {
  const draft = newDraft(line, line, 'squid.access', context, access.ms);
  const { elapsed, method, url, mime, status } = access;
  const known = status !== undefined && status >= 100 ? status : undefined;
  // `log_fqdn` of old versions puts the name behind the address.
  const source = endpoint(access.client.replace(/\/.*$/, ''));
  if (source) draft.source = source;
  if (elapsed >= 0) put(draft, 'event.duration', elapsed * 1_000_000);
  if (method !== '-' && method !== 'NONE') put(draft, 'http.request.method', method);
  put(draft, 'http.response.status_code', known);
  put(draft, 'http.response.bytes', countOf(access.size));
  if (mime !== '-' && /^[\w.+*-]{1,64}\/[\w.+*-]{1,96}(?:;|$)/.test(mime)) put(draft, 'http.response.mime_type', mime);
  if (access.user !== '-') draft.user = { name: access.user };
  if (url !== '-' && !url.startsWith('error:')) setUrl(draft, url, method === 'CONNECT');
  else if (url !== '-') put(draft, 'event.reason', url.slice(6));
  setPeer(draft, access.peer);
  classifyResult(draft, access.code, known);
  return draft;
}

function readNative(line: string, context: ParseContext): EcsEvent | undefined {
  const found = NATIVE.exec(line);
  const tail = found ? readTail(found[9] as string) : undefined;
  if (!found || !tail) return readExtended(line, context);
  const [, seconds, millis, elapsed, client = '', code = '', status, size = '', method = ''] = found;
  const ms = Number(seconds) * 1000 + Number(millis);
  const row = { ms, elapsed: Number(elapsed), client, code, status: countOf(status), size, method, ...tail };
  return finish(accessEvent(line, row, context));
}

function readExtended(line: string, context: ParseContext): EcsEvent | undefined {
  const found = EXTENDED.exec(line);
  if (!found) return undefined;
  const [, seconds, millis, elapsed, client = '', port, code = '', status, size = '', sizes = '', method = ''] = found;
  const [url = '', version, user = '', peer = '', peerPort, mime = '', rest = ''] = found.slice(11);
  const ms = Number(seconds) * 1000 + Number(millis);
  const row = {
    ms,
    elapsed: Number(elapsed),
    client,
    code,
    status: countOf(status),
    size,
    method,
    url,
    user,
    peer,
    mime,
  };
  const draft = accessEvent(line, row, context);
  if (draft.source) put(draft, 'source.port', portNumber(port === '-' ? undefined : port));
  if (draft.destination) put(draft, 'destination.port', portNumber(peerPort === '-' ? undefined : peerPort));
  put(draft, 'http.request.bytes', countOf(sizes.split(' ')[1]));
  put(draft, 'http.version', version === '-' ? undefined : version);
  const [referrer, agent] = [...rest.matchAll(/"([^"]{0,8192})"/g)].map((quoted) => quoted[1]);
  put(draft, 'http.request.referrer', referrer === '-' ? undefined : referrer);
  put(draft, 'user_agent.original', agent === '-' ? undefined : agent);
  return finish(draft);
}

/** Squid's `common` and `combined` formats, which end with the result and the peer: `TCP_MISS:HIER_DIRECT`. */
function readCommon(line: string, context: ParseContext): EcsEvent | undefined {
  const result = RESULT.exec(line);
  const event = parseAccess(line, 'squid', context) as Draft | undefined;
  if (!event || !result) return undefined;
  const status = (event['http'] as { response?: { status_code?: number } } | undefined)?.response?.status_code;
  put(event, 'squid.hierarchy_code', result[2]);
  classifyResult(event, result[1] as string, status);
  return event;
}

function readCache(line: string, context: ParseContext): EcsEvent | undefined {
  const head = CACHE.exec(line);
  const time = head ? isoTimeAt(`${head[1]}-${head[2]}-${head[3]} ${head[4]}`, 0, context.timeZone) : undefined;
  if (!head || !time) return undefined;
  const message = line.slice(head[0].length);
  const draft = newDraft(line, message, 'squid.cache', context, time.ms);
  const level = /^(WARNING|ERROR|FATAL|SECURITY ALERT|SECURITY ERROR): /.exec(message)?.[1];
  put(draft, 'log.level', level?.toLowerCase());
  classify(draft, ['web'], [level !== undefined && /ERROR|FATAL/.test(level) ? 'error' : 'info']);
  return finish(draft);
}

/** Reads a line of Squid that came by syslog. */
export function readSquidMessage(message: string, context: ParseContext): EcsEvent | undefined {
  const text = message.trimStart();
  return readNative(text, context) ?? (RESULT.test(text) ? readCommon(text, context) : undefined);
}

/** Access lines of Squid (native, common and combined) and its cache log. */
export const squid: Parser = {
  name: 'squid',
  detects: (line) =>
    NATIVE_START.test(line) || CACHE.test(line) || (RESULT.test(line.slice(-140)) && looksLikeAccess(line)),
  parse: (line, context) => readNative(line, context) ?? readCache(line, context) ?? readCommon(line, context),
};
