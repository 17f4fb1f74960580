import type { ChildProcess } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configureNode, freePort, giveAway, OPENSEARCH_3, unpack } from './opensearch-install.ts';
import { asker, type TestNode, untilGreen } from './opensearch-node.ts';
import { endNode, killNode, launchNode, type NodePlace } from './opensearch-process.ts';

/** One of several nodes of a cluster, each a process of its own. */
export interface ClusterNode extends Pick<TestNode, 'url' | 'ask' | 'kill' | 'restart'> {
  readonly name: string;
}

/** A cluster on this machine. */
export interface TestCluster {
  readonly nodes: readonly ClusterNode[];
  /** Of all nodes, parted by commas. */
  readonly url: string;
  /** Where all of them may keep snapshots. */
  readonly folder: string;
  /** Asks the first node that answers. */
  readonly ask: TestNode['ask'];
  /** Waits until every shard and every copy has its place; `nodes` are there then. */
  green(nodes?: number): Promise<void>;
  stop(): Promise<void>;
}

const HEAP = '512m';
const MOST_MS = 600_000;

/** Starts nodes that form one cluster on 127.0.0.1, the last of them `warm` and the others `hot`, and waits until all are in it. */
export async function startOpenSearchCluster(count = 3): Promise<TestCluster> {
  const root = await mkdtemp(join(tmpdir(), 'haidang-opensearch-'));
  const snapshots = join(root, 'snapshots');
  const { home, java } = await unpack(OPENSEARCH_3, root);
  const names = Array.from({ length: count }, (_, at) => `node-${at + 1}`);
  const ports = await Promise.all(names.map(async () => [await freePort(), await freePort()] as const));
  const shared = [
    `discovery.seed_hosts: [${ports.map(([, transport]) => `"127.0.0.1:${transport}"`).join(', ')}]`,
    `cluster.initial_cluster_manager_nodes: [${names.join(', ')}]`,
  ];
  const places: NodePlace[] = [];
  for (const [at, name] of names.entries()) {
    const folder = join(root, name);
    const config = join(folder, 'config');
    await mkdir(folder);
    await cp(join(home, 'config'), config, { recursive: true });
    const more = [`node.name: ${name}`, `node.attr.temp: ${at === count - 1 ? 'warm' : 'hot'}`, ...shared];
    await configureNode({ folder, config, ports: [...(ports[at] ?? [0, 0])], snapshots, heap: HEAP, more });
    places.push({ home, config, java, folder, root });
  }
  await giveAway(root);
  const running: ChildProcess[] = places.map(launchNode);
  const nodes = names.map((name, at): ClusterNode => {
    const place = places[at] as NodePlace;
    const url = `http://127.0.0.1:${ports[at]?.[0]}`;
    const ask = asker(url, undefined);
    return {
      name,
      url,
      ask,
      kill: () => killNode(running[at] as ChildProcess),
      async restart() {
        const child = launchNode(place);
        running[at] = child;
        await untilGreen(ask, child, join(place.folder, 'console.log'));
      },
    };
  });
  const ask: TestNode['ask'] = async (...asked) => {
    let failure: unknown;
    for (const node of nodes) {
      try {
        return await node.ask(...asked);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  };
  const stop = async () => {
    await Promise.all(running.map(endNode));
    await rm(root, { recursive: true, force: true });
  };
  const green = async (expected = count) => {
    const until = Date.now() + MOST_MS;
    for (let said = ''; ; await new Promise((done) => setTimeout(done, 500))) {
      try {
        const { body } = await ask('GET', '/_cluster/health');
        said = JSON.stringify(body);
        if (body['status'] === 'green' && body['number_of_nodes'] === expected && body['relocating_shards'] === 0)
          return;
      } catch (error) {
        said = String(error);
      }
      if (Date.now() > until) throw new Error(`The cluster of ${expected} did not become green: ${said}`);
    }
  };
  try {
    const ready = nodes.map((node, at) =>
      untilGreen(node.ask, running[at] as ChildProcess, join(places[at]?.folder ?? '', 'console.log')),
    );
    await Promise.all(ready);
    await green();
  } catch (error) {
    await stop();
    throw error;
  }
  return { nodes, url: nodes.map(({ url }) => url).join(','), folder: snapshots, ask, green, stop };
}
