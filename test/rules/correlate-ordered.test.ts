import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SecondCount } from '../../rules/engine/correlate.ts';
import { correlateOrdered, type OrderedStep } from '../../rules/engine/correlate-ordered.ts';

/** A step of matches at these seconds. */
function step(seconds: readonly number[], atLeast = 1): OrderedStep {
  return { pairs: seconds.map((second): SecondCount => [second, 1]), atLeast };
}

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
    const found = correlateOrdered([{ pairs, atLeast: 5 }, step([102])], 10);
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
    const seconds = fc.array(fc.tuple(fc.nat(14), fc.integer({ min: 1, max: 2 })), { maxLength: 5 });
    const oneStep = fc.record({ pairs: seconds, atLeast: fc.integer({ min: 1, max: 3 }) });
    fc.assert(
      fc.property(fc.array(oneStep, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 8 }), (steps, span) => {
        expect(correlateOrdered(steps, span)).toEqual(byDefinition(steps, span));
      }),
      { numRuns: 500 },
    );
  });
});

/** Tries every window and every way to cut it. */
function byDefinition(steps: readonly OrderedStep[], span: number) {
  const members = new Set<string>();
  const windows: [number, number][] = [];
  for (let start = 0; start <= 14; start++) {
    let last = Number.NEGATIVE_INFINITY;
    let first = Number.POSITIVE_INFINITY;
    for (const cuts of cutsOf(start, start + span - 1, steps.length)) {
      const inside = steps.map(({ pairs }, index) =>
        pairs.filter(([second]) => second >= (cuts[index] ?? 0) && second <= (cuts[index + 1] ?? 0)),
      );
      const enough = inside.every((pairs, index) => total(pairs) >= (steps[index]?.atLeast ?? 0));
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
  const merged: [number, number][] = [];
  for (const [from, to] of windows) {
    const before = merged.at(-1);
    if (before && from <= before[1] + 1) before[1] = Math.max(before[1], to);
    else merged.push([from, to]);
  }
  return merged.map(([from, to]) => {
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
