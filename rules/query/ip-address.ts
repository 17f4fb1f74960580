/** An address as numbers: IPv4 as one unsigned 32-bit number, IPv6 as eight 16-bit groups. */
export type IpAddress = number | readonly number[];

/** A network to test addresses against. */
export interface IpNetwork {
  readonly address: IpAddress;
  readonly bits: number;
}

/** Reads dotted IPv4 (RFC 791 notation, no leading-zero octal); undefined where the text is not one. */
function parseIpv4(text: string): number | undefined {
  if (text.length < 7 || text.length > 15) return undefined;
  let value = 0;
  let octet = -1;
  let dots = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 46) {
      if (octet < 0 || ++dots > 3) return undefined;
      value = value * 256 + octet;
      octet = -1;
      continue;
    }
    const digit = code - 48;
    if (digit < 0 || digit > 9 || octet === 0) return undefined;
    octet = octet < 0 ? digit : octet * 10 + digit;
    if (octet > 255) return undefined;
  }
  return dots === 3 && octet >= 0 ? value * 256 + octet : undefined;
}

function parseGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (part.includes('.')) {
      const low = index === parts.length - 1 ? parseIpv4(part) : undefined;
      if (low === undefined) return undefined;
      groups.push(Math.floor(low / 65_536), low % 65_536);
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(part)) return undefined;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}

function parseIpv6(text: string): readonly number[] | undefined {
  if (text.length < 2 || text.length > 45) return undefined;
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? '');
  if (!head) return undefined;
  if (halves.length === 1) return head.length === 8 ? head : undefined;
  const tail = parseGroups(halves[1] ?? '');
  if (!tail || head.length + tail.length > 7) return undefined;
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/**
 * Reads an IPv4 or IPv6 address (RFC 4291 §2.2; a zone such as `%eth0` is left out). An IPv4-mapped IPv6 address is
 * given as the IPv4 address it stands for, so that rules for `10.0.0.0/8` see it. Undefined where the text is neither.
 */
export function parseIp(text: string): IpAddress | undefined {
  if (!text.includes(':')) return parseIpv4(text);
  const zone = text.indexOf('%');
  const groups = parseIpv6(zone < 0 ? text : text.slice(0, zone));
  if (!groups) return undefined;
  const mapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
  return mapped ? (groups[6] ?? 0) * 65_536 + (groups[7] ?? 0) : groups;
}

/** Reads `address/bits`, or an address alone as a network of one; undefined where the text is neither. */
export function parseNetwork(text: string): IpNetwork | undefined {
  const slash = text.indexOf('/');
  const name = slash < 0 ? text : text.slice(0, slash);
  const address = parseIp(name);
  if (address === undefined) return undefined;
  const width = typeof address === 'number' ? 32 : 128;
  if (slash < 0) return { address, bits: width };
  const length = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(length)) return undefined;
  const written = Number(length);
  const bits = name.includes(':') && width === 32 ? written - 96 : written;
  return bits >= 0 && bits <= width ? { address, bits } : undefined;
}

/** Whether a network holds an address. */
export function networkHolds(network: IpNetwork, address: IpAddress): boolean {
  const base = network.address;
  if (typeof base === 'number') {
    if (typeof address !== 'number') return false;
    const size = 2 ** (32 - network.bits);
    return Math.floor(base / size) === Math.floor(address / size);
  }
  if (typeof address === 'number') return false;
  let left = network.bits;
  for (let group = 0; left > 0; group++, left -= 16) {
    const shift = left >= 16 ? 0 : 16 - left;
    if ((base[group] ?? 0) >> shift !== (address[group] ?? 0) >> shift) return false;
  }
  return true;
}
