import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SYSTEM } from '../../../server/identity.ts';
import { type DutyOptions, startDuty } from '../../../server/leases/duty.ts';
import { Leases } from '../../../server/leases/leases.ts';
import { FORWARDER_LEASE } from '../../../server/sharing/sharing.ts';
import { silentLog } from '../rules/silent-log.ts';
import { keepStoresIn } from '../store/any-store.ts';
import { requireOpenSearch, startOpenSearch, type TestNode } from '../store/opensearch-node.ts';
import { startStandIn } from './stand-in.ts';
import { openWorld, taxiiRecipient, untilSo, type World } from './world.ts';

requireOpenSearch();

/** Sharing over a real node: what was built on the embedded store first, and two servers with one outbox. */
describe('on OpenSearch', { timeout: 600_000 }, async () => {
  const prefix = `haidang-sharing-${process.pid}`;
  let node: TestNode;
  beforeAll(async () => {
    node = await startOpenSearch();
    keepStoresIn({ address: node.address, prefix });
  }, 700_000);
  afterAll(async () => {
    keepStoresIn(undefined);
    if (!node) return;
    await node.ask('DELETE', `/${prefix}-*`);
    await node.ask('DELETE', `/_index_template/${prefix}-*`);
    await node.stop();
  });

  describe('approval', () => import('./approval.test.ts').then(() => undefined));
  describe('duties', () => import('./duties.test.ts').then(() => undefined));
  describe('the outbox', () => import('./outbox.test.ts').then(() => undefined));

  it('two servers have one outbox: one sends, the other takes over, nothing is there twice or out of order', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'haidang-two-outboxes-'));
    const standIn = await startStandIn();
    const worlds: World[] = [];
    const duties: ReturnType<typeof startDuty>[] = [];
    try {
      // Both under the same name in the cluster, and with the same key of secrets, as two servers have them.
      const settings = { recipients: [taxiiRecipient(standIn.root)] };
      const first = join(folder, 'a', 'two');
      worlds.push(await openWorld(first, settings));
      await cp(join(first, 'authority'), join(folder, 'b', 'two', 'authority'), { recursive: true });
      worlds.push(await openWorld(join(folder, 'b', 'two'), settings));
      const [a, b] = worlds as [World, World];
      const working = { a: 0, b: 0, most: 0 };
      const serve = (name: 'a' | 'b', world: World) => {
        const leases = new Leases({ records: world.records, holder: name, silence: 20_000 });
        const work: DutyOptions['work'] = async (lease, end) => {
          working[name] += 1;
          working.most = Math.max(working.most, working.a + working.b);
          try {
            await world.sharing.forwarder.work(lease, end);
          } finally {
            working[name] -= 1;
          }
        };
        duties.push(startDuty({ leases, name: FORWARDER_LEASE, work, log: silentLog, everyMs: 100 }));
      };
      serve('a', a);
      await untilSo('the first server has the outbox', async () => (working.a === 1 ? true : undefined));
      serve('b', b);

      const ids: string[] = [];
      for (let at = 0; at < 6; at += 1) ids.push(await (at % 2 === 0 ? a : b).incident(`Sự cố ${at}`));
      // What is approved at one server leaves by whichever has the lease.
      for (const id of ids) await b.share(id);
      for (const id of ids) await b.share(id, `${id}, sửa`);
      // It stops in the middle, as for an update: the other one goes on.
      await duties[0]?.stop();
      for (const id of ids) await b.share(id, `${id}, sửa lần hai`);
      await untilSo(
        'all is delivered',
        async () => ((await b.records.as(SYSTEM).count('sharing', { where: { due: [1] } })) === 0 ? true : undefined),
        300_000,
      );
      expect(working).toEqual({ a: 0, b: 1, most: 1 });
      for (const id of ids) {
        const record = await a.record(id);
        expect(record?.versions.map(({ state }) => state)).toEqual(['delivered', 'delivered', 'delivered']);
        const told = standIn.taken.filter(
          ({ id: object, text }) => object.startsWith('incident--') && text.includes(`"${id}"`),
        );
        expect(told).toHaveLength(3);
      }
      expect([standIn.conflicts, standIn.disorder]).toEqual([[], []]);
      const { records } = await b.records.as(SYSTEM).find('audit', { limit: 1000 });
      const delivered = records.filter(({ document }) => document.act === 'sharing.delivered');
      expect(delivered).toHaveLength(ids.length * 3);
    } finally {
      for (const duty of duties.reverse()) await duty.stop();
      for (const world of worlds) await world.close();
      await standIn.close();
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('a server that slept keeps nothing of what its successor did: its token is refused before anything leaves', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'haidang-slept-'));
    const standIn = await startStandIn();
    const world = await openWorld(join(folder, 'slept'), { recipients: [taxiiRecipient(standIn.root)] });
    try {
      const id = await world.incident('Ngủ quên');
      await world.share(id);
      const sleeper = new Leases({ records: world.records, holder: 'sleeper', silence: 3_000 });
      const lease = await sleeper.acquire(FORWARDER_LEASE);
      const successor = new Leases({ records: world.records, holder: 'successor', silence: 3_000 });
      expect(await successor.acquire(FORWARDER_LEASE)).toBeDefined();
      // It ends by itself, with nothing sent and nothing changed.
      if (!lease) throw new Error('no lease');
      await world.sharing.forwarder.work(lease, new AbortController().signal);
      expect(standIn.posts()).toBe(0);
      expect((await world.record(id))?.versions).toMatchObject([{ state: 'approved', attempts: 0, progress: null }]);
    } finally {
      await world.close();
      await standIn.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
