import { describe, expect, test } from 'vitest';
import { compileRules } from '../../rules/engine/compile.ts';
import { CorrelationRun } from '../../rules/engine/correlation-run.ts';
import { parseRules } from '../../rules/sigma/parse.ts';
import { joinRules } from '../../rules/sigma/rule-set.ts';

const base = (name: string): string =>
  `title: ${name}\nname: ${name}\nid: ${name}\nlogsource: { category: c }\ndetection: { s: { Action: ${name} }, condition: s }\n`;
const correlation = (name: string, type: string, rules: string, timespan: string, more = ''): string =>
  `title: ${name}\nname: ${name}\nid: ${name}\ncorrelation:\n    type: ${type}\n    rules: [${rules}]\n    group-by: [Host]\n    timespan: ${timespan}\n${more}`;
const gte = (threshold: number, more = ''): string => `    condition: { gte: ${threshold}${more} }\n`;
const join = (...texts: readonly string[]) => {
  const { rules, problems } = parseRules(texts.join('---\n'), 'rules/chain.yml');
  const set = joinRules(rules);
  return { ...set, problems: [...problems, ...set.problems] };
};

interface Event {
  readonly at: number;
  readonly [field: string]: unknown;
}

/** What one of the rules finds among events; times in seconds. */
function found(rule: string, texts: readonly string[], events: readonly Event[]) {
  const set = join(...texts);
  expect(set.problems).toEqual([]);
  const engine = compileRules(set.detections, 'raw');
  const run = new CorrelationRun(set, 'raw');
  for (const [line, { at, ...event }] of events.entries()) {
    const whole = { category: 'c', Host: 'h', ...event, '@timestamp': new Date(at * 1000).toISOString() };
    run.add(whole, engine.evaluate(whole), line + 1);
  }
  return run
    .finish()
    .filter((match) => match.rule.id === rule)
    .map(({ group, first, last, count }) => ({ group: Object.values(group).join(), first, last, count }));
}

const many = (Action: string, from: number, count: number, rest: object = {}): Event[] =>
  Array.from({ length: count }, (_, at) => ({ at: from + at, Action, ...rest }));

describe('a chain of correlations', () => {
  const bases = [base('failed'), base('login'), base('created')];
  const brute = correlation('brute', 'event_count', 'failed', '1m', gte(3));
  const guessed = correlation('guessed', 'temporal_ordered', 'brute, login', '5m');
  const taken = correlation('taken', 'temporal_ordered', 'guessed, created', '1h');
  const chain = [...bases, brute, guessed, taken];

  test('three levels deep holds where each level does, in its own timespan and order', () => {
    const attack = [...many('failed', 0, 3), { at: 60, Action: 'login' }, { at: 1_000, Action: 'created' }];
    expect(found('taken', chain, attack)).toEqual([{ group: 'h', first: 0, last: 1_000, count: 5 }]);
    // Two failures; a login too late for its level; the last step too early.
    expect(found('taken', chain, attack.slice(1))).toEqual([]);
    expect(found('taken', chain, [...attack.slice(0, 3), { at: 400, Action: 'login' }, attack[4] as Event])).toEqual(
      [],
    );
    expect(found('taken', chain, [...attack.slice(0, 4), { at: 30, Action: 'created' }])).toEqual([]);
  });

  test('takes what is a member at each level, and no more', () => {
    const attack = [...many('failed', 100, 3), { at: 110, Action: 'login' }, { at: 200, Action: 'created' }];
    const strays = [
      { at: 30, Action: 'failed' },
      { at: 20, Action: 'login' },
      { at: 3_000, Action: 'failed' },
    ];
    expect(found('taken', chain, [...strays, ...attack])).toEqual([{ group: 'h', first: 100, last: 200, count: 5 }]);
  });

  test('goes by the group-by of the outermost alone, as the specification says', () => {
    const byUser = brute.replace('[Host]', '[Host, User]');
    const attack = many('failed', 0, 3).map((event, User) => ({ ...event, User }));
    const rest = [
      { at: 60, Action: 'login' },
      { at: 70, Action: 'created' },
    ];
    expect(found('brute', [...bases, byUser, guessed, taken], [...attack, ...rest])).toEqual([]);
    expect(found('taken', [...bases, byUser, guessed, taken], [...attack, ...rest])).toHaveLength(1);
    expect(found('taken', chain, attack.map((event, Host) => ({ ...event, Host })).concat(rest as never))).toEqual([]);
  });

  test('counts what a correlation finds, each stretch that completes it once', () => {
    const often = correlation('often', 'event_count', 'brute', '10m', gte(3));
    const texts = [...bases, brute, often];
    const waves = (...starts: number[]) => starts.flatMap((at) => many('failed', at, 3));
    expect(found('often', texts, waves(0, 100))).toEqual([]);
    expect(found('often', texts, waves(0, 100, 200))).toEqual([{ group: 'h', first: 0, last: 202, count: 9 }]);
    expect(found('often', texts, waves(0, 100, 700))).toEqual([]);
    // One long wave holds three that share no second; what touches has not become one.
    expect(found('often', texts, many('failed', 0, 8))).toEqual([]);
    expect(found('often', texts, many('failed', 0, 9))).toEqual([{ group: 'h', first: 0, last: 8, count: 9 }]);
  });

  test('counts different values at a step', () => {
    const users = correlation('users', 'value_count', 'failed', '1m', gte(3, ', field: User'));
    const sprayed = correlation('sprayed', 'temporal_ordered', 'users, login', '5m');
    const spray = many('failed', 0, 3).map((event, User) => ({ ...event, User: `u${User}` }));
    const login = { at: 30, Action: 'login' };
    expect(found('sprayed', [...bases, users, sprayed], [...spray, login])).toMatchObject([{ count: 4 }]);
    expect(found('sprayed', [...bases, users, sprayed], [...many('failed', 0, 9, { User: 'one' }), login])).toEqual([]);
    expect(found('sprayed', [...bases, users, sprayed], [...spray, { ...login, at: 1 }])).toEqual([]);
  });

  test('takes aliases from any level, for a rule or for the correlation above it', () => {
    const login = { at: 60, Action: 'login', Source: 'x' };
    const attack = [...many('failed', 0, 3, { Client: 'x' }), login, { at: 70, Action: 'created', From: 'x' }];
    const own = '    aliases: { who: { brute: Client, login: Source, created: From } }\n';
    const outer = (text: string, aliases: string) => text.replace('[Host]', '[who]') + aliases;
    expect(found('taken', [...bases, brute, guessed, outer(taken, own)], attack)).toEqual([
      { group: 'x', first: 0, last: 70, count: 5 },
    ]);
    const inner = outer(guessed, '    aliases: { who: { failed: Client, login: Source } }\n');
    const last = outer(taken, '    aliases: { who: { created: From } }\n');
    expect(found('taken', [...bases, brute, inner, last], attack)).toHaveLength(1);
    const lacking = join(...bases, brute, guessed, outer(taken, '    aliases: { who: { created: From } }\n'));
    expect(lacking.problems.map(({ message }) => message)).toEqual([
      'Alias "who" does not say which field it is in "failed". Refer to a rule by its id or name, in these files.',
    ]);
  });

  test('leaves each correlation alerting, and silences detections as the one above them says', () => {
    const set = join(...chain);
    expect(set.correlations.map(({ id }) => id)).toEqual(['brute', 'guessed', 'taken']);
    expect([...set.silent].sort()).toEqual(['created', 'failed', 'login']);
    expect([...join(...bases, brute, `${guessed}    generate: true\n`, taken).silent].sort()).toEqual([
      'created',
      'failed',
    ]);
    expect(set.counted.get('taken')?.map(({ id }) => id)).toEqual(['failed', 'login', 'created']);
  });
});

describe('what cannot be chained is refused where it is written', () => {
  const refused = (...texts: readonly string[]) =>
    join(...texts).problems.map(({ file, line, column, code, message }) => {
      expect(code).toBe('HD_RULE_REFERENCE');
      return `${file}:${line}:${column} ${message.split('. ')[0]}`;
    });
  const temporal = (name: string, rules: string): string => correlation(name, 'temporal', rules, '5m');

  test('a circle, from each of its rules and from those above it', () => {
    expect(refused(base('a'), temporal('x', 'a, y'), temporal('y', 'a, z'), temporal('z', 'a, x'))).toEqual([
      'rules/chain.yml:12:16 "x" refers to itself through "y", "z"',
      'rules/chain.yml:21:16 "y" refers to itself through "z", "x"',
      'rules/chain.yml:30:16 "z" refers to itself through "x", "y"',
    ]);
    expect(refused(base('a'), temporal('x', 'a, x'))).toEqual(['rules/chain.yml:12:16 "x" refers to itself']);
    expect(refused(base('a'), temporal('y', 'a, y'), temporal('x', 'a, y'))).toHaveLength(2);
  });

  test('more than five levels', () => {
    const levels = Array.from({ length: 6 }, (_, at) => temporal(`c${at}`, at === 0 ? 'a, b' : `c${at - 1}, b`));
    expect(refused(base('a'), base('b'), ...levels.slice(0, 5))).toEqual([]);
    expect(refused(base('a'), base('b'), ...levels)).toEqual([
      expect.stringMatching(
        /^rules\/chain.yml:\d+:13 "c0" is a correlation 5 levels down; at most 5 stand above each other$/,
      ),
    ]);
  });

  test('a tree of too many steps', () => {
    const wide = (name: string, of: string, count: number) =>
      temporal(name, Array.from({ length: count }, (_, at) => `${of}${at}`).join(', '));
    const bases = Array.from({ length: 15 }, (_, at) => base(`a${at}`));
    const middle = Array.from({ length: 15 }, (_, at) => wide(`m${at}`, 'a', 15));
    expect(refused(...bases, ...middle, wide('top', 'm', 13))).toEqual([]);
    expect(refused(...bases, ...middle, wide('top', 'm', 14))).toEqual([
      expect.stringContaining('More than 200 references'),
    ]);
  });

  test.each([
    ['sum', correlation('sum', 'value_sum', 'a', '1m', gte(3, ', field: n')), 'sum, a', '"sum" is a value_sum'],
    [
      'few',
      correlation('few', 'event_count', 'a', '1m', '    condition: { lt: 3 }\n'),
      'few, a',
      '"few" counts with "lt"',
    ],
    ['lost', temporal('lost', 'a, nowhere'), 'lost, a', '"lost" refers to "nowhere"'],
  ])('%s', (_name, text, rules, message) => {
    expect(refused(base('a'), temporal('outer', rules), text)[0]).toContain(message);
  });

  test('values of what a correlation finds, and counts of it that can fall', () => {
    const count = correlation('count', 'event_count', 'a', '1m', gte(3));
    const distinct = correlation('top', 'value_count', 'count', '1m', gte(3, ', field: n'));
    expect(refused(base('a'), count, distinct)).toEqual([
      'rules/chain.yml:22:13 "count" is a correlation; value_count takes detection rules alone',
    ]);
    const few = correlation('top', 'event_count', 'count', '1m', '    condition: { lte: 3 }\n');
    expect(refused(base('a'), count, few)).toEqual([expect.stringContaining('only gt and gte')]);
  });
});
