import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { correlateTemporal, correlateOrdered as ordered } from '../../rules/engine/correlate-temporal.ts';
import type { SecondCount } from '../../rules/engine/measure.ts';
import type { TemporalStep } from '../../rules/engine/step-track.ts';

/** A step of matches at these seconds. */
function step(seconds: readonly number[], atLeast = 1, withinSeconds = 1_000): TemporalStep {
  return { pairs: seconds.map((second): SecondCount => [second, 1]), atLeast, withinSeconds };
}

const correlateOrdered = (steps: readonly TemporalStep[], span: number) => ordered(steps, span).intervals;
const correlateAny = (steps: readonly TemporalStep[], span: number, different = steps.length) =>
  correlateTemporal(steps, span, different).intervals;

describe('temporal_ordered', () => {
  test('five failures and then a success are one interval of six', () => {
    const found = correlateOrdered([step([100, 110, 120, 130, 140], 5), step([150])], 600);
    expect(found).toEqual([{ first: 100, last: 150, count: 6 }]);
  });

  test('a success before the failures is not one', () => {
    expect(correlateOrdered([step([100, 110, 120, 130, 140], 5), step([90])], 600)).toEqual([]);
  });

  test('a success in the middle, before the threshold is reached, is not one', () => {
    expect(correlateOrdered([step([100, 110, 120, 130, 140], 5), step([125])], 600)).toEqual([]);
  });

  test('one failure too few is not one', () => {
    expect(correlateOrdered([step([100, 110, 120, 130], 5), step([150])], 600)).toEqual([]);
  });

  test('failures too far apart for their own timespan do not complete the step', () => {
    const failures = [100, 200, 300, 400, 500];
    expect(correlateOrdered([step(failures, 5, 400), step([550])], 600)).toEqual([]);
    expect(correlateOrdered([step(failures, 5, 401), step([550])], 600)).toEqual([{ first: 100, last: 550, count: 6 }]);
  });

  test('a success after the timespan is not one; at its last second it is', () => {
    expect(correlateOrdered([step([100]), step([160])], 60)).toEqual([]);
    expect(correlateOrdered([step([100]), step([159])], 60)).toEqual([{ first: 100, last: 159, count: 2 }]);
  });

  test('order within a second is unknown, so the same second will do', () => {
    expect(correlateOrdered([step([100]), step([100])], 60)).toEqual([{ first: 100, last: 100, count: 2 }]);
  });

  test('failures after the last success are no members', () => {
    expect(correlateOrdered([step([100, 101, 105]), step([102])], 60)).toEqual([{ first: 100, last: 102, count: 3 }]);
  });

  test('attacks far from each other are intervals of their own', () => {
    const found = correlateOrdered([step([100, 9_000]), step([110, 9_010])], 60);
    expect(found).toEqual([
      { first: 100, last: 110, count: 2 },
      { first: 9_000, last: 9_010, count: 2 },
    ]);
  });

  test('counts in a second weigh as much as single matches, in any order and split', () => {
    const pairs: SecondCount[] = [
      [101, 2],
      [100, 1],
      [101, 2],
      [103, 0],
    ];
    const found = correlateOrdered([{ pairs, atLeast: 5, withinSeconds: 10 }, step([102])], 10);
    expect(found).toEqual([{ first: 100, last: 102, count: 6 }]);
  });

  test('without steps or matches there is nothing', () => {
    expect(correlateOrdered([], 60)).toEqual([]);
    expect(correlateOrdered([step([]), step([5])], 60)).toEqual([]);
    expect(correlateOrdered([step([5]), step([])], 60)).toEqual([]);
  });

  test('of a long attack only the last timespan before the success counts', () => {
    const failures = Array.from({ length: 100_000 }, (_, second) => second);
    expect(correlateOrdered([step(failures, 5), step([99_999])], 600)).toEqual([
      { first: 99_400, last: 99_999, count: 601 },
    ]);
  });

  test('says what the definition says', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 8 }), (steps, span) => {
        expect(ordered(steps, span).intervals).toEqual(byDefinition(steps, span));
      }),
      { numRuns: 500 },
    );
  });
});

describe('temporal', () => {
  test('matches of all rules within the timespan are one interval, in any order', () => {
    expect(correlateAny([step([130]), step([100]), step([159])], 60)).toEqual([{ first: 100, last: 159, count: 3 }]);
    expect(correlateAny([step([130]), step([100]), step([160])], 60)).toEqual([]);
  });

  test('asks for as many different rules as it says, and then takes all that is in the window', () => {
    const steps = [step([100]), step([110]), step([500])];
    expect(correlateAny(steps, 60)).toEqual([]);
    expect(correlateAny(steps, 60, 2)).toEqual([{ first: 100, last: 110, count: 2 }]);
    expect(correlateAny([step([100, 101]), step([400])], 60, 1)).toEqual([
      { first: 100, last: 101, count: 2 },
      { first: 400, last: 400, count: 1 },
    ]);
  });

  test('many matches of one rule are still one rule', () => {
    expect(correlateAny([step([100, 101, 102]), step([])], 60)).toEqual([]);
  });

  test('says what the definition says', () => {
    const different = fc.integer({ min: 1, max: 3 });
    const steps = fc.array(anyStep, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 8 }), different, (steps, span, different) => {
        const found = correlateTemporal(steps, span, different);
        expect(found.intervals).toEqual(anyByDefinition(steps, span, different));
      }),
      { numRuns: 500 },
    );
  });
});

const anyStep = fc.record({
  pairs: fc.array(fc.tuple(fc.nat(14), fc.integer({ min: 1, max: 2 })), { maxLength: 5 }),
  atLeast: fc.integer({ min: 1, max: 3 }),
  withinSeconds: fc.integer({ min: 1, max: 6 }),
});

/** Whether matches hold enough of them close enough together. */
function completes({ atLeast, withinSeconds }: TemporalStep, pairs: readonly SecondCount[]): boolean {
  return pairs.some(
    ([from]) => total(pairs.filter(([second]) => second >= from && second < from + withinSeconds)) >= atLeast,
  );
}

/** Tries every window. */
function anyByDefinition(steps: readonly TemporalStep[], span: number, different: number) {
  const all = steps.flatMap(({ pairs }) => pairs);
  const windows: [number, number][] = [];
  for (let start = -span; start <= 14; start++) {
    const inside = (pairs: readonly SecondCount[]) =>
      pairs.filter(([second]) => second >= start && second < start + span);
    if (steps.filter((step) => completes(step, inside(step.pairs))).length < different) continue;
    const times = inside(all).map(([second]) => second);
    windows.push([Math.min(...times), Math.max(...times)]);
  }
  windows.sort(([left], [right]) => left - right);
  return mergeWindows(windows).map(([from, to]) => ({
    first: from,
    last: to,
    count: total(all.filter(([second]) => second >= from && second <= to)),
  }));
}

function mergeWindows(windows: readonly (readonly [number, number])[]): [number, number][] {
  const merged: [number, number][] = [];
  for (const [from, to] of windows) {
    const before = merged.at(-1);
    if (before && from <= before[1] + 1) before[1] = Math.max(before[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** Tries every window and every way to cut it. */
function byDefinition(steps: readonly TemporalStep[], span: number) {
  const members = new Set<string>();
  const windows: [number, number][] = [];
  for (let start = 0; start <= 14; start++) {
    let last = Number.NEGATIVE_INFINITY;
    let first = Number.POSITIVE_INFINITY;
    for (const cuts of cutsOf(start, start + span - 1, steps.length)) {
      const inside = steps.map(({ pairs }, index) =>
        pairs.filter(([second]) => second >= (cuts[index] ?? 0) && second <= (cuts[index + 1] ?? 0)),
      );
      const enough = inside.every((pairs, index) => completes(steps[index] as TemporalStep, pairs));
      if (!enough) continue;
      inside.forEach((pairs, index) => {
        for (const [second] of pairs) {
          members.add(`${index} ${second}`);
          first = Math.min(first, second);
          last = Math.max(last, second);
        }
      });
    }
    if (first <= last) windows.push([first, last]);
  }
  windows.sort(([left], [right]) => left - right);
  return mergeWindows(windows).map(([from, to]) => {
    const counted = steps.flatMap(({ pairs }, index) =>
      pairs.filter(([second]) => second >= from && second <= to && members.has(`${index} ${second}`)),
    );
    const times = counted.map(([second]) => second);
    return { first: Math.min(...times), last: Math.max(...times), count: total(counted) };
  });
}

function total(pairs: readonly SecondCount[]): number {
  return pairs.reduce((sum, [, count]) => sum + count, 0);
}

/** Every rising list of borders from `from` to `to` with this many stretches. */
function cutsOf(from: number, to: number, stretches: number): number[][] {
  if (stretches === 1) return [[from, to]];
  const found: number[][] = [];
  for (let border = from; border <= to; border++) {
    for (const rest of cutsOf(border, to, stretches - 1)) found.push([from, ...rest]);
  }
  return found;
}
