import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseKql } from '../../../rules/query/kql.ts';
import { SYSTEM } from '../../../server/identity.ts';
import { openEmbeddedStore } from '../../../server/store/embedded/open.ts';
import type { OpenStore } from './conformance.ts';
import { batchOf, DAY, idAt, sshFailure } from './frames.ts';

const RANGE = { from: '2026-11-01T00:00:00.000Z', to: '2026-12-01T00:00:00.000Z' };
const now = () => Date.UTC(2026, 10, 20, 9);
const failures = (count: number) => Array.from({ length: count }, (_, second) => sshFailure(second));

let folder = '';
let lines: string[] = [];
let store: OpenStore | undefined;
const log = {
  info: (_: object, text: string) => void lines.push(text),
  warn: (_: object, text: string) => void lines.push(text),
  error: (_: object, text: string) => void lines.push(text),
};

async function open(options: Partial<Parameters<typeof openEmbeddedStore>[0]> = {}): Promise<OpenStore> {
  store = await openEmbeddedStore({ folder, now, log, reserveBytes: 0, ...options });
  return store;
}

async function close(): Promise<void> {
  await store?.events.close();
  await store?.records.close();
  store = undefined;
}

const fileOf = (day: string) => join(folder, 'events', `${day}.db`);

function overwrite(file: string, at: number, bytes: Buffer): void {
  const handle = openSync(file, 'r+');
  writeSync(handle, bytes, 0, bytes.length, at);
  closeSync(handle);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haidang-faults-'));
  lines = [];
});

afterEach(async () => {
  await close();
  await rm(folder, { recursive: true });
});

describe('recount', () => {
  it('names a row deleted by hand by its event id, while the store runs', async () => {
    const { events } = await open();
    await events.append(batchOf(failures(20)));
    await events.append(batchOf(failures(20), { first: 21, source: 'stdin' }));
    expect(await events.recount(0)).toMatchObject([{ missingTotal: 0 }, { missingTotal: 0 }]);
    const hand = new DatabaseSync(fileOf(DAY));
    hand.exec('DELETE FROM event WHERE sequence = 7');
    hand.close();
    for (const full of [true, false]) {
      const counts = await events.recount(0, { full });
      const [auth, stdin] = [...counts].sort((a, b) => a.source.localeCompare(b.source));
      const id = idAt(7, String(sshFailure(6).event?.['original']));
      expect(auth).toMatchObject({ stored: 19, missingTotal: 1, missing: [{ id, day: DAY, sequence: 7 }] });
      expect(stdin).toMatchObject({ stored: 20, missingTotal: 0, missing: [] });
    }
  });

  it('stores the event anew where its collector sends it again, and no longer misses it', async () => {
    const { events } = await open();
    await events.append(batchOf(failures(20)));
    const hand = new DatabaseSync(fileOf(DAY));
    hand.exec('DELETE FROM event WHERE sequence IN (7, 8)');
    hand.close();
    expect(await events.append(batchOf(failures(7)))).toMatchObject({ stored: 1, duplicates: 6 });
    const [count] = await events.recount(0, { full: true });
    expect(count).toMatchObject({ stored: 19, missingTotal: 1, missing: [{ sequence: 8 }] });
  });
});

describe('limits', () => {
  it('stops a search that costs too much, and goes on from there page by page without losing any', async () => {
    const { events } = await open({ limits: { documents: 300 } });
    for (let frame = 0; frame < 4; frame++) await events.append(batchOf(failures(500), { first: 1 + frame * 500 }));
    const condition = parseKql('message: *port 4000*');
    const view = events.as(SYSTEM);
    const found: number[] = [];
    let pages = 0;
    let after: string | undefined;
    for (; pages < 50; pages++) {
      const page = await view.search({
        range: RANGE,
        condition,
        limit: 100,
        ...(after === undefined ? {} : { after }),
      });
      found.push(...page.events.map(({ sequence }) => sequence));
      if (page.next === null) break;
      expect(page.complete).toBe(false);
      after = page.next;
    }
    expect(pages).toBeGreaterThan(4);
    expect(new Set(found).size).toBe(found.length);
    expect(found).toHaveLength(40);
    expect(await view.count({ range: RANGE, condition })).toMatchObject({ complete: false });
  });
});

describe('kill -9', () => {
  it('keeps every batch that was acknowledged, and numbers go on densely', async () => {
    const acknowledged: number[] = [];
    for (let round = 0; round < 4; round++) {
      const writer = new URL('./append-forever.ts', import.meta.url).pathname;
      const child = spawn(process.execPath, [writer, folder, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] });
      const exited = once(child, 'exit');
      let received = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        acknowledged.push(Number(line));
        if (++received === 5 + round * 3) child.kill('SIGKILL');
      }
      await exited;
    }
    const { events } = await open();
    const stored = await events.readFrom(1, 64);
    const firsts = new Set(stored.map(({ firstSequence }) => firstSequence));
    expect(acknowledged.length).toBeGreaterThan(30);
    for (const first of acknowledged) expect(firsts).toContain(first);
    let next = 1;
    for (const batch of stored) {
      expect(batch.firstSequence).toBe(next);
      next = batch.lastSequence + 1;
    }
    const counts = await events.recount(0, { full: true });
    expect(counts.reduce((sum, count) => sum + count.stored, 0)).toBe(next - 1);
    expect(counts.every(({ missingTotal }) => missingTotal === 0)).toBe(true);
  });
});

describe('full disk', () => {
  it('answers HD_STORE_FULL while too little is free, and goes on when there is space', async () => {
    let free = 10;
    const { events } = await open({ freeBytes: async () => free, keepFreeBytes: 1_000 });
    await expect(events.append(batchOf(failures(2)))).rejects.toMatchObject({ code: 'HD_STORE_FULL', retryAfter: 10 });
    free = 1_000_000;
    await expect
      .poll(() => events.append(batchOf(failures(2))).catch(() => undefined), { timeout: 5_000 })
      .toMatchObject({ stored: 2 });
  });

  it('writes nothing by half where a day file can grow no more, and recovers by itself', async () => {
    const { events } = await open();
    await events.append(batchOf(failures(5)));
    await close();
    // SQLite itself refuses to grow past this: the same error as a full disk, where no small disk can be mounted.
    const limited = mountSmall(join(folder, 'events'));
    if (!limited) return expectQuota();
    try {
      const again = await open({ keepFreeBytes: 0 });
      let stored = 5;
      let refused: unknown;
      for (let first = 6; refused === undefined && first < 100_000; first += 500) {
        await again.events.append(batchOf(failures(500), { first })).then(
          (result) => {
            stored += result.stored;
          },
          (error: unknown) => {
            refused = error;
          },
        );
      }
      expect(refused).toMatchObject({ code: 'HD_STORE_FULL' });
      expect(await again.events.lastSequence()).toBe(stored);
      execFileSync('mount', ['-o', 'remount,size=64m', limited]);
      const first = stored + 1;
      expect(await again.events.append(batchOf(failures(500), { first }))).toMatchObject({ stored: 500 });
      const [count] = await again.events.recount(0, { full: true });
      expect(count).toMatchObject({ stored: stored + 500, missingTotal: 0 });
    } finally {
      await close();
      execFileSync('umount', [limited]);
    }
  });

  /** Stands in for a small disk: SQLite's own limit of pages gives the same error. */
  async function expectQuota(): Promise<void> {
    const hand = new DatabaseSync(fileOf(DAY));
    const pages = Number(hand.prepare('PRAGMA page_count').get()?.['page_count']);
    hand.exec(`PRAGMA max_page_count = ${pages}`);
    expect(() => hand.exec('CREATE TABLE more (x); INSERT INTO more VALUES (zeroblob(1000000))')).toThrow(/full/);
    hand.close();
  }

  it('lets triage go on in the space kept for it', async () => {
    const small = mountSmall(folder);
    if (!small) return;
    try {
      const { records } = await open({ reserveBytes: 3 * 1024 * 1024, keepFreeBytes: 0 });
      expect(statSync(join(folder, 'ops.reserve')).size).toBe(3 * 1024 * 1024);
      const view = records.as(SYSTEM);
      const value = 'x'.repeat(50_000);
      let written = 0;
      for (; written < 400 && !lines.some((line) => line.includes('kept for it')); written++) {
        await view.create('setting', `s${written}`, { value });
      }
      expect(lines.some((line) => line.includes('kept for it'))).toBe(true);
      for (let act = 0; act < 50; act++) await view.create('setting', `act ${act}`, { value: 'triage goes on' });
      expect(await view.count('setting')).toBe(written + 50);
    } finally {
      await close();
      execFileSync('umount', [small]);
    }
  });
});

describe('damage', () => {
  it('leaves out a day file that is no database, says so, and goes on with the others', async () => {
    const first = await open();
    await first.events.append(batchOf(failures(5)));
    await first.events.append(batchOf(failures(5), { day: '20261119' }));
    await close();
    overwrite(fileOf('20261119'), 0, Buffer.alloc(4096, 7));
    const { events } = await open();
    const page = await events.as(SYSTEM).search({ range: RANGE, condition: parseKql('failed'), limit: 100 });
    expect(page.events).toHaveLength(5);
    expect(await events.days()).toMatchObject([
      { day: '20261119', state: 'damaged' },
      { day: DAY, events: 5 },
    ]);
    expect(lines.some((line) => line.includes('damaged'))).toBe(true);
    // Numbers are not given twice: the damaged day held the latest.
    expect(await events.append(batchOf(failures(5), { day: '20261119' }))).toMatchObject({ stored: 5 });
  });

  it('gives no number again that detection has seen, though the day file is lost', async () => {
    const first = await open();
    await first.events.append(batchOf(failures(5)));
    await first.records.commitDetection({ cursor: 5, signals: [], alerts: [] });
    await close();
    overwrite(fileOf(DAY), 0, Buffer.alloc(4096, 7));
    const { events } = await open();
    const { appended } = await events.append(batchOf(failures(1)));
    expect(appended?.firstSequence).toBe(6);
  });

  it('finds damage in the middle of a file while answering, and answers from the other days', async () => {
    const first = await open();
    for (let frame = 0; frame < 10; frame++)
      await first.events.append(batchOf(failures(200), { first: 1 + frame * 200 }));
    await first.events.append(batchOf(failures(5), { day: '20261119' }));
    await close();
    const { size } = statSync(fileOf(DAY));
    overwrite(fileOf(DAY), 8192, Buffer.alloc(size - 8192 - 4096, 0xff));
    const { events } = await open();
    const page = await events
      .as(SYSTEM)
      .search({ range: RANGE, condition: parseKql('message: *password*'), limit: 10 });
    expect(page.events.map(({ id }) => id.slice(0, 8))).toEqual(new Array(5).fill('20261119'));
    expect((await events.days()).some(({ day, state }) => day === DAY && state === 'damaged')).toBe(true);
  });
});

/** Mounts a file system of 8 MiB over a folder, keeping what is in it; undefined where this user may not. */
function mountSmall(over: string): string | undefined {
  try {
    const kept = `${over}-kept`;
    execFileSync('cp', ['-a', over, kept], { stdio: 'ignore' });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', over], { stdio: 'ignore' });
    execFileSync('cp', ['-a', `${kept}/.`, over], { stdio: 'ignore' });
    execFileSync('rm', ['-r', kept]);
    return over;
  } catch {
    return undefined;
  }
}
