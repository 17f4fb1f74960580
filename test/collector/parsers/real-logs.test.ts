import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parseLine } from '../../../collector/parsers/index.ts';
import type { EcsEvent } from '../../../ecs/event.ts';
import { readField } from '../../../ecs/event.ts';
import { CONTEXT } from './fixtures.ts';

// Real logs that lie beside the project on some machines; the fixtures test the same without them.
const FOLDER = new URL('../../../../shared/data/logs/', import.meta.url);
const AUTH = new URL('auth.log.gz', FOLDER);
const APACHE = new URL('apache_access.log.gz', FOLDER);
const present = existsSync(AUTH) && existsSync(APACHE);

function lines(file: URL): string[] {
  return gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n');
}

function parsedBy(all: readonly string[], parser: string): EcsEvent[] {
  return all.map((line) => parseLine(line, parser, CONTEXT));
}

function count(events: readonly EcsEvent[], fields: Readonly<Record<string, unknown>>): number {
  return events.filter((event) => Object.entries(fields).every(([name, value]) => readField(event, name) === value))
    .length;
}

describe.runIf(present)('real logs', () => {
  it('are all understood, by auto as by name', () => {
    for (const [file, parser] of [
      [AUTH, 'openssh'],
      [APACHE, 'apache'],
    ] as const) {
      for (const name of ['auto', parser]) {
        expect(count(parsedBy(lines(file), name), { 'event.kind': 'pipeline_error' })).toBe(0);
      }
    }
  });

  it('give the counts that a plain text search finds', () => {
    const all = lines(AUTH);
    const found = (pattern: RegExp) => all.filter((line) => pattern.test(line)).length;
    const events = parsedBy(all, 'auto');
    expect(events).toHaveLength(7_121);
    expect(count(events, { 'event.action': 'ssh_login', 'event.outcome': 'success' })).toBe(found(/: Accepted /));
    expect(count(events, { 'event.action': 'ssh_login', 'event.outcome': 'failure' })).toBe(
      found(/[:[] (?:Failed \S+ for|Invalid user|error: maximum auth)/),
    );
    expect(count(events, { 'event.action': 'sudo_command' })).toBe(found(/COMMAND=/));
    expect(count(events, { 'event.action': 'authentication_failure' })).toBe(found(/authentication failures?;/));
    expect(count(events, { 'process.name': 'sshd', 'user.name': 'root', 'event.action': 'ssh_login' })).toBe(
      found(/(?:Failed|Accepted) \S+ for root from|exceeded for root from/),
    );
    const repeated = events.filter((event) => readField(event, 'haidang.repeated') !== undefined);
    expect(repeated).toHaveLength(found(/message repeated/));
  });

  it('give every request its parts', () => {
    const all = lines(APACHE);
    const events = parsedBy(all, 'apache');
    expect(events).toHaveLength(10_000);
    for (const [at, line] of all.entries()) {
      const [, address, method, target, status] = /^(\S+) .*?"(\S+) (.*) HTTP\/1\.[01]" (\d+) /.exec(line) ?? [];
      const event = events[at] as EcsEvent;
      expect(readField(event, 'source.ip') ?? readField(event, 'source.domain')).toBe(address);
      expect(readField(event, 'http.request.method')).toBe(method);
      expect(readField(event, 'url.original')).toBe(target);
      expect(readField(event, 'http.response.status_code')).toBe(Number(status));
    }
  });
});
