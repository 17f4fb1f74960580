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

/** Adds an event of one or more texts as they stand in JSON. */
function add(block: WordBlock, ...values: string[]): void {
  const bytes = Buffer.from(`  ${JSON.stringify(values)}`);
  block.nextEvent(bytes, 2, bytes.length);
  let start = 3;
  for (const value of values) {
    const end = start + Buffer.byteLength(JSON.stringify(value));
    block.addJson(start + 1, end - 1);
    start = end + 1;
  }
}

/** What a block holds, which is empty then. */
const taken = (block: WordBlock) => Buffer.from(block.take()).toString();

const sorted = (words: readonly string[]) => [...new Set(words)].sort();

describe('a block of words', () => {
  it('has each word of its texts once', () => {
    const block = new WordBlock();
    fc.assert(
      fc.property(fc.array(text, { maxLength: 6 }), (texts) => {
        for (const value of texts) add(block, value);
        add(block, ...texts);
        const words = taken(block)
          .split(' ')
          .filter((word) => word !== '');
        expect(words.sort()).toEqual(sorted(texts.flatMap((value) => foldWords(value))));
        expect(new Set(words).size).toBe(words.length);
        expect(taken(block)).toBe('');
      }),
      { numRuns: 2_000 },
    );
  });

  it('grows with many words', () => {
    const block = new WordBlock();
    const words = Array.from({ length: 9_000 }, (_, n) => `w${n.toString(36)}`);
    add(block, words.join(' '));
    expect(sorted(taken(block).trim().split(' '))).toEqual(sorted(words));
  });

  it('marks an event that has more than it takes, and takes the next one in full', () => {
    const block = new WordBlock();
    add(block, `${'x '.repeat(LONGEST_TEXT / 2)}behind`, 'later');
    add(block, 'next');
    expect(taken(block).trim().split(' ')).toEqual([LONG_TEXT, 'x', 'next']);
  });
});
