import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compileRules } from '../../rules/engine/compile.ts';
import { RULE_ERRORS } from '../../rules/errors.ts';
import type { Condition } from '../../rules/query/condition.ts';
import { ConditionError, parseConditionExpression } from '../../rules/sigma/condition-expression.ts';
import { parseRules } from '../../rules/sigma/parse.ts';
import { joinRules } from '../../rules/sigma/rule-set.ts';
import { PACKS } from '../../server/detection/load-rules.ts';

const SAMPLES = readdirSync(PACKS, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.yml'))
  .sort()
  .filter((_, at) => at % 5 === 0)
  // The head and the detection; what is said for people takes long to read and is only text.
  .map((name) => readFileSync(join(PACKS, name), 'utf8').split(/^haidang:/m)[0] as string);

/** Pieces that mean something somewhere. */
// biome-ignore format: a table
const PIECES = [
  '\n', '  ', '- ', ': ', '---\n', '|', '|re', '|cidr', '|all', '|base64offset|contains', '|windash', '|fieldref', '|expand',
  '*', '\\', '%', '"', "'", '{', '}', '[', ']', '&a ', '*a', '!!binary ', '<<: ', '? ', '#', '\t', '\u0000', '\u2028',
  '\ufeff', '\ud800', '\u{1f600}', 'null', '~', '1e999', '-0', '0x1f', '.nan', '2026-11-23', 'condition: ', '1 of them', 'not ', '(', ')',
  'correlation:\n  type: temporal\n', 'filter:\n', 'action: global\n', '(?<=a)', '(a+)+$', '[^', '{1,1001}', '10.0.0.0/99', '__proto__: ', 'constructor: ',
];
/** Cuts, doubles, moves and puts pieces in, at some places. */
const edit = fc.record({
  act: fc.constantFrom('cut', 'double', 'put', 'swap'),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.nat(6),
  piece: fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary', maxLength: 3 })),
});
const damaged = fc
  .tuple(fc.constantFrom(...SAMPLES), fc.array(edit, { minLength: 1, maxLength: 2 }))
  .map(([text, edits]) =>
    edits.reduce((before, { act, at, length, piece }) => {
      const start = Math.floor(at * before.length);
      const part = before.slice(start, start + length);
      const [head, tail] = [before.slice(0, start), before.slice(start + length)];
      if (act === 'cut') return head + tail;
      if (act === 'double') return head + part + part + tail;
      return act === 'put' ? head + piece + part + tail : head + tail.slice(0, length) + part + tail.slice(length);
    }, text),
  );

const EVENT = { event: { module: 'linux', original: 'x' }, message: 'sudo: a', 'user.name': ['root', 1, null] };

it('a damaged rule file gives rules that work, or problems with a place, and nothing else', () => {
  let whole = 0;
  let refused = 0;
  fc.assert(
    fc.property(damaged, (text) => {
      const { rules, problems } = parseRules(text, 'a.yml');
      const height = text.split('\n').length;
      for (const { code, line, column, message } of problems) {
        expect(Object.keys(RULE_ERRORS)).toContain(code);
        expect(line).toBeGreaterThanOrEqual(1);
        expect(line).toBeLessThanOrEqual(height + 1);
        expect(column).toBeGreaterThanOrEqual(1);
        expect(message.length).toBeLessThan(2_000);
      }
      const set = joinRules(rules);
      if (rules.length > 0) compileRules(set.detections, 'ecs').evaluate(EVENT);
      if (rules.length > 0) whole++;
      if (problems.length > 0) refused++;
    }),
    { numRuns: 300 },
  );
  // Damage that always or never shows would test nothing.
  expect(whole).toBeGreaterThan(20);
  expect(refused).toBeGreaterThan(20);
});

it('a condition is read, or refused by ConditionError with a place inside', () => {
  const identifiers = new Map<string, Condition>(
    ['selection', 'selection_a', 'filter', '1', 'of', 'and', '_hidden'].map((name) => [name, { kind: 'always' }]),
  );
  const token = fc.oneof(
    fc.constantFrom(
      'selection',
      'selection_*',
      'filter',
      'and',
      'OR',
      'not',
      '(',
      ')',
      '1',
      'all',
      'of',
      'them',
      '|',
      '*',
    ),
    fc.string({ unit: 'binary', maxLength: 4 }),
  );
  const anyText = fc.array(token, { maxLength: 30 }).map((tokens) => tokens.join(' '));
  fc.assert(
    fc.property(anyText, (text) => {
      try {
        parseConditionExpression(text, identifiers);
      } catch (error) {
        if (!(error instanceof ConditionError)) throw error;
        expect(error.offset).toBeGreaterThanOrEqual(0);
        expect(error.offset).toBeLessThanOrEqual(text.length);
      }
    }),
    { numRuns: 2_000 },
  );
});
