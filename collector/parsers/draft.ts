import { isIPv6 } from 'node:net';
import type { EcsEvent, EcsEventFields } from '../../ecs/event.ts';
import type { ParseContext } from '../record.ts';
import { isoString } from './time.ts';

/** One end of a connection (`source.*`, `destination.*`). */
export interface Endpoint {
  ip?: string;
  port?: number;
  address?: string;
  domain?: string;
  bytes?: number;
  packets?: number;
  mac?: string;
  nat?: { ip?: string; port?: number };
  user?: Account;
}

/** Somebody's account (`user.*`). */
export interface Account {
  name?: string;
  id?: string;
  domain?: string;
  email?: string;
  roles?: string[];
  effective?: { name?: string; id?: string };
  target?: { name?: string; id?: string; domain?: string };
}

/** An event while a parser fills it in: the field sets that several parsers write, typed. */
export interface Draft extends EcsEvent {
  event: EcsEventFields;
  host?: { name?: string; hostname?: string };
  process?: {
    name?: string;
    pid?: number;
    thread?: { id: number };
    command_line?: string;
    args?: string[];
    working_directory?: string;
  };
  user?: Account;
  group?: { name?: string; id?: string };
  source?: Endpoint;
  destination?: Endpoint;
  url?: {
    original?: string;
    path?: string;
    query?: string;
    fragment?: string;
    scheme?: string;
    domain?: string;
    port?: number;
  };
  related?: { ip?: string[]; user?: string[]; hosts?: string[]; hash?: string[] };
}

/**
 * Messages of sshd, PAM and the account tools are at most 1 to 2 kB; a longer one was not written by them, and is left
 * unread, so that no pattern works on a hostile text of any size.
 */
export const MAX_MESSAGE = 4096;

/** Fills in what a message says; false where the message is none of its kind. */
export type MessageParser = (message: string, draft: Draft) => boolean;

/** Starts an event of a data set; its time is the line's, or the collector's where the line has none. */
export function newDraft(
  line: string,
  message: string,
  dataset: string,
  context: ParseContext,
  ms: number = context.now,
): Draft {
  const draft: Draft = {
    '@timestamp': isoString(ms),
    event: { kind: 'event', module: dataset.slice(0, dataset.indexOf('.')), dataset, original: line },
    message,
  };
  if (context.host !== undefined) draft.host = { name: context.host, hostname: context.host };
  return draft;
}

/** Sets what an event is about; outcome and action only where the line says them. */
export function classify(
  draft: Draft,
  category: readonly string[],
  type: readonly string[],
  action?: string,
  outcome?: 'success' | 'failure' | 'unknown',
): void {
  draft.event.category = [...category];
  draft.event.type = [...type];
  if (action !== undefined) draft.event.action = action;
  if (outcome !== undefined) draft.event.outcome = outcome;
}

const ERROR_LEVELS = new Set(['error', 'crit', 'alert', 'emerg']);

/** Sets what a web server's error line is about: a fault, a note, or a person refused whose name it gives. */
export function classifyError(draft: Draft, level: string, refused: string | undefined): void {
  const type = ERROR_LEVELS.has(level) ? 'error' : 'info';
  if (refused === undefined) {
    classify(draft, ['web'], [type]);
    return;
  }
  if (refused !== '') draft.user = { name: refused };
  classify(draft, ['web', 'authentication'], [type], undefined, 'failure');
}

function isIpv4(text: string): boolean {
  if (text.length < 7 || text.length > 15) return false;
  let dots = 0;
  let value = -1;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit === -2) {
      if (value < 0) return false;
      dots++;
      value = -1;
    } else if (digit < 0 || digit > 9 || value === 0) {
      return false;
    } else {
      value = value < 0 ? digit : value * 10 + digit;
      if (value > 255) return false;
    }
  }
  return dots === 3 && value >= 0;
}

/** Says whether a text is an IPv4 or IPv6 address (RFC 4291 §2.2), with or without a zone. */
export function isAddress(text: string): boolean {
  return text.includes(':') ? isIPv6(text) : isIpv4(text);
}

const HOST_NAME = /^(?=.*[A-Za-z0-9])[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252})$/;

/**
 * Reads one end of a connection from what a line calls it: an address (brackets and zone taken off for `ip`), or a
 * name (`address` and `domain`). Undefined where it is neither, or the `UNKNOWN` of programs that could not tell.
 */
export function endpoint(text: string, port?: string | number): Endpoint | undefined {
  let bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  // The full stop of a sentence behind an address.
  if (bare.endsWith('.') && isAddress(bare.slice(0, -1))) bare = bare.slice(0, -1);
  const found: Endpoint = {};
  if (isAddress(bare)) {
    const zone = bare.indexOf('%');
    found.ip = zone < 0 ? bare : bare.slice(0, zone);
    if (zone >= 0) found.address = bare;
  } else if (bare !== 'UNKNOWN' && HOST_NAME.test(bare)) {
    found.address = bare;
    found.domain = bare;
  } else {
    return undefined;
  }
  const number = portNumber(port);
  if (number !== undefined) found.port = number;
  return found;
}

/** A port 0 to 65535 as a number; undefined for anything else. */
export function portNumber(port: string | number | undefined): number | undefined {
  if (port === undefined || port === '') return undefined;
  const number = Number(port);
  return Number.isInteger(number) && number >= 0 && number <= 65_535 ? number : undefined;
}

/** Sets `source.*` from what a line calls the other side. */
export function setSource(draft: Draft, text: string, port?: string | number): void {
  const found = endpoint(text, port);
  if (found) draft.source = found;
}

/** Adds a value to `related.*` that no other field of the event gives. */
export function relate(draft: Draft, kind: 'ip' | 'user' | 'hosts' | 'hash', value: string | undefined): void {
  if (value === undefined || value === '') return;
  draft.related ??= {};
  draft.related[kind] ??= [];
  collect(draft.related[kind], value);
}

function collect(into: string[], value: string | undefined): void {
  if (value !== undefined && value !== '' && !into.includes(value)) into.push(value);
}

/**
 * Gathers `related.*` from the fields set so far and gives the finished event. What a parser put there itself stays:
 * addresses, people and hosts that have no field of their own.
 */
export function finish(draft: Draft): EcsEvent {
  const { related } = draft;
  const ip: string[] = [];
  const user: string[] = [];
  const hosts: string[] = [];
  for (const end of [draft.source, draft.destination]) {
    if (!end) continue;
    collect(ip, end.ip);
    collect(ip, end.nat?.ip);
    collect(user, end.user?.name);
    collect(hosts, end.domain);
  }
  for (const each of related?.ip ?? []) collect(ip, each);
  for (const each of related?.user ?? []) collect(user, each);
  for (const each of related?.hosts ?? []) collect(hosts, each);
  if (draft.user) {
    collect(user, draft.user.name);
    collect(user, draft.user.effective?.name);
    collect(user, draft.user.target?.name);
  }
  collect(hosts, draft.host?.name);
  if (ip.length + user.length + hosts.length > 0) {
    draft.related = {
      ...(ip.length > 0 && { ip }),
      ...(user.length > 0 && { user }),
      ...(hosts.length > 0 && { hosts }),
      ...(related?.hash && { hash: related.hash }),
    };
  }
  return draft;
}
