import type { Draft, Endpoint } from './draft.ts';
import { isAddress, portNumber } from './draft.ts';

const PEER = /^([^\s[\]<>,;"']{0,255})\[([0-9A-Fa-f.:]{2,45})\](?::(\d{1,5}|unknown))?/;

/** Reads `name[address]:port` at the start of a text; `unknown` is no name. Undefined where there is none. */
export function peerOf(text: string): { end: Endpoint; length: number } | undefined {
  const found = PEER.exec(text.length > 340 ? text.slice(0, 340) : text);
  if (!found || !isAddress(found[2] as string)) return undefined;
  const name = found[1] as string;
  const port = portNumber(found[3]);
  return {
    end: {
      ip: found[2] as string,
      ...(name !== '' && name !== 'unknown' && { domain: name }),
      ...(port !== undefined && { port }),
    },
    length: found[0].length,
  };
}

/** Puts the peer that a text starts with on one side; gives what stands after it, undefined where there is no peer. */
export function takePeer(draft: Draft, side: 'source' | 'destination', text: string): string | undefined {
  const peer = peerOf(text);
  if (!peer) return undefined;
  draft[side] = peer.end;
  return text.slice(peer.length);
}
