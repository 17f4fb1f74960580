import { domainToASCII } from 'node:url';
import { parseNetwork } from '../query/ip-address.ts';

/** What an indicator names. An address alone is a network of one. */
export type IndicatorType = 'network' | 'domain' | 'url' | 'hash' | 'email';

/** Something known to be bad, in the one spelling in which it is compared. */
export interface Indicator {
  readonly type: IndicatorType;
  readonly value: string;
  /** Unix second from which on it counts no more; 0 where it never ends. */
  readonly expires: number;
  /** 0 to 100. */
  readonly confidence: number;
}

/** Longest value, in characters. */
export const MOST_CHARACTERS = 2_048;
const HASH = /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})$/;
const DOMAIN = /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}$/;
/** A URL in which there is nothing to change but its scheme; reading the others costs several times as much. */
const PLAIN_URL = /^https?:\/\/((?:[a-z0-9-]+\.)+[a-z]{2,20})(\/(?:[\w~?=&+,:;@!$*()/-]|(?<!\/)\.)*)?$/;
const ASCII = /^[\x21-\x7e]+$/;

/** The one spelling of a value; undefined where it is none of that type. Also reads `hxxp` and `[.]`, as lists defuse what they name. */
export function canonicalValue(type: IndicatorType, text: string): string | undefined {
  if (text.length > MOST_CHARACTERS) return undefined;
  const plain = text.trim().replaceAll('[.]', '.').replaceAll('(.)', '.').replaceAll('[:]', ':');
  switch (type) {
    case 'network':
      return canonicalNetwork(plain);
    case 'domain':
      return canonicalDomain(plain.replace(/^\*?\./, ''));
    case 'url':
      return canonicalUrl(plain.replace(/^hxxp/i, 'http'));
    case 'hash': {
      const lower = plain.toLowerCase();
      return HASH.test(lower) ? lower : undefined;
    }
    case 'email':
      return canonicalEmail(plain.replaceAll('[@]', '@'));
  }
}

/** The type of a value that does not say it; undefined where it could be anything. */
export function guessType(text: string): IndicatorType | undefined {
  for (const type of ['network', 'hash', 'email', 'domain', 'url'] as const) {
    if (type === 'url' && !/[/:]/.test(text)) continue;
    if (canonicalValue(type, text) !== undefined) return type;
  }
  return undefined;
}

function canonicalNetwork(text: string): string | undefined {
  const network = parseNetwork(text.replace(/^\[(.*)\]$/, '$1'));
  if (!network) return undefined;
  const words = addressWords(network.address);
  const bits = typeof network.address === 'number' ? network.bits + 96 : network.bits;
  maskWords(words, bits);
  const address = formatWords(words);
  return bits === 128 ? address : `${address}/${network.bits}`;
}

/** The spelling in which a name from an event is looked up: it need not be a domain, as what is none is in no list. */
export function lookedUpDomain(text: string): string {
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  return ASCII.test(name) ? name.toLowerCase() : domainToASCII(name);
}

/** A domain as it is compared: lower case, ASCII (RFC 5891), without the final dot; undefined where it is none. */
export function canonicalDomain(text: string): string | undefined {
  let name = text.toLowerCase();
  if (name.endsWith('.')) name = name.slice(0, -1);
  if (!ASCII.test(name)) name = domainToASCII(name);
  return DOMAIN.test(name) && !/\.\d+$/.test(name) ? name : undefined;
}

/** A URL as it is compared: host, port where it is not the usual one, path and query (RFC 3986), without scheme and fragment. */
export function canonicalUrl(text: string): string | undefined {
  const plain = PLAIN_URL.exec(text);
  if (plain) return plain[2] === undefined ? `${plain[1]}/` : `${plain[1]}${plain[2]}`;
  const parsed = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (!parsed || !/^(https?|ftp):$/.test(parsed.protocol) || parsed.hostname === '') return undefined;
  return `${parsed.host}${parsed.pathname}${parsed.search}`;
}

function canonicalEmail(text: string): string | undefined {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, Math.max(0, at)).toLowerCase();
  const domain = canonicalDomain(text.slice(at + 1));
  return at > 0 && at <= 64 && domain !== undefined && ASCII.test(local) ? `${local}@${domain}` : undefined;
}

/** An address as four 32-bit numbers; IPv4 as the IPv6 address that maps it (RFC 4291 §2.5.5.2). */
export function addressWords(address: number | readonly number[], words = new Uint32Array(4)): Uint32Array {
  if (typeof address === 'number') {
    words[0] = 0;
    words[1] = 0;
    words[2] = 0xffff;
    words[3] = address;
    return words;
  }
  for (let word = 0; word < 4; word++) words[word] = (address[word * 2] ?? 0) * 65_536 + (address[word * 2 + 1] ?? 0);
  return words;
}

/** Sets all but the first bits of an address to zero, in place. */
export function maskWords(words: Uint32Array, bits: number): void {
  for (let word = 0; word < 4; word++) {
    const left = bits - word * 32;
    if (left <= 0) words[word] = 0;
    else if (left < 32) words[word] = ((words[word] as number) & (0xffffffff << (32 - left))) >>> 0;
  }
}

/** RFC 5952 for IPv6, dotted for what is IPv4. */
export function formatWords(words: Uint32Array): string {
  const [a = 0, b = 0, c = 0, d = 0] = words;
  if (a === 0 && b === 0 && c === 0xffff) return [d >>> 24, (d >>> 16) & 255, (d >>> 8) & 255, d & 255].join('.');
  const groups = [a, b, c, d].flatMap((word) => [(word >>> 16).toString(16), (word & 0xffff).toString(16)]);
  let [best, length] = [-1, 1];
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (end < 8 && groups[end] === '0') end++;
    if (end - at > length) [best, length] = [at, end - at];
  }
  if (best < 0) return groups.join(':');
  return `${groups.slice(0, best).join(':')}::${groups.slice(best + length).join(':')}`;
}
