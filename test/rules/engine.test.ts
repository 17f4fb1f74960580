import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonBytes } from '../../ecs/scan/json-bytes.ts';
import { compileRules } from '../../rules/engine/compile.ts';
import { explain } from '../../rules/engine/explain.ts';
import type { Condition, StringTest } from '../../rules/query/condition.ts';
import { compileMatcher } from '../../rules/query/matcher.ts';
import type { DetectionRule, LogSource } from '../../rules/rule.ts';
import { DEFAULT_EXTENSION } from '../../rules/sigma/extension.ts';
import { parseRules } from '../../rules/sigma/parse.ts';

function makeRule(id: string, condition: Condition, logsource: LogSource = {}): DetectionRule {
  const texts = { title: id, description: '', status: 'test', author: '', file: 'a.yml', yaml: '' };
  const lists = { tags: [], falsepositives: [], references: [] };
  return {
    kind: 'detection',
    id,
    ...texts,
    ...lists,
    level: 'low',
    line: 1,
    extension: DEFAULT_EXTENSION,
    logsource,
    condition,
  };
}

const LONG_WORDS = [
  '\\cmd.exe',
  'powershell',
  '"quoted" \\path\\',
  'line\nbreak',
  'ключ-слово',
  '00e9ab',
  'ab\\u00e9ab',
  'ébé',
];
const word = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: fc.constantFrom('a', 'b', 'B', 'é', '\\', '.'), maxLength: 9 }) },
  { weight: 1, arbitrary: fc.constantFrom(...LONG_WORDS) },
);
const stringTest: fc.Arbitrary<StringTest> = fc.oneof(
  fc.record({
    kind: fc.constant('string' as const),
    match: fc.constantFrom('equals' as const, 'starts' as const, 'ends' as const, 'contains' as const),
    value: word,
    cased: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('wildcard' as const),
    pieces: fc.array(fc.oneof(word, fc.constantFrom({ any: 'many' as const }, { any: 'one' as const })), {
      maxLength: 4,
    }),
    cased: fc.boolean(),
  }),
);
const leaf: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ kind: fc.constant('field' as const), field: fc.constantFrom('F', 'G', 'n.f'), test: stringTest }),
  fc.record({
    kind: fc.constant('field' as const),
    field: fc.constantFrom('EventID', 'F'),
    test: fc.record({
      kind: fc.constant('number' as const),
      compare: fc.constantFrom('eq' as const, 'lt' as const),
      value: fc.integer({ min: 0, max: 3 }),
    }),
  }),
  fc.record({
    kind: fc.constant('field' as const),
    field: fc.constantFrom('F', 'G'),
    test: fc.constantFrom({ kind: 'null' as const }, { kind: 'exists' as const, value: true }),
  }),
  fc.record({
    kind: fc.constant('field' as const),
    field: fc.constant('F'),
    test: fc
      .constantFrom('ab', 'a+b', '(a|b)b', '.b$')
      .map((source) => ({ kind: 'regex' as const, source, flags: '' })),
  }),
  fc.record({
    kind: fc.constant('field' as const),
    field: fc.constantFrom('F', 'n.f'),
    test: fc.record({
      kind: fc.constant('same-as' as const),
      field: fc.constantFrom('G', 'n.f'),
      part: fc.constantFrom('whole' as const, 'starts' as const, 'ends' as const, 'contains' as const),
      cased: fc.boolean(),
    }),
  }),
  fc.record({ kind: fc.constant('text' as const), scope: fc.constant('any-field' as const), test: stringTest }),
);
const condition: fc.Arbitrary<Condition> = fc.letrec<{ node: Condition }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      of: fc.array(tie('node'), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), of: tie('node') }),
  ),
})).node;
const part = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', 'B', 'é', 'É', '\\', '.', '1', '\n', 'İ', '\ud83d'), maxLength: 24 }),
  fc.constantFrom(...LONG_WORDS, ...LONG_WORDS.map((one) => one.toUpperCase())),
);
const text = fc.array(part, { maxLength: 3 }).map((parts) => parts.join(''));
const value = fc.oneof(
  text,
  fc.integer({ min: 0, max: 3 }),
  fc.constant(null),
  fc.boolean(),
  fc.constantFrom(1.5, 1e21, 123_456_789_012_345_680, -7),
  fc.array(text, { maxLength: 3 }),
  fc
    .array(fc.oneof(text, fc.constant(null), fc.integer({ min: 0, max: 3 }), fc.constant({ f: 'powershell' })), {
      maxLength: 3,
    })
    .map((inner) => [inner, 'b']),
  fc.constant([[[[[[[['powershell']]]]]]]]),
  fc.constant([[[[[[[[['powershell']]]]]]]]]),
);
const event = fc.record(
  {
    F: value,
    G: value,
    n: fc.record({ f: value }),
    EventID: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom('1', ' 2', '3.0', 'x')),
  },
  { requiredKeys: [] },
);

function codeOf(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

describe('the compiled engine', () => {
  it('says what the plain matcher says, for any rules and events', () => {
    fc.assert(
      fc.property(
        fc.array(condition, { minLength: 1, maxLength: 6 }),
        fc.array(event, { minLength: 1, maxLength: 6 }),
        (conditions, events) => {
          const rules = conditions.map((condition, index) => makeRule(String(index), condition));
          const engine = compileRules(rules, 'raw');
          for (const one of events) {
            const expected = rules.filter((rule) => compileMatcher(rule.condition)(one)).map(({ id }) => id);
            expect(engine.evaluate(one).map(({ id }) => id)).toEqual(expected);
            const bytes = Buffer.from(`${JSON.stringify(one)}\n`);
            const lines = engine.lines((line) => JSON.parse(line) as object, ['F', 'n.f']);
            const found = lines.evaluate(new JsonBytes(bytes), 0, bytes.length - 1);
            expect(found.map(({ id }) => id)).toEqual(expected);
            expect([lines.value(0), lines.value(1)]).toEqual([one.F, one.n?.f]);
            // As some shippers write it: all that is not ASCII as a code.
            const coded = Buffer.from(JSON.stringify(one).replace(/[^\x00-\x7f]/g, codeOf));
            expect(lines.evaluate(new JsonBytes(coded), 0, coded.length).map(({ id }) => id)).toEqual(expected);
            expect([lines.value(0), lines.value(1)]).toEqual([one.F, one.n?.f]);
          }
        },
      ),
      { numRuns: 800 },
    );
  });

  it.each([
    ['{"F":"\\u00e9ab"}', false],
    ['{"F":"\\u00e900e9AB"}', true],
    ['{"F":"\\\\u00e9ab"}', true],
    ['{"F":"\\u0030\\u0030e9ab"}', true],
  ])('takes no digits of a code for text: %s: %j', (line, expected) => {
    const test: StringTest = { kind: 'string', match: 'contains', value: '00e9ab', cased: false };
    const engine = compileRules([makeRule('r', { kind: 'field', field: 'F', test })], 'raw');
    const lines = engine.lines((text) => JSON.parse(text) as object);
    expect(lines.evaluate(new JsonBytes(Buffer.from(line)), 0, line.length)).toHaveLength(expected ? 1 : 0);
  });

  it('says the same after more log sources than it remembers, of lines and of events by turns', () => {
    const products = Array.from({ length: 11 }, (_, index) => `p${index}`);
    const test: StringTest = { kind: 'string', match: 'contains', value: 'powershell', cased: false };
    const rules = products.map((product) => makeRule(product, { kind: 'field', field: 'F', test }, { product }));
    const engine = compileRules(rules, 'raw');
    const lines = engine.lines((text) => JSON.parse(text) as object, ['F']);
    for (let combination = 0; combination < 2_048; combination++) {
      const product = products.filter((_, index) => (combination >> index) & 1);
      const one = { product, F: combination % 3 === 0 ? 'none' : `x PowerShell ${combination}` };
      const expected = combination % 3 === 0 ? [] : product;
      const bytes = Buffer.from(JSON.stringify(one));
      expect(lines.evaluate(new JsonBytes(bytes), 0, bytes.length).map(({ id }) => id)).toEqual(expected);
      expect(lines.value(0)).toBe(one.F);
      if (combination % 5 === 0) expect(engine.evaluate(one).map(({ id }) => id)).toEqual(expected);
    }
  });

  it('looks through texts that are longer than what its kernel has room for at first', () => {
    const test: StringTest = { kind: 'string', match: 'ends', value: 'powershell', cased: false };
    const engine = compileRules([makeRule('r', { kind: 'field', field: 'F', test })], 'raw');
    for (const [before, expected] of [
      ['x'.repeat(9_000_000), 1],
      ['', 1],
      ['đ'.repeat(5_000_000), 1],
    ] as const) {
      expect(engine.evaluate({ F: `${before}PowerShell` })).toHaveLength(expected);
      expect(engine.evaluate({ F: `${before}PowerShell.` })).toHaveLength(0);
    }
  });

  const always: Condition = { kind: 'always' };
  it.each<[LogSource, object, boolean]>([
    [{ product: 'windows' }, { product: 'Windows', category: 'x' }, true],
    [{ product: 'windows', category: 'y' }, { product: 'windows', category: 'x' }, false],
    [{ product: 'windows', service: 'system' }, { product: 'windows' }, false],
    [{}, {}, true],
    [{ category: 'registry_event' }, { category: 'registry_set' }, true],
    [{ category: 'registry_set' }, { category: 'registry_event' }, false],
    [{ category: 'registry_delete' }, { category: 'registry_event', EventType: 'DeleteValue' }, true],
    [{ category: 'registry_delete' }, { category: 'registry_event', EventType: 'CreateKey' }, false],
  ])('raw log source %j and event %j: %j', (logsource, one, expected) => {
    expect(compileRules([makeRule('r', always, logsource)], 'raw').evaluate(one)).toHaveLength(expected ? 1 : 0);
  });

  it.each<[LogSource, object, boolean]>([
    [{ product: 'linux', service: 'sshd' }, { event: { module: 'system' }, process: { name: 'sshd' } }, true],
    [{ product: 'linux', service: 'sshd' }, { event: { module: 'system' }, process: { name: 'sudo' } }, false],
    [{ product: 'linux', service: 'auth' }, { event: { module: 'system', dataset: 'system.auth' } }, true],
    [{ category: 'webserver' }, { event: { dataset: 'nginx.access' } }, true],
    [{ category: 'webserver' }, { event: { dataset: 'nginx.error' } }, false],
    [{ product: 'suricata' }, { event: { module: 'suricata' } }, true],
    [{ product: 'myapp' }, { event: { module: 'myapp' } }, true],
    [{ product: 'myapp', service: 'web' }, { event: { module: 'myapp', dataset: 'myapp.web' } }, true],
    [
      { product: 'windows', category: 'process_creation' },
      { event: { code: '1' }, winlog: { channel: 'Microsoft-Windows-Sysmon/Operational' } },
      true,
    ],
  ])('ECS log source %j and event %j: %j', (logsource, one, expected) => {
    expect(compileRules([makeRule('r', always, logsource)], 'ecs').evaluate(one)).toHaveLength(expected ? 1 : 0);
  });

  it('finds a field of a raw event whose name kept its spaces', () => {
    const condition = {
      kind: 'field',
      field: 'ThreatName',
      test: { kind: 'string', match: 'ends', value: 'x', cased: false },
    } as const;
    const engine = compileRules([makeRule('r', condition)], 'raw');
    expect(engine.evaluate({ 'Threat Name': 'EICAR x' })).toHaveLength(1);
    expect(engine.evaluate({ 'Threat Names': 'EICAR x' })).toHaveLength(0);
  });

  it('keeps apart events whose long module names differ only late', () => {
    const long = `windows${'x'.repeat(2_000)}`;
    const engine = compileRules([makeRule('r', always, { product: long })], 'ecs');
    expect(engine.evaluate({ event: { module: `${long}y` } })).toHaveLength(0);
    expect(engine.evaluate({ event: { module: long } })).toHaveLength(1);
  });

  it('reads Sigma field names as ECS names, and ECS names as they are', () => {
    const text = `title: t
id: t
logsource: {product: windows, category: process_creation}
detection:
    sel:
        Image|endswith: '\\cmd.exe'
        GrantedAccess: '0x1'
        user.name: bob
    condition: sel
`;
    const { rules } = parseRules(text, 'a.yml');
    const one = {
      event: { category: ['process'], type: ['start'], module: 'windows' },
      process: { executable: 'C:\\x\\cmd.exe' },
      winlog: { event_data: { GrantedAccess: '0x1' } },
      user: { name: 'Bob' },
    };
    const [rule] = rules;
    if (rule?.kind !== 'detection') throw new Error('no rule');
    expect(compileRules([rule], 'ecs').evaluate(one)).toEqual([rule]);
    expect(explain(rule, one)).toEqual(['process.executable', 'winlog.event_data.GrantedAccess', 'user.name']);
  });

  it('explains by what holds, not by what is excluded', () => {
    const of = (field: string, value: string): Condition => ({
      kind: 'field',
      field,
      test: { kind: 'string', match: 'contains', value, cased: false },
    });
    const rule = makeRule('r', {
      kind: 'and',
      of: [
        { kind: 'or', of: [of('a.x', 'one'), of('a.y', 'two')] },
        { kind: 'not', of: of('a.z', 'three') },
        { kind: 'text', scope: 'any-field', test: { kind: 'string', match: 'contains', value: 'deep', cased: false } },
      ],
    });
    expect(explain(rule, { a: { x: 'zero', y: 'two', z: 'four' }, l: [{ m: 'so deep' }] })).toEqual(['a.y', 'l.m']);
    expect(explain(rule, { a: { x: 'zero' } })).toEqual([]);
  });
});
