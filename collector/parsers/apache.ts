import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import { accessTime, looksLikeAccess, parseAccess } from './access-log.ts';
import { accessText } from './access-text.ts';
import { classify, classifyError, endpoint, finish, newDraft } from './draft.ts';
import { clockAt, fractionAt, isoTimeAt, monthAt, twoDigits, utcTime, zonedTime } from './time.ts';
import { readRequest } from './url.ts';

const ERROR_START = /^\[(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})? \d{4}\] \[/;
const LEVEL = /^ \[(?:([a-z0-9_-]{0,64}):)?([a-z0-9]{4,6})\]/;
const PROCESS = /^ \[pid (\d{1,10})(?::tid (\d{1,20}))?\]/;
const PLACE = /^ \[(client|remote) ([^\]\s]{1,255})\]/;
const CODE = /^(AH\d{5}): /;
const CAUSE = /^ (?:\(-?\d{1,10}\)[^:]{1,200}|[\w.-]{1,64}\(\d{1,6}\)): (?=\[client )/;
const ISO_START = /^\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?)(?: ([+-]\d{4}))?\] \[/;
const BARE = /^AH\d{5}: /;
const SSL_REQUEST = /^\[([^\]]{26})\] (\S{1,255}) (TLS|SSL)v(\d(?:\.\d)?) ([A-Za-z0-9_-]{1,64}) "(.*)" (\d{1,15}|-)$/;
const DENIED = /^(?:AH\d{5}: )?user (?:(\S+): authentication failure for |(\S+) not found: )/;
const REFERRER = /, referer: (\S+)$/;

function errorTime(line: string, zone: string): number | undefined {
  const iso = ISO_START.exec(line);
  if (iso) return isoTimeAt(`${iso[1]}${iso[2] ?? ''}`, 0, zone)?.ms;
  const seconds = clockAt(line, 12);
  const fraction = fractionAt(line, 20);
  const year = Number(line.slice(fraction.end + 1, fraction.end + 5));
  const day = line[9] === ' ' ? Number(line[10]) : twoDigits(line, 9);
  const local = seconds < 0 ? undefined : utcTime(year, monthAt(line, 5), day, seconds);
  return local === undefined ? undefined : zonedTime(local, zone) + fraction.ms;
}

/** Splits `192.0.2.1:4711`, `[2001:db8::1]:4711` and, as httpd writes IPv6, `2001:db8::1:4711`. */
function clientOf(text: string): ReturnType<typeof endpoint> {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon);
  const port = text.slice(colon + 1);
  if (colon > 0 && /^\d{1,5}$/.test(port)) {
    const split = endpoint(host, port);
    if (split) return split;
  }
  return endpoint(text);
}

function parseError(line: string, context: ParseContext): EcsEvent | undefined {
  const ms = errorTime(line, context.timeZone);
  let at = line.indexOf(']') + 1;
  const level = LEVEL.exec(line.slice(at, at + 80));
  if (ms === undefined || !level) return undefined;
  at += level[0].length;
  const draft = newDraft(line, line, 'apache.error', context, ms);
  draft['log'] = { level: level[2] as string };
  if (level[1]) draft['apache'] = { error: { module: level[1] } };
  const process = PROCESS.exec(line.slice(at, at + 48));
  if (process) {
    at += process[0].length;
    draft.process = {
      pid: Number(process[1]),
      ...(process[2] !== undefined &&
        Number.isSafeInteger(Number(process[2])) && { thread: { id: Number(process[2]) } }),
    };
  }
  const cause = CAUSE.exec(line.slice(at, at + 240))?.[0] ?? '';
  const place = PLACE.exec(
    cause === '' ? line.slice(at, at + 280) : ` ${line.slice(at + cause.length, at + cause.length + 280)}`,
  );
  if (place) {
    const found = place[1] === 'client' ? clientOf(place[2] as string) : undefined;
    if (found) draft.source = found;
    at += cause.length + place[0].length - (cause === '' ? 0 : 1);
  }
  const message = (place ? cause.slice(1) : '') + line.slice(at).trimStart();
  draft.message = message;
  const code = CODE.exec(line.slice(at).trimStart().slice(0, 9)) ?? CODE.exec(message.slice(0, 9));
  if (code) draft['error'] = { code: code[1] as string };
  const referrer = REFERRER.exec(message)?.[1];
  if (referrer !== undefined) draft['http'] = { request: { referrer } };
  const denied = DENIED.exec(message);
  classifyError(draft, level[2] as string, denied?.[1] ?? denied?.[2]);
  return finish(draft);
}

/** A line of the `ssl_request_log`: date, client, TLS version and cipher, request, size. */
function parseSslRequest(line: string, context: ParseContext): EcsEvent | undefined {
  const found = SSL_REQUEST.exec(line);
  const ms = found ? accessTime(found[1] as string) : undefined;
  if (!found || ms === undefined) return undefined;
  const draft = newDraft(line, line, 'apache.access', context, ms);
  const source = endpoint(found[2] as string);
  if (source) draft.source = source;
  draft['tls'] = { version: found[4] as string, version_protocol: found[3]?.toLowerCase(), cipher: found[5] as string };
  const request = readRequest(draft, found[6] as string);
  const http = {
    ...(request?.version && { version: request.version }),
    ...(request && { request: { method: request.method } }),
    ...(found[7] !== '-' && { response: { body: { bytes: Number(found[7]) } } }),
  };
  if (Object.keys(http).length > 0) draft['http'] = http;
  classify(draft, ['web'], ['access']);
  return finish(draft);
}

/** What httpd says before its log is open: a code and a text. */
function parseBare(line: string, context: ParseContext): EcsEvent {
  const draft = newDraft(line, line, 'apache.error', context);
  draft['error'] = { code: line.slice(0, 7) };
  classify(draft, ['web'], ['info']);
  return finish(draft);
}

function isError(line: string): boolean {
  return line.charCodeAt(0) === 91 && (ERROR_START.test(line) || ISO_START.test(line));
}

/** Access lines (common, combined, with virtual host) and error lines (2.2 and 2.4) of Apache httpd. */
export const apache: Parser = {
  name: 'apache',
  detects: (line) => isError(line) || BARE.test(line) || SSL_REQUEST.test(line) || looksLikeAccess(line),
  text: (line, context, id) => accessText(line, 'apache', context, id),
  parse(line, context) {
    if (isError(line)) return parseError(line, context);
    if (BARE.test(line)) return parseBare(line, context);
    return parseAccess(line, 'apache', context) ?? parseSslRequest(line, context);
  },
};
