import type { KnownAddress } from './address-book.ts';

/** `network.direction` as a device at the edge of the network sees it (ECS). */
export type Direction = 'inbound' | 'outbound' | 'internal' | 'external';

/** Which way a connection goes between what is inside and what is not. */
export function directionOf(
  source: Pick<KnownAddress, 'isInternal'>,
  destination: Pick<KnownAddress, 'isInternal'>,
): Direction {
  if (source.isInternal) return destination.isInternal ? 'internal' : 'outbound';
  return destination.isInternal ? 'inbound' : 'external';
}
