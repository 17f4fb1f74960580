import { appendFileSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { BackupSummary } from '../../server/backup/schema.ts';
import type { Ledger } from '../../server/ledger/schema.ts';
import { startStorage, storageJars, type TestStorage } from '../server/backup/s3-server.ts';
import { settledLedger, storedLines } from './exactly-once.ts';
import { Installation, until } from './harness.ts';
import { authLog } from './logs.ts';

const lines = authLog(1_000, { endsAt: Date.now() - 3_600_000 });
const jars = await storageJars();
const [early, late] = [lines.slice(0, 600), lines.slice(600)];

/** A restore drill: the machine's store is lost after a backup, and comes back. */
describe('restore drill', { timeout: 240_000 }, () => {
  let installation: Installation;
  let log: string;
  let backup: string;
  let storage: TestStorage | undefined;
  afterEach(() => installation?.remove());
  afterAll(() => storage?.stop());

  async function ingestAndBackUp(meanwhile = async () => {}): Promise<BackupSummary> {
    installation = await Installation.create({
      inputs: (folder) => [{ type: 'file', paths: [join(folder, 'all.log')], from: 'start' }],
      ...(storage ? { config: { s3: overTls(storage) } } : {}),
    });
    log = join(installation.folder, 'all.log');
    backup = storage ? `s3://${storage.bucket}/so-noi-vu` : join(installation.folder, 'backup');
    writeFileSync(log, text(early));
    await installation.up();
    await settledLedger(installation, early.length);
    const [{ code, out, err }] = await Promise.all([
      installation.cli(['backup', '--to', backup, '--config', installation.config, '--json']),
      meanwhile(),
    ]);
    expect(err).toBe('');
    expect(code).toBe(0);
    return JSON.parse(out) as BackupSummary;
  }

  /** Alert rows without what depends on the clock and on event ids. */
  async function alerts(): Promise<unknown[]> {
    const { out } = await installation.cli(['alert', 'list', '--json']);
    const rows = out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    return rows
      .map(({ rule, severity, count, first, last }) => JSON.stringify([rule, severity, count, first, last]))
      .toSorted();
  }

  async function restore(): Promise<void> {
    const place = ['--from', backup, '--config', installation.config];
    const listed = await installation.cli(['backup', 'list', ...place, '--json']);
    expect(listed.out.trim().split('\n').length).toBe(1);
    const done = await installation.cli(['restore', ...place, '--data', installation.data]);
    expect(done.err).toBe('');
    expect(done.code).toBe(0);
  }

  async function expectEverything(): Promise<Ledger> {
    const ledger = await settledLedger(installation, lines.length);
    expect((await storedLines(installation, `file:${log}`)).toSorted()).toEqual(lines.toSorted());
    expect(
      ledger.rows.map(({ read, stored, waiting, missingTotal, lost, state }) => ({
        read,
        stored,
        waiting,
        missingTotal,
        lost,
        state,
      })),
    ).toEqual([{ read: lines.length, stored: lines.length, waiting: 0, missingTotal: 0, lost: 0, state: 'ok' }]);
    expect(ledger.restored?.since).toBeDefined();
    return ledger;
  }

  test('the whole disk is lost: what came after the backup is read again from its files, nothing twice', () =>
    loseTheDisk());

  test.skipIf(jars === undefined)('the same with the backup in a bucket, over TLS, and no key in any log', async () => {
    storage = await startStorage(jars ?? '');
    try {
      await loseTheDisk();
      const { out, err } = installation;
      expect(out + err).toContain('so-noi-vu');
      expect(out + err).not.toContain(storage.secret);
    } finally {
      await storage.stop();
      storage = undefined;
    }
  });

  async function loseTheDisk(): Promise<void> {
    // Lines arrive before, while and after the store and the spool are copied.
    const summary = await ingestAndBackUp(async () => {
      for (let at = 0; at < late.length; at += 10) {
        appendFileSync(log, text(late.slice(at, at + 10)));
        await new Promise((done) => setTimeout(done, 40));
      }
    });
    expect(summary.events).toBeGreaterThanOrEqual(early.length);
    expect(summary.problems).toEqual([]);
    await settledLedger(installation, lines.length);
    const before = await alerts();
    expect(before.length).toBeGreaterThan(0);
    await installation.end('SIGKILL');
    rmSync(installation.data, { recursive: true });
    await restore();
    await installation.up();
    await expectEverything();
    expect(await alerts()).toEqual(before);
    expect((await installation.cli(['status'])).code).toBe(0);
  }

  test("the store is lost and the collector's folder is not: it sends again what the store lacks", async () => {
    await ingestAndBackUp();
    appendFileSync(log, text(late));
    await settledLedger(installation, lines.length);
    const before = await alerts();
    await installation.end('SIGKILL');
    await keepCollector();
    await restore();
    await installation.up();
    await expectEverything();
    expect(await alerts()).toEqual(before);
    const proof = await installation.cli(['verify', '--json']);
    expect(JSON.parse(proof.out)).toMatchObject({ ok: true, findings: [], days: [{ events: lines.length }] });
    expect(proof.code).toBe(0);
  });

  test('what the collector no longer keeps is a named gap, by source and number', async () => {
    await ingestAndBackUp();
    // Three lives of the collector are three segments of its spool.
    for (const share of [late.slice(0, 250), late.slice(250)]) {
      await installation.end('SIGTERM');
      appendFileSync(log, text(share));
      await installation.up();
      await settledLedger(installation, 600 + (share[0] === late[0] ? 250 : 400));
    }
    await installation.end('SIGKILL');
    await keepCollector();
    const spool = join(installation.data, 'collector', 'spool');
    const segments = readdirSync(spool)
      .filter((name) => name.endsWith('.seg'))
      .sort();
    expect(segments.length).toBe(3);
    for (const name of segments.slice(0, 2)) rmSync(join(spool, name));
    await restore();
    await installation.up();

    const ledger = await settledLedger(installation, 750);
    expect(ledger.rows).toMatchObject([{ spooled: 1000, stored: 750, waiting: 0, lost: 250, state: 'loss' }]);
    expect(ledger.losses).toMatchObject([{ source: `file:${log}`, events: 250, from: ledger.restored?.since }]);
    const stored = await storedLines(installation, `file:${log}`);
    expect(stored.toSorted()).toEqual([...early, ...late.slice(250)].toSorted());
    const { out } = await installation.cli(['status']);
    expect(out).toMatch(/lost to the restore: 250 of /);
  });

  /** The store's disk is gone; what `collector` holds is not. */
  async function keepCollector(): Promise<void> {
    const kept = join(installation.folder, 'kept');
    await until('the collector has ended', () => {
      renameSync(join(installation.data, 'collector'), kept);
      return true;
    });
    rmSync(installation.data, { recursive: true });
    mkdirSync(installation.data);
    renameSync(kept, join(installation.data, 'collector'));
  }
});

function overTls({ https, caFile, settings }: TestStorage) {
  const { accessKeyFile, secretKeyFile } = settings;
  return { endpoint: https, ca_file: caFile, access_key_file: accessKeyFile, secret_key_file: secretKeyFile };
}

function text(some: readonly string[]): string {
  return `${some.join('\n')}\n`;
}
