import type { Draft } from './draft.ts';
import { isAddress, portNumber } from './draft.ts';

const ABSOLUTE = /^([A-Za-z][A-Za-z0-9+.-]{0,30}):\/\/([^/?#]*)/;
const KNOWN_METHODS = new Set(
  'GET HEAD POST PUT DELETE OPTIONS TRACE CONNECT PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK SEARCH REPORT'.split(
    ' ',
  ),
);
const METHOD = /^[A-Za-z][A-Za-z0-9_-]{0,31}$/;
const PROTOCOL = /^[A-Z]{3,8}\/\d(?:\.\d)?$/;

/** Splits `host:port` (RFC 3986 §3.2) into a name or address and a port. */
export function readAuthority(authority: string): { domain?: string; port?: number } {
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  const colon = host.lastIndexOf(':');
  const bracket = host.lastIndexOf(']');
  const port = colon > bracket ? portNumber(host.slice(colon + 1)) : undefined;
  const bare = isAddress(host) || port === undefined ? host : host.slice(0, colon);
  const domain = bare.startsWith('[') && bare.endsWith(']') ? bare.slice(1, -1) : bare;
  return { ...(domain !== '' && { domain }), ...(port !== undefined && !isAddress(host) && { port }) };
}

/** Sets `url.*` from a request target (RFC 9112 §3.2) as it was written, nothing decoded. */
export function setUrl(draft: Draft, target: string, connect = false): void {
  const url: NonNullable<Draft['url']> = { ...draft.url, original: target };
  draft.url = url;
  if (connect) {
    Object.assign(url, readAuthority(target));
    return;
  }
  if (target === '*') return;
  let rest = target;
  const absolute = ABSOLUTE.exec(target);
  if (absolute) {
    url.scheme = (absolute[1] as string).toLowerCase();
    Object.assign(url, readAuthority(absolute[2] as string));
    rest = target.slice(absolute[0].length);
  }
  const hash = rest.indexOf('#');
  if (hash >= 0) {
    url.fragment = rest.slice(hash + 1);
    rest = rest.slice(0, hash);
  }
  const mark = rest.indexOf('?');
  if (mark >= 0) {
    url.query = rest.slice(mark + 1);
    rest = rest.slice(0, mark);
  }
  if (rest !== '') url.path = rest;
}

/** What is known of a request from its first line (RFC 9112 §3). */
export interface RequestLine {
  readonly method: string;
  readonly version?: string;
}

/**
 * Reads a request line into `url.*`; undefined where it is no request: `-`, TLS bytes, another protocol. Blanks inside
 * the target are kept; HTTP/0.9 has no version.
 */
export function readRequest(draft: Draft, request: string): RequestLine | undefined {
  const space = request.indexOf(' ');
  if (space < 1 || space > 32) return undefined;
  const method = request.slice(0, space);
  if (!METHOD.test(method)) return undefined;
  const last = request.lastIndexOf(' ');
  const protocol = request.slice(last + 1);
  if (protocol.startsWith('HTTP/') && last > space) {
    setUrl(draft, request.slice(space + 1, last), method === 'CONNECT');
    return { method, version: protocol.slice(5) };
  }
  if (!KNOWN_METHODS.has(method)) return undefined;
  const target = last > space && PROTOCOL.test(protocol) ? request.slice(space + 1, last) : request.slice(space + 1);
  if (target === '') return undefined;
  setUrl(draft, target, method === 'CONNECT');
  return { method };
}
