import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Atom, AtomTable, type Literal, LONG, soughtBytes } from '../../rules/engine/atoms.ts';
import { LiteralIndex } from '../../rules/engine/literal-index.ts';
import { type Encoding, isAscii, TextBytes } from '../../rules/engine/text-bytes.ts';
import { compileStringTest, foldCase } from '../../rules/query/string-test.ts';

const letters = ['a', 'b', 'c', '.', '\\', '1', '"', '\n', '\t', 'n'];
const literal = fc.record({
  match: fc.constantFrom('equals' as const, 'starts' as const, 'ends' as const, 'contains' as const),
  text: fc.string({ unit: fc.constantFrom(...letters, 'k', 'i', 'é', '😀', '😎'), minLength: 1, maxLength: 14 }),
});
const filler = fc.string({
  unit: fc.constantFrom(...letters, 'A', 'K', '\u212a', 'İ', 'É', '😀', '@', '`', '\u001b'),
  maxLength: 30,
});
const plain = fc.string({ unit: fc.constantFrom(...letters, 'A', 'B', '@', '`'), maxLength: 200 });

/** Slots: two of their own, and -1 for any field. */
const SLOTS = [0, 1, -1];
const sets = fc.record({
  questions: fc.array(fc.tuple(fc.constantFrom(...SLOTS), fc.array(literal, { minLength: 1, maxLength: 4 })), {
    minLength: 1,
    maxLength: 30,
    size: 'max',
  }),
  limit: fc.constantFrom(4, 5, 6, LONG),
  around: fc.array(fc.tuple(fc.oneof(filler, plain), fc.nat(200), fc.boolean()), { maxLength: 4 }),
  last: fc.oneof(filler, plain),
});

/** The questions that the index answers with yes of a text in a field. */
function ask(index: LiteralIndex, encoding: Encoding, slot: number, text: string, turn: number): Set<number> {
  const found = new Set<number>();
  const take = (question: number): unknown => found.add(question);
  const copy = new TextBytes(encoding);
  if (!index.asks(slot, 3 * text.length)) return found;
  if (!copy.take(text)) {
    index.findForeign(slot, foldCase(text), take);
    copy.take(foldCase(text));
  }
  const place = { bytes: copy.bytes, words: copy.words, start: 0, end: copy.length, escaped: encoding === 'json' };
  index.find(slot, place, turn, take);
  return found;
}

function holds({ match, text }: Literal, whole: string): boolean {
  return compileStringTest({ kind: 'string', match, value: text, cased: false })(foldCase(whole));
}

function atomsOf(questions: readonly (readonly [number, readonly Literal[]])[]): Atom[] {
  const table = new AtomTable();
  const folded = (literals: readonly Literal[]) => literals.map(({ match, text }) => ({ match, text: foldCase(text) }));
  return [...new Set(questions.map(([slot, literals]) => table.atom(slot, folded(literals))))];
}

describe('the literal index', () => {
  it.each(['plain', 'json'] as const)('answers yes where a literal is there, and nowhere else: %s', (encoding) => {
    fc.assert(
      fc.property(sets, ({ questions, limit, around, last }) => {
        const atoms = atomsOf(questions);
        const all = atoms.flatMap(({ literals }) => literals.map(({ text }) => text));
        const text = around
          .map(([before, index, capital]) => {
            const held = all[index % all.length] ?? '';
            return before + (capital ? held.toUpperCase() : held);
          })
          .join('');
        const index = new LiteralIndex(atoms, new Uint8Array(3).fill(limit), encoding);
        let turn = 0;
        for (const whole of [text + last, all[0] ?? '', (all[1] ?? '').toUpperCase(), text, last]) {
          for (const slot of SLOTS) {
            const found = ask(index, encoding, slot, whole, ++turn);
            for (const [question, atom] of atoms.entries()) {
              const sought = atom.literals.filter((one) => soughtBytes(one) >= limit);
              const expected = (atom.slot === slot || atom.slot === -1) && sought.some((one) => holds(one, whole));
              if (found.has(question) !== expected) {
                expect([encoding, whole, slot, atom, found.has(question)]).toEqual([
                  encoding,
                  whole,
                  slot,
                  atom,
                  expected,
                ]);
              }
            }
          }
        }
      }),
      { numRuns: 1_200 },
    );
  });

  it('takes texts of any length, one after the other', () => {
    const contains = (text: string): Literal => ({ match: 'contains', text });
    const atoms = atomsOf([[0, [contains('needle-in-hay')]]]);
    const index = new LiteralIndex(atoms, new Uint8Array(2).fill(LONG), 'plain');
    for (const [turn, length] of [0, 12, 13, 70_000, 3_000_000, 5].entries()) {
      expect([...ask(index, 'plain', 0, `${'x'.repeat(length)}NEEDLE-in-hay`, turn + 1)]).toEqual([0]);
    }
    expect([...ask(index, 'plain', 0, 'x'.repeat(3_000_000), 100)]).toEqual([]);
  });

  it('looks for letters outside ASCII in texts that have some, however short', () => {
    expect([isAscii('abc'), isAscii('abć')]).toEqual([true, false]);
    const index = new LiteralIndex(
      atomsOf([[0, [{ match: 'contains', text: '😀' }]]]),
      new Uint8Array(2).fill(LONG),
      'json',
    );
    expect([...ask(index, 'json', 0, '😀', 1)]).toEqual([0]);
    expect([...ask(index, 'json', 0, '😎', 2)]).toEqual([]);
  });

  it('tells the two characters of an escape from the same ones beside each other', () => {
    const atoms = atomsOf([[0, [{ match: 'contains', text: 'nneedle' }]]]);
    const index = new LiteralIndex(atoms, new Uint8Array(2).fill(LONG), 'json');
    expect([...ask(index, 'json', 0, 'a\nneedle', 1)]).toEqual([]);
    expect([...ask(index, 'json', 0, 'a\\nneedle', 2)]).toEqual([0]);
    expect([...ask(index, 'json', 0, 'a\\\nneedle', 3)]).toEqual([]);
    expect([...ask(index, 'json', 0, 'a\nnneedle', 4)]).toEqual([0]);
  });
});
