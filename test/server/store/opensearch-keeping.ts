import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SYSTEM } from '../../../server/identity.ts';
import { Cluster } from '../../../server/store/opensearch/cluster.ts';
import { openOpenSearchStore } from '../../../server/store/opensearch/open.ts';
import { listSnapshots, pruneSnapshots, takeSnapshot } from '../../../server/store/opensearch/snapshots.ts';
import { hotNodes } from '../../../server/store/opensearch/tiers.ts';
import { openUpkeep, type UpkeepSettings } from '../../../server/store/opensearch/upkeep.ts';
import { batchOf, DAY, sshFailure } from './frames.ts';
import type { NodeKind } from './opensearch-install.ts';
import { requireOpenSearch, startOpenSearch, type TestNode } from './opensearch-node.ts';

const log = { info: () => {}, warn: () => {}, error: () => {} };
const NOW = Date.UTC(2026, 10, 20, 9);
const LATER = Date.UTC(2026, 11, 24, 1);
const RANGE = { from: '2026-11-01T00:00:00.000Z', to: '2026-12-31T00:00:00.000Z' };
const go = async () => {};
const always = { kind: 'always' } as const;

/** Snapshots, their restore, and what becomes of old days, on a real node of some kind. */
export function keepingCases(name: string, kind: NodeKind): void {
  // Snapshots go to a folder that the node must know of: it is one of our own.
  delete process.env['OPENSEARCH_URL'];
  requireOpenSearch(kind);
  describe(`the keeping of ${name}`, { timeout: 300_000 }, () => {
    let node: TestNode;
    let number = 0;
    beforeAll(async () => {
      node = await startOpenSearch(kind);
    }, 700_000);
    afterAll(() => node?.stop());

    const open = (prefix: string, settings = {}) =>
      openOpenSearchStore({
        ...node.address,
        prefix,
        now: () => NOW,
        log,
        events: { shards: 1, replicas: 0, settings },
      });
    const upkeep = (prefix: string, settings: Partial<UpkeepSettings>, now = LATER) =>
      openUpkeep({
        address: node.address,
        prefix,
        settings: { at: '01:30', tiers: { afterDays: 10, attribute: undefined }, snapshots: undefined, ...settings },
        log: log as never,
        now: () => now,
      });
    const snapshots = () => ({ folder: node.folder, keep: 2 });
    const newPrefix = () => `haidang-keep-${process.pid}-${++number}`;

    it('brings back from a snapshot what was lost: the same events, batches and records', async () => {
      const prefix = newPrefix();
      const before = await open(prefix);
      for (const first of [1, 21, 41]) {
        const failures = Array.from({ length: 20 }, (_, at) => sshFailure(first + at));
        await before.events.append(batchOf(failures, { first }));
      }
      await before.records.as(SYSTEM).create('setting', 'a', { value: 7 });
      const held = { ...(await contents(before)) };
      expect(held).toMatchObject({ events: 60, stored: 60, missing: 0, setting: 7 });
      const keeping = upkeep(prefix, { snapshots: snapshots() });
      const { snapshot } = await keeping.run(go);
      await keeping.close();
      expect(snapshot).toMatchObject({ name: 'nightly-20261224', state: 'SUCCESS', failures: [] });
      await Promise.all([before.events.close(), before.records.close()]);

      for (const index of ['events-*', 'batches', 'records', 'signals', 'counters', 'matches', 'dead-letters'])
        await node.ask('DELETE', `/${prefix}-${index}`);
      expect((await node.ask('GET', `/${prefix}-records`)).status).toBe(404);
      const restored = await node.ask(
        'POST',
        `/_snapshot/${prefix}/nightly-20261224/_restore?wait_for_completion=true`,
        {
          indices: `${prefix}-*`,
          include_global_state: false,
        },
      );
      expect(restored.status).toBe(200);
      const after = await open(prefix);
      expect(await contents(after)).toEqual(held);
      // And it goes on: what a collector sends again is known, what is new is stored.
      const again = await after.events.append(
        batchOf(
          Array.from({ length: 20 }, (_, at) => sshFailure(41 + at)),
          { first: 41 },
        ),
      );
      expect(again).toMatchObject({ stored: 0, duplicates: 20 });
      expect(await after.events.append(batchOf([sshFailure(90)], { first: 90 }))).toMatchObject({ stored: 1 });
      await Promise.all([after.events.close(), after.records.close()]);
    });

    async function contents({ events, records }: Awaited<ReturnType<typeof open>>) {
      const { count } = await events.as(SYSTEM).count({ range: RANGE, condition: always });
      const [ledger] = await events.recount(0, { full: true });
      const setting = await records.as(SYSTEM).get('setting', 'a');
      return {
        events: count,
        stored: ledger?.stored,
        missing: ledger?.missingTotal,
        last: await events.lastSequence(),
        setting: setting?.document.value,
      };
    }

    it('takes one snapshot a night, and lets the oldest go but never the last whole one', async () => {
      const prefix = newPrefix();
      const store = await open(prefix);
      const names = async () => (await listSnapshots({ cluster, prefix })).map(({ name }) => name);
      const cluster = new Cluster(node.address, log);
      const day = 86_400_000;
      for (const night of [0, 1, 1, 2]) {
        const keeping = upkeep(prefix, { snapshots: snapshots() }, NOW + night * day);
        await keeping.run(go);
        await keeping.close();
      }
      expect(await names()).toEqual(['nightly-20261121', 'nightly-20261122']);
      // What a person took is nobody's to delete.
      await takeSnapshot({ cluster, prefix }, 'before-the-move');
      expect(await pruneSnapshots({ cluster, prefix }, 1)).toEqual(['nightly-20261121']);
      expect(await pruneSnapshots({ cluster, prefix }, 0)).toEqual([]);
      expect(await names()).toEqual(['nightly-20261122', 'before-the-move']);
      await cluster.close();
      await Promise.all([store.events.close(), store.records.close()]);
    });

    it('says what to do where the folder is not one of the cluster', async () => {
      const keeping = upkeep(newPrefix(), { snapshots: { folder: '/nowhere/else', keep: 2 } });
      await expect(keeping.run(go)).rejects.toThrow(/\/nowhere\/else.*path\.repo/s);
      await keeping.close();
    });

    it('merges a day that takes no events any more, moves it, and still lets what is late be written and deleted', async () => {
      const prefix = newPrefix();
      const store = await open(prefix, hotNodes('temp'));
      const index = `${prefix}-events-${DAY}`;
      const attribute = async () => {
        const { body } = await node.ask('GET', `/${index}/_settings?flat_settings=true`);
        const [one] = Object.values(body) as { settings: Record<string, string> }[];
        return one?.settings['index.routing.allocation.require.temp'];
      };
      const segments = async () => {
        const { body } = await node.ask('GET', `/${index}/_stats/segments`);
        return (body as { _all: { total: { segments: { count: number } } } })._all.total.segments.count;
      };
      for (const first of [1, 21, 41]) {
        await store.events.append(batchOf([sshFailure(first)], { first }));
        await node.ask('POST', `/${index}/_refresh`);
      }
      expect(await attribute()).toBe('hot');
      expect(await segments()).toBeGreaterThan(1);
      const tiers = { afterDays: 10, attribute: 'temp' };
      const early = upkeep(prefix, { tiers }, Date.UTC(2026, 10, 30, 23));
      expect((await early.run(go)).settled).toEqual([]);
      await early.close();
      const due = upkeep(prefix, { tiers }, Date.UTC(2026, 11, 1, 1));
      await expect(due.run(() => Promise.reject(new Error('Another server is at it.')))).rejects.toThrow('Another');
      expect(await attribute()).toBe('hot');
      expect((await due.run(go)).settled).toEqual([DAY]);
      expect([await attribute(), await segments()]).toEqual(['warm', 1]);
      expect((await due.run(go)).settled).toEqual([]);
      await due.close();
      expect(await store.events.append(batchOf([sshFailure(61)], { first: 61 }))).toMatchObject({ stored: 1 });
      await store.events.deleteDay(DAY);
      expect(await store.events.days()).toEqual([]);
      await Promise.all([store.events.close(), store.records.close()]);
    });
  });
}
