import { basename } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SYSTEM } from '../../../server/identity.ts';
import { openOpenSearchStore } from '../../../server/store/opensearch/open.ts';
import { hotNodes } from '../../../server/store/opensearch/tiers.ts';
import { openUpkeep } from '../../../server/store/opensearch/upkeep.ts';
import { CORE, type OpenStore, storeConformance } from './conformance.ts';
import { DAY } from './frames.ts';
import { type ClusterNode, startOpenSearchCluster, type TestCluster } from './opensearch-cluster.ts';
import { deliver, expectWhole, framesOf, NOW, SIZE } from './opensearch-deliver.ts';
import { requireOpenSearch } from './opensearch-node.ts';

// Nodes that are killed are none that others use.
delete process.env['OPENSEARCH_URL'];
requireOpenSearch();

const log = { info: () => {}, warn: () => {}, error: () => {} };
/** As a province sets it up: parts of a day on several nodes, and each of them twice. */
const SHAPE = { shards: 2, replicas: 1 };

// Three JVMs start, and start again, on what may be two processors.
describe('a cluster of three nodes', { timeout: 1_800_000 }, () => {
  let cluster: TestCluster;
  let number = 0;
  const open = new Set<OpenStore>();
  const prefixes = new Set<string>();
  const openAt = async (prefix: string, now: () => number, settings = {}) => {
    prefixes.add(prefix);
    const opened = await openOpenSearchStore({
      url: cluster.url,
      prefix,
      now,
      log,
      events: { ...SHAPE, settings },
      others: { shards: 1, replicas: 1 },
      limits: { milliseconds: 60_000 },
    });
    open.add(opened);
    return opened;
  };
  const newPrefix = () => `haidang-nodes-${process.pid}-${++number}`;

  beforeAll(async () => {
    cluster = await startOpenSearchCluster();
  }, 1_200_000);
  afterAll(() => cluster?.stop(), 120_000);
  afterEach(async () => {
    for (const { events, records } of open) await Promise.allSettled([events.close(), records.close()]);
    open.clear();
    for (const prefix of prefixes) {
      await cluster.ask('DELETE', `/${prefix}-*`);
      await cluster.ask('DELETE', `/_index_template/${prefix}-events`);
    }
    prefixes.clear();
  });

  /** Which node has the first copy of a shard of the day. */
  const primaryOf = async (prefix: string, shard: number): Promise<ClusterNode> => {
    const { body } = await cluster.ask('GET', `/_cat/shards/${prefix}-events-${DAY}?format=json`);
    const shards = body as unknown as readonly { shard: string; prirep: string; node: string }[];
    const name = shards.find((one) => one.shard === String(shard) && one.prirep === 'p')?.node;
    const node = cluster.nodes.find((one) => one.name === name);
    if (!node) throw new Error(`No node has shard ${shard}: ${JSON.stringify(shards)}`);
    return node;
  };

  it('loses nothing when nodes are killed one after the other under ingest, and the ledger agrees', async () => {
    const prefix = newPrefix();
    const store = await openAt(prefix, () => NOW);
    const frames = framesOf(90);
    const counts = { stored: 0, duplicates: 0 };
    const killed: string[] = [];
    for (let turn = 0; turn < cluster.nodes.length; turn++) {
      const part = frames.slice(turn * 30, turn * 30 + 30);
      if (turn === 0) await deliver(store, part.splice(0, 2));
      if (turn === 0) counts.stored += 2 * SIZE;
      await cluster.green();
      // The one that has not been killed yet, best one that holds what is written just now.
      const first = await primaryOf(prefix, turn % SHAPE.shards);
      const node = killed.includes(first.name) ? cluster.nodes.find(({ name }) => !killed.includes(name)) : first;
      if (!node) throw new Error('All nodes were killed.');
      killed.push(node.name);
      let tries = 0;
      let down: Promise<void> | undefined;
      const { stored, duplicates } = await deliver(store, part, () => {
        if (++tries === 8) down = node.kill();
      });
      expect(down).toBeDefined();
      await down;
      counts.stored += stored;
      counts.duplicates += duplicates;
      // Whole without that node already, and with it.
      await expectWhole(store, (turn + 1) * 30 * SIZE);
      await node.restart();
      await cluster.green();
      await expectWhole(store, (turn + 1) * 30 * SIZE);
    }
    expect(new Set(killed).size).toBe(3);
    expect(counts.stored + counts.duplicates).toBe(90 * SIZE);
    // A frame that was numbered and found on another copy after all leaves its numbers empty.
    expect(await store.events.lastSequence()).toBeGreaterThanOrEqual(90 * SIZE);
    expect(await store.events.as(SYSTEM).deadLetters(1)).toEqual([]);
  });

  it('has a store opened, and its records changed, while a node is away', async () => {
    const prefix = newPrefix();
    const first = await openAt(prefix, () => NOW);
    await deliver(first, framesOf(2));
    await first.records.as(SYSTEM).create('setting', 'a', { value: 1 });
    const [node] = cluster.nodes;
    await node?.kill();
    const again = await openAt(prefix, () => NOW);
    const view = again.records.as(SYSTEM);
    const there = await view.get('setting', 'a');
    await view.replace('setting', 'a', { value: 2 }, there?.version ?? 0);
    await deliver(again, framesOf(4).slice(2));
    await node?.restart();
    await cluster.green();
    await expectWhole(again, 4 * SIZE);
    expect((await view.get('setting', 'a'))?.document).toEqual({ value: 2 });
  });

  it('moves a settled day from hot nodes to the warm one, and keeps a snapshot that several nodes wrote', async () => {
    const prefix = newPrefix();
    const store = await openAt(prefix, () => NOW, { ...hotNodes('temp') });
    await deliver(store, framesOf(4));
    const nodesOf = async () => {
      const { body } = await cluster.ask('GET', `/_cat/shards/${prefix}-events-${DAY}?format=json`);
      return (body as unknown as { prirep: string; node: string | null }[])
        .filter(({ prirep }) => prirep === 'p')
        .map(({ node }) => node);
    };
    await cluster.green();
    expect([...(await nodesOf())].sort()).toEqual(['node-1', 'node-2']);
    const keeping = openUpkeep({
      address: { url: cluster.url },
      prefix,
      settings: {
        at: '01:30',
        tiers: { afterDays: 10, attribute: 'temp' },
        snapshots: { folder: cluster.folder, keep: 2 },
      },
      log: log as never,
      now: () => Date.UTC(2026, 11, 24, 1),
    });
    const done = await keeping.run(async () => {});
    await keeping.close();
    expect(done.settled).toEqual([DAY]);
    expect(done.snapshot).toMatchObject({ state: 'SUCCESS', failures: [] });
    const until = Date.now() + 120_000;
    while ((await nodesOf()).join() !== 'node-3,node-3' && Date.now() < until)
      await new Promise((wait) => setTimeout(wait, 200));
    expect(await nodesOf()).toEqual(['node-3', 'node-3']);
    await expectWhole(store, 4 * SIZE);
    await Promise.all([store.events.close(), store.records.close()]);
    open.delete(store);

    expect((await cluster.ask('DELETE', `/${prefix}-*`)).status).toBe(200);
    const path = `/_snapshot/${prefix}/${done.snapshot?.name}/_restore?wait_for_completion=true`;
    const restored = await cluster.ask('POST', path, { indices: `${prefix}-*`, include_global_state: false });
    expect(restored.status).toBe(200);
    await expectWhole(await openAt(prefix, () => NOW), 4 * SIZE);
  });

  storeConformance('three nodes', (folder, now) => openAt(basename(folder).toLowerCase(), now), CORE);
});
