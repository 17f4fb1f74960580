import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contentHash } from '../../../collector/content-hash.ts';
import { documentParser } from '../../../collector/inputs/document.ts';
import type { RecordParser } from '../../../collector/intake.ts';
import { lineText, objectEvent, parseLine } from '../../../collector/parsers/index.ts';
import type { ParserHint } from '../../../collector/record.ts';

const NOW = Date.UTC(2026, 10, 22, 10);
const ID = '20261122-c0test01-5f0a3b1c-7-';
const LINE =
  '203.0.113.9 - lan [22/Nov/2026:10:00:01 +0700] "GET /tra-cuu?ma=1 HTTP/1.1" 200 512 "-" "Trình duyệt/5.0"';

function named(parser: string): RecordParser {
  const context = { now: NOW, timeZone: 'UTC' };
  const hint: ParserHint = {};
  return Object.assign((line: string, now: number) => parseLine(line, parser, { ...context, now }, hint), {
    text: (line: string, now: number, id: string) => lineText(line, parser, { ...context, now }, id, hint),
    ofObject: (object: Record<string, unknown>, line: string, now: number) =>
      objectEvent(object, line, parser, { ...context, now }),
  });
}
const parse = documentParser({ line: named('nginx'), json: named('json'), windows: named('windows') });

const shipped = {
  '@timestamp': '2026-11-22T03:00:02.123Z',
  agent: { type: 'filebeat', version: '8.17.0' },
  log: { offset: 12, file: { path: '/var/log/nginx/access.log' } },
  message: LINE,
  input: { type: 'filestream' },
  host: { name: 'web-01' },
};

/** Both ways to a document's event: its text at once (if that way takes it), and the event. */
function bothWays(document: unknown) {
  const record = JSON.stringify(document);
  const atOnce = parse.text?.(record, NOW, ID);
  const event = parse(record, NOW);
  event.event.id = ID + contentHash(String(event.event.original));
  return { atOnce: atOnce === undefined ? undefined : JSON.parse(atOnce), event: JSON.parse(JSON.stringify(event)) };
}

describe('the text of a document with an access line', () => {
  test('is that of its event, the rest of the document beside the line’s fields', () => {
    const { atOnce, event } = bothWays(shipped);
    expect(atOnce).toEqual(event);
    expect(atOnce).toMatchObject({
      '@timestamp': '2026-11-22T03:00:01.000Z',
      event: { original: LINE, dataset: 'nginx.access' },
      source: { ip: '203.0.113.9' },
      host: { name: 'web-01' },
      log: { offset: 12 },
    });
    expect(atOnce).not.toHaveProperty('agent');
  });

  test.each([
    ['what the line says, too', { ...shipped, url: { domain: 'a.example.test' } }],
    ['fields of the event', { ...shipped, event: { dataset: 'nginx.access' } }],
    ['a value that does not fit its field', { ...shipped, log: { offset: {}, level: { a: 1 } } }],
    ['an object where ECS has one, and a text here', { ...shipped, host: 'web-01' }],
    ['names with dots', { ...shipped, 'log.level': 'info' }],
    ['no time', { ...shipped, '@timestamp': undefined }],
    ['another line', { ...shipped, message: 'a word' }],
    ['no line', { ...shipped, message: 7 }],
  ])('is not written at once with %s', (_, document) => {
    const { atOnce, event } = bothWays(document);
    expect(atOnce).toBeUndefined();
    expect(event.event.id).toMatch(ID);
  });

  test('cannot say who sent it, and a line end behind the message is no part of it', () => {
    const { atOnce, event } = bothWays({
      ...shipped,
      message: `${LINE}\r\n`,
      organization: { id: 'x' },
      haidang: { peer: '203.0.113.1' },
    });
    expect(atOnce).toEqual(event);
    expect(atOnce).not.toHaveProperty('organization');
    expect(atOnce).not.toHaveProperty('haidang');
    expect(atOnce.message).toBe(LINE);
  });

  test('is the event of any document that it takes', () => {
    const name = fc.constantFrom(
      'log',
      'labels',
      'host',
      'ecs',
      'x',
      'tags',
      'event',
      'url',
      'time',
      'network',
      '"',
      'a.b',
    );
    const below = fc.constantFrom('name', 'level', 'version', 'ip', 'offset', 'file', 'env', 'protocol', 'original');
    const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.constant('203.0.113.1'));
    const inner = fc.dictionary(below, fc.oneof(leaf, fc.array(leaf), fc.dictionary(below, leaf)));
    let written = 0;
    fc.assert(
      fc.property(fc.dictionary(name, fc.oneof(leaf, inner)), (more) => {
        const { atOnce, event } = bothWays({ ...shipped, ...more });
        if (atOnce === undefined) return;
        written++;
        expect(atOnce).toEqual(event);
      }),
      { numRuns: 300 },
    );
    expect(written).toBeGreaterThan(10);
  });
});
