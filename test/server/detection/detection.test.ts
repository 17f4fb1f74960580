import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alertSentence } from '../../../server/alerts/sentence.ts';
import type { DetectionCommit, RecordStore } from '../../../server/store/record-store.ts';
import { sshFailure } from '../store/frames.ts';
import { ADMIN_LOGIN, BRUTE_FORCE, failures, LOGIN_AFTER_FAILURES, success, testRules, World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await World.create();
});
afterEach(() => world.close());

/** The records, but something happens around each commit. */
function withCommit(
  records: RecordStore,
  commit: (part: DetectionCommit, through: () => Promise<unknown>) => Promise<void>,
) {
  const through = (part: DetectionCommit) => records.commitDetection(part);
  return new Proxy(records, {
    get(target, name) {
      if (name === 'commitDetection') {
        return async (part: DetectionCommit) => {
          let answer = { changed: [] as readonly string[] };
          await commit(part, async () => {
            answer = await through(part);
          });
          return answer;
        };
      }
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const facts = async () =>
  (await world.alerts()).map(({ id, rule, group, count, first, last, entities, events }) => {
    return { id, rule, group, count, first, last, events, addresses: entities['source.ip'] };
  });

describe('detection over the real store', () => {
  it('makes 1,000 lines of one brute force one row with a count of 1,000, in a sentence', async () => {
    await world.detect();
    const lines = failures(1_000, 0, 0.5);
    for (let at = 0; at < 1_000; at += 100) await world.store(lines.slice(at, at + 100));
    await world.settled();
    const alerts = await world.alerts();
    expect(alerts).toHaveLength(1);
    const [alert] = alerts;
    expect(alert).toMatchObject({
      rule: BRUTE_FORCE,
      agency: 'so-tai-chinh',
      severity: 'high',
      severityRank: 4,
      count: 1_000,
      group: { 'host.name': 'cong-dvc' },
      first: '2026-11-20T08:00:00.000Z',
      last: '2026-11-20T08:08:19.500Z',
      tags: ['attack.credential-access', 'attack.t1110'],
    });
    expect(alert?.entities['source.ip']).toEqual({ values: ['203.0.113.7'], total: 1 });
    expect(alert?.events).toHaveLength(1_000);
    expect(world.changed).toContain(alert?.id);
    const rule = testRules().rules.find(({ id }) => id === BRUTE_FORCE);
    if (!rule || !alert) throw new Error('The rule or its alert is missing.');
    expect(alertSentence(rule, alert, 'en')).toBe('203.0.113.7 failed 1,000 logins on cong-dvc');
    expect(alertSentence(rule, alert, 'km')).toBeUndefined();
  });

  it('weighs an alert by the level of what it is about, from its first moment', async () => {
    const { openAssetBook } = await import('../../../server/assets/book.ts');
    const book = openAssetBook(world.records);
    await book.add({ kind: 'host', value: 'Cong-DVC', level: 4, name: 'portal', agency: null });
    await world.detect();
    await world.store([...failures(12), success(20)]);
    await world.settled();
    expect((await world.alerts()).map(({ rule, severity, ruleLevel }) => [rule, severity, ruleLevel])).toEqual([
      [BRUTE_FORCE, 'critical', 'high'],
      [LOGIN_AFTER_FAILURES, 'critical', 'critical'],
    ]);
  });

  it('says in the state how far it is, and explains by field', async () => {
    const detection = await world.detect();
    await world.store([...failures(3), { ...sshFailure(5), user: { name: 'admin' } }]);
    await world.settled();
    expect(detection.state()).toEqual({ cursor: 4, gaps: [], lagEvents: 0, unevaluated: 0 });
    expect((await world.alerts()).map(({ rule, count }) => [rule, count])).toEqual([[ADMIN_LOGIN, 1]]);
    expect(
      detection.explain(ADMIN_LOGIN, {
        user: { name: 'admin' },
        event: { module: 'system' },
        process: { name: 'sshd' },
      }),
    ).toContain('user.name');
    expect(detection.explain(BRUTE_FORCE, sshFailure(1))).toEqual(
      expect.arrayContaining(['event.action', 'event.outcome']),
    );
    expect(detection.explain('no-such-rule', sshFailure(1))).toEqual([]);
  });

  it('reads on from the cursor over what was stored while it was away, and adds nothing by it', async () => {
    await world.detect();
    await world.store(failures(9));
    await world.settled();
    await world.stopDetection();
    expect(await world.records.detectionCursor()).toBe(9);
    await world.store(failures(6, 9));
    await world.detect();
    await world.settled();
    expect((await world.alerts()).map(({ count }) => count)).toEqual([15]);
    await world.stopDetection();
    const before = await facts();
    await world.detect();
    await world.settled();
    expect(await facts()).toEqual(before);
  });

  it('keeps up by reading from the store where a flood does not fit in memory', async () => {
    const { openStretches } = await import('../../../server/detection/stretches.ts');
    const lines = failures(40);
    for (let at = 0; at < 40; at += 4) await world.store(lines.slice(at, at + 4));
    const all = await world.events.readFrom(1, 100);
    const size = all[0]?.body.byteLength ?? 0;
    const stretches = openStretches(
      world.events,
      0,
      { insist: (_, act) => act() },
      { queueBytes: size * 2.5, batches: 3, events: 1_000 },
    );
    for (const batch of [...all].reverse()) stretches.offer(batch);
    const seen: number[] = [];
    while ((seen.at(-1) ?? 0) < 40) {
      for (const batch of await stretches.next(seen.at(-1) ?? 0)) {
        expect(batch.firstSequence).toBe((seen.at(-1) ?? 0) + 1);
        seen.push(batch.lastSequence);
      }
    }
    expect(seen).toEqual([4, 8, 12, 16, 20, 24, 28, 32, 36, 40]);
    stretches.stop();
    expect(await stretches.next(40)).toEqual([]);
  });

  it('alerts on late and future-dated events, each once', async () => {
    await world.detect();
    await world.store(failures(10, 0));
    await world.store(failures(10, 48 * 3_600));
    await world.store(failures(10, 6 * 365 * 86_400));
    await world.store(failures(5, 20));
    await world.settled();
    expect((await world.alerts()).map(({ count, first }) => [first.slice(0, 10), count])).toEqual([
      ['2026-11-20', 15],
      ['2026-11-22', 10],
      ['2032-11-18', 10],
    ]);
  });

  it('counts an event that was sent twice once: in whole frames, and in one that holds new ones too', async () => {
    await world.detect();
    await world.store(failures(12));
    world.continueAt(1);
    await world.store(failures(12));
    world.continueAt(1);
    await world.store(failures(20));
    await world.stopDetection();
    world.continueAt(1);
    await world.store(failures(20));
    await world.detect();
    await world.settled();
    expect((await world.alerts()).map(({ count }) => count)).toEqual([20]);
  });
});

describe('a login after many failed ones', () => {
  const rows = async () => (await world.alerts()).map(({ rule, count, severity }) => [rule, count, severity]);

  it('is an alert of its own beside that of the failures, once they are many and before it', async () => {
    const detection = await world.detect();
    await world.store([success(0), ...failures(9, 10), success(30)]);
    await world.store([...failures(9, 20, 1, '203.0.113.8'), success(31, '203.0.113.8')]);
    await world.settled();
    expect(await rows()).toEqual([]);
    await world.store([...failures(1, 19), success(100)]);
    await world.settled();
    expect(await rows()).toEqual([
      [BRUTE_FORCE, 10, 'high'],
      [LOGIN_AFTER_FAILURES, 12, 'critical'],
    ]);
    const [, alert] = await world.alerts();
    expect(alert?.events).toHaveLength(12);
    expect(alert?.entities['user.name']).toEqual({ values: ['root', 'hoa'], total: 2 });
    expect(detection.explain(LOGIN_AFTER_FAILURES, success(0))).toContain('event.outcome');
  });

  it('is found whatever comes first, and with restarts between', async () => {
    await world.detect();
    for (const events of [[success(100)], failures(4, 16), failures(3, 13), failures(3, 10), [success(101)]]) {
      await world.store(events);
      await world.settled();
      await world.stopDetection();
      await world.detect();
    }
    await world.settled();
    expect(await rows()).toEqual([
      [BRUTE_FORCE, 10, 'high'],
      [LOGIN_AFTER_FAILURES, 12, 'critical'],
    ]);
  });
});

describe('a crash at any step', () => {
  const lines = [
    ...failures(7, 0, 1, '203.0.113.1'),
    ...failures(9, 3, 1, '203.0.113.2'),
    ...failures(20, 5, 2, '203.0.113.1', 'admin'),
  ];
  const storeAll = async () => {
    for (let at = 0; at < lines.length; at += 6) await world.store(lines.slice(at, at + 6));
  };

  it('leaves the alerts of an undisturbed run: before the commit, and after it with the answer lost', async () => {
    await world.detect();
    await storeAll();
    await world.settled();
    const calm = await facts();
    expect(calm.map(({ count }) => count)).toEqual([27, 20]);
    await world.close();

    world = await World.create();
    await storeAll();
    let commits = 0;
    for (let life = 0; life < 12; life++) {
      // Each life is cut short at its second commit, by turns before and after it reached the disk.
      let own = 0;
      const killed = new Promise<void>((resolve) => {
        const records = withCommit(world.records, async (_part, through) => {
          own++;
          commits++;
          if (own === 2) {
            if (life % 2 === 1) await through();
            resolve();
            throw new Error('killed');
          }
          if (own > 2) throw new Error('killed');
          await through();
        });
        void world.detect(records, oneBatchAtATime());
      });
      const done = async () => {
        while ((await world.records.detectionCursor()) < lines.length)
          await new Promise((resolve) => setTimeout(resolve, 5));
      };
      await Promise.race([killed, done()]);
      await world.stopDetection();
    }
    await world.detect();
    await world.settled();
    expect(commits).toBeGreaterThan(6);
    expect(await facts()).toEqual(calm);
  });

  it('is retried with the same alerts where the store fails for a while', async () => {
    let failing = 3;
    const records = withCommit(world.records, async (_part, through) => {
      if (failing % 2 === 0) await through();
      if (failing-- > 0) throw new Error('The disk is full.');
      await through();
    });
    await world.detect(records);
    await storeAll();
    await world.settled();
    expect(failing).toBeLessThan(1);
    expect((await world.alerts()).map(({ count }) => count)).toEqual([27, 20]);
  });

  it('of the reads of the store loses nothing and doubles nothing', async () => {
    let failing = 2;
    const records = new Proxy(world.records, {
      get(target, name) {
        const value = Reflect.get(target, name, target) as unknown;
        if (name !== 'as' || typeof value !== 'function')
          return typeof value === 'function' ? value.bind(target) : value;
        return (identity: Parameters<RecordStore['as']>[0]) => {
          const view = target.as(identity);
          return {
            ...view,
            get: view.get.bind(view),
            create: view.create.bind(view),
            find: (...args: Parameters<typeof view.find>) => {
              if (failing-- > 0) return Promise.reject(new Error('The record store restarts.'));
              return view.find(...args);
            },
          };
        };
      },
    });
    await world.detect(records);
    await storeAll();
    await world.settled();
    expect(failing).toBeLessThan(0);
    expect((await world.alerts()).map(({ count }) => count)).toEqual([27, 20]);
  });

  it('of a batch that cannot be read is a named gap, and the rest goes on', async () => {
    await storeAll();
    const events = new Proxy(world.events, {
      get(target, name) {
        const value = Reflect.get(target, name, target) as unknown;
        if (name !== 'readFrom') return typeof value === 'function' ? value.bind(target) : value;
        return async (...args: Parameters<typeof target.readFrom>) => {
          const batches = await target.readFrom(...args);
          return batches.map((batch) =>
            batch.firstSequence === 7 ? { ...batch, body: Buffer.from('damaged') } : batch,
          );
        };
      },
    });
    const detection = await world.detect(world.records, events);
    await world.settled();
    expect(detection.state().gaps).toEqual([{ from: 7, to: 12, events: 6 }]);
    expect(detection.state().cursor).toBe(36);
  });

  /** So that a life has more than one commit. */
  function oneBatchAtATime() {
    return new Proxy(world.events, {
      get(target, name) {
        const value = Reflect.get(target, name, target) as unknown;
        if (name !== 'readFrom') return typeof value === 'function' ? value.bind(target) : value;
        return (from: number) => target.readFrom(from, 1);
      },
    });
  }
});
