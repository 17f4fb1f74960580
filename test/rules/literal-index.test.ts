import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineKernel } from '../../ecs/scan/line-kernel.ts';
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

const kernel = new LineKernel();

/** An index, and where its answers are. */
interface Asked {
  readonly index: LiteralIndex;
  readonly encoding: Encoding;
  readonly yes: number;
  readonly atoms: readonly Atom[];
}

/** An index of questions on each of which one rule of the same number hangs. */
function layIndex(atoms: readonly Atom[], limits: Uint8Array, encoding: Encoding): Asked {
  kernel.release();
  const yes = kernel.room(4 * atoms.length);
  const rules = atoms.map((_, rule) => [rule]);
  const index = new LiteralIndex(kernel, atoms, limits, encoding, { rules, ruleCount: rules.length, yes });
  return { index, encoding, yes, atoms };
}

/** The questions that the index answers with yes of a text in a field. */
function ask({ index, encoding, yes, atoms }: Asked, slot: number, text: string, turn: number): Set<number> {
  const copy = new TextBytes(kernel, encoding);
  if (!index.asks(slot, 3 * text.length)) return new Set();
  if (!copy.take(text)) {
    index.findForeign(slot, foldCase(text), turn);
    copy.take(foldCase(text));
  }
  kernel.functions.findText(index.place, slot, copy.start, copy.end, encoding === 'json' ? 1 : 0, turn);
  const { from, count } = index.takeCandidates();
  const candidates = [...kernel.words.subarray(from, from + count)].sort((left, right) => left - right);
  const answered = [...atoms.keys()].filter((question) => kernel.words[yes / 4 + question] === turn);
  expect(candidates, 'the rules that hang on the answers').toEqual(answered);
  return new Set(answered);
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
        const index = layIndex(atoms, new Uint8Array(3).fill(limit), encoding);
        let turn = 0;
        for (const whole of [text + last, all[0] ?? '', (all[1] ?? '').toUpperCase(), text, last]) {
          for (const slot of SLOTS) {
            const found = ask(index, slot, whole, ++turn);
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
    const index = layIndex(atoms, new Uint8Array(2).fill(LONG), 'plain');
    for (const [turn, length] of [0, 12, 13, 70_000, 3_000_000, 5].entries()) {
      expect([...ask(index, 0, `${'x'.repeat(length)}NEEDLE-in-hay`, turn + 1)]).toEqual([0]);
    }
    expect([...ask(index, 0, 'x'.repeat(3_000_000), 100)]).toEqual([]);
  });

  it('looks for letters outside ASCII in texts that have some, however short', () => {
    expect([isAscii('abc'), isAscii('abć')]).toEqual([true, false]);
    const index = layIndex(atomsOf([[0, [{ match: 'contains', text: '😀' }]]]), new Uint8Array(2).fill(LONG), 'json');
    expect([...ask(index, 0, '😀', 1)]).toEqual([0]);
    expect([...ask(index, 0, '😎', 2)]).toEqual([]);
  });

  it('tells the two characters of an escape from the same ones beside each other', () => {
    const atoms = atomsOf([[0, [{ match: 'contains', text: 'nneedle' }]]]);
    const index = layIndex(atoms, new Uint8Array(2).fill(LONG), 'json');
    expect([...ask(index, 0, 'a\nneedle', 1)]).toEqual([]);
    expect([...ask(index, 0, 'a\\nneedle', 2)]).toEqual([0]);
    expect([...ask(index, 0, 'a\\\nneedle', 3)]).toEqual([]);
    expect([...ask(index, 0, 'a\nnneedle', 4)]).toEqual([0]);
  });
});
