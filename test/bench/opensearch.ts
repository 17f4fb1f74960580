/**
 * Measures writing to OpenSearch: the store's own way against a bare loop of bulk requests with the very same event
 * documents on the same node, in turns, so that a busy machine slows both. Prints one JSON document.
 * Usage: node test/bench/opensearch.ts [events] [rounds]; `OPENSEARCH_URL` names a node, else one is started.
 */
import { Client } from '@opensearch-project/opensearch';
import { parseLine } from '../../collector/parsers/index.ts';
import { utcDay } from '../../ecs/event-id.ts';
import { Cluster } from '../../server/store/opensearch/cluster.ts';
import { dayIndex, indexNames, makeIndex, makeIndexes } from '../../server/store/opensearch/indexes.ts';
import { openOpenSearchStore } from '../../server/store/opensearch/open.ts';
import { prepareBatch } from '../../server/store/opensearch/prepare.ts';
import { accessLog, authLog } from '../e2e/logs.ts';
import { batchOf, type Parsed } from '../server/store/frames.ts';
import { startOpenSearch } from '../server/store/opensearch-node.ts';

const total = Number(process.argv[2] ?? 40_000);
const rounds = Number(process.argv[3] ?? 2);
/** Events of a frame and of a bare bulk request: what a busy collector packs, and the size usual for bulk loops. */
const FRAME = 1_000;
/** Frames that collectors send at the same time. */
const LANES = 8;
const quiet = { info: () => {}, warn: console.error, error: console.error };
const now = Date.now();
const day = utcDay(now);

const context = { now, timeZone: 'UTC' };
const lines = [authLog(total / 2, { endsAt: now, stepMs: 20 }), accessLog(total / 2, { endsAt: now, stepMs: 20 })];
const events = Array.from(
  { length: total },
  (_, at) => parseLine(lines[at % 2]?.[at >> 1] ?? '', 'auto', context) as unknown as Parsed,
);
const frames = Array.from({ length: Math.ceil(total / FRAME) }, (_, at) =>
  batchOf(events.slice(at * FRAME, (at + 1) * FRAME), { first: at * FRAME + 1, day }),
);
/** The same documents as the store writes, made before the clock starts. */
const requests = frames.map((frame) =>
  prepareBatch(frame, now, { past: 8, future: 2 }).lines.map((line) => ({
    id: line.id,
    document: line.kind === 'event' ? line.document({ node: 'main', sequence: 1, batch: 1 }) : line.document,
  })),
);

const node = await startOpenSearch();
let run = 0;

async function clean(prefix: string): Promise<void> {
  await fetch(`${node.url}/${prefix}-*`, { method: 'DELETE' });
  await fetch(`${node.url}/_index_template/${prefix}-events`, { method: 'DELETE' });
}

/** CPU time of the node, microseconds. */
async function nodeCpu(): Promise<number> {
  const { body } = await node.ask('GET', '/_nodes/stats/process');
  const nodes = Object.values(body['nodes'] as Record<string, { process: { cpu: { total_in_millis: number } } }>);
  return nodes.reduce((sum, one) => sum + one.process.cpu.total_in_millis * 1_000, 0);
}

interface Figures {
  readonly perSecond: number;
  /** CPU of this process, and of the node, for one event. */
  readonly cpuMicroseconds: number;
  readonly nodeMicroseconds: number;
}

async function measured(work: () => Promise<void>): Promise<Figures> {
  const cpu = process.cpuUsage();
  const nodeBefore = await nodeCpu();
  const from = performance.now();
  await work();
  const seconds = (performance.now() - from) / 1_000;
  const used = process.cpuUsage(cpu);
  const nodeMicroseconds = ((await nodeCpu()) - nodeBefore) / total;
  return { perSecond: total / seconds, cpuMicroseconds: (used.user + used.system) / total, nodeMicroseconds };
}

async function inLanes<Item>(items: readonly Item[], lanes: number, work: (item: Item) => Promise<unknown>) {
  const queue = [...items];
  const lane = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

async function bare(workers: number) {
  const prefix = `haidang-bench-${process.pid}-${++run}`;
  const names = indexNames(prefix);
  const shape = { shards: 1, replicas: 0 };
  const cluster = new Cluster(node.url, quiet);
  await makeIndexes(cluster, names, { events: shape, others: shape });
  const index = dayIndex(names, day);
  await makeIndex(cluster, index);
  await cluster.close();
  const client = new Client({ node: node.url });
  const figures = await measured(() =>
    inLanes(requests, workers, async (documents) => {
      const body = documents.flatMap(({ id, document }) => [{ create: { _index: index, _id: id } }, document]);
      const answer = await client.bulk({ body } as never);
      if ((answer.body as { errors: boolean }).errors) throw new Error('The bare loop has errors.');
    }),
  );
  await client.close();
  await clean(prefix);
  return figures;
}

async function store() {
  const prefix = `haidang-bench-${process.pid}-${++run}`;
  const { events: opened, records } = await openOpenSearchStore({ url: node.url, prefix, log: quiet });
  // The bare loop has its index before the clock starts, too.
  await opened.append(batchOf([], { day }));
  const figures = await measured(() => inLanes(frames, LANES, (frame) => opened.append(frame)));
  const [counted] = await opened.recount(0);
  if (counted?.stored !== total) throw new Error(`${counted?.stored} of ${total} events are stored.`);
  const [{ bytes = 0 } = {}] = await opened.days();
  await Promise.all([opened.close(), records.close()]);
  await clean(prefix);
  return { ...figures, bytes };
}

try {
  const found = { bare1: [] as number[], bare2: [] as number[], store: [] as number[] };
  const least = (one: number, other: number) => Math.round(Math.min(one, other));
  const cpu = { bare: 1e9, store: 1e9 };
  const nodeUsed = { bare: 1e9, store: 1e9 };
  let bytes = 0;
  await bare(2); // Warms up the node; not counted.
  for (let round = 0; round < rounds; round++) {
    found.bare1.push((await bare(1)).perSecond);
    const one = await store();
    found.store.push(one.perSecond);
    bytes = one.bytes;
    const two = await bare(2);
    found.bare2.push(two.perSecond);
    cpu.bare = least(cpu.bare, two.cpuMicroseconds);
    cpu.store = least(cpu.store, one.cpuMicroseconds);
    nodeUsed.bare = least(nodeUsed.bare, two.nodeMicroseconds);
    nodeUsed.store = least(nodeUsed.store, one.nodeMicroseconds);
  }
  const best = (figures: readonly number[]) => Math.round(Math.max(...figures));
  const bareBest = Math.max(best(found.bare1), best(found.bare2));
  console.log(
    JSON.stringify({
      events: total,
      rounds,
      eventsPerSecond: {
        bareOneWorker: best(found.bare1),
        bareTwoWorkers: best(found.bare2),
        store: best(found.store),
      },
      shareOfBare: Math.round((best(found.store) / bareBest) * 1_000) / 1_000,
      cpuMicrosecondsPerEvent: {
        bare: cpu.bare,
        store: cpu.store,
        nodeAtBare: nodeUsed.bare,
        nodeAtStore: nodeUsed.store,
      },
      bytesPerEvent: Math.round(bytes / total),
    }),
  );
} finally {
  await node.stop();
}
