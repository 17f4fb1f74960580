import { lookup } from 'node:dns/promises';
import { type IncomingHttpHeaders, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { HaidangError } from '../errors.ts';

/** Which addresses this server itself asks, where somebody else named them (feeds, peers, notices). */
export interface OutboundPolicy {
  /** Host names, addresses and networks (CIDR) that may be asked although they are not of the public Internet. */
  readonly allowPrivate: readonly string[];
}

/** A checked address: whoever connects must use this `lookup`, so that a second answer of the name server counts for nothing. */
export interface PinnedAddress {
  readonly url: URL;
  readonly address: string;
  readonly family: 4 | 6;
  readonly lookup: LookupFunction;
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

/** Special-purpose IPv4 blocks (RFC 6890 and its registry): nothing there is a service of the public Internet. */
const PRIVATE_4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** The same of IPv6, within the part that is given out at all (2000::/3): among them tunnels that end at any IPv4 address. */
const PRIVATE_6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];
const PUBLIC_6 = listOf(['2000::/3']);
const PRIVATE = listOf([...PRIVATE_4, ...PRIVATE_6]);

const TIMEOUT_MS = 30_000;
const ANSWER_BYTES = 8 * 1024 * 1024;

/** Whether an address is of the public Internet. */
export function isPublic(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !PRIVATE.check(address, 'ipv4');
  return family === 6 && PUBLIC_6.check(address, 'ipv6') && !PRIVATE.check(address, 'ipv6');
}

/**
 * Resolves an address once and checks all that its name stands for.
 * @throws HaidangError `HD_OUTBOUND` where it is no HTTPS address, or leads to a machine that was not allowed.
 */
export async function pinAddress(
  address: string,
  policy: OutboundPolicy,
  resolve: Resolve = (host) => lookup(host, { all: true, verbatim: true }),
): Promise<PinnedAddress> {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw new HaidangError('HD_OUTBOUND', 'The address is not of the form https://host/path.');
  if (url.username !== '' || url.password !== '')
    throw new HaidangError('HD_OUTBOUND', 'The address holds a name or a password; give those apart.');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  const named = policy.allowPrivate.some((one) => one.toLowerCase() === host);
  const networks = listOf(policy.allowPrivate.filter((one) => isIP(one.split('/', 1)[0] ?? '') !== 0));
  const found = isIP(host) === 0 ? await resolve(host).catch(() => []) : [{ address: host, family: isIP(host) }];
  const [first] = found;
  if (!first) throw new HaidangError('HD_OUTBOUND', `The name ${host} is not known.`);
  const allowed = (one: string) => named || networks.check(one, isIP(one) === 6 ? 'ipv6' : 'ipv4');
  for (const { address: one } of found)
    if (!allowed(one) && !isPublic(one))
      throw new HaidangError('HD_OUTBOUND', `${host} leads to ${one}, which is no address of the public Internet.`);
  if (url.protocol === 'http:' && !allowed(first.address))
    throw new HaidangError('HD_OUTBOUND', 'The address is plain http, where anybody on the way reads and changes it.');
  const family = first.family === 6 ? 6 : 4;
  return {
    url,
    address: first.address,
    family,
    lookup: ((_host, options, done) =>
      options.all
        ? done(null, [{ address: first.address, family }])
        : done(null, first.address, family)) as LookupFunction,
  };
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
  const { url, lookup: pinned } = await pinAddress(address, policy, resolve);
  const { method = 'GET', headers = {}, body, timeoutMs = TIMEOUT_MS, maxBytes = ANSWER_BYTES, tls = {} } = request;
  const send = url.protocol === 'https:' ? tlsRequest : plainRequest;
  const signal = AbortSignal.timeout(timeoutMs);
  return new Promise((done, failed) => {
    const asked = send(url, { method, headers, lookup: pinned, agent: false, signal, ...tls }, (answer) => {
      const pieces: Buffer[] = [];
      let bytes = 0;
      answer.on('data', (piece: Buffer) => {
        bytes += piece.length;
        if (bytes > maxBytes) asked.destroy(new Error(`${url.host} answers more than ${maxBytes} bytes.`));
        else pieces.push(piece);
      });
      answer.on('error', failed);
      answer.on('end', () =>
        done({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(pieces) }),
      );
    });
    asked.on('error', (error) =>
      failed(signal.aborted ? new Error(`${url.host} did not answer within ${timeoutMs / 1000} s.`) : error),
    );
    asked.end(body);
  });
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const most = family === 'ipv6' ? 128 : 32;
    if (bits === undefined) list.addAddress(address, family);
    else if (/^\d{1,3}$/.test(bits) && Number(bits) <= most) list.addSubnet(address, Number(bits), family);
  }
  return list;
}
