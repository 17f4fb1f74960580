import fc from 'fast-check';
import { expect, test } from 'vitest';
import { changedParts, lineDiff } from '../../console/rule-list/line-diff.ts';

const shown = (before: string, after: string) =>
  lineDiff(before, after).map(({ kind, text }) => `${{ same: ' ', removed: '-', added: '+' }[kind]}${text}`);

test('what was taken out and put in stands where it was', () => {
  expect(shown('a\nb\nc\nd\n', 'a\nc\nx\nd\n')).toEqual([' a', '-b', ' c', '+x', ' d']);
  expect(shown('level: low', 'level: high')).toEqual(['-level: low', '+level: high']);
  expect(shown('a\n', 'a')).toEqual([' a']);
  expect(shown('a\r\nb\r\n', 'a\nb\n')).toEqual([' a', ' b']);
});

test('each of the two texts comes out of the comparison again, and no common line is missed at the ends', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1, maxLength: 12 })
    .map((all) => all.join('\n'));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = lineDiff(before, after);
      const of = (other: 'added' | 'removed') => lines.filter(({ kind }) => kind !== other).map((one) => one.text);
      expect(of('added')).toEqual(before.replace(/\n$/, '').split('\n'));
      expect(of('removed')).toEqual(after.replace(/\n$/, '').split('\n'));
    }),
  );
});

test('two long texts without a common line are compared at once, not pair by pair', () => {
  const many = (sign: string) => Array.from({ length: 20_000 }, (_, place) => `${sign}${place}`).join('\n');
  const lines = lineDiff(many('a'), many('b'));
  expect(lines.filter(({ kind }) => kind === 'removed')).toHaveLength(20_000);
  expect(lines.filter(({ kind }) => kind === 'added')).toHaveLength(20_000);
});

test('around a change stand its neighbours; what is left out between is one mark', () => {
  const before = Array.from({ length: 20 }, (_, place) => `line ${place}`);
  const after = before.map((line, place) => (place === 1 || place === 18 ? `${line} new` : line));
  const parts = changedParts(lineDiff(before.join('\n'), after.join('\n')), 1);
  expect(parts.map((part) => part?.text ?? null)).toEqual([
    'line 0',
    'line 1',
    'line 1 new',
    'line 2',
    null,
    'line 17',
    'line 18',
    'line 18 new',
    'line 19',
  ]);
  expect(changedParts(lineDiff('a\nb', 'a\nb'))).toEqual([null]);
});
