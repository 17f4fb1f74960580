import { expect, it } from 'vitest';
import { parseKql } from '../../../rules/query/kql.ts';
import { SYSTEM } from '../../../server/identity.ts';
import { Cluster } from '../../../server/store/opensearch/cluster.ts';
import type { ClusterAddress } from '../../../server/store/opensearch/connection.ts';
import { deleteFound } from '../../../server/store/opensearch/delete-found.ts';
import { dayIndex, indexNames } from '../../../server/store/opensearch/indexes.ts';
import { deleteGrouped, entryId, readEntries } from '../../../server/store/opensearch/match-entries.ts';
import type { OpenStore } from './conformance.ts';
import { batchOf, DAY, sshFailure } from './frames.ts';

/** The cluster beside the store. */
export interface Beside {
  readonly address: () => ClusterAddress;
  readonly prefix: (name: string) => string;
}

const log = { info: () => {}, warn: () => {}, error: () => {} };
/** More than two pages of a thousand. */
const MANY = 2_300;

/** What is taken away by a search for it, on a cluster that need not be able to delete by a query. */
export function deletionCases(open: (name: string) => Promise<OpenStore>, { address, prefix }: Beside): void {
  const world = async (name: string) => {
    const store = await open(name);
    const cluster = new Cluster(address(), log);
    const names = indexNames(prefix(name));
    const close = async () => {
      await Promise.all([store.events.close(), store.records.close()]);
      await cluster.close();
    };
    const signals = (beforeSecond: number, value = 1) =>
      cluster.bulk(
        Array.from({ length: MANY }, (_, second) => {
          const document = { rule: 'r', group: 'g', node: 'main', second, batch: 1, count: value, detail: '{}' };
          return { action: 'index' as const, index: names.signals, id: `s${second}`, document };
        }).slice(0, beforeSecond),
      );
    const count = async () => {
      await cluster.request({ method: 'POST', path: `/${names.signals}/_refresh` });
      const { body } = await cluster.request<{ count: number }>({ method: 'POST', path: `/${names.signals}/_count` });
      return body.count;
    };
    return { ...store, cluster, names, close, signals, count };
  };

  it('goes page by page, may be cut short, and goes on from there', async () => {
    const { cluster, names, close, signals, count } = await world('pages');
    await signals(MANY);
    const query = { range: { second: { lt: MANY - 5 } } };
    // What is deleted stays in the one segment, among what is not.
    const merged = { max_num_segments: 1, flush: true };
    await cluster.request({ method: 'POST', path: `/${names.signals}/_forcemerge`, query: merged });
    let asked = 0;
    const twice = async () => {
      if (++asked === 2) throw new Error('Another server is at it.');
    };
    await expect(deleteFound(cluster, names.signals, query, twice)).rejects.toThrow('Another server');
    expect(await count()).toBe(MANY - 1_000);
    expect(await deleteFound(cluster, names.signals, query)).toBe(MANY - 5 - 1_000);
    expect(await count()).toBe(5);
    expect(await deleteFound(cluster, names.signals, query)).toBe(0);
    await close();
  });

  it('looks anew at what was changed since it was found', async () => {
    const { cluster, names, close, signals, count } = await world('changed');
    await signals(3);
    let asked = 0;
    // The first of three gets a value that is not asked for, after it was found.
    const change = async () => {
      if (++asked === 1) await signals(1, 9);
    };
    expect(await deleteFound(cluster, names.signals, { term: { count: 1 } }, change)).toBe(2);
    expect(await count()).toBe(1);
    await close();
  });

  it('counts what is gone once, also where a request was sent again', async () => {
    const { cluster, names, close, signals, count } = await world('again');
    await signals(3);
    const before = async () => {
      await cluster.bulk([{ action: 'delete', index: names.signals, id: 's0' }]);
    };
    expect(await deleteFound(cluster, names.signals, { match_all: {} }, before)).toBe(3);
    expect(await count()).toBe(0);
    await close();
  });

  it('takes away grouped entries of each server, and no later ones', async () => {
    const { cluster, names, close } = await world('grouped');
    const entry = (of: string, number: number) => ({
      action: 'create' as const,
      index: names.matches,
      id: entryId(of, number),
      document: { kind: 'entry', node: of, number, lastSequence: number, body: 'AA==' },
    });
    const numbers = Array.from({ length: 1_500 }, (_, at) => at + 1);
    await cluster.bulk(numbers.flatMap((number) => [entry('a', number), entry('b', number)]));
    await deleteGrouped(
      { cluster, names },
      { a: { number: 1_499, lastSequence: 1 }, b: { number: 2, lastSequence: 1 } },
    );
    const left = async (of: string, number: number) =>
      (await readEntries({ cluster, names }, [{ node: of, number }])).length;
    const seen = await Promise.all([left('a', 1), left('a', 1_499), left('a', 1_500), left('b', 2), left('b', 3)]);
    expect(seen).toEqual([0, 0, 1, 0, 1]);
    await close();
  });

  it('shows the newest events that are there, whatever was deleted among them', async () => {
    const { events, cluster, names, close } = await world('holes');
    const all = Array.from({ length: 1_200 }, (_, second) => sshFailure(second));
    await events.append(batchOf(all));
    const index = dayIndex(names, DAY);
    const merged = { max_num_segments: 1, flush: true };
    await cluster.request({ method: 'POST', path: `/${index}/_forcemerge`, query: merged });
    const newest = { range: { '@timestamp': { gte: Date.UTC(2026, 10, 20, 8, 1, 40) } } };
    expect(await deleteFound(cluster, index, newest)).toBe(1_100);
    const range = { from: '2026-11-20T00:00:00.000Z', to: '2026-11-21T00:00:00.000Z' };
    const page = await events.as(SYSTEM).search({ range, condition: parseKql(''), limit: 50 });
    expect(page.events.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 50 }, (_, at) => 100 - at));
    await close();
  });

  it('takes a day away with its batches, and leaves those of other days', async () => {
    const { events, cluster, names, close } = await world('day');
    const [before, after] = [batchOf([sshFailure(1)]), batchOf([sshFailure(1)], { day: '20261119' })];
    await events.append(before);
    await events.append(after);
    await events.deleteDay(DAY);
    expect((await events.days()).map(({ day }) => day)).toEqual(['20261119']);
    await cluster.request({ method: 'POST', path: `/${names.batches}/_refresh` });
    const { body } = await cluster.request<{ hits: { hits: { _source: { day: string } }[] } }>({
      method: 'POST',
      path: `/${names.batches}/_search`,
    });
    expect(body.hits.hits.map(({ _source }) => _source.day)).toEqual(['20261119']);
    expect((await events.recount(0, { full: true })).map(({ stored, missingTotal }) => [stored, missingTotal])).toEqual(
      [[1, 0]],
    );
    await close();
  });
}
