import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CorrelationWindow, correlate } from '../../rules/engine/correlate.ts';
import type { SecondCount } from '../../rules/engine/measure.ts';

const COMPARE: Readonly<Record<CorrelationWindow['compare'], (count: number, threshold: number) => boolean>> = {
  gt: (count, threshold) => count > threshold,
  gte: (count, threshold) => count >= threshold,
  lt: (count, threshold) => count < threshold,
  lte: (count, threshold) => count <= threshold,
  neq: (count, threshold) => count !== threshold,
  eq: (count, threshold) => count === threshold,
};

/** The definition, word for word: try every window, mark the seconds it covers, and cut the marks into stretches. */
function byDefinition(pairs: readonly SecondCount[], window: CorrelationWindow) {
  const seconds = pairs.filter(([, count]) => count > 0).map(([second]) => second);
  if (seconds.length === 0) return [];
  const from = Math.min(...seconds) - window.timespanSeconds;
  const to = Math.max(...seconds);
  const within = (start: number, end: number): number =>
    pairs.reduce((sum, [second, count]) => sum + (second >= start && second <= end ? count : 0), 0);
  const covered = new Set<number>();
  for (let start = from; start <= to; start++) {
    const end = start + window.timespanSeconds - 1;
    const count = within(start, end);
    if (count === 0 || !COMPARE[window.compare](count, window.threshold)) continue;
    for (let second = start; second <= end; second++) covered.add(second);
  }
  const intervals: { first: number; last: number; count: number }[] = [];
  let open = false;
  for (let second = from; second <= to + window.timespanSeconds; second++) {
    if (!covered.has(second)) open = false;
    const count = covered.has(second) ? within(second, second) : 0;
    if (count === 0) continue;
    const current = intervals[intervals.length - 1];
    if (open && current) {
      current.last = second;
      current.count += count;
    } else intervals.push({ first: second, last: second, count });
    open = true;
  }
  return intervals;
}

const ten = { timespanSeconds: 10, compare: 'gte', threshold: 3 } as const;

describe('correlate', () => {
  it('finds a burst, and leaves out what no satisfying window covers', () => {
    expect(
      correlate(
        [
          [0, 1],
          [100, 1],
          [104, 1],
          [109, 1],
          [200, 1],
        ],
        ten,
      ),
    ).toEqual([{ first: 100, last: 109, count: 3 }]);
  });

  it('a window is timespan seconds in a row: the eleventh second is not in it', () => {
    expect(
      correlate(
        [
          [100, 1],
          [104, 1],
          [110, 1],
        ],
        ten,
      ),
    ).toEqual([]);
  });

  it('takes in matches before the threshold was reached, and after, while a satisfying window covers them', () => {
    expect(
      correlate(
        [
          [100, 1],
          [109, 2],
          [118, 1],
        ],
        ten,
      ),
    ).toEqual([{ first: 100, last: 118, count: 4 }]);
  });

  it('makes one interval of windows that overlap, two of those apart', () => {
    expect(
      correlate(
        [
          [0, 3],
          [5, 3],
          [100, 3],
        ],
        ten,
      ),
    ).toEqual([
      { first: 0, last: 5, count: 6 },
      { first: 100, last: 100, count: 3 },
    ]);
  });

  it('does not care for the order of arrival, nor how a second was counted', () => {
    expect(
      correlate(
        [
          [109, 1],
          [100, 0],
          [100, 1],
          [104, 1],
        ],
        ten,
      ),
    ).toEqual([{ first: 100, last: 109, count: 3 }]);
  });

  it('is what the definition says', () => {
    const pairs = fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 4 })), {
      maxLength: 25,
    });
    const window = fc.record({
      timespanSeconds: fc.integer({ min: 1, max: 15 }),
      compare: fc.constantFrom<CorrelationWindow['compare']>('gt', 'gte', 'lt', 'lte', 'eq'),
      threshold: fc.integer({ min: 0, max: 8 }),
    });
    fc.assert(
      fc.property(pairs, window, (pairs, window) => {
        expect(correlate(pairs, window)).toEqual(byDefinition(pairs, window));
      }),
      { numRuns: 1_500 },
    );
  });

  it('keeps its intervals when an earlier or later match is added: a threshold of at least only grows', () => {
    const pairs = fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 1, max: 3 })), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(pairs, fc.integer({ min: 0, max: 300 }), (pairs, late) => {
        const before = correlate(pairs, ten);
        const after = correlate([...pairs, [late, 1]], ten);
        for (const { first, last } of before) {
          expect(after.some((interval) => interval.first <= first && interval.last >= last)).toBe(true);
        }
      }),
    );
  });
});
