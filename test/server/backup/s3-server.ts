import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { openS3Client, type S3Client } from '../../../server/backup/s3/client.ts';
import { NO_S3_SETTINGS, type S3Settings } from '../../../server/backup/s3/settings.ts';
import { needs } from '../../needs.ts';

const run = promisify(execFile);

/** The storage that tests talk to: S3Proxy, which checks signatures and keeps objects as files. */
const VERSION = '2.6.0';
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies';
const IDENTITY = 'HaidangTestKey';
const CREDENTIAL = 'a/secret+that=must%never appear'.replaceAll(' ', '_');
const PASSWORD = 'keystore';
const MOST_SECONDS = 60;

/** A storage that runs. */
export interface TestStorage {
  readonly http: string;
  readonly https: string;
  readonly bucket: string;
  readonly secret: string;
  /** Its keys are in files, as the settings want them. */
  readonly settings: S3Settings;
  readonly caFile: string;
  readonly client: S3Client;
  /** Settings for another way to it. */
  settingsFor(change: Partial<S3Settings>): S3Settings;
  clientFor(endpoint: string): S3Client;
  stop(): Promise<void>;
}

/** Whether the storage can be had here; a test of it is listed as skipped where not. With `CI=true` that is a failure. */
export async function storageJars(): Promise<string | undefined> {
  const [mvn, java] = [needs('mvn'), needs('java')];
  if (!mvn || !java || !needs('keytool')) return undefined;
  const folder = join(homedir(), '.cache/haidang', `s3proxy-${VERSION}`);
  if (existsSync(folder)) return folder;
  try {
    await fetchJars(mvn, folder);
    return folder;
  } catch (error) {
    if (process.env['CI'] === 'true') throw error;
    return undefined;
  }
}

async function fetchJars(mvn: string, folder: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'haidang-s3proxy-'));
  try {
    await writeFile(
      join(work, 'pom.xml'),
      `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>haidang.test</groupId><artifactId>storage</artifactId><version>1</version><dependencies><dependency>
<groupId>org.gaul</groupId><artifactId>s3proxy</artifactId><version>${VERSION}</version></dependency></dependencies></project>`,
    );
    const repository = `-Dmaven.repo.local=${join(homedir(), '.cache/haidang/maven')}`;
    const options = ['-q', '-B', repository, '-DincludeScope=runtime', `-DoutputDirectory=${join(work, 'lib')}`];
    await run(mvn, [COPY, ...options], { cwd: work, timeout: 600_000 });
    await mkdir(join(folder, '..'), { recursive: true });
    // Whole or not at all, also where two test files begin at once.
    const beside = `${folder}.${process.pid}`;
    await rm(beside, { recursive: true, force: true });
    await run('cp', ['-r', join(work, 'lib'), beside]);
    await rename(beside, folder).catch(() => rm(beside, { recursive: true, force: true }));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Starts a storage of its own on free ports of 127.0.0.1, with one empty bucket. */
export async function startStorage(jars: string): Promise<TestStorage> {
  const folder = await mkdtemp(join(tmpdir(), 'haidang-s3-'));
  const keystore = join(folder, 'keystore.p12');
  const caFile = join(folder, 'ca.pem');
  const store = ['-keystore', keystore, '-storepass', PASSWORD, '-alias', 'storage'];
  const self = ['-dname', 'CN=storage', '-ext', 'san=ip:127.0.0.1', '-ext', 'bc=ca:true'];
  await run('keytool', ['-genkeypair', '-keyalg', 'EC', '-validity', '30', '-storetype', 'PKCS12', ...store, ...self]);
  await run('keytool', ['-exportcert', '-rfc', '-file', caFile, ...store]);
  await mkdir(join(folder, 'objects'));
  await writeFile(
    join(folder, 'storage.conf'),
    [
      's3proxy.endpoint=http://127.0.0.1:0',
      's3proxy.secure-endpoint=https://127.0.0.1:0',
      `s3proxy.keystore-path=${keystore}`,
      `s3proxy.keystore-password=${PASSWORD}`,
      's3proxy.authorization=aws-v4',
      `s3proxy.identity=${IDENTITY}`,
      `s3proxy.credential=${CREDENTIAL}`,
      'jclouds.provider=filesystem-nio2',
      'jclouds.identity=none',
      'jclouds.credential=none',
      `jclouds.filesystem.basedir=${join(folder, 'objects')}`,
    ].join('\n'),
  );
  await writeFile(
    join(folder, 'logback.xml'),
    '<configuration><appender name="out" class="ch.qos.logback.core.ConsoleAppender"><encoder><pattern>%msg%n</pattern></encoder></appender><root level="INFO"><appender-ref ref="out"/></root></configuration>',
  );
  const java = spawn(
    'java',
    [
      '-Xmx256m',
      `-Dlogback.configurationFile=${join(folder, 'logback.xml')}`,
      ...['-cp', join(jars, '*'), 'org.gaul.s3proxy.Main', '--properties', join(folder, 'storage.conf')],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const stop = async () => {
    await end(java);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const { http, https } = await addresses(java);
    const [accessKeyFile, secretKeyFile] = [join(folder, 'access.key'), join(folder, 'secret.key')];
    await writeFile(accessKeyFile, `${IDENTITY}\n`, { mode: 0o600 });
    await writeFile(secretKeyFile, `${CREDENTIAL}\n`, { mode: 0o600 });
    const settings: S3Settings = { ...NO_S3_SETTINGS, endpoint: http, accessKeyFile, secretKeyFile };
    const bucket = 'backups';
    const clientFor = (endpoint: string) =>
      openS3Client({
        endpoint,
        region: settings.region,
        bucket,
        pathStyle: true,
        ca: undefined,
        credentials: { accessKey: IDENTITY, secretKey: CREDENTIAL },
        longestWaitMs: 20,
      });
    const client = clientFor(http);
    await client.send({ method: 'PUT' });
    return {
      http,
      https,
      bucket,
      secret: await readFile(secretKeyFile, 'utf8').then((text) => text.trim()),
      settings,
      caFile,
      client,
      settingsFor: (change) => ({ ...settings, ...change }),
      clientFor,
      async stop() {
        client.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The ports that it took, from its log. */
async function addresses(java: ChildProcess): Promise<{ http: string; https: string }> {
  const found: { http?: string; https?: string } = {};
  const late = setTimeout(() => java.kill('SIGKILL'), MOST_SECONDS * 1000);
  try {
    if (!java.stdout) throw new Error('The storage has no output.');
    for await (const line of createInterface({ input: java.stdout })) {
      const [, kind, port] = /Started ServerConnector@\w+\{(SSL|HTTP\/1\.1).*\{127\.0\.0\.1:(\d+)\}/.exec(line) ?? [];
      if (kind === 'SSL') found.https = `https://127.0.0.1:${port}`;
      else if (kind !== undefined) found.http = `http://127.0.0.1:${port}`;
      const { http, https } = found;
      if (http === undefined || https === undefined) continue;
      java.stdout.resume();
      return { http, https };
    }
    throw new Error('The storage ended before it listened.');
  } finally {
    clearTimeout(late);
  }
}

function end(java: ChildProcess): Promise<void> {
  if (java.exitCode !== null || java.signalCode !== null) return Promise.resolve();
  const ended = new Promise<void>((done) => java.once('exit', () => done()));
  java.kill('SIGKILL');
  return ended;
}
