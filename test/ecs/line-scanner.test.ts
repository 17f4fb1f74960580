import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readField } from '../../ecs/event.ts';
import { LineScanner } from '../../ecs/line-scanner.ts';
import { JsonBytes } from '../../ecs/scan/json-bytes.ts';

const FIELDS = ['a', 'b', 'a.b', 'b.a', 'b.a.b', 'message', 'event.original', 'event.category', 'n'];

function scan(scanner: LineScanner, line: string): boolean {
  const around = Buffer.from(`{"before":1}\n${line}\n{"after":1}\n`);
  const start = around.indexOf(10) + 1;
  return scanner.scan(new JsonBytes(around), start, start + Buffer.byteLength(line));
}

function values(scanner: LineScanner): unknown[] {
  return scanner.fields.map((_, field) => scanner.value(field));
}

/** Every scalar below a value, in order of the text. */
function scalars(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap(scalars);
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(scalars);
  return [value];
}

const key = fc.constantFrom('a', 'b', 'message', 'event', 'original', 'category', 'n', 'khác', 'x"y', '__proto__');
const scalar = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('web', 'đăng nhập thất bại', 'C:\\Windows\\System32', 'line\nbreak', ' ', ''),
  fc.integer(),
  fc.double({ noDefaultInfinity: true, noNaN: true }),
  fc.boolean(),
  fc.constant(null),
);
const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
  ),
}));
const event = fc.array(fc.tuple(key, anyValue), { maxLength: 6 }).map((entries) => Object.fromEntries(entries));

describe('the line scanner', () => {
  it('gives the values that parsing gives, of lines of any form, the first time and when it knows the form', () => {
    const scanner = new LineScanner(FIELDS);
    let taken = 0;
    fc.assert(
      fc.property(event, fc.constantFrom(undefined, 1), (made, indent) => {
        const line = JSON.stringify(made, undefined, indent).replaceAll('\n', ' ');
        for (let time = 0; time < 2; time++) {
          if (!scan(scanner, line)) continue;
          taken++;
          const parsed = JSON.parse(line) as object;
          expect(values(scanner)).toEqual(FIELDS.map((field) => readField(parsed, field)));
          const texts = Array.from({ length: scanner.count }, (_, leaf) => scanner.text(leaf));
          const plain = scalars(parsed);
          expect(texts.length).toBe(plain.length);
          for (const [leaf, value] of plain.entries()) {
            if (typeof value === 'string') expect(texts[leaf]).toBe(value);
            else expect(JSON.parse(texts[leaf] ?? '')).toEqual(value);
            expect(scanner.isString(leaf)).toBe(typeof value === 'string');
            expect(scanner.isNull(leaf)).toBe(value === null);
          }
        }
      }),
      { numRuns: 2_000 },
    );
    expect(taken).toBeGreaterThan(1_000);
  });

  it('takes nothing that is no JSON: damaged lines are refused, or mean the same to both', () => {
    const scanner = new LineScanner(FIELDS);
    fc.assert(
      fc.property(event, fc.array(fc.tuple(fc.nat(), fc.nat(127)), { minLength: 1, maxLength: 3 }), (made, damage) => {
        const bytes = Buffer.from(JSON.stringify(made));
        // The form is known before it is damaged.
        scan(scanner, bytes.toString());
        for (const [at, byte] of damage) bytes[at % bytes.length] = byte === 10 ? 32 : byte;
        const line = bytes.toString();
        if (Buffer.byteLength(line) !== bytes.length || !scan(scanner, line)) return;
        const parsed = JSON.parse(line) as object;
        expect(values(scanner)).toEqual(FIELDS.map((field) => readField(parsed, field)));
      }),
      { numRuns: 5_000 },
    );
  });

  it.each([
    ['{"a":1}', true],
    [' { "a" : 1 } ', true],
    ['{}', true],
    ['', false],
    ['[]', false],
    ['{"a":1}}', false],
    ['{"a":1', false],
    ['{"a":01}', false],
    ['{"a":1.}', false],
    ['{"a":.5}', false],
    ['{"a":-}', false],
    ['{"a":tru}', false],
    ['{"a":nul', false],
    ['{"a":"\\x"}', false],
    ['{"a":"\\u12g4"}', false],
    ['{"a":"\\u00e9"}', true],
    ['{"a":"tab\there"}', false],
    ['{"a":1,}', false],
    ['{"a" 1}', false],
    ['{"a":1 "b":2}', false],
    ['{a:1}', false],
    ['{"a":[1,]}', false],
    ['{"a":[}', false],
  ])('takes %s: %s', (line, taken) => {
    const scanner = new LineScanner(FIELDS);
    expect(scan(scanner, line)).toBe(taken);
    expect(scan(scanner, line)).toBe(taken);
  });

  it('leaves lines to the caller whose fields stand where only parsing finds them', () => {
    const scanner = new LineScanner(FIELDS);
    expect(scan(scanner, '{"a.b":1}'), 'a key with a dot').toBe(false);
    expect(scan(scanner, '{"\\u0061":1}'), 'a key with an escape').toBe(false);
    expect(scan(scanner, '{"a":1,"a":2}'), 'a key twice').toBe(false);
    expect(scan(scanner, '{"b":{"a":1},"b":{}}'), 'an object twice').toBe(false);
    expect(scan(scanner, `{"a":${'['.repeat(40)}${']'.repeat(40)}}`), 'too deep').toBe(false);
    expect(scan(scanner, `{"a":[${'1,'.repeat(10_000)}1]}`), 'too many values').toBe(false);
    expect(scan(scanner, '{"other":{"x.y":1,"x":1,"x":2}}'), 'where no field is').toBe(true);
  });

  it('goes on with a form after it saw more forms than it remembers', () => {
    const scanner = new LineScanner(FIELDS);
    for (let form = 0; form < 20_000; form++) {
      expect(scan(scanner, `{"k${form}":${form},"b":{"a":"v${form}"}}`)).toBe(true);
      expect(scanner.value(FIELDS.indexOf('b.a'))).toBe(`v${form}`);
    }
  });

  it('tells where values lie, and holds fixed values over what lines say', () => {
    const scanner = new LineScanner(['event.category', 'agent.id', 'url']);
    scanner.fix('agent.id', 'c0abcdef');
    expect(scan(scanner, '{"event":{"category":["web","x"]},"agent":{"id":"forged"},"url":"/","other":true}')).toBe(
      true,
    );
    expect(scanner.value(0)).toEqual(['web', 'x']);
    expect(scanner.value(1)).toBe('c0abcdef');
    expect(Array.from({ length: scanner.count }, (_, leaf) => scanner.field(leaf))).toEqual([-2, -2, 1, 2, -1]);
    expect(scanner.plainJson(2)).toBe('"/"');
  });

  it('finds a field by its other name, and leaves a line with both to the caller', () => {
    const scanner = new LineScanner(['ThreatName'], () => 'Threat Name');
    expect(scan(scanner, '{"Threat Name":"x"}')).toBe(true);
    expect(scanner.value(0)).toBe('x');
    expect(scan(scanner, '{"Threat Name":"x","ThreatName":"y"}')).toBe(false);
  });
});
