import { describe, expect, it } from 'vitest';
import { HaidangError } from '../../../server/errors.ts';
import { createBudget } from '../../../server/ingest/budget.ts';
import { createFairQueue, QUEUE_BOUNDS, type QueuePlace } from '../../../server/ingest/fair-queue.ts';
import { paceBy } from '../../../server/ingest/pace.ts';
import { createQuotas, NO_QUOTA } from '../../../server/ingest/quota.ts';
import { RoundRobin } from '../../../server/ingest/round-robin.ts';

const retryAfterOf = (work: () => void): number | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    if (!(error instanceof HaidangError) || error.code !== 'HD_TOO_MANY') throw error;
    return error.retryAfter;
  }
};

describe('the order of what waits', () => {
  const item = (agency: string, collector: string, cost = 1_000) => ({ agency, collector, cost });
  const order = (ring: RoundRobin<ReturnType<typeof item>>, count: number) =>
    Array.from({ length: count }, () => ring.take()?.collector);

  it('goes by agency, however many collectors, batches or events one of them has', () => {
    const ring = new RoundRobin<ReturnType<typeof item>>(1_000);
    for (let batch = 0; batch < 50; batch++) for (const one of ['a1', 'a2', 'a3']) ring.add(item('a', one));
    ring.add(item('b', 'b1'));
    ring.add(item('c', 'c1'));
    const first = order(ring, 5);
    expect(first).toContain('b1');
    expect(first).toContain('c1');
    expect(ring.size).toBe(147);
  });

  it('gives two agencies that always wait the same number of events, with batches of any size', () => {
    const ring = new RoundRobin<ReturnType<typeof item>>(1_000);
    for (let batch = 0; batch < 4_000; batch++) ring.add(item('small', 's', 50));
    for (let batch = 0; batch < 100; batch++) ring.add(item('large', 'l', 2_000));
    const spent = { s: 0, l: 0 };
    for (let events = 0; events < 200_000; ) {
      const taken = ring.take();
      if (!taken) break;
      spent[taken.collector as 's' | 'l'] += taken.cost;
      events += taken.cost;
    }
    expect(Math.abs(spent.s - spent.l)).toBeLessThanOrEqual(4_000);
  });

  it('shares an agency among its collectors, each in its own order', () => {
    const ring = new RoundRobin<ReturnType<typeof item> & { at: number }>(1_000);
    for (let at = 0; at < 10; at++) ring.add({ ...item('a', 'loud'), at });
    for (let at = 0; at < 3; at++) ring.add({ ...item('a', 'calm'), at });
    const taken = Array.from({ length: 6 }, () => ring.take());
    expect(taken.filter((one) => one?.collector === 'calm').map((one) => one?.at)).toEqual([0, 1, 2]);
    expect(taken.filter((one) => one?.collector === 'loud').map((one) => one?.at)).toEqual([0, 1, 2]);
  });

  it('takes one that costs more than a visit allows all the same, and keeps no credit of who went away', () => {
    const ring = new RoundRobin<ReturnType<typeof item>>(1_000);
    ring.add(item('a', 'a1', 50_000));
    ring.add(item('b', 'b1', 10));
    expect(ring.take()?.collector).toBe('b1');
    expect(ring.take()?.collector).toBe('a1');
    expect(ring.take()).toBeUndefined();
    expect(ring.size).toBe(0);
  });
});

describe('the queue before the store', () => {
  const place = (agency: string, collector: string, weight = 1): QueuePlace => ({
    agency,
    collector,
    events: 1_000,
    bytes: 10_000,
    weight,
  });
  /** A store that ends a batch when it is told to, and notes in which order they began. */
  function gated(bounds = {}, clock = { now: 0 }) {
    const queue = createFairQueue({ ...QUEUE_BOUNDS, batchesAtStore: 2, ...bounds }, () => clock.now);
    const begun: string[] = [];
    const ends: (() => void)[] = [];
    const results: Promise<unknown>[] = [];
    const add = (agency: string, collector: string, weight = 1) => {
      const work = () => {
        begun.push(collector);
        return new Promise<void>((resolve) => ends.push(resolve));
      };
      const result = queue.run(place(agency, collector, weight), work);
      result.catch(() => undefined);
      results.push(result);
      return result;
    };
    const end = async (count: number) => {
      for (let at = 0; at < count; at++) {
        ends.shift()?.();
        for (let turn = 0; turn < 5; turn++) await Promise.resolve();
      }
    };
    return { queue, begun, add, end, results };
  }

  it('lets one event of a calm agency past a flood, after a bounded number of batches', async () => {
    const { queue, begun, add, end } = gated();
    for (let at = 0; at < 200; at++) void add('flood', `f${at % 10}`);
    expect([begun.length, queue.waiting]).toEqual([2, 198]);
    void add('calm', 'c1');
    await end(6);
    expect(begun).toContain('c1');
    expect(begun.indexOf('c1')).toBeLessThan(6);
  });

  it('gives who weighs twice twice the share', async () => {
    const { begun, add, end } = gated();
    for (let at = 0; at < 60; at++) void add('one', 'light', 1);
    for (let at = 0; at < 60; at++) void add('two', 'heavy', 2);
    await end(60);
    const heavy = begun.filter((name) => name === 'heavy').length;
    expect(heavy).toBeGreaterThan(34);
    expect(heavy).toBeLessThan(46);
  });

  it('sends back the newest of who keeps most waiting, and never the other', async () => {
    const { queue, add, results, end } = gated({ waiting: 20 });
    for (let at = 0; at < 40; at++) void add('flood', 'f1');
    const calm = add('calm', 'c1');
    expect(queue.waiting).toBe(20);
    await end(200);
    await expect(calm).resolves.toBeUndefined();
    const ended = await Promise.allSettled(results);
    const refused = ended.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    expect(refused.length).toBe(queue.waits().get('f1')?.sentBack);
    expect(refused.length).toBe(19);
    expect(refused[0]?.reason).toMatchObject({ code: 'HD_TOO_MANY', retryAfter: 1 });
    expect(queue.waits().get('c1')).toMatchObject({ agency: 'calm', batches: 1, sentBack: 0 });
  });

  it('keeps no more waiting than the store will take before collectors give up', async () => {
    const clock = { now: 0 };
    const { queue, add, end } = gated({}, clock);
    for (let at = 0; at < 40; at++) void add('flood', 'f1');
    expect(queue.waiting).toBe(38);
    // Two of a thousand events in two seconds.
    clock.now = 2_000;
    await end(2);
    for (let at = 0; at < 60; at++) void add('flood', 'f1');
    expect(queue.waiting).toBeLessThanOrEqual(38);
    await end(200);
    for (let at = 0; at < 60; at++) void add('flood', 'f1');
    expect(queue.waiting).toBeLessThan(15);
    expect(queue.waits().get('f1')?.sentBack).toBeGreaterThan(60);
  });

  it('goes on after a batch that the store refused', async () => {
    const { queue, begun, add, end } = gated({ batchesAtStore: 1 });
    const failed = queue.run(place('a', 'a1'), () => Promise.reject(new Error('full')));
    void add('a', 'a2');
    await expect(failed).rejects.toThrow('full');
    await end(1);
    expect(begun).toEqual(['a2']);
  });

  it('waits while evaluation is behind, goes on when it caught up, and does not wait for one that stands still', () => {
    const clock = { now: 0 };
    const state = { cursor: 0, lagEvents: 0, trouble: undefined as unknown };
    const mayGo = paceBy(
      () => state,
      () => clock.now,
      100,
    );
    expect(mayGo()).toBe(true);
    state.lagEvents = 101;
    expect(mayGo()).toBe(false);
    state.cursor = 50;
    clock.now = 1_999;
    expect(mayGo()).toBe(false);
    clock.now = 3_998;
    expect(mayGo()).toBe(false);
    clock.now = 3_999;
    expect(mayGo()).toBe(true);
    state.cursor = 60;
    expect(mayGo()).toBe(false);
    state.trouble = { what: 'the store' };
    expect(mayGo()).toBe(true);
  });
});

describe('quotas', () => {
  it('hold a collector to its rate over time, whatever the size of its batches, and another not at all', () => {
    const clock = { now: 0 };
    const quotas = createQuotas(() => clock.now);
    const quota = { eventsPerSecond: 100, bytesPerSecond: null, weight: 1 };
    let taken = 0;
    for (; clock.now < 100_000; clock.now += 100) {
      const wait = retryAfterOf(() => quotas.charge('a', quota, 700, 1));
      if (wait === undefined) taken += 700;
      else expect(wait).toBeGreaterThanOrEqual(1);
      expect(retryAfterOf(() => quotas.charge('b', NO_QUOTA, 1e9, 1e9))).toBeUndefined();
    }
    expect(taken).toBeGreaterThan(9_000);
    expect(taken).toBeLessThan(100 * 105 + 1_400);
  });

  it('send back what flies behind a batch that was sent back, so that none overtakes it', () => {
    const clock = { now: 0 };
    const quotas = createQuotas(() => clock.now);
    const quota = { eventsPerSecond: 100, bytesPerSecond: 1_000, weight: 1 };
    quotas.charge('a', quota, 501, 10);
    expect(retryAfterOf(() => quotas.charge('a', quota, 1, 1))).toBe(1);
    clock.now = 500;
    expect(retryAfterOf(() => quotas.look('a', quota))).toBe(1);
    clock.now = 1_000;
    expect(retryAfterOf(() => quotas.look('a', quota))).toBeUndefined();
    quotas.charge('a', quota, 1, 20_000);
    expect(retryAfterOf(() => quotas.look('a', quota))).toBeGreaterThan(10);
  });
});

describe('the bytes in flight', () => {
  it('leave room for an agency that has nothing under way, however much another has', () => {
    const budget = createBudget({ perCollector: 1_000, inAll: 4_000 });
    let held = 0;
    for (let at = 0; at < 20; at++) {
      if (retryAfterOf(() => budget.share(`a${at}`, 'a').take(500)) === undefined) held += 500;
    }
    expect(held).toBe(2_000);
    expect(retryAfterOf(() => budget.share('b1', 'b').take(900))).toBeUndefined();
  });
});
