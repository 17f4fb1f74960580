import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { settledLedger, storedLines } from './exactly-once.ts';
import { Installation, until } from './harness.ts';
import { accessLog, authLog, numbers } from './logs.ts';

const KILLS = 20;
const endsAt = Date.now() - 3_600_000;
const lines = [...authLog(30_000, { endsAt }), ...accessLog(10_000, { endsAt })];

/** Alert groups without what depends on the clock: the same for the same events. */
async function alertsOf(installation: Installation): Promise<string[]> {
  const { out } = await installation.cli(['alert', 'list', '--json']);
  return out
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const { rule, severity, agency, count, first, last, entities } = JSON.parse(line);
      const sorted = Object.entries(entities as Record<string, string[]>)
        .map(([field, values]) => [field, values.toSorted()])
        .toSorted();
      return JSON.stringify([rule, severity, agency, count, first, last, sorted]);
    })
    .toSorted();
}

/** The process id of the collector that an installation runs, from the process table. */
function collectorOf(pid: number): number | undefined {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  return children.map(Number).find((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('collector'));
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('kill -9 at random moments of reading a file', () => {
  const installations: Installation[] = [];
  afterAll(async () => {
    for (const installation of installations) await installation.remove();
  });

  async function install(): Promise<{ installation: Installation; log: string; source: string }> {
    const installation = await Installation.create({
      inputs: (folder) => [{ type: 'file', paths: [join(folder, 'all.log')], from: 'start' }],
    });
    installations.push(installation);
    const log = join(installation.folder, 'all.log');
    writeFileSync(log, '');
    return { installation, log, source: `file:${log}` };
  }

  test(`${KILLS} kills of server and collector: unique = read, doubled = 0, the same alerts`, {
    timeout: 300_000,
  }, async () => {
    const calm = await install();
    writeFileSync(calm.log, `${lines.join('\n')}\n`);
    await calm.installation.up();
    await settledLedger(calm.installation, lines.length);
    const expected = await alertsOf(calm.installation);
    await calm.installation.end('SIGTERM');

    const shaken = await install();
    const number = numbers(Date.now());
    const share = Math.ceil(lines.length / KILLS);
    await shaken.installation.up();
    for (let kill = 0; kill < KILLS; kill += 1) {
      appendFileSync(shaken.log, `${lines.slice(kill * share, (kill + 1) * share).join('\n')}\n`);
      await pause(number(600));
      const collector = await until('the collector runs', () => collectorOf(shaken.installation.pid));
      // In turn: the collector alone (it is started again), the server alone, both at once.
      if (kill % 3 !== 1) process.kill(collector, 'SIGKILL');
      if (kill % 3 !== 0) {
        await shaken.installation.end('SIGKILL');
        await gone(collector);
        await shaken.installation.up();
      }
    }
    const ledger = await settledLedger(shaken.installation, lines.length);
    const stored = await storedLines(shaken.installation, shaken.source);

    expect(stored.length - new Set(stored).size, 'doubled').toBe(0);
    expect(stored.length, 'unique').toBe(lines.length);
    expect(new Set(stored)).toEqual(new Set(lines));
    expect(ledger.rows.map((row) => [row.read, row.stored, row.gap, row.missingTotal])).toEqual([
      [lines.length, lines.length, 0, 0],
    ]);
    expect(await alertsOf(shaken.installation)).toEqual(expected);
  });
});

/** Waits until a process ended; a collector whose server was killed ends by itself, or is ended here. */
async function gone(pid: number): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      process.kill(pid, tries > 40 ? 'SIGKILL' : 0);
    } catch {
      return;
    }
    await pause(50);
  }
  throw new Error(`process ${pid} does not end`);
}
