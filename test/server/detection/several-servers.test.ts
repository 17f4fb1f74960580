import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SYSTEM } from '../../../server/identity.ts';
import { startLiveRules } from '../../../server/rules/live-rules.ts';
import { openRuleRegistry } from '../../../server/rules/registry.ts';
import { changeSetting } from '../../../server/rules/settings.ts';
import { silentLog } from '../rules/silent-log.ts';
import { ADMIN_LOGIN, BRUTE_FORCE, failures, testRules, World } from './world.ts';

/** Two servers with events of their own that share one store of records, where rules are kept. */
it('take over what was decided about rules at another one, and what was written there', async () => {
  const worlds = [await World.create(), await World.create()] as const;
  const folder = await mkdtemp(join(tmpdir(), 'hd-two-servers-'));
  const { records } = worlds[0];
  const stops: (() => unknown)[] = [];
  try {
    const registries = [];
    for (const [at, world] of worlds.entries()) {
      const folders = [join(folder, `rules-${at}`)];
      const registry = await openRuleRegistry({ folders, records, loaded: testRules(), log: silentLog });
      const detection = await world.detect(undefined, undefined, registry);
      const live = await startLiveRules({
        registry,
        detection,
        records,
        folders,
        log: silentLog,
        node: `n${at}`,
        lookMs: 50,
      });
      stops.push(() => live.stop());
      registries.push(registry);
    }
    const [first, second] = registries as [(typeof registries)[0], (typeof registries)[0]];
    const until = async (holds: () => boolean) => {
      while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    const rulesOf = async (world: World) => [...new Set((await world.alerts()).map(({ rule }) => rule))].sort();

    // Decided at the first server.
    await changeSetting(records, BRUTE_FORCE, (before) => ({ ...before, enabled: false, reason: 'test' }));
    const yaml = `title: Admin tried\nid: ${ADMIN_LOGIN}\nlogsource: {product: linux}\ndetection: {s: {user.name: root}, condition: s}\n`;
    await records.as(SYSTEM).create('rule', ADMIN_LOGIN, { yaml, updatedAt: '', updatedBy: 'lan' });
    await first.reload('lan', false);
    await until(() => second.disabled.some(({ id }) => id === BRUTE_FORCE));
    await until(() => second.versions.get(ADMIN_LOGIN) === first.versions.get(ADMIN_LOGIN));

    for (const world of worlds) {
      await world.store(failures(12));
      await world.settled();
      const rules = await rulesOf(world);
      expect(rules).toContain(ADMIN_LOGIN);
      expect(rules).not.toContain(BRUTE_FORCE);
    }

    // And back, at the second one.
    await changeSetting(records, BRUTE_FORCE, (before) => ({ ...before, enabled: true }));
    await second.reload('minh', false);
    await until(() => first.rules.some(({ id }) => id === BRUTE_FORCE));
    for (const world of worlds) {
      await world.store(failures(12, 3_600));
      await world.settled();
      expect(await rulesOf(world)).toContain(BRUTE_FORCE);
    }
  } finally {
    for (const stop of stops) await stop();
    for (const world of worlds) await world.close();
    await rm(folder, { recursive: true, force: true });
  }
});
