import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext } from '../record.ts';
import type { Draft } from './draft.ts';
import { classify, endpoint, finish, isAddress, newDraft } from './draft.ts';
import { clockAt, monthAt, twoDigits, utcTime } from './time.ts';
import { readAuthority, readRequest } from './url.ts';

const DATE_LENGTH = 26;
const MAX_WORDS = 64;
/** A list of addresses; formats of one's own put other things at its place. */
const FORWARDED = /^(?:(?:[0-9A-Fa-f.:[\]]{3,60}|unknown)(?:,\s{0,4}|$)){1,32}$/;
const HOST_AND_PORT = /[^:\]]:\d{1,5}$/;

let lastDate = '';
let lastMs: number | undefined;

/** Reads `22/Nov/2026:10:05:03 +0700` to milliseconds since 1970; undefined where it is no such time. */
export function accessTime(date: string): number | undefined {
  if (date === lastDate) return lastMs;
  const day = twoDigits(date, 0);
  const month = monthAt(date, 3);
  const year = twoDigits(date, 7) * 100 + twoDigits(date, 9);
  const seconds = clockAt(date, 12);
  const hours = twoDigits(date, 22);
  const minutes = twoDigits(date, 24);
  const sign = date[21];
  if (date.length !== DATE_LENGTH || month < 0 || year < 1000 || seconds < 0 || hours < 0 || minutes < 0)
    return undefined;
  if (sign !== '+' && sign !== '-') return undefined;
  const local = utcTime(year, month, day, seconds);
  if (local === undefined) return undefined;
  const shift = (hours * 60 + minutes) * 60_000;
  lastDate = date;
  lastMs = sign === '+' ? local - shift : local + shift;
  return lastMs;
}

/** Where the quoted text that starts after `at` ends: at its unescaped quote, or at the end of a line that was cut. */
function quoteEnd(line: string, at: number): number {
  let end = line.indexOf('"', at);
  while (end > at) {
    let slashes = 0;
    while (end - 1 - slashes >= at && line[end - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return end;
    end = line.indexOf('"', end + 1);
  }
  return end < 0 ? line.length : end;
}

/** The position of the request's opening quote: the first quote that a date in brackets stands before. */
function requestQuote(line: string): number {
  let quote = line.indexOf('] "');
  for (let tries = 0; quote >= 0 && tries < 8; tries++) {
    const open = quote - DATE_LENGTH - 1;
    if (open > 0 && line[open] === '[' && line[open + 3] === '/' && line[open + 7] === '/') return quote + 2;
    quote = line.indexOf('] "', quote + 1);
  }
  return -1;
}

/** Says whether a line has the shape of the common log format and those made from it. */
export function looksLikeAccess(line: string): boolean {
  const quote = requestQuote(line);
  return quote > 0 && quote < 4096;
}

/** Splits the quoted and bare fields after the status and size. */
function trailingFields(line: string, at: number): { quoted: string[]; bare: string[] } {
  const quoted: string[] = [];
  const bare: string[] = [];
  for (let next = at; next < line.length && quoted.length + bare.length < 16; ) {
    if (line[next] === ' ') {
      next++;
    } else if (line[next] === '"') {
      const end = quoteEnd(line, next + 1);
      quoted.push(line.slice(next + 1, end));
      next = end + 1;
    } else {
      const space = line.indexOf(' ', next);
      const end = space < 0 ? line.length : space;
      bare.push(line.slice(next, end));
      next = end;
    }
  }
  return { quoted, bare };
}

const PRIVATE = /^(?:10\.|127\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|f[cd][0-9a-f]{2}:|fe80:|::1$)/i;

/** The client of a list of forwarded addresses: the first public one, else the first. */
function clientOf(list: readonly string[]): string {
  return list.find((each) => isAddress(each) && !PRIVATE.test(each)) ?? (list[0] as string);
}

function setVirtualHost(draft: Draft, text: string): void {
  const { domain, port } = readAuthority(text);
  if (domain === undefined) return;
  draft.destination = { ...(endpoint(domain) ?? {}), ...(port !== undefined && { port }) };
  if (!isAddress(domain)) draft.url = { domain };
}

/** Splits `192.0.2.1:4711` too, where the format has the client's port. */
function setClient(draft: Draft, text: string): void {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon);
  const split = colon > 0 && !isAddress(text) && isAddress(host) ? endpoint(host, text.slice(colon + 1)) : undefined;
  const source = split ?? endpoint(text);
  if (source) draft.source = source;
}

/** How many words before the date name hosts; the identity (RFC 1413), nearly always `-`, follows them. */
function hostWords(words: readonly string[]): number {
  const dash = words.indexOf('-', 1);
  if (dash > 0) return dash === words.length - 1 && dash > 1 ? dash - 1 : dash;
  const [first = '', second = ''] = words;
  return words.length > 3 && !isAddress(first) && (isAddress(second) || HOST_AND_PORT.test(first)) ? 2 : 1;
}

/**
 * Reads what stands before the date: `[virtual host] address[, address…] identity user`. Of several addresses the
 * client is the first public one. False where there is no address at all.
 */
function setHosts(draft: Draft, head: string): boolean {
  const words = head.split(' ', MAX_WORDS);
  const count = hostWords(words);
  const hosts = words.slice(0, count);
  if (hosts[0] === undefined || hosts[0] === '') return false;
  const [first, second = ''] = hosts as [string, string?];
  if (count === 2 && !isAddress(second) && HOST_AND_PORT.test(second)) {
    setClient(draft, first);
    setVirtualHost(draft, second);
  } else {
    if (count > 1 && !first.endsWith(',') && !first.startsWith('"')) setVirtualHost(draft, hosts.shift() as string);
    setClient(draft, clientOf(hosts.map((word) => word.replaceAll(/[",]/g, ''))));
  }
  const userAt = words.slice(0, count + 1).join(' ').length + 1;
  const user = head.slice(userAt);
  if (user !== '' && user !== '-' && user !== '""') draft.user = { name: user };
  return true;
}

function numberOf(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/**
 * Reads an access line: common, combined, with a virtual host before, with a list of forwarded addresses, with more
 * fields behind. Text is kept as the server wrote it, escapes included. Undefined for other lines.
 */
export function parseAccess(
  line: string,
  module: 'nginx' | 'apache' | 'squid',
  context: ParseContext,
): EcsEvent | undefined {
  const quote = requestQuote(line);
  if (quote < 0) return undefined;
  const dateAt = quote - 2 - DATE_LENGTH;
  const ms = accessTime(line.slice(dateAt, dateAt + DATE_LENGTH));
  if (ms === undefined) return undefined;
  const end = quoteEnd(line, quote + 1);
  const tail = /^" (\d{3}|-)(?: (\d{1,15}|-))?(?= |$)/.exec(line.slice(end, end + 24));
  if (!tail) return undefined;
  const draft = newDraft(line, line, `${module}.access`, context, ms);
  if (!setHosts(draft, line.slice(0, dateAt - 1).trimEnd())) return undefined;
  const request = readRequest(draft, line.slice(quote + 1, end));
  const status = numberOf(tail[1] as string);
  const bytes = numberOf(tail[2] ?? '-');
  const { quoted } = trailingFields(line, end + tail[0].length);
  const [referrer = '-', agent = '-', forwarded = '-'] = quoted;
  const asked = {
    ...(request && { method: request.method }),
    ...(referrer !== '-' && referrer !== '' && { referrer }),
  };
  const answered = {
    ...(status !== undefined && { status_code: status }),
    ...(bytes !== undefined && { body: { bytes } }),
  };
  const http = {
    ...(request?.version && { version: request.version }),
    ...(Object.keys(asked).length > 0 && { request: asked }),
    ...(Object.keys(answered).length > 0 && { response: answered }),
  };
  if (Object.keys(http).length > 0) draft['http'] = http;
  if (agent !== '-' && agent !== '') draft['user_agent'] = { original: agent };
  if (FORWARDED.test(forwarded)) draft[module] = { access: { forwarded_for: forwarded } };
  classify(draft, ['web'], ['access']);
  if (status !== undefined) draft.event.outcome = status < 400 ? 'success' : 'failure';
  return finish(draft);
}
