import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkParser } from '../../../collector/custom-parsers/check.ts';
import type { CustomParser } from '../../../collector/custom-parsers/compile.ts';
import { DOCUMENTS, documentOf, parserOf } from './documents.ts';

const CONTEXT = { now: Date.UTC(2026, 10, 23), timeZone: 'Asia/Ho_Chi_Minh' };
const SAMPLES = 'samples: [{line: a, expect: {message: a}}, {line: b, expect: {message: b}}]\n';
const PARSERS: readonly CustomParser[] = [
  ...DOCUMENTS.map(([, text]) => parserOf(text)),
  parserOf(
    documentOf(
      `steps:
  - grok: ['%{DATA:a} - %{DATA:b} - %{GREEDYDATA:c}', '%{QS:a},%{QS:b}', '%{NOTSPACE:a} %{DATA:b}']
  - kv: {pairs: ';', values: ':'}
    from: b
    optional: true
fields: {a: tags, b: testapp.b, c: {to: related.hosts, split: ','}, d: {to: source, type: endpoint}}
${SAMPLES}`,
      'slow-one',
    ),
  ),
];
const LINES = DOCUMENTS.flatMap(([, text]) => checkParser(text).document?.samples.map((sample) => sample.text) ?? []);
const PIECES = [
  '"',
  '\\"',
  "'",
  '=',
  ';',
  ',',
  ' ',
  ' - ',
  '[',
  ']',
  '{"a":',
  '{',
  '}',
  'result=',
  'PAYGW ',
  '__proto__=',
  '"__proto__":{}',
  '\\',
  '%{',
  ' a="',
  '<13>',
  'Nov 22 08:01:02 h p: ',
];

function survives(line: string): void {
  for (const parser of PARSERS) {
    const event = parser.parse(line, CONTEXT);
    if (!event) {
      expect(parser.why()).not.toBe('');
      continue;
    }
    expect(event.event.original).toBe(line);
    expect(event.event.kind).toBe('event');
    expect(new Date(event['@timestamp']).toISOString()).toBe(event['@timestamp']);
    // What is found is part of the line: an event is a few times as large at most.
    expect(JSON.stringify(event).length).toBeLessThan(20 * line.length + 5_000);
    expect(Object.getPrototypeOf(event)).toBe(Object.prototype);
  }
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
}

describe('any text, to custom parsers', () => {
  it('gives an event with the line kept, or a reason', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), survives), { numRuns: 300 });
  });

  it('gives one where it is nearly a line that they read', () => {
    const mutated = fc
      .tuple(
        fc.constantFrom(...LINES),
        fc.nat(),
        fc.nat(40),
        fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary', maxLength: 8 })),
      )
      .map(([line, at, cut, piece]) => {
        const start = at % (line.length + 1);
        return line.slice(0, start) + piece + line.slice(start + cut);
      });
    fc.assert(fc.property(mutated, survives), { numRuns: 1_000 });
  });

  // At the size where a record is cut, work that grows with the square of the length would take minutes.
  it.each(PIECES)(
    'is read in linear time where it repeats %j',
    (piece) => {
      const long = piece.repeat(Math.ceil((256 * 1024) / piece.length));
      for (const parser of PARSERS) {
        parser.parse(long, CONTEXT);
        for (const line of LINES.slice(0, 6)) parser.parse(line.slice(0, 30) + long, CONTEXT);
      }
    },
    60_000,
  );
});

describe('any document', () => {
  it('is read or refused, and never throws', () => {
    const mutated = fc
      .tuple(
        fc.constantFrom(...DOCUMENTS.map(([, text]) => text)),
        fc.nat(),
        fc.nat(30),
        fc.oneof(
          fc.constantFrom(...PIECES, '\n', '  - ', ': ', '&a ', '*a', '(?<', '%{IP:', '(a+)+', '{1000}'),
          fc.string({ maxLength: 8 }),
        ),
      )
      .map(([text, at, cut, piece]) => {
        const start = at % (text.length + 1);
        return text.slice(0, start) + piece + text.slice(start + cut);
      });
    fc.assert(
      fc.property(mutated, (text) => {
        const { parser, problems } = checkParser(text);
        if (!parser) expect(problems.length).toBeGreaterThan(0);
        for (const { line, column, message } of problems) {
          expect(line).toBeGreaterThan(0);
          expect(column).toBeGreaterThan(0);
          expect(message).toMatch(/\.$/);
        }
        for (const sample of LINES) parser?.parse(sample, CONTEXT);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['many names', (count: number) => `steps: [{dissect: '${'%{a} '.repeat(count)}x'}]`],
    ['nested brackets', (count: number) => `steps: [{regex: '${'('.repeat(count)}a${')'.repeat(count)}'}]`],
    [
      'patterns within patterns',
      (count: number) =>
        `patterns: {A: '${'%{B}'.repeat(count)}', B: '${'%{C}'.repeat(count)}', C: x}\nsteps: [{grok: '%{A:a}'}]`,
    ],
    [
      'repeats of repeats',
      (count: number) => `steps: [{regex: '${'(?:'.repeat(8)}a${'{50})'.repeat(8)}${'b?'.repeat(count)}'}]`,
    ],
    [
      'many fields',
      (count: number) =>
        `steps: [json]\nfields:\n${Array.from({ length: count }, (_, at) => `  k${at}: testapp.k${at}\n`).join('')}`,
    ],
  ])(
    'with %s is refused, or read, in linear time',
    (_name, parts) => {
      for (const count of [10, 1_000, 4_000]) checkParser(documentOf(`${parts(count)}\n${SAMPLES}`));
    },
    60_000,
  );
});
