import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import { looksLikeAccess, parseAccess } from './access-log.ts';
import type { Draft } from './draft.ts';
import { classify, endpoint, finish, newDraft } from './draft.ts';
import { countOf, put } from './put.ts';
import { isoTimeAt } from './time.ts';
import { setUrl } from './url.ts';

const NATIVE =
  /^(\d{9,11})\.(\d{3}) {1,12}(-?\d{1,12}) (\S{1,255}) ([A-Z][A-Z_]{2,60})\/(\d{3}) (\d{1,15}|-) (\S{1,64}) (.*)$/s;
const NATIVE_START = /^\d{9,11}\.\d{3} {1,12}-?\d{1,12} \S{1,255} [A-Z][A-Z_]{2,60}\/\d{3} /;
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

function readNative(line: string, context: ParseContext): EcsEvent | undefined {
  const found = NATIVE.exec(line);
  const tail = found ? readTail(found[9] as string) : undefined;
  if (!found || !tail) return undefined;
  const draft = newDraft(line, line, 'squid.access', context, Number(found[1]) * 1000 + Number(found[2]));
  const [, , , elapsed = '', client = '', code = '', status = '', size = '', method = ''] = found;
  const source = endpoint(client);
  if (source) draft.source = source;
  const answer = countOf(status);
  const known = answer !== undefined && answer >= 100 ? answer : undefined;
  if (Number(elapsed) >= 0) put(draft, 'event.duration', Number(elapsed) * 1_000_000);
  if (method !== '-' && method !== 'NONE') put(draft, 'http.request.method', method);
  put(draft, 'http.response.status_code', known);
  put(draft, 'http.response.bytes', countOf(size));
  if (tail.mime !== '-' && /^[\w.+*-]{1,64}\/[\w.+*-]{1,96}(?:;|$)/.test(tail.mime))
    put(draft, 'http.response.mime_type', tail.mime);
  if (tail.user !== '-') draft.user = { name: tail.user };
  if (tail.url !== '-' && !tail.url.startsWith('error:')) setUrl(draft, tail.url, method === 'CONNECT');
  else if (tail.url !== '-') put(draft, 'event.reason', tail.url.slice(6));
  setPeer(draft, tail.peer);
  classifyResult(draft, code, known);
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
