import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Certificates, makeCertificates, Receiver, temporaryFolder, until } from './receiver.ts';

const CLI = fileURLToPath(new URL('../../bin/cli.ts', import.meta.url));
let folder: ReturnType<typeof temporaryFolder>;
let receiver: Receiver;
let certificates: Certificates;
let config: string;

beforeEach(async () => {
  folder = temporaryFolder();
  certificates = makeCertificates(folder.path);
  const { ca, certificate, key } = certificates;
  receiver = new Receiver();
  await receiver.start(certificates);
  config = join(folder.path, 'collector.yaml');
  const server = `https://127.0.0.1:${receiver.port}`;
  const inputs = [{ type: 'stdin' }];
  writeFileSync(config, stringify({ id: 'c0test01', server, ca, certificate, key, spool: 'spool', inputs }));
});
afterEach(async () => {
  await receiver.stop();
  folder.remove();
});

function collect(env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [CLI, 'collector', '--config', config], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let logged = '';
  child.stderr.on('data', (chunk: Buffer) => {
    logged += chunk.toString();
  });
  return { child, exited: once(child, 'exit'), logged: () => logged };
}

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `Nov 22 10:00:00 host app[1]: line ${from + i}`);

test('haidang collector sends standard input to its end, and then ends with 0', { timeout: 60_000 }, async () => {
  const { child, exited, logged } = collect();
  child.stdin.write(`${numbered(0, 3_000).join('\n')}\n`);
  await until('what came so far, before the end', () => receiver.events.size === 3_000);
  child.stdin.end(`${numbered(3_000, 3_010).join('\n')}\nlast without newline`);
  expect(await exited, logged()).toEqual([0, null]);
  expect(receiver.originals).toEqual([...numbered(0, 3_010), 'last without newline']);
  expect(receiver.repeats).toBe(0);
  expect(receiver.statuses.at(-1)?.sources).toMatchObject([{ source: 'stdin', read: 3_011, spooled: 3_011 }]);
});

test('what was read while the server is away is sent by the next run', { timeout: 60_000 }, async () => {
  const { port } = receiver;
  await receiver.stop();
  const first = collect();
  first.child.stdin.write('kept over the outage\n');
  await until('the outage', () => first.logged().includes('no connection to the server'));
  first.child.kill('SIGTERM');
  expect(await first.exited).toEqual([0, null]);
  await receiver.start(certificates, port);
  const second = collect();
  second.child.stdin.end('and after it\n');
  expect(await second.exited, second.logged()).toEqual([0, null]);
  expect(receiver.originals).toEqual(['kept over the outage', 'and after it']);
});

test('a time without a zone is read in the zone of the machine', { timeout: 60_000 }, async () => {
  const { child, exited } = collect({ TZ: 'America/Anchorage' });
  child.stdin.end('2026/01/15 10:00:00 [error] 7#7: *1 open() failed\n');
  expect(await exited).toEqual([0, null]);
  expect([...receiver.events.values()][0]?.['@timestamp']).toBe('2026-01-15T19:00:00.000Z');
});
