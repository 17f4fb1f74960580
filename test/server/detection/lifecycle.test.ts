import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseRules } from '../../../rules/sigma/parse.ts';
import type { LoadedRules } from '../../../server/detection/detection.ts';
import { SYSTEM } from '../../../server/identity.ts';
import { overlay } from '../../../server/rules/overlay.ts';
import { UNDECIDED } from '../../../server/rules/settings.ts';
import { shadowOf } from '../../../server/rules/shadow.ts';
import { ADMIN_LOGIN, BRUTE_FORCE, failures, LOGIN_AFTER_FAILURES, success, testRules, World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await World.create();
});
afterEach(() => world.close());

/** What makes alerts the same: rule, group, time and members. An id is made of what came first. */
const facts = async () =>
  (await world.alerts()).map(({ rule, group, count, first, last, entities, events }) => {
    const { values = [], total } = entities['source.ip'] ?? {};
    return { rule, group, count, first, last, events: [...events].sort(), addresses: [...values].sort(), total };
  });

/** The rules without some of them. */
function without(...ids: string[]): LoadedRules {
  const { rules, problems } = testRules();
  return { rules: rules.filter(({ id }) => !ids.includes(id)), problems };
}

/** Forty-odd events in small frames: failures of two addresses, an admin's, and logins after them. */
const lines = [
  ...failures(12, 0, 1, '203.0.113.1'),
  ...failures(9, 3, 1, '203.0.113.2'),
  success(40, '203.0.113.1'),
  ...failures(14, 45, 2, '203.0.113.2', 'admin'),
  success(90, '203.0.113.2'),
  ...failures(8, 100, 1, '203.0.113.1', 'admin'),
];
const storeAll = async (from = 0, to = lines.length) => {
  for (let at = from; at < to; at += 3) await world.store(lines.slice(at, Math.min(to, at + 3)));
};
const HALF = 24;

async function calmRun() {
  await world.detect();
  await storeAll();
  await world.settled();
  const calm = await facts();
  await world.close();
  world = await World.create();
  return calm;
}

describe('rules that change while events come', () => {
  it('are in force from one stretch to the next, and no event is lost or evaluated twice', async () => {
    const calm = await calmRun();
    const detection = await world.detect();
    // The same rules again and again, while events are stored.
    let swaps = 0;
    let storing = true;
    const swapping = (async () => {
      while (storing) {
        await detection.use(testRules());
        swaps++;
      }
    })();
    await storeAll();
    await world.settled();
    storing = false;
    await swapping;
    expect(swaps).toBeGreaterThan(0);
    expect(await facts()).toEqual(calm);
    expect([...detection.spans().values()].every(({ gaps }) => gaps.length === 0)).toBe(true);
  });

  it('that do not compile leave those before in force', async () => {
    const detection = await world.detect();
    const [rule] = testRules().rules;
    if (rule?.kind !== 'detection') throw new Error('The first rule is a detection.');
    const broken = { ...rule, condition: { kind: 'no such condition' } as never };
    await expect(detection.use({ rules: [broken], problems: [] })).rejects.toThrow();
    await storeAll();
    await world.settled();
    expect((await world.alerts()).map(({ rule }) => rule)).toContain(BRUTE_FORCE);
  });

  it('that are got ready while detection stops keep nobody waiting', async () => {
    const detection = await world.detect();
    const refused = expect(detection.use(testRules())).rejects.toThrow('Detection has stopped.');
    await detection.stop();
    await refused;
  });

  it('are told apart on the alert by their version', async () => {
    const detection = await world.detect();
    await world.store(failures(1, 0, 1, '203.0.113.1', 'admin'));
    await world.settled();
    const [before] = await world.alerts();
    const text = (testRules().rules.find(({ id }) => id === ADMIN_LOGIN)?.yaml ?? '').replace(
      'level: medium',
      'level: high',
    );
    await detection.use({
      rules: [...without(ADMIN_LOGIN).rules, ...parseRules(text, 'rules.yml').rules],
      problems: [],
    });
    await world.store(failures(1, 5, 1, '203.0.113.1', 'admin'));
    await world.settled();
    const [after] = await world.alerts();
    expect(after).toMatchObject({ id: before?.id, count: 2, severity: 'high' });
    expect(before?.ruleVersions).toHaveLength(1);
    expect(after?.ruleVersions).toHaveLength(2);
    expect(after?.ruleVersions?.[0]).toBe(before?.ruleVersions?.[0]);
  });
});

describe('a rule that is enabled later', () => {
  const later = [ADMIN_LOGIN, BRUTE_FORCE, LOGIN_AFTER_FAILURES];
  /** Without what counts them, the counted rules would alert by themselves. */
  const counted = testRules().rules.flatMap(({ id, name }) => (name?.startsWith('ssh_') ? [id] : []));

  it('lists what it missed, and filled up gives the alerts of an undisturbed run', async () => {
    const calm = await calmRun();
    const detection = await world.detect(world.records, world.events, without(...later, ...counted));
    await storeAll(0, HALF);
    await world.settled();
    await detection.use(testRules());
    for (const id of later)
      expect(detection.spans().get(id)?.gaps).toMatchObject([{ from: 1, to: HALF, state: 'open' }]);
    for (const id of later) await detection.refill(id, { from: 1, to: HALF });
    // New events come while the gap is filled.
    await storeAll(HALF);
    await world.settled();
    await filled(detection);
    expect(await facts()).toEqual(calm);
    for (const id of later)
      expect(detection.spans().get(id)?.gaps).toMatchObject([{ from: 1, to: HALF, state: 'filled' }]);
    // Asked again, it counts nothing twice.
    await detection.refill(ADMIN_LOGIN, { from: 1, to: HALF });
    await filled(detection);
    expect(await facts()).toEqual(calm);
  });

  it('goes on filling after the server stopped in the midst of it', async () => {
    const calm = await calmRun();
    await world.detect(world.records, world.events, without(...later, ...counted));
    await storeAll();
    await world.settled();
    await world.stopDetection();
    for (let life = 0; ; life++) {
      const aFewBatches = new Proxy(world.events, {
        get(target, name) {
          const value = Reflect.get(target, name, target) as unknown;
          if (name !== 'readFrom') return typeof value === 'function' ? value.bind(target) : value;
          return (from: number) => target.readFrom(from, 4);
        },
      });
      let commits = 0;
      const cut = Promise.withResolvers<void>();
      const records = new Proxy(world.records, {
        get(target, name) {
          const value = Reflect.get(target, name, target) as unknown;
          if (name !== 'commitDetection') return typeof value === 'function' ? value.bind(target) : value;
          return async (part: Parameters<typeof target.commitDetection>[0]) => {
            commits++;
            // Every second life ends after its second commit reached the disk and its answer was lost.
            if (commits > 2) throw new Error('killed');
            if (commits < 2 || life % 2 === 1) await target.commitDetection(part);
            if (commits < 2) return { changed: [] };
            cut.resolve();
            throw new Error('killed');
          };
        },
      });
      const detection = await world.detect(records, aFewBatches);
      if (life === 0) for (const id of later) await detection.refill(id, { from: 1, to: lines.length });
      const done = filled(detection);
      await Promise.race([cut.promise, done]);
      const left = detection.refills().length;
      await world.stopDetection();
      if (left === 0) break;
    }
    expect(await facts()).toEqual(calm);
  });

  it('lists what it missed while it was switched off', async () => {
    const detection = await world.detect();
    await storeAll(0, 6);
    await world.settled();
    await detection.use(without(ADMIN_LOGIN));
    await storeAll(6, 12);
    await world.settled();
    expect(detection.spans().get(ADMIN_LOGIN)).toMatchObject({ until: 6 });
    await detection.use(testRules());
    expect(detection.spans().get(ADMIN_LOGIN)?.gaps).toMatchObject([{ from: 7, to: 12, state: 'open' }]);
    expect(detection.spans().get(BRUTE_FORCE)?.gaps).toEqual([]);
  });
});

describe('evaluation', () => {
  it('finds an event by each of a hundred rules that it matches', async () => {
    const text = testRules().rules.find(({ id }) => id === ADMIN_LOGIN)?.yaml ?? '';
    const many = Array.from({ length: 100 }, (_, at) =>
      text.replace(/id: .*/, `id: ${ADMIN_LOGIN.slice(0, -3)}${at + 100}`),
    );
    await world.detect(world.records, world.events, parseRules(many.join('\n---\n'), 'many.yml'));
    await world.store(failures(1, 0, 1, '203.0.113.1', 'admin'));
    await world.settled();
    const { records } = await world.records.as(SYSTEM).find('alert', { limit: 200 });
    expect(new Set(records.map(({ document }) => document.rule)).size).toBe(100);
    expect(records.every(({ document }) => document.count === 1)).toBe(true);
  });

  it('takes no event for a self-test, whatever it says of itself', async () => {
    await world.detect();
    const [event] = failures(1, 0, 1, '203.0.113.1', 'admin');
    const posing = {
      ...event,
      organization: { id: 'self-test' },
      agent: { id: 'selftest' },
      haidang: { source: 'self-test' },
    };
    await world.store([posing]);
    await world.settled();
    expect(await world.alerts()).toMatchObject([{ rule: ADMIN_LOGIN, agency: 'so-tai-chinh', count: 1 }]);
  });
});

describe('an exception', () => {
  const exception = {
    id: '0123456789ab',
    kql: 'source.ip: 203.0.113.1',
    agency: null,
    reason: 'our own scanner',
    createdAt: '2026-11-20T00:00:00.000Z',
    createdBy: 'hoa',
    expires: '2026-12-20T00:00:00.000Z',
    endedAt: null,
    endedBy: null,
  };
  const now = Date.parse('2026-11-21T00:00:00.000Z');
  const decided = (rule: string, at = now) =>
    overlay(testRules(), new Map(), new Map([[rule, { ...UNDECIDED, exceptions: [exception] }]]), at);

  it('hides its events alone, and counts them', async () => {
    const detection = await world.detect(world.records, world.events, decided(ADMIN_LOGIN));
    await storeAll();
    await world.settled();
    const admin = (await world.alerts()).filter(({ rule }) => rule === ADMIN_LOGIN);
    expect(admin.map(({ count }) => count)).toEqual([14]);
    const { matches } = await detection.watch();
    const hidden = Object.entries(matches).filter(([id]) => shadowOf(id)?.rule === ADMIN_LOGIN);
    expect(hidden.map(([, { count }]) => count)).toEqual([8]);
    expect((await world.alerts()).every(({ rule }) => shadowOf(rule) === undefined)).toBe(true);
  });

  it('ends by itself', () => {
    expect(decided(ADMIN_LOGIN).nextChange).toBe(Date.parse(exception.expires));
    const after = decided(ADMIN_LOGIN, Date.parse(exception.expires));
    expect(after.shadows).toEqual([]);
    expect(after.rules.find(({ id }) => id === ADMIN_LOGIN)).toEqual(
      testRules().rules.find(({ id }) => id === ADMIN_LOGIN),
    );
  });

  it('of a correlation whose events others count too is refused by name', () => {
    const { problems, shadows } = decided(LOGIN_AFTER_FAILURES);
    expect(shadows).toEqual([]);
    expect(problems).toMatchObject([{ code: 'HD_RULE_EXCEPTION', rule: LOGIN_AFTER_FAILURES }]);
  });
});

async function filled(detection: { refills(): readonly unknown[] }): Promise<void> {
  while (detection.refills().length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
}
