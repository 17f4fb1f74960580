import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { makeCertificates, Receiver, temporaryFolder } from './collector/receiver.ts';
import { needs } from './needs.ts';
import { send } from './server/ingest/lab.ts';
import { DAY, packLines, sshFailure, toLines } from './server/store/frames.ts';

/** Some containers have the program and forbid its work. */
const strace = [needs('strace')].find((found) => found && spawnSync(found, ['-o', '/dev/null', 'true']).status === 0);
/** Every sync of the file under test takes this much longer: who does not wait for it is seen to be early. */
const DELAY_MS = 400;
let folder: ReturnType<typeof temporaryFolder>;
let child: ChildProcess | undefined;

beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => {
  child?.kill('SIGKILL');
  child = undefined;
  folder.remove();
});

/** Runs a program of ours and traces, and delays, what it does to one file. */
function traced(file: string, args: readonly string[]): ChildProcess & { stdin: object; stdout: object } {
  const calls = 'trace=fdatasync,fsync,write,writev,pwrite64,pwritev';
  const delay = `inject=fdatasync,fsync:delay_enter=${DELAY_MS * 1000}`;
  const options = ['-f', '-ttt', '-e', calls, '-e', delay, '-P', file, '-o', join(folder.path, 'trace')];
  return spawn(strace ?? '', [...options, process.execPath, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
}

/** What was done to the file, in order; `at` in milliseconds since 1970, when the call began. */
function calls(): { readonly at: number; readonly does: 'write' | 'sync' }[] {
  const lines = readFileSync(join(folder.path, 'trace'), 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [, at, call] = /^\d+ +(\d+\.\d+) (fdatasync|fsync|p?writev?(?:64)?)\(/.exec(line) ?? [];
    return call === undefined
      ? []
      : [{ at: Number(at) * 1000, does: call.includes('sync') ? 'sync' : 'write' } as const];
  });
}

/** The first sync that follows a write at or after a time. */
function syncAfterWrite(from: number): number {
  const done = calls();
  const write = done.findIndex(({ at, does }) => does === 'write' && at >= from);
  const sync = done.slice(write).find(({ does }) => does === 'sync');
  expect(write, 'a write to the file').toBeGreaterThanOrEqual(0);
  expect(sync, 'a sync behind the write').toBeDefined();
  return sync?.at ?? 0;
}

describe.skipIf(!strace)('by the system calls of real processes', () => {
  test('a receipt leaves only when the batch is synced to the day file’s log', { timeout: 90_000 }, async () => {
    const lab = fileURLToPath(new URL('./server/ingest/lab-process.ts', import.meta.url));
    const running = traced(join(folder.path, 'store/events', `${DAY}.db-wal`), [lab, folder.path]);
    child = running;
    const [line] = (await once(createInterface({ input: running.stdout }), 'line')) as [string];
    const { port, ca, key, certificate } = JSON.parse(line) as Record<string, string>;
    const session = connect(`https://127.0.0.1:${port}`, { ca, key, cert: certificate });
    // The first batch makes the file; the second is what a batch costs.
    for (const first of [1, 3]) {
      const body = packLines(toLines([sshFailure(1), sshFailure(2)], { first }), { first });
      const sentAt = Date.now();
      const receipt = await send(session, 'POST', '/v1/batches', body);
      const receivedAt = Date.now();
      expect(receipt).toMatchObject({ status: 200, json: { stored: 2 } });
      expect(receivedAt).toBeGreaterThanOrEqual(Math.floor(syncAfterWrite(sentAt) + DELAY_MS));
    }
    session.destroy();
    running.stdin.end();
    await once(running, 'exit');
  });

  test('a frame leaves the collector only when its segment is synced', { timeout: 90_000 }, async () => {
    const { ca, certificate, key, ...rest } = makeCertificates(folder.path);
    const receiver = new Receiver();
    await receiver.start({ ca, certificate, key, ...rest });
    try {
      const arrived: number[] = [];
      receiver.intercept = () => void arrived.push(Date.now());
      const config = join(folder.path, 'collector.yaml');
      const server = `https://127.0.0.1:${receiver.port}`;
      const inputs = [{ type: 'stdin' }];
      writeFileSync(config, stringify({ id: 'c0test01', server, ca, certificate, key, spool: 'spool', inputs }));
      const cli = fileURLToPath(new URL('../bin/cli.ts', import.meta.url));
      const segment = join(folder.path, 'spool/0000000001.seg');
      const running = traced(segment, [cli, 'collector', '--config', config]);
      child = running;
      const startedAt = Date.now();
      running.stdin.end('one line\n');
      expect(await once(running, 'exit')).toEqual([0, null]);
      expect(receiver.originals).toEqual(['one line']);
      expect(arrived[0]).toBeGreaterThanOrEqual(Math.floor(syncAfterWrite(startedAt) + DELAY_MS));
    } finally {
      await receiver.stop();
    }
  });
});
