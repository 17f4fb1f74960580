import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ledger } from '../../server/ledger/schema.ts';
import { settledLedger, storedLines } from './exactly-once.ts';
import { Installation } from './harness.ts';
import { accessLog, authLog } from './logs.ts';

function expectEquations(ledger: Ledger): void {
  for (const row of ledger.rows) {
    expect(row.read, row.source).toBe(row.spooled + row.dropped);
    expect(row.spooled, row.source).toBe(row.stored + row.waiting + row.quarantined + row.deadLettered);
    expect(row.stored, row.source).toBe(row.evaluated + row.gap);
  }
}

interface Log {
  readonly name: string;
  readonly lines: readonly string[];
}

const real = new URL('../../../shared/data/logs/', import.meta.url);
const endsAt = Date.now() - 3_600_000;
const logs: Log[] = [
  { name: 'auth.log', lines: authLog(600, { endsAt }) },
  { name: 'access.log', lines: accessLog(900, { endsAt }) },
];
for (const name of ['auth.log', 'apache_access.log']) {
  const file = new URL(`${name}.gz`, real);
  if (!existsSync(file)) continue;
  const lines = gunzipSync(readFileSync(file)).toString('utf8').split('\n').slice(0, -1);
  logs.push({ name: `real-${name}`, lines });
}

describe('every line of a log is stored exactly once', () => {
  let installation: Installation;

  beforeAll(async () => {
    installation = await Installation.create({
      inputs: (folder) => [{ type: 'file', paths: [join(folder, '*.log')], from: 'start' }],
    });
    for (const log of logs) writeFileSync(join(installation.folder, log.name), `${log.lines.join('\n')}\n`);
    await installation.up();
  });
  afterAll(() => installation?.remove());

  test('stored = read, and the equations hold', async () => {
    const ledger = await settledLedger(
      installation,
      logs.reduce((sum, log) => sum + log.lines.length, 0),
    );
    expectEquations(ledger);
    for (const log of logs) {
      const source = `file:${join(installation.folder, log.name)}`;
      const stored = await storedLines(installation, source);
      expect(stored.length, log.name).toBe(log.lines.length);
      expect(stored.toSorted(), log.name).toEqual(log.lines.toSorted());
      expect(ledger.rows.find((row) => row.source === source)?.state, log.name).toBe('ok');
    }
  });

  test('the alert queue stays short', async () => {
    const { out } = await installation.cli(['alert', 'list', '--json']);
    const rows = out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { count: number; entities: Record<string, string[]> });
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.length).toBeLessThanOrEqual(20 * logs.length);
  });

  test('a row deleted by hand is named by the ledger', async () => {
    const days = join(installation.data, 'store', 'events');
    const file = readdirSync(days).find((name) => name.endsWith('.db'));
    const store = new DatabaseSync(join(days, file ?? ''));
    const { sequence } = store.prepare('SELECT sequence FROM event ORDER BY sequence LIMIT 1 OFFSET 100').get() as {
      sequence: number;
    };
    store.prepare('DELETE FROM event WHERE sequence = ?').run(sequence);
    store.close();

    const { code, out } = await installation.cli(['status', '--json']);
    const broken = (JSON.parse(out) as Ledger).rows.filter((row) => row.state === 'broken');
    expect(code).toBe(1);
    expect(broken.map((row) => row.missingTotal)).toEqual([1]);
    expect(broken[0]?.missing[0]).toMatch(/^\d{8}-[a-z0-9]+-[0-9a-f]{8}-\d+-[0-9a-f]{12}$/);
  });
});

describe.skipIf(!existsSync(new URL('auth.log.gz', real)))('the whole real auth.log', () => {
  let installation: Installation;
  beforeAll(async () => {
    installation = await Installation.create({
      inputs: (folder) => [{ type: 'file', paths: [join(folder, 'auth.log')], from: 'start' }],
    });
    writeFileSync(join(installation.folder, 'auth.log'), gunzipSync(readFileSync(new URL('auth.log.gz', real))));
    await installation.up();
  });
  afterAll(() => installation?.remove());

  test('gives at most 20 rows', async () => {
    await settledLedger(installation, 7121);
    const { out } = await installation.cli(['alert', 'list', '--json']);
    const rows = out.split('\n').filter(Boolean);
    expect(rows.length).toBeGreaterThan(3);
    expect(rows.length).toBeLessThanOrEqual(20);
  });
});
