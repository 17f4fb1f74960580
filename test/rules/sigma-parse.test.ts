import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RULE_ERRORS } from '../../rules/errors.ts';
import { parseRules } from '../../rules/sigma/parse.ts';
import { joinRules } from '../../rules/sigma/rule-set.ts';

const HEAD = 'title: T\nid: t\nlogsource:\n    product: p\n';

function problemsOf(text: string): string[] {
  const { problems } = parseRules(text, 'a.yml');
  for (const problem of problems) expect(Object.hasOwn(RULE_ERRORS, problem.code)).toBe(true);
  return problems.map(({ code, line, column }) => `${code} ${line}:${column}`);
}

function detection(lines: string): string {
  return `${HEAD}detection:\n${lines}`;
}

/** A correlation of rules in time; its condition stands in line 6, column 16. */
function temporal(type: string, rules: string, condition = '', id = 'T'): string {
  const last = condition === '' ? '' : `    condition: ${condition}\n`;
  return `title: ${id}\ncorrelation:\n    type: ${type}\n    rules: ${rules}\n    timespan: 5m\n${last}`;
}

describe('a wrong rule is named with code, line and column', () => {
  it.each([
    ['not YAML', `${HEAD}detection: [a\nlevel: high\n`, 'HD_RULE_YAML 6:1'],
    ['a key twice', 'title: a\ntitle: b\n', 'HD_RULE_YAML 2:1'],
    ['an alias without anchor', `${HEAD}detection:\n    a: *nowhere\n    condition: a\n`, 'HD_RULE_YAML 6:8'],
    ['no rule at all', '# nothing\n', 'HD_RULE_DOCUMENT 1:1'],
    ['a list', '- a\n- b\n', 'HD_RULE_DOCUMENT 1:1'],
    ['neither detection nor correlation', HEAD, 'HD_RULE_DOCUMENT 1:1'],
    ['an action', 'title: T\naction: global\n', 'HD_RULE_UNSUPPORTED_DOCUMENT 2:1'],
    [
      'no title',
      'logsource:\n    product: p\ndetection:\n    a:\n        F: b\n    condition: a\n',
      'HD_RULE_MISSING 1:1',
    ],
    [
      'an unknown level',
      `${HEAD}level: huge\ndetection:\n    a:\n        F: b\n    condition: a\n`,
      'HD_RULE_FIELD 5:8',
    ],
    ['no condition', detection('    a:\n        F: b\n'), 'HD_RULE_MISSING 6:5'],
    [
      'an unknown modifier',
      detection('    a:\n        F|contains|like: b\n    condition: a\n'),
      'HD_RULE_UNKNOWN_MODIFIER 7:20',
    ],
    ['a placeholder', detection("    a:\n        F|expand: '%x%'\n    condition: a\n"), 'HD_RULE_PLACEHOLDER 7:19'],
    ['all of one', detection('    a:\n        F|contains|all: b\n    condition: a\n'), 'HD_RULE_MODIFIER_USE 7:9'],
    [
      'contains after re',
      detection('    a:\n        F|re|contains: b\n    condition: a\n'),
      'HD_RULE_MODIFIER_USE 7:14',
    ],
    [
      'no network',
      detection('    a:\n        F|cidr:\n            - 10.0.0.0/8\n            - 10.0.0.0/40\n    condition: a\n'),
      'HD_RULE_MODIFIER_USE 9:15',
    ],
    ['no number', detection('    a:\n        F|gt: many\n    condition: a\n'), 'HD_RULE_MODIFIER_USE 7:15'],
    [
      'null among others',
      detection('    a:\n        F:\n            - x\n            - null\n    condition: a\n'),
      'HD_RULE_VALUE 9:15',
    ],
    ['a map as value', detection('    a:\n        F:\n            G: x\n    condition: a\n'), 'HD_RULE_DETECTION 8:13'],
    ['an empty map', detection('    a: {}\n    condition: a\n'), 'HD_RULE_DETECTION 6:8'],
    ['a look-ahead', detection("    a:\n        F|re: '(?=x)y'\n    condition: a\n"), 'HD_RULE_REGEX 7:15'],
    ['a back-reference', detection("    a:\n        F|re: '(x)\\1'\n    condition: a\n"), 'HD_RULE_REGEX 7:15'],
    ['an unknown identifier', detection('    a:\n        F: b\n    condition: a and bb\n'), 'HD_RULE_CONDITION 8:22'],
    [
      'an unknown identifier, quoted',
      detection("    a:\n        F: b\n    condition: 'a and bb'\n"),
      'HD_RULE_CONDITION 8:23',
    ],
    ['an open parenthesis', detection('    a:\n        F: b\n    condition: (a or a\n'), 'HD_RULE_CONDITION 8:16'],
    [
      'a condition that ends early',
      detection('    a:\n        F: b\n    condition: a and\n'),
      'HD_RULE_CONDITION 8:21',
    ],
    ['a pattern of nothing', detection('    a:\n        F: b\n    condition: 1 of sel*\n'), 'HD_RULE_CONDITION 8:21'],
    [
      'an aggregation',
      detection('    a:\n        F: b\n    condition: a | count() > 5\n'),
      'HD_RULE_UNSUPPORTED_CONDITION 8:18',
    ],
    ['two of', detection('    a:\n        F: b\n    condition: 2 of them\n'), 'HD_RULE_UNSUPPORTED_CONDITION 8:16'],
    [
      'a timeframe',
      detection('    a:\n        F: b\n    timeframe: 5m\n    condition: a\n'),
      'HD_RULE_UNSUPPORTED_CONDITION 8:5',
    ],
    [
      'an unknown key of ours',
      `${HEAD}haidang:\n    grupo: x\ndetection:\n    a:\n        F: b\n    condition: a\n`,
      'HD_RULE_EXTENSION 6:5',
    ],
    [
      'words in a sentence for what is no number',
      `${HEAD}haidang:\n    sentence:\n        en: "{host.name one|more}"\ndetection:\n    a:\n        F: b\n    condition: a\n`,
      'HD_RULE_EXTENSION 7:13',
    ],
    [
      'a wrong gap',
      `${HEAD}haidang:\n    gap: soon\ndetection:\n    a:\n        F: b\n    condition: a\n`,
      'HD_RULE_EXTENSION 6:10',
    ],
    [
      'another correlation',
      'title: T\ncorrelation:\n    type: near\n    rules: [a]\n',
      'HD_RULE_UNSUPPORTED_CORRELATION 3:11',
    ],
    ['a rule twice in order', temporal('temporal_ordered', '[a, b, a]'), 'HD_RULE_CORRELATION 4:12'],
    [
      'fewer rules in order than there are',
      temporal('temporal_ordered', '[a, b]', '{gte: 1}'),
      'HD_RULE_UNSUPPORTED_CORRELATION 6:16',
    ],
    [
      'at most so many different rules',
      temporal('temporal', '[a, b]', '{lte: 1}'),
      'HD_RULE_UNSUPPORTED_CORRELATION 6:16',
    ],
    ['more different rules than there are', temporal('temporal', '[a, b]', '{gte: 3}'), 'HD_RULE_CORRELATION 6:16'],
    [
      'a wrong timespan',
      'title: T\ncorrelation:\n    type: event_count\n    rules: [a]\n    timespan: 5M\n    condition:\n        gt: 1\n',
      'HD_RULE_CORRELATION 5:15',
    ],
  ])('%s', (_name, text, expected) => {
    expect(problemsOf(text)).toEqual([expected]);
  });
});

describe('a file of several documents', () => {
  const good = (id: string): string =>
    `title: ${id}\nid: ${id}\nlogsource:\n    product: p\ndetection:\n    a:\n        F: b\n    condition: a\n`;

  it('keeps the good ones beside a broken one, with lines of the file', () => {
    const { rules, problems } = parseRules(
      `${good('one')}---\ntitle: [broken\n---\n# about two\n${good('two')}`,
      'a.yml',
    );
    expect(rules.map(({ id, line }) => `${id}:${line}`)).toEqual(['one:1', 'two:13']);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ code: 'HD_RULE_YAML', file: 'a.yml', line: 10 });
  });

  it('names the rule of a problem', () => {
    expect(parseRules(good('x').replace('condition: a', 'condition: q'), 'a.yml').problems[0]?.rule).toBe('x');
  });

  it('refuses an alias bomb and deep nesting', () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x,x]'];
    for (let level = 1; level < 9; level++) {
      const [name, below] = [String.fromCharCode(97 + level), String.fromCharCode(96 + level)];
      bomb.push(`${name}: &${name} [${`*${below},`.repeat(10).slice(0, -1)}]`);
    }
    expect(problemsOf(bomb.join('\n'))[0]).toMatch(/^HD_RULE_TOO_LARGE/);
    expect(problemsOf(`a: ${'['.repeat(60)}${']'.repeat(60)}`)[0]).toMatch(/^HD_RULE_TOO_LARGE/);
    expect(problemsOf(`a: ${'['.repeat(50_000)}`)[0]).toMatch(/^HD_RULE_(TOO_LARGE|YAML)/);
  });

  it('never throws', () => {
    const line = fc.constantFrom(
      'title: x',
      'detection:',
      '  a: b',
      '  a|re: (',
      '---',
      '- x',
      'correlation: 1',
      '  condition: a',
      '\t',
      'haidang: []',
      '&a *a',
      ': :',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(line).map((lines) => lines.join('\n')),
        ),
        (text) => {
          parseRules(text, 'a.yml');
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('a whole rule', () => {
  const text = `title: Many failures
id: c1
name: many
status: test
level: high
tags:
    - attack.t1110
correlation:
    type: event_count
    rules:
        - base
    group-by:
        - source.ip
    timespan: 5m
    condition:
        gte: 10
haidang:
    group_by: [host.name]
    gap: 2h
    title: {vi: Nhiều lần thất bại}
    sentence: {en: '{source.ip} failed {count} times'}
    guidance:
        en: {meaning: m, check: [a, b], act: do, escalate: when}
    reviewed: [en]
    samples:
        match:
            - events:
                - event: {event.outcome: failure}
                  repeat: 10
                  every: 2s
        no_match:
            - event.outcome: failure
---
title: One failure
id: b1
name: base
logsource: {product: Linux}
detection:
    sel: {event.outcome: failure}
    condition: sel
`;

  it('is read with its extension', () => {
    const { rules, problems } = parseRules(text, 'a.yml');
    expect(problems).toEqual([]);
    expect(rules[0]).toMatchObject({
      id: 'c1',
      kind: 'correlation',
      level: 'high',
      timespanSeconds: 300,
      compare: 'gte',
      threshold: 10,
      groupBy: ['source.ip'],
      generate: false,
      extension: {
        groupBy: ['host.name'],
        gapSeconds: 7_200,
        titles: { vi: 'Nhiều lần thất bại' },
        guidance: { en: { check: ['a', 'b'], reviewed: true } },
      },
    });
    expect(rules[0]?.extension.samples.match[0]?.events[0]).toMatchObject({ repeat: 10, every: 2 });
    expect(rules[1]).toMatchObject({ kind: 'detection', logsource: { product: 'linux' }, line: 34 });
  });

  it('is joined with the rules it counts, which then are silent', () => {
    const set = joinRules(parseRules(text, 'a.yml').rules);
    expect(set.problems).toEqual([]);
    expect(set.counted.get('c1')?.map(({ id }) => id)).toEqual(['b1']);
    expect([...set.silent]).toEqual(['b1']);
    const loud = joinRules(parseRules(text.replace('timespan: 5m', 'timespan: 5m\n    generate: true'), 'a.yml').rules);
    expect([...loud.silent]).toEqual([]);
  });

  it('is refused where it refers to nothing, or its id is taken', () => {
    const [correlation] = parseRules(text, 'a.yml').rules;
    if (!correlation) throw new Error('no rule');
    const codes = (rules: readonly (typeof correlation)[]): string[] =>
      joinRules(rules).problems.map(({ code }) => code);
    expect(codes([correlation])).toEqual(['HD_RULE_REFERENCE']);
    expect(codes([...parseRules(text, 'a.yml').rules, ...parseRules(text, 'b.yml').rules])).toEqual([
      'HD_RULE_DUPLICATE',
      'HD_RULE_DUPLICATE',
    ]);
  });
});

describe('a correlation of rules in time', () => {
  const base = (id: string): string =>
    `title: ${id}\nid: ${id}\nlogsource: {product: linux}\ndetection: {sel: {A: 1}, condition: sel}\n`;
  const count = (compare: string): string =>
    `title: Many\nid: many\ncorrelation: {type: event_count, rules: [a], timespan: 1m, condition: {${compare}: 3}}\n`;
  const join = (...texts: readonly string[]) => joinRules(parseRules(texts.join('---\n'), 'a.yml').rules);

  it.each([
    ['temporal', '', 3],
    ['temporal', '{gte: 2}', 2],
    ['temporal', '{gt: 1}', 2],
    ['temporal', '{eq: 3}', 3],
    ['temporal_ordered', '', 3],
    ['temporal_ordered', '{gte: 3}', 3],
  ])('%s with condition "%s" asks for %i different rules', (type, condition, different) => {
    const { rules, problems } = parseRules(temporal(type, '[a, b, c]', condition), 'a.yml');
    expect(problems).toEqual([]);
    expect(rules).toMatchObject([{ type, different, rules: ['a', 'b', 'c'], timespanSeconds: 300 }]);
  });

  it('silences the detections it names, and leaves an event_count that it names alerting', () => {
    const set = join(base('a'), base('b'), count('gte'), temporal('temporal_ordered', '[many, b]'));
    expect(set.problems).toEqual([]);
    expect(set.correlations.map(({ id }) => id)).toEqual(['many', 'T']);
    expect([...set.silent].sort()).toEqual(['a', 'b']);
    expect(set.counted.get('T')?.map(({ id }) => id)).toEqual(['a', 'b']);
    const loud = join(
      base('a'),
      base('b'),
      count('gte'),
      temporal('temporal', '[many, b]').replace('rules', 'generate: true\n    rules'),
    );
    expect([...loud.silent]).toEqual(['a']);
  });

  it.each([
    ['counts at most', [count('lt'), temporal('temporal', '[many, b]')], '"many" counts with "lt"'],
    ['is not there', [temporal('temporal', '[a, c]')], 'There is no rule "c"'],
    [
      'is a correlation beside one that is none',
      [count('gte'), count('gte').replaceAll(/many/gi, 'more').replace('[a]', '[many, a]')],
      'takes either kind alone',
    ],
  ])('is refused where a rule it names %s', (_name, texts, message) => {
    const { problems } = join(base('a'), base('b'), ...texts);
    expect(problems.map(({ code }) => code)).toEqual(['HD_RULE_REFERENCE']);
    expect(problems[0]?.message).toContain(message);
  });
});

describe('conditions bind or, and, not, of, parentheses', () => {
  const rule = (condition: string): string => `${HEAD}detection:
    a: {A: 1}
    b: {B: 1}
    sel_x: {X: 1}
    sel_y: {Y: 1}
    _z: {Z: 1}
    condition: ${condition}
`;
  it.each([
    ['a or b and not a', 'or(A,and(B,not(A)))'],
    ['(a or b) and not (a and b)', 'and(or(A,B),not(and(A,B)))'],
    ['not not a', 'not(not(A))'],
    ['1 of sel_*', 'or(X,Y)'],
    ['all of sel_*', 'and(X,Y)'],
    ['all of them', 'and(A,B,X,Y)'],
    ['any of them', 'or(A,B,X,Y)'],
    ['a and not 1 of sel_*', 'and(A,not(or(X,Y)))'],
    ['1 of _z', 'Z'],
    ['A AND b', undefined],
    ['a AND b', 'and(A,B)'],
    ['[a, b and a]', 'or(A,and(B,A))'],
  ])('%s', (condition, expected) => {
    const { rules } = parseRules(rule(condition), 'a.yml');
    const show = (node: { kind: string; of?: unknown; field?: string }): string => {
      if (node.kind === 'field') return node.field ?? '';
      const of = Array.isArray(node.of) ? node.of : [node.of];
      return `${node.kind}(${of.map((part) => show(part as { kind: string })).join(',')})`;
    };
    const [parsed] = rules;
    expect(parsed?.kind === 'detection' ? show(parsed.condition) : undefined).toBe(expected);
  });
});
