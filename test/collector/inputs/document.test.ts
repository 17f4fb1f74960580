import fc from 'fast-check';
import { expect, test } from 'vitest';
import { documentParser } from '../../../collector/inputs/document.ts';
import { objectEvent, PARSER_NAMES, parseLine } from '../../../collector/parsers/index.ts';

const named = (parser: string) =>
  Object.assign((line: string, now: number) => parseLine(line, parser, { now, timeZone: 'UTC' }), {
    ofObject: (object: Record<string, unknown>, line: string, now: number) =>
      objectEvent(object, line, parser, { now, timeZone: 'UTC' }),
  });
const parse = documentParser({
  line: named('auto'),
  json: named('json'),
  windows: PARSER_NAMES.includes('windows') ? named('windows') : undefined,
});
const NOW = Date.UTC(2026, 10, 22, 10);

test('a document of Winlogbeat goes through the Windows parser', () => {
  const document = {
    '@timestamp': '2026-11-22T09:59:58.123Z',
    winlog: {
      channel: 'Security',
      provider_name: 'Microsoft-Windows-Security-Auditing',
      event_id: '4625',
      computer_name: 'DC01.so-noi-vu.local',
      event_data: {
        TargetUserName: 'admin',
        TargetDomainName: 'SONOIVU',
        IpAddress: '203.0.113.66',
        IpPort: '50000',
        LogonType: '3',
        SubStatus: '0xc000006a',
        Status: '0xc000006d',
      },
    },
    event: { code: '4625', provider: 'Microsoft-Windows-Security-Auditing', kind: 'event' },
    host: { name: 'DC01.so-noi-vu.local' },
    agent: { type: 'winlogbeat', version: '8.17.0' },
    message: 'An account failed to log on.',
  };
  expect(parse(JSON.stringify(document), NOW)).toMatchObject({
    '@timestamp': '2026-11-22T09:59:58.123Z',
    event: { code: '4625', outcome: 'failure', category: expect.arrayContaining(['authentication']) },
    source: { ip: '203.0.113.66' },
  });
});

test('the line inside a document is parsed at the document’s time, and the rest stands beside it', () => {
  const line = 'Nov 21 23:59:59 mail-01 sshd[1]: Accepted password for canbo from 203.0.113.66 port 50000 ssh2';
  const document = {
    '@timestamp': '2026-11-22T00:00:01Z',
    log: line,
    kubernetes: { pod: { name: 'p1' } },
    stream: 'stderr',
  };
  const event = parse(JSON.stringify(document), NOW);
  expect(event).toMatchObject({
    '@timestamp': '2026-11-21T23:59:59.000Z',
    event: { original: line, outcome: 'success' },
    source: { ip: '203.0.113.66' },
    kubernetes: { pod: { name: 'p1' } },
    stream: 'stderr',
  });
  expect(event).not.toHaveProperty('log.0');
});

test('what is no document goes to the line’s parser; broken JSON and too deep JSON are kept as not understood', () => {
  expect(parse('<34>Nov 22 10:00:00 fw1 app: hello', NOW)).toMatchObject({ host: { name: 'fw1' } });
  const deep = `${'{"a":'.repeat(60)}1${'}'.repeat(60)}`;
  for (const record of ['{"a": ', deep]) {
    expect(parse(record, NOW).event).toMatchObject({ kind: 'pipeline_error', original: record });
  }
});

test('any JSON at all gives an event with its original, and never a name that only this program sets', () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.constantFrom(
          'event',
          'message',
          'source',
          'host',
          'log',
          'haidang',
          'organization',
          'agent',
          'labels',
          'x',
          '@timestamp',
          'winlog',
          '__proto__',
        ),
        fc.jsonValue({ maxDepth: 4 }),
      ),
      (object) => {
        const record = JSON.stringify(object);
        const event = parse(record, NOW);
        expect(typeof event.event.original).toBe('string');
        expect(Number.isNaN(Date.parse(event['@timestamp']))).toBe(false);
        expect(event).not.toHaveProperty('organization');
        expect(event).not.toHaveProperty('agent');
        expect(event.event.id).toBeUndefined();
        for (const key of Object.keys((event['haidang'] as object | undefined) ?? {}))
          expect(['json', 'repeated']).toContain(key);
      },
    ),
    { numRuns: 1_000 },
  );
});
