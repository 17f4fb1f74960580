import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { LazyDfa } from '../../rules/query/lazy-dfa.ts';
import { parseRegex, RegexError } from '../../rules/query/regex-syntax.ts';
import { compileRegex, REGEX_INPUT_CHARACTERS } from '../../rules/query/safe-regex.ts';

describe('a regular expression', () => {
  it.each([
    ['(?<!a)b'],
    ['(?!a)b'],
    ['(a)\\1'],
    ['a++'],
    ['(?>a)'],
    ['a**'],
    ['*a'],
    ['(a'],
    ['a)'],
    ['[a'],
    ['[z-a]'],
    ['a{2,1}'],
    ['a{1001}'],
    ['\\p{L}'],
    ['[[:alpha:]]'],
    ['(a{1000}){1000}'],
    ['('.repeat(200)],
    ['a'.repeat(5_000)],
  ])('that is malformed or could take long is refused: %.30s', (source) => {
    expect(() => compileRegex(source, '')).toThrow(RegexError);
  });

  it.each([
    // Each of these takes exponential or high polynomial time in a backtracking engine.
    ['(a+)+$', 'a'.repeat(60_000)],
    ['^(a|a)*$', `${'a'.repeat(60_000)}b`],
    ['(a|aa)+$', `${'a'.repeat(60_000)}b`],
    ['a?'.repeat(30) + 'a'.repeat(30), 'a'.repeat(29)],
    ['.*a.*b.*c.*d', 'abc'.repeat(20_000)],
    ['(x+x+)+y', 'x'.repeat(60_000)],
    ['([a-z]+)*[0-9]', 'z'.repeat(60_000)],
  ])('%.30s ends on hostile text', (source, text) => {
    expect(compileRegex(source, '').test(`${text}!`)).toBe(false);
  });

  it('sees only the first characters of a long text', () => {
    const regex = compileRegex('needle', '');
    expect(regex.test(`${'x'.repeat(REGEX_INPUT_CHARACTERS - 6)}needle`)).toBe(true);
    expect(regex.test(`${'x'.repeat(REGEX_INPUT_CHARACTERS)}needle`)).toBe(false);
  });

  it.each([
    ['(foo|barbaz)\\d+', ['foo', 'barbaz']],
    ['x*longer literal?', ['longer litera']],
    ['a|.', undefined],
    ['(?i)ABC.', ['abc']],
    ['[ab]+', undefined],
  ])('knows the literals that %s needs', (source, needs) => {
    expect(compileRegex(source, '').needs).toEqual(needs);
  });

  it('goes on where a text asks for more states than are kept, and gives up in time', () => {
    const states = LazyDfa.of(parseRegex('(a|b)*a(a|b){11}c'));
    const text = Array.from({ length: 60_000 }, (_, at) => 'ab'[((at * at) >> 3) & 1]).join('');
    const found = states?.test(text);
    expect(found === undefined || found === false).toBe(true);
    expect(states?.test(`${'b'.repeat(3)}a${'b'.repeat(11)}c`)).toBe(true);
    expect(compileRegex('(a|b)*a(a|b){11}c', '').test(`${text}${'a'.repeat(12)}c`)).toBe(true);
    expect(LazyDfa.of(parseRegex('(a{100}){100}'))).toBeUndefined();
  });

  it('means the same to all engines, and needs what it says', () => {
    const atom = fc.constantFrom(
      'a',
      'b',
      'C',
      '.',
      '[ab]',
      '[^a]',
      '\\d',
      '\\w',
      '\\s',
      '\\.',
      '^',
      '$',
      '\\b',
      '\\B',
      '\\A',
      '\\z',
      '(?i:aB)',
      '(?:a|b)',
      '(ab|c)',
      'é',
    );
    const count = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,3}', '*?');
    const piece = fc.tuple(atom, count).map(([atom, count]) => (/^(\^|\$|\\[bBAz])$/.test(atom) ? atom : atom + count));
    const source = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(''));
    const text = fc.string({
      unit: fc.constantFrom('a', 'b', 'c', 'C', '1', '.', ' ', '\n', '\r', '_', 'é', 'É', '😀', '\u2028'),
      maxLength: 12,
    });
    const flags = fc.constantFrom('', 'i', 'm', 's', 'im');
    fc.assert(
      fc.property(source, flags, text, (source, flags, text) => {
        const regex = compileRegex(source, flags);
        const written = (flags === '' ? '' : `(?${flags})`) + source;
        const found = RE2JS.compile(written).matcher(text).find();
        expect(regex.test(text)).toBe(found);
        expect(LazyDfa.of(parseRegex(written))?.test(text)).toBe(found);
        if (found && regex.needs)
          expect(regex.needs.some((literal) => text.toLowerCase().includes(literal))).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
