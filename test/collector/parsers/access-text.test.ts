import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contentHash } from '../../../collector/content-hash.ts';
import { lineText, parseLine } from '../../../collector/parsers/index.ts';
import { type ParserHint, TEXT_NAMES } from '../../../collector/record.ts';
import { fixtures } from './fixtures.ts';

const ID = '20261122-c0test01-5f0a3b1c-7-';
const contexts = [
  { now: 1_795_348_800_000, timeZone: 'UTC' },
  { now: 1_795_348_800_000, timeZone: 'Asia/Ho_Chi_Minh', host: 'máy "một"', path: '/var/log/apache2/access.log' },
];

/** Both ways to the event's text: at once (if that way takes the line), and by the event. */
function bothWays(line: string, parser: string, context: (typeof contexts)[number], hint: ParserHint) {
  const atOnce = lineText(line, parser, context, ID, hint);
  const event = parseLine(line, parser, context, hint);
  event.event.id = ID + contentHash(line);
  return { atOnce, byEvent: JSON.stringify(event) };
}

const usual =
  '203.0.113.9 - - [22/Nov/2026:10:00:01 +0700] "GET /a/b?ma=1&x=%20 HTTP/1.1" 200 512 "https://example.test/" "Mozilla/5.0"';

describe('the text of an access line written at once', () => {
  test('is that of its event, field by field, in the same order', () => {
    for (const line of [
      usual,
      usual.replace('- -', '- lan'),
      usual.replace('203.0.113.9', '2001:db8::9'),
      usual.replace('?ma=1&x=%20', ''),
      usual.replace('?ma=1&x=%20', '?'),
      usual.replace('Mozilla/5.0', 'Trình duyệt \u{1f6f0}'),
      usual.replace('"https://example.test/"', '"-"').replace('"Mozilla/5.0"', '"-"'),
      `${usual} 0.031 rt=0.02`,
      usual.replace('200 512', '503 0'),
    ]) {
      for (const parser of ['nginx', 'apache']) {
        for (const context of contexts) {
          const { atOnce, byEvent } = bothWays(line, parser, context, {});
          // A line that ends in a number is not nginx's for `auto`, so it goes the other way.
          if (parser === 'apache' || /"$/.test(line)) expect(atOnce, line).toBeDefined();
          if (atOnce !== undefined) expect(atOnce).toBe(byEvent);
        }
      }
    }
  });

  test('has no names but those that others look for in it', () => {
    for (const context of contexts) {
      const line = usual.replace('- -', '- lan');
      const names = Object.keys(JSON.parse(lineText(line, 'nginx', context, ID, {}) as string));
      expect(names.filter((name) => !TEXT_NAMES.has(name))).toEqual([]);
    }
  });

  test('is not tried on lines of another form', () => {
    for (const line of [
      usual.replace('GET', 'G\\x16T'),
      usual.replace('Mozilla/5.0', 'a \\" b'),
      usual.replace('Mozilla', 'Mo\u0001zilla'),
      usual.replace('Mozilla', '\ud800'),
      usual.replace('/a/b', 'http://example.test/a'),
      usual.replace('/a/b', '/a#b'),
      usual.replace('GET /a/b?ma=1&x=%20 HTTP/1.1', '-'),
      usual.replace('203.0.113.9', '203.0.113.9, 198.51.100.7'),
      usual.replace('203.0.113.9', 'www.example.test 203.0.113.9'),
      usual.replace('200 512', '200 -'),
      usual.replace('200 512', '200 0512'),
      usual.replace('22/Nov/2026', '22-Nov-2026'),
      usual.replace('22/Nov', '32/Nov'),
      `${usual} "198.51.100.7"`,
    ]) {
      expect(bothWays(line, 'nginx', contexts[0] as never, {}).atOnce, line).toBeUndefined();
    }
  });

  test('is that of the event on every sample of every parser, under `auto` and by name', () => {
    let written = 0;
    const lines = fixtures().flatMap((fixture) => fixture.lines);
    for (const context of contexts) {
      for (const parser of ['auto', 'nginx', 'apache']) {
        const hint: ParserHint = {};
        for (const line of lines) {
          const before = { ...hint };
          const atOnce = lineText(line, parser, context, ID, hint);
          if (atOnce === undefined) parseLine(line, parser, context, hint);
          else {
            written++;
            expect(atOnce).toBe(bothWays(line, parser, context, before).byEvent);
          }
        }
      }
    }
    expect(written).toBeGreaterThan(20);
  });

  test('is that of the event, however the line is damaged', () => {
    const pieces = [
      ' ',
      '"',
      '\\',
      '-',
      '[',
      ']',
      '#',
      '?',
      '/',
      'HTTP/',
      '\t',
      '\u{1f6f0}',
      '\udfff',
      ' - ',
      '0',
      ', ',
      '%',
      '',
    ];
    const damage = fc.record({
      at: fc.nat({ max: usual.length }),
      length: fc.nat({ max: 4 }),
      piece: fc.constantFrom(...pieces),
    });
    fc.assert(
      fc.property(fc.array(damage, { maxLength: 3 }), fc.constantFrom('auto', 'nginx', 'apache'), (damages, parser) => {
        let line = usual;
        for (const { at, length, piece } of damages) line = line.slice(0, at) + piece + line.slice(at + length);
        const hint: ParserHint = {};
        parseLine(usual, parser, contexts[0] as never, hint);
        const { atOnce, byEvent } = bothWays(line, parser, contexts[0] as never, hint);
        if (atOnce !== undefined) expect(atOnce).toBe(byEvent);
      }),
      { numRuns: 5_000 },
    );
  });
});
