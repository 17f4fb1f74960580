import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RESTORED_FILE, RESTORING, STAGING } from '../../../server/backup/data-files.ts';
import { openTarget, type TargetOptions } from '../../../server/backup/open-target.ts';
import { restoreBackup } from '../../../server/backup/restore.ts';
import { refuseHalfRestored } from '../../../server/backup/restored.ts';
import { runBackup } from '../../../server/backup/run-backup.ts';
import { listUploads } from '../../../server/backup/s3/objects.ts';
import type { BackupTarget } from '../../../server/backup/target.ts';
import { openEmbeddedStore } from '../../../server/store/embedded/open.ts';
import { startStorage, storageJars, type TestStorage } from './s3-server.ts';
import type { Work } from './work-and-die.ts';

const PROGRAM = fileURLToPath(new URL('./work-and-die.ts', import.meta.url));
const BACKUP_KILLS = 10;
const RESTORE_KILLS = 4;
/** A kill may fall anywhere into a run, or into the next one: how long a run takes is measured first. */
const SPREAD_RUNS = 1.5;
/** Three parts of a bucket's least size. */
const PART_BYTES = 5 * 1024 * 1024;
const BULK_BYTES = 2.2 * PART_BYTES;
const log = { info: () => {}, warn: () => {}, error: () => {} };
const now = () => Date.UTC(2026, 10, 20, 9);
const jars = await storageJars();

/** A process that works, and is ended as a power cut would. */
interface Worker {
  readonly child: ChildProcess;
  readonly lines: string[];
  saw(start: string): Promise<void>;
  begin(): void;
  kill(): Promise<void>;
}

function start(work: Work): Worker {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(work)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const waiting: { start: string; done: () => void }[] = [];
  const reader: Interface = createInterface({ input: child.stdout ?? process.stdin });
  reader.on('line', (line) => {
    lines.push(line);
    for (const { start: text, done } of waiting) if (line.startsWith(text)) done();
  });
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  return {
    child,
    lines,
    saw: (text) =>
      lines.some((line) => line.startsWith(text))
        ? Promise.resolve()
        : Promise.race([new Promise<void>((done) => void waiting.push({ start: text, done })), ended]),
    begin: () => void child.stdin?.end('go\n'),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function measured(run: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await run();
  return (performance.now() - begun) * SPREAD_RUNS;
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

const PLACES = [
  ['a folder', false],
  ['a bucket', true],
] as const;

describe.each(PLACES)('kill -9 with %s', { timeout: 240_000 }, (_name, inBucket) => {
  let storage: TestStorage | undefined;
  let root: string;
  let data: string;
  let place: string;
  let options: TargetOptions;

  beforeAll(async () => {
    if (inBucket && jars !== undefined) storage = await startStorage(jars);
  });
  afterAll(() => storage?.stop());
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'haidang-kill-'));
    data = join(root, 'data');
    mkdirSync(join(data, 'rules'), { recursive: true });
    place = inBucket ? `s3://backups/${root.split('-').at(-1)}` : join(root, 'backup');
    options = { data, s3: storage?.settings, graceMs: 0, partBytes: PART_BYTES };
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  /** Something that takes its time, and differs each round. */
  const bulk = (round: number) => writeFileSync(join(data, 'rules', 'bulk'), Buffer.alloc(BULK_BYTES, round + 1));
  const work = (act: Work['act'], change: Partial<Work> = {}): Work => ({
    ...options,
    act,
    place,
    first: 1,
    ...change,
  });

  async function atPlace<T>(look: (target: BackupTarget) => Promise<T>): Promise<T> {
    const target = openTarget(place, options);
    try {
      return await look(target);
    } finally {
      target.close();
    }
  }
  const generations = () => atPlace((target) => target.generations());

  /** Events in the day files of a data folder. */
  function eventsIn(folder: string): number {
    const days = join(folder, 'store', 'events');
    // A backup may have been made before the first event was stored.
    if (!existsSync(days)) return 0;
    const names = readdirSync(days).filter((name) => name.endsWith('.db'));
    return names.reduce((sum, name) => {
      const db = new DatabaseSync(join(days, name));
      try {
        expect(db.prepare('PRAGMA quick_check').get()).toEqual({ quick_check: 'ok' });
        return sum + Number(db.prepare('SELECT count(*) AS n FROM event').get()?.['n']);
      } finally {
        db.close();
      }
    }, 0);
  }

  /** As the server itself counts them when it starts. */
  async function eventsOfStore(): Promise<number> {
    const store = await openEmbeddedStore({
      folder: join(data, 'store'),
      log,
      now,
      keepFreeBytes: 0,
      reserveBytes: 0,
    });
    try {
      return await store.events.lastSequence();
    } finally {
      await store.events.close();
      await store.records.close();
    }
  }

  it.skipIf(inBucket && jars === undefined)(
    'anywhere in a backup: what was stored is there, no half backup passes for a whole one, the next one works',
    async () => {
      bulk(-1);
      const spread = await measured(() => runBackup({ ...options, to: `${place}-measured`, program: 'test' }));
      let stored = 0;
      const announced = new Map<string, number>();
      let next = start(work('backup'));
      for (let round = 0; round < BACKUP_KILLS; round++) {
        const worker = next;
        await worker.saw('ready');
        worker.begin();
        await worker.saw('begun');
        if (round < BACKUP_KILLS - 1) next = start(work('backup', { first: stored + 1 }));
        await pause(Math.random() * spread);
        await worker.kill();
        bulk(round);
        for (const line of worker.lines) {
          const [, last] = /^stored (\d+)$/.exec(line) ?? [];
          if (last !== undefined) stored = Math.max(stored, Number(last));
          const [, id = '', events] = /^backed up (\S+) (\d+)$/.exec(line) ?? [];
          if (events !== undefined) announced.set(id, Number(events));
        }
        const there = await generations();
        // What was announced last is there, unless a newer one came that nobody could announce.
        const latest = [...announced.keys()].sort().at(-1);
        if (latest !== undefined) expect(there.slice(0, 2).some((id) => id >= latest)).toBe(true);
        for (const id of there) {
          const manifest = await atPlace((target) => target.manifest(id));
          expect(await atPlace((target) => target.damaged(manifest.files, () => {}))).toEqual([]);
          if (announced.has(id)) expect(manifest.events).toBe(announced.get(id));
        }
        // Every second time, as it takes longer than the run that was killed.
        if (there.length === 0 || round % 2 === 0) continue;
        rmSync(join(root, 'restored'), { recursive: true, force: true });
        const summary = await restoreBackup({ ...options, from: place, data: join(root, 'restored') });
        expect(eventsIn(join(root, 'restored'))).toBe(summary.events);
      }
      const all = await eventsOfStore();
      expect(all).toBeGreaterThanOrEqual(stored);
      expect(eventsIn(data)).toBe(all);

      const last = await runBackup({ ...options, to: place, program: 'test' });
      expect(last).toMatchObject({ problems: [], events: all });
      expect(await generations()).toEqual([last.id]);
      await expectClean(last.files);
    },
  );

  /** Nothing is left of what was broken off. */
  async function expectClean(files: number): Promise<void> {
    expect(existsSync(join(data, STAGING))).toBe(false);
    expect((await atPlace((target) => target.copies())).size).toBe(files);
    if (storage) expect(await listUploads(storage.client, place.replace('s3://backups/', ''))).toEqual([]);
    else {
      const all = readdirSync(place, { recursive: true }).map(String);
      expect(all.filter((name) => name.includes('.part'))).toEqual([]);
    }
  }

  it.skipIf(inBucket && jars === undefined)(
    'anywhere in a restore: no server starts on half of it, and the next one brings back the whole',
    async () => {
      bulk(0);
      const store = await openEmbeddedStore({
        folder: join(data, 'store'),
        log,
        now,
        keepFreeBytes: 0,
        reserveBytes: 0,
      });
      await store.events.close();
      await store.records.close();
      await runBackup({ ...options, to: place, program: 'test' });
      const restored = join(root, 'restored');
      const spread = await measured(() => restoreBackup({ ...options, from: place, data: restored }));
      rmSync(restored, { recursive: true });
      let next = start(work('restore', { data: restored }));
      for (let round = 0; round < RESTORE_KILLS; round++) {
        const worker = next;
        await worker.saw('ready');
        if (round < RESTORE_KILLS - 1) next = start(work('restore', { data: restored }));
        worker.begin();
        await pause(Math.random() * spread);
        await worker.kill();
        const half = existsSync(join(restored, RESTORING));
        const whole = !half && existsSync(join(restored, RESTORED_FILE));
        if (worker.lines.includes('restored')) expect(whole).toBe(true);
        if (half) expect(() => refuseHalfRestored(restored)).toThrow(/half restored/);
        // Where neither says so, nothing was begun.
        else expect(existsSync(join(restored, 'store'))).toBe(whole);
        if (whole) expectAsBackedUp();
        if (whole) rmSync(restored, { recursive: true });
        await restoreBackup({ ...options, from: place, data: restored });
        expect(() => refuseHalfRestored(restored)).not.toThrow();
        expectAsBackedUp();
        rmSync(restored, { recursive: true });
      }

      function expectAsBackedUp(): void {
        const [a, b] = [restored, data].map((folder) => readFileSync(join(folder, 'rules', 'bulk')));
        expect(a?.equals(b ?? Buffer.alloc(0))).toBe(true);
        expect(readdirSync(restored).toSorted()).toEqual(
          [...readdirSync(data), 'haidang.lock', RESTORED_FILE].toSorted(),
        );
      }
    },
  );
});
