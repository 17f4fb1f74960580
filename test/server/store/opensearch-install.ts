import { execFile } from 'node:child_process';
import { chownSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NOBODY } from './opensearch-process.ts';

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

/** What has to be there before a node of some kind can be started; empty where all is. */
export function missingFor(kind: NodeKind): string {
  const programs = ['mvn', 'unzip'].map((name) => (inPath(name) ? '' : name));
  const found = [findJava(kind) ? '' : `a JDK of version ${kind.leastJava} to ${kind.mostJava}`, ...programs];
  return found.filter((name) => name !== '').join(' and ');
}

/** Unpacks a kind's program into a folder; gives where it is and the JDK that it runs on. */
export async function unpack(
  kind: NodeKind,
  folder: string,
): Promise<{ readonly home: string; readonly java: string }> {
  const java = findJava(kind);
  if (!java) throw new Error(`No JDK of version ${kind.leastJava} to ${kind.mostJava} under /usr/lib/jvm.`);
  const zip = await fetchArtifact('org.opensearch.distribution.integ-test-zip', 'opensearch', kind.version);
  await run('unzip', ['-q', zip, '-d', folder]);
  return { home: join(folder, `opensearch-${kind.version}`), java };
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

/** Has Maven fetch an archive once; gives where it lies. */
export async function fetchArtifact(group: string, artifact: string, version: string): Promise<string> {
  const repository = join(homedir(), '.cache/haidang/maven');
  const zip = join(repository, group.replaceAll('.', '/'), artifact, version, `${artifact}-${version}.zip`);
  if (existsSync(zip)) return zip;
  await mkdir(repository, { recursive: true });
  const named = `-Dartifact=${group}:${artifact}:${version}:zip`;
  await run('mvn', ['-q', '-B', GET, `-Dmaven.repo.local=${repository}`, named, '-Dtransitive=false']);
  return zip;
}

/** How one node is set up. */
export interface NodeSettings {
  /** Its own: data, logs and temporary files. */
  readonly folder: string;
  readonly config: string;
  readonly ports: readonly [http: number, transport: number];
  /** Where snapshots may go. */
  readonly snapshots: string;
  readonly heap: string;
  /** More lines of `opensearch.yml`. */
  readonly more: readonly string[];
}

/** Writes a node's settings and makes its folders. */
export async function configureNode(node: NodeSettings): Promise<void> {
  const { folder, config, snapshots, heap } = node;
  const [port, transport] = node.ports;
  const lines = [
    'cluster.name: haidang-test',
    'network.host: 127.0.0.1',
    `http.port: ${port}`,
    `transport.port: ${transport}`,
    `path.data: ${folder}/data`,
    `path.logs: ${folder}/logs`,
    `path.repo: ${snapshots}`,
    'cluster.routing.allocation.disk.threshold_enabled: false',
    ...node.more,
  ];
  await writeFile(join(config, 'opensearch.yml'), `${lines.join('\n')}\n`);
  await mkdir(join(config, 'jvm.options.d'), { recursive: true });
  await writeFile(join(config, 'jvm.options.d/heap.options'), `-Xms${heap}\n-Xmx${heap}\n`);
  for (const path of [...['data', 'logs', 'tmp'].map((name) => join(folder, name)), snapshots])
    await mkdir(path, { recursive: true });
}

/** Gives a folder to the user that nodes run as. */
export async function giveAway(folder: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  chownSync(folder, NOBODY, NOBODY);
  await run('chown', ['-R', `${NOBODY}:${NOBODY}`, folder]);
}

/** A port of 127.0.0.1 that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('No free port was given.');
  return address.port;
}
