import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseRules } from '../../../rules/sigma/parse.ts';
import type { MatchCell } from '../../../server/detection/match-cell.ts';
import type { DetectionCommit, RecordStore } from '../../../server/store/record-store.ts';
import { cellsOf, countRule, Disk, detectionRule, orderedRule } from '../alerts-engine/model.ts';
import { failures, success, World } from './world.ts';

const RULES = `
title: A failed SSH login
name: failed
logsource: {product: linux, service: sshd}
detection: {s: {event.action: ssh_login, event.outcome: failure}, condition: s}
---
title: An SSH login
name: login
logsource: {product: linux, service: sshd}
detection: {s: {event.action: ssh_login, event.outcome: success}, condition: s}
---
title: A wave of failed logins
id: wave
correlation: {type: event_count, rules: [failed], group-by: [source.ip, user.name], timespan: 1m, condition: {gte: 5}}
---
title: A guessed password
id: guessed
correlation: {type: temporal_ordered, rules: [wave, login], group-by: [source.ip], timespan: 10m}
---
title: Waves without end
id: waves
correlation: {type: event_count, rules: [wave], group-by: [source.ip], timespan: 1h, condition: {gte: 3}}
---
title: In and on
id: campaign
correlation: {type: temporal, rules: [guessed, waves], group-by: [source.ip], timespan: 1d}
haidang: {group_by: [source.ip], gap: 1d}
`;

let world: World;
beforeEach(async () => {
  world = await World.create();
});
afterEach(() => world.close());

const campaigns = async () =>
  (await world.alerts())
    .filter(({ rule }) => rule === 'campaign')
    .map(({ group, count, first, last, events }) => ({ group, count, first, last, events: [...events].sort() }));

/** Three waves and a login after the second, from one address; noise of another. */
const lines = [
  ...failures(6, 0, 2),
  ...failures(4, 5, 1, '203.0.113.9'),
  ...failures(6, 300, 2),
  success(330),
  ...failures(2, 500, 100),
  ...failures(6, 900, 2),
  success(5_000, '203.0.113.9'),
];

/** The records, whose commits fail as often as `luck` says, before or after they were written. */
function unlucky(records: RecordStore, luck: readonly ('before' | 'after' | 'fine')[]): RecordStore {
  let at = 0;
  return new Proxy(records, {
    get(target, name) {
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== 'function') return value;
      if (name !== 'commitDetection') return value.bind(target);
      return async (part: DetectionCommit) => {
        const turn = luck[at++ % luck.length];
        if (turn === 'before') throw new Error('The disk does not answer.');
        const done = await target.commitDetection(part);
        if (turn === 'after') throw new Error('The answer was lost.');
        return done;
      };
    },
  });
}

describe('a correlation of correlations of correlations, over the real store', () => {
  const run = async (batches: readonly (typeof lines)[], cuts: number) => {
    const records = unlucky(world.records, ['fine', 'before', 'after', 'fine', 'fine']);
    const pauses = { first: 1, longest: 1 };
    for (const [at, batch] of batches.entries()) {
      if (at % cuts === 0) {
        await world.stopDetection();
        await world.detect(records, world.events, parseRules(RULES, 'chain.yml'), { pauses });
      }
      await world.store(batch);
    }
    await world.settled();
    return campaigns();
  };
  const inBatches = (size: number, of = lines) =>
    Array.from({ length: Math.ceil(of.length / size) }, (_, at) => of.slice(at * size, (at + 1) * size));

  it('is one alert with the members of every level, by address although the waves go by user', async () => {
    const found = await run(inBatches(30), 30);
    expect(found).toMatchObject([
      {
        group: { 'source.ip': '203.0.113.7' },
        count: 19,
        first: '2026-11-20T08:00:00.000Z',
        last: '2026-11-20T08:15:10.000Z',
      },
    ]);
    expect(found[0]?.events).toHaveLength(19);
  });

  it.each([
    ['in small batches, with restarts and writes that fail', inBatches(3), 2],
    ['backwards', [...inBatches(4)].reverse(), 3],
    ['one by one, a day late', [lines.slice(7), lines.slice(0, 7)], 1],
  ])('is the same %s', async (_name, batches, cuts) => {
    const found = await run(batches, cuts);
    expect(found.map(({ events, ...rest }) => ({ ...rest, events: events.length }))).toEqual([
      {
        group: { 'source.ip': '203.0.113.7' },
        count: 19,
        first: '2026-11-20T08:00:00.000Z',
        last: '2026-11-20T08:15:10.000Z',
        events: 19,
      },
    ]);
  });
});

describe('chains over any matches', () => {
  const grouping = { gapSeconds: 600 };
  const chain = [
    countRule('count', { threshold: 2, timespanSeconds: 30 }, grouping),
    orderedRule('ordered', { rules: ['count', 'login'], timespanSeconds: 60 }, grouping),
    countRule('often', { rules: ['count'], threshold: 2, timespanSeconds: 120 }, grouping),
    orderedRule('outer', { rules: ['ordered', 'often', 'base'], timespanSeconds: 300, different: 3 }, grouping),
  ];
  /** Where matches of `base` (0) and `login` (1) go, by rule: its steps from left to right; counted alone is not counted among others. */
  const places = { count: [0], ordered: [0, 1], often: [0], outer: [0, 1] } as const;
  const match = fc.record({
    base: fc.constantFrom(0, 0, 0, 1),
    at: fc.nat(500),
    host: fc.constantFrom('web-1', 'web-2'),
    address: fc.constantFrom('203.0.113.9', '203.0.113.9', '203.0.113.10'),
  });

  it('give the same alerts in any order of batches, and after restarts that forget everything', async () => {
    let outer = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(match, { minLength: 10, maxLength: 60, size: 'max' }),
        fc.array(fc.nat(), { minLength: 20, maxLength: 20 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 9, size: 'max' }),
        async (matches, order, restarts) => {
          const events = new Disk();
          const batches: MatchCell[][] = [];
          for (let at = 0; at < matches.length; at += 4) {
            batches.push(
              matches.slice(at, at + 4).flatMap(({ base, ...one }) =>
                Object.entries(places).flatMap(([id, steps]) => {
                  const rule = chain.find((own) => own.id === id) ?? detectionRule('none');
                  return steps.flatMap((own, step) =>
                    own === base ? cellsOf(rule, at + 1, [{ ...one, step }], events) : [],
                  );
                }),
              ),
            );
          }
          const turns = [
            batches,
            batches
              .map((batch, at) => [order[at % order.length] ?? 0, batch] as const)
              .sort(([a], [b]) => a - b)
              .map(([, batch]) => batch),
            [...batches].reverse(),
            // At once.
            [batches.flat()],
          ];
          const outcomes = turns.map(async (own) => {
            const disk = new Disk();
            for (const [id, event] of events.events) disk.events.set(id, event);
            const bounds = { maxSeconds: 60, maxRows: 3 };
            let engine = disk.open(chain, true, bounds);
            for (const [at, batch] of own.entries()) {
              if (restarts[at % restarts.length]) engine = disk.open(chain, false, bounds);
              await disk.run(engine, batch);
            }
            return [...disk.alerts.values()]
              .map(({ rule, group, count, first, last }) => JSON.stringify({ rule, group, count, first, last }))
              .sort();
          });
          const [first, ...others] = await Promise.all(outcomes);
          for (const other of others) expect(other).toEqual(first);
          if (first?.some((text) => text.includes('"outer"'))) outer++;
        },
      ),
      { numRuns: 120 },
    );
    expect(outer).toBeGreaterThan(20);
  });
});
