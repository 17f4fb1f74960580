import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { EcsEvent } from '../../../ecs/event.ts';
import type { Condition, StringTest } from '../../../rules/query/condition.ts';
import { parseKql } from '../../../rules/query/kql.ts';
import { compileMatcher } from '../../../rules/query/matcher.ts';
import { SYSTEM } from '../../../server/identity.ts';
import { stamp } from '../../../server/store/stamp.ts';
import type { OpenStore } from './conformance.ts';
import { batchOf, linesIn, type Parsed, sshFailure } from './frames.ts';

const FIELDS = [
  'event.outcome',
  'source.ip',
  'user.name',
  'url.path',
  'process.command_line',
  'http.response.status_code',
  'event.start',
  'labels.tag',
  'suricata.eve.flow',
  'message',
  'event.original',
  'organization.id',
  'event',
  'user',
  'labels.tag.0',
];
const WORDS = [
  'root',
  'ROOT',
  'Ngân hàng',
  'ΟΔΟΣ',
  'οδοσ',
  'a*b',
  'a?b',
  'back\\slash',
  'failed',
  'fail',
  '404',
  '4e2',
  '',
  ' ',
];
const ODD = [
  '\ud800',
  '𝔘nicode',
  'İstanbul',
  '\u0000',
  '10.1.2.3',
  '::ffff:10.1.2.3',
  'fe80::1%eth0',
  '2001:DB8::1',
  'true',
];
const word = fc.constantFrom(...WORDS, ...ODD);
const text = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join(' '));
const long = fc.integer({ min: 900, max: 1_100 }).map((length) => 'x'.repeat(length));
const scalar = fc.oneof(
  { weight: 6, arbitrary: text },
  { weight: 3, arbitrary: fc.constantFrom<unknown>(404, 0, -1.5, 2 ** 60, true, false, null) },
  long,
);
const value = fc.oneof(
  { weight: 6, arbitrary: scalar },
  fc.array(scalar, { maxLength: 3 }),
  fc.constantFrom<unknown>([['root']], { tag: 'root' }, [{ tag: 'root', name: 'root' }], {}),
);
const field = fc.constantFrom(...FIELDS);

const parsed: fc.Arbitrary<Parsed> = fc
  .tuple(
    fc.array(fc.tuple(field, value, fc.integer({ min: 0, max: 3 })), { maxLength: 8 }),
    fc.integer({ max: 5_000, min: 0 }),
  )
  .map(([fields, ms]) => {
    const event: Parsed = { '@timestamp': new Date(Date.UTC(2026, 10, 20, 8) + ms).toISOString(), event: {} };
    for (const [name, held, spelling] of fields) setField(event, name, held, spelling === 0);
    if (typeof event.event !== 'object' || event.event === null || Array.isArray(event.event)) event.event = {};
    return event;
  });

/** Nested, or under its dotted name as it is. */
function setField(event: Parsed, name: string, held: unknown, dotted: boolean): void {
  const path = name.split('.');
  if (dotted || path.length === 1) {
    event[name] = held;
    return;
  }
  let at = event as Record<string, unknown>;
  for (const part of path.slice(0, -1)) {
    const inside = at[part];
    if (typeof inside !== 'object' || inside === null || Array.isArray(inside)) at[part] = {};
    at = at[part] as Record<string, unknown>;
  }
  at[path.at(-1) ?? name] = held;
}

const stringTest: fc.Arbitrary<StringTest> = fc.oneof(
  fc.record({
    kind: fc.constant('string' as const),
    match: fc.constantFrom('equals' as const, 'starts' as const, 'ends' as const, 'contains' as const, 'word' as const),
    value: fc.oneof(word, word, text, long),
    cased: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('wildcard' as const),
    pieces: fc.array(fc.oneof(word, fc.constant({ any: 'many' as const }), fc.constant({ any: 'one' as const })), {
      minLength: 1,
      maxLength: 4,
    }),
    cased: fc.boolean(),
  }),
);
const otherTest = fc.oneof(
  fc.record({ kind: fc.constant('exists' as const), value: fc.boolean() }),
  fc.constant({ kind: 'null' as const }),
  fc.record({ kind: fc.constant('boolean' as const), value: fc.boolean() }),
  fc.record({
    kind: fc.constant('number' as const),
    compare: fc.constantFrom('eq' as const, 'lt' as const, 'gte' as const),
    value: fc.constantFrom(404, 0, -1.5, 2 ** 60),
  }),
  fc.record({
    kind: fc.constant('cidr' as const),
    network: fc.constantFrom('10.0.0.0/8', '::/0', '2001:db8::/32', '::ffff:10.0.0.0/104', '0.0.0.0/0'),
  }),
  fc.constant({ kind: 'regex' as const, source: '^r.*t', flags: 'i' }),
);
const leaf: fc.Arbitrary<Condition> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('field' as const), field, test: stringTest }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('field' as const), field, test: otherTest }) },
  fc.record({
    kind: fc.constant('field' as const),
    field: fc.constantFrom('user.*', '*.tag', 'url.p*'),
    test: stringTest,
  }),
  fc.record({
    kind: fc.constant('text' as const),
    scope: fc.constantFrom('message' as const, 'message' as const, 'any-field' as const),
    test: stringTest,
  }),
);
const condition = fc.letrec<{ tree: Condition }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    leaf,
    leaf,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      of: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), of: tie('tree') }),
  ),
})).tree;

const RANGE = { from: '2026-11-20T00:00:00.000Z', to: '2026-11-21T00:00:00.000Z' };

/** The translation to the cluster's queries against the matcher, on random trees and awkward events. */
export function translationCases(open: (name: string) => Promise<OpenStore>): void {
  it('finds and counts exactly what the matcher accepts, whatever the tree', async () => {
    const { events, records } = await open('translation');
    const stored: { readonly sequence: number; readonly event: EcsEvent }[] = [];
    const samples = fc.sample(parsed, { numRuns: 500, seed: 4711 });
    for (let at = 0; at < samples.length; at += 250) {
      const batch = batchOf(samples.slice(at, at + 250), { first: at + 1 });
      expect((await events.append(batch)).stored).toBe(250);
      const from = { ...batch, source: 'file:/var/log/auth.log' };
      for (const [line, json] of linesIn(batch.body).entries()) {
        stored.push({ sequence: at + 1 + line, event: stamp(JSON.parse(json) as EcsEvent, from) });
      }
    }
    const view = events.as(SYSTEM);
    let found = 0;
    const check = async (tree: Condition) => {
      const matcher = compileMatcher(tree);
      const wanted = stored.filter(({ event }) => matcher(event)).map(({ sequence }) => sequence);
      const query = { range: RANGE, condition: tree };
      const page = await view.search({ ...query, limit: 1_000 });
      expect(page.events.map(({ sequence }) => sequence).sort((a, b) => a - b)).toEqual(wanted);
      expect(await view.count(query)).toEqual({ count: wanted.length, complete: true });
      found += wanted.length;
    };
    await fc.assert(fc.asyncProperty(condition, check), { numRuns: 200, seed: 20261122 });
    expect(found).toBeGreaterThan(2_000);
    await Promise.all([events.close(), records.close()]);
  }, 700_000);
  it('finds paths by patterns with backslashes, and what is not like them', async () => {
    const { events, records } = await open('backslashes');
    const lines = [
      'C:\\Windows\\System32\\cmd.exe /c dir',
      'c:/windows/system32/cmd.exe',
      '\\\\share\\a*b',
      'echo \\',
      'echo',
    ];
    const held = lines.map((line) => ({ ...sshFailure(1), process: { command_line: line } }));
    await events.append(batchOf(held, { first: 1 }));
    const view = events.as(SYSTEM);
    const of = async (kql: string) => {
      const query = { range: RANGE, condition: parseKql(kql) };
      const { count } = await view.count(query);
      const page = await view.search({ ...query, limit: 10 });
      expect(page.events).toHaveLength(count);
      return page.events.map(({ sequence }) => sequence).sort((a, b) => a - b);
    };
    expect(await of('process.command_line: *\\\\windows\\\\*')).toEqual([1]);
    expect(await of('process.command_line: *\\\\cmd.exe*')).toEqual([1]);
    expect(await of('process.command_line: \\\\\\\\share*')).toEqual([3]);
    expect(await of('process.command_line: *\\\\a\\*b')).toEqual([3]);
    expect(await of('process.command_line: *\\\\')).toEqual([4]);
    expect(await of('not process.command_line: *\\\\*')).toEqual([2, 5]);
    await Promise.all([events.close(), records.close()]);
  }, 120_000);
}
