import { lookup as systemLookup } from 'node:dns/promises';
import { type IncomingHttpHeaders, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { HaidangError } from '../errors.ts';
import { addressList, isPublic } from './public-address.ts';

/*
 * The guard of whatever this server asks by an address that somebody gave it: feeds, web hooks, mail, recipients, a sign-in provider.
 * Which way to take, the simplest first; `policy` is `config.outbound`:
 *
 * - one HTTP request:            `await askOutside(url, policy, { method: 'POST', body, timeoutMs: 10_000, maxBytes: 65_536 })`
 * - a library that takes fetch:  `outsideFetch(policy)`
 * - an agent that keeps its connections: `checkUrl(url, policy)` before each request, and
 *   `new https.Agent({ lookup: guardedLookup(policy), … })`
 * - mail, syslog, what is no HTTP: `const { address } = await pinHost(host, policy)`; connect to `address`, check the certificate for `host`
 * - an address that people type in: `await pinAddress(url, policy)` when it is saved too, so that they are told at once
 *
 * Of an address that the operator wrote into the configuration file, `namedIn(policy, [url])` is the policy: an address in digits (or
 * "localhost") written there is allowed by that. A name is not: a name server says where it leads, so it takes "outbound.allow_private".
 * What people give through the console or the API never goes through `namedIn`.
 */

/** Which addresses this server itself asks, where somebody else named them (feeds, peers, notices). */
export interface OutboundPolicy {
  /** Host names, addresses and networks (CIDR) that may be asked although they are not of the public Internet. */
  readonly allowPrivate: readonly string[];
}

/** A checked host: whoever connects uses `address` or this `lookup`, so that a second answer of the name server counts for nothing. */
export interface PinnedHost {
  readonly host: string;
  readonly address: string;
  readonly family: 4 | 6;
  readonly lookup: LookupFunction;
}

/** A checked address. */
export interface PinnedAddress extends PinnedHost {
  readonly url: URL;
}

/** What is asked; times in milliseconds. */
export interface OutboundRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** For the whole request, answer included. */
  readonly timeoutMs?: number;
  /** Most bytes of the answer. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
  /** PEM: authorities to trust instead of the machine's, and a certificate to show. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

export interface OutboundAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Asks a name server; for tests another one. */
export type Resolve = (host: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;

const TIMEOUT_MS = 30_000;
const ANSWER_BYTES = 8 * 1024 * 1024;
const resolveHere: Resolve = (host) => systemLookup(host, { all: true, verbatim: true });

/** The policy for addresses that stand in the operator's configuration: those in digits, and `localhost`, are allowed by standing there. */
export function namedIn(policy: OutboundPolicy, addresses: readonly string[]): OutboundPolicy {
  const hosts = addresses.filter((address) => URL.canParse(address)).map((address) => hostOf(new URL(address)));
  const plain = hosts.filter((host) => isIP(host) !== 0 || host === 'localhost');
  return plain.length === 0 ? policy : { ...policy, allowPrivate: [...policy.allowPrivate, ...plain] };
}

/**
 * Looks at an address without asking a name server: its form, and where it is in digits, where it leads.
 * @throws HaidangError `HD_OUTBOUND`
 */
export function checkUrl(address: string, policy: OutboundPolicy): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw new HaidangError('HD_OUTBOUND', 'The address is not of the form https://host/path.');
  if (url.username !== '' || url.password !== '')
    throw new HaidangError('HD_OUTBOUND', 'The address holds a name or a password; give those apart.');
  const host = hostOf(url);
  if (isIP(host) !== 0) checkAll(host, [host], policy, url.protocol === 'http:');
  return url;
}

/**
 * The `lookup` of an agent or a socket: gives the addresses that were checked, and those are what is connected to. It is not asked for
 * hosts in digits: `checkUrl` looks at those. With `isPlain` (no TLS) only what the policy names is given.
 */
export function guardedLookup(
  policy: OutboundPolicy,
  { resolve = resolveHere, isPlain = false }: { readonly resolve?: Resolve; readonly isPlain?: boolean } = {},
): LookupFunction {
  return (host, options, done) => {
    const family = options.family === 4 || options.family === 6 ? options.family : undefined;
    void checkedAddresses(host, policy, resolve, isPlain).then(
      (all) => {
        const found = family === undefined ? all : all.filter((one) => one.family === family);
        const [first] = found;
        if (!first) done(new HaidangError('HD_OUTBOUND', `The name ${host} is not known.`), '', 0);
        else if (options.all) done(null, [...found]);
        else done(null, first.address, first.family);
      },
      (error) => done(error, '', 0),
    );
  };
}

/**
 * Resolves a host once and checks all that its name stands for; for what speaks TLS by itself, mail for one.
 * @throws HaidangError `HD_OUTBOUND` where it leads to a machine that was not allowed.
 */
export async function pinHost(
  host: string,
  policy: OutboundPolicy,
  { resolve = resolveHere, isPlain = false }: { readonly resolve?: Resolve; readonly isPlain?: boolean } = {},
): Promise<PinnedHost> {
  const found = await checkedAddresses(host.toLowerCase(), policy, resolve, isPlain);
  const [first] = found;
  if (!first) throw new HaidangError('HD_OUTBOUND', `The name ${host} is not known.`);
  const pinned: LookupFunction = (_host, options, done) =>
    options.all ? done(null, [first]) : done(null, first.address, first.family);
  return { host, address: first.address, family: first.family, lookup: pinned };
}

/**
 * Resolves an address once and checks all that its name stands for.
 * @throws HaidangError `HD_OUTBOUND` where it is no HTTPS address, or leads to a machine that was not allowed.
 */
export async function pinAddress(
  address: string,
  policy: OutboundPolicy,
  resolve: Resolve = resolveHere,
): Promise<PinnedAddress> {
  const url = checkUrl(address, policy);
  return { url, ...(await pinHost(hostOf(url), policy, { resolve, isPlain: url.protocol === 'http:' })) };
}

/**
 * Asks another server for something under the policy. A redirection is an answer like any other: nothing follows it.
 * @throws HaidangError `HD_OUTBOUND`; Error where the other side is silent for too long, or answers more than `maxBytes`.
 */
export async function askOutside(
  address: string,
  policy: OutboundPolicy,
  request: OutboundRequest = {},
  resolve?: Resolve,
): Promise<OutboundAnswer> {
  const { method = 'GET', headers = {}, body, timeoutMs = TIMEOUT_MS, maxBytes = ANSWER_BYTES, tls = {} } = request;
  const late = AbortSignal.timeout(timeoutMs);
  const signal = request.signal ? AbortSignal.any([late, request.signal]) : late;
  const { url, lookup } = await pinAddress(address, policy, resolve);
  const send = url.protocol === 'https:' ? tlsRequest : plainRequest;
  return new Promise((done, failed) => {
    const fail = (error: unknown) =>
      failed(late.aborted ? new Error(`${url.host} did not answer within ${timeoutMs / 1000} s.`) : error);
    const asked = send(url, { method, headers, lookup, agent: false, signal, ...tls }, (answer) => {
      const pieces: Buffer[] = [];
      let bytes = 0;
      answer.on('data', (piece: Buffer) => {
        bytes += piece.length;
        if (bytes > maxBytes) asked.destroy(new Error(`${url.host} answers more than ${maxBytes} bytes.`));
        else pieces.push(piece);
      });
      answer.on('error', fail);
      answer.on('end', () =>
        done({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(pieces) }),
      );
    });
    asked.on('error', fail);
    asked.end(body);
  });
}

/** What `outsideFetch` understands of what a library gives `fetch`. */
export interface FetchOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** A `fetch` under the policy, for libraries that take one; it follows no redirections, and its bodies are texts or bytes. */
export function outsideFetch(
  policy: OutboundPolicy,
  limits: Pick<OutboundRequest, 'timeoutMs' | 'maxBytes'> = {},
): (url: string | URL, options?: FetchOptions) => Promise<Response> {
  return async (url, { method = 'GET', headers = {}, body, signal } = {}) => {
    const sent = bodyOf(body);
    const answer = await askOutside(String(url), policy, {
      ...limits,
      method,
      headers: sent === undefined ? headers : { ...headers, 'content-length': String(Buffer.byteLength(sent)) },
      ...(sent === undefined ? {} : { body: sent }),
      ...(signal ? { signal } : {}),
    });
    const fields = Object.entries(answer.headers).flatMap(([name, value]): [string, string][] =>
      (Array.isArray(value) ? value : [value ?? '']).map((one) => [name, one]),
    );
    const isEmpty = [204, 205, 304].includes(answer.status);
    return new Response(isEmpty ? null : new Uint8Array(answer.body), { status: answer.status, headers: fields });
  };
}

function bodyOf(body: unknown): string | Buffer | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string') return body;
  if (body instanceof URLSearchParams) return body.toString();
  if (body instanceof Uint8Array) return Buffer.from(body);
  if (body instanceof ArrayBuffer) return Buffer.from(body);
  throw new TypeError('A body of this kind cannot be sent to outside; give a text or bytes.');
}

/** Addresses of a host, all of them allowed, the name server's first one first. @throws HaidangError `HD_OUTBOUND` */
async function checkedAddresses(
  host: string,
  policy: OutboundPolicy,
  resolve: Resolve,
  isPlain: boolean,
): Promise<readonly { readonly address: string; readonly family: 4 | 6 }[]> {
  const literal = isIP(host);
  const found = literal === 0 ? await resolve(host).catch(() => []) : [{ address: host, family: literal }];
  const addresses = found.map(({ address }) => address);
  if (addresses.length === 0) throw new HaidangError('HD_OUTBOUND', `The name ${host} is not known.`);
  checkAll(host, addresses, policy, isPlain);
  return addresses.map((address) => ({ address, family: isIP(address) === 6 ? 6 : 4 }));
}

function checkAll(host: string, addresses: readonly string[], policy: OutboundPolicy, isPlain: boolean): void {
  const isNamed = policy.allowPrivate.some((one) => one.toLowerCase() === host);
  const networks = addressList(policy.allowPrivate);
  for (const address of addresses) {
    if (isNamed || networks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')) continue;
    if (!isPublic(address))
      throw new HaidangError('HD_OUTBOUND', `${host} leads to ${address}, which is no address of the public Internet.`);
    if (isPlain)
      throw new HaidangError(
        'HD_OUTBOUND',
        'The address is plain http, where anybody on the way reads and changes it.',
      );
  }
}

/** The host of an address as it is compared: without brackets, in small letters. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
}
