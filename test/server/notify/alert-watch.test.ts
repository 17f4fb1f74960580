import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFleetWatch } from '../../../server/fleet/watch.ts';
import { SYSTEM } from '../../../server/identity.ts';
import { openAlertWatch } from '../../../server/notify/alert-watch.ts';
import { type Bench, openBench } from '../api/harness.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
  await bench.addAgency('one');
  await bench.signIn({ user: 'sep', role: 'lead' });
  await bench.signIn({ user: 'canbo', role: 'agency-officer', agencies: ['one'] });
});
afterAll(() => bench.close());

const free = async () => {};

describe('notices of alerts', () => {
  it('tell of new critical alerts and dead collectors once, and of a flood in one more', async () => {
    const watch = openAlertWatch({ records: bench.records, notices: bench.notices, now: () => bench.clock.now });
    await watch.look(free);
    const now = () => new Date(bench.clock.now + 1).toISOString();
    const critical = { severity: 'critical', severityRank: 5 } as const;
    await bench.addAlert('old', { ...critical, createdAt: '2026-01-01T00:00:00.000Z' });
    await bench.addAlert('low', { createdAt: now() });
    await bench.addAlert('dead', { rule: '5d0a2e0a-7e0b-4f5b-9d59-6b1f0c8e7a01', createdAt: now() });
    for (let number = 0; number < 25; number += 1)
      await bench.addAlert(`c${number}`, { ...critical, createdAt: now() });
    await watch.look(free);
    await bench.addAlert('c0', { ...critical, createdAt: now(), count: 11 });
    await watch.look(free);
    const { records } = await bench.records.as(SYSTEM).find('notice', { limit: 1000 });
    const ids = records.map(({ id }) => id).filter((id) => id.startsWith('alert'));
    expect(ids.filter((id) => id.startsWith('alert:c'))).toHaveLength(19);
    expect(ids.filter((id) => id.startsWith('alerts-more:'))).toHaveLength(1);
    expect(ids).toContain('alert:dead');
    expect(ids).not.toContain('alert:old');
    expect(ids).not.toContain('alert:low');
    const dead = records.find(({ id }) => id === 'alert:dead')?.document;
    expect(dead?.people).toEqual(['sep', 'canbo']);
  });

  it('tell of a collector that stopped within ten minutes of its last word', async () => {
    const at = () => new Date(bench.clock.now).toISOString();
    const watch = openAlertWatch({ records: bench.records, notices: bench.notices, now: () => bench.clock.now });
    const options = { records: bench.records, log: pino({ level: 'silent' }), onAlerts: () => {}, everyMs: 1e9 };
    const fleet = startFleetWatch({ ...options, now: () => bench.clock.now });
    try {
      // Past the window of what the case before told.
      bench.clock.now += 3_600_000;
      await watch.look(free);
      const lastSeenAt = at();
      await bench.records.as(SYSTEM).create('collector', 'c1', {
        ...{ agency: 'one', name: 'may-chu', fingerprint: '', revoked: false, counters: [], status: null },
        ...{ notAfter: '2090-01-01T00:00:00.000Z', createdAt: lastSeenAt, lastSeenAt },
      } as never);
      const told = async () =>
        (await bench.records.as(SYSTEM).find('notice', { limit: 1000 })).records
          .map(({ document }) => document)
          .filter((notice) => notice.kind === 'collector' && notice.at > lastSeenAt);
      // As often as the fleet is looked at.
      while ((await told()).length === 0 && bench.clock.now - Date.parse(lastSeenAt) < 600_000) {
        bench.clock.now += 30_000;
        await fleet.look();
        await watch.look(free);
      }
      expect(await told()).toMatchObject([{ agency: 'one', level: 'warning', people: ['sep', 'canbo'] }]);
      expect(bench.clock.now - Date.parse(lastSeenAt)).toBeGreaterThanOrEqual(300_000);
    } finally {
      await fleet.stop();
    }
  });
});
