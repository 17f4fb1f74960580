import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WordBlock } from '../../../server/store/embedded/word-block.ts';
import { foldWords, LONG_TEXT, LONGEST_TEXT } from '../../../server/store/embedded/words.ts';

const part = fc.constantFrom(
  'Root',
  'root',
  'a-b',
  '10.0.0.1',
  '\n',
  '\t',
  '\\n',
  '"q"',
  'é',
  'Ж',
  '\u0001',
  ' ',
  '/',
  'x9',
  '𝒜',
);
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.array(part, { maxLength: 12 }).map((all) => all.join('')),
);

/** Adds a text as it stands in JSON. */
function add(block: WordBlock, value: string): void {
  const bytes = Buffer.from(JSON.stringify(value));
  block.addJson(bytes, 1, bytes.length - 1);
}

const sorted = (words: readonly string[]) => [...new Set(words)].sort();

describe('a block of words', () => {
  it('has each word of its texts once', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 6 }), (texts) => {
        const block = new WordBlock();
        for (const value of texts) {
          block.nextEvent();
          add(block, value);
        }
        const words = block
          .take()
          .split(' ')
          .filter((word) => word !== '');
        expect(words.sort()).toEqual(sorted(texts.flatMap((value) => foldWords(value))));
        expect(new Set(words).size).toBe(words.length);
        expect(block.isEmpty).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('grows with many words, and with words made to share one place', () => {
    const block = new WordBlock();
    block.nextEvent();
    const words = Array.from({ length: 9_000 }, (_, n) => `w${n.toString(36)}`);
    add(block, words.join(' '));
    expect(sorted(block.take().trim().split(' '))).toEqual(sorted(words));
    // `aB` and `b#` style pairs: 31 * a + b is the same, so are the words of any of them.
    const alike = Array.from({ length: 2 ** 12 }, (_, n) =>
      Array.from({ length: 12 }, (_, bit) => ((n >> bit) & 1 ? 'ao' : 'bp'.replace('p', '0'))).join(''),
    );
    block.nextEvent();
    add(block, alike.slice(0, 2_000).join(' '));
    expect(sorted(block.take().trim().split(' '))).toEqual(sorted(alike.slice(0, 2_000)));
  });

  it('marks an event that has more than it takes, and takes the next one in full', () => {
    const block = new WordBlock();
    block.nextEvent();
    add(block, `${'x '.repeat(LONGEST_TEXT / 2)}behind`);
    add(block, 'later');
    block.nextEvent();
    add(block, 'next');
    expect(block.take().trim().split(' ')).toEqual([LONG_TEXT, 'x', 'next']);
  });
});
