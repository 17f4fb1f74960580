import { describe, expect, it } from 'vitest';
import { AUDIT_EVENTS } from '../../../collector/inputs/audit-cutter.ts';
import { makeCutter } from '../../../collector/inputs/cutter.ts';
import { printOf } from '../../../collector/inputs/page-print.ts';
import { RelpFault, RelpFraming } from '../../../collector/inputs/relp-framing.ts';
import { SyslogFraming } from '../../../collector/inputs/syslog-framing.ts';
import { PARSER_NAMES, parseLine } from '../../../collector/parsers/index.ts';
import { scanSegment } from '../../../collector/spool/record.ts';
import { WIRE_LIMITS } from '../../../ecs/wire.ts';
import { CONTEXT, fixtures } from '../parsers/fixtures.ts';
import { segment } from './samples.ts';
import { mayRefuse } from './target.ts';

// The work must grow with the length and not with its square: at these sizes a square would take minutes, and the runner
// would stop the test.
const RECORD = WIRE_LIMITS.recordBytes;
const PAGE = 2 * 1024 * 1024;
const MOST_LINES = 5;
const MOST_PIECES = 7;

const run = (piece: string, size: number) => piece.repeat(Math.ceil(size / piece.length)).slice(0, size);

/** Pieces that a line of this kind is made of, the rarest shapes first; each with what stands before it. */
function piecesOf(line: string): { head: string; piece: string }[] {
  const found = new Map<string, { head: string; piece: string }>();
  for (const match of line.matchAll(/[^\p{L}\p{N}]+[\p{L}\p{N}]{1,12}[=:"'>\]),;|]*/gu)) {
    const shape = match[0].replaceAll(/[\p{L}\p{N}]+/gu, 'a');
    if (!found.has(shape)) found.set(shape, { head: line.slice(0, match.index), piece: match[0] });
  }
  return [...found.values()].reverse().slice(0, MOST_PIECES);
}

describe('a record as long as a record may be', () => {
  const samples = new Map(fixtures().map(({ parser, lines }) => [parser, lines]));

  it.each(PARSER_NAMES)('is read in linear time by %s, whatever of its own grammar repeats', (name) => {
    const lines = samples.get(name) ?? [];
    const step = Math.max(1, Math.floor(lines.length / MOST_LINES));
    let tried = 0;
    for (const line of lines.filter((_, at) => at % step === 0).slice(0, MOST_LINES)) {
      for (const { head, piece } of piecesOf(line)) {
        for (const parser of [name, 'auto']) {
          const long = head + run(piece, RECORD - head.length);
          expect(parseLine(long, parser, CONTEXT).event.original).toBeDefined();
          tried++;
        }
      }
    }
    expect(tried).toBeGreaterThan(0);
  });
});

describe('what is taken apart before a parser sees it', () => {
  const TOKENS = ['<', '<13>', '1 ', '9', '\n', '\r\n', '9 <', '\0', ' ', '12345678', '\n2026-', 'ộ', '\n1 syslog 5 '];

  it.each(TOKENS)('streams that repeat %j', (token) => {
    const bytes = Buffer.from(run(token, RECORD));
    for (const framing of [new SyslogFraming(), new RelpFraming()]) {
      mayRefuse(RelpFault, () => {
        for (let at = 0; at < bytes.length; at += 16_384) {
          for (const _ of framing.push(bytes.subarray(at, at + 16_384)));
        }
      });
    }
    for (const cutter of [
      makeCutter({ encoding: 'utf-8', start: '^\\d{4}-' }),
      makeCutter({ encoding: 'utf-16le', start: undefined }),
      AUDIT_EVENTS,
    ]) {
      let pieces = 0;
      for (let rest = bytes; rest.length > 0; ) {
        const step = cutter.next(rest.subarray(0, RECORD + 4_096), pieces, true);
        if (step.cut.consumed === 0) break;
        pieces = step.pieces;
        rest = rest.subarray(step.cut.consumed);
      }
    }
    expect(bytes.length).toBe(Buffer.from(run(token, RECORD)).length);
  });

  it('a segment of many damaged records', () => {
    const [record] = [...scanSegment(segment(2))];
    const damaged = Buffer.from(segment(2).subarray(0, 24 + (record?.kind === 'record' ? record.payload.length : 0)));
    damaged[30] = (damaged[30] as number) ^ 1;
    const found = [...scanSegment(Buffer.alloc(8 * 1024 * 1024, damaged))];
    expect(found).toHaveLength(1);
    expect(found[0]?.kind).toBe('damaged');
  });

  it.each([
    '<',
    '<!--',
    '<script',
    '<script>',
    '<svg x="',
    '</script',
    '<title',
    '<title>',
    '&#x41;',
    '&',
    '<p>ộ ',
    '> <',
  ])('web pages that repeat %j', (token) => {
    expect(printOf(run(token, PAGE)).sketch.length).toBeLessThanOrEqual(128);
    expect(printOf(`<title>a</title><script>${run(token, PAGE)}`).title).toBe('a');
  });
});
