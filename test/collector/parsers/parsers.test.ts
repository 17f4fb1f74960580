import { describe, expect, it } from 'vitest';
import { PARSER_NAMES, parseLine } from '../../../collector/parsers/index.ts';
import { ALLOWED_VALUES, CUSTOM_ROOTS, fieldType } from '../../../ecs/fields.ts';
import { CONTEXT, fixtures, parsed } from './fixtures.ts';

/** Every leaf of a document with its dotted name; an array gives each of its items under the same name. */
function leaves(value: unknown, name: string): (readonly [string, unknown])[] {
  if (Array.isArray(value)) return value.flatMap((each) => leaves(each, name));
  if (typeof value !== 'object' || value === null) return [[name, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, name === '' ? key : `${name}.${key}`));
}

/** What is wrong with a leaf by the ECS catalogue; undefined where nothing is. */
function problem(name: string, value: unknown): string | undefined {
  if (CUSTOM_ROOTS.has(name.slice(0, name.indexOf('.')))) return undefined;
  const type = fieldType(name);
  if (type === undefined) return `${name} is not an ECS field`;
  const numeric = ['long', 'integer', 'float', 'double', 'scaled_float'].includes(type);
  if (numeric !== (typeof value === 'number')) return `${name} is ${type}, the value is ${JSON.stringify(value)}`;
  if (type === 'date' && new Date(String(value)).toISOString() !== value) return `${name} is not a UTC time`;
  if (type === 'ip' && !/^[0-9a-f:.]+$/i.test(String(value))) return `${name} is not an address: ${value}`;
  const allowed = (ALLOWED_VALUES as Record<string, readonly string[]>)[name];
  return allowed && !allowed.includes(String(value)) ? `${name} cannot be ${value}` : undefined;
}

const ECS_BY_THE_SENDER = new Set(['json']);

describe.each(fixtures())('parser $parser', ({ parser, lines, expected }) => {
  it('has a fixture of at least five lines with one expectation each', () => {
    expect(lines.length).toBeGreaterThanOrEqual(5);
    expect(expected).toHaveLength(lines.length);
  });

  it.each(lines.map((line, at) => [line, at] as const))('%s', (line, at) => {
    expect(parsed(line, parser)).toEqual(expected[at]);
  });

  it('keeps every line as event.original', () => {
    const own = lines.filter((line) => !line.includes('"original"'));
    expect(own.map((line) => parsed(line, parser)['event'])).toEqual(
      own.map((line) => expect.objectContaining({ original: line })),
    );
  });

  it('uses ECS fields with ECS types and values, and understands each line', () => {
    const wrong = expected.flatMap((event) => leaves(event, '').flatMap(([name, value]) => problem(name, value) ?? []));
    if (!ECS_BY_THE_SENDER.has(parser)) expect(wrong).toEqual([]);
    expect(expected).not.toContainEqual(expect.objectContaining({ error: { message: expect.anything() } }));
  });

  it('gives the same by auto, where the line itself tells what it is', () => {
    // Bare messages of a program, and lines that nginx and httpd both write, need the parser's name.
    const path = parser === 'apache' ? '/var/log/apache2/x.log' : '/var/log/x.log';
    const telling = lines.filter((line) => !/^(?:lan :|Failed)/.test(line));
    for (const line of telling) {
      const event = JSON.parse(JSON.stringify(parseLine(line, 'auto', { ...CONTEXT, path })));
      expect(event).toEqual(parsed(line, parser));
    }
  });
});

describe('every parser', () => {
  it('has a fixture', () => {
    expect(fixtures().map(({ parser }) => parser)).toEqual([...PARSER_NAMES].sort());
  });
});
