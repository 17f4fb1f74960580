import { createHash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { formatEventId, utcDay } from '../../../ecs/event-id.ts';
import type { FrameHeader } from '../../../ecs/wire.ts';

const EPOCH = '0123abcd';

/** A frame as a collector sends it: one event a line, all of now. */
export function makeFrame(collector: string, lines: readonly string[]): { body: Uint8Array; ids: string[] } {
  const now = new Date();
  const day = utcDay(now.getTime());
  const ids = lines.map((line, index) =>
    formatEventId({
      day,
      collector,
      epoch: EPOCH,
      sequence: index + 1,
      hash: createHash('sha256').update(line).digest('hex').slice(0, 12),
    }),
  );
  const header: FrameHeader = {
    version: 1,
    collector,
    epoch: EPOCH,
    day,
    first: 1,
    last: lines.length,
    spooledAt: now.toISOString(),
    sources: [{ source: 'stdin', read: lines.length, spooled: lines.length, dropped: {}, unparsed: 0 }],
    runs: [[0, lines.length]],
  };
  const events = lines.map((line, index) => ({
    '@timestamp': now.toISOString(),
    event: { id: ids[index], original: line },
    message: line,
  }));
  const text = [header, ...events].map((document) => JSON.stringify(document)).join('\n');
  return { body: zstdCompressSync(Buffer.from(`${text}\n`)), ids };
}
