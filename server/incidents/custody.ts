import { hash } from 'node:crypto';
import { HaidangError } from '../errors.ts';
import type { CustodyEntry, EvidenceItem } from './record.ts';

/** What has a chain of custody: bytes by their hash, and who had them in hand. */
type Chained = Pick<EvidenceItem, 'sha256' | 'custody'>;

/** Entries of one piece of evidence; past it only handing over is written down no more, and said so. */
const MOST_ENTRIES = 500;

/** The piece with one more entry in its chain of custody. @throws HaidangError `HD_TOO_LARGE` */
export function withCustody<T extends Chained>(evidence: T, entry: Omit<CustodyEntry, 'mark'>): T {
  if (evidence.custody.length >= MOST_ENTRIES)
    throw new HaidangError('HD_TOO_LARGE', `This evidence has ${MOST_ENTRIES} entries of custody; add it anew.`);
  return { ...evidence, custody: [...evidence.custody, { ...entry, mark: markOf(evidence, entry) }] };
}

function markOf({ sha256, custody }: Chained, { at, by, act, note }: Omit<CustodyEntry, 'mark'>): string {
  return hash('sha256', JSON.stringify([custody.at(-1)?.mark ?? sha256, at, by, act, note]), 'hex');
}

/** Whether every entry follows from the one before, the first from the bytes' hash. */
export function custodyHolds({ sha256, custody }: Chained): boolean {
  let before: Chained = { sha256, custody: [] };
  for (const entry of custody) {
    if (markOf(before, entry) !== entry.mark) return false;
    before = { ...before, custody: [...before.custody, entry] };
  }
  return true;
}
