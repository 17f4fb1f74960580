import type { EcsEvent } from '../../ecs/event.ts';
import type { ParseContext, Parser } from '../record.ts';
import { looksLikeAccess, parseAccess } from './access-log.ts';
import { accessText } from './access-text.ts';
import type { Draft } from './draft.ts';
import { classifyError, finish, isAddress, newDraft, setSource } from './draft.ts';
import { clockAt, twoDigits, utcTime, zonedTime } from './time.ts';
import { readAuthority, readRequest } from './url.ts';

const ERROR = /^(\d{4})\/(\d\d)\/(\d\d) \d\d:\d\d:\d\d \[([a-z]{4,6})\] (\d{1,10})#(\d{1,10}): (?:\*(\d{1,19}) )?/;
const ERROR_START = /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[[a-z]{4,6}\] \d{1,10}#/;
const CLIENT = ', client: ';
const REQUEST = /^"([A-Za-z]{3,20} [^"\s]* HTTP\/\d(?:\.\d)?|[A-Za-z]{3,20} [^"\s]*)"/;
const MAX_TRIES = 32;
const DENIED = /^user "([^"]*)"(?:: password mismatch| was not found in )/;

/**
 * Where nginx itself wrote `, client: …`. The message before it may quote a hostile URL and the fields after it hostile
 * headers, so it is the last place in front of the request that names an address.
 */
function clientAt(message: string): number {
  const request = message.indexOf(', request: "');
  let at = message.lastIndexOf(CLIENT, request < 0 ? undefined : request);
  for (let tries = 0; at >= 0 && tries < MAX_TRIES; tries++) {
    const word = wordAt(message, at + CLIENT.length);
    // A client on a local socket has no address; nginx writes `unix:` then.
    if (isAddress(word) || word === 'unix:') return at;
    if (at === 0) break;
    at = message.lastIndexOf(CLIENT, at - 1);
  }
  return -1;
}

function wordAt(message: string, at: number): string {
  return /^[^,\s]{1,64}/.exec(message.slice(at, at + 65))?.[0] ?? '';
}

function readFields(message: string, draft: Draft): void {
  const client = clientAt(message);
  if (client < 0) return;
  setSource(draft, wordAt(message, client + CLIENT.length));
  const fields = message.slice(client + CLIENT.length);
  const request = fields.indexOf(', request: "');
  if (request >= 0) {
    const found = REQUEST.exec(fields.slice(request + 11));
    const line = found && readRequest(draft, found[1] as string);
    if (line) draft['http'] = { ...(line.version && { version: line.version }), request: { method: line.method } };
  }
  const host = /, host: "([^"\s]{1,255})"/.exec(fields.slice(Math.max(0, request)))?.[1];
  if (host === undefined) return;
  const { domain, port } = readAuthority(host);
  draft.url = { ...draft.url, ...(domain !== undefined && { domain }), ...(port !== undefined && { port }) };
}

function parseError(line: string, context: ParseContext): EcsEvent | undefined {
  const head = ERROR.exec(line);
  if (!head) return undefined;
  const seconds = clockAt(line, 11);
  const local = seconds < 0 ? undefined : utcTime(Number(head[1]), twoDigits(line, 5) - 1, twoDigits(line, 8), seconds);
  if (local === undefined) return undefined;
  const message = line.slice(head[0].length);
  const draft = newDraft(line, message, 'nginx.error', context, zonedTime(local, context.timeZone));
  draft['log'] = { level: head[4] as string };
  draft.process = { pid: Number(head[5]), thread: { id: Number(head[6]) } };
  if (head[7] !== undefined) draft['nginx'] = { error: { connection_id: Number(head[7]) } };
  classifyError(draft, head[4] as string, DENIED.exec(message)?.[1]);
  readFields(message, draft);
  return finish(draft);
}

/** A line that ends with the size is in the common format, which nginx does not write unless told to. */
function endsInSize(line: string): boolean {
  const last = line.charCodeAt(line.length - 1);
  return (last >= 48 && last <= 57) || last === 45;
}

/** Access and error lines of nginx. */
export const nginx: Parser = {
  name: 'nginx',
  detects(line) {
    if (ERROR_START.test(line)) return true;
    return !endsInSize(line) && looksLikeAccess(line);
  },
  // What `auto` would not take for nginx goes the long way.
  text: (line, context, id) => (endsInSize(line) ? undefined : accessText(line, 'nginx', context, id)),
  parse: (line, context) => (ERROR_START.test(line) ? parseError(line, context) : parseAccess(line, 'nginx', context)),
};
