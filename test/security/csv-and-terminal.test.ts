import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csvField as consoleField } from '../../console/search/csv.ts';
import { safeJson } from '../../ecs/safe-json.ts';
import { plain } from '../../server/commands/terminal.ts';
import { csvField } from '../../server/search/csv.ts';
import { Installation, until } from '../e2e/harness.ts';
import { syslogTime } from '../e2e/logs.ts';
import { FORMULAS, TERMINAL } from './payloads.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What a terminal obeys or hides: C0 but tab and line break, DEL, C1, and marks of direction and of nothing. */
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== 'dist') yield* sources(path);
    else if (/\.tsx?$/.test(entry.name)) yield path;
  }
}

describe('CSV', () => {
  /** What a spreadsheet makes of one field of a line (RFC 4180 §2). */
  const unquoted = (field: string) => (field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field);

  it.each([csvField, consoleField])('holds no text that a spreadsheet would run: %o', (field) => {
    for (const text of [...FORMULAS, ...FORMULAS.map((one) => [one, one])]) {
      const cell = unquoted(field(text));
      expect(cell, JSON.stringify(text)).not.toMatch(/^[\s\u0000\ufeff]*[=+\-@＝＋－＠]/u);
      // Quotes, separators and line breaks stay within the field.
      expect(field(text).replaceAll('""', '')).toMatch(/^"[^"]*"$|^[^",;\t\r\n]*$/);
    }
    expect(field(-5)).toBe('-5');
    expect(field('Sở Nội vụ')).toBe('Sở Nội vụ');
  });

  it('is written by these two functions and no others', () => {
    const writes = [...sources('server'), ...sources('console')].filter((path) =>
      /text\/csv|\.csv['"`]/.test(readFileSync(join(ROOT, path), 'utf8')),
    );
    const unsafe = writes.filter((path) => {
      const text = readFileSync(join(ROOT, path), 'utf8');
      const makes = /content-type['"],?\s*:?\s*['"]text\/csv|type\(['"`]text\/csv|new Blob\(/.test(text);
      return makes && !/search\/csv\.ts|\.\/csv\.ts|exportText/.test(text);
    });
    expect(unsafe).toEqual([]);
  });
});

describe('the command line', () => {
  it('writes JSON that says the same and moves no cursor', () => {
    for (const text of TERMINAL) {
      const line = safeJson({ [text]: [text] });
      expect(line).not.toMatch(OBEYED);
      expect(line).not.toContain('\n');
      expect(JSON.parse(line)).toEqual({ [text]: [text] });
      expect(plain(text)).not.toMatch(OBEYED);
    }
  });

  it('prints JSON by that function alone', () => {
    const raw = [...sources('server/commands'), ...sources('collector/commands')].filter((path) =>
      /console\.log\([^;]*JSON\.stringify\(/.test(readFileSync(join(ROOT, path), 'utf8')),
    );
    expect(raw).toEqual([]);
  });
});

describe('every command that prints what came from outside', () => {
  let installation: Installation;
  let incidentId = '';
  const hostile = TERMINAL.join(' ').replaceAll(/[\r\n\u2028\u2029]/g, ' ');

  beforeAll(async () => {
    installation = await Installation.create({});
    await installation.up();
    const contact = {
      person: hostile.slice(0, 200),
      phone: '\u001b[2J',
      email: hostile.slice(0, 200),
      address: hostile,
    };
    const agency = { id: 'hostile', name: hostile.slice(0, 200), contact, securityLevel: 3 };
    await installation.api('/api/v1/agencies', { method: 'POST', body: JSON.stringify(agency) });
    const asset = { kind: 'host', value: 'web1', level: 3, name: hostile.slice(0, 200), agency: null };
    await installation.api('/api/v1/assets', { method: 'POST', body: JSON.stringify(asset) });
    const incident = { alerts: [], title: hostile.slice(0, 300), summary: hostile, agencies: ['hostile'] };
    const made = await installation.api<{ incident: { id: string } }>('/api/v1/incidents', {
      method: 'POST',
      body: JSON.stringify(incident),
    });
    incidentId = made.incident.id;
    await installation.api(`/api/v1/incidents/${incidentId}/changes`, {
      method: 'POST',
      body: JSON.stringify({ comment: hostile, addTask: { title: hostile.slice(0, 500), assignee: null, due: null } }),
    });
    await sendSyslog(installation.syslogPort, `<13>${syslogTime(Date.now())} web1 evil${TERMINAL[0]}: ${hostile}`);
    await until(
      'the line is stored',
      async () => {
        const { events } = await installation.api<{ events: unknown[] }>('/api/v1/events?kql=evil*');
        return events.length > 0 ? true : undefined;
      },
      60_000,
    );
  }, 240_000);
  afterAll(() => installation?.remove());

  it('strips what a terminal would obey, as a table and as JSON', { timeout: 240_000 }, async () => {
    const commands = [
      ['query', 'evil*'],
      ['alert', 'list'],
      ['agency', 'list'],
      ['asset', 'list'],
      ['incident', 'list'],
      ['incident', 'show', incidentId],
      ['user', 'list'],
      ['audit', 'list'],
      ['collector', 'list'],
      ['rules', 'health'],
      ['status'],
    ];
    let hostileSeen = 0;
    for (const command of commands) {
      for (const args of [command, [...command, '--json']]) {
        const { code, out, err } = await installation.cli(args);
        expect(code, `${args.join(' ')}: ${err}`).toBe(0);
        expect(out, args.join(' ')).not.toMatch(OBEYED);
        expect(err, args.join(' ')).not.toMatch(OBEYED);
        if (/0;title/.test(out)) hostileSeen += 1;
      }
    }
    // Nothing was hidden by leaving it out.
    expect(hostileSeen).toBeGreaterThanOrEqual(8);
  });

  it('strips it from errors that quote what was given', async () => {
    for (const args of [
      ['query', `a: ( ${hostile}`],
      ['incident', 'show', hostile],
      ['rules', 'check', `/nowhere/${hostile}`],
      [hostile],
      ['query', '--from', hostile],
      ['up', '--config', `/nowhere/${hostile}`],
    ]) {
      const { code, out, err } = await installation.cli(args.map((one) => one.replaceAll('\u0000', '')));
      expect(code).not.toBe(0);
      expect(out + err).not.toMatch(OBEYED);
    }
  });
});

async function sendSyslog(port: number, line: string): Promise<void> {
  await new Promise<void>((done, failed) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(`${line}\n`));
    socket.on('error', failed);
    socket.on('close', () => done());
  });
}
