import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileRules } from '../../rules/engine/compile.ts';
import { correlate } from '../../rules/engine/correlate.ts';
import { CorrelationRun } from '../../rules/engine/correlation-run.ts';
import type { SecondCount } from '../../rules/engine/measure.ts';
import type { ValueRule } from '../../rules/rule.ts';
import { parseRules } from '../../rules/sigma/parse.ts';
import { joinRules } from '../../rules/sigma/rule-set.ts';

function base(name: string, detection = `Action: ${name}`): string {
  return `title: ${name}\nname: ${name}\nlogsource: { category: c }\ndetection:\n    s:\n        ${detection}\n    condition: s\n---\n`;
}

function correlation(text: string): string {
  return `title: C\nid: c\ncorrelation:\n${text}`;
}

interface Event {
  readonly at: number;
  readonly [field: string]: unknown;
}

/** What a correlation over base rules a, b finds; times in seconds after the start. */
function found(text: string, events: readonly Event[], bases = base('a') + base('b')) {
  const { rules, problems } = parseRules(bases + correlation(text), 'c.yml');
  const set = joinRules(rules);
  expect([...problems, ...set.problems]).toEqual([]);
  const engine = compileRules(set.detections, 'raw');
  const run = new CorrelationRun(set, 'raw');
  for (const [line, { at, ...event }] of events.entries()) {
    const whole = { category: 'c', Action: 'a', ...event, '@timestamp': new Date(at * 1000).toISOString() };
    run.add(whole, engine.evaluate(whole), line + 1);
  }
  return run
    .finish()
    .map(({ group, first, last, count }) => ({ group: Object.values(group).join(), first, last, count }));
}

function refused(text: string, bases = base('a') + base('b')): string[] {
  const { rules, problems } = parseRules(bases + correlation(text), 'c.yml');
  const lines = (bases.match(/\n/g) ?? []).length;
  return [...problems, ...joinRules(rules).problems].map(
    ({ line, column, code }) => `${line - lines}:${column} ${code}`,
  );
}

const values = (type: string, condition: string, timespan = '1m'): string =>
  `    type: ${type}\n    rules: [a]\n    group-by: [Host]\n    timespan: ${timespan}\n    condition: { ${condition} }\n`;

describe('value_count (Sigma 2.1, Value Count)', () => {
  const rule = values('value_count', 'field: User, gte: 3');
  const by = (...users: unknown[]): Event[] => users.map((User, at) => ({ at, Host: 'h', User }));

  test('counts different values, each once, and all matches of the window are members', () => {
    expect(found(rule, by('x', 'y', 'x', 'x'))).toEqual([]);
    expect(found(rule, by('x', 'y', 'x', 'z'))).toEqual([{ group: 'h', first: 0, last: 3, count: 4 }]);
  });

  test('keeps groups and windows apart', () => {
    const events = by('x', 'y', 'z').map((event, at) => ({ ...event, Host: at === 2 ? 'other' : 'h' }));
    expect(found(rule, events)).toEqual([]);
    expect(
      found(
        rule,
        by('x', 'y', 'z').map((event) => ({ ...event, at: event.at * 40 })),
      ),
    ).toEqual([]);
  });

  test('takes no part in what has no such field', () => {
    expect(found(rule, by('x', 'y', undefined, '', null))).toEqual([]);
    expect(found(rule, by('x', 'y', undefined, 7))).toEqual([{ group: 'h', first: 0, last: 3, count: 3 }]);
  });

  test('of several fields counts what they are together', () => {
    const pair = values('value_count', 'field: [User, Ip], gte: 3');
    const events = [
      { at: 0, Host: 'h', User: 'x', Ip: '1' },
      { at: 1, Host: 'h', User: 'x', Ip: '2' },
      { at: 2, Host: 'h', User: 'x', Ip: '2' },
    ];
    expect(found(pair, events)).toEqual([]);
    expect(found(pair, [...events, { at: 3, Host: 'h', User: 'y', Ip: '2' }])).toMatchObject([{ count: 4 }]);
  });
});

describe('value_sum, value_avg, value_percentile', () => {
  const bytes = (...sizes: unknown[]): Event[] => sizes.map((bytes_sent, at) => ({ at, Host: 'h', bytes_sent }));

  test('sums a number within the timespan', () => {
    const rule = values('value_sum', 'field: bytes_sent, gt: 1000000');
    expect(found(rule, bytes(400_000, '600000'))).toEqual([]);
    expect(found(rule, bytes(400_000, '600000', 1))).toEqual([{ group: 'h', first: 0, last: 2, count: 3 }]);
    expect(found(rule, bytes(900_000, 'many', 200_000))).toMatchObject([{ first: 0, last: 2, count: 2 }]);
  });

  test('averages it, fractions and falling below included', () => {
    expect(found(values('value_avg', 'field: bytes_sent, gt: 500'), bytes(100, 901))).toMatchObject([{ last: 1 }]);
    expect(found(values('value_avg', 'field: bytes_sent, gt: 900.5'), bytes(900, 901))).toMatchObject([
      { first: 1, last: 1, count: 1 },
    ]);
    expect(found(values('value_avg', 'field: bytes_sent, lt: 0.5'), bytes(1, 2))).toEqual([]);
  });

  test('takes the percentile that the condition names, by nearest rank', () => {
    const rule = (percentile: number, rest: string) =>
      values('value_percentile', `field: bytes_sent, percentile: ${percentile}, ${rest}`, '10s');
    expect(found(rule(50, 'gte: 5'), bytes(1, 5, 9))).toMatchObject([{ count: 3 }]);
    expect(found(rule(50, 'gt: 9'), bytes(1, 5, 9))).toEqual([]);
    expect(found(rule(100, 'eq: 9'), bytes(9, 1, 2))).toMatchObject([{ count: 3 }]);
    expect(found(rule(1, 'eq: 10'), bytes(10, 9))).toMatchObject([{ first: 0, last: 0, count: 1 }]);
  });
});

describe('conditions', () => {
  const count = (condition: string): string =>
    `    type: event_count\n    rules: [a]\n    group-by: [Host]\n    timespan: 10s\n    condition: { ${condition} }\n`;
  const matches = (n: number): Event[] => Array.from({ length: n }, () => ({ at: 5, Host: 'h' }));

  test('of several comparisons are a range', () => {
    expect([2, 3, 4, 5].map((n) => found(count('gt: 2, lte: 4'), matches(n)).length)).toEqual([0, 1, 1, 0]);
  });

  test('neq holds for every other number', () => {
    expect([1, 2, 3].map((n) => found(count('neq: 2'), matches(n)).length)).toEqual([1, 0, 1]);
  });
});

describe('aliases (Sigma 2.1, Field Name Aliases)', () => {
  const BASES = base('internal_error', 'status: 500') + base('new_network_connection', 'kind: connection');
  const rule = `    type: temporal
    rules: [internal_error, new_network_connection]
    group-by: [internal_ip, remote_ip]
    timespan: 10s
    aliases:
        internal_ip:
            internal_error: destination.ip
            new_network_connection: source.ip
        remote_ip:
            internal_error: source.ip
            new_network_connection: destination.ip
`;
  const error = (at: number, from: string, to: string): Event => ({
    at,
    status: 500,
    source: { ip: from },
    destination: { ip: to },
  });
  const connection = (at: number, from: string, to: string): Event => ({
    at,
    kind: 'connection',
    source: { ip: from },
    destination: { ip: to },
  });

  test('put together what is the same in different fields, as in the example of the specification', () => {
    const events = [error(0, '203.0.113.7', '10.0.0.1'), connection(5, '10.0.0.1', '203.0.113.7')];
    expect(found(rule, events, BASES)).toEqual([{ group: '10.0.0.1,203.0.113.7', first: 0, last: 5, count: 2 }]);
    expect(found(rule, [error(0, '203.0.113.7', '10.0.0.1'), connection(5, '203.0.113.7', '10.0.0.1')], BASES)).toEqual(
      [],
    );
  });

  test.each([
    [
      'a rule that is not behind it',
      rule.replace('            new_network_connection: source.ip', '            other: source.ip'),
    ],
    ['not every rule', rule.replace('            new_network_connection: source.ip\n', '')],
  ])('that name %s are refused', (_name, text) => {
    expect(refused(text, BASES)).toEqual(['1:1 HD_RULE_REFERENCE']);
  });

  test('that are no map are refused with their place', () => {
    const list = rule.slice(0, rule.indexOf('    aliases'));
    expect(refused(`${list}    aliases:\n        x: [a]\n`, BASES)).toEqual(['9:12 HD_RULE_CORRELATION']);
    expect(refused(`${list}    aliases:\n        x:\n            internal_error:\n`, BASES)).toEqual([
      '10:13 HD_RULE_CORRELATION',
    ]);
  });
});

describe('what is wrong is named with its place', () => {
  test.each([
    ['no field', values('value_count', 'gte: 3'), '8:16 HD_RULE_MISSING'],
    ['no comparison', values('value_sum', 'field: x'), '8:16 HD_RULE_CORRELATION'],
    ['several fields of a sum', values('value_sum', 'field: [x, y], gt: 1'), '8:25 HD_RULE_CORRELATION'],
    ['a fraction of a count', values('value_count', 'field: x, gt: 1.5'), '8:32 HD_RULE_CORRELATION'],
    ['a text as threshold', values('value_avg', 'field: x, gt: much'), '8:32 HD_RULE_CORRELATION'],
    [
      'a percentile that is not said',
      values('value_percentile', 'field: image, lte: 1'),
      '8:16 HD_RULE_UNSUPPORTED_CORRELATION',
    ],
    [
      'a percentile above 100',
      values('value_percentile', 'field: x, percentile: 101, gt: 1'),
      '8:40 HD_RULE_CORRELATION',
    ],
    ['an unknown comparison', values('value_sum', 'field: x, over: 1'), '8:28 HD_RULE_UNSUPPORTED_CORRELATION'],
  ])('%s', (_name, text, problem) => {
    expect(refused(text)).toEqual([problem]);
  });
});

describe('any matches', () => {
  const entry = fc.record({ second: fc.nat(60), value: fc.constantFrom('1', '2', '3', '7', '20') });
  const rule = fc.record({
    type: fc.constantFrom<ValueRule['type']>('value_count', 'value_sum', 'value_avg', 'value_percentile'),
    compare: fc.constantFrom('gt', 'gte', 'lt', 'lte', 'eq', 'neq' as const),
    threshold: fc.constantFrom(1, 2, 3, 7, 20),
    percentile: fc.constantFrom(1, 50, 90, 100),
    timespanSeconds: fc.integer({ min: 1, max: 20 }),
  });
  const compares = {
    gt: (a: number, b: number) => a > b,
    gte: (a: number, b: number) => a >= b,
    lt: (a: number, b: number) => a < b,
    lte: (a: number, b: number) => a <= b,
    eq: (a: number, b: number) => a === b,
    neq: (a: number, b: number) => a !== b,
  } as const;

  /** By definition: every window, one after the other. */
  function members(
    entries: readonly { second: number; value: string }[],
    own: typeof rule extends fc.Arbitrary<infer Own> ? Own : never,
  ): number[] {
    const measure = (inside: readonly { value: string }[]): number => {
      const numbers = inside.map(({ value }) => Number(value)).sort((a, b) => a - b);
      const sum = numbers.reduce((total, number) => total + number, 0);
      if (own.type === 'value_count') return new Set(inside.map(({ value }) => value)).size;
      if (own.type === 'value_sum') return sum;
      if (own.type === 'value_avg') return sum / numbers.length;
      return numbers[Math.ceil((own.percentile / 100) * numbers.length) - 1] ?? Number.NaN;
    };
    const seconds = new Set<number>();
    for (let start = -own.timespanSeconds; start <= 60; start++) {
      const inside = entries.filter(({ second }) => second >= start && second < start + own.timespanSeconds);
      if (inside.length === 0 || !compares[own.compare](measure(inside), own.threshold)) continue;
      for (const { second } of inside) seconds.add(second);
    }
    return [...seconds].sort((a, b) => a - b);
  }

  test('are members as all windows, looked at one by one, say', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 40 }), rule, (entries, own) => {
        const isSum = own.type === 'value_sum' || own.type === 'value_avg';
        const pairs = entries.map(
          ({ second, value }): SecondCount => [second, 1, [isSum ? ['', Number(value)] : [value, 1]]],
        );
        const wanted = members(entries, own);
        const intervals = correlate(pairs, own);
        const seconds = [...new Set(entries.map(({ second }) => second))].sort((a, b) => a - b);
        const inside = seconds.filter((second) =>
          intervals.some(({ first, last }) => second >= first && second <= last),
        );
        expect(inside).toEqual(wanted);
      }),
      { numRuns: 1_000 },
    );
  });
});
