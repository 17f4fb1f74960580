import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { correlationMembers } from '../../rules/engine/correlation-members.ts';
import type { CorrelationPlan, PlanNode } from '../../rules/engine/correlation-plan.ts';
import type { SecondCount } from '../../rules/engine/measure.ts';
import { isWithin } from '../../rules/engine/step-track.ts';

describe('any tree over any matches', () => {
  const SECONDS = 14;
  const span = fc.integer({ min: 1, max: 9 });
  const leaf = fc.oneof(
    fc.constant({ kind: 'matches' } as const),
    fc.record({ kind: fc.constant('count' as const), atLeast: fc.integer({ min: 1, max: 3 }), span }),
    fc.record({ kind: fc.constant('distinct' as const), atLeast: fc.integer({ min: 1, max: 3 }), span }),
  );
  type Shape =
    | { kind: 'matches' }
    | { kind: 'count' | 'distinct'; atLeast: number; span: number }
    | { kind: 'temporal'; span: number; parts: Shape[]; different: number; ordered: boolean }
    | { kind: 'times'; span: number; parts: Shape[]; atLeast: number };
  const inner = (part: fc.Arbitrary<Shape>): fc.Arbitrary<Shape> =>
    fc.oneof(
      fc
        .record({ span, parts: fc.array(part, { minLength: 1, maxLength: 2 }), any: fc.nat(2), ordered: fc.boolean() })
        .map(({ any, ...rest }): Shape => {
          const different = rest.ordered ? rest.parts.length : Math.max(1, rest.parts.length - any);
          return { kind: 'temporal', different, ...rest };
        }),
      fc
        .record({
          span,
          parts: fc.array(part, { minLength: 1, maxLength: 2 }),
          atLeast: fc.integer({ min: 1, max: 3 }),
        })
        .map((rest): Shape => ({ kind: 'times', ...rest })),
    );
  // Each part an object of its own: leaves are told apart by it.
  const tree = inner(fc.oneof(leaf as fc.Arbitrary<Shape>, inner(leaf as fc.Arbitrary<Shape>))).map(
    (shape) => JSON.parse(JSON.stringify(shape)) as Shape,
  );

  /** The same tree as the planner makes it; leaves are numbered from left to right. */
  function planOf(shape: Shape): { plan: CorrelationPlan; leaves: number } {
    let leaves = 0;
    const node = (one: Shape): PlanNode => {
      const common = { timespanSeconds: 'span' in one ? one.span : 1, compare: 'gte' };
      switch (one.kind) {
        case 'matches':
          return { kind: 'matches', step: leaves++ };
        case 'count':
        case 'distinct': {
          const type = one.kind === 'count' ? 'event_count' : 'value_count';
          return { kind: 'measured', step: leaves++, rule: { ...common, type, threshold: one.atLeast } as never };
        }
        case 'times':
          return {
            kind: 'occurrences',
            rule: { ...common, threshold: one.atLeast } as never,
            parts: one.parts.map(node),
          };
        case 'temporal': {
          const type = one.ordered ? 'temporal_ordered' : 'temporal';
          const rule = { ...common, type, different: one.different } as never;
          return { kind: 'temporal', rule, parts: one.parts.map(node) };
        }
      }
    };
    const root = node(shape);
    return { plan: { root, steps: Array.from({ length: leaves }, () => ({})) } as never, leaves };
  }

  interface Match {
    readonly step: number;
    readonly second: number;
    readonly value: string;
  }

  /** By definition, every window and cut one after the other. */
  class Definition {
    readonly #matches: readonly Match[];
    #leaf = 0;
    readonly #steps = new Map<Shape, number>();
    readonly #known = new Map<Shape, Map<number, boolean>>();

    constructor(shape: Shape, matches: readonly Match[]) {
      this.#matches = matches;
      this.#number(shape);
    }

    #number(shape: Shape): void {
      if ('parts' in shape) for (const part of shape.parts) this.#number(part);
      else this.#steps.set(shape, this.#leaf++);
    }

    #own(shape: Shape, from: number, to: number): readonly Match[] {
      const step = this.#steps.get(shape);
      return this.#matches.filter((one) => one.step === step && one.second >= from && one.second <= to);
    }

    /** Whether what lies in a stretch completes it. */
    completes(shape: Shape, from: number, to: number): boolean {
      const known = this.#known.get(shape) ?? new Map<number, boolean>();
      this.#known.set(shape, known);
      const key = from * 100 + to;
      let answer = known.get(key);
      if (answer === undefined) {
        answer = from <= to && this.#completes(shape, from, to);
        known.set(key, answer);
      }
      return answer;
    }

    #completes(shape: Shape, from: number, to: number): boolean {
      if (shape.kind === 'matches') return this.#own(shape, from, to).length > 0;
      for (let start = from; start <= to; start++) {
        if (this.#holds(shape, start, Math.min(to, start + shape.span - 1))) return true;
      }
      return false;
    }

    #holds(shape: Exclude<Shape, { kind: 'matches' }>, from: number, to: number): boolean {
      switch (shape.kind) {
        case 'count':
          return this.#own(shape, from, to).length >= shape.atLeast;
        case 'distinct':
          return new Set(this.#own(shape, from, to).map(({ value }) => value)).size >= shape.atLeast;
        case 'times':
          return this.#times(shape.parts, from, to) >= shape.atLeast;
        case 'temporal':
          if (!shape.ordered)
            return shape.parts.filter((part) => this.completes(part, from, to)).length >= shape.different;
          return this.#inOrder(shape.parts, from, to);
      }
    }

    #times(parts: readonly Shape[], from: number, to: number): number {
      for (let end = from; end <= to; end++) {
        if (parts.some((part) => this.completes(part, from, end))) return 1 + this.#times(parts, end + 1, to);
      }
      return 0;
    }

    #inOrder(parts: readonly Shape[], from: number, to: number): boolean {
      const [first, ...rest] = parts;
      if (!first) return true;
      for (let cut = from; cut <= to; cut++)
        if (this.completes(first, from, cut) && this.#inOrder(rest, cut, to)) return true;
      return false;
    }

    /** Members by leaf and second. */
    members(shape: Shape): Set<string> {
      const found = new Set<string>();
      const step = this.#steps.get(shape);
      if (shape.kind === 'matches') {
        for (const { second } of this.#own(shape, 0, SECONDS)) found.add(`${step} ${second}`);
        return found;
      }
      for (let start = -SECONDS; start <= SECONDS; start++) {
        const end = start + shape.span - 1;
        if (!this.#holds(shape, start, end)) continue;
        if (!('parts' in shape)) {
          for (const { second } of this.#own(shape, start, end)) found.add(`${step} ${second}`);
          continue;
        }
        const isOrdered = shape.kind === 'temporal' && shape.ordered;
        for (const [at, part] of shape.parts.entries()) {
          for (const member of this.members(part)) {
            const second = Number(member.split(' ')[1]);
            if (second < start || second > end) continue;
            if (!isOrdered || this.#fits(shape.parts, at, second, start, end)) found.add(member);
          }
        }
      }
      return found;
    }

    /** Whether the window can be cut so that the second lies in the stretch of its own part. */
    #fits(parts: readonly Shape[], own: number, second: number, from: number, to: number): boolean {
      for (let left = from; left <= second; left++) {
        for (let right = second; right <= to; right++) {
          const part = parts[own] as Shape;
          if (
            this.completes(part, left, right) &&
            this.#inOrder(parts.slice(0, own), from, left) &&
            this.#inOrder(parts.slice(own + 1), right, to)
          )
            return true;
        }
      }
      return false;
    }
  }

  const matches = fc.array(
    fc.record({ step: fc.nat(5), second: fc.nat(SECONDS), value: fc.constantFrom('x', 'y', 'z') }),
    { maxLength: 24, size: 'max' },
  );
  const pairsOf = (found: readonly Match[], leaves: number): SecondCount[][] =>
    Array.from({ length: leaves }, (_, step) => {
      const own = found.filter((one) => one.step === step);
      return [...new Set(own.map(({ second }) => second))].map((second): SecondCount => {
        const here = own.filter((one) => one.second === second);
        return [second, here.length, here.map(({ value }) => [value, 1] as const)];
      });
    });

  test('has the members that the definition says', () => {
    let some = 0;
    fc.assert(
      fc.property(tree, matches, (shape, found) => {
        const { plan, leaves } = planOf(shape);
        const { ranges } = correlationMembers(plan, pairsOf(found, leaves));
        const own = found.filter(({ step }) => step < leaves);
        const got = own
          .filter(({ step, second }) => isWithin(ranges[step], second))
          .map(({ step, second }) => `${step} ${second}`);
        const wanted = new Definition(shape, own).members(shape);
        expect([...new Set(got)].sort()).toEqual([...wanted].sort());
        if (wanted.size > 0) some++;
      }),
      { numRuns: 600 },
    );
    expect(some).toBeGreaterThan(100);
  });

  test('finds no less where there is more', () => {
    fc.assert(
      fc.property(tree, matches, matches, (shape, fewer, more) => {
        const { plan, leaves } = planOf(shape);
        const before = correlationMembers(plan, pairsOf(fewer, leaves)).ranges;
        const after = correlationMembers(plan, pairsOf([...fewer, ...more], leaves)).ranges;
        for (const { step, second } of fewer) {
          if (isWithin(before[step], second)) expect(isWithin(after[step], second)).toBe(true);
        }
      }),
      { numRuns: 600 },
    );
  });
});
