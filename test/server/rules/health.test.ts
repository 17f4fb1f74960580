import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseRules } from '../../../rules/sigma/parse.ts';
import { createEvaluator } from '../../../server/detection/evaluate.ts';
import { joinReports, openRuleWatch, sourceKey, type WatchReport } from '../../../server/detection/rule-watch.ts';
import { selfTest } from '../../../server/detection/self-test.ts';
import { openRuleHealth } from '../../../server/rules/health.ts';
import { canHold } from '../../../server/rules/judge-health.ts';
import { BRUTE_FORCE, testRules, World } from '../detection/world.ts';
import { silentLog } from './silent-log.ts';

const MINUTE = 60_000;
const START = Date.parse('2026-11-20T08:00:00.000Z');

const TEXT = `
title: Login as admin
id: 6f8d0a55-6f2c-4c9f-9a0e-1d1a0c3d2001
status: test
level: medium
logsource: {product: linux, service: sshd}
detection:
  admin: {user.name: admin}
  condition: admin
haidang:
  samples:
    match:
      - {event.module: system, process.name: sshd, user.name: admin}
`;
const [rule] = parseRules(TEXT, 'rule.yml').rules;
if (rule?.kind !== 'detection') throw new Error('It is a rule.');
const SSHD = sourceKey(rule.logsource);
const NOTHING: WatchReport = { matches: {}, sources: {}, fields: {}, costs: {} };

describe('the self-test of a rule', () => {
  const evaluatorOf = (text: string) => {
    const { rules } = parseRules(text, 'rule.yml');
    return { rules, evaluator: createEvaluator(rules) };
  };

  it('passes through what evaluates stored events, for single events and for correlations', async () => {
    const { rules, evaluator } = evaluatorOf(TEXT);
    expect(await selfTest(rule, evaluator, rules)).toEqual({ rule: rule.id, samples: 1, failed: [], error: null });
    const set = testRules().rules;
    const failed = { event: { module: 'system', action: 'ssh_login', outcome: 'failure' }, process: { name: 'sshd' } };
    const sample = (repeat: number) => ({
      events: [{ event: { ...failed, source: { ip: '203.0.113.7' } }, repeat, every: 1 }],
    });
    const count = set.find(({ id }) => id === BRUTE_FORCE);
    if (!count) throw new Error('The rules hold a correlation.');
    const tested = {
      ...count,
      extension: { ...count.extension, samples: { match: [sample(10), sample(9)], noMatch: [] } },
    };
    expect(await selfTest(tested, createEvaluator(set), set)).toMatchObject({ samples: 2, failed: [2], error: null });
  });

  it('fails where the rule no longer finds its sample', async () => {
    const { rules, evaluator } = evaluatorOf(TEXT.replace('{user.name: admin}', '{user.name: root}'));
    const [changed] = rules;
    if (!changed) throw new Error('It is a rule.');
    expect(await selfTest(changed, evaluator, rules)).toMatchObject({ samples: 1, failed: [1] });
  });

  it('says where it cannot be run', async () => {
    const broken = {
      evaluate: () => {
        throw new Error('out of order');
      },
    };
    expect(await selfTest(rule, broken, [rule])).toMatchObject({ failed: [], error: 'out of order' });
  });
});

describe('what a condition needs', () => {
  it('is found out by leaving fields away', () => {
    const field = (name: string) => ({ kind: 'field', field: name, test: { kind: 'exists', value: true } }) as const;
    const has =
      (...names: string[]) =>
      (name: string) =>
        names.includes(name);
    const either = { kind: 'or', of: [field('a'), field('b')] } as const;
    const both = { kind: 'and', of: [either, field('c')] } as const;
    expect(canHold(both, has('a', 'c'))).toBe(true);
    expect(canHold(both, has('a', 'b'))).toBe(false);
    expect(canHold({ kind: 'not', of: both }, has())).toBe(true);
    expect(canHold({ kind: 'field', field: 'a', test: { kind: 'null' } }, has())).toBe(true);
  });
});

describe('the health of rules', () => {
  let world: World;
  let clock: number;
  let report: WatchReport;
  let failed: readonly number[];
  let silent: boolean;

  beforeEach(async () => {
    world = await World.create();
    clock = START;
    report = NOTHING;
    failed = [];
    silent = false;
  });
  afterEach(() => world.close());

  const open = (rules = [rule]) =>
    openRuleHealth({
      registry: { rules, shadows: [] },
      detection: {
        watch: async () => report,
        selfTest: async (ids) => {
          if (silent) throw new Error('The thread is gone.');
          return ids.map((id) => ({ rule: id, samples: 1, failed, error: null }));
        },
      },
      records: world.records,
      log: silentLog,
      now: () => clock,
    });
  const seen = (...fields: string[]): WatchReport => ({
    matches: { [rule.id]: { count: 3, at: new Date(clock).toISOString() } },
    sources: { [SSHD]: { events: 10, at: new Date(clock).toISOString() } },
    fields: { [SSHD]: fields },
    costs: { [rule.id]: 420 },
  });

  it('is good where its sample is found and its fields come, and is known again after a restart', async () => {
    const health = await open();
    expect(health.of(rule)).toMatchObject({ state: 'waiting', reasons: ['source-never'] });
    report = seen('user.name');
    await health.look();
    const good = { state: 'ok', reasons: [], matches: 3, fieldsNeverSeen: [], nanosecondsPerEvent: 420 };
    expect(health.of(rule)).toMatchObject({ ...good, selfTest: { passed: true } });
    report = NOTHING;
    await health.stop();
    const again = await open();
    expect(again.of(rule)).toMatchObject({
      matches: 3,
      sourceSeen: new Date(START).toISOString(),
      fieldsNeverSeen: [],
    });
    await again.stop();
  });

  it('is dead where its sample is no longer found, within five minutes also where nothing answers', async () => {
    const health = await open();
    report = seen('user.name');
    await health.look();
    failed = [1];
    await health.look();
    expect(health.of(rule)).toMatchObject({ state: 'dead', reasons: ['self-test-failed'], selfTest: { failed: [1] } });
    failed = [];
    await health.look();
    expect(health.of(rule).state).toBe('ok');
    silent = true;
    clock += 5 * MINUTE + 1;
    await health.look();
    expect(health.of(rule)).toMatchObject({ state: 'dead', reasons: ['self-test-late'] });
    await health.stop();
  });

  it('is dead where its log source fell silent for a day, or it asks for a field that nothing has', async () => {
    const health = await open();
    report = seen('user.name');
    await health.look();
    report = NOTHING;
    clock += 1_441 * MINUTE;
    await health.look();
    expect(health.of(rule)).toMatchObject({ state: 'dead', reasons: ['source-silent'] });
    await health.stop();
    const [slip] = parseRules(TEXT.replaceAll('user.name', 'user.nmae'), 'rule.yml').rules;
    if (!slip) throw new Error('It is a rule.');
    const other = await open([slip as typeof rule]);
    expect(other.of(slip)).toMatchObject({ state: 'dead', reasons: expect.arrayContaining(['field-unknown']) });
    await other.stop();
  });

  it('waits for a field that its log source has not had yet', async () => {
    const health = await open();
    report = seen('host.name');
    await health.look();
    expect(health.of(rule)).toMatchObject({
      state: 'waiting',
      reasons: ['field-never'],
      fieldsNeverSeen: ['user.name'],
    });
    await health.stop();
  });
});

describe('the watch over live events', () => {
  it('counts matches, knows log sources and their fields, and looks at few events a second', async () => {
    const world = await World.create();
    const { failures } = await import('../detection/world.ts');
    await world.store(failures(40, 0, 1, '203.0.113.7', 'admin'));
    await world.store(failures(40, 60));
    const [first, second] = await world.events.readFrom(1, 10);
    await world.close();
    if (!first || !second) throw new Error('Two batches are stored.');
    const watch = openRuleWatch([rule]);
    watch.took(first, new Map([[rule.id, 40]]), START);
    watch.took(second, new Map([[rule.id, 2]]), START + 10);
    const seen = watch.report();
    expect(seen.matches[rule.id]).toEqual({ count: 42, at: second.receivedAt });
    // The second batch of the collector came too soon to be looked into.
    expect(seen.sources[SSHD]?.events).toBeLessThanOrEqual(16);
    expect(seen.fields[SSHD]).toEqual(['user.name']);
    expect(seen.costs[rule.id]).toBeGreaterThan(0);
    expect(watch.report()).toMatchObject({ matches: {}, sources: {}, fields: {} });
    expect(joinReports(seen, seen).matches[rule.id]?.count).toBe(84);
  });
});
