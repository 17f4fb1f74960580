import { expect, it } from 'vitest';
import { parsed } from './fixtures.ts';

const wrap = (log: string): string => JSON.stringify({ log, stream: 'stdout', time: '2026-11-22T01:01:08.1Z' });

it.each([
  ['openssh', 'sshd[1234]: Failed password for lan from 203.0.113.5 port 4022 ssh2\n', 'system.auth'],
  ['nginx', '203.0.113.5 - lan [22/Nov/2026:08:01:08 +0700] "GET /a HTTP/1.1" 200 5 "-" "curl/8"\n', 'nginx.access'],
  [
    'fortigate',
    'date=2026-11-22 time=08:01:08 devname=fg1 devid=F1 type=traffic srcip=203.0.113.5\n',
    'fortinet.firewall',
  ],
])('%s reads the line that Docker has wrapped, as auto does', (parser, log, dataset) => {
  const line = wrap(log);
  const event = parsed(line, parser);
  expect(event).toMatchObject({
    event: { kind: 'event', dataset, original: line },
    source: { ip: '203.0.113.5' },
    stream: 'stdout',
  });
  expect(parsed(line, 'auto')).toEqual(event);
});

it('says that a parser does not understand what is wrapped', () => {
  expect(parsed(wrap('words\n'), 'openssh')).toMatchObject({ event: { kind: 'pipeline_error' } });
  expect(parsed('{"log":1}', 'openssh')).toMatchObject({ event: { kind: 'pipeline_error' } });
});
