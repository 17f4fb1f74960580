import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDetection } from '../../../server/detection/detection.ts';
import { SYSTEM } from '../../../server/identity.ts';
import { startLiveRules } from '../../../server/rules/live-rules.ts';
import { openRuleRegistry } from '../../../server/rules/registry.ts';
import { changeSetting } from '../../../server/rules/settings.ts';
import { openOpenSearchStore } from '../../../server/store/opensearch/open.ts';
import { ADMIN_LOGIN, BRUTE_FORCE, testRules } from '../detection/world.ts';
import { keepStoresIn } from '../store/any-store.ts';
import { requireOpenSearch, startOpenSearch, type TestNode } from '../store/opensearch-node.ts';
import { silentLog } from './silent-log.ts';

requireOpenSearch();

/** What was built on the embedded store first: the very same tests, with everything they store on a real node. */
describe('on OpenSearch', { timeout: 300_000 }, async () => {
  const prefix = `haidang-test-${process.pid}`;
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

  describe('imports of rules', () => import('./import/import.test.ts').then(() => undefined));
  describe('backtests', () => import('./backtest/backtest.test.ts').then(() => undefined));
  describe('indicators', () => import('../indicators/indicators.test.ts').then(() => undefined));
  describe('assets', () => import('../assets/assets.test.ts').then(() => undefined));
  describe('alerts of the province', () => import('../alerts/province.test.ts').then(() => undefined));
  describe('chains of correlations', () => import('../detection/chains.test.ts').then(() => undefined));
  describe('the registry', () => import('./registry.test.ts').then(() => undefined));

  it('two servers take over what was decided about rules at the other one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hd-two-servers-'));
    const stops: (() => Promise<unknown> | undefined)[] = [];
    try {
      const servers = [];
      for (const name of ['a', 'b']) {
        const store = await openOpenSearchStore({
          ...node.address,
          prefix: `${prefix}-two`,
          node: name,
          log: silentLog,
        });
        stops.push(() => Promise.all([store.events.close(), store.records.close()]));
        const { records } = store;
        const folders = [join(folder, name)];
        const registry = await openRuleRegistry({ folders, records, loaded: testRules(), log: silentLog });
        const detection = await startDetection({
          ...store,
          rules: registry,
          log: silentLog,
          node: name,
          onAlertsChanged: () => undefined,
        });
        stops.push(() => detection.stop());
        const live = await startLiveRules({
          registry,
          detection,
          records,
          folders,
          log: silentLog,
          node: name,
          lookMs: 100,
        });
        stops.push(async () => live.stop());
        servers.push({ registry, records, detection });
      }
      const [a, b] = servers as [(typeof servers)[0], (typeof servers)[0]];
      const until = async (holds: () => boolean) => {
        while (!holds()) await new Promise((done) => setTimeout(done, 20));
      };
      await changeSetting(a.records, BRUTE_FORCE, (before) => ({ ...before, enabled: false, reason: 'test' }));
      const yaml = `title: Admin tried\nid: ${ADMIN_LOGIN}\nlogsource: {product: linux}\ndetection: {s: {user.name: root}, condition: s}\n`;
      await a.records.as(SYSTEM).create('rule', ADMIN_LOGIN, { yaml, updatedAt: '', updatedBy: 'lan' });
      await a.registry.reload('lan', false);
      await until(() => b.registry.disabled.some(({ id }) => id === BRUTE_FORCE));
      await until(() => b.registry.versions.get(ADMIN_LOGIN) === a.registry.versions.get(ADMIN_LOGIN));

      // Both at once, each about another rule: neither is lost.
      await Promise.all([
        changeSetting(a.records, BRUTE_FORCE, (before) => ({ ...before, enabled: true, reason: 'back' })),
        changeSetting(b.records, ADMIN_LOGIN, (before) => ({ ...before, enabled: false, reason: 'noise' })),
      ]);
      await Promise.all([a.registry.reload('lan', false), b.registry.reload('minh', false)]);
      for (const { registry } of [a, b]) {
        await until(() => registry.rules.some(({ id }) => id === BRUTE_FORCE));
        await until(() => registry.disabled.some(({ id }) => id === ADMIN_LOGIN));
      }
      expect([...a.registry.versions].sort()).toEqual([...b.registry.versions].sort());
      const view = b.records.as(SYSTEM);
      expect((await view.get('rule', ADMIN_LOGIN))?.document).toMatchObject({ yaml, updatedBy: 'lan' });
    } finally {
      for (const stop of stops.reverse()) await stop();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
