import { domainToASCII } from 'node:url';
import { readField } from '../../ecs/event.ts';
import { type IpAddress, networkHolds, parseIp, parseNetwork } from '../../rules/query/ip-address.ts';
import { networkOf } from '../assets/weigh.ts';
import type { IndicatorType } from './record.ts';

/** A value that others may look for. */
export interface Observable {
  readonly type: IndicatorType;
  readonly value: string;
}

const MOST_LENGTH = 2_000;
const HASHES: Readonly<Record<number, IndicatorType>> = { 32: 'md5', 40: 'sha1', 64: 'sha256' };
const DOMAIN = /^(?=.{4,253}$)([a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{2,59})$/;
const EMAIL = /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([a-z0-9.-]{4,253})$/;

/** Networks that mean nothing elsewhere: private, shared, loopback, link-local, documentation apart, multicast (RFC 6890). */
const INTERNAL = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '224.0.0.0/3',
  '::/127',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
].flatMap((text) => parseNetwork(text) ?? []);

/** Names that no public name ends in (RFC 6761, RFC 8375 and what local networks use). */
const INTERNAL_NAMES = [
  'local',
  'lan',
  'internal',
  'localdomain',
  'localhost',
  'home.arpa',
  'test',
  'invalid',
  'intranet',
];

/** Whether an address belongs to a network that is not reached from outside; false for what is no address. */
export function isInternalAddress(text: string): boolean {
  const address = parseIp(text);
  return address !== undefined && INTERNAL.some((network) => networkHolds(network, address));
}

/** The observable that a text is, in its one spelling; undefined where it is none. Defanged spellings are understood. */
export function readObservable(text: string): Observable | undefined {
  const value = refang(text.trim());
  if (value === '' || value.length > MOST_LENGTH) return undefined;
  const address = parseIp(value);
  if (address !== undefined) return addressOf(value, address);
  const lower = value.toLowerCase();
  const hash = /^[0-9a-f]+$/.test(lower) ? HASHES[lower.length] : undefined;
  if (hash) return { type: hash, value: lower };
  if (/^(https?|ftp):\/\//i.test(value)) return urlOf(value);
  if (EMAIL.test(lower) && DOMAIN.test(lower.slice(lower.indexOf('@') + 1))) return { type: 'email', value: lower };
  const domain = domainToASCII(lower.replace(/\.$/, ''));
  return DOMAIN.test(domain) ? { type: 'domain', value: domain } : undefined;
}

/** One spelling an address (RFC 5952); what is IPv4 in the clothes of IPv6 is IPv4. */
function addressOf(value: string, address: IpAddress): Observable | undefined {
  if (typeof address === 'number') {
    const octets = [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256);
    return { type: 'ipv4', value: octets.join('.') };
  }
  const [bare = ''] = value.split('%');
  return { type: 'ipv6', value: new URL(`http://[${bare}]/`).hostname.slice(1, -1) };
}

/** An address without who signs in by it: a password is nobody's indicator. */
function urlOf(value: string): Observable | undefined {
  if (!URL.canParse(value)) return undefined;
  const url = new URL(value);
  url.username = '';
  url.password = '';
  // Browsers leave alone what RFC 3986 §2 wants encoded, and others refuse such an address.
  const rest = `${url.pathname}${url.search}${url.hash}`.replaceAll(/[\\^`{|}"<>[\]]/g, encodeURIComponent);
  return { type: 'url', value: `${url.protocol}//${url.host}${rest}` };
}

/** A spelling that nobody opens by a click: `hxxps://evil[.]example`. */
export function defang({ type, value }: Observable): string {
  if (type === 'url') {
    const { protocol, host } = new URL(value);
    const rest = value.slice(value.indexOf('//') + 2 + host.length);
    return `${protocol.replace('t', 'x').replace('t', 'x')}//${host.replaceAll('.', '[.]')}${rest}`;
  }
  if (type === 'ipv6') return value.replaceAll(':', '[:]');
  if (type === 'email') return value.replace('@', '[@]').replaceAll('.', '[.]');
  return type === 'ipv4' || type === 'domain' ? value.replaceAll('.', '[.]') : value;
}

function refang(text: string): string {
  return text
    .replaceAll(/\[\.\]|\(\.\)|\{\.\}/g, '.')
    .replaceAll('[:]', ':')
    .replaceAll('[@]', '@')
    .replace(/^(h)xx(ps?:)/i, '$1tt$2')
    .replace(/^fxp:/i, 'ftp:');
}

/** Values that are never taken for indicators: own networks, own names, services that everybody uses. */
export interface AllowList {
  holds(observable: Observable): boolean;
}

/** Makes an allow-list of addresses, networks, and names with all below them. Entries that are neither are left out. */
export function allowList(entries: readonly string[]): AllowList {
  const networks = entries.flatMap((entry) => networkOf(entry) ?? []);
  const names = new Set(entries.map((entry) => entry.toLowerCase().replace(/^\*?\./, '')));
  for (const name of INTERNAL_NAMES) names.add(name);
  const isNamed = (host: string) => {
    const labels = host.split('.');
    return labels.some((_, at) => names.has(labels.slice(at).join('.')));
  };
  const isAddress = (text: string) => {
    const address = parseIp(text);
    return address !== undefined && networks.some((network) => networkHolds(network, address));
  };
  const isOwnHost = (host: string) => isInternalAddress(host) || isAddress(host) || isNamed(host);
  return {
    holds({ type, value }) {
      if (names.has(value)) return true;
      if (type === 'url') return isOwnHost(new URL(value).hostname.replace(/^\[|\]$/g, ''));
      if (type === 'email') return isNamed(value.slice(value.indexOf('@') + 1));
      return (type === 'ipv4' || type === 'ipv6' || type === 'domain') && isOwnHost(value);
    },
  };
}

/** ECS fields that may hold what others should look for. */
export const OBSERVABLE_FIELDS = [
  'source.ip',
  'destination.ip',
  'source.domain',
  'destination.domain',
  'dns.question.name',
  'url.full',
  'url.domain',
  'file.hash.md5',
  'file.hash.sha1',
  'file.hash.sha256',
  'process.hash.md5',
  'process.hash.sha1',
  'process.hash.sha256',
  'email.from.address',
] as const;

/** What values of such fields are observables, each once, less what the allow-list holds. */
export function observablesOf(values: Iterable<string>, allowed: AllowList): readonly Observable[] {
  const found = new Map<string, Observable>();
  for (const value of values) {
    const observable = readObservable(value);
    if (observable && !allowed.holds(observable)) found.set(`${observable.type} ${observable.value}`, observable);
  }
  return [...found.values()];
}

/** The values of an event's fields that may be observables. */
export function* observableValues(event: object): Generator<string> {
  for (const field of OBSERVABLE_FIELDS) {
    const read: unknown = readField(event, field);
    for (const value of Array.isArray(read) ? read.slice(0, 20) : [read]) if (typeof value === 'string') yield value;
  }
}
