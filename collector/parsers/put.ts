import type { JsonObject } from './json-object.ts';

const paths = new Map<string, readonly string[]>();

function pathOf(name: string): readonly string[] {
  let path = paths.get(name);
  if (!path) {
    path = name.split('.');
    // Names come from our own tables; the bound is for a mistake there.
    if (paths.size < 5_000) paths.set(name, path);
  }
  return path;
}

/** Sets a field by its dotted name, making the objects on the way; undefined and empty text set nothing. */
export function put(into: object, name: string, value: unknown): void {
  if (value === undefined || value === '') return;
  const path = pathOf(name);
  let at = into as JsonObject;
  for (let depth = 0; depth < path.length - 1; depth++) {
    const key = path[depth] as string;
    const inner = at[key];
    if (typeof inner === 'object' && inner !== null) {
      at = inner as JsonObject;
    } else {
      const made: JsonObject = {};
      at[key] = made;
      at = made;
    }
  }
  at[path[path.length - 1] as string] = value;
}

/** The whole number a text writes in decimal, not below zero and exact; undefined for anything else. */
export function countOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Names for `network.transport` by IANA protocol number, in ECS's lower case. */
export const TRANSPORTS: Readonly<Record<string, string>> = {
  1: 'icmp',
  2: 'igmp',
  4: 'ipv4',
  6: 'tcp',
  17: 'udp',
  41: 'ipv6',
  46: 'rsvp',
  47: 'gre',
  50: 'esp',
  51: 'ah',
  58: 'ipv6-icmp',
  88: 'eigrp',
  89: 'ospf',
  103: 'pim',
  112: 'vrrp',
  132: 'sctp',
  136: 'udplite',
};
const NUMBERS: Readonly<Record<string, string>> = {
  icmp: '1',
  igmp: '2',
  tcp: '6',
  udp: '17',
  gre: '47',
  esp: '50',
  ah: '51',
  icmp6: '58',
  icmpv6: '58',
  'icmp-v6': '58',
  'ipv6-icmp': '58',
  eigrp: '88',
  ospf: '89',
  pim: '103',
  sctp: '132',
  udplite: '136',
};

/** Sets `network.transport` and `network.iana_number` from a protocol's name or number (IANA protocol numbers). */
export function putTransport(into: object, protocol: string | undefined): void {
  if (protocol === undefined || protocol === '') return;
  const name = protocol.toLowerCase();
  if (/^\d{1,3}$/.test(name)) {
    if (Number(name) > 255) return;
    put(into, 'network.iana_number', String(Number(name)));
    if (Object.hasOwn(TRANSPORTS, name)) put(into, 'network.transport', TRANSPORTS[name]);
    return;
  }
  if (!Object.hasOwn(NUMBERS, name)) return;
  const number = NUMBERS[name] as string;
  put(into, 'network.iana_number', number);
  put(into, 'network.transport', TRANSPORTS[number]);
}

/** A MAC address as ECS writes it (RFC 7042): upper case, hyphens; undefined where the text is none. */
export function macOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const digits = text.replace(/[:.-]/g, '');
  return /^[0-9A-Fa-f]{12}$/.test(digits) ? (digits.toUpperCase().match(/../g) as string[]).join('-') : undefined;
}
