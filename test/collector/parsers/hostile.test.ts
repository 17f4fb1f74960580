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
  '%ASA-6-302013: ',
  '%ASA-4-106100: access-list a permitted tcp ',
  ' (192.0.2.1/1)(LOCAL\\lan)',
  ' date=2026-11-22 time=08:01:02 devid=a type=',
  '="',
  "='",
  ', user=<',
  '[192.0.2.1]:25, ',
  '; from=<',
  ', status=sent (',
  '<Data Name="a">',
  '&#x41;',
  ' IN=eth0 OUT= SRC=192.0.2.1 ',
  ' 0/0/0/0/0 ',
  "'a/A/IN'",
  'type=SYSCALL msg=audit(1795309262.123:1): ',
  '\x1d',
  'TCP_MISS/200 ',
  ' (auth failed, 1 attempts (',
  '|a=',
  'PC7\tMSWinEventLog\t1\tSecurity\t1\t',
  '  Account Name:  ',
  'AgentDevice=WindowsLog\tEventID=4624\tMessage=',
  'type=SYSCALL msg=audit(11/22/2026 08:01:02.123:1) : ',
  'AUDIT: SESSION,1,1,READ,SELECT,,,',
  ' h1 CRON[1]: (root) CMD (',
  ' h1 vsftpd[1]: [lan] OK LOGIN: Client "',
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
      'Nov 22 08:01:02 h postfix/smtpd[1]: ',
      'Nov 22 08:01:02 h dovecot: imap-login: ',
      'Nov 22 08:01:02 h named[1]: client 192.0.2.1#1 (a): ',
      'Nov 22 08:01:02 h kernel: ',
      'Nov 22 08:01:02 h haproxy[1]: 192.0.2.1:1 [22/Nov/2026:08:01:02.655] a b/c ',
      'Nov 22 08:01:02 h %ASA-4-106023: ',
      '1795309262.123 1 192.0.2.1 TCP_MISS/200 1 GET ',
      '<Event><System><EventID>1</EventID></System><EventData>',
      'type=EXECVE msg=audit(1795309262.123:1): ',
      'date=2026-11-22 time=08:01:02 devname="a" logid="1" type="traffic" ',
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
    'Nov 22 08:01:02 h postfix/smtpd[1]: NOQUEUE: reject: RCPT from a[192.0.2.1]: ',
    'Nov 22 08:01:02 h %ASA-6-302014: Teardown TCP connection 1 for ',
    'Nov 22 08:01:02 h named[1]: client 192.0.2.1#1 (a): ',
    '1795309262.123 1 192.0.2.1 TCP_MISS/200 1 GET ',
    '<Event><System><EventID>1</EventID></System><EventData>',
    'type=EXECVE msg=audit(1795309262.123:1): ',
    'date=2026-11-22 time=08:01:02 devname="a" logid="1" type="traffic" ',
    'IN=eth0 OUT= SRC=192.0.2.1 DST=192.0.2.2 ',
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

  const DEVICES = [
    'NOQUEUE: reject: RCPT from a[192.0.2.1]: 554 ',
    '4F1A2B3C4D: to=<',
    'imap-login: Disconnected (auth failed, 1 attempts): user=<',
    'lda(a)<1><b>: msgid=<',
    'client 192.0.2.1#1 (a): updating zone ',
    'transfer of ',
    ...[
      '302013',
      '302014',
      '302020',
      '106100',
      '106023',
      '113005',
      '113019',
      '305011',
      '338002',
      '722051',
      '313005',
    ].map((number) => `%ASA-6-${number}: `),
  ];

  it.each(DEVICES)('of a server or device is read at once where it starts with %j', (start) => {
    for (const parser of ['postfix', 'dovecot', 'bind', 'cisco-asa']) {
      for (const piece of [...MIDDLES, 'a', '1', '0:', 'outside:', 'for ', 'Built inbound TCP connection 1 for ']) {
        parseLine((start + piece.repeat(4096)).slice(0, 4096), parser, CONTEXT);
      }
    }
  });

  it.each(STARTS)('is read at once where it starts with %j', (start) => {
    for (const program of ['sshd', 'su', 'useradd', 'systemd-logind']) {
      for (const piece of MIDDLES) {
        const message = (start + piece.repeat(4096)).slice(0, 4096);
        for (let times = 0; times < 20; times++) parseLine(message, 'auto', { ...CONTEXT, program });
      }
    }
  });
});
