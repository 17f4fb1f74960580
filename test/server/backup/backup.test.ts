import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { appendFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseKql } from '../../../rules/query/kql.ts';
import { openTarget } from '../../../server/backup/open-target.ts';
import { DamagedBackupError, restoreBackup } from '../../../server/backup/restore.ts';
import { readRestored, refuseHalfRestored } from '../../../server/backup/restored.ts';
import { runBackup } from '../../../server/backup/run-backup.ts';
import { SYSTEM } from '../../../server/identity.ts';
import { openEmbeddedStore } from '../../../server/store/embedded/open.ts';
import { batchOf, COLLECTOR, DAY, EPOCH, sshFailure } from '../store/frames.ts';

const log = pino({ level: 'silent' });
const NOW = Date.UTC(2026, 10, 20, 9);
const RANGE = { from: '2026-11-20T00:00:00.000Z', to: '2026-11-21T00:00:00.000Z' };
const YESTERDAY = '20261119';

type Store = Awaited<ReturnType<typeof openEmbeddedStore>>;

let root: string;
let data: string;
let to: string;
let store: Store | undefined;

const openStore = (folder = data) =>
  openEmbeddedStore({ folder: join(folder, 'store'), log, now: () => NOW, keepFreeBytes: 0, reserveBytes: 4096 });
const backUp = () => runBackup({ data, to, program: 'test', now: () => NOW });
const restore = (folder: string) => restoreBackup({ from: to, data: folder, now: () => NOW });

/** The manifest of the newest backup. */
async function newest() {
  const target = openTarget(to, { data });
  const [id] = await target.generations();
  return id === undefined ? undefined : target.manifest(id);
}

/** Its file. */
function manifestPath(): string {
  const name = readdirSync(join(to, 'backups')).sort().at(-1);
  return join(to, 'backups', name ?? '');
}

function frame(first: number, count = 10, day = DAY) {
  return batchOf(
    Array.from({ length: count }, (_, at) => sshFailure(first + at)),
    { first, day },
  );
}

async function idsIn(folder: string): Promise<string[]> {
  const opened = await openStore(folder);
  try {
    const ids: string[] = [];
    let after: string | undefined;
    do {
      const page = await opened.events
        .as(SYSTEM)
        .search({ range: RANGE, condition: parseKql(''), limit: 1000, ...(after === undefined ? {} : { after }) });
      ids.push(...page.events.map(({ id }) => id));
      after = page.next ?? undefined;
    } while (after !== undefined);
    return ids.sort();
  } finally {
    await opened.events.close();
    await opened.records.close();
  }
}

async function closeStore(): Promise<void> {
  await store?.events.close();
  await store?.records.close();
  store = undefined;
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'haidang-backup-'));
  data = join(root, 'data');
  to = join(root, 'backup');
  await mkdir(join(data, 'authority'), { recursive: true });
  writeFileSync(join(data, 'authority', 'ca.key'), 'a key', { mode: 0o600 });
  store = await openStore();
});
afterEach(async () => {
  await closeStore();
  await rm(root, { recursive: true, force: true });
});

describe('a backup of a store that is open', () => {
  it('brings back events, records and files as they were', async () => {
    await store?.events.append(frame(1));
    await store?.events.append(frame(11, 5, YESTERDAY));
    await store?.records.as(SYSTEM).create('setting', 'probe', { value: { kept: true } });
    const summary = await backUp();
    expect(summary).toMatchObject({ events: 15, days: 2, problems: [] });
    await closeStore();

    const restored = join(root, 'restored');
    expect(await restore(restored)).toMatchObject({
      events: 15,
      keptCollector: false,
    });
    expect(await idsIn(restored)).toEqual(await idsIn(data));
    expect(readFileSync(join(restored, 'authority', 'ca.key'), 'utf8')).toBe('a key');
    expect(statSync(join(restored, 'authority', 'ca.key')).mode & 0o777).toBe(0o600);
    const again = await openStore(restored);
    expect((await again.records.as(SYSTEM).get('setting', 'probe'))?.document).toEqual({ value: { kept: true } });
    await again.events.close();
    await again.records.close();
  });

  it('holds a moment of each day while batches arrive, and nothing is refused meanwhile', async () => {
    for (let first = 1; first <= 2000; first += 100) await store?.events.append(frame(first, 100));
    let first = 2001;
    let running = true;
    const arriving = (async () => {
      for (; running; first += 10) await store?.events.append(frame(first));
    })();
    const summary = await backUp();
    running = false;
    await arriving;
    await closeStore();

    const restored = join(root, 'restored');
    await restore(restored);
    const ids = await idsIn(restored);
    const all = await idsIn(data);
    expect(ids.length).toBe(summary.events);
    expect(ids.length).toBeGreaterThanOrEqual(2000);
    expect(all.length).toBe(first - 1);
    const known = new Set(all);
    expect(ids.every((id) => known.has(id))).toBe(true);
    // A moment of the day: whole batches, from the first one on.
    expect(ids.length % 10).toBe(0);
    expect((await newest())?.days).toMatchObject([
      { day: DAY, events: ids.length, lastSequence: ids.length, marks: { [`${COLLECTOR}-${EPOCH}`]: ids.length } },
    ]);
  });

  it('takes what is made while it runs, in an order in which nothing speaks of what is not there', async () => {
    await store?.events.append(frame(1));
    const spool = join(data, 'collector', 'spool');
    await mkdir(spool, { recursive: true });
    const seen: string[] = [];
    await runBackup({
      data,
      to,
      program: 'test',
      onProgress: ({ path }) => {
        if (seen.at(-1) !== path) seen.push(path);
        if (path !== 'store/ops.db') return;
        for (const folder of ['incident-files/ab', 'evidence', 'collector/spool']) {
          mkdirSync(join(data, folder), { recursive: true });
          writeFileSync(join(data, folder, '0000000001'), 'made during the backup');
        }
      },
    });
    expect(seen).toEqual([
      'authority/ca.key',
      'store/ops.db',
      'incident-files/ab/0000000001',
      'evidence/0000000001',
      `store/events/${DAY}.db`,
      'collector/spool/0000000001',
    ]);
    expect((await newest())?.files.map(({ path }) => path)).toEqual(seen);
  });

  it("leaves out of the collector's spool what was acknowledged as a whole before the events were copied", async () => {
    const spool = join(data, 'collector', 'spool');
    await mkdir(spool, { recursive: true });
    const segment = (number: number, firstFrame: number) => {
      const header = Buffer.alloc(24);
      header.write('HDS1');
      header.writeUIntBE(firstFrame, 16, 6);
      writeFileSync(join(spool, `000000000${number}.seg`), header);
    };
    for (const [at, first] of [1, 11, 21, 31].entries()) segment(at + 1, first);
    writeFileSync(join(spool, 'acked'), '25\n');
    await runBackup({
      data,
      to,
      program: 'test',
      // All is acknowledged while the days are copied: the copies may lack it.
      onProgress: ({ path }) => path === 'store/ops.db' && writeFileSync(join(spool, 'acked'), '39\n'),
    });
    const copied = (await newest())?.files.map(({ path }) => path.replace('collector/spool/', ''));
    expect(copied?.filter((path) => path.endsWith('.seg'))).toEqual(['0000000003.seg', '0000000004.seg']);
  });

  it('copies a day that did not change only once', async () => {
    await store?.events.append(frame(1, 10, YESTERDAY));
    await store?.events.append(frame(11));
    await backUp();
    const before = await newest();
    await store?.events.append(frame(21));
    const second = await backUp();
    const after = await newest();

    const copyOf = (manifest: typeof before, day: string) =>
      manifest?.files.find(({ path }) => path === `store/events/${day}.db`)?.copy ?? '';
    expect(copyOf(after, YESTERDAY)).toBe(copyOf(before, YESTERDAY));
    expect(copyOf(after, DAY)).not.toBe(copyOf(before, DAY));
    expect(second.copiedFiles).toBeLessThan(second.files);
    expect(second.events).toBe(30);
    // What nothing refers to any more is gone.
    expect(existsSync(join(to, copyOf(before, DAY)))).toBe(false);
  });

  it('copies a day again that was changed by another hand in place', async () => {
    await store?.events.append(frame(1));
    await backUp();
    await closeStore();
    const db = new DatabaseSync(join(data, 'store/events', `${DAY}.db`));
    db.exec('DELETE FROM event WHERE sequence = 3');
    db.close();
    expect((await backUp()).events).toBe(9);
  });
});

describe('several backups in one folder', () => {
  const keeping = (keep: number, now: number) => runBackup({ data, to, program: 'test', keep, now: () => now });
  const ids = async () => openTarget(to, { data }).generations();

  it('stay as many as wanted, each with all that it refers to', async () => {
    await store?.events.append(frame(1, 10, YESTERDAY));
    const made: string[] = [];
    for (let round = 0; round < 4; round++) {
      await store?.events.append(frame(11 + round * 10));
      made.unshift((await keeping(2, NOW + round)).id);
      expect(await ids()).toEqual(made.slice(0, 2));
    }
    for (const [at, id] of made.slice(0, 2).entries()) {
      const folder = join(root, `restored-${at}`);
      expect((await restoreBackup({ from: to, data: folder, id })).events).toBe(50 - at * 10);
      expect((await idsIn(folder)).length).toBe(50 - at * 10);
    }
    await expect(restoreBackup({ from: to, data: join(root, 'gone'), id: made[3] ?? '' })).rejects.toThrow(
      /no backup of that id/,
    );
  });

  it('one that is damaged is named, and no copy goes while it stays', async () => {
    await keeping(3, NOW);
    writeFileSync(manifestPath(), '{');
    writeFileSync(join(data, 'authority', 'ca.key'), 'another key');
    const summary = await keeping(3, NOW + 1);
    expect(summary.problems).toMatchObject([{ reason: expect.stringMatching(/is not JSON.*No old copies/) }]);
    expect(readdirSync(join(to, 'authority')).length).toBe(2);
    expect((await keeping(1, NOW + 2)).problems).toEqual([]);
    expect(readdirSync(join(to, 'authority')).length).toBe(1);
  });

  it('a folder of an earlier version is read, and gives way', async () => {
    await store?.events.append(frame(1));
    await keeping(1, NOW);
    renameSync(manifestPath(), join(to, 'backup.json'));
    expect((await restore(join(root, 'restored'))).events).toBe(10);
    const next = await keeping(1, NOW + 1000);
    expect(next.copiedFiles).toBeLessThan(next.files);
    expect(await ids()).toEqual([next.id]);
    expect(existsSync(join(to, 'backup.json'))).toBe(false);
  });
});

describe('a backup that is broken off', () => {
  it('leaves the one before it whole', async () => {
    await store?.events.append(frame(1));
    await backUp();
    const before = readFileSync(manifestPath(), 'utf8');
    await store?.events.append(frame(11));
    const stop = new Error('the power fails here');
    const broken = runBackup({
      data,
      to,
      program: 'test',
      onProgress: ({ path }) => {
        if (path.startsWith('store/events/')) throw stop;
      },
    });
    await expect(broken).rejects.toBe(stop);
    expect(readFileSync(manifestPath(), 'utf8')).toBe(before);
    expect((await restore(join(root, 'restored'))).events).toBe(10);
  });

  it('is not taken for a backup where there was none before, and the next one goes on', async () => {
    await store?.events.append(frame(1));
    const stop = new Error('the power fails here');
    const onProgress = ({ path }: { path: string }) => {
      if (path.startsWith('store/events/')) throw stop;
    };
    await expect(runBackup({ data, to, program: 'test', onProgress })).rejects.toBe(stop);
    await expect(restore(join(root, 'restored'))).rejects.toThrow(/no whole backup/);
    expect((await backUp()).events).toBe(10);
  });
});

describe('what cannot be backed up', () => {
  it('a damaged day is named, the others are copied, and its earlier copy is kept', async () => {
    await store?.events.append(frame(1, 10, YESTERDAY));
    await store?.events.append(frame(11));
    await backUp();
    await closeStore();
    const file = join(data, 'store/events', `${YESTERDAY}.db`);
    writeFileSync(file, Buffer.alloc(8192, 7));
    utimesSync(file, new Date(), new Date(Date.now() + 5_000));
    const summary = await backUp();
    expect(summary.problems).toEqual([
      {
        path: `store/events/${YESTERDAY}.db`,
        reason: expect.stringMatching(/not a database.*copy of the backup before was kept/),
      },
    ]);
    expect(summary.events).toBe(20);
  });

  it('folders that lie in each other, or hold something else, are refused', async () => {
    await expect(runBackup({ data, to: join(data, 'backup'), program: 'test' })).rejects.toThrow(/lie in each other/);
    await mkdir(to);
    writeFileSync(join(to, 'holiday.jpg'), '');
    await expect(backUp()).rejects.toThrow(/holds other files/);
    expect(readdirSync(to)).toEqual(['holiday.jpg']);
  });
});

describe('a restore', () => {
  beforeEach(async () => {
    await store?.events.append(frame(1));
    await mkdir(join(data, 'collector', 'spool'), { recursive: true });
    writeFileSync(join(data, 'collector', 'id'), 'c1aaaaaa\n');
    writeFileSync(join(data, 'collector', 'spool', 'acked'), '7\n');
    await backUp();
    await closeStore();
  });

  it('names each file that was changed or is missing, and writes nothing', async () => {
    const files = (await newest())?.files ?? [];
    const day = files.find(({ path }) => path === `store/events/${DAY}.db`);
    const key = files.find(({ path }) => path === 'authority/ca.key');
    await appendFile(join(to, day?.copy ?? ''), 'x');
    writeFileSync(join(to, key?.copy ?? ''), 'A key');
    const restored = join(root, 'restored');
    try {
      await restore(restored);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(DamagedBackupError);
      expect((error as DamagedBackupError).files.toSorted()).toEqual(['authority/ca.key', `store/events/${DAY}.db`]);
    }
    expect(existsSync(restored)).toBe(false);
  });

  it('refuses a folder that holds something', async () => {
    await expect(restore(data)).rejects.toThrow(/is not empty; move it away/);
  });

  it('keeps a collector that lies there, and makes it send again', async () => {
    const target = join(root, 'restored');
    await mkdir(join(target, 'collector', 'spool'), { recursive: true });
    writeFileSync(join(target, 'collector', 'id'), 'c9zzzzzz\n');
    writeFileSync(join(target, 'collector', 'spool', 'acked'), '900\n');
    writeFileSync(join(target, 'collector', 'spool', '0000000001.seg'), 'kept');
    expect((await restore(target)).keptCollector).toBe(true);
    expect(readFileSync(join(target, 'collector', 'id'), 'utf8')).toBe('c9zzzzzz\n');
    expect(readFileSync(join(target, 'collector', 'spool', '0000000001.seg'), 'utf8')).toBe('kept');
    expect(existsSync(join(target, 'collector', 'spool', 'acked'))).toBe(false);
    expect(readRestored(target)?.since).toBe(new Date(NOW).toISOString());
  });

  it('that was broken off keeps a server from starting, and can be run again', async () => {
    const target = join(root, 'restored');
    const stop = new Error('the power fails here');
    const onProgress = ({ path }: { path: string }) => {
      if (path.startsWith('store/events/')) throw stop;
    };
    await expect(restoreBackup({ from: to, data: target, onProgress })).rejects.toBe(stop);
    expect(() => refuseHalfRestored(target)).toThrow(/half restored/);
    expect((await restore(target)).events).toBe(10);
    expect(() => refuseHalfRestored(target)).not.toThrow();
    expect((await idsIn(target)).length).toBe(10);
  });

  it('does not follow a manifest out of its folder', async () => {
    const path = manifestPath();
    const manifest = JSON.parse(readFileSync(path, 'utf8'));
    manifest.files[0].path = '../outside';
    writeFileSync(path, JSON.stringify(manifest));
    await expect(restore(join(root, 'restored'))).rejects.toThrow(/outside its folder/);
  });
});
