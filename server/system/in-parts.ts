import { setImmediate as immediate } from 'node:timers/promises';

/** Rules that are copied to or from a thread at once: a few milliseconds' work. */
export const PART = 64;

/** Hands a long list on in parts, and lets the rest of the program have its turn between them. */
export async function inParts<T>(list: readonly T[], hand: (part: readonly T[]) => void): Promise<void> {
  for (let at = 0; at < list.length; at += PART) {
    if (at > 0) await immediate();
    hand(list.slice(at, at + PART));
  }
}
