import { describe, expect, it } from 'vitest';
import { keepLease } from '../../../server/leases/keep.ts';
import { type Lease, Leases } from '../../../server/leases/leases.ts';
import type { RecordStore } from '../../../server/store/record-store.ts';

/** What each case works with. */
export interface LeaseBench {
  records: RecordStore;
}

const SILENCE = 15_000;
const quiet = { warn: () => {}, error: () => {} };

/** What leases promise, on any store. */
export function leaseCases(name: string, bench: LeaseBench): void {
  describe(`leases in ${name}`, () => {
    let clock = 0;
    const server = (holder: string) =>
      new Leases({ records: bench.records, holder, silence: SILENCE, now: () => clock });

    /** Time passes, and a server looks every fifth of it. */
    const watched = async (by: Leases, name: string, ms: number) => {
      let taken: Lease | undefined;
      for (let look = 0; look < 5 && !taken; look++) {
        clock += ms / 5;
        taken = await by.tryAcquire(name);
      }
      return taken;
    };

    it('are held by one server at a time, and by the next when given back', async () => {
      const [one, other] = [server('one'), server('other')];
      const held = await one.tryAcquire('retention');
      expect(held?.token).toBe(1);
      expect(await other.tryAcquire('retention')).toBeUndefined();
      expect((await other.tryAcquire('another'))?.token).toBe(1);
      await held?.release();
      expect((await other.tryAcquire('retention'))?.token).toBe(2);
    });

    it('go to exactly one of many who ask at once', async () => {
      const servers = Array.from({ length: 8 }, (_, at) => server(`server-${at}`));
      const taken = await Promise.all(servers.map((one) => one.tryAcquire('jobs')));
      expect(taken.filter((lease) => lease !== undefined)).toHaveLength(1);
    });

    it('stay with a holder that renews, however much time passes', async () => {
      const [one, other] = [server('one'), server('other')];
      const held = await one.tryAcquire('jobs');
      for (let round = 0; round < 5; round++) {
        expect(await other.tryAcquire('jobs')).toBeUndefined();
        expect(await watched(other, 'jobs', SILENCE - 5)).toBeUndefined();
        await held?.renew();
      }
      await expect(held?.check()).resolves.toBeUndefined();
    });

    it('are taken from a silent holder, who finds out before it writes again', async () => {
      const [one, other] = [server('one'), server('other')];
      const slept = await one.tryAcquire('jobs');
      expect(await other.tryAcquire('jobs')).toBeUndefined();
      const taken = await watched(other, 'jobs', SILENCE);
      expect(taken?.token).toBe(2);
      await expect(slept?.check()).rejects.toMatchObject({ code: 'HD_LEASE_LOST' });
      await expect(slept?.renew()).rejects.toMatchObject({ code: 'HD_LEASE_LOST' });
      // What the old holder gives back is not what the new one holds.
      await slept?.release();
      await expect(taken?.check()).resolves.toBeUndefined();
    });

    it('need not be waited for by the same server after a crash', async () => {
      const before = await server('one').tryAcquire('server:main');
      const after = await server('one').tryAcquire('server:main');
      expect(after?.token).toBe(2);
      await expect(before?.check()).rejects.toMatchObject({ code: 'HD_LEASE_LOST' });
    });

    it('do not take for silent what this server has not watched long enough', async () => {
      await server('one').tryAcquire('jobs');
      clock += 10 * SILENCE;
      const newcomer = server('newcomer');
      expect(await newcomer.tryAcquire('jobs')).toBeUndefined();
      expect((await watched(newcomer, 'jobs', SILENCE))?.token).toBe(2);
    });

    it('do not take for silent what could show no life while this server slept or the store was away', async () => {
      const [one, other] = [server('one'), server('other')];
      const held = await one.tryAcquire('jobs');
      await other.tryAcquire('jobs');
      // Both were cut off; the one that looks first after it must not win by that.
      clock += 20 * SILENCE;
      expect(await other.tryAcquire('jobs')).toBeUndefined();
      await held?.renew();
      expect(await watched(other, 'jobs', SILENCE - 5)).toBeUndefined();
      expect((await watched(other, 'jobs', SILENCE))?.token).toBe(2);
    });

    it('are listed with how long they stand still', async () => {
      const [one, other] = [server('one'), server('other')];
      const held = await one.tryAcquire('server:one');
      await one.tryAcquire('jobs');
      await other.list('server:');
      clock += 3_000;
      expect(await other.list('server:')).toMatchObject([
        { name: 'server:one', holder: 'one', token: 1, state: 'held', stillFor: 3_000 },
      ]);
      await held?.release(true);
      expect(await other.list('server:')).toMatchObject([{ state: 'released', drained: true, stillFor: 0 }]);
    });

    it('say so, once, when a kept one is lost', async () => {
      const one = server('one');
      const lease = await one.tryAcquire('jobs');
      if (!lease) throw new Error('The lease was not free.');
      const kept = keepLease(lease, 5, quiet);
      const lost = new Promise((done) => kept.lost.addEventListener('abort', done, { once: true }));
      const again = await server('one').tryAcquire('jobs');
      await lost;
      await kept.release();
      await expect(again?.check()).resolves.toBeUndefined();
    });
  });
}
