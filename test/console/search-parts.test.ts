import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kqlClause, withClause } from '../../console/search/kql.ts';
import { complete, tokenAt } from '../../console/search/kql-token.ts';
import { bandsOf, stacked } from '../../console/search/stack.ts';
import { parseKql } from '../../rules/query/kql.ts';
import { compileMatcher } from '../../rules/query/matcher.ts';
import { HISTOGRAM, stackedHistogram } from './samples.ts';

describe('what is begun at the caret', () => {
  test.each([
    ['ev', { field: undefined, prefix: 'ev', start: 0 }],
    ['', { field: undefined, prefix: '', start: 0 }],
    ['a: b and user.na', { field: undefined, prefix: 'user.na', start: 9 }],
    ['not (sour', { field: undefined, prefix: 'sour', start: 5 }],
    ['event.outcome: fa', { field: 'event.outcome', prefix: 'fa', start: 15 }],
    ['event.outcome:', { field: 'event.outcome', prefix: '', start: 14 }],
    ['user.name: "nguyễn v', { field: 'user.name', prefix: 'nguyễn v', start: 11 }],
    ['user.name: "a\\"b', { field: 'user.name', prefix: 'a"b', start: 11 }],
    ['x: "done" and us', { field: undefined, prefix: 'us', start: 14 }],
    ['"free text us', undefined],
    ['a: b or', undefined],
    ['a: b*', undefined],
  ])('%j', (text, token) => {
    expect(tokenAt(text, text.length)).toEqual(token);
  });

  test('is replaced by what is chosen, with quotation marks where it is a value', () => {
    const take = (text: string, caret: number, chosen: string) => {
      const token = tokenAt(text, caret);
      return token && complete(text, caret, token, chosen).text;
    };
    expect(take('a: b and user', 13, 'user.name')).toBe('a: b and user.name: ');
    expect(take('ev and c: d', 2, 'event.action')).toBe('event.action: and c: d');
    expect(take('user.name: "ngu"', 15, 'nguyễn "a"')).toBe('user.name: "nguyễn \\"a\\"" ');
    expect(take('user.na: root', 6, 'user.name')).toBe('user.name: root');
  });

  test('never throws, and what is chosen for a value can be parsed and finds it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.nat({ max: 30 }), (text, caret) => {
        tokenAt(text, Math.min(caret, text.length));
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), (value) => {
        const begun = 'labels.tag: ';
        const token = tokenAt(begun, begun.length);
        if (!token) throw new Error('Nothing is begun.');
        const { text } = complete(begun, begun.length, token, value);
        expect(compileMatcher(parseKql(text))({ labels: { tag: value } })).toBe(true);
      }),
    );
  });
});

describe('a clause added to a query', () => {
  const add = (kql: string, value: string, negate = false) =>
    withClause(kql, kqlClause('a', value, negate), kqlClause('a', value, !negate));

  test('comes once, and its opposite gives way to it', () => {
    expect(add('', 'x')).toBe('a: "x"');
    expect(add('b: 1', 'x')).toBe('b: 1 and a: "x"');
    expect(add('b: 1 and a: "x"', 'x')).toBe('b: 1 and a: "x"');
    expect(add('a: "x" and b: 1', 'x', true)).toBe('b: 1 and not a: "x"');
    expect(add('not a: "x"', 'x')).toBe('a: "x"');
  });

  test('does not reach into brackets, alternatives or quotation marks', () => {
    expect(add('b: 1 or a: "x"', 'x', true)).toBe('(b: 1 or a: "x") and not a: "x"');
    expect(add('c: "1 and a: \\"x\\""', 'x', true)).toBe('c: "1 and a: \\"x\\"" and not a: "x"');
    expect(add('(a: "x" and b: 1)', 'x', true)).toBe('(a: "x" and b: 1) and not a: "x"');
  });

  test('means what it says, whatever the value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), fc.boolean(), (value, negate) => {
        const holds = compileMatcher(parseKql(add('b: 1 or b: 2', value, negate)));
        expect(holds({ a: value, b: 2 })).toBe(!negate);
        expect(holds({ a: `${value}x`, b: 1 })).toBe(negate);
      }),
    );
  });
});

test('the parts of a bar lie on each other, and together are the whole bar', () => {
  expect(bandsOf(HISTOGRAM)).toHaveLength(1);
  const answer = stackedHistogram('user.name');
  const bands = bandsOf(answer);
  expect(bands.map(({ kind }) => kind).slice(-3)).toEqual(['value', 'others', 'absent']);
  expect(new Set(bands.map(({ colour }) => colour)).size).toBe(bands.length);
  const tops = stacked(bands);
  expect(tops.at(-1)).toEqual(HISTOGRAM.buckets.map(({ count }) => count));
  for (const [at, top] of tops.slice(1).entries()) {
    for (const [bucket, height] of top.entries()) expect(height).toBeGreaterThanOrEqual(tops[at]?.[bucket] ?? 0);
  }
});
