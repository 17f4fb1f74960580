import { zstdDecompressSync } from 'node:zlib';
import type { Spool } from '../../collector/spool/spool.ts';
import type { EcsEvent } from '../../ecs/event.ts';

/** Every event of the spool that is not acknowledged, in order. */
export async function readEvents(spool: Spool): Promise<EcsEvent[]> {
  const events: EcsEvent[] = [];
  let at = spool.acked;
  for (;;) {
    const frame = await spool.frameAfter(at);
    if (!frame) return events;
    at = frame.number;
    const [, ...lines] = zstdDecompressSync(frame.payload).toString('utf8').trimEnd().split('\n');
    for (const line of lines) events.push(JSON.parse(line) as EcsEvent);
  }
}
