import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PARSER_NAMES, parseLine } from '../../../collector/parsers/index.ts';
import { CONTEXT, fixtures } from './fixtures.ts';

const ALL = ['auto', ...PARSER_NAMES];
const LINES = fixtures().flatMap(({ lines }) => lines);
// Pieces that the grammars look for, so that random lines reach deep into them.
const PIECES = [
  ' from 203.0.113.5 port 22',
  ' [preauth]',
  'Failed password for ',
  'Invalid user ',
  'Disconnecting invalid user ',
  'message repeated 3 times: [ ',
  ' ; USER=root ; COMMAND=',
  ', client: 203.0.113.5, server: ',
  ', request: "GET / HTTP/1.1"',
  '] "',
  '\\"',
  '"',
  '[x@1 a="',
  ' port 1: ',
  '<13>1 ',
  '{"a":',
  'pam_unix(x:auth): ',
  ' : ',
  ': ',
  ' ',
];

function survives(line: string): void {
  for (const parser of ALL) {
    const event = parseLine(line, parser, CONTEXT);
    const kept = event.event.original;
    if (!line.includes('original')) expect(kept).toBe(line);
    expect(new Date(event['@timestamp']).toISOString()).toBe(event['@timestamp']);
    expect(typeof JSON.stringify(event)).toBe('string');
  }
}

describe('any text', () => {
  it('gives an event with the line kept, from every parser', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), survives), { numRuns: 300 });
  });

  it('gives an event where it is nearly a log line', () => {
    const mutated = fc
      .tuple(fc.constantFrom(...LINES), fc.nat(), fc.nat(40), fc.string({ unit: 'binary', maxLength: 8 }))
      .map(([line, at, cut, piece]) => {
        const start = at % (line.length + 1);
        return line.slice(0, start) + piece + line.slice(start + cut);
      });
    fc.assert(fc.property(mutated, survives), { numRuns: 1_500 });
  });

  it('gives an event where it is pieces of many', () => {
    const head = fc.constantFrom(
      '',
      'Nov 22 08:01:02 web01 sshd[1]: ',
      '2026/11/22 08:14:31 [error] 1#1: ',
      '<34>1 - - - - - ',
    );
    const body = fc.array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 6 })), { maxLength: 24 });
    fc.assert(
      fc.property(head, body, (start, pieces) => survives(start + pieces.join(''))),
      { numRuns: 1_500 },
    );
  });

  // The work must grow with the length, not with its square: at the size where a record is cut, a quadratic pattern
  // would run for minutes, and the runner would stop it.
  const SIZE = 256 * 1024;
  const HEADS = [
    '',
    'Nov 22 08:01:02 h sshd[1]: ',
    'Nov 22 08:01:02 h sudo: x : ',
    'Nov 22 08:01:02 h su: ',
    'Nov 22 08:01:02 h useradd[1]: ',
    '2026/11/22 08:14:31 [error] 1#1: ',
    '[Sun Nov 22 08:14:30 2026] [error] [client 203.0.113.6] ',
    '203.0.113.5 - - [22/Nov/2026:08:14:15 +0700] "GET ',
  ];
  const repeated = (piece: string) => piece.repeat(Math.ceil(SIZE / piece.length));

  it.each([...PIECES, 'a', '\\', '[', '{', ', host: "', ', referer: ', 'new user: name=', "delete user '", ' by '])(
    'is read in linear time where it repeats %j',
    (piece) => {
      for (const head of HEADS) for (const parser of ALL) parseLine(head + repeated(piece), parser, CONTEXT);
    },
    60_000,
  );
});

// A message as long as the parsers of programs still read, made to need every way back that a pattern has.
describe('a long message', () => {
  const STARTS = [
    'Failed password for ',
    'Disconnecting invalid user ',
    'Invalid user ',
    'User ',
    'Connection closed by ',
    'Starting session: ',
    'PAM: ',
    'pam_unix(x:session): session opened for user ',
    '(to ',
    'Successful su for ',
    'new user: name=',
    "removed group '",
    "change user '",
    'user ',
  ];
  const MIDDLES = [...PIECES, ', UID=1, GID=1, home=', ' for ', ' by ', "' ", "' owned by '", ' to group ', '(uid=0)'];

  it.each(STARTS)('is read at once where it starts with %j', (start) => {
    for (const program of ['sshd', 'su', 'useradd', 'systemd-logind']) {
      for (const piece of MIDDLES) {
        const message = (start + piece.repeat(4096)).slice(0, 4096);
        for (let times = 0; times < 20; times++) parseLine(message, 'auto', { ...CONTEXT, program });
      }
    }
  });
});
