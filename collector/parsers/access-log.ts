import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext } from '../record.ts';
import type { Draft } from './draft.ts';
import { classify, endpoint, finish, isAddress, newDraft } from './draft.ts';
import { clockAt, monthAt, twoDigits, utcTime } from './time.ts';
import { readAuthority, readRequest } from './url.ts';

const DATE_LENGTH = 26;

let lastDate = '';
let lastMs: number | undefined;

/** Reads `22/Nov/2026:10:05:03 +0700`. */
function accessTime(date: string): number | undefined {
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

/** Reads `[virtual host] address[, address…] identity user` before the date. */
function setClient(draft: Draft, head: string): boolean {
  let text = head.startsWith('"') ? head.slice(1).replace('" ', ' ') : head;
  const first = text.slice(0, text.indexOf(' '));
  const second = text.slice(first.length + 1, text.indexOf(' ', first.length + 1));
  const hostAndPort = /[^:\]]:\d{1,5}$/.test(first) && !isAddress(first);
  if (
    !first.endsWith(',') &&
    ((isAddress(second) && !isAddress(first)) || hostAndPort || (isAddress(first) && isAddress(second)))
  ) {
    setVirtualHost(draft, first);
    text = text.slice(first.length + 1);
  }
  const list: string[] = [];
  let space = text.indexOf(' ');
  while (space > 1 && text[space - 1] === ',' && list.length < 32) {
    list.push(text.slice(0, space - 1));
    text = text.slice(space + 1);
    space = text.indexOf(' ');
  }
  if (space < 1) return false;
  list.push(text.slice(0, space));
  const source = endpoint(clientOf(list));
  if (source) draft.source = source;
  const identity = text.indexOf(' ', space + 1);
  const user = identity < 0 ? '' : text.slice(identity + 1);
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
export function parseAccess(line: string, module: 'nginx' | 'apache', context: ParseContext): EcsEvent | undefined {
  const quote = requestQuote(line);
  if (quote < 0) return undefined;
  const dateAt = quote - 2 - DATE_LENGTH;
  const ms = accessTime(line.slice(dateAt, dateAt + DATE_LENGTH));
  if (ms === undefined) return undefined;
  const end = quoteEnd(line, quote + 1);
  const tail = /^" (\d{3}|-)(?: (\d{1,15}|-))?(?= |$)/.exec(line.slice(end, end + 24));
  if (!tail) return undefined;
  const draft = newDraft(line, line, `${module}.access`, context, ms);
  if (!setClient(draft, line.slice(0, dateAt - 1).trimEnd())) return undefined;
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
  if (forwarded !== '-' && forwarded !== '') draft[module] = { access: { forwarded_for: forwarded } };
  classify(draft, ['web'], ['access']);
  if (status !== undefined) draft.event.outcome = status < 400 ? 'success' : 'failure';
  return finish(draft);
}
