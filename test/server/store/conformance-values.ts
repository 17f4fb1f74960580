import { beforeEach, describe, expect, it } from 'vitest';
import { parseKql } from '../../../rules/query/kql.ts';
import { foldCase } from '../../../rules/query/string-test.ts';
import { type AgencyId, type Identity, SYSTEM } from '../../../server/identity.ts';
import type { TopQuery, TopValues } from '../../../server/store/event-store.ts';
import type { Bench } from './conformance.ts';
import { AGENCY_A, AGENCY_B, batchOf, type Parsed, sshFailure } from './frames.ts';

const RANGE = { from: '2026-11-20T00:00:00.000Z', to: '2026-11-21T00:00:00.000Z' };

/** Ten events whose fields are held in every way a store knows: in rows, in words, in documents alone. */
function samples(): Parsed[] {
  const users = ['root', 'Root', 'admin', 'root', 'lan', 'LAN', 'nguyễn văn a', 'root'];
  const events = users.map((user, at): Parsed => {
    const failure = sshFailure(at, `203.0.113.${at % 3}`, user);
    return {
      ...failure,
      event: {
        ...failure.event,
        action: at < 6 ? 'ssh_login' : 'sudo_command',
        category: ['authentication', 'session'],
      },
      http: { response: { status_code: at % 2 === 0 ? 200 : 404 } },
      url: { path: at < 5 ? '/a' : `/b/${at}` },
      labels: { tag: at % 4 === 0 ? ['one', 'two', 'One'] : 'three' },
      ours: { level: at },
    };
  });
  const bare = (at: number, more: Parsed): Parsed => ({
    ...more,
    '@timestamp': new Date(Date.UTC(2026, 10, 20, 8, 0, at)).toISOString(),
    event: { original: `bare ${at}`, ...more.event },
  });
  return [
    ...events,
    bare(8, { '@timestamp': '', user: { name: null }, event: { category: [] } }),
    bare(9, { '@timestamp': '', user: { name: ['x'.repeat(2_000), 'root'] }, 'event.action': 'ssh_login' }),
  ];
}

/** Top values, stacked histogram, list of fields: the same from every store. */
export function valueCases(bench: Bench): void {
  const view = () => bench.store.events.as(SYSTEM);
  const top = (field: string, query: Partial<TopQuery> & { readonly kql?: string } = {}): Promise<TopValues> => {
    const { kql = '', ...rest } = query;
    return view().topValues({ range: RANGE, condition: parseKql(kql), field, limit: 10, ...rest });
  };
  const folded = ({ values }: TopValues) => values.map(({ value, count }) => [foldCase(value), count]);

  describe('values of fields', () => {
    beforeEach(async () => {
      const events = samples();
      await bench.store.events.append(batchOf(events.slice(0, 4)));
      await bench.store.events.append(batchOf(events.slice(4), { day: '20261119' }));
    });

    it('counts the values of a field, whatever their case and wherever it is held', async () => {
      const users = await top('user.name');
      expect(folded(users)).toEqual([
        ['root', 5],
        ['lan', 2],
        ['admin', 1],
        ['nguyễn văn a', 1],
      ]);
      expect(users).toMatchObject({ other: 1, absent: 1, looked: 10, complete: true });
      expect(['lan', 'LAN']).toContain(users.values[1]?.value);
      expect(folded(await top('event.action'))).toEqual([
        ['ssh_login', 7],
        ['sudo_command', 2],
      ]);
      expect(folded(await top('url.path'))).toEqual([
        ['/a', 5],
        ['/b/5', 1],
        ['/b/6', 1],
        ['/b/7', 1],
      ]);
      expect(await top('url.path')).toMatchObject({ absent: 2, other: 0, looked: 10, complete: true });
      expect(folded(await top('ours.level', { limit: 2 }))).toEqual([
        ['0', 1],
        ['1', 1],
      ]);
    });

    it('counts numbers and each of several values once an event', async () => {
      expect(folded(await top('http.response.status_code'))).toEqual([
        ['200', 4],
        ['404', 4],
      ]);
      expect(folded(await top('event.category'))).toEqual([
        ['authentication', 8],
        ['session', 8],
      ]);
      expect(folded(await top('labels.tag'))).toEqual([
        ['three', 6],
        ['one', 2],
        ['two', 2],
      ]);
    });

    it('puts what is not listed with the others', async () => {
      const users = await top('user.name', { limit: 1 });
      expect(users).toMatchObject({ values: [{ count: 5 }], other: 5, absent: 1 });
      expect(await top('http.response.status_code', { limit: 1 })).toMatchObject({ other: 4, absent: 2 });
    });

    it('keeps to the condition, exact or to be decided by documents, and to the range', async () => {
      for (const kql of ['source.ip: 203.0.113.0', 'message: *203.0.113.0*']) {
        expect([kql, folded(await top('user.name', { kql }))]).toEqual([
          kql,
          [
            ['root', 2],
            ['nguyễn văn a', 1],
          ],
        ]);
      }
      const range = { from: '2026-11-20T08:00:02.000Z', to: '2026-11-20T08:00:05.000Z' };
      expect(folded(await top('user.name', { range }))).toEqual([
        ['admin', 1],
        ['lan', 1],
        ['root', 1],
      ]);
      expect(await top('user.name', { range: { from: RANGE.to, to: RANGE.from } })).toMatchObject({
        values: [],
        looked: 0,
      });
      expect(await top('no.such.field')).toMatchObject({ values: [], absent: 10, looked: 10, complete: true });
    });

    it('counts what was stored since it was last asked, and that only once', async () => {
      const roots = async () => (await top('user.name', { kql: 'event.outcome: failure' })).values[0];
      expect(await roots()).toMatchObject({ count: 4 });
      for (let round = 0; round < 3; round++) {
        await bench.store.events.append(batchOf([sshFailure(20 + round)], { first: 50 + round }));
        expect(await roots()).toMatchObject({ count: 5 + round });
        expect(await roots()).toMatchObject({ count: 5 + round });
      }
      await bench.restart();
      expect(await roots()).toMatchObject({ count: 7 });
    });

    it('gives the values that begin as asked for, whatever the case', async () => {
      expect(folded(await top('user.name', { prefix: 'R' }))).toEqual([['root', 5]]);
      expect(folded(await top('user.name', { prefix: 'nguyễn V' }))).toEqual([['nguyễn văn a', 1]]);
      expect(await top('user.name', { prefix: 'la', limit: 1 })).toMatchObject({ values: [{ count: 2 }], other: 0 });
      expect(folded(await top('url.path', { prefix: '/b/' }))).toHaveLength(3);
      expect(folded(await top('http.response.status_code', { prefix: '4' }))).toEqual([['404', 4]]);
      expect(folded(await top('user.name', { prefix: '.*' }))).toEqual([]);
    });

    it('says so where it has read a sample only, the newest first', async () => {
      const sampled = await top('ours.level', { sample: 4 });
      expect(sampled).toMatchObject({ looked: 4, complete: false, absent: 2 });
      expect(folded(sampled)).toEqual([
        ['6', 1],
        ['7', 1],
      ]);
    });

    it('refuses a field name that stands for several', async () => {
      for (const field of ['user.*', '*', ''])
        await expect(top(field)).rejects.toMatchObject({ code: 'HD_BAD_REQUEST' });
    });

    it('divides the histogram by the most frequent values', async () => {
      const range = { from: '2026-11-20T08:00:00.000Z', to: '2026-11-20T08:00:12.000Z' };
      for (const kql of ['', 'not message: *zzz*']) {
        const stacked = await view().stackedHistogram({
          range,
          condition: parseKql(kql),
          intervalSeconds: 4,
          field: 'user.name',
          limit: 2,
        });
        expect(stacked.values.map(foldCase)).toEqual(['root', 'lan']);
        expect(stacked).toMatchObject({ total: 10, complete: true });
        expect(stacked.buckets).toEqual([
          { start: '2026-11-20T08:00:00.000Z', count: 4, counts: [3, 0], other: 1, absent: 0 },
          { start: '2026-11-20T08:00:04.000Z', count: 4, counts: [1, 2], other: 1, absent: 0 },
          { start: '2026-11-20T08:00:08.000Z', count: 2, counts: [1, 0], other: 1, absent: 1 },
        ]);
      }
      const codes = {
        range,
        condition: parseKql(''),
        intervalSeconds: 6,
        field: 'http.response.status_code',
        limit: 1,
      };
      const byCode = await view().stackedHistogram(codes);
      expect(byCode.buckets.map(({ count, counts, other, absent }) => [count, ...counts, other, absent])).toEqual([
        [6, 3, 3, 0],
        [4, 1, 1, 2],
      ]);
    });

    it('lists the fields of the newest events with how many have them', async () => {
      const all = await view().fields({ range: RANGE, condition: parseKql(''), sample: 100 });
      expect(all).toMatchObject({ looked: 10, complete: true });
      const counts = new Map(all.fields.map(({ name, events }) => [name, events]));
      expect(counts.get('@timestamp')).toBe(10);
      expect(counts.get('organization.id')).toBe(10);
      expect(counts.get('url.path')).toBe(8);
      expect(counts.get('user.name')).toBe(9);
      expect(counts.get('event.category')).toBe(8);
      expect(counts.get('event.action')).toBe(9);
      expect(counts.has('labels')).toBe(false);
      const few = await view().fields({ range: RANGE, condition: parseKql('url.path: *'), sample: 3 });
      expect(few).toMatchObject({ looked: 3, complete: false });
      expect(few.fields.find(({ name }) => name === 'ours.level')?.events).toBe(3);
    });

    it('stops when the caller does', async () => {
      for (const kql of ['', 'message: *a*']) {
        const stop = new AbortController();
        const query = { range: RANGE, condition: parseKql(kql), field: 'user.name', limit: 10 };
        const asked = view().topValues(query, stop.signal);
        stop.abort();
        await expect(asked).rejects.toThrow();
      }
    });
  });

  describe('agency scope of values', () => {
    const viewer = (...agencies: AgencyId[]): Identity => ({ kind: 'user', name: 'viewer', role: 'viewer', agencies });

    it('tells of each agency its own values and nothing else', async () => {
      const { events } = bench.store;
      await events.append(
        batchOf([sshFailure(1, '203.0.113.1', 'cua-mot')], { collector: 'c1aaaaaa', agency: AGENCY_A }),
      );
      const secret = {
        ...sshFailure(2, '203.0.113.2', 'cua-hai'),
        labels: { 'cua-hai': 'x' },
        url: { path: '/cua-hai' },
      };
      await events.append(batchOf([secret, secret], { collector: 'c2bbbbbb', agency: AGENCY_B }));
      for (const kql of ['', 'message: *pass*', 'organization.id: *']) {
        const condition = parseKql(kql);
        const query = { range: RANGE, condition, limit: 10 };
        const one = events.as(viewer(AGENCY_A));
        for (const field of ['user.name', 'organization.id', 'url.path', 'labels.cua-hai', 'event.outcome']) {
          const found = await one.topValues({ ...query, field });
          expect([kql, field, found.looked]).toEqual([kql, field, 1]);
          expect(JSON.stringify(found)).not.toMatch(/cua-hai|so-y-te/);
          const stacked = await one.stackedHistogram({ ...query, field, intervalSeconds: 3_600 });
          expect(stacked.total).toBe(1);
          expect(JSON.stringify(stacked)).not.toMatch(/cua-hai|so-y-te/);
        }
        const names = await one.fields({ ...query, sample: 10 });
        expect(names.looked).toBe(1);
        expect(JSON.stringify(names)).not.toContain('cua-hai');
        expect((await events.as(viewer()).topValues({ ...query, field: 'user.name' })).looked).toBe(0);
        expect((await events.as(viewer()).fields({ ...query, sample: 10 })).fields).toEqual([]);
        expect((await view().topValues({ ...query, field: 'user.name' })).looked).toBe(3);
      }
    });
  });
}
