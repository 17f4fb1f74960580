import { expect, it } from 'vitest';
import { parseKql } from '../../../rules/query/kql.ts';
import { SYSTEM } from '../../../server/identity.ts';
import type { OpenStore } from './conformance.ts';
import { batchOf, COLLECTOR, DAY, EPOCH, sshFailure } from './frames.ts';

/** What the tests do to the cluster behind the store's back. */
export interface Behind {
  readonly prefix: string;
  readonly ask: (method: string, path: string, body?: object) => Promise<{ readonly status: number }>;
}

const RANGE = { from: '2026-11-20T00:00:00.000Z', to: '2026-11-21T00:00:00.000Z' };

/** What this store does when the cluster, or a server, fails in between. */
export function faultCases(open: (name: string) => Promise<OpenStore>, behind: (name: string) => Behind): void {
  const failures = (count: number) => Array.from({ length: count }, (_, second) => sshFailure(second));
  const placeOf = (position: number) => `${DAY}-${COLLECTOR}-${EPOCH}-${position}`;

  it('names an event that was deleted', async () => {
    const { events, records } = await open('deleted');
    const { prefix, ask } = behind('deleted');
    await events.append(batchOf(failures(3)));
    await events.append(batchOf(failures(3), { first: 4 }));
    await ask('DELETE', `/${prefix}-events-${DAY}/_doc/${placeOf(2)}?refresh=true`);
    const [count] = await events.recount(0);
    expect(count).toMatchObject({ stored: 5, missingTotal: 1 });
    expect(count?.missing).toMatchObject([{ day: DAY, sequence: 2 }]);
    expect(count?.missing[0]?.id.startsWith(`${placeOf(2)}-`)).toBe(true);
    await Promise.all([events.close(), records.close()]);
  });

  it('brings to its end what a crash broke off, without a number twice', async () => {
    const first = await open('crash');
    const { prefix, ask } = behind('crash');
    await first.events.append(batchOf(failures(2)));
    await first.events.append(batchOf(failures(3), { first: 3 }));
    // As if the server had died after the batch's document and one of its events.
    for (const position of [4, 5]) {
      await ask('DELETE', `/${prefix}-events-${DAY}/_doc/${placeOf(position)}?refresh=true`);
    }
    await Promise.all([first.events.close(), first.records.close()]);
    const { events, records } = await open('crash');
    expect(await events.lastSequence()).toBe(5);
    const page = await events.as(SYSTEM).search({ range: RANGE, condition: parseKql(''), limit: 10 });
    expect(page.events.map(({ sequence }) => sequence).sort()).toEqual([1, 2, 3, 4, 5]);
    expect(await events.append(batchOf(failures(3), { first: 3 }))).toMatchObject({ stored: 0, duplicates: 3 });
    expect((await events.append(batchOf(failures(1), { first: 6 }))).appended).toMatchObject({ firstSequence: 6 });
    await Promise.all([events.close(), records.close()]);
  });

  it('asks collectors to hold while the cluster takes no writes, and goes on by itself', async () => {
    const { events, records } = await open('blocked');
    const { prefix, ask } = behind('blocked');
    await events.append(batchOf(failures(2)));
    const block = (on: boolean | null) =>
      ask('PUT', `/${prefix}-events-${DAY}/_settings`, { 'index.blocks.write': on });
    await block(true);
    await expect(events.append(batchOf(failures(3)))).rejects.toMatchObject({ code: 'HD_STORE_FULL' });
    await block(null);
    expect(await events.append(batchOf(failures(3)))).toMatchObject({ stored: 0, duplicates: 3 });
    expect(await events.append(batchOf(failures(4)))).toMatchObject({ stored: 1, duplicates: 3 });
    expect(
      (await events.readFrom(1, 10)).map(({ firstSequence, lastSequence }) => [firstSequence, lastSequence]),
    ).toEqual([
      [1, 2],
      [3, 3],
      [4, 4],
    ]);
    await Promise.all([events.close(), records.close()]);
  });

  it('tells two servers of one name apart from one that starts again', async () => {
    const one = await open('twins');
    const other = await open('twins');
    await one.events.append(batchOf(failures(2)));
    const clash = other.events.append(batchOf(failures(2), { first: 10 }));
    await expect(clash).rejects.toMatchObject({ code: 'HD_STORE_DOWN' });
    expect((await one.events.append(batchOf(failures(1), { first: 3 }))).appended).toMatchObject({ firstSequence: 3 });
    for (const { events, records } of [one, other]) await Promise.all([events.close(), records.close()]);
  });

  it('ends replacements of several records that a crash broke off', async () => {
    const first = await open('intent');
    const { prefix, ask } = behind('intent');
    const setting = (value: string) => ({ value });
    for (const id of ['a', 'b']) await first.records.as(SYSTEM).create('setting', id, setting('old'));
    const changes = ['a', 'b'].map((id) => ({ id, document: setting('new'), ifVersion: 1 }));
    await first.records.as(SYSTEM).replace('setting', 'a', setting('new'), 1);
    const intent = {
      kind: 'intent',
      id: 'x',
      version: 1,
      change: 0,
      document: JSON.stringify({ kind: 'setting', changes }),
    };
    await ask('PUT', `/${prefix}-records/_doc/intent:x?refresh=true`, intent);
    await Promise.all([first.events.close(), first.records.close()]);
    const { events, records } = await open('intent');
    for (const id of ['a', 'b']) {
      expect(await records.as(SYSTEM).get('setting', id)).toMatchObject({ version: 2, document: setting('new') });
    }
    expect((await ask('GET', `/${prefix}-records/_doc/intent:x`)).status).toBe(404);
    await Promise.all([events.close(), records.close()]);
  });
}
