import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { makeCertificates, Receiver, temporaryFolder, until } from './receiver.ts';

const CLI = fileURLToPath(new URL('../../bin/cli.ts', import.meta.url));

let folder: ReturnType<typeof temporaryFolder>;
let receiver: Receiver;
let child: ChildProcess | undefined;
let complaints = '';

beforeEach(async () => {
  folder = temporaryFolder();
  receiver = new Receiver();
  const { ca, certificate, key, ...server } = makeCertificates(folder.path);
  await receiver.start({ ca, certificate, key, ...server });
  const config = {
    id: 'c0test01',
    server: `https://127.0.0.1:${receiver.port}`,
    ca,
    certificate,
    key,
    spool: 'spool',
    inputs: [{ type: 'file', paths: ['app.log'] }],
  };
  writeFileSync(join(folder.path, 'collector.yaml'), stringify(config));
});

afterEach(async () => {
  await ended(child, 'SIGKILL');
  await receiver.stop();
  folder.remove();
});

function start(): ChildProcess {
  const started = spawn(process.execPath, [CLI, 'collector', '--config', join(folder.path, 'collector.yaml')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  started.stderr?.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-20_000);
  });
  child = started;
  return started;
}

function ended(process: ChildProcess | undefined, signal: NodeJS.Signals): Promise<number | null> {
  if (!process || process.exitCode !== null || process.signalCode !== null)
    return Promise.resolve(process?.exitCode ?? null);
  return new Promise((resolve) => {
    process.on('exit', (code) => resolve(code));
    process.kill(signal);
  });
}

const line = (n: number) => `Nov 22 10:00:00 host app[1]: line ${n} ${'y'.repeat(n % 120)}`;

test('kill -9 at random moments of reading a growing, rotating file: unique = read, doubled = 0', async () => {
  const path = join(folder.path, 'app.log');
  let written = 0;
  let rotations = 0;
  const write = () => {
    // On a busy machine starts take seconds: what is written keeps pace with what arrives, not with the clock.
    if (written - receiver.events.size > 60_000) return;
    let text = '';
    for (const end = written + 200; written < end; written++) text += `${line(written)}\n`;
    appendFileSync(path, text);
    if (written % 12_000 !== 0) return;
    for (let n = rotations; n > 0; n--) if (existsSync(`${path}.${n}`)) renameSync(`${path}.${n}`, `${path}.${n + 1}`);
    renameSync(path, `${path}.1`);
    rotations++;
  };
  // What was rotated before the very first look is not the collector's to read.
  write();
  start();
  await until('the first lines', () => receiver.events.size > 0, 60_000);
  await ended(child, 'SIGKILL');
  const writer = setInterval(write, 40);
  try {
    for (let kill = 0; kill < 20; kill++) {
      const seen = receiver.events.size;
      start();
      await until(`the collector to send (${complaints})`, () => receiver.events.size > seen, 60_000);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 250));
      await ended(child, 'SIGKILL');
    }
  } finally {
    clearInterval(writer);
  }
  if (!existsSync(path)) writeFileSync(path, '');
  start();
  for (let seen = -1; receiver.events.size < written; ) {
    seen = receiver.events.size;
    await until(`more than ${seen} of ${written} lines (${complaints})`, () => receiver.events.size > seen, 60_000);
  }
  expect(await ended(child, 'SIGTERM')).toBe(0);
  const texts = receiver.originals;
  expect(texts.length).toBe(written);
  expect(new Set(texts).size).toBe(written);
  const last = receiver.headers.at(-1)?.sources.find((source) => source.source === `file:${path}`);
  expect(last).toMatchObject({ read: written, spooled: written, dropped: {} });
  expect(rotations).toBeGreaterThan(0);
}, 300_000);

test('SIGTERM brings what was read to disk and ends with 0; bad usage ends with 2 and a sentence', async () => {
  const path = join(folder.path, 'app.log');
  writeFileSync(path, `${line(1)}\n`);
  start();
  await until('the line', () => receiver.events.size === 1);
  expect(await ended(child, 'SIGTERM')).toBe(0);
  complaints = '';
  const wrong = spawn(process.execPath, [CLI, 'collector', '--config', join(folder.path, 'absent.yaml')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  wrong.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  expect(await new Promise((resolve) => wrong.on('exit', resolve))).toBe(2);
  expect(said).toMatch(/^haidang collector: Cannot read the configuration .*absent\.yaml.*\n$/);
});
