import { describe, expect, it } from 'vitest';
import { PARSER_NAMES, parseLine } from '../../../collector/parsers/index.ts';
import { ecsProblems } from './ecs-problems.ts';
import { CONTEXT, fixtures, parsed } from './fixtures.ts';

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
    const wrong = expected.flatMap(ecsProblems);
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
