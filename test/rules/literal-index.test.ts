import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LiteralIndex } from '../../rules/engine/literal-index.ts';
import { foldCase } from '../../rules/query/string-test.ts';

const letters = ['a', 'b', 'c', '.', '\\', '1'];
const literal = fc.string({
  unit: fc.constantFrom(...letters, 'k', 'i', 'é', '😀', '😎'),
  minLength: 1,
  maxLength: 14,
});
const filler = fc.string({
  unit: fc.constantFrom(...letters, 'A', 'K', '\u212a', 'İ', 'É', '😀', '@', '`'),
  maxLength: 40,
});
const plain = fc.string({ unit: fc.constantFrom(...letters, 'A', 'B', '@', '`'), maxLength: 300 });

function numbered(literals: readonly string[], from: number): Map<string, number[]> {
  return new Map([...new Set(literals)].map((text, index) => [text, [from + index]]));
}

/** What the index must find, by asking for one literal after the other. */
function oneByOne(whole: Map<string, number[]>, inside: Map<string, number[]>, texts: readonly string[]): number[] {
  const folded = texts.map(foldCase);
  const found = [...whole].filter(([literal]) => folded.includes(literal));
  const held = [...inside].filter(([literal]) => folded.some((text) => text.includes(literal)));
  return [...found, ...held].flatMap(([, rules]) => rules).sort((left, right) => left - right);
}

describe('the literal index', () => {
  const sets = fc.record({
    whole: fc.array(literal, { maxLength: 4 }),
    inside: fc.array(literal, { maxLength: 40, size: 'max' }),
    around: fc.array(fc.tuple(fc.oneof(filler, plain), fc.nat(60), fc.boolean()), { minLength: 1, maxLength: 4 }),
    last: fc.oneof(filler, plain),
  });
  /** Texts with literals in them, here and there in capital letters. */
  const textOf = (inside: readonly string[], around: readonly (readonly [string, number, boolean])[], last: string) =>
    around
      .map(([before, index, capital]) => {
        const held = inside[index % Math.max(1, inside.length)] ?? '';
        return before + (capital ? held.toUpperCase() : held);
      })
      .join('') + last;

  it('finds every literal that a text is or holds, and few others', () => {
    fc.assert(
      fc.property(sets, ({ whole, inside, around, last }) => {
        const wholes = numbered(whole.map(foldCase), 0);
        const insides = numbered(inside.map(foldCase), 100);
        const index = new LiteralIndex(wholes, insides);
        for (const text of [textOf(inside, around, last), whole[0]?.toUpperCase() ?? '', last]) {
          const found = new Set<number>();
          index.find(text, (rules) => {
            for (const rule of rules) found.add(rule);
          });
          const expected = oneByOne(wholes, insides, [text]);
          for (const rule of expected) expect(found).toContain(rule);
          // Other alphabets may fall together with ASCII; the rule itself is asked afterwards.
          if (!/[^\x00-\x7f]/.test(text)) expect([...found].sort((left, right) => left - right)).toEqual(expected);
        }
      }),
      { numRuns: 1_500 },
    );
  });

  it('finds the same in texts that are collected first', () => {
    fc.assert(
      fc.property(sets, fc.array(filler, { maxLength: 5 }), ({ whole, inside, around, last }, more) => {
        const wholes = numbered(whole.map(foldCase), 0);
        const insides = numbered(inside.map(foldCase), 100);
        const index = new LiteralIndex(wholes, insides);
        const texts = [textOf(inside, around, last), ...more, last];
        const found = new Set<number>();
        const take = (rules: readonly number[]): void => {
          for (const rule of rules) found.add(rule);
        };
        for (const text of texts) index.collect(text, take);
        index.findCollected(take);
        for (const rule of oneByOne(wholes, insides, texts)) expect(found).toContain(rule);
        found.clear();
        index.findCollected(take);
        expect([...found]).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('takes texts of any length, one after the other', () => {
    const index = new LiteralIndex(new Map(), new Map([['needle-in-hay', [1]]]));
    for (const length of [0, 12, 13, 70_000, 3_000_000, 5]) {
      const found: number[] = [];
      index.find(`${'x'.repeat(length)}NEEDLE-in-hay`, (rules) => found.push(...rules));
      index.collect('y'.repeat(length), () => found.push(2));
      index.collect(`${'x'.repeat(length)}Needle-in-hay`, () => found.push(2));
      index.findCollected((rules) => found.push(...rules));
      expect(found).toEqual([1, 1]);
    }
  });
});
