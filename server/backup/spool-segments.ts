import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';

const SEGMENT = /^\d{10}\.seg$/;
const HEADER_BYTES = 24;
const MAGIC = 0x48445331;

/**
 * Segments of the local collector's spool that a backup can leave out: acknowledged as a whole, and not the newest, which
 * tells where each source goes on. The spool's format is docs/collector.md.
 */
export function sparedSegments(spool: string): ReadonlySet<string> {
  const spared = new Set<string>();
  try {
    const acked = Number(readFileSync(join(spool, 'acked'), 'utf8').trim());
    const names = readdirSync(spool).filter((name) => SEGMENT.test(name));
    names.sort();
    for (const [at, name] of names.entries()) {
      const next = names[at + 1];
      const nextFirst = next === undefined ? undefined : firstFrame(join(spool, next));
      if (nextFirst !== undefined && nextFirst - 1 <= acked) spared.add(name);
    }
  } catch (error) {
    // Without a spool, or with one that is just being changed, nothing is spared.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return spared;
}

function firstFrame(path: string): number | undefined {
  const header = Buffer.alloc(HEADER_BYTES);
  const handle = openSync(path, 'r');
  try {
    if (readSync(handle, header, 0, HEADER_BYTES, 0) < HEADER_BYTES || header.readUInt32BE(0) !== MAGIC)
      return undefined;
    return header.readUIntBE(16, 6);
  } finally {
    closeSync(handle);
  }
}
