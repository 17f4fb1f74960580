import { type IpAddress, parseIp, parseNetwork } from '../../rules/query/ip-address.ts';
import type { AgencyId } from '../identity.ts';
import type { AgencyRecord } from './record.ts';

/** Says whose an address or a source is, among some agencies. */
export interface AgencyTable {
  /** Whether no agency of the set has a network or a source of its own. */
  readonly isEmpty: boolean;
  readonly hasNetworks: boolean;
  /** The agency with the longest network around an address; undefined where none holds it. */
  ofAddress(address: string): AgencyId | undefined;
  /** The agency with a pattern for a source's name; of several, the one with the longest pattern. */
  ofSource(source: string): AgencyId | undefined;
}

type Networks = Pick<AgencyRecord, 'networks' | 'sources'>;

const MOST_REMEMBERED = 16_384;
const LONGEST_ADDRESS = 64;

/** Makes the table of a set of agencies; those that are not known have nothing in it. */
export function agencyTable(set: readonly AgencyId[], agencies: ReadonlyMap<string, Networks>): AgencyTable {
  /** By number of bits, longest first: the first bits of a network, and whose it is. */
  const short = new Map<number, Map<string, AgencyId>>();
  const long = new Map<number, Map<string, AgencyId>>();
  const patterns: {
    readonly pattern: string;
    readonly agency: AgencyId;
    readonly matches: (name: string) => boolean;
  }[] = [];
  for (const agency of set) {
    const { networks = [], sources = [] } = agencies.get(agency) ?? {};
    for (const text of networks) {
      const network = parseNetwork(text);
      if (!network) continue;
      const table = typeof network.address === 'number' ? short : long;
      const ofLength = table.get(network.bits) ?? new Map<string, AgencyId>();
      table.set(network.bits, ofLength);
      const key = prefixOf(network.address, network.bits);
      if (!ofLength.has(key)) ofLength.set(key, agency);
    }
    for (const pattern of sources) patterns.push({ pattern, agency, matches: matcherOf(pattern) });
  }
  patterns.sort((a, b) => b.pattern.length - a.pattern.length);
  const [shortest, longest] = [byLength(short), byLength(long)];
  let remembered = new Map<string, AgencyId | null>();
  const look = (text: string): AgencyId | null => {
    const address = parseIp(text);
    if (address === undefined) return null;
    for (const [bits, ofLength] of typeof address === 'number' ? shortest : longest) {
      const agency = ofLength.get(prefixOf(address, bits));
      if (agency !== undefined) return agency;
    }
    return null;
  };
  return {
    isEmpty: short.size + long.size + patterns.length === 0,
    hasNetworks: short.size + long.size > 0,
    ofAddress(address) {
      const known = remembered.get(address);
      if (known !== undefined) return known ?? undefined;
      if (address.length > LONGEST_ADDRESS) return undefined;
      if (remembered.size >= MOST_REMEMBERED) remembered = new Map();
      const found = look(address);
      remembered.set(address, found);
      return found ?? undefined;
    },
    ofSource: (source) => patterns.find(({ matches }) => matches(source))?.agency,
  };
}

/** A network in one spelling, so that two writings of one network are equal; undefined where it is none. */
export function plainNetwork(text: string): string | undefined {
  const network = parseNetwork(text);
  return (
    network &&
    `${typeof network.address === 'number' ? 4 : 6}/${network.bits}/${prefixOf(network.address, network.bits)}`
  );
}

/** The first so many bits of an address, the rest being zero. */
function prefixOf(address: IpAddress, bits: number): string {
  if (typeof address === 'number') return String(Math.floor(address / 2 ** (32 - bits)));
  const whole = bits >> 4;
  const rest = bits & 15;
  const groups = address.slice(0, whole);
  if (rest > 0) groups.push((address[whole] ?? 0) >> (16 - rest));
  return groups.join(':');
}

function byLength(table: ReadonlyMap<number, Map<string, AgencyId>>): [number, Map<string, AgencyId>][] {
  return [...table].sort(([a], [b]) => b - a);
}

/** A pattern with `*` for any run of characters; whatever its case, as file names and host names come in both. */
function matcherOf(pattern: string): (name: string) => boolean {
  const parts = pattern.toLowerCase().split('*');
  const [head = ''] = parts;
  const tail = parts.at(-1) ?? '';
  const middle = parts.slice(1, -1).filter((part) => part !== '');
  return (given) => {
    const name = given.toLowerCase();
    if (parts.length === 1) return name === head;
    if (name.length < head.length + tail.length || !name.startsWith(head) || !name.endsWith(tail)) return false;
    let at = head.length;
    for (const part of middle) {
      const found = name.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= name.length - tail.length;
  };
}
