import { describe, expect, it } from 'vitest';
import { compileRules } from '../../rules/engine/compile.ts';
import { compileMatcher } from '../../rules/query/matcher.ts';
import type { DetectionRule } from '../../rules/rule.ts';
import { parseRules } from '../../rules/sigma/parse.ts';

/** A rule around one detection section, given as the lines inside `selection:`. */
function rule(selection: string, condition = 'selection'): DetectionRule {
  const body = selection
    .split('\n')
    .map((line) => `        ${line}`)
    .join('\n');
  const text = `title: T\nid: t\nlogsource:\n    product: p\ndetection:\n    selection:\n${body}\n    condition: ${condition}\n`;
  const { rules, problems } = parseRules(text, 't.yml');
  expect(problems).toEqual([]);
  return rules[0] as DetectionRule;
}

/** What the engine says, which must be what the plain matcher says. */
function matches(selection: string, event: object): boolean {
  const parsed = rule(selection);
  const engine = compileRules([parsed], 'raw').evaluate({ product: 'p', ...event }).length === 1;
  expect(compileMatcher(parsed.condition)({ product: 'p', ...event })).toBe(engine);
  return engine;
}

type Case = readonly [selection: string, event: object, expected: boolean];

const CASES: Readonly<Record<string, readonly Case[]>> = {
  'plain values': [
    ["F: 'Whoami.EXE'", { F: 'whoami.exe' }, true],
    ["F: 'whoami'", { F: 'whoami.exe' }, false],
    ['F: 4688', { F: 4688 }, true],
    ['F: 4688', { F: '4688' }, true],
    ["F: '4688'", { F: 4688 }, true],
    ['F: true', { F: true }, true],
    ['F: true', { F: 'True' }, true],
    ['F: true', { F: 1 }, false],
    ["F: ''", { F: '' }, true],
    ["F: ''", {}, false],
    ['F: null', {}, true],
    ['F: null', { F: null }, true],
    ['F: null', { F: '' }, false],
    ['F: 18446744073709551615', { F: '18446744073709551615' }, true],
    ['F:\n  - a\n  - b', { F: 'B' }, true],
    ['F:\n  - a\n  - b', { F: 'c' }, false],
    ['F: a\nG: b', { F: 'a', G: 'b' }, true],
    ['F: a\nG: b', { F: 'a' }, false],
    ['- F: a\n- G: b', { G: 'b' }, true],
    ['F: a', { F: ['x', 'A'] }, true],
    ['F: a', { F: { a: 'a' } }, false],
    ['a.b: x', { a: { b: 'x' } }, true],
  ],
  wildcards: [
    ["F: 'prog?.exe'", { F: 'progA.exe' }, true],
    ["F: 'prog?.exe'", { F: 'prog.exe' }, false],
    ["F: 'v*.exe'", { F: 'v21.2\n.1.exe' }, true],
    ["F: '*'", { F: 'anything' }, true],
    ["F: '*'", {}, false],
    [String.raw`F: 'a\*b'`, { F: 'a*b' }, true],
    [String.raw`F: 'a\*b'`, { F: 'axb' }, false],
    [String.raw`F: 'a\\*b'`, { F: 'a\\xxb' }, true],
    [String.raw`F: 'a\\\*b'`, { F: 'a\\*b' }, true],
    [String.raw`F: 'C:\Windows\x'`, { F: 'c:\\windows\\x' }, true],
    [String.raw`F: 'C:\\Windows\\x'`, { F: 'c:\\windows\\x' }, true],
    [String.raw`F: '\\\\srv'`, { F: '\\\\srv' }, true],
    ["F: '*a*b?c*'", { F: '__a..bxc..' }, true],
    ["F: '?'", { F: '' }, false],
    ["F: 'a*a'", { F: 'a' }, false],
  ],
  'contains, startswith, endswith, all': [
    ["F|contains: 'b'", { F: 'aBc' }, true],
    ["F|startswith: 'ab'", { F: 'ABc' }, true],
    ["F|startswith: 'b'", { F: 'abc' }, false],
    ["F|endswith: '.exe'", { F: 'x.EXE' }, true],
    ["F|contains: 'a*c'", { F: 'xabcx' }, true],
    [String.raw`F|contains: 'a\*c'`, { F: 'xabcx' }, false],
    ['F|contains: 12', { F: 4123 }, true],
    ['F|contains|all:\n  - a\n  - b', { F: 'xbxa' }, true],
    ['F|contains|all:\n  - a\n  - b', { F: 'xa' }, false],
    ["F|contains: 'é'", { F: 'CAFÉ' }, true],
  ],
  'cased, neq, exists': [
    ['F|cased: Abc', { F: 'Abc' }, true],
    ['F|cased: Abc', { F: 'abc' }, false],
    ['F|contains|cased: Ab', { F: 'xAbx' }, true],
    ['F|neq: a', { F: 'b' }, true],
    ['F|neq: a', { F: 'A' }, false],
    ['F|neq:\n  - a\n  - b', { F: 'b' }, false],
    ['F|neq: a', {}, true],
    ['F|exists: true', { F: '' }, true],
    ['F|exists: true', { F: null }, true],
    ['F|exists: true', {}, false],
    ['F|exists: false', {}, true],
  ],
  re: [
    ["F|re: 'a.c'", { F: 'xabcx' }, true],
    ["F|re: 'A.c'", { F: 'xabcx' }, false],
    ["F|re|i: 'A.c'", { F: 'xabcx' }, true],
    ["F|re: '^b'", { F: 'a\nb' }, false],
    ["F|re|m: '^b$'", { F: 'a\nb\nc' }, true],
    ["F|re: 'a.b'", { F: 'a\nb' }, false],
    ["F|re|s: 'a.b'", { F: 'a\nb' }, true],
    ["F|re|i|s: 'A.B'", { F: 'a\nb' }, true],
    [String.raw`F|re: '(foo|ba[rz]){2}\d{1,3}$'`, { F: 'xfoobaz12' }, true],
    [String.raw`F|re: '(foo|ba[rz]){2}\d{1,3}$'`, { F: 'xfoobaz12x' }, false],
    ["F|re: '(?i)ABC'", { F: 'abc' }, true],
    ["F|re:\n  - '^x'\n  - 'y$'", { F: 'zy' }, true],
  ],
  'lt, lte, gt, gte': [
    ['F|lt: 5', { F: 4 }, true],
    ['F|lt: 5', { F: '4.5' }, true],
    ['F|lt: 5', { F: 5 }, false],
    ['F|lte: 5', { F: 5 }, true],
    ['F|gt: 5', { F: 'x' }, false],
    ['F|gte: 5', { F: 5 }, true],
    ['F|gte: 5', {}, false],
  ],
  'minute, hour, day, week, month, year': [
    ['F|minute: 30', { F: '2026-11-22T08:30:00Z' }, true],
    ['F|hour: 8', { F: '2026-11-22T08:30:00+07:00' }, true],
    ['F|day: 22', { F: '2026-11-22 08:30:00' }, true],
    ['F|week: 47', { F: '2026-11-22T08:30:00Z' }, true],
    ['F|week: 53', { F: '2027-01-03T08:30:00Z' }, true],
    ['F|month: 11', { F: '2026-11-22T08:30:00Z' }, true],
    ['F|year: 2026', { F: '2026-11-22' }, true],
    ['F|hour: 8', { F: '2026-11-22' }, false],
  ],
  cidr: [
    ['F|cidr: 10.0.0.0/8', { F: '10.200.3.4' }, true],
    ['F|cidr: 10.0.0.0/8', { F: '11.0.0.1' }, false],
    ['F|cidr: 10.0.0.0/8', { F: '::ffff:10.0.0.1' }, true],
    ["F|cidr: '2001:db8::/33'", { F: '2001:db8:7fff::1' }, true],
    ["F|cidr: '2001:db8::/33'", { F: '2001:db8:8000::1' }, false],
    ['F|cidr: 0.0.0.0/0', { F: '255.255.255.255' }, true],
    ["F|cidr: '::/0'", { F: '10.0.0.1' }, false],
    ['F|cidr: 192.168.1.7', { F: '192.168.1.7' }, true],
    ['F|cidr: 10.0.0.0/8', { F: '10.0.0.1.evil' }, false],
  ],
  fieldref: [
    ['F|fieldref: G', { F: 'a', G: 'A' }, true],
    ['F|fieldref: G', { F: 'a', G: 'b' }, false],
    ['F|fieldref: G', { F: 'a' }, false],
    ['F|fieldref|neq: G', { F: 'a', G: 'b' }, true],
    ['F|fieldref|endswith: G', { F: 'xab', G: 'AB' }, true],
    ['F|fieldref|cased: G', { F: 'a', G: 'A' }, false],
  ],
  encodings: [
    ['F|base64: foo', { F: 'Zm9v' }, true],
    ['F|base64offset|contains: foobar', { F: btoa('foobar') }, true],
    ['F|base64offset|contains: foobar', { F: btoa('1foobar_') }, true],
    ['F|base64offset|contains: foobar', { F: btoa('12foobar_') }, true],
    ['F|base64offset|contains: foobar', { F: btoa('12fooxar_') }, false],
    ['F|wide|base64offset|contains: cmd', { F: btoa('xx\0c\0m\0d\0..') }, true],
    ['F|utf16le|base64: cmd', { F: btoa('c\0m\0d\0') }, true],
    ['F|utf16be|base64: cmd', { F: btoa('\0c\0m\0d') }, true],
    ['F|utf16|base64: cmd', { F: btoa('\xff\xfec\0m\0d\0') }, true],
    ['F|base64: é', { F: 'w6k=' }, true],
  ],
  windash: [
    ["F|windash|contains: ' -enc '", { F: 'p /enc x' }, true],
    ["F|windash|contains: ' -enc '", { F: 'p \u2013enc x' }, true],
    ["F|windash|contains: ' -enc '", { F: 'p \u2015enc x' }, true],
    ["F|windash|contains: ' /enc '", { F: 'p -enc x' }, true],
    ["F|windash|contains|all:\n  - ' -a '\n  - ' -b '", { F: 'x /a -b y' }, true],
    ["F|contains|all|windash:\n  - ' -a '\n  - ' -b '", { F: 'x /a -b y' }, true],
    ["F|windash|contains|all:\n  - ' -a '\n  - ' -b '", { F: 'x /a -c y' }, false],
    ["F|windash|contains: 'a-b'", { F: 'a/b' }, false],
  ],
};

describe.each(Object.entries(CASES))('%s', (_name, cases) => {
  it.each(cases)('%j on %j: %j', (selection, event, expected) => {
    expect(matches(selection, event)).toBe(expected);
  });
});

describe('keywords', () => {
  const keywords = (list: string, event: object): boolean => {
    const parsed = rule(list);
    return compileRules([parsed], 'raw').evaluate({ product: 'p', ...event }).length === 1;
  };

  it.each([
    ['- EVIL\n- worse', { any: 'an evil thing' }, true],
    ['- EVIL\n- worse', { deep: { list: ['x', 'Worse'] } }, true],
    ['- EVIL', { any: 'good' }, false],
    ["- 'ev*l'", { any: 'xx ev--l yy' }, true],
    ["'|all':\n  - one\n  - two", { a: 'one', b: 'two' }, true],
    ["'|all':\n  - one\n  - two", { a: 'one' }, false],
    ['- 4711', { a: 4711 }, true],
  ])('%j in %j: %j', (list, event, expected) => {
    expect(keywords(list, event)).toBe(expected);
  });
});
