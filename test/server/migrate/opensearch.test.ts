import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AgencyId, SYSTEM } from '../../../server/identity.ts';
import { type MoveProgress, type MoveReport, moveStore } from '../../../server/migrate/migrate.ts';
import { openSource, type Source } from '../../../server/migrate/source.ts';
import { openTarget, type Target } from '../../../server/migrate/target.ts';
import { openEmbeddedStore } from '../../../server/store/embedded/open.ts';
import { openOpenSearchStore } from '../../../server/store/opensearch/open.ts';
import { AGENCY_A, AGENCY_B, batchOf, batchOfLines, sshFailure, toLines } from '../store/frames.ts';
import { requireOpenSearch, startOpenSearch, type TestNode } from '../store/opensearch-node.ts';

const CLI = fileURLToPath(new URL('../../../bin/cli.ts', import.meta.url));
const log = { info: () => {}, warn: () => {}, error: () => {} };
const DAYS = ['20261110', '20261111', '20261112'];
const PER_BATCH = 40;
requireOpenSearch();

describe('moving a store to a real OpenSearch', { timeout: 400_000 }, () => {
  let node: TestNode;
  let data = '';
  const prefix = `haidang-move-${process.pid}`;

  beforeAll(async () => {
    node = await startOpenSearch();
  }, 700_000);
  afterAll(() => node?.stop());

  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), 'haidang-move-'));
  });
  afterEach(async () => {
    for (const name of [prefix, 'haidang']) {
      await fetch(`${node.url}/${name}-*`, { method: 'DELETE' });
      await fetch(`${node.url}/_index_template/${name}-events`, { method: 'DELETE' });
    }
    await rm(data, { recursive: true, force: true });
  });

  /** Three days with two agencies, dead letters, records that changed and went, signals and an alert. */
  async function fill(batchesPerDay: number, withRecords = false): Promise<number> {
    let now = 0;
    const { events, records } = await openEmbeddedStore({
      folder: join(data, 'store'),
      log,
      reserveBytes: 0,
      now: () => now,
    });
    let stored = 0;
    for (const day of DAYS) {
      now = Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T09:00:00.000Z`);
      for (let batch = 0; batch < batchesPerDay; batch++) {
        const agency = batch % 2 === 0 ? AGENCY_A : AGENCY_B;
        const collector = batch % 2 === 0 ? 'c1aaaaaa' : 'c2bbbbbb';
        const first = batch * PER_BATCH + 1;
        const lines = toLines(
          Array.from({ length: PER_BATCH }, (_, at) => sshFailure(at)),
          { day, collector, first },
        );
        if (batch === 1) lines[3] = '{"broken"';
        const options = { day, collector, first, agency, receivedAt: new Date(now).toISOString() };
        const result = await events.append(batchOfLines(lines, options));
        // Sent again after an answer that was lost.
        if (batch === 0) await events.append(batchOfLines(lines, options));
        stored += result.stored;
      }
    }
    // A frame of which no line is an event leaves only its dead letters.
    await events.append(
      batchOfLines(['nonsense', 'more'], { day: '20261112', collector: 'c3cccccc', agency: AGENCY_A }),
    );
    if (withRecords) await fillRecords(records);
    await records.commitDetection({ cursor: await events.lastSequence(), signals: [], alerts: [] });
    await Promise.all([events.close(), records.close()]);
    return stored;
  }

  async function fillRecords(records: Awaited<ReturnType<typeof openEmbeddedStore>>['records']): Promise<void> {
    const view = records.as(SYSTEM);
    const contact = { person: 'Lan', phone: '', email: '', address: '' };
    const agency = { name: 'Sở Tài chính', contact, securityLevel: 3, createdAt: '2026-11-01T00:00:00.000Z' };
    const made = await view.create('agency', AGENCY_A, agency);
    await view.replace('agency', AGENCY_A, { ...agency, securityLevel: 4 }, made.version);
    await view.create('agency', 'gone', agency);
    await view.remove('agency', 'gone');
    for (let at = 0; at < 1_200; at++) {
      const act = { at: '2026-11-01T00:00:00.000Z', actor: 'lan', act: 'test', target: String(at), detail: {} };
      await view.create('audit', `act-${at}`, act);
    }
    const signal = (batch: number) => ({
      rule: 'r',
      group: 'g',
      second: 1_794_000_000 + batch,
      batch,
      count: 2,
      events: [`e${batch}`],
    });
    const signals = Array.from({ length: 2_500 }, (_, at) => signal(at));
    await records.commitDetection({ cursor: 0, signals, alerts: [] });
  }

  async function move(change: { onProgress?: (progress: MoveProgress) => void } = {}): Promise<MoveReport> {
    return withBoth((source, target) => moveStore({ source, target, ...change }));
  }

  async function withBoth<Result>(act: (source: Source, target: Target) => Promise<Result>): Promise<Result> {
    const source = await openSource(data, log);
    const target = await openTarget({ cluster: { url: node.url }, store: { prefix } }, log);
    try {
      return await act(source, target);
    } finally {
      await target.close();
      await source.close();
    }
  }

  const search = (agencies: 'all' | readonly AgencyId[]) => ({
    identity: { kind: 'user', name: 'x', role: 'viewer', agencies } as const,
    query: {
      range: { from: '2026-01-01T00:00:00.000Z', to: '2027-01-01T00:00:00.000Z' },
      condition: { kind: 'always' },
      limit: 1_000,
    } as const,
  });

  it('brings every event, dead letter, record and signal over, once', async () => {
    const stored = await fill(3, true);
    const steps = new Set<string>();
    const report = await move({ onProgress: ({ step }) => steps.add(step) });
    expect(report.verification).toMatchObject({
      deadLetters: { expected: 5, found: 5 },
      signals: { expected: 2_500, found: 2_500 },
      ok: true,
    });
    expect(report.verification.days.map(({ day, events, moved }) => [day, events, moved])).toEqual(
      DAYS.map((day) => [day, 3 * PER_BATCH - 1, 3 * PER_BATCH - 1]),
    );
    expect(report).toMatchObject({ ok: true, resumed: false, unreadable: [], events: { stored, duplicates: 0 } });
    expect([...steps]).toEqual(['events', 'dead letters', 'records', 'signals', 'verifying']);

    // Both stores answer alike, also to somebody of one agency.
    const here = await openEmbeddedStore({ folder: join(data, 'store'), log, reserveBytes: 0 });
    const there = await openOpenSearchStore({ url: node.url, prefix, log });
    try {
      for (const agencies of ['all', [AGENCY_B]] as const) {
        const { identity, query } = search(agencies);
        const ids = async (events: typeof here.events) =>
          (await events.as(identity).search(query)).events.map(({ id }) => id).sort();
        expect(await ids(there.events)).toEqual(await ids(here.events));
      }
      const agency = await there.records.as(SYSTEM).get('agency', AGENCY_A);
      expect(agency).toEqual(await here.records.as(SYSTEM).get('agency', AGENCY_A));
      expect(agency?.version).toBe(2);
      expect(await there.records.as(SYSTEM).get('agency', 'gone')).toBeUndefined();
      expect(await there.records.readSignals('r', 'g', 0, 2_000_000_000)).toEqual(
        await here.records.readSignals('r', 'g', 0, 2_000_000_000),
      );
      expect(await there.records.lastChange()).toBeGreaterThanOrEqual(await here.records.lastChange());
      // The rules go on above, and nothing waits for them twice.
      expect(await there.records.detectionCursor()).toBeGreaterThanOrEqual(await there.events.lastSequence());
    } finally {
      for (const one of [here.events, here.records, there.events, there.records]) await one.close();
    }
  });

  it('takes new events afterwards, under numbers that no signal bears', async () => {
    await fill(1);
    await move();
    const now = Date.parse('2026-11-13T09:00:00.000Z');
    const { events, records } = await openOpenSearchStore({ url: node.url, prefix, log, now: () => now });
    try {
      const before = await events.lastSequence();
      const result = await events.append(batchOf([sshFailure(1)], { day: '20261113' }));
      expect(result.appended?.firstSequence).toBe(before + 1);
      expect(before).toBeGreaterThanOrEqual(DAYS.length * PER_BATCH);
    } finally {
      await events.close();
      await records.close();
    }
  });

  it('brings back from their frames rows that the folder had lost, and says so', async () => {
    await fill(1);
    const db = new DatabaseSync(join(data, 'store', 'events', '20261111.db'));
    db.exec('DELETE FROM event WHERE line IN (3, 7)');
    db.close();
    const report = await move();
    expect(report.ok).toBe(true);
    expect(report.verification.days[1]).toMatchObject({
      events: PER_BATCH - 2,
      moved: PER_BATCH,
      lost: 0,
      restored: 2,
    });
  });

  it('names what is not there, and what is too much', async () => {
    await fill(1);
    const report = await withBoth(async (source, target) => {
      const cut: Target = {
        ...target,
        async refresh() {
          await target.refresh();
          const day = `${prefix}-events-20261111`;
          const first = `20261111-c1aaaaaa-0a0b0c0d-5`;
          await fetch(`${node.url}/${day}/_doc/${first}?refresh=true`, { method: 'DELETE' });
          const headers = { 'content-type': 'application/json' };
          const foreign = {
            '@timestamp': 0,
            store: { node: 'other', sequence: 99_999, agency: 'x', collector: 'x', source: 'x' },
          };
          const path = `${prefix}-events-20261112/_doc/20261112-cccccccc-0a0b0c0d-1?refresh=true`;
          const answer = await fetch(`${node.url}/${path}`, { method: 'PUT', headers, body: JSON.stringify(foreign) });
          expect(answer.status).toBe(201);
        },
      };
      return moveStore({ source, target: cut });
    });
    expect(report.ok).toBe(false);
    expect(report.verification.days).toMatchObject([
      { lost: 0, foreign: 0 },
      { lost: 1, lostIds: ['20261111-c1aaaaaa-0a0b0c0d-5'], foreign: 0 },
      { lost: 0, foreign: 1 },
    ]);
  });

  it('is refused where rules still wait, or the cluster holds another store', async () => {
    await fill(1);
    await move();
    await expect(move()).rejects.toThrow(/was moved to the cluster at .* already/);
    await rm(join(data, 'store'), { recursive: true });
    await fill(1);
    await expect(move()).rejects.toThrow(/filled from another store/);
    await fetch(`${node.url}/${prefix}-records/_doc/setting:migration?refresh=true`, { method: 'DELETE' });
    await expect(move()).rejects.toThrow(/holds a store already/);
    const { events, records } = await openEmbeddedStore({
      folder: join(data, 'store'),
      log,
      reserveBytes: 0,
      now: () => Date.parse('2026-11-13T09:00:00.000Z'),
    });
    await events.append(batchOf([sshFailure(1)], { day: '20261113' }));
    await Promise.all([events.close(), records.close()]);
    await expect(move()).rejects.toThrow(/1 events wait for the rules/);
  });

  it('goes on after kill -9 in its middle, with nothing lost or doubled', async () => {
    const stored = await fill(60);
    const command = () =>
      spawn(process.execPath, [CLI, 'migrate', '--to', 'opensearch', '--json'], {
        env: { ...process.env, HAIDANG_DATA: data, OPENSEARCH_URL: node.url },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
    const counted = async () => {
      await fetch(`${node.url}/haidang-events-*/_refresh`, { method: 'POST' });
      const answer = await fetch(`${node.url}/haidang-events-*/_count?allow_no_indices=true`);
      return ((await answer.json()) as { count?: number }).count ?? 0;
    };
    let kills = 0;
    for (const enough of [1, stored / 3, (2 * stored) / 3]) {
      const child = command();
      const ended = new Promise<number | null>((done) => child.once('exit', done));
      let over = false;
      void ended.then(() => {
        over = true;
      });
      while (!over && (await counted()) < enough) await new Promise((done) => setTimeout(done, 20));
      child.kill('SIGKILL');
      if ((await ended) === null) kills++;
    }
    expect(kills).toBeGreaterThanOrEqual(2);
    const child = command();
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    expect(await new Promise((done) => child.once('exit', done))).toBe(0);
    const report = JSON.parse(out) as MoveReport;
    expect(report).toMatchObject({ ok: true, resumed: true });
    expect(report.verification.days.reduce((sum, { moved }) => sum + moved, 0)).toBe(stored);
    expect(await counted()).toBe(stored);
    expect(existsSync(join(data, 'store', 'events', '20261110.db'))).toBe(true);
  });
});
