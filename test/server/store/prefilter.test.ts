import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EcsEvent } from '../../../ecs/event.ts';
import type { Condition, StringTest } from '../../../rules/query/condition.ts';
import { compileMatcher } from '../../../rules/query/matcher.ts';
import { count } from '../../../server/store/embedded/aggregate.ts';
import { BatchPreparer } from '../../../server/store/embedded/batch-preparer.ts';
import { makeFolders } from '../../../server/store/embedded/day-files.ts';
import { DayReader } from '../../../server/store/embedded/day-reader.ts';
import { DayWriter } from '../../../server/store/embedded/day-writer.ts';
import { SEARCH_LIMITS } from '../../../server/store/embedded/read-calls.ts';
import { search } from '../../../server/store/embedded/search.ts';
import { foldWords, neededWords } from '../../../server/store/embedded/words.ts';
import { decodeFrame } from '../../../server/store/frame.ts';
import { stamp } from '../../../server/store/stamp.ts';
import { batchOf, DAY, linesIn, type Parsed } from './frames.ts';

// Small alphabets, so that conditions meet events: words that touch, marks, other scripts, case that folds oddly.
const word = fc.constantFrom(
  'root',
  'Root',
  'roots',
  'x',
  '10.0.0.1',
  'a-b',
  'a_b',
  'hồ',
  'HỒ',
  'ΟΔΟΣ',
  'οδος',
  'İstanbul',
  'key',
  '\u212aey',
  'path/to\\x',
  'ត្រឹម',
  '𝒜b',
  '404',
  '4.04e2',
  'true',
  '"q"',
  'tab\tbed',
  '"',
);
const glue = fc.constantFrom(' ', '', '.', '/', '“', '  ', '\u0000', 'é');
const text = fc.array(fc.tuple(word, glue), { minLength: 0, maxLength: 4 }).map((parts) => parts.flat().join(''));
const scalar = fc.oneof(text, text, fc.constantFrom(0, 404, 1.5, -1, 1e21), fc.boolean(), fc.constant(null));
const value = fc.oneof(
  scalar,
  scalar,
  fc.array(scalar, { maxLength: 3 }),
  fc.record({ inner: scalar }),
  fc.constant('y'.repeat(300)),
);
const FIELDS = [
  'event.action',
  'event.category',
  'event.outcome',
  'log.level',
  'host.name',
  'process.name',
  'source.ip',
  'user.name',
  'url.path',
  'process.command_line',
  'labels.tag',
  'message',
  'event.original',
  'http.response.status_code',
  'organization.id',
  'haidang.source',
  'event',
  'host',
];
const field = fc.constantFrom(...FIELDS);

const parsed: fc.Arbitrary<Parsed> = fc
  .tuple(fc.array(fc.tuple(field, value, fc.boolean()), { maxLength: 8 }), fc.integer({ min: 0, max: 5_000 }))
  .map(([fields, ms]) => {
    const event: Parsed = { '@timestamp': new Date(Date.UTC(2026, 10, 20, 8) + ms).toISOString(), event: {} };
    for (const [name, held, dotted] of fields) setField(event, name, held, dotted);
    if (typeof event.event !== 'object' || Array.isArray(event.event) || event.event === null) event.event = {};
    return event;
  });

function setField(event: Parsed, name: string, held: unknown, dotted: boolean): void {
  const [parent = name, child] = name.split('.');
  if (dotted || child === undefined) {
    event[name] = held;
    return;
  }
  const inside = event[parent];
  if (typeof inside === 'object' && inside !== null && !Array.isArray(inside))
    (inside as Record<string, unknown>)[child] = held;
  else if (parent !== 'event') event[parent] = { [child]: held };
}

const stringTest: fc.Arbitrary<StringTest> = fc.oneof(
  fc.record({
    kind: fc.constant('string' as const),
    match: fc.constantFrom('equals' as const, 'starts' as const, 'ends' as const, 'contains' as const, 'word' as const),
    value: fc.oneof(text, word),
    cased: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('wildcard' as const),
    pieces: fc.array(
      fc.oneof(word, glue, fc.constant({ any: 'many' as const }), fc.constant({ any: 'one' as const })),
      { minLength: 1, maxLength: 4 },
    ),
    cased: fc.boolean(),
  }),
);
const leaf: fc.Arbitrary<Condition> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('field' as const), field, test: stringTest }) },
  fc.record({
    kind: fc.constant('field' as const),
    field,
    test: fc.oneof(
      fc.record({ kind: fc.constant('exists' as const), value: fc.boolean() }),
      fc.constant({ kind: 'null' as const }),
      fc.record({ kind: fc.constant('boolean' as const), value: fc.boolean() }),
      fc.record({
        kind: fc.constant('number' as const),
        compare: fc.constantFrom('eq' as const, 'lt' as const, 'gte' as const),
        value: fc.constantFrom(404, 0, 1.5),
      }),
      fc.constant({ kind: 'cidr' as const, network: '10.0.0.0/8' }),
      fc.record({
        kind: fc.constant('same-as' as const),
        field,
        part: fc.constantFrom('whole' as const, 'contains' as const),
        cased: fc.boolean(),
      }),
    ),
  }),
  fc.record({
    kind: fc.constant('field' as const),
    field: fc.constant('@timestamp'),
    test: fc.record({
      kind: fc.constant('range' as const),
      compare: fc.constantFrom('lt' as const, 'gte' as const),
      value: fc.constantFrom('2026-11-20T08:00:02.500Z', '2026-11-20', 'z'),
    }),
  }),
  fc.record({
    kind: fc.constant('text' as const),
    scope: fc.constantFrom('message' as const, 'any-field' as const),
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

// In small batches each event has a block of the index of parts of words to itself.
describe.each([100, 2])('what the file of a day tells, of batches of %i', (size) => {
  let folder = '';
  let reader: DayReader | undefined;
  const stored: { readonly sequence: number; readonly event: EcsEvent }[] = [];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'haidang-prefilter-'));
    makeFolders(folder);
    const writer = new DayWriter(folder, DAY);
    const samples = fc.sample(parsed, { numRuns: 600, seed: 4711 });
    for (let at = 0; at < samples.length; at += size) {
      const batch = batchOf(samples.slice(at, at + size), { first: at + 1 });
      const frame = decodeFrame(batch.body);
      writer.begin();
      expect(writer.write(new BatchPreparer().prepare(batch, frame), at + 1).stored).toBe(size);
      writer.commit();
      for (const [line, json] of linesIn(batch.body).entries()) {
        const from = {
          agency: batch.agency,
          collector: batch.collector,
          receivedAt: batch.receivedAt,
          source: 'file:/var/log/auth.log',
        };
        stored.push({ sequence: at + 1 + line, event: stamp(JSON.parse(json) as EcsEvent, from) });
      }
    }
    writer.close();
    reader = DayReader.open(folder, DAY);
  });

  afterAll(() => {
    reader?.close();
    rmSync(folder, { recursive: true });
  });

  it('finds and counts exactly what the matcher accepts, whatever the tree', () => {
    const range = { from: '2026-11-20T00:00:00.000Z', to: '2026-11-21T00:00:00.000Z' };
    let found = 0;
    fc.assert(
      fc.property(condition, (tree) => {
        const matcher = compileMatcher(tree);
        const wanted = stored.filter(({ event }) => matcher(event)).map(({ sequence }) => sequence);
        const readers = reader ? [reader] : [];
        const rest = { scope: 'all', limits: SEARCH_LIMITS, stop: undefined } as const;
        const page = search(readers, { query: { range, condition: tree, limit: 1_000 }, ...rest });
        expect(page.events.map(({ sequence }) => sequence).sort((a, b) => a - b)).toEqual(wanted);
        expect(count(readers, { query: { range, condition: tree }, ...rest })).toEqual({
          count: wanted.length,
          complete: true,
        });
        found += wanted.length;
      }),
      { numRuns: 150, seed: 20261122 },
    );
    expect(found).toBeGreaterThan(1_000);
  }, 120_000);
});

describe('words', () => {
  it('cuts texts of any script as the matcher does', () => {
    expect(foldWords('Failed password, port 22')).toEqual(['failed', 'password', 'port', '22']);
    expect(foldWords('Hồ sơ “mới”—số 4711')).toEqual(['hồ', 'sơ', 'mới', 'số', '4711']);
    expect(foldWords('ΟΔΟΣ')).toEqual(['οδοσ']);
  });

  it('asks for whole words where the sides are closed, for beginnings where one is open', () => {
    expect(neededWords('Accepted key', false, false)).toEqual([
      { word: 'accepted', prefix: false },
      { word: 'key', prefix: false },
    ]);
    expect(neededWords('ccepted pass', true, true)).toEqual([{ word: 'pass', prefix: true }]);
    expect(neededWords('/a', true, true)).toEqual([]);
  });
});
