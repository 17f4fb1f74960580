import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
});
