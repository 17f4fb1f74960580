import { type IpAddress, type IpNetwork, networkHolds, parseNetwork } from '../../rules/query/ip-address.ts';

/** What counts as inside where nothing else is set: RFC 1918, RFC 4193, loopback and link-local. */
export const INTERNAL_NETWORKS: readonly string[] = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '127.0.0.0/8',
  '169.254.0.0/16',
  'fc00::/7',
  'fe80::/10',
  '::1/128',
];

/** Networks to test addresses against. @throws Error for a text that is none; the configuration is checked before */
export function networksOf(texts: readonly string[]): readonly IpNetwork[] {
  return texts.map((text) => {
    const network = parseNetwork(text);
    if (!network) throw new Error(`"${text}" is not a network such as 10.0.0.0/8 or fc00::/7.`);
    return network;
  });
}

/** Whether one of the networks holds the address. */
export function isWithin(networks: readonly IpNetwork[], address: IpAddress): boolean {
  for (const network of networks) if (networkHolds(network, address)) return true;
  return false;
}

const PRIVATE = networksOf(INTERNAL_NETWORKS);

/** Whether the address can have a country and an operator: private ones are whoever's uses them. */
export function isPublic(address: IpAddress): boolean {
  return !isWithin(PRIVATE, address);
}
