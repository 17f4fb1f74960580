import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { expandGrok } from '../../collector/custom-parsers/grok.ts';
import { GROK_PATTERNS } from '../../collector/custom-parsers/grok-patterns.ts';
import { compileCaptures } from '../../rules/query/capture-regex.ts';
import { RegexError } from '../../rules/query/regex-syntax.ts';
import { REGEX_INPUT_CHARACTERS } from '../../rules/query/safe-regex.ts';

const NO_OWN = new Map<string, string>();

/** Where RE2 takes the whole text apart, by an expression that both engines read alike. */
function byRe2(source: string, text: string): (string | undefined)[] | null {
  const matcher = RE2JS.compile(`(?s)\\A(?:${source.replaceAll('(?<', '(?P<')})\\z`).matcher(text);
  if (!matcher.find()) return null;
  return Array.from({ length: matcher.groupCount() + 1 }, (_, at) => matcher.group(at) ?? undefined);
}

describe('an expression with groups', () => {
  it('must fit the whole text, and gives its groups in order', () => {
    const found = compileCaptures('(?<a>\\w+) (?:x(?<b>.)|y)(?<c.d>.*)');
    expect(found.names).toEqual(['a', 'b', 'c.d']);
    expect(Array.from(found.exec('one yz\nw') ?? [])).toEqual(['one yz\nw', 'one', undefined, 'z\nw']);
    expect(found.exec(' one yz')).toBeNull();
    expect(compileCaptures('(?<a>\\w+)').exec('one two')).toBeNull();
  });

  it('is refused where engines differ, or time would not be linear', () => {
    for (const source of ['(?:(?<a>x),)*', '(?<a>x)\\1', '(?<a>x)(?=y)', '(?<a>x', '(?<a>x{2000})'])
      expect(() => compileCaptures(source), source).toThrow(RegexError);
  });

  it.each([
    ['(?<a>\\S+) (?<b>\\S+) (?<c>[^"]*)"(?<d>.*)', true],
    ['(?<a>[^,]*)(?:,[^,]*)*', true],
    ['(?<a>(?:ab|cd)+)x', true],
    ['(?<a>.*?) - (?<b>.*)', false],
    ['(?<a>\\w+)(?<b>\\w*)x', false],
    ['(?<a>(?:a|ab)*)c', false],
  ])('knows whether %s can be slow', (source, isQuick) => {
    expect(compileCaptures(source).quickUpTo === REGEX_INPUT_CHARACTERS).toBe(isQuick);
  });

  it('finds with the linear-time engine what the quick one finds', () => {
    const part = fc.constantFrom(
      '(?<p>\\w+)',
      '(?<p>\\S+)',
      '(?<p>.*?)',
      '(?<p>[^ ]*)',
      '(?<p>a|ab|b)',
      '(?:(?<p>x)|y)?',
      ' ',
      '-',
      '(?:,a)*',
      '(?<p>.*)',
      'a+',
      '\\b',
    );
    const source = fc
      .array(part, { minLength: 1, maxLength: 6 })
      .map((parts) => parts.map((one, at) => one.replace('<p>', `<p${at}>`)).join(''));
    const text = fc
      .array(fc.constantFrom('a', 'b', 'ab', ' ', '-', ',a', 'x', 'y', 'é', '\n'), { maxLength: 12 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(source, text, (pattern, line) => {
        const quick = compileCaptures(pattern).exec(line);
        // Both, whichever is chosen for the length: the expected one is always RE2.
        const expected = byRe2(pattern, line);
        expect(quick ? Array.from(quick).slice(1) : null).toEqual(expected ? expected.slice(1) : null);
      }),
      { numRuns: 500 },
    );
  });

  it('takes linear time also where it is slow', () => {
    const slow = compileCaptures('(?<a>.*?)a(?<b>.*?)a(?<c>.*?)a(?<d>.*?)b');
    expect(slow.quickUpTo).toBeLessThan(1_000);
    // Backtracking would take 65,536³ steps here: the runner would end it.
    expect(slow.exec('a'.repeat(REGEX_INPUT_CHARACTERS))).toBeNull();
    const found = slow.exec(`${'xa'.repeat(5_000)}b`);
    expect(found && Array.from(found).slice(1, 4)).toEqual(['x', 'x', 'x']);
    expect(slow.exec('a'.repeat(REGEX_INPUT_CHARACTERS + 1))).toBeNull();
  }, 60_000);
});

describe('grok patterns', () => {
  const of = (name: string, text: string) => compileCaptures(expandGrok(`%{${name}:v}`, NO_OWN)).exec(text)?.[1];

  it.each(Object.keys(GROK_PATTERNS))('%s can be written out', (name) => {
    expect(compileCaptures(expandGrok(`%{${name}:v}`, NO_OWN)).names).toEqual(['v']);
  });

  it.each([
    ['IP', '203.0.113.5', '2001:db8::7', '::ffff:192.0.2.1'],
    ['IPORHOST', 'db.example', '2001:db8::7'],
    ['NUMBER', '-1.5', '17', '.5'],
    ['INT', '-3'],
    ['QS', '"a \\" b"', "'x'"],
    ['HTTPDATE', '22/Nov/2026:08:14:15 +0700'],
    ['TIMESTAMP_ISO8601', '2026-11-22T08:14:15.123Z', '2026-11-22 08:14:15,123+07:00', '2026-11-22 08:14'],
    ['SYSLOGTIMESTAMP', 'Nov 22 08:14:15', 'Nov  2 08:14:15'],
    ['LOGLEVEL', 'WARN', 'warning', 'Information', 'ERR'],
    ['UUID', '123e4567-e89b-12d3-a456-426614174000'],
    ['URIPATHPARAM', '/a/b?c=d'],
    ['EMAILADDRESS', 'an.nguyen@tinh.gov.vn'],
    ['MAC', '00:1a:2B:3c:4d:5e'],
    ['USERNAME', 'TINH\\an'],
    ['PATH', '/var/log/x', 'C:\\logs\\x'],
    ['MONTHDAY', '22', '2'],
  ])('%s fits what it is named after', (name, ...texts) => {
    for (const text of texts) expect(of(name, text), text).toBe(text);
  });

  it.each([
    ['INT', '1.5'],
    ['WORD', 'a b'],
    ['IPV4', '203.0.113'],
    ['UUID', '123e4567'],
    ['LOGLEVEL', 'loud'],
    ['HTTPDATE', '22/11/2026'],
  ])('%s does not fit %j', (name, text) => {
    expect(of(name, text)).toBeUndefined();
  });
});
