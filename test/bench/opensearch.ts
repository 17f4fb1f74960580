/**
 * Measures writing to OpenSearch: the store's own way against a bare loop of bulk requests with the very same event
 * documents on the same node, in turns, each into a fresh index of the same form, as many requests at once, so that a busy
 * machine slows both. The bare loop's requests lie ready in memory; it knows no frames, numbers, receipts or batches. Prints one JSON document with medians.
 * Usage: node test/bench/opensearch.ts [events] [rounds] [--own-cores]; `OPENSEARCH_URL` names a node, else one is started.
 * `--own-cores`: node and sender get half of the processors each, as on machines of their own; otherwise they share all.
 */
import { parseArgs } from 'node:util';
import { parseLine } from '../../collector/parsers/index.ts';
import { utcDay } from '../../ecs/event-id.ts';
import { accessLog, authLog } from '../e2e/logs.ts';
import { batchOf, type Parsed } from '../server/store/frames.ts';
import { startOpenSearch } from '../server/store/opensearch-node.ts';
import { measureShare } from './bulk-share.ts';
import { divideCores } from './divide-cores.ts';

const { values, positionals } = parseArgs({ options: { 'own-cores': { type: 'boolean' } }, allowPositionals: true });
const total = Number(positionals[0] ?? 80_000);
const rounds = Number(positionals[1] ?? 3);
/** Events of a frame: what a busy collector packs. */
const FRAME = 1_000;
const now = Date.now();
const day = utcDay(now);

const context = { now, timeZone: 'UTC' };
const lines = [authLog(total / 2, { endsAt: now, stepMs: 20 }), accessLog(total / 2, { endsAt: now, stepMs: 20 })];
const frames = Array.from({ length: Math.ceil(total / FRAME) }, (_, at) => {
  const first = at * FRAME;
  const events = Array.from({ length: Math.min(FRAME, total - first) }, (__, n) => {
    const line = lines[(first + n) % 2]?.[(first + n) >> 1] ?? '';
    return parseLine(line, 'auto', context) as unknown as Parsed;
  });
  return batchOf(events, { first: first + 1, day });
});
const node = await startOpenSearch();
try {
  if (values['own-cores']) await divideCores(node);
  console.log(JSON.stringify(await measureShare({ node, frames, now, rounds, seconds: 600, senders: 16 })));
} finally {
  await node.stop();
}
