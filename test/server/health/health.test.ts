import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBackupJobs } from '../../../server/backup/jobs.ts';
import { NO_S3_SETTINGS } from '../../../server/backup/s3/settings.ts';
import { SYSTEM } from '../../../server/identity.ts';
import { type Bench, HOST, openBench } from '../api/harness.ts';

let bench: Bench;
let chief = '';
beforeAll(async () => {
  bench = await openBench();
  await bench.addAgency('one');
  chief = await bench.signIn({ user: 'chief', role: 'administrator' });
});
afterAll(() => bench.close());

const ask = (method: 'GET' | 'PUT' | 'POST', path: string, cookie: string, payload?: object) =>
  bench.app.inject({
    method,
    url: `/api/v1${path}`,
    headers: { host: HOST, origin: `http://${HOST}`, cookie },
    ...(payload ? { payload } : {}),
  });

async function addCollector(id: string, days: number, revoked = false): Promise<void> {
  await bench.records.as(SYSTEM).create('collector', id, {
    agency: 'one' as never,
    name: `máy ${id}`,
    fingerprint: id,
    notAfter: new Date(Date.now() + days * 86_400_000).toISOString(),
    revoked,
    createdAt: '2026-01-01T00:00:00.000Z',
    lastSeenAt: null,
    status: null,
    counters: [],
  });
}

describe('the health of the server', () => {
  it('tells what works, what waits, how full the disk is, and which certificates end', async () => {
    await addCollector('c001', 20);
    await addCollector('c002', 3);
    await addCollector('c003', -1);
    await addCollector('c004', -1, true);
    const answer = await ask('GET', '/health', chief);
    expect(answer.statusCode, answer.payload).toBe(200);
    expect(answer.json()).toMatchObject({
      version: '0.0.0-test',
      parts: [{ name: 'records', state: 'ok' }],
      queues: { detection: 0, trouble: null, collectors: 0, consoles: 0 },
      disk: { state: 'ok', usedPercent: 50 },
      certificates: [
        { what: 'collector', name: 'máy c003', state: 'over' },
        { what: 'collector', name: 'máy c002', state: 'soon' },
        { what: 'collector', name: 'máy c001', state: 'ok' },
      ],
      backup: null,
      restoredAt: null,
    });
  });

  it('is for who runs or judges the whole', async () => {
    const bound = await bench.signIn({ user: 'bound', role: 'administrator', agencies: ['one'] });
    const auditor = await bench.signIn({ user: 'auditor', role: 'auditor' });
    const analyst = await bench.signIn({ user: 'analyst' });
    const statuses = await Promise.all([bound, auditor, analyst].map((cookie) => ask('GET', '/health', cookie)));
    expect(statuses.map(({ statusCode }) => statusCode)).toEqual([403, 200, 403]);
  });
});

describe('the first steps', () => {
  const state = async (step: string): Promise<string> => {
    const { steps } = (await ask('GET', '/first-run', chief)).json();
    return steps.find((one: { step: string }) => one.step === step)?.state;
  };

  it('are open, are put aside and taken up again, and are kept', async () => {
    expect(await state('tls')).toBe('open');
    expect((await ask('PUT', '/first-run', chief, { step: 'tls', state: 'skipped' })).statusCode).toBe(200);
    expect(await state('tls')).toBe('skipped');
    expect((await ask('PUT', '/first-run', chief, { step: 'tls', state: 'open' })).statusCode).toBe(200);
    expect(await state('tls')).toBe('open');
    expect((await ask('PUT', '/first-run', chief, { step: 'nothing', state: 'open' })).statusCode).toBe(400);
  });

  it('are done by what is there: a name, agencies, collectors', async () => {
    expect(await state('agencies')).toBe('open');
    await bench.addAgency('two');
    expect(await state('agencies')).toBe('done');
    expect(await state('collector')).toBe('done');
    const named = { step: 'province', state: 'done', province: 'Cà Mau' };
    expect((await ask('PUT', '/first-run', chief, named)).json()).toMatchObject({ province: 'Cà Mau' });
    expect(await state('province')).toBe('done');
  });

  it('are finished when nothing is open', async () => {
    for (const step of ['administrator', 'store', 'tls'] as const)
      await ask('PUT', '/first-run', chief, { step, state: step === 'store' ? 'done' : 'skipped' });
    expect((await ask('GET', '/first-run', chief)).json()).toMatchObject({ finished: true });
    const { records } = await bench.records.as(SYSTEM).find('audit', { limit: 1000 });
    expect(records.filter(({ document }) => document.act === 'setup.step').length).toBeGreaterThanOrEqual(6);
  });
});

describe('backups in the console', () => {
  const ID = '20261122T213352123Z-9f3a';

  it('go to the configured place and to no other', async () => {
    expect((await ask('GET', '/backups', chief)).json()).toEqual({
      to: null,
      kept: [],
      problem: null,
      current: null,
      drill: null,
    });
    expect((await ask('POST', '/backups/configured', chief, {})).json()).toMatchObject({
      status: 400,
      code: 'HD_BAD_REQUEST',
    });
    const analyst = await bench.signIn({ user: 'analyst' });
    const bound = await bench.signIn({ user: 'bound', role: 'administrator', agencies: ['one'] });
    for (const cookie of [analyst, bound]) {
      expect((await ask('GET', '/backups', cookie)).statusCode).toBe(403);
      expect((await ask('POST', '/backups/configured', cookie, {})).statusCode).toBe(403);
    }
  });

  it('are listed from that place, newest first', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'haidang-kept-'));
    const jobs = openBackupJobs({
      data: bench.folder,
      program: 'test',
      embedded: true,
      s3: NO_S3_SETTINGS,
      keep: 3,
      to: folder,
      log: pino({ level: 'silent' }),
    });
    try {
      expect(await jobs.kept()).toEqual([]);
      await mkdir(join(folder, 'backups'));
      for (const id of ['20261121T013352123Z-0b1c', ID]) await writeFile(join(folder, 'backups', `${id}.json`), '{}');
      expect(await jobs.kept()).toEqual([
        { id: ID, at: '2026-11-22T21:33:52.123Z' },
        { id: '20261121T013352123Z-0b1c', at: '2026-11-21T01:33:52.123Z' },
      ]);
    } finally {
      await jobs.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('have a restore that was tried on record, the last one', async () => {
    for (const note of ['thiếu một ngày', 'đủ cả'])
      expect((await ask('POST', '/backups/drills', chief, { backup: ID, note })).statusCode).toBe(201);
    expect((await ask('GET', '/backups', chief)).json().drill).toMatchObject({
      backup: ID,
      note: 'đủ cả',
      by: 'chief',
    });
    expect((await ask('POST', '/backups/drills', chief, { backup: '../x', note: 'x' })).statusCode).toBe(400);
  });
});
