import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { MatchCell } from './match-cell.ts';

/** Matches on their way to the server that groups them for all: what it writes as one entry of the match log. */
export interface PackedMatches {
  /** All that was stored up to here is in this entry or in one before it. */
  readonly lastSequence: number;
  readonly body: Uint8Array;
}

/** Past this much text an entry ends with the batch that it is at. */
const ENTRY_CHARS = 16 * 1024 * 1024;
/** More than that cannot be one batch of matches, whose frame has 4 MiB. */
const MOST_BYTES = 512 * 1024 * 1024;
const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
/** Above the numbers that a server can have given to events, so that batches of two servers are told apart. */
const NODE_SHIFT = 2 ** 40;

/** Packs the matches of a stretch, in order; `lasts` is the last number of each of its batches by the first. */
export function packMatches(cells: readonly MatchCell[], lasts: ReadonlyMap<number, number>): PackedMatches[] {
  const entries: PackedMatches[] = [];
  let lines: string[] = [];
  let chars = 0;
  const end = (lastSequence: number) => {
    entries.push({ lastSequence, body: zstdCompressSync(lines.join('\n'), LEVEL) });
    lines = [];
    chars = 0;
  };
  for (const [at, cell] of cells.entries()) {
    const line = JSON.stringify(cell);
    lines.push(line);
    chars += line.length;
    const next = cells[at + 1];
    if (chars > ENTRY_CHARS && next && next.batch !== cell.batch) end(lasts.get(cell.batch) ?? 0);
  }
  if (lines.length > 0) end(Math.max(0, ...lasts.values()));
  return entries;
}

/** An entry's matches without those of batches up to a number; undefined where none are left. */
export function withoutBatches(body: Uint8Array, upTo: number): Uint8Array | undefined {
  const lines = linesOf(body).filter((line) => (JSON.parse(line) as MatchCell).batch > upTo);
  return lines.length === 0 ? undefined : zstdCompressSync(lines.join('\n'), LEVEL);
}

function linesOf(body: Uint8Array): string[] {
  return zstdDecompressSync(body, { maxOutputLength: MOST_BYTES }).toString().split('\n');
}

/** Reads what `packMatches` wrote; `place` is that of the server among those that share the store. */
export function unpackMatches(body: Uint8Array, place: number): MatchCell[] {
  return linesOf(body).map((line) => {
    const cell = JSON.parse(line) as MatchCell;
    return { ...cell, batch: cell.batch + (place + 1) * NODE_SHIFT };
  });
}
