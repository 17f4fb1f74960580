import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const CLI = fileURLToPath(new URL('../../../bin/cli.ts', import.meta.url));
let folder = '';
let holder: Server;
let busy = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haidang-busy-'));
  holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  busy = (holder.address() as AddressInfo).port;
});
afterAll(async () => {
  holder.close();
  await rm(folder, { recursive: true, force: true });
});

it.each(['HAIDANG_PORT', 'HAIDANG_INGEST_PORT'])(
  'haidang up with %s in use ends with 1 and one sentence that names port and setting',
  { timeout: 60_000 },
  async (variable) => {
    const ports = { HAIDANG_PORT: '0', HAIDANG_INGEST_PORT: '0', HAIDANG_SYSLOG_PORT: '0', [variable]: String(busy) };
    const child = spawn(process.execPath, [CLI, 'up'], {
      env: { ...process.env, ...ports, HAIDANG_DATA: join(folder, variable), HAIDANG_ADMIN_PASSWORD: 'ngon den bien' },
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString();
    });
    expect(await once(child, 'close')).toEqual([1, null]);
    const sentences = err
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('{'));
    expect(sentences).toEqual([
      `haidang up: Port ${busy} is in use by another program; stop it, or choose another port by ${variable}.`,
    ]);
    expect(err).not.toContain('"level":"error"');
    expect(out).not.toContain('console:');
  },
);
