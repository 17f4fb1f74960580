import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { AlertChangesAnswer, AlertList } from '../../server/alerts/schema.ts';
import type { Ledger } from '../../server/ledger/schema.ts';
import { settledLedger } from './exactly-once.ts';
import { Installation, until } from './harness.ts';

const line = (index: number) =>
  `Nov 21 08:00:${String(index % 60).padStart(2, '0')} web-01 sshd[${index}]: Failed password for root from 203.0.113.66 port ${20000 + index} ssh2`;
const lines = (from: number, to: number) =>
  `${Array.from({ length: to - from }, (_, n) => line(from + n)).join('\n')}\n`;

describe('a disk past its limit', () => {
  let installation: Installation;
  let log: string;

  /** Moves the limits instead of filling the disk: every real disk is fuller than 1%. */
  function limits(disk: { warn_percent: number; stop_percent: number } | undefined): void {
    const { disk: _, ...rest } = parse(readFileSync(installation.config, 'utf8'));
    writeFileSync(installation.config, stringify(disk ? { ...rest, disk } : rest));
  }

  beforeAll(async () => {
    installation = await Installation.create({
      inputs: (folder) => [{ type: 'file', paths: [join(folder, 'auth.log')], from: 'start' }],
    });
    log = join(installation.folder, 'auth.log');
    writeFileSync(log, lines(0, 100));
    await installation.up();
    await settledLedger(installation, 100);
    await installation.end('SIGTERM');
  });
  afterAll(() => installation?.remove());

  test('past the first limit there is a warning, and events still come in', async () => {
    limits({ warn_percent: 1, stop_percent: 99 });
    await installation.up();
    appendFileSync(log, lines(100, 200));
    const ledger = await settledLedger(installation, 200);
    expect(ledger.disk.state).toBe('warning');
    expect(installation.err).toMatch(/"level":("warn"|40)[^\n]*disk/i);
    await installation.end('SIGTERM');
  });

  test('past the second, ingest holds, triage goes on, and what waited is stored once there is room', async () => {
    limits({ warn_percent: 1, stop_percent: 1 });
    await installation.up();
    appendFileSync(log, lines(200, 300));
    const held = await until('100 events wait at the collector', async () => {
      const ledger = JSON.parse((await installation.cli(['status', '--json'])).out) as Ledger;
      return ledger.rows.some((row) => row.waiting === 100) ? ledger : undefined;
    });
    expect(held.disk.state).toBe('stopped');
    expect(held.rows.map((row) => row.stored)).toEqual([200]);

    const { alerts } = await installation.api<AlertList>('/api/v1/alerts');
    const closed = await installation.api<AlertChangesAnswer>('/api/v1/alerts/changes', {
      method: 'POST',
      body: JSON.stringify({
        alerts: alerts.map(({ id, version }) => ({ id, version })),
        status: 'closed',
        verdict: 'true_positive',
        note: 'blocked at the firewall',
      }),
    });
    expect(closed.alerts.map((alert) => alert.status)).toEqual(alerts.map(() => 'closed'));
    await installation.end('SIGTERM');

    limits(undefined);
    await installation.up();
    const ledger = await settledLedger(installation, 300);
    expect(ledger.rows.map((row) => [row.read, row.stored, row.waiting, row.state])).toEqual([[300, 300, 0, 'ok']]);
  });
});
