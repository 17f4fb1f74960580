import { describe, expect, it } from 'vitest';
import type { AlertDetected, AlertRecord } from '../../../server/alerts/record.ts';
import { type AgencyId, type Identity, SYSTEM } from '../../../server/identity.ts';
import type { RecordPage, Signal } from '../../../server/store/record-store.ts';
import type { Bench } from './conformance.ts';
import { AGENCY_A, AGENCY_B } from './frames.ts';

function detected(agency: AgencyId, count: number, last = '2026-11-20T08:00:00.000Z'): AlertDetected {
  return {
    agency,
    rule: 'ssh-brute-force',
    ruleTitle: 'SSH password guessing',
    severity: 'high',
    severityRank: 4,
    group: { 'host.name': 'cong-dvc' },
    groupKey: `key-${agency}`,
    count,
    first: '2026-11-20T07:00:00.000Z',
    last,
    createdAt: '2026-11-20T08:00:01.000Z',
    updatedAt: '2026-11-20T08:00:01.000Z',
    entities: { 'source.ip': { values: ['203.0.113.7'], total: 1 } },
    events: ['20261120-c1aaaaaa-0a0b0c0d-1-000000000000'],
    tags: ['attack.t1110'],
  };
}

function signal(second: number, batch: number, count: number): Signal {
  return { rule: 'ssh-brute-force', group: 'g1', second, batch, count, events: [`event-${second}-${batch}`] };
}

/** Records: compare-and-set, filters, scope, changes, detection. */
export function recordCases(bench: Bench): void {
  const all = () => bench.store.records.as(SYSTEM);
  const contact = { person: '', phone: '', email: '', address: '' };
  const agency = (name: string) => ({ name, contact, securityLevel: 2, createdAt: '2026-01-01T00:00:00.000Z' });

  describe('records', () => {
    it('creates once, replaces by version, and says what stood in the way', async () => {
      const made = await all().create('agency', 'a', agency('Sở A'));
      expect(made).toMatchObject({ id: 'a', version: 1, document: { name: 'Sở A' } });
      await expect(all().create('agency', 'a', agency('B'))).rejects.toMatchObject({ code: 'HD_RECORD_EXISTS' });
      const changed = await all().replace('agency', 'a', agency('Sở B'), 1);
      expect(changed).toMatchObject({ version: 2, document: { name: 'Sở B' } });
      expect(changed.change).toBeGreaterThan(made.change);
      await expect(all().replace('agency', 'a', agency('C'), 1)).rejects.toMatchObject({ code: 'HD_RECORD_CONFLICT' });
      await expect(all().replace('agency', 'x', agency('C'), 1)).rejects.toMatchObject({ code: 'HD_RECORD_ABSENT' });
      await all().remove('agency', 'a');
      expect(await all().get('agency', 'a')).toBeUndefined();
    });

    it('lets one of two writers at the same version through', async () => {
      await all().create('agency', 'a', agency('A'));
      const results = await Promise.allSettled(['B', 'C'].map((name) => all().replace('agency', 'a', agency(name), 1)));
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    });

    it('replaces many or none', async () => {
      for (const id of ['a', 'b']) await all().create('agency', id, agency(id));
      const before = await bench.store.records.lastChange();
      const changes = [
        { id: 'a', document: agency('A2'), ifVersion: 1 },
        { id: 'b', document: agency('B2'), ifVersion: 7 },
      ];
      await expect(all().replaceMany('agency', changes)).rejects.toMatchObject({ code: 'HD_RECORD_CONFLICT' });
      expect((await all().get('agency', 'a'))?.document.name).toBe('a');
      expect(await bench.store.records.lastChange()).toBe(before);
      const done = await all().replaceMany(
        'agency',
        changes.map((change) => ({ ...change, ifVersion: 1 })),
      );
      expect(done.map(({ version, document }) => [version, document.name])).toEqual([
        [2, 'A2'],
        [2, 'B2'],
      ]);
    });

    it('filters, sorts and pages, without showing a record twice', async () => {
      const alerts = Array.from({ length: 23 }, (_, at) => ({
        id: `alert-${at}`,
        detected: detected(AGENCY_A, at, `2026-11-20T08:00:0${at % 3}.000Z`),
      }));
      await bench.store.records.commitDetection({ cursor: 1, signals: [], alerts });
      for (const field of ['last', 'owner']) {
        for (const descending of [true, false]) {
          const seen: string[] = [];
          const orders: (string | null)[] = [];
          let next: string | null = null;
          do {
            const page: RecordPage<AlertRecord> = await all().find('alert', {
              where: { status: ['new'] },
              orderBy: { field, descending },
              limit: 5,
              ...(next === null ? {} : { after: next }),
            });
            seen.push(...page.records.map(({ id }) => id));
            orders.push(...page.records.map(({ document }) => (field === 'last' ? document.last : document.owner)));
            next = page.next;
          } while (next !== null);
          expect(new Set(seen).size).toBe(23);
          const sorted = [...orders].sort();
          expect(orders).toEqual(descending ? sorted.reverse() : sorted);
        }
      }
      expect(await all().count('alert', { where: { status: ['new', 'closed'] } })).toBe(23);
      expect(await all().count('alert', { where: { status: ['closed'] } })).toBe(0);
      await expect(all().find('alert', { where: { nosuch: ['x'] } })).rejects.toMatchObject({ code: 'HD_BAD_REQUEST' });
    });

    it('tells what changed since, oldest first, each record once', async () => {
      for (const id of ['a', 'b', 'c']) await all().create('agency', id, agency(id));
      const since = await bench.store.records.lastChange();
      await all().replace('agency', 'b', agency('b2'), 1);
      await all().replace('agency', 'a', agency('a2'), 1);
      await all().replace('agency', 'b', agency('b3'), 2);
      const changes = await all().changesSince('agency', since, 10);
      expect(changes.map(({ id, version }) => [id, version])).toEqual([
        ['a', 2],
        ['b', 3],
      ]);
      expect(await all().changesSince('agency', since, 1)).toHaveLength(1);
      expect(changes.at(-1)?.change).toBe(await bench.store.records.lastChange());
    });

    it('keeps records, versions and change numbers over a restart', async () => {
      await all().create('setting', 'x', { value: { deep: [1, 'hai', null] } });
      const change = await bench.store.records.lastChange();
      await bench.restart();
      expect(await all().get('setting', 'x')).toMatchObject({
        version: 1,
        change,
        document: { value: { deep: [1, 'hai', null] } },
      });
      expect((await all().create('setting', 'y', { value: 1 })).change).toBe(change + 1);
    });
  });

  describe('agency scope of records', () => {
    const only = (agency: AgencyId): Identity => ({ kind: 'user', name: 'v', role: 'analyst', agencies: [agency] });

    it('shows and changes only records of the own agencies', async () => {
      const alerts = [AGENCY_A, AGENCY_B].map((agency) => ({ id: `of-${agency}`, detected: detected(agency, 1) }));
      await bench.store.records.commitDetection({ cursor: 1, signals: [], alerts });
      const view = bench.store.records.as(only(AGENCY_A));
      const other = `of-${AGENCY_B}`;
      expect(await view.get('alert', other)).toBeUndefined();
      expect((await view.find('alert')).records.map(({ id }) => id)).toEqual([`of-${AGENCY_A}`]);
      expect((await view.find('alert', { where: { agency: [AGENCY_B] } })).records).toEqual([]);
      expect(await view.count('alert')).toBe(1);
      expect(await view.changesSince('alert', 0, 10)).toHaveLength(1);
      const theirs = (await all().get('alert', other))?.document as AlertRecord;
      await expect(view.replace('alert', other, theirs, 1)).rejects.toMatchObject({ code: 'HD_RECORD_ABSENT' });
      await expect(view.create('alert', 'new', theirs)).rejects.toMatchObject({ code: 'HD_FORBIDDEN' });
      const own = (await view.get('alert', `of-${AGENCY_A}`))?.document as AlertRecord;
      const moved = view.replace('alert', `of-${AGENCY_A}`, { ...own, agency: AGENCY_B }, 1);
      await expect(moved).rejects.toMatchObject({ code: 'HD_FORBIDDEN' });
      await view.remove('alert', other);
      expect(await all().get('alert', other)).toBeDefined();
    });

    it('hides kinds without an agency from those who do not see all', async () => {
      await all().create('setting', 'x', { value: 1 });
      const view = bench.store.records.as(only(AGENCY_A));
      expect(await view.get('setting', 'x')).toBeUndefined();
      expect((await view.find('setting')).records).toEqual([]);
      expect(await view.count('setting')).toBe(0);
      await expect(view.create('setting', 'y', { value: 1 })).rejects.toMatchObject({ code: 'HD_FORBIDDEN' });
    });
  });

  describe('detection', () => {
    it('writes signals, alerts and cursor together; running it again changes nothing', async () => {
      const { records } = bench.store;
      const commit = {
        cursor: 40,
        signals: [signal(100, 1, 3), signal(101, 1, 2), signal(100, 21, 1)],
        alerts: [{ id: 'a1', detected: detected(AGENCY_A, 6) }],
      };
      expect(await records.commitDetection(commit)).toEqual({ changed: ['a1'] });
      const before = { change: await records.lastChange(), alert: await all().get('alert', 'a1') };
      expect(before.alert?.document).toMatchObject({ status: 'new', verdict: null, owner: null, count: 6 });
      expect(before.alert?.document.timeline).toMatchObject([{ act: 'created' }]);
      const later = {
        ...commit.alerts[0],
        detected: { ...detected(AGENCY_A, 6), updatedAt: '2026-11-20T09:00:00.000Z' },
      };
      expect(await records.commitDetection({ ...commit, alerts: [{ id: 'a1', detected: later.detected }] })).toEqual({
        changed: [],
      });
      expect({ change: await records.lastChange(), alert: await all().get('alert', 'a1') }).toEqual(before);
      expect(await records.detectionCursor()).toBe(40);
      await bench.restart();
      expect(await bench.store.records.detectionCursor()).toBe(40);
      const signals = await bench.store.records.readSignals('ssh-brute-force', 'g1', 100, 100);
      expect(signals).toEqual([signal(100, 1, 3), signal(100, 21, 1)]);
      expect(await bench.store.records.readSignals('ssh-brute-force', 'other', 0, 1_000)).toEqual([]);
    });

    it('overwrites a replayed signal and never moves the cursor back', async () => {
      const { records } = bench.store;
      await records.commitDetection({ cursor: 40, signals: [signal(100, 1, 3)], alerts: [] });
      const rows = { rows: { r1: 2, r2: 5 } };
      await records.commitDetection({ cursor: 20, signals: [{ ...signal(100, 1, 7), ...rows }], alerts: [] });
      expect(await records.readSignals('ssh-brute-force', 'g1', 0, 1_000)).toEqual([{ ...signal(100, 1, 7), ...rows }]);
      expect(await records.detectionCursor()).toBe(40);
    });

    it('removes old signals and nothing else, and what is written again after that changes no alert', async () => {
      const { records } = bench.store;
      const commit = {
        cursor: 40,
        signals: [signal(100, 1, 3), signal(101, 1, 2), signal(200, 21, 1)],
        alerts: [{ id: 'a1', detected: detected(AGENCY_A, 6) }],
      };
      await records.commitDetection(commit);
      const upTo = await records.signalPosition();
      expect(await records.pruneSignals(upTo, 101)).toBe(1);
      expect(await records.readSignals('ssh-brute-force', 'g1', 0, 1_000)).toEqual([
        signal(101, 1, 2),
        signal(200, 21, 1),
      ]);
      expect(await records.pruneSignals(upTo, 101)).toBe(0);
      const change = await records.lastChange();
      expect(await records.commitDetection(commit)).toEqual({ changed: [] });
      expect(await records.lastChange()).toBe(change);
    });

    it('keeps what people set when the engine updates an alert', async () => {
      const { records } = bench.store;
      await records.commitDetection({
        cursor: 1,
        signals: [],
        alerts: [{ id: 'a1', detected: detected(AGENCY_A, 6) }],
      });
      const fresh = await all().get('alert', 'a1');
      const closing = { at: '2026-11-20T08:30:00.000Z', by: 'lan', act: 'status' as const, from: 'new', to: 'closed' };
      const document: AlertRecord = {
        ...(fresh?.document as AlertRecord),
        status: 'closed',
        verdict: 'benign',
        owner: 'lan',
        countAtClose: 6,
        timeline: [...(fresh?.document.timeline ?? []), closing],
      };
      await all().replace('alert', 'a1', document, fresh?.version ?? 0);
      await records.commitDetection({
        cursor: 2,
        signals: [],
        alerts: [{ id: 'a1', detected: detected(AGENCY_A, 9) }],
      });
      const after = await all().get('alert', 'a1');
      expect(after).toMatchObject({ version: 3, document: { ...document, count: 9 } });
    });

    it('merges alerts that turned out to be one, with what people did; running it again changes nothing', async () => {
      const { records } = bench.store;
      const alerts = ['early', 'late', 'other'].map((id) => ({ id, detected: detected(AGENCY_A, 2) }));
      await records.commitDetection({ cursor: 1, signals: [], alerts });
      const late = await all().get('alert', 'late');
      const act = { at: '2026-11-20T08:30:00.000Z', by: 'lan', act: 'note' as const, note: 'Đang xem' };
      const document = late?.document as AlertRecord;
      const worked: AlertRecord = {
        ...document,
        status: 'in_progress',
        owner: 'lan',
        timeline: [...document.timeline, act],
      };
      await all().replace('alert', 'late', worked, 1);
      const merging = {
        cursor: 2,
        signals: [],
        alerts: [{ id: 'early', detected: detected(AGENCY_A, 5), merges: ['late', 'not-there'] }],
      };
      expect([...(await records.commitDetection(merging)).changed].sort()).toEqual(['early', 'late']);
      expect((await all().get('alert', 'early'))?.document).toMatchObject({
        count: 5,
        status: 'in_progress',
        owner: 'lan',
        timeline: [
          { act: 'created' },
          act,
          { by: 'engine', act: 'merged', from: 'late' },
          { by: 'engine', act: 'status', from: 'new', to: 'in_progress' },
        ],
      });
      expect((await all().get('alert', 'late'))?.document).toMatchObject({
        count: 2,
        status: 'merged',
        mergedInto: 'early',
        owner: 'lan',
        timeline: [...worked.timeline, { by: 'engine', act: 'merged', to: 'early' }],
      });
      const change = await records.lastChange();
      expect(await records.commitDetection(merging)).toEqual({ changed: [] });
      expect(await records.lastChange()).toBe(change);
      expect(await all().count('alert', { where: { status: ['new', 'in_progress', 'closed'] } })).toBe(2);
    });
  });
}
