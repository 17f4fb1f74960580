import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import started from '../../collector/process.json' with { type: 'json' };
import { makeCertificates, until } from './receiver.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/haidang', import.meta.url));
const WAIT_MS = 240_000;

test(
  'the launcher starts a collector with the flags of collector/process.json, as one process',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'haidang-process-'));
    const { ca, certificate, key } = makeCertificates(folder);
    const config = join(folder, 'collector.yaml');
    const inputs = [{ type: 'file', paths: [join(folder, 'app.log')] }];
    // Nobody listens there: the collector holds what it reads.
    const settings = { id: 'c0test01', server: 'https://127.0.0.1:9', ca, certificate, key, spool: 'spool', inputs };
    writeFileSync(config, JSON.stringify(settings));
    const child = spawn(process.execPath, [LAUNCHER, 'collector', '--config', config], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    try {
      await until('the collector to hold its spool', () => existsSync(join(folder, 'spool', 'lock')), WAIT_MS);
      await until('its name in the lock', () => readFileSync(join(folder, 'spool', 'lock'), 'utf8') !== '', WAIT_MS);
      expect(Number.parseInt(readFileSync(join(folder, 'spool', 'lock'), 'utf8'), 10)).toBe(child.pid);
      const command = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').split('\0');
      const environment = readFileSync(`/proc/${child.pid}/environ`, 'utf8').split('\0');
      expect(command).toEqual(expect.arrayContaining([...started.flags, 'collector', config]));
      const wanted = Object.entries(started.environment).map(([name, value]) => `${name}=${value}`);
      expect(environment).toEqual(expect.arrayContaining(wanted));
    } finally {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    }
  },
  2 * WAIT_MS + 30_000,
);
