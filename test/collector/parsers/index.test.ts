import { describe, expect, it } from 'vitest';
import { parseLine } from '../../../collector/parsers/index.ts';
import type { ParserHint } from '../../../collector/record.ts';
import { CONTEXT, parsed } from './fixtures.ts';

const ACCESS = '203.0.113.5 - - [22/Nov/2026:08:14:15 +0700] "GET / HTTP/1.1" 200 612 "-" "x"';

describe('parseLine', () => {
  it('keeps a line that no parser understands, with the reason', () => {
    expect(parsed('just some words', 'auto')).toEqual({
      '@timestamp': '2026-11-22T12:00:00.000Z',
      event: { kind: 'pipeline_error', original: 'just some words' },
      message: 'just some words',
      error: { message: 'No parser recognises this line.' },
    });
    expect(parsed('just some words', 'nginx')).toMatchObject({
      event: { kind: 'pipeline_error' },
      error: { message: expect.stringContaining('nginx') },
    });
    expect(parsed('x', 'nope')).toMatchObject({ error: { message: 'There is no parser "nope".' } });
  });

  it.each(['nginx', 'apache'])(
    'takes the header of syslog off a line of %s, and its words for no virtual host',
    (name) => {
      const event = parsed(`<190>Nov 22 08:14:16 web01 portal: ${ACCESS}`, name);
      expect(event).toMatchObject({
        event: { dataset: `${name}.access` },
        host: { name: 'web01' },
        source: { ip: '203.0.113.5' },
        http: { response: { status_code: 200 } },
      });
      expect(event).not.toHaveProperty('destination');
      expect(event['url']).toEqual({ original: '/', path: '/' });
    },
  );

  it('reads an error line of nginx that comes by syslog, and a su that failed on a terminal', () => {
    const error =
      '2026/11/22 08:14:15 [warn] 9#9: *4 slow, client: 203.0.113.5, server: x, request: "POST /up HTTP/1.1"';
    expect(parsed(`<190>Nov 22 08:14:16 web01 nginx: ${error}`, 'nginx')).toMatchObject({
      event: { dataset: 'nginx.error' },
      host: { name: 'web01' },
      source: { ip: '203.0.113.5' },
    });
    expect(parsed("Nov 22 08:01:02 web01 su: 'su root' failed for an by /dev/pts/0", 'pam')).toMatchObject({
      event: { action: 'su', outcome: 'failure' },
      user: { name: 'an', effective: { name: 'root' } },
    });
  });

  it('names this machine where the line names none', () => {
    expect(parseLine(ACCESS, 'nginx', { ...CONTEXT, host: 'web9' })).toMatchObject({ host: { name: 'web9' } });
    const line = 'Nov 22 08:01:02 web01 cron[1]: x';
    expect(parseLine(line, 'syslog', { ...CONTEXT, host: 'web9' })).toMatchObject({ host: { name: 'web01' } });
  });

  it('tells the access lines of nginx and httpd apart by the path', () => {
    const read = (path: string) => parseLine(ACCESS, 'auto', { ...CONTEXT, path }).event.module;
    expect(read('/var/log/nginx/access.log')).toBe('nginx');
    expect(read('/var/log/apache2/access.log')).toBe('apache');
    expect(read('/var/log/httpd/access_log')).toBe('apache');
  });

  it('never takes the text of a named program for a syslog header', () => {
    const forged = 'Nov 22 08:01:02 other sshd[1]: Accepted password for root from 203.0.113.5 port 22 ssh2';
    const event = parseLine(forged, 'auto', { ...CONTEXT, program: 'backup', host: 'web01' });
    expect(event).toMatchObject({
      event: { dataset: 'system.syslog' },
      host: { name: 'web01' },
      process: { name: 'backup' },
    });
    expect(event.event.action).toBeUndefined();
    expect(event['source']).toBeUndefined();
  });

  it('reads the bare message of a program that the input names', () => {
    const line = 'Failed password for root from 203.0.113.5 port 22 ssh2';
    expect(parseLine(line, 'auto', { ...CONTEXT, program: 'sshd', host: 'web01' })).toMatchObject({
      event: { dataset: 'system.auth', action: 'ssh_login', outcome: 'failure' },
      process: { name: 'sshd' },
      source: { ip: '203.0.113.5', port: 22 },
    });
  });

  it('remembers the parser of a source, and leaves it when a line is of another kind', () => {
    const hint: ParserHint = {};
    expect(parseLine(ACCESS, 'auto', CONTEXT, hint).event.module).toBe('nginx');
    expect(hint.parser?.name).toBe('nginx');
    expect(parseLine('Nov 22 08:01:02 web01 cron[1]: x', 'auto', CONTEXT, hint).event.module).toBe('system');
    expect(hint.parser?.name).toBe('syslog');
    expect(parseLine('??', 'auto', CONTEXT, hint).event.kind).toBe('pipeline_error');
    expect(hint.parser?.name).toBe('syslog');
  });

  it('reads Suricata records that came by syslog', () => {
    const eve = '{"timestamp":"2026-11-22T01:14:15Z","event_type":"dns","src_ip":"192.0.2.1"}';
    for (const message of [eve, `@cee: ${eve}`]) {
      const line = `<134>Nov 22 08:14:16 ids1 suricata[9]: ${message}`;
      expect(parsed(line, 'auto')).toMatchObject({
        '@timestamp': '2026-11-22T01:14:15.000Z',
        event: { module: 'suricata', original: line },
        host: { name: 'ids1' },
        source: { ip: '192.0.2.1' },
        related: { ip: ['192.0.2.1'], hosts: ['ids1'] },
      });
    }
  });

  it('refuses JSON that is nested too deeply or holds too much', () => {
    const deep = `{"a":${'['.repeat(60)}${']'.repeat(60)}}`;
    const wide = `{"a":[${'1,'.repeat(20_000)}1]}`;
    const far = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    for (const line of [deep, wide, far]) expect(parsed(line, 'auto').event).toMatchObject({ kind: 'pipeline_error' });
  });

  it('does not let JSON change what all objects have', () => {
    const line = '{"\\u005f_proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"a":1}';
    const event = parseLine(line, 'json', CONTEXT);
    expect(Object.keys(event)).not.toContain('__proto__');
    expect(Object.getPrototypeOf(event)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
