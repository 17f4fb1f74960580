import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellsOf, countRule, Disk, detectionRule, type Match, orderedRule, steady, valueRule } from './model.ts';

describe('matches of a detection rule', () => {
  const rule = detectionRule('rule');

  it('are one alert while they are at most the gap apart, and another after it', async () => {
    const disk = new Disk();
    const grouping = disk.open([rule]);
    await disk.run(grouping, cellsOf(rule, 1, [{ at: 0 }, { at: 3_600 }]));
    await disk.run(grouping, cellsOf(rule, 2, [{ at: 7_200 }, { at: 10_801 }]));
    expect(disk.rows).toMatchObject([
      { count: 3, from: 0, to: 7_200 },
      { count: 1, from: 10_801, to: 10_801 },
    ]);
  });

  it('are kept apart by the group-by values', async () => {
    const disk = new Disk();
    await disk.run(disk.open([rule]), cellsOf(rule, 1, [{ at: 0 }, { at: 1, host: 'web-2' }, { at: 2 }]));
    expect(disk.rows).toMatchObject([
      { host: 'web-1', count: 2 },
      { host: 'web-2', count: 1 },
    ]);
  });

  it('that come late extend the alert backwards and keep its id', async () => {
    const disk = new Disk();
    const grouping = disk.open([rule]);
    await disk.run(grouping, cellsOf(rule, 1, [{ at: 5_000 }]));
    const [id] = [...disk.alerts.keys()];
    await disk.run(grouping, cellsOf(rule, 2, [{ at: 2_000 }]));
    expect([...disk.alerts.keys()]).toEqual([id]);
    expect(disk.rows).toMatchObject([{ count: 2, from: 2_000, to: 5_000 }]);
  });

  it.each([false, true])('that bridge two alerts make them the earlier one, after a restart: %s', async (restarted) => {
    const disk = new Disk();
    const grouping = disk.open([rule]);
    const two = [
      { at: 6_000, user: 'b' },
      { at: 0, user: 'a' },
    ];
    await disk.run(grouping, cellsOf(rule, 1, two));
    const [later, earlier] = [...disk.alerts.keys()] as [string, string];
    expect(disk.rows).toMatchObject([{ from: 0 }, { from: 6_000 }]);
    const next = restarted ? disk.open([rule]) : grouping;
    await disk.run(next, cellsOf(rule, 2, [{ at: 3_000, user: 'c' }, { at: 3_001 }]));
    expect(disk.rows).toEqual([{ host: 'web-1', count: 4, from: 0, to: 6_000, users: 4 }]);
    expect([...disk.alerts.keys()]).toEqual([earlier]);
    expect([...disk.merged]).toEqual([[later, earlier]]);
    expect(disk.alerts.get(earlier)?.events).toHaveLength(4);
    // And it goes on as one.
    await disk.run(disk.open([rule]), cellsOf(rule, 3, [{ at: 9_000 }]));
    expect(disk.rows).toMatchObject([{ count: 5, from: 0, to: 9_000 }]);
  });

  it('that bridge what no commit has seen yet leave no trace of the later one', async () => {
    const disk = new Disk();
    await disk.run(disk.open([rule]), cellsOf(rule, 1, [{ at: 6_000 }, { at: 0 }, { at: 3_000 }]));
    expect(disk.rows).toMatchObject([{ count: 3, from: 0, to: 6_000 }]);
    expect(disk.merged.size).toBe(0);
  });

  it('that bridge three alerts one after the other keep the earliest, and each knows where it went', async () => {
    const disk = new Disk();
    const grouping = disk.open([rule]);
    await disk.run(grouping, cellsOf(rule, 1, [{ at: 12_000 }, { at: 6_000 }, { at: 0 }]));
    const [last, middle, first] = [...disk.alerts.keys()] as [string, string, string];
    await disk.run(grouping, cellsOf(rule, 2, [{ at: 9_000 }]));
    await disk.run(grouping, cellsOf(rule, 3, [{ at: 3_000 }]));
    expect(disk.rows).toMatchObject([{ count: 5, from: 0, to: 12_000 }]);
    expect([...disk.merged]).toEqual([
      [last, middle],
      [middle, first],
    ]);
  });

  it('of the far future are an alert of their own', async () => {
    const disk = new Disk();
    const grouping = disk.open([rule]);
    const future = 6 * 365 * 86_400;
    await disk.run(grouping, cellsOf(rule, 1, [{ at: 0 }, { at: future }, { at: 1 }]));
    expect(disk.rows).toMatchObject([
      { count: 2, to: 1 },
      { count: 1, from: future },
    ]);
  });

  it('go on in the same alert after a restart', async () => {
    const disk = new Disk();
    await disk.run(disk.open([rule]), cellsOf(rule, 1, [{ at: 0, user: 'a' }]));
    await disk.run(
      disk.open([rule]),
      cellsOf(rule, 2, [
        { at: 10, user: 'b' },
        { at: 11, user: 'a' },
      ]),
    );
    expect(disk.rows).toEqual([{ host: 'web-1', count: 3, from: 0, to: 11, users: 2 }]);
    const [alert] = [...disk.alerts.values()];
    expect(alert?.events).toHaveLength(3);
    expect(alert?.createdAt).toBe('2026-11-22T08:00:00.000Z');
  });

  it('keep the first 500 and the latest 500 event ids, and an exact count', async () => {
    const disk = new Disk();
    const cells = cellsOf(rule, 1, steady(1_700, 0, 1));
    const grouping = disk.open([rule]);
    await disk.run(grouping, cells.slice(0, 900));
    await disk.run(disk.open([rule]), cells.slice(900));
    const [alert] = [...disk.alerts.values()];
    const ids = cells.flatMap(({ events }) => events);
    expect(alert?.count).toBe(1_700);
    expect(alert?.events).toEqual([...ids.slice(0, 500), ...ids.slice(1_200)]);
  });
});

describe('matches that a correlation counts', () => {
  const rule = countRule('count');

  it('are no alert below the threshold, and one with all of them at it', async () => {
    const disk = new Disk();
    const grouping = disk.open([rule]);
    await disk.run(grouping, cellsOf(rule, 1, steady(9, 0, 2)));
    expect(disk.rows).toEqual([]);
    await disk.run(grouping, cellsOf(rule, 2, [{ at: 18 }]));
    expect(disk.rows).toMatchObject([{ host: 'web-1', count: 10, from: 0, to: 18 }]);
  });

  it('1,000 of one brute force are one row with a count of 1,000', async () => {
    const disk = new Disk();
    const grouping = disk.open([rule]);
    const matches = steady(1_000, 0, 0.7);
    for (let at = 0; at < 1_000; at += 90) await disk.run(grouping, cellsOf(rule, at + 1, matches.slice(at, at + 90)));
    expect(disk.rows).toMatchObject([{ count: 1_000, from: 0, to: 699.3 }]);
  });

  it('cross by their own group and land on the row of another', async () => {
    const disk = new Disk();
    const attack = [...steady(6, 0, 1, { host: 'web-1' }), ...steady(6, 10, 1, { host: 'web-2' })];
    const ordinary = steady(6, 0, 1, { address: '198.51.100.7' });
    await disk.run(disk.open([rule]), cellsOf(rule, 1, [...attack, ...ordinary]));
    expect(disk.rows).toMatchObject([
      { host: 'web-1', count: 6, from: 0, to: 5 },
      { host: 'web-2', count: 6, from: 10, to: 15 },
    ]);
  });

  it('by many addresses on one host are one row', async () => {
    const disk = new Disk();
    const grouping = disk.open([rule]);
    for (let address = 1; address <= 60; address++) {
      const matches = steady(12, address * 100, 1, { address: `203.0.113.${address}` });
      await disk.run(grouping, cellsOf(rule, address, matches));
    }
    expect(disk.rows).toMatchObject([{ count: 720 }]);
    const [alert] = [...disk.alerts.values()];
    expect(alert?.entities['source.ip']?.values).toHaveLength(50);
    expect(alert?.entities['source.ip']?.total).toBe(60);
  });

  it('complete a crossing after a restart with what came before it, values included', async () => {
    const disk = new Disk();
    const before = [...steady(5, 0, 1, { user: 'a' }), ...steady(4, 5, 1, { user: 'b', host: 'web-2' })];
    await disk.run(disk.open([rule]), cellsOf(rule, 1, before, disk));
    expect(disk.rows).toEqual([]);
    await disk.run(disk.open([rule]), cellsOf(rule, 2, [{ at: 20.5, user: 'c' }], disk));
    expect(disk.rows).toEqual([
      { host: 'web-1', count: 6, from: 0, to: 20.5, users: 2 },
      { host: 'web-2', count: 4, from: 5, to: 8, users: 1 },
    ]);
  });

  it('that come late complete a window of long ago', async () => {
    const disk = new Disk();
    const grouping = disk.open([rule]);
    await disk.run(grouping, cellsOf(rule, 1, steady(9, 0, 1), disk));
    await disk.run(grouping, cellsOf(rule, 2, [{ at: 200_000 }], disk));
    await disk.run(grouping, cellsOf(rule, 3, [{ at: 300_000 }], disk));
    await disk.run(grouping, cellsOf(rule, 4, [{ at: 9 }], disk));
    expect(disk.rows).toMatchObject([{ count: 10, from: 0, to: 9 }]);
  });

  it('need no reads of the store on a fresh one, until something was forgotten', async () => {
    const disk = new Disk();
    const grouping = disk.open([rule]);
    for (let address = 0; address < 50; address++) {
      await disk.run(grouping, cellsOf(rule, address + 1, [{ at: address, address: `2001:db8::${address}` }]));
    }
    expect(disk.signalReads).toBe(0);
  });
});

describe('matches of steps in order', () => {
  const counted = countRule('count', { threshold: 5 });
  const rule = orderedRule('ordered');
  const rules = [counted, rule];
  const login = (at: number): Match => ({ at, step: 1, user: 'hoa' });

  it('are an alert once the last step comes after what completes the first', async () => {
    const disk = new Disk();
    const grouping = disk.open(rules);
    await disk.run(grouping, cellsOf(rule, 1, [login(2), ...steady(5, 0, 2)]));
    expect(disk.rows).toEqual([]);
    await disk.run(grouping, cellsOf(rule, 2, [login(30)]));
    expect(disk.rows).toMatchObject([{ count: 6, from: 0, to: 30, users: 2 }]);
  });

  it('that come late, and after a restart, complete it with what is stored', async () => {
    const disk = new Disk();
    await disk.run(disk.open(rules), cellsOf(rule, 1, [...steady(4, 0, 2), login(30)], disk));
    await disk.run(disk.open(rules), cellsOf(rule, 2, [{ at: 50_000 }], disk));
    expect(disk.rows).toEqual([]);
    await disk.run(disk.open(rules), cellsOf(rule, 3, [{ at: 9 }], disk));
    expect(disk.rows).toMatchObject([{ count: 6, from: 0, to: 30, users: 2 }]);
  });

  it('are nothing where the step itself is not complete, or from another group', async () => {
    const disk = new Disk();
    const other = { ...login(20), address: '198.51.100.7' };
    await disk.run(disk.open(rules), cellsOf(rule, 1, [...steady(4, 0, 1), login(10), ...steady(5, 100, 20), other]));
    expect(disk.rows).toEqual([]);
  });

  it('extend the alert with what comes before and between', async () => {
    const disk = new Disk();
    const grouping = disk.open(rules);
    await disk.run(grouping, cellsOf(rule, 1, [...steady(5, 10, 2), login(30)], disk));
    const [id] = [...disk.alerts.keys()];
    await disk.run(grouping, cellsOf(rule, 2, [{ at: 5 }, { at: 25 }, { at: 31 }, login(60)], disk));
    expect([...disk.alerts.keys()]).toEqual([id]);
    expect(disk.rows).toMatchObject([{ count: 10, from: 5, to: 60 }]);
  });
});

describe('the same matches', () => {
  const rule = countRule('count', { threshold: 5, timespanSeconds: 30 }, { gapSeconds: 100 });
  const plain = detectionRule('plain', { gapSeconds: 100 });
  const ordered = orderedRule('ordered', { timespanSeconds: 45 }, { gapSeconds: 100 });
  const users = valueRule('users', { timespanSeconds: 30 }, { gapSeconds: 100 });
  const rules = [rule, plain, ordered, users];
  const place = {
    at: fc.nat(299),
    host: fc.constantFrom('web-1', 'web-2'),
    address: fc.constantFrom('203.0.113.1', '203.0.113.2'),
    user: fc.constantFrom('a', 'b', 'c'),
  };
  const match = fc.record(place);

  /** Cells as one fixed series of batches of three. */
  const series = (matches: readonly Match[], disk: Disk) => {
    const batches: ReturnType<typeof cellsOf>[] = [];
    for (let at = 0; at < matches.length; at += 3) {
      const own = matches.slice(at, at + 3);
      // Matches of user c are the second step.
      const steps = own.map((match) => ({ ...match, step: match.user === 'c' ? 1 : 0 }));
      const cells = [rule, plain, users].map((one) => cellsOf(one, at + 1, own, disk));
      batches.push([...cells.flat(), ...cellsOf(ordered, at + 1, steps, disk)]);
    }
    return batches;
  };
  const outcome = (disk: Disk) =>
    [...disk.alerts]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([id, alert]) => ({
        id,
        count: alert.count,
        first: alert.first,
        last: alert.last,
        group: alert.group,
        entities: Object.fromEntries(
          Object.entries(alert.entities).map(([field, { values, total }]) => [
            field,
            { values: [...values].sort(), total },
          ]),
        ),
      }));

  const sorted = <Row>(rows: readonly Row[]) =>
    [...rows].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

  it('give the same alerts whatever the stretches, and through restarts that forget everything', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(match, { minLength: 10, maxLength: 70, size: 'max' }),
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 12, size: 'max' }),
        async (matches, lengths, restarts) => {
          const calm = new Disk();
          const batches = series(matches, calm);
          await calm.run(calm.open(rules), batches.flat());

          const shaken = new Disk();
          for (const [id, event] of calm.events) shaken.events.set(id, event);
          // And with so little memory that it lets go of most after each commit.
          const bounds = { maxSeconds: 25, maxRows: 1 };
          let grouping = shaken.open(rules, true, bounds);
          for (let at = 0, turn = 0; at < batches.length; turn++) {
            const length = lengths[turn % Math.max(1, lengths.length)] ?? 1;
            if (restarts[turn % Math.max(1, restarts.length)]) {
              // Evaluated, and killed before the commit: nothing of it may be left.
              await grouping.apply(batches.slice(at, at + length).flat(), '2026-11-22T08:00:00.000Z');
              grouping = shaken.open(rules, false, bounds);
            }
            await shaken.run(grouping, batches.slice(at, at + length).flat());
            at += length;
          }
          expect(outcome(shaken)).toEqual(outcome(calm));
        },
      ),
      { numRuns: 400 },
    );
  });

  it('give the same rows in any order of batches, with restarts between', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ ...place, at: fc.nat(1_500) }), { minLength: 10, maxLength: 60, size: 'max' }),
        fc.array(fc.nat(), { minLength: 20, maxLength: 20 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 12, size: 'max' }),
        async (matches, order, restarts) => {
          const events = new Disk();
          const batches = series(matches, events);
          const outcomes = [
            batches,
            // Any other order: sorted by arbitrary numbers.
            batches
              .map((batch, at) => [order[at % order.length] ?? 0, batch] as const)
              .sort(([a], [b]) => a - b)
              .map(([, batch]) => batch),
            [...batches].reverse(),
          ].map(async (turns) => {
            const disk = new Disk();
            for (const [id, event] of events.events) disk.events.set(id, event);
            let grouping = disk.open(rules, true);
            for (const [at, batch] of turns.entries()) {
              if (restarts[at % restarts.length]) grouping = disk.open(rules, false);
              await disk.run(grouping, batch);
            }
            return outcome(disk).map(({ id: _, ...row }) => row);
          });
          const [asTheyCame, ...others] = (await Promise.all(outcomes)).map(sorted);
          for (const other of others) expect(other).toEqual(asTheyCame);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('of which values are counted are members as windows say by definition, and with what came before a restart', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(match, { minLength: 5, maxLength: 60, size: 'max' }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 12, size: 'max' }),
        async (matches, restarts) => {
          const disk = new Disk();
          let grouping = disk.open([users]);
          for (let at = 0; at < matches.length; at += 3) {
            if (restarts[(at / 3) % restarts.length]) grouping = disk.open([users], false);
            await disk.run(grouping, cellsOf(users, at + 1, matches.slice(at, at + 3), disk));
          }
          const members = matches.filter(({ at, address }) => {
            for (let start = at - 29; start <= at; start++) {
              const inside = matches.filter(
                (other) => other.address === address && other.at >= start && other.at < start + 30,
              );
              if (new Set(inside.map(({ user }) => user)).size >= 3) return true;
            }
            return false;
          });
          expect(disk.rows.reduce((sum, { count }) => sum + count, 0)).toBe(members.length);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('of an attack with ever new names cost what lies around them', async () => {
    const disk = new Disk();
    const grouping = disk.open([users]);
    const names = Array.from({ length: 600 }, (_, at) => ({ at: at % 300, user: `user-${at}` }));
    for (let at = 0; at < names.length; at += 20) {
      await disk.run(grouping, cellsOf(users, at + 1, names.slice(at, at + 20)));
    }
    expect(disk.rows).toMatchObject([{ count: 600, from: 0, to: 299 }]);
  });

  it('count each member once: the alerts hold what windows say by definition', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(match, { minLength: 10, maxLength: 70, size: 'max' }), async (matches) => {
        const disk = new Disk();
        const grouping = disk.open([rule]);
        for (let at = 0; at < matches.length; at += 4) {
          await disk.run(grouping, cellsOf(rule, at + 1, matches.slice(at, at + 4), disk));
        }
        const members = matches.filter(({ at, address }) => {
          for (let start = at - 29; start <= at; start++) {
            const inside = matches.filter(
              (other) => other.address === address && other.at >= start && other.at < start + 30,
            );
            if (inside.length >= 5) return true;
          }
          return false;
        });
        expect(disk.rows.reduce((sum, { count }) => sum + count, 0)).toBe(members.length);
        const firsts = members.map(({ at }) => at);
        if (firsts.length > 0) expect(disk.rows[0]?.from).toBe(Math.min(...firsts));
      }),
      { numRuns: 150 },
    );
  });
});
