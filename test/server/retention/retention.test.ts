import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HaidangError } from '../../../server/errors.ts';
import { type AgencyId, type Identity, SYSTEM } from '../../../server/identity.ts';
import { openMembership } from '../../../server/leases/membership.ts';
import type { EventStore } from '../../../server/store/event-store.ts';
import type { RecordStore, RecordView } from '../../../server/store/record-store.ts';
import { batchOfLines } from '../store/frames.ts';
import { at, RetentionWorld, SOURCE } from './world.ts';

const LEAD: Identity = { kind: 'user', name: 'lan', role: 'administrator', agencies: 'all' };
let world: RetentionWorld;
let ward: AgencyId;
let finance: AgencyId;

beforeEach(async () => {
  world = await RetentionWorld.create();
  ward = await world.agency('xa-an-binh', 1, 'c1aaaaaa');
  finance = await world.agency('so-tai-chinh', 5, 'c2bbbbbb');
});
afterEach(() => world.remove());

const deletions = async () => (await world.retention.deletions(100, undefined)).records.map(({ document }) => document);
const stateOf = async (day: string) => (await world.retention.days()).find((one) => one.day === day)?.state;

describe('a day of events', () => {
  it('is deleted when the longest of what it holds is over, with a record of what it held', async () => {
    await world.store('20260101', ward, 'c1aaaaaa', 7);
    await world.store('20260102', ward, 'c1aaaaaa', 3);
    await world.store('20260102', finance, 'c2bbbbbb', 2);
    await world.evaluateAll();

    // 92 days of level 1 after the end of the day.
    world.now = at('2026-04-03');
    expect((await world.retention.run('retention', false)).deleted).toEqual([]);
    world.now = at('2026-04-04');
    const report = await world.retention.run('retention', false);
    expect(report).toMatchObject({ deleted: ['20260101'], deletedEvents: 7, failure: null, dryRun: false });
    expect(world.has('20260101')).toBe(false);
    expect(world.has('20260102')).toBe(true);
    expect(await deletions()).toMatchObject([
      {
        day: '20260101',
        state: 'done',
        by: 'retention',
        deletedAt: '2026-04-04T12:00:00.000Z',
        bytes: expect.any(Number),
        rules: [{ rule: 'level 1', days: 92 }],
        sources: [{ agency: ward, collector: 'c1aaaaaa', source: SOURCE, stored: 7, deadLettered: 0, missing: 0 }],
      },
    ]);
    expect((await deletions())[0]?.bytes).toBeGreaterThan(4096);

    // The next day holds events of a system of level 5.
    world.now = at('2026-04-10');
    expect((await world.retention.run('retention', false)).deleted).toEqual([]);
    world.now = at('2028-01-04');
    expect((await world.retention.run('lan', false)).deleted).toEqual(['20260102']);
    expect((await deletions()).map(({ day, by }) => [day, by])).toEqual([
      ['20260102', 'lan'],
      ['20260101', 'retention'],
    ]);
    expect(await world.events.days()).toEqual([]);
  });

  it('is no longer found, and its numbers are not given again', async () => {
    await world.store('20260101', ward, 'c1aaaaaa', 5);
    await world.evaluateAll();
    const range = { from: '2025-01-01T00:00:00.000Z', to: '2027-01-01T00:00:00.000Z' };
    const all = { range, condition: { kind: 'always' }, limit: 100 } as const;
    const before = await world.events.as(SYSTEM).search(all);
    expect(before.events).toHaveLength(5);
    world.now = at('2026-06-01');
    await world.retention.run('retention', false);
    expect((await world.events.as(SYSTEM).search(all)).events).toEqual([]);
    expect(await world.events.as(SYSTEM).get(before.events[0]?.id ?? '')).toBeUndefined();
    await world.close();
    await world.open();
    expect(await world.events.lastSequence()).toBe(5);
  });

  it('is only named by a dry run', async () => {
    await world.store('20260101', ward, 'c1aaaaaa', 5);
    await world.evaluateAll();
    world.now = at('2026-06-01');
    const report = await world.retention.run('lan', true);
    expect(report).toMatchObject({ dryRun: true, deleted: ['20260101'], deletedEvents: 5 });
    expect(world.has('20260101')).toBe(true);
    expect(await deletions()).toEqual([]);
    expect(await world.retention.lastRun()).toMatchObject({ dryRun: true, by: 'lan' });
  });

  it('is deleted also where a dry run was under way', async () => {
    await world.store('20260101', ward, 'c1aaaaaa', 5);
    await world.evaluateAll();
    world.now = at('2026-06-01');
    const runs = [true, true, false, false].map((dryRun) => world.retention.run('lan', dryRun));
    const reports = await Promise.all(runs);
    expect(reports.map(({ dryRun }) => dryRun)).toEqual([true, true, false, false]);
    expect(reports[0]).toBe(reports[1]);
    expect(reports[2]).toBe(reports[3]);
    expect(world.has('20260101')).toBe(false);
  });

  it('stays while some of it is not evaluated', async () => {
    await world.store('20260101', ward, 'c1aaaaaa', 5);
    world.now = at('2026-06-01');
    expect((await world.retention.run('retention', false)).days).toMatchObject([{ day: '20260101', state: 'waiting' }]);
    expect(world.has('20260101')).toBe(true);
    await world.evaluateAll();
    expect((await world.retention.run('retention', false)).deleted).toEqual(['20260101']);
  });

  it('stays where its file is damaged', async () => {
    await world.store('20260101', ward, 'c1aaaaaa', 5);
    await world.evaluateAll();
    await world.close();
    writeFileSync(join(world.folder, 'events', '20260101.db'), Buffer.alloc(65_536, 'no database'));
    await world.open();
    world.now = at('2026-06-01');
    expect(await stateOf('20260101')).toBe('damaged');
    expect((await world.retention.run('retention', false)).deleted).toEqual([]);
  });

  it('is kept by the policy that was set, which may never be shorter than the law', async () => {
    await world.store('20260101', ward, 'c1aaaaaa', 5);
    await world.evaluateAll();
    world.now = at('2026-06-01');
    const keepDays = [400, 400, 400, 400, 731];
    await world.retention.setPolicy({ keepDays, sources: [] });
    expect(await world.retention.policy()).toMatchObject({ from: 'api', policy: { keepDays } });
    expect(await stateOf('20260101')).toBe('kept');
    await world.retention.setPolicy({ keepDays, sources: [{ source: 'file:*', levels: [1], days: 15 }] });
    expect(await stateOf('20260101')).toBe('due');
    const short = world.retention.setPolicy({ keepDays: [400, 20, 400, 400, 731], sources: [] });
    await expect(short).rejects.toMatchObject({
      code: 'HD_BAD_REQUEST',
      message: expect.stringMatching(/20 days of level 2/),
    });
  });
});

describe('the ledger', () => {
  it('adds up after a deletion: what is gone is deleted, and neither missing nor waiting', async () => {
    await world.store('20260101', ward, 'c1aaaaaa', 7);
    // Two good lines and a bad one, which becomes a dead letter.
    await world.store('20260101', ward, 'c1aaaaaa', 2);
    await world.events.append(batchOfLines(['{'], { day: '20260101', agency: ward, collector: 'c1aaaaaa', first: 10 }));
    world.spooled.set('c1aaaaaa', 10);
    await world.store('20260801', ward, 'c1aaaaaa', 4, { first: 11 });
    world.spooled.set('c1aaaaaa', 14);
    await world.evaluateAll();
    await world.retention.run('retention', false);
    expect(await world.ledger()).toMatchObject([
      { spooled: 14, stored: 4, deleted: 10, deadLettered: 0, waiting: 0, missingTotal: 0, evaluated: 4, state: 'ok' },
    ]);
  });

  it('adds up where a backup brings a deleted day back, which then goes again', async () => {
    await world.store('20260101', ward, 'c1aaaaaa', 7);
    await world.evaluateAll();
    await world.close();
    const path = join(world.folder, 'events', '20260101.db');
    const kept = readFileSync(path);
    await world.open();
    world.now = at('2026-06-01');
    await world.retention.run('retention', false);
    expect(await world.ledger()).toMatchObject([{ stored: 0, deleted: 7, state: 'ok' }]);
    writeFileSync(path, kept);
    for (let times = 0; times < 2; times++) {
      await world.retention.recover();
      expect(await world.ledger()).toMatchObject([{ stored: 7, deleted: 0, waiting: 0, state: 'ok' }]);
    }
    await world.retention.run('retention', false);
    expect(await world.ledger()).toMatchObject([{ stored: 0, deleted: 7, waiting: 0, state: 'ok' }]);
    expect((await deletions()).map(({ state }) => state).sort()).toEqual(['done', 'returned']);
  });

  it('still names how many events were missing before their day was deleted', async () => {
    await world.store('20260101', ward, 'c1aaaaaa', 7);
    await world.evaluateAll();
    await world.close();
    const db = new DatabaseSync(join(world.folder, 'events', '20260101.db'));
    db.exec('DELETE FROM event WHERE sequence = 3');
    db.close();
    await world.open();
    world.now = at('2026-06-01');
    await world.retention.run('retention', false);
    expect(world.has('20260101')).toBe(false);
    expect(await world.ledger()).toMatchObject([
      { spooled: 7, stored: 0, deleted: 6, missingTotal: 1, waiting: 0, state: 'broken' },
    ]);
  });
});

describe('a legal hold', () => {
  const hold = (change: object) =>
    world.retention.placeHold(
      { agency: null, fromDay: '2026-01-01', toDay: '2026-01-01', reason: 'Vụ 12/2026', ...change },
      LEAD,
    );

  beforeEach(async () => {
    await world.store('20260101', ward, 'c1aaaaaa', 5);
    await world.store('20260110', ward, 'c1aaaaaa', 5);
    await world.evaluateAll();
    world.now = at('2026-06-01');
  });

  it('keeps its days from being deleted until it is lifted', async () => {
    const { id } = await hold({});
    expect((await world.retention.run('retention', false)).deleted).toEqual(['20260110']);
    expect(await world.retention.days()).toMatchObject([{ day: '20260101', state: 'held', holds: [id] }]);
    await world.retention.liftHold(id, 'Đã có bản án', LEAD);
    expect((await world.retention.run('retention', false)).deleted).toEqual(['20260101']);
    const [kept] = await world.retention.holds(SYSTEM, 10);
    expect(kept?.document).toMatchObject({ placedBy: 'lan', liftedBy: 'lan', liftReason: 'Đã có bản án' });
  });

  it('without an end holds all that comes after', async () => {
    await hold({ toDay: null });
    expect((await world.retention.run('retention', false)).deleted).toEqual([]);
  });

  it('of one agency holds the days that hold its events, and no others', async () => {
    await hold({ agency: finance, toDay: null });
    expect((await world.retention.run('retention', true)).deleted).toEqual(['20260101', '20260110']);
    await hold({ agency: ward, fromDay: '2026-01-10', toDay: '2026-01-10' });
    expect((await world.retention.run('retention', false)).deleted).toEqual(['20260101']);
  });

  it('holds an event of its days also where it came days later', async () => {
    world.now = at('2026-01-15');
    await world.store('20260112', ward, 'c1aaaaaa', 1, { at: '2025-12-24T03:00:00.000Z', first: 11 });
    await world.evaluateAll();
    world.now = at('2026-06-01');
    await hold({ fromDay: '2025-12-24', toDay: '2025-12-24' });
    expect((await world.retention.run('retention', false)).deleted).toEqual(['20260101', '20260110']);
    expect(await stateOf('20260112')).toBe('held');
  });

  it('placed while a run is under way stands before the next day is deleted', async () => {
    const run = world.retention.run('retention', false);
    const placed = await hold({ toDay: null });
    const left = (await world.events.days()).map(({ day }) => day);
    await run;
    expect((await world.events.days()).map(({ day }) => day)).toEqual(left);
    expect(placed.document.liftedAt).toBeNull();
  });

  it('is refused where it makes no sense', async () => {
    await expect(hold({ fromDay: '2026-02-30' })).rejects.toThrow(/is no day/);
    await expect(hold({ fromDay: '2026-02-02' })).rejects.toThrow(/is before the first day/);
    await expect(hold({ agency: 'nobody' })).rejects.toThrow(/no agency "nobody"/);
    const { id } = await hold({});
    await world.retention.liftHold(id, 'xong', LEAD);
    await expect(world.retention.liftHold(id, 'xong', LEAD)).rejects.toMatchObject({ code: 'HD_RECORD_CONFLICT' });
  });
});

describe('two servers on one store', () => {
  it('take turns: a hold placed on one waits for the day that the other is deleting, and stands for the next', async () => {
    await world.store('20260101', ward, 'c1aaaaaa', 5);
    await world.store('20260110', ward, 'c1aaaaaa', 5);
    await world.evaluateAll();
    world.now = at('2026-06-01');
    const servers = ['a', 'b'].map((node) => {
      const data = join(world.folder, `server-${node}`);
      mkdirSync(data);
      return openMembership({ node, data, log: pino({ level: 'silent' }), onLost: () => {} });
    });
    for (const server of servers) await server.claim(world.records);
    let begun: () => void = () => {};
    const deleting = new Promise<void>((done) => {
      begun = done;
    });
    let goOn: () => void = () => {};
    const gate = new Promise<void>((done) => {
      goOn = done;
    });
    const slow = new Proxy(world.events, {
      get(target, name: keyof EventStore) {
        const value = target[name];
        if (name !== 'deleteDay') return typeof value === 'function' ? value.bind(target) : value;
        return async (day: string) => {
          begun();
          await gate;
          await target.deleteDay(day);
        };
      },
    });
    const [one, other] = [
      world.over(slow, world.records, servers[0]),
      world.over(world.events, world.records, servers[1]),
    ];
    const run = one.run('retention', false);
    await deleting;
    let placed = false;
    const holding = other
      .placeHold({ agency: null, fromDay: '2026-01-01', toDay: null, reason: 'Vụ 12' }, LEAD)
      .then(() => {
        placed = true;
      });
    // Long enough for a hold that waits for nobody.
    await other.holds(SYSTEM, 10);
    await other.days();
    expect(placed).toBe(false);
    goOn();
    await holding;
    expect(await run).toMatchObject({ deleted: ['20260101'], failure: null });
    expect((await world.events.days()).map(({ day }) => day)).toEqual(['20260110']);
    await Promise.all([one.stop(), other.stop()]);
    for (const server of servers) await server.leave(true);
  });
});

describe('a crash', () => {
  /** Calls that change something, counted; the one with the given number does its work and then fails, or fails at once. */
  function failing(number: number, after: boolean): { events: EventStore; records: RecordStore; calls: () => number } {
    let calls = 0;
    const guard = async <Result>(act: () => Promise<Result>): Promise<Result> => {
      const mine = ++calls;
      if (mine === number && !after) throw new HaidangError('HD_STORE_DOWN', 'broken off');
      const result = await act();
      if (mine === number) throw new HaidangError('HD_STORE_DOWN', 'broken off');
      return result;
    };
    const events = new Proxy(world.events, {
      get(target, name: keyof EventStore) {
        if (name === 'deleteDay') return (day: string) => guard(() => target.deleteDay(day));
        const value = target[name];
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const as = (identity: Identity): RecordView => {
      const view = world.records.as(identity);
      return {
        ...bound(view),
        create: (...args) => guard(() => view.create(...args)),
        replace: (...args) => guard(() => view.replace(...args)),
      } as RecordView;
    };
    const records = { ...bound(world.records), as } as RecordStore;
    return { events, records, calls: () => calls };
  }

  it.each([
    ['before', false],
    ['after', true],
  ])('%s any step of a deletion leaves a ledger that adds up once it was gone on with', async (_name, after) => {
    await world.store('20260101', ward, 'c1aaaaaa', 7);
    await world.store('20260101', finance, 'c2bbbbbb', 2);
    await world.evaluateAll();
    world.now = at('2028-06-01');
    let year = 2028;
    for (let number = 1; ; number++) {
      const { events, records, calls } = failing(number, after);
      const broken = world.over(events, records);
      await broken.run('retention', false);
      await broken.stop();
      if (calls() < number) break;
      await world.retention.recover();
      await world.retention.run('retention', false);
      expect(world.has('20260101') || (await deletions()).some(({ state }) => state !== 'done')).toBe(false);
      for (const row of await world.ledger()) {
        expect(row, `step ${number}`).toMatchObject({ stored: 0, deleted: row.spooled, waiting: 0, state: 'ok' });
      }
      // The next round has another day to delete.
      const day = `${++year}0601`;
      await world.store(day, ward, 'c1aaaaaa', number);
      await world.store(day, finance, 'c2bbbbbb', 1);
      await world.evaluateAll();
      world.now = at(`${year + 3}-06-01`);
      year += 3;
    }
    expect(year).toBeGreaterThan(2028 + 4 * 5);
  });
});

function bound<T extends object>(target: T): T {
  const methods: Record<string, unknown> = {};
  for (let at: object | null = target; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) {
      const value = (target as Record<string, unknown>)[name];
      if (typeof value === 'function' && name !== 'constructor') methods[name] ??= value.bind(target);
    }
  }
  return methods as T;
}
