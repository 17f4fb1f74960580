import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileRules } from '../../rules/engine/compile.ts';
import { correlationMembers } from '../../rules/engine/correlation-members.ts';
import type { CorrelationPlan, PlanNode } from '../../rules/engine/correlation-plan.ts';
import { CorrelationRun } from '../../rules/engine/correlation-run.ts';
import type { SecondCount } from '../../rules/engine/measure.ts';
import { isWithin } from '../../rules/engine/step-track.ts';
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

describe('any tree over any matches', () => {
  const SECONDS = 14;
  const span = fc.integer({ min: 1, max: 9 });
  const leaf = fc.oneof(
    fc.constant({ kind: 'matches' } as const),
    fc.record({ kind: fc.constant('count' as const), atLeast: fc.integer({ min: 1, max: 3 }), span }),
    fc.record({ kind: fc.constant('distinct' as const), atLeast: fc.integer({ min: 1, max: 3 }), span }),
  );
  type Shape =
    | { kind: 'matches' }
    | { kind: 'count' | 'distinct'; atLeast: number; span: number }
    | { kind: 'temporal'; span: number; parts: Shape[]; different: number; ordered: boolean }
    | { kind: 'times'; span: number; parts: Shape[]; atLeast: number };
  const inner = (part: fc.Arbitrary<Shape>): fc.Arbitrary<Shape> =>
    fc.oneof(
      fc
        .record({ span, parts: fc.array(part, { minLength: 1, maxLength: 2 }), any: fc.nat(2), ordered: fc.boolean() })
        .map(({ any, ...rest }): Shape => {
          const different = rest.ordered ? rest.parts.length : Math.max(1, rest.parts.length - any);
          return { kind: 'temporal', different, ...rest };
        }),
      fc
        .record({
          span,
          parts: fc.array(part, { minLength: 1, maxLength: 2 }),
          atLeast: fc.integer({ min: 1, max: 3 }),
        })
        .map((rest): Shape => ({ kind: 'times', ...rest })),
    );
  // Each part an object of its own: leaves are told apart by it.
  const tree = inner(fc.oneof(leaf as fc.Arbitrary<Shape>, inner(leaf as fc.Arbitrary<Shape>))).map(
    (shape) => JSON.parse(JSON.stringify(shape)) as Shape,
  );

  /** The same tree as the planner makes it; leaves are numbered from left to right. */
  function planOf(shape: Shape): { plan: CorrelationPlan; leaves: number } {
    let leaves = 0;
    const node = (one: Shape): PlanNode => {
      const common = { timespanSeconds: 'span' in one ? one.span : 1, compare: 'gte' };
      switch (one.kind) {
        case 'matches':
          return { kind: 'matches', step: leaves++ };
        case 'count':
        case 'distinct': {
          const type = one.kind === 'count' ? 'event_count' : 'value_count';
          return { kind: 'measured', step: leaves++, rule: { ...common, type, threshold: one.atLeast } as never };
        }
        case 'times':
          return {
            kind: 'occurrences',
            rule: { ...common, threshold: one.atLeast } as never,
            parts: one.parts.map(node),
          };
        case 'temporal': {
          const type = one.ordered ? 'temporal_ordered' : 'temporal';
          const rule = { ...common, type, different: one.different } as never;
          return { kind: 'temporal', rule, parts: one.parts.map(node) };
        }
      }
    };
    const root = node(shape);
    return { plan: { root, steps: Array.from({ length: leaves }, () => ({})) } as never, leaves };
  }

  interface Match {
    readonly step: number;
    readonly second: number;
    readonly value: string;
  }

  /** By definition, every window and cut one after the other. */
  class Definition {
    readonly #matches: readonly Match[];
    #leaf = 0;
    readonly #steps = new Map<Shape, number>();
    readonly #known = new Map<Shape, Map<number, boolean>>();

    constructor(shape: Shape, matches: readonly Match[]) {
      this.#matches = matches;
      this.#number(shape);
    }

    #number(shape: Shape): void {
      if ('parts' in shape) for (const part of shape.parts) this.#number(part);
      else this.#steps.set(shape, this.#leaf++);
    }

    #own(shape: Shape, from: number, to: number): readonly Match[] {
      const step = this.#steps.get(shape);
      return this.#matches.filter((one) => one.step === step && one.second >= from && one.second <= to);
    }

    /** Whether what lies in a stretch completes it. */
    completes(shape: Shape, from: number, to: number): boolean {
      const known = this.#known.get(shape) ?? new Map<number, boolean>();
      this.#known.set(shape, known);
      const key = from * 100 + to;
      let answer = known.get(key);
      if (answer === undefined) {
        answer = from <= to && this.#completes(shape, from, to);
        known.set(key, answer);
      }
      return answer;
    }

    #completes(shape: Shape, from: number, to: number): boolean {
      if (shape.kind === 'matches') return this.#own(shape, from, to).length > 0;
      for (let start = from; start <= to; start++) {
        if (this.#holds(shape, start, Math.min(to, start + shape.span - 1))) return true;
      }
      return false;
    }

    #holds(shape: Exclude<Shape, { kind: 'matches' }>, from: number, to: number): boolean {
      switch (shape.kind) {
        case 'count':
          return this.#own(shape, from, to).length >= shape.atLeast;
        case 'distinct':
          return new Set(this.#own(shape, from, to).map(({ value }) => value)).size >= shape.atLeast;
        case 'times':
          return this.#times(shape.parts, from, to) >= shape.atLeast;
        case 'temporal':
          if (!shape.ordered)
            return shape.parts.filter((part) => this.completes(part, from, to)).length >= shape.different;
          return this.#inOrder(shape.parts, from, to);
      }
    }

    #times(parts: readonly Shape[], from: number, to: number): number {
      for (let end = from; end <= to; end++) {
        if (parts.some((part) => this.completes(part, from, end))) return 1 + this.#times(parts, end + 1, to);
      }
      return 0;
    }

    #inOrder(parts: readonly Shape[], from: number, to: number): boolean {
      const [first, ...rest] = parts;
      if (!first) return true;
      for (let cut = from; cut <= to; cut++)
        if (this.completes(first, from, cut) && this.#inOrder(rest, cut, to)) return true;
      return false;
    }

    /** Members by leaf and second. */
    members(shape: Shape): Set<string> {
      const found = new Set<string>();
      const step = this.#steps.get(shape);
      if (shape.kind === 'matches') {
        for (const { second } of this.#own(shape, 0, SECONDS)) found.add(`${step} ${second}`);
        return found;
      }
      for (let start = -SECONDS; start <= SECONDS; start++) {
        const end = start + shape.span - 1;
        if (!this.#holds(shape, start, end)) continue;
        if (!('parts' in shape)) {
          for (const { second } of this.#own(shape, start, end)) found.add(`${step} ${second}`);
          continue;
        }
        const isOrdered = shape.kind === 'temporal' && shape.ordered;
        for (const [at, part] of shape.parts.entries()) {
          for (const member of this.members(part)) {
            const second = Number(member.split(' ')[1]);
            if (second < start || second > end) continue;
            if (!isOrdered || this.#fits(shape.parts, at, second, start, end)) found.add(member);
          }
        }
      }
      return found;
    }

    /** Whether the window can be cut so that the second lies in the stretch of its own part. */
    #fits(parts: readonly Shape[], own: number, second: number, from: number, to: number): boolean {
      for (let left = from; left <= second; left++) {
        for (let right = second; right <= to; right++) {
          const part = parts[own] as Shape;
          if (
            this.completes(part, left, right) &&
            this.#inOrder(parts.slice(0, own), from, left) &&
            this.#inOrder(parts.slice(own + 1), right, to)
          )
            return true;
        }
      }
      return false;
    }
  }

  const matches = fc.array(
    fc.record({ step: fc.nat(5), second: fc.nat(SECONDS), value: fc.constantFrom('x', 'y', 'z') }),
    { maxLength: 24, size: 'max' },
  );
  const pairsOf = (found: readonly Match[], leaves: number): SecondCount[][] =>
    Array.from({ length: leaves }, (_, step) => {
      const own = found.filter((one) => one.step === step);
      return [...new Set(own.map(({ second }) => second))].map((second): SecondCount => {
        const here = own.filter((one) => one.second === second);
        return [second, here.length, here.map(({ value }) => [value, 1] as const)];
      });
    });

  test('has the members that the definition says', () => {
    let some = 0;
    fc.assert(
      fc.property(tree, matches, (shape, found) => {
        const { plan, leaves } = planOf(shape);
        const { ranges } = correlationMembers(plan, pairsOf(found, leaves));
        const own = found.filter(({ step }) => step < leaves);
        const got = own
          .filter(({ step, second }) => isWithin(ranges[step], second))
          .map(({ step, second }) => `${step} ${second}`);
        const wanted = new Definition(shape, own).members(shape);
        expect([...new Set(got)].sort()).toEqual([...wanted].sort());
        if (wanted.size > 0) some++;
      }),
      { numRuns: 600 },
    );
    expect(some).toBeGreaterThan(100);
  });

  test('finds no less where there is more', () => {
    fc.assert(
      fc.property(tree, matches, matches, (shape, fewer, more) => {
        const { plan, leaves } = planOf(shape);
        const before = correlationMembers(plan, pairsOf(fewer, leaves)).ranges;
        const after = correlationMembers(plan, pairsOf([...fewer, ...more], leaves)).ranges;
        for (const { step, second } of fewer) {
          if (isWithin(before[step], second)) expect(isWithin(after[step], second)).toBe(true);
        }
      }),
      { numRuns: 600 },
    );
  });
});
