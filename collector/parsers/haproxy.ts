import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import type { Draft } from './draft.ts';
import { classify, endpoint, finish, isAddress, newDraft } from './draft.ts';
import { countOf, put } from './put.ts';
import { clockAt, fractionAt, monthAt, twoDigits, utcTime, zonedTime } from './time.ts';
import { readRequest } from './url.ts';

const HEAD = /^(\S{2,64}) \[(\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d(?:\.\d{1,6})?)\] (\S{1,255}) /;
const HTTP =
  /^(\S{1,255})\/(\S{1,255}) (?:([A-Za-z0-9][A-Za-z0-9._-]{0,254}) )?([+-]?\d{1,12}(?:\/[+-]?\d{1,12}){4}) (-?\d{1,3}) ([+]?\d{1,15}) (\S{1,512}) (\S{1,512}) (\S{4}) (\d{1,9}(?:\/[+]?\d{1,9}){4}) (\d{1,9})\/(\d{1,9})(?: |$)/;
const TCP =
  /^(\S{1,255})\/(\S{1,255}) ([+-]?\d{1,12}(?:\/[+-]?\d{1,12}){2}) ([+]?\d{1,15}) (\S{2}) (\d{1,9}(?:\/[+]?\d{1,9}){4}) (\d{1,9})\/(\d{1,9})(?: |$)/;
const CONNECT = /^Connect from (\S{2,64}) to (\S{2,64}) \((\S{1,255})\/(HTTP|TCP)\)$/;
const SERVER =
  /^(?:Backup )?(?:Server|Health check for (?:backup )?server) (\S{1,255})\/(\S{1,255}) (?:is |was |)(UP|DOWN|going DOWN|entering|leaving|succeeded|failed|stopping)\b/;
const OUTPUT = /^\[(ALERT|WARNING|NOTICE|INFO|DIAG)\] {1,4}(?:\d{3}\/\d{6} )?\((\d{1,10})\) : /;
const NAMES = ['active', 'frontend', 'backend', 'server', 'retries'];

/** `22/Nov/2026:08:01:02.655`, in the collector's zone. */
function timeOf(text: string, zone: string): number | undefined {
  const seconds = clockAt(text, 12);
  const local =
    seconds < 0 ? undefined : utcTime(Number(text.slice(7, 11)), monthAt(text, 3), twoDigits(text, 0), seconds);
  return local === undefined ? undefined : zonedTime(local, zone) + fractionAt(text, 20).ms;
}

/** `192.0.2.1:4711`, `[2001:db8::1]:4711` and, as HAProxy writes IPv6, `2001:db8::1:4711`. */
function endOf(text: string): ReturnType<typeof endpoint> {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[|\]$/g, '');
  return colon > 0 && isAddress(host) ? endpoint(host, text.slice(colon + 1)) : endpoint(text);
}

function setServer(draft: Draft, frontend: string, backend: string, server: string): void {
  put(draft, 'haproxy.frontend_name', frontend.replace(/~$/, ''));
  put(draft, 'haproxy.backend_name', backend);
  if (server !== '<NOSRV>' && server !== '<STATS>') put(draft, 'haproxy.server_name', server);
}

function setCounts(draft: Draft, counts: string, serverQueue: string, backendQueue: string, total: string): void {
  for (const [at, text] of counts.split('/').entries())
    put(draft, `haproxy.connections.${NAMES[at]}`, countOf(text.replace('+', '')));
  put(draft, 'haproxy.server_queue', countOf(serverQueue));
  put(draft, 'haproxy.backend_queue', countOf(backendQueue));
  const ms = countOf(total.replace('+', ''));
  if (ms !== undefined) put(draft, 'event.duration', ms * 1_000_000);
}

/** What `option httpslog` adds behind the request: errors of the handshake, then name, version and cipher. */
function setTls(draft: Draft, text: string): void {
  const [, name, version, cipher] =
    /^ -?\d+(?:\/-?\d+){4} ([^\s/]{1,255})\/TLSv(\d\.\d)\/([\w-]{1,64})$/.exec(text) ?? [];
  if (version === undefined) return;
  put(draft, 'tls.client.server_name', name === '-' ? undefined : name);
  put(draft, 'tls.version', version);
  put(draft, 'tls.version_protocol', 'tls');
  put(draft, 'tls.cipher', cipher);
}

/** The captured headers and the request: HAProxy encodes quotes inside headers, so the first quote opens the request. */
function setRequest(draft: Draft, text: string): void {
  const quote = text.indexOf('"');
  const captured = (quote < 0 ? text : text.slice(0, quote)).trim();
  const groups = [...captured.matchAll(/\{([^{}]{0,4096})\}/g)].map((found) => found[1] as string);
  const [asked, answered] = groups;
  if (asked) put(draft, 'haproxy.http.request.captured_headers', asked.split('|'));
  if (answered) put(draft, 'haproxy.http.response.captured_headers', answered.split('|'));
  if (quote < 0) return;
  const end = text.lastIndexOf('"');
  const request = readRequest(draft, text.slice(quote + 1, end > quote ? end : undefined));
  setTls(draft, end > quote ? text.slice(end + 1) : '');
  if (!request) return;
  put(draft, 'http.request.method', request.method);
  put(draft, 'http.version', request.version);
}

function readHttp(draft: Draft, frontend: string, found: RegExpExecArray, rest: string): void {
  const [
    ,
    backend = '',
    server = '',
    host,
    timers = '',
    status = '',
    bytes = '',
    ,
    ,
    state = '',
    counts = '',
    queue = '',
    backendQueue = '',
  ] = found;
  setServer(draft, frontend, backend, server);
  // Formats of one's own may name the host that was asked for.
  const asked = host === undefined ? undefined : endpoint(host);
  if (asked) draft.destination = asked;
  setCounts(draft, counts, queue, backendQueue, timers.slice(timers.lastIndexOf('/') + 1));
  put(draft, 'haproxy.termination_state', state);
  put(draft, 'haproxy.timers', timers);
  const code = countOf(status);
  put(draft, 'http.response.status_code', code !== undefined && code >= 100 ? code : undefined);
  put(draft, 'http.response.bytes', countOf(bytes.replace('+', '')));
  setRequest(draft, rest);
  classify(draft, ['web'], ['access'], undefined, code === undefined ? 'failure' : code < 400 ? 'success' : 'failure');
}

function readTcp(draft: Draft, frontend: string, found: RegExpExecArray): void {
  const [, backend = '', server = '', timers = '', bytes = '', state = '', counts = '', queue = '', backendQueue = ''] =
    found;
  setServer(draft, frontend, backend, server);
  setCounts(draft, counts, queue, backendQueue, timers.slice(timers.lastIndexOf('/') + 1));
  put(draft, 'haproxy.termination_state', state);
  put(draft, 'haproxy.timers', timers);
  put(draft, 'haproxy.bytes_read', countOf(bytes.replace('+', '')));
  put(draft, 'network.transport', 'tcp');
  classify(draft, ['network'], ['connection', 'end']);
}

function readEvent(line: string, context: ParseContext): EcsEvent | undefined {
  const head = HEAD.exec(line.slice(0, 512));
  const ms = head ? timeOf(head[2] as string, context.timeZone) : undefined;
  if (!head || ms === undefined) return undefined;
  const draft = newDraft(line, line, 'haproxy.log', context, ms);
  const source = endOf(head[1] as string);
  if (source) draft.source = source;
  const rest = line.slice(head[0].length);
  const frontend = head[3] as string;
  const http = HTTP.exec(rest.slice(0, 4_096));
  const tcp = http ? null : TCP.exec(rest.slice(0, 2_048));
  if (http) {
    readHttp(draft, frontend, http, rest.slice(http[0].length));
  } else if (tcp) {
    readTcp(draft, frontend, tcp);
  } else if (frontend.endsWith(':')) {
    const [name = ''] = frontend.slice(0, -1).split('/');
    put(draft, 'haproxy.frontend_name', name);
    put(draft, 'haproxy.error_message', rest);
    put(draft, 'event.reason', rest);
    classify(draft, ['network'], ['connection', 'error'], undefined, 'failure');
  } else {
    return undefined;
  }
  return finish(draft);
}

/** What HAProxy says of itself: connections in the oldest format, servers that come and go, proxies that start. */
function readNotice(line: string, context: ParseContext): EcsEvent | undefined {
  const draft = newDraft(line, line, 'haproxy.log', context);
  const connect = CONNECT.exec(line);
  const server = SERVER.exec(line.slice(0, 700));
  if (connect) {
    const source = endOf(connect[1] as string);
    const destination = endOf(connect[2] as string);
    if (source) draft.source = source;
    if (destination) draft.destination = destination;
    put(draft, 'haproxy.frontend_name', connect[3]);
    put(draft, 'haproxy.mode', connect[4]);
    put(draft, 'network.transport', 'tcp');
    classify(draft, ['network'], ['connection', 'start']);
  } else if (server) {
    put(draft, 'haproxy.backend_name', server[1]);
    put(draft, 'haproxy.server_name', server[2]);
    put(draft, 'event.reason', /reason: ([^,]{1,200})/.exec(line.slice(0, 1_024))?.[1]);
    const down = /DOWN|failed/.test(server[3] as string);
    classify(
      draft,
      ['web'],
      [down ? 'error' : 'info'],
      down ? 'server-down' : server[3] === 'UP' || server[3] === 'succeeded' ? 'server-up' : undefined,
    );
  } else if (
    /^(?:Proxy \S{1,255} (?:started|stopped)|Stopping |backend \S{1,255} has no server|Pausing |Resuming |New worker|Reexecuting )/.test(
      line,
    )
  ) {
    classify(draft, ['web'], [line.includes('has no server') ? 'error' : 'info']);
  } else {
    return undefined;
  }
  return finish(draft);
}

/** `[WARNING] 325/080108 (4021) : text`, as it writes to its own output. */
function readOutput(line: string, context: ParseContext): EcsEvent | undefined {
  const head = OUTPUT.exec(line.slice(0, 80));
  const event = head ? readNotice(line.slice(head[0].length), context) : undefined;
  if (!head || !event) return undefined;
  event.event.original = line;
  put(event, 'log.level', (head[1] as string).toLowerCase());
  put(event, 'process.pid', Number(head[2]));
  return event;
}

/** Reads a message of HAProxy that stood behind a syslog header. */
export function readHaproxyMessage(message: string, context: ParseContext): EcsEvent | undefined {
  return readEvent(message, context) ?? readNotice(message, context) ?? readOutput(message, context);
}

/** HAProxy's HTTP, TCP and error lines and its notices, with or without a syslog header. */
export const haproxy: Parser = {
  name: 'haproxy',
  detects: (line) => HEAD.test(line.slice(0, 512)) && !line.includes('] "'),
  parse: readHaproxyMessage,
};
