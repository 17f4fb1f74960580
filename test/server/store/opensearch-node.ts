import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chownSync, closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The OpenSearch that the tests talk to unless `OPENSEARCH_URL` names another. */
const VERSION = '3.6.0';
const LEAST_JAVA = 21;
const GET = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:get';
const ARTIFACT = `org.opensearch.distribution.integ-test-zip:opensearch:${VERSION}:zip`;
/** uid and gid of nobody: OpenSearch refuses to run as root. */
const NOBODY = 65_534;
const MOST_SECONDS = 180;

/** A node that answers. */
export interface TestNode {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Checks that a real OpenSearch can be had, for the tests that were asked for (`npm run test:opensearch`).
 * @throws Error naming what is missing
 */
export function requireOpenSearch(): void {
  if (process.env['OPENSEARCH_URL']) return;
  const programs = ['mvn', 'unzip'].map((name) => (inPath(name) ? '' : name));
  const found = [findJava() ? '' : `a JDK of version ${LEAST_JAVA} or newer`, ...programs];
  const missing = found.filter((name) => name !== '').join(' and ');
  if (missing !== '') throw new Error(`OpenSearch needs ${missing}, or OPENSEARCH_URL.`);
}

/** Starts a node of its own on a free port of 127.0.0.1, with 1 GiB of heap, and waits until it is green. */
export async function startOpenSearch(): Promise<TestNode> {
  const given = process.env['OPENSEARCH_URL'];
  if (given) return { url: given, stop: async () => {} };
  const java = findJava();
  if (!java) throw new Error(`No JDK of version ${LEAST_JAVA} or newer under /usr/lib/jvm.`);
  const zip = await fetchDistribution();
  const folder = await mkdtemp(join(tmpdir(), 'haidang-opensearch-'));
  await run('unzip', ['-q', zip, '-d', folder]);
  const home = join(folder, `opensearch-${VERSION}`);
  const port = await freePort();
  await configure(folder, home, port, await freePort());
  const node = launch(folder, home, java);
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    await end(node);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilGreen(url, node, join(folder, 'console.log'));
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function inPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}

/** The newest JDK that is new enough, by the version in its `release` file. */
function findJava(): string | undefined {
  const folders = existsSync('/usr/lib/jvm') ? readdirSync('/usr/lib/jvm').map((name) => `/usr/lib/jvm/${name}`) : [];
  const versions = [process.env['JAVA_HOME'] ?? '', ...folders].flatMap((home) => {
    if (home === '' || !existsSync(join(home, 'bin/java')) || !existsSync(join(home, 'release'))) return [];
    const version = /^JAVA_VERSION="(\d+)/m.exec(readFileSync(join(home, 'release'), 'utf8'))?.[1];
    return Number(version) >= LEAST_JAVA ? [{ home, version: Number(version) }] : [];
  });
  return versions.sort((a, b) => b.version - a.version)[0]?.home;
}

async function fetchDistribution(): Promise<string> {
  const repository = join(homedir(), '.cache/haidang/maven');
  const zip = join(
    repository,
    `org/opensearch/distribution/integ-test-zip/opensearch/${VERSION}/opensearch-${VERSION}.zip`,
  );
  if (existsSync(zip)) return zip;
  await mkdir(repository, { recursive: true });
  const options = [`-Dmaven.repo.local=${repository}`, `-Dartifact=${ARTIFACT}`, '-Dtransitive=false'];
  await run('mvn', ['-q', '-B', GET, ...options]);
  return zip;
}

async function configure(folder: string, home: string, port: number, transport: number): Promise<void> {
  const lines = [
    'cluster.name: haidang-test',
    'node.name: test',
    'network.host: 127.0.0.1',
    `http.port: ${port}`,
    `transport.port: ${transport}`,
    'discovery.type: single-node',
    `path.data: ${folder}/data`,
    `path.logs: ${folder}/logs`,
    'cluster.routing.allocation.disk.threshold_enabled: false',
  ];
  await writeFile(join(home, 'config/opensearch.yml'), `${lines.join('\n')}\n`);
  await mkdir(join(home, 'config/jvm.options.d'), { recursive: true });
  await writeFile(join(home, 'config/jvm.options.d/heap.options'), '-Xms1g\n-Xmx1g\n');
  for (const name of ['data', 'logs', 'tmp']) await mkdir(join(folder, name));
  if (process.getuid?.() !== 0) return;
  chownSync(folder, NOBODY, NOBODY);
  await run('chown', ['-R', `${NOBODY}:${NOBODY}`, folder]);
}

function launch(folder: string, home: string, java: string): ChildProcess {
  const output = openSync(join(folder, 'console.log'), 'w');
  const asRoot = process.getuid?.() === 0;
  const child = spawn(join(home, 'bin/opensearch'), [], {
    cwd: home,
    // A group of its own, so that the start script and the JVM it becomes end together.
    detached: true,
    stdio: ['ignore', output, output],
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      JAVA_HOME: java,
      OPENSEARCH_JAVA_HOME: java,
      OPENSEARCH_TMPDIR: join(folder, 'tmp'),
      OPENSEARCH_PATH_CONF: join(home, 'config'),
    },
    ...(asRoot ? { uid: NOBODY, gid: NOBODY } : {}),
  });
  closeSync(output);
  // Also when the tests are broken off.
  const kill = () => signal(child, 'SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.removeListener('exit', kill));
  return child;
}

function signal(child: ChildProcess, name: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    // It ended between the look and the signal.
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  signal(child, 'SIGTERM');
  const forced = setTimeout(() => signal(child, 'SIGKILL'), 15_000);
  await ended;
  clearTimeout(forced);
}

async function untilGreen(url: string, child: ChildProcess, output: string): Promise<void> {
  const until = Date.now() + MOST_SECONDS * 1_000;
  while (Date.now() < until) {
    if (child.exitCode !== null) break;
    try {
      const answer = await fetch(`${url}/_cluster/health`, { signal: AbortSignal.timeout(2_000) });
      if (answer.ok && ((await answer.json()) as { status: string }).status === 'green') return;
    } catch {
      // Not listening yet.
    }
    await new Promise((done) => setTimeout(done, 250));
  }
  const said = existsSync(output) ? readFileSync(output, 'utf8').slice(-2_000) : '';
  throw new Error(`OpenSearch did not become green: ${said}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('No free port was given.');
  return address.port;
}
