import { cpSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../../server/evidence/findings.ts';
import { startEvidenceJob } from '../../../server/evidence/job.ts';
import { verifyStore } from '../../../server/evidence/verify.ts';
import { openEmbeddedStore } from '../../../server/store/embedded/open.ts';
import type { RecordStore } from '../../../server/store/record-store.ts';
import { batchOf, batchOfLines, COLLECTOR, DAY, EPOCH, idAt, sshFailure, toLines } from '../store/frames.ts';

const log = pino({ level: 'silent' });
const DAY_MS = 86_400_000;
const TODAY = Date.UTC(2026, 10, 20, 9);
/** `DAY` ended 7 days and some hours ago. */
const CLOSED = Date.UTC(2026, 10, 28, 4);
const NEXT_DAY = '20261121';

let root: string;
/** A store whose first day is signed, built once and copied for each case. */
let template: string;
let data: string;

const openStore = (folder: string, now: number) =>
  openEmbeddedStore({ folder: join(folder, 'store'), log, now: () => now, keepFreeBytes: 0, reserveBytes: 0 });

async function signAt(folder: string, records: RecordStore, now: number): Promise<number> {
  const job = await startEvidenceJob({
    data: folder,
    records,
    closeAfterDays: 7,
    at: '03:30',
    timeZone: 'Asia/Ho_Chi_Minh',
    log,
    now: () => now,
    firstAfterMs: DAY_MS,
  });
  const signed = await job.run();
  await job.stop();
  return signed;
}

function frame(first: number, count: number, day = DAY) {
  return batchOf(
    Array.from({ length: count }, (_, at) => sshFailure(first + at)),
    { first, day },
  );
}

const verify = (now = CLOSED, day?: string) => verifyStore({ data, now, closeAfterDays: 7, day });
const kinds = (findings: readonly Finding[]) => findings.map(({ kind }) => kind);

/** Changes a file of the store by hand, as somebody with the machine could. */
function tamper(file: string, ...statements: readonly (string | ((db: DatabaseSync) => void))[]): void {
  const db = new DatabaseSync(join(data, 'store', file));
  for (const statement of statements) typeof statement === 'string' ? db.exec(statement) : statement(db);
  db.close();
}
const tamperDay = (...statements: Parameters<typeof tamper> extends [string, ...infer Rest] ? Rest : never) =>
  tamper(`events/${DAY}.db`, ...statements);

/** Rewrites a frame's text in place, compressed as before. */
function rewriteFrame(first: number, change: (text: string) => string): (db: DatabaseSync) => void {
  return (db) => {
    const body = db.prepare('SELECT body FROM frame WHERE first_sequence = ?').get(first)?.['body'] as Uint8Array;
    const text = change(zstdDecompressSync(body).toString('utf8'));
    db.prepare('UPDATE frame SET body = ? WHERE first_sequence = ?').run(zstdCompressSync(text), first);
  };
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'haidang-evidence-'));
  template = join(root, 'template');
  await mkdir(join(template, 'authority'), { recursive: true });
  const { events, records } = await openStore(template, TODAY);
  await events.append(frame(1, 10));
  await events.append(frame(11, 10));
  const mixed = toLines([sshFailure(21), sshFailure(22), sshFailure(23)], { first: 21 });
  await events.append(batchOfLines([mixed[0] ?? '', 'not an event', mixed[2] ?? ''], { first: 21 }));
  await events.append(frame(24, 6));
  await events.append(frame(30, 5, NEXT_DAY));
  expect(await signAt(template, records, CLOSED)).toBe(1);
  expect(await signAt(template, records, CLOSED)).toBe(0);
  await events.close();
  await records.close();
});
afterAll(() => rm(root, { recursive: true, force: true }));
beforeEach(() => {
  data = join(root, 'case');
  cpSync(template, data, { recursive: true });
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

describe('a store as it was', () => {
  it('is proven, with what is signed and what is still open', () => {
    const result = verify();
    expect(result.findings).toEqual([]);
    expect(result.ok).toBe(true);
    expect(result.days).toEqual([
      { day: DAY, state: 'signed', batches: 4, events: 28, signedEvents: 28 },
      { day: NEXT_DAY, state: 'open', batches: 1, events: 5, signedEvents: 0 },
    ]);
  });

  it('is proven beside a server that writes', async () => {
    const { events, records } = await openStore(data, TODAY);
    let first = 100;
    let running = true;
    const arriving = (async () => {
      for (; running; first += 5) await events.append(frame(first, 5, NEXT_DAY));
    })();
    for (let round = 0; round < 10; round++) {
      expect(verify().findings).toEqual([]);
      await new Promise((done) => setTimeout(done, 5));
    }
    running = false;
    await arriving;
    await events.close();
    await records.close();
  });

  it('stays proven when a frame is only compressed anew', () => {
    tamperDay(rewriteFrame(1, (text) => text));
    expect(verify().ok).toBe(true);
  });

  it('signs late data as an amendment, and the day that closes next', async () => {
    const { events, records } = await openStore(data, CLOSED);
    await events.append(frame(200, 3));
    expect(await signAt(data, records, CLOSED + DAY_MS)).toBe(2);
    await events.close();
    await records.close();
    const result = verify(CLOSED + DAY_MS);
    expect(result.findings).toEqual([]);
    expect(result.days).toMatchObject([
      { day: DAY, state: 'signed', events: 31, signedEvents: 31 },
      { day: NEXT_DAY, state: 'signed', events: 5, signedEvents: 5 },
    ]);
    expect(readdirSync(join(data, 'evidence')).filter((name) => name.endsWith('.json'))).toEqual([
      '00000001-20261120.json',
      '00000002-20261120.json',
      '00000003-20261121.json',
    ]);
  });
});

describe('a signed day names', () => {
  it('an event whose line was changed', () => {
    tamperDay(rewriteFrame(11, (text) => text.replace('port 40015 ', 'port 40016 ')));
    // The message and the original both name the port: the first is not under the id, the second is.
    expect(kinds(verify().findings)).toEqual(['batch-changed']);
    rmSync(data, { recursive: true });
    cpSync(template, data, { recursive: true });
    tamperDay(
      rewriteFrame(11, (text) => text.replaceAll('from 203.0.113.7 port 40015', 'from 198.51.100.9 port 40015')),
    );
    const [finding] = verify().findings;
    const original = sshFailure(15).event?.['original'] as string;
    expect(finding).toMatchObject({ kind: 'batch-changed', day: DAY, batch: 11, events: [idAt(15, original)] });
  });

  it('a field that was changed beside the original line', () => {
    tamperDay(rewriteFrame(1, (text) => text.replace('"outcome":"failure"', '"outcome":"success"')));
    expect(verify().findings).toMatchObject([{ kind: 'batch-changed', batch: 1, eventsTotal: 10 }]);
  });

  it('an event whose row was deleted', () => {
    tamperDay('DELETE FROM event WHERE sequence = 13');
    const original = sshFailure(13).event?.['original'] as string;
    expect(verify().findings).toMatchObject([{ kind: 'rows-changed', batch: 11, events: [idAt(13, original)] }]);
  });

  it('rows that were moved or dated anew', () => {
    tamperDay('UPDATE event SET ts = ts - 86400000 WHERE sequence = 3');
    expect(verify().findings).toMatchObject([{ kind: 'rows-changed', batch: 1 }]);
  });

  it('a batch that was deleted whole', () => {
    tamperDay(
      'DELETE FROM event WHERE sequence BETWEEN 11 AND 20',
      'DELETE FROM frame WHERE first_sequence = 11',
      'DELETE FROM batch WHERE first_sequence = 11',
    );
    const [missing, hole] = verify().findings;
    expect(missing).toMatchObject({ kind: 'batch-missing', day: DAY, batch: 11, eventsTotal: 10 });
    expect(missing?.events?.[0]).toBe(`${DAY}-${COLLECTOR}-${EPOCH}-11-*`);
    expect(hole).toMatchObject({ kind: 'sequence-hole', eventsTotal: 10 });
  });

  it('the last batch that was cut off', () => {
    tamperDay('DELETE FROM batch WHERE first_sequence = 23', 'DELETE FROM event WHERE sequence >= 23');
    expect(kinds(verify().findings)).toContain('batch-missing');
  });

  it('two batches that changed places', () => {
    tamperDay(
      'UPDATE frame SET first_sequence = -1 WHERE first_sequence = 1',
      'UPDATE frame SET first_sequence = 1 WHERE first_sequence = 11',
      'UPDATE frame SET first_sequence = 11 WHERE first_sequence = -1',
    );
    expect(verify().findings).toMatchObject([
      { kind: 'batch-changed', batch: 1 },
      { kind: 'batch-changed', batch: 11 },
    ]);
  });

  it('a batch that was given to another agency', () => {
    tamperDay("UPDATE batch SET agency = 'so-y-te' WHERE first_sequence = 1");
    expect(verify().findings).toMatchObject([{ kind: 'batch-changed', batch: 1 }]);
  });

  it('an event that was slipped in', () => {
    tamperDay((db) => {
      const copy = db.prepare('SELECT * FROM event WHERE sequence = 1').get() as Record<string, number>;
      const columns = Object.keys(copy);
      const values = columns.map((column) => (column === 'sequence' ? 5_000 : (copy[column] ?? 0)));
      db.prepare(`INSERT INTO event VALUES (${columns.map(() => '?').join(', ')})`).run(...values);
    });
    expect(verify().findings).toMatchObject([{ kind: 'rows-inserted', message: expect.stringContaining('5000') }]);
  });

  it('a dead letter that was changed, or deleted', () => {
    tamperDay("UPDATE dead_letter SET line = 'something else'");
    expect(verify().findings).toMatchObject([
      { kind: 'dead-letter-changed', events: [`${DAY}-${COLLECTOR}-${EPOCH}-22-*`] },
    ]);
    tamperDay('DELETE FROM dead_letter');
    expect(verify().findings).toMatchObject([{ kind: 'dead-letter-missing', eventsTotal: 1 }]);
  });

  it('a file that is gone without a record of its deletion', () => {
    unlinkSync(join(data, 'store', 'events', `${DAY}.db`));
    const result = verify();
    expect(result.findings).toMatchObject([{ kind: 'day-missing', day: DAY, eventsTotal: 28 }]);
    expect(result.days[0]?.state).toBe('broken');
  });

  it.each([
    ['done' as const, []],
    ['begun' as const, []],
    ['returned' as const, [{ kind: 'day-missing', day: DAY, eventsTotal: 28 }]],
  ])('a day that retention deleted only where it did not come back: %s', async (state, findings) => {
    const { events, records } = await openStore(data, CLOSED);
    await records.as({ kind: 'system', name: 'test', role: 'administrator', agencies: 'all' }).create('deletion', DAY, {
      day: DAY,
      state,
      begunAt: '2027-12-01T00:00:00.000Z',
      deletedAt: '2027-12-01T00:00:00.000Z',
      by: 'retention',
      bytes: 1,
      rules: [],
      sources: [],
    });
    await events.close();
    await records.close();
    unlinkSync(join(data, 'store', 'events', `${DAY}.db`));
    const result = verify();
    expect(result.findings).toMatchObject(findings);
    expect(result.days[0]).toMatchObject({ day: DAY, state: findings.length === 0 ? 'deleted' : 'broken' });
  });

  it('a file that is no database any more', () => {
    const file = join(data, 'store', 'events', `${DAY}.db`);
    writeFileSync(file, Buffer.alloc(8192, 1));
    expect(kinds(verify().findings)).toContain('day-unreadable');
  });
});

describe('an open day names', () => {
  const file = `events/${NEXT_DAY}.db`;

  it('an event that does not match its id', () => {
    tamper(
      file,
      rewriteFrame(29, (text) => text.replaceAll('203.0.113.7 port 40032', '198.51.100.9 port 40032')),
    );
    const original = sshFailure(32).event?.['original'] as string;
    expect(verify().findings).toMatchObject([
      { kind: 'event-changed', day: NEXT_DAY, batch: 29, events: [idAt(32, original, { day: NEXT_DAY })] },
    ]);
  });

  it('a deleted row, and a deleted batch', () => {
    tamper(file, 'DELETE FROM event WHERE sequence = 31');
    expect(verify().findings).toMatchObject([{ kind: 'rows-changed', batch: 29, eventsTotal: 1 }]);
    tamper(`events/${DAY}.db`, 'DELETE FROM batch WHERE first_sequence = 23', 'DELETE FROM event WHERE sequence >= 23');
    rmSync(join(data, 'evidence'), { recursive: true });
    tamper('ops.db', `DELETE FROM "record setting"`);
    const findings = verify(TODAY).findings;
    expect(findings.find(({ kind }) => kind === 'sequence-hole')).toMatchObject({ eventsTotal: 6 });
  });
});

describe('the chain of manifests names', () => {
  const manifest = '00000001-20261120.json';
  const edit = (name: string, change: (text: string) => string) => {
    const path = join(data, 'evidence', name);
    writeFileSync(path, change(readFileSync(path, 'utf8')));
  };

  async function threeLinks(): Promise<void> {
    const { events, records } = await openStore(data, CLOSED);
    await events.append(frame(200, 3));
    await signAt(data, records, CLOSED + DAY_MS);
    await events.close();
    await records.close();
  }

  it('a manifest that was changed', () => {
    edit(manifest, (text) => text.replace('"events":28', '"events":27'));
    expect(kinds(verify().findings)).toContain('manifest-signature');
  });

  it('a key that is gone', () => {
    rmSync(join(data, 'authority', 'evidence.pub'));
    expect(kinds(verify().findings)).toEqual(['key-missing']);
  });

  it('a chain that was signed anew by another key, where the key was kept elsewhere', async () => {
    const kept = join(root, 'kept.pub');
    cpSync(join(data, 'authority', 'evidence.pub'), kept);
    tamperDay(rewriteFrame(1, (text) => text.replace('"outcome":"failure"', '"outcome":"success"')));
    for (const folder of ['authority', 'evidence']) rmSync(join(data, folder), { recursive: true });
    await mkdir(join(data, 'authority'));
    const { events, records } = await openStore(data, CLOSED);
    expect(await signAt(data, records, CLOSED)).toBe(1);
    await events.close();
    await records.close();
    expect(verify().ok).toBe(true);
    const found = verifyStore({ data, now: CLOSED, closeAfterDays: 7, key: kept });
    expect(kinds(found.findings)).toContain('manifest-signature');
  });

  it('a list that was changed or is gone', () => {
    const list = manifest.replace('.json', '.list');
    edit(list, (text) => text.replace(/^B.*\n/, ''));
    expect(verify().findings).toMatchObject([{ kind: 'list-changed', day: DAY }]);
    rmSync(join(data, 'evidence', list));
    expect(verify().findings).toMatchObject([{ kind: 'list-changed', message: expect.stringContaining('missing') }]);
  });

  it('a manifest that is gone from the middle', async () => {
    await threeLinks();
    rmSync(join(data, 'evidence', '00000002-20261120.json'));
    const { findings } = verify(CLOSED + DAY_MS);
    expect(findings[0]).toMatchObject({ kind: 'manifest-chain', message: expect.stringContaining('2 is missing') });
  });

  it('a chain that was cut at its end', async () => {
    await threeLinks();
    for (const ending of ['json', 'list']) rmSync(join(data, 'evidence', `00000003-20261121.${ending}`));
    expect(kinds(verify(CLOSED + DAY_MS).findings)).toEqual(['manifest-chain']);
    expect(kinds(verify(CLOSED + 4 * DAY_MS).findings)).toEqual(['manifest-chain', 'manifest-missing']);
  });

  it('a closed day without a manifest', () => {
    expect(verify(CLOSED + 4 * DAY_MS).findings).toMatchObject([{ kind: 'manifest-missing', day: NEXT_DAY }]);
  });

  it('the finding of one day alone where it is asked for', () => {
    tamperDay('DELETE FROM event WHERE sequence = 13');
    expect(verify(CLOSED, NEXT_DAY).ok).toBe(true);
    expect(verify(CLOSED, DAY).ok).toBe(false);
  });

  it('nothing new is signed on a chain that is broken', async () => {
    edit(manifest, () => 'not a manifest');
    const { events, records } = await openStore(data, CLOSED);
    expect(await signAt(data, records, CLOSED + DAY_MS)).toBe(0);
    await events.close();
    await records.close();
    expect(readdirSync(join(data, 'evidence')).filter((name) => name.endsWith('.json'))).toEqual([manifest]);
  });
});
