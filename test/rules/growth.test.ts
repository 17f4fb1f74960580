import { expect, it } from 'vitest';
import type { Condition } from '../../rules/query/condition.ts';
import { parseKql } from '../../rules/query/kql.ts';
import { parseConditionExpression } from '../../rules/sigma/condition-expression.ts';
import { parseRules } from '../../rules/sigma/parse.ts';

const HEAD = 'title: t\nid: x\nlogsource: {product: x}\n';
const lines = (count: number, line: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => line(at)).join('\n');

/** Texts of a shape, as long as one likes: what somebody would send who wants to see a parser stand still. */
const YAML: Readonly<Record<string, (count: number) => string>> = {
  'keys of one map': (count) => `${HEAD}detection:\n  a:\n${lines(count, (at) => `    k${at}: v`)}\n  condition: a\n`,
  'keys in braces': (count) => `a: {${lines(count, (at) => `k${at}: v,`)}}`,
  'one key again and again': (count) => lines(count, () => 'k: v'),
  'values of a list': (count) =>
    `${HEAD}detection:\n  a:\n    f:\n${lines(count, (at) => `      - v${at}`)}\n  condition: a\n`,
  'search identifiers': (count) =>
    `${HEAD}detection:\n${lines(count, (at) => `  s${at}: {f: v}`)}\n  condition: all of them\n`,
  'open brackets': (count) => `a: ${'['.repeat(count)}`,
  'open braces': (count) => `a: ${'{a: '.repeat(count)}`,
  'lists in lists': (count) => `${'- '.repeat(count)}x`,
  'questions in questions': (count) => `${'? '.repeat(count)}x`,
  'anchors with their aliases': (count) => `a:\n${lines(count, (at) => `  - &a${at} x\n  - *a${at}`)}`,
  'merges of one map': (count) => `a: &a {x: y}\nb:\n${lines(count, () => '  <<: *a')}`,
  documents: (count) => lines(count, () => '---\na: b'),
  'empty lines and comments': (count) => `a:\n${lines(count, () => '\n  # c\n')}\n  - b`,
  'a folded text': (count) => `a: >\n${lines(count, () => '  x\n')}`,
  'escapes in quotes': (count) => `a: "${'\\u0041\\n\n  '.repeat(count)}"`,
  'blanks before a no-break space': (count) => `a: x${' '.repeat(count * 20)}\u00a0x`,
  'letters that join': (count) => `a: ${'\u{1f600}\u0301\u200d'.repeat(count)}`,
  'wildcards of one text': (count) =>
    `${HEAD}detection:\n  a: {f|contains: '${'*a?'.repeat(count)}'}\n  condition: a\n`,
  'words with a dash': (count) =>
    `${HEAD}detection:\n  a: {f|windash|contains: '${' -a'.repeat(count)}'}\n  condition: a\n`,
  'groups of an expression': (count) => `${HEAD}detection:\n  a: {f|re: '${'(a|b)'.repeat(count)}'}\n  condition: a\n`,
  'brackets of an expression': (count) =>
    `${HEAD}detection:\n  a: {f|re: '${'[a-z]{1,9}'.repeat(count)}'}\n  condition: a\n`,
  'correlations of each other': (count) =>
    lines(
      Math.ceil(count / 10),
      (at) =>
        `---\ntitle: c\nid: c${at}\nname: n${at}\ncorrelation:\n  type: event_count\n  rules: [n${at - 1}]\n  timespan: 1m\n  condition: {gte: 1}`,
    ),
};
const EXPRESSIONS: Readonly<Record<string, (count: number) => string>> = {
  alternatives: (count) => `${'a or '.repeat(count)}a`,
  parentheses: (count) => '('.repeat(count),
  negations: (count) => `${'not '.repeat(count)}a`,
  patterns: (count) => `1 of ${'*a'.repeat(count)}`,
  blanks: (count) => `a${' '.repeat(count)}`,
  backslashes: (count) => `${'\\'.repeat(count)}a`,
  quotes: (count) => `f: "${'\\"'.repeat(count)}`,
  colons: (count) => `f${':'.repeat(count)}`,
  stars: (count) => `f: ${'*a'.repeat(count)}`,
};

/** Processor time of this thread, milliseconds, at the best of some tries. */
function costOf(act: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 3; attempt++) {
    const begun = process.threadCpuUsage();
    try {
      act();
    } catch {
      // Refusing is an answer too; which, is told elsewhere.
    }
    const { user, system } = process.threadCpuUsage(begun);
    best = Math.min(best, (user + system) / 1_000);
  }
  return best;
}

const FEW = 1_000;
const TIMES = 8;
/** Eight times the text costs eight times as much where it grows with it, and 64 times where it grows with its square. */
const MOST = 32;
/** Times below this tell nothing, milliseconds. */
const LEAST = 3;

it.each(Object.entries(YAML))('reading a file grows with its length: %s', (_name, make) => {
  const few = costOf(() => parseRules(make(FEW), 'a.yml'));
  const many = costOf(() => parseRules(make(FEW * TIMES), 'a.yml'));
  expect(many / Math.max(few, LEAST)).toBeLessThan(MOST);
});

it.each(Object.entries(EXPRESSIONS))('reading a condition or a query grows with its length: %s', (_name, make) => {
  const identifiers = new Map(
    Array.from({ length: 200 }, (_, at): [string, Condition] => ['a'.repeat(at + 1), { kind: 'always' }]),
  );
  for (const parse of [parseKql, (text: string) => parseConditionExpression(text, identifiers)]) {
    const few = costOf(() => parse(make(FEW / 5)));
    const many = costOf(() => parse(make((FEW / 5) * TIMES)));
    expect(many / Math.max(few, LEAST)).toBeLessThan(MOST);
  }
});
