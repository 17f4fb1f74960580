import { type ChildProcess, execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ClusterAddress } from '../../../server/store/opensearch/connection.ts';
import {
  configureNode,
  fetchArtifact,
  freePort,
  giveAway,
  missingFor,
  type NodeKind,
  OPENSEARCH_3,
  unpack,
} from './opensearch-install.ts';
import { endNode, hasEnded, killNode, launchNode } from './opensearch-process.ts';
import { installSecurity, letIn, type Security, securitySettings } from './opensearch-security.ts';

const run = promisify(execFile);

const MOST_SECONDS = 600;

/** A node that answers. */
export interface TestNode {
  readonly url: string;
  /** Where it may keep snapshots; empty where it is not ours. */
  readonly folder: string;
  /** How the store gets in. */
  readonly address: ClusterAddress;
  /** Asks it as its administrator. */
  ask(method: string, path: string, body?: object): Promise<NodeAnswer>;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again where it was. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** An answer of the node. */
export interface NodeAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * Checks that a real OpenSearch can be had, for the tests that were asked for (`npm run test:opensearch`).
 * @throws Error naming what is missing
 */
export function requireOpenSearch(kind: NodeKind = OPENSEARCH_3): void {
  if (process.env['OPENSEARCH_URL'] && !kind.security) return;
  const missing = missingFor(kind);
  if (missing !== '') throw new Error(`OpenSearch needs ${missing}, or OPENSEARCH_URL.`);
}

/** Starts a node of its own on a free port of 127.0.0.1, with 1 GiB of heap, and waits until it is green. */
export async function startOpenSearch(kind: NodeKind = OPENSEARCH_3): Promise<TestNode> {
  const given = process.env['OPENSEARCH_URL'];
  if (given && !kind.security) return givenNode(given);
  const folder = await mkdtemp(join(tmpdir(), 'haidang-opensearch-'));
  const { home, java } = await unpack(kind, folder);
  const port = await freePort();
  const security = kind.security ? await makeSecurity(kind, folder, home, java) : undefined;
  const config = join(home, 'config');
  const alone = ['node.name: test', 'discovery.type: single-node', 'node.attr.temp: hot'];
  await configureNode({
    folder,
    config,
    ports: [port, await freePort()],
    snapshots: join(folder, 'snapshots'),
    heap: '1g',
    more: [...alone, ...(security ? securitySettings(security) : [])],
  });
  await giveAway(folder);
  const place = { home, config, java, folder, root: folder };
  let node = launchNode(place);
  const url = `${security ? 'https' : 'http'}://127.0.0.1:${port}`;
  const ask = asker(url, security);
  const stop = async () => {
    await endNode(node);
    await rm(folder, { recursive: true, force: true });
  };
  const ready = () => untilGreen(ask, node, join(folder, 'console.log'));
  try {
    await ready();
    const address = security ? await letIn(security, url, folder, ask) : { url };
    const kill = () => killNode(node);
    const restart = async () => {
      node = launchNode(place);
      await ready();
    };
    return { url, folder: join(folder, 'snapshots'), address, ask, kill, restart, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function givenNode(url: string): TestNode {
  const never = () => Promise.reject(new Error('The node of OPENSEARCH_URL is not ours to end.'));
  return {
    url,
    folder: '',
    address: { url },
    ask: asker(url, undefined),
    kill: never,
    restart: never,
    stop: async () => {},
  };
}

/** Asks a node as its administrator. */
export function asker(url: string, security: Security | undefined): TestNode['ask'] {
  return (method, path, body) =>
    new Promise((resolve, reject) => {
      const options = {
        method,
        timeout: 60_000,
        headers: { 'content-type': 'application/json' },
        ...(security ? { ca: security.ca, cert: security.admin.cert, key: security.admin.key } : {}),
      };
      const request = (security ? httpsRequest : httpRequest)(new URL(path, url), options, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          text += part;
        });
        response.on('error', reject);
        response.on('end', () => {
          const isJson = response.headers['content-type']?.includes('json') && text !== '';
          resolve({ status: response.statusCode ?? 0, body: isJson ? JSON.parse(text) : { text } });
        });
      });
      request.on('error', reject);
      request.on('timeout', () => request.destroy(new Error('The node does not answer.')));
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

async function makeSecurity(kind: NodeKind, folder: string, home: string, java: string): Promise<Security> {
  const plugin = await fetchArtifact('org.opensearch.plugin', 'opensearch-security', `${kind.version}.0`);
  const env = { PATH: process.env['PATH'], HOME: folder, JAVA_HOME: java, OPENSEARCH_JAVA_HOME: java };
  await run(join(home, 'bin/opensearch-plugin'), ['install', '-b', `file://${plugin}`], { env });
  return installSecurity(join(home, 'config'));
}

/** Waits until a node's cluster can be worked with. @throws Error with what the node said last */
export async function untilGreen(ask: TestNode['ask'], child: ChildProcess, output: string): Promise<void> {
  const until = Date.now() + MOST_SECONDS * 1_000;
  let status = '';
  while (Date.now() < until) {
    if (hasEnded(child)) break;
    try {
      const { body } = await ask('GET', '/_cluster/health');
      status = String(body['status']);
      if (status === 'green' || status === 'yellow') return;
    } catch {
      // Not listening yet.
    }
    await new Promise((done) => setTimeout(done, 250));
  }
  const said = existsSync(output) ? readFileSync(output, 'utf8').slice(-2_000) : '';
  throw new Error(`OpenSearch did not become green but "${status}": ${said}`);
}
