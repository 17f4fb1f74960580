import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type AgencyId, SYSTEM } from '../../../server/identity.ts';
import { openOpenSearchStore } from '../../../server/store/opensearch/open.ts';
import { batchOfLines } from '../store/frames.ts';
import { requireOpenSearch, startOpenSearch, type TestNode } from '../store/opensearch-node.ts';
import { at, RetentionWorld, SOURCE } from './world.ts';

const log = { info: () => {}, warn: () => {}, error: () => {} };
requireOpenSearch();

describe('retention on a real OpenSearch', { timeout: 400_000 }, () => {
  let node: TestNode;
  let world: RetentionWorld | undefined;
  const prefix = `haidang-kept-${process.pid}`;

  beforeAll(async () => {
    node = await startOpenSearch();
  }, 700_000);
  afterAll(() => node?.stop());
  afterEach(async () => {
    await world?.remove();
    world = undefined;
    await fetch(`${node.url}/${prefix}-*`, { method: 'DELETE' });
    await fetch(`${node.url}/_index_template/${prefix}-events`, { method: 'DELETE' });
  });

  it('deletes a day with its batches and dead letters, keeps held ones, and leaves a ledger that adds up', async () => {
    world = await RetentionWorld.create(() => {
      return openOpenSearchStore({ url: node.url, prefix, log, now: () => world?.now ?? Date.UTC(2026, 0, 2) });
    });
    const ward = await world.agency('xa-an-binh', 1, 'c1aaaaaa');
    await world.store('20260101', ward, 'c1aaaaaa', 7);
    const bad = {
      day: '20260101',
      agency: ward,
      collector: 'c1aaaaaa',
      first: 8,
      receivedAt: '2026-01-01T12:00:00.000Z',
    };
    await world.events.append(batchOfLines(['{'], bad));
    world.spooled.set('c1aaaaaa', 8);
    await world.store('20260102', ward, 'c1aaaaaa', 3);
    world.now = at('2026-06-01');
    expect((await world.retention.run('retention', false)).days).toMatchObject([
      { state: 'waiting' },
      { state: 'waiting' },
    ]);
    await world.evaluateAll();

    const lead = { kind: 'user', name: 'lan', role: 'administrator', agencies: 'all' } as const;
    const days = { fromDay: '2026-01-04', toDay: '2026-01-04' };
    const other = await world.agency('so-y-te', 3, 'c2bbbbbb');
    await world.retention.placeHold({ agency: other, ...days, reason: 'không liên quan' }, lead);
    const held = await world.retention.placeHold(
      { agency: ward as AgencyId, fromDay: '2026-01-02', toDay: '2026-01-04', reason: 'Vụ 12' },
      lead,
    );
    // It holds the day before as well: where the clock shows another time, noon there is the next day already.
    expect((await world.retention.run('retention', false)).deleted).toEqual([]);
    await world.retention.liftHold(held.id, 'xong', lead);
    await world.retention.placeHold(
      { agency: ward as AgencyId, fromDay: '2026-01-03', toDay: null, reason: 'Vụ 13' },
      lead,
    );
    expect((await world.retention.run('retention', false)).deleted).toEqual(['20260101']);

    const { records } = await world.retention.deletions(10, undefined);
    expect(records.map(({ document }) => document)).toMatchObject([
      {
        day: '20260101',
        state: 'done',
        sources: [{ agency: ward, source: SOURCE, stored: 7, deadLettered: 1, missing: 0 }],
      },
    ]);
    expect((await world.events.days()).map(({ day }) => day)).toEqual(['20260102']);
    expect(await world.events.as(SYSTEM).deadLetters(10)).toEqual([]);
    const row = (await world.ledger()).find(({ collector }) => collector === 'c1aaaaaa');
    expect(row).toMatchObject({ spooled: 11, stored: 3, deleted: 8, waiting: 0, missingTotal: 0, state: 'ok' });
    // What was stored is numbered above what is gone.
    expect(await world.events.lastSequence()).toBe(10);
  });
});
