import { type ChildProcess, execFile } from 'node:child_process';
import { chownSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ClusterAddress } from '../../../server/store/opensearch/connection.ts';
import { endNode, hasEnded, killNode, launchNode, NOBODY } from './opensearch-process.ts';
import { installSecurity, letIn, type Security, securitySettings } from './opensearch-security.ts';

const run = promisify(execFile);

/** An OpenSearch to be started. */
export interface NodeKind {
  readonly version: string;
  readonly leastJava: number;
  /** Newer ones have no security manager, which OpenSearch 2 needs. */
  readonly mostJava: number;
  /** With TLS, users and the role of `server/store/opensearch/role.json`. */
  readonly security: boolean;
}

/** The OpenSearch that the tests talk to unless `OPENSEARCH_URL` names another. */
export const OPENSEARCH_3: NodeKind = { version: '3.6.0', leastJava: 21, mostJava: 99, security: false };
/** The security plugin of this version is to be had from Maven. */
export const OPENSEARCH_2_SECURE: NodeKind = { version: '2.19.4', leastJava: 17, mostJava: 23, security: true };
const GET = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:get';
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
  const programs = ['mvn', 'unzip'].map((name) => (inPath(name) ? '' : name));
  const found = [findJava(kind) ? '' : `a JDK of version ${kind.leastJava} to ${kind.mostJava}`, ...programs];
  const missing = found.filter((name) => name !== '').join(' and ');
  if (missing !== '') throw new Error(`OpenSearch needs ${missing}, or OPENSEARCH_URL.`);
}

/** Starts a node of its own on a free port of 127.0.0.1, with 1 GiB of heap, and waits until it is green. */
export async function startOpenSearch(kind: NodeKind = OPENSEARCH_3): Promise<TestNode> {
  const given = process.env['OPENSEARCH_URL'];
  if (given && !kind.security) return givenNode(given);
  const java = findJava(kind);
  if (!java) throw new Error(`No JDK of version ${kind.leastJava} to ${kind.mostJava} under /usr/lib/jvm.`);
  const zip = await fetchArtifact('org.opensearch.distribution.integ-test-zip', 'opensearch', kind.version);
  const folder = await mkdtemp(join(tmpdir(), 'haidang-opensearch-'));
  await run('unzip', ['-q', zip, '-d', folder]);
  const home = join(folder, `opensearch-${kind.version}`);
  const port = await freePort();
  const security = kind.security ? await makeSecurity(kind, folder, home, java) : undefined;
  await configure(folder, home, [port, await freePort()], security ? securitySettings(security) : []);
  const place = { home, config: join(home, 'config'), java, folder, root: folder };
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

function asker(url: string, security: Security | undefined): TestNode['ask'] {
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

function inPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}

/** The newest JDK that is new enough, by the version in its `release` file. */
function findJava({ leastJava, mostJava }: NodeKind): string | undefined {
  const folders = existsSync('/usr/lib/jvm') ? readdirSync('/usr/lib/jvm').map((name) => `/usr/lib/jvm/${name}`) : [];
  const versions = [process.env['JAVA_HOME'] ?? '', ...folders].flatMap((home) => {
    if (home === '' || !existsSync(join(home, 'bin/java')) || !existsSync(join(home, 'release'))) return [];
    const version = /^JAVA_VERSION="(\d+)/m.exec(readFileSync(join(home, 'release'), 'utf8'))?.[1];
    return Number(version) >= leastJava && Number(version) <= mostJava ? [{ home, version: Number(version) }] : [];
  });
  return versions.sort((a, b) => b.version - a.version)[0]?.home;
}

async function fetchArtifact(group: string, artifact: string, version: string): Promise<string> {
  const repository = join(homedir(), '.cache/haidang/maven');
  const zip = join(repository, group.replaceAll('.', '/'), artifact, version, `${artifact}-${version}.zip`);
  if (existsSync(zip)) return zip;
  await mkdir(repository, { recursive: true });
  const named = `-Dartifact=${group}:${artifact}:${version}:zip`;
  await run('mvn', ['-q', '-B', GET, `-Dmaven.repo.local=${repository}`, named, '-Dtransitive=false']);
  return zip;
}

async function configure(folder: string, home: string, ports: readonly number[], more: string[]): Promise<void> {
  const [port, transport] = ports;
  const lines = [
    'cluster.name: haidang-test',
    'node.name: test',
    'network.host: 127.0.0.1',
    `http.port: ${port}`,
    `transport.port: ${transport}`,
    'discovery.type: single-node',
    'node.attr.temp: hot',
    `path.data: ${folder}/data`,
    `path.logs: ${folder}/logs`,
    `path.repo: ${folder}/snapshots`,
    'cluster.routing.allocation.disk.threshold_enabled: false',
    ...more,
  ];
  await writeFile(join(home, 'config/opensearch.yml'), `${lines.join('\n')}\n`);
  await mkdir(join(home, 'config/jvm.options.d'), { recursive: true });
  await writeFile(join(home, 'config/jvm.options.d/heap.options'), '-Xms1g\n-Xmx1g\n');
  for (const name of ['data', 'logs', 'tmp', 'snapshots']) await mkdir(join(folder, name));
  if (process.getuid?.() !== 0) return;
  chownSync(folder, NOBODY, NOBODY);
  await run('chown', ['-R', `${NOBODY}:${NOBODY}`, folder]);
}

async function untilGreen(ask: TestNode['ask'], child: ChildProcess, output: string): Promise<void> {
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

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('No free port was given.');
  return address.port;
}
