import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const CLI = fileURLToPath(new URL('../../bin/cli.ts', import.meta.url));
let folder = '';

const RULES = `title: Bad thing
id: bad
name: bad_thing
logsource: {product: linux}
detection:
    sel: {message|contains: bad}
    condition: sel
haidang:
    samples:
        match:
            - {event.module: system, message: so BAD}
        no_match:
            - {event.module: system, message: good}
            - {event.module: nginx, message: bad}
---
title: Many bad things
id: many
correlation:
    type: event_count
    rules: [bad_thing]
    group-by: [source.ip]
    timespan: 1m
    condition: {gte: 3}
haidang:
    samples:
        match:
            - events:
                - event: {event.module: system, message: bad, source.ip: 192.0.2.1}
                  repeat: 3
                  every: 10s
        no_match:
            - events:
                - event: {event.module: system, message: bad, source.ip: 192.0.2.1}
                  repeat: 3
                  every: 30s
`;

const IN_ORDER = `title: Good after bad
id: ordered
correlation:
    type: temporal_ordered
    rules: [many, fine]
    group-by: [source.ip]
    timespan: 5m
---
title: Fine
id: fine
logsource: {product: linux}
detection: {sel: {message: fine}, condition: sel}
`;

function event(second: number, ip: string, message = 'bad'): string {
  const time = new Date(Date.UTC(2026, 0, 1) + second * 1_000).toISOString();
  return JSON.stringify({ '@timestamp': time, event: { module: 'system' }, source: { ip }, message });
}

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

function rules(args: readonly string[], input = ''): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, 'rules', ...args]);
    let [out, error] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      error += text;
    });
    child.on('error', reject).on('close', (code) => resolve({ code, out, error }));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

const file = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'haidang-rules-'));
  writeFileSync(file('good.yml'), RULES);
  writeFileSync(file('wrong.yml'), RULES.replace('message|contains', 'message|like').replaceAll('id: ', 'id: w'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('haidang rules check', () => {
  it('is content with good rules', async () => {
    const { code, out, error } = await rules(['check', file('good.yml')]);
    expect([code, out]).toEqual([0, '']);
    expect(error).toContain('2 rules are right, 0 problems');
  });

  it('names what is wrong with file, line and column', async () => {
    const { code, out } = await rules(['check', file('wrong.yml')]);
    expect(code).toBe(1);
    expect(out).toContain(`${file('wrong.yml')}:6:19 HD_RULE_UNKNOWN_MODIFIER There is no modifier "like".`);
    expect(out).toContain('HD_RULE_REFERENCE');
  });

  it.each([
    [['check']],
    [['check', '/nowhere.yml']],
    [['check', '--what', 'x']],
    [['nothing']],
    [[]],
    [['run']],
    [['bench', '--rules', 'x']],
  ])('bad usage %j ends with 2', async (args) => {
    const { code, error } = await rules(args);
    expect(code).toBe(2);
    expect(error).not.toMatch(/\n\s+at /);
  });

  it.each(['check', 'run', 'bench', 'test'])('%s --help tells how', async (name) => {
    const { code, out } = await rules([name, '--help']);
    expect([code, out.startsWith(`Usage: haidang rules ${name} `)]).toEqual([0, true]);
  });
});

describe('haidang rules test', () => {
  it('runs samples, of correlations too', async () => {
    const { code, error } = await rules(['test', file('good.yml')]);
    expect([code, error]).toEqual([0, '5 samples: 5 passed, 0 failed.\n']);
  });

  it('names a sample that fails', async () => {
    writeFileSync(
      file('fails.yml'),
      RULES.replace('message: so BAD', 'message: fine').replace('every: 30s', 'every: 5s'),
    );
    const { code, out } = await rules(['test', file('fails.yml')]);
    expect(code).toBe(1);
    expect(out).toMatch(/:1 bad "Bad thing": samples\.match number 1 does not match/);
    expect(out).toMatch(/:16 many "Many bad things": samples\.no_match number 1 matches/);
  });
});

describe('haidang rules run', () => {
  const input = [
    event(0, '192.0.2.1'),
    'not json',
    event(0, '192.0.2.1', 'good'),
    '[]',
    '',
    event(20, '192.0.2.1'),
    event(25, '192.0.2.9'),
    event(59, '192.0.2.1'),
  ].join('\n');
  const lines = (out: string): unknown[] =>
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);

  it('gives matches and correlations, names bad lines, and goes on', async () => {
    const { code, out, error } = await rules(['run', '--rules', file('good.yml'), '-'], input);
    expect(code).toBe(1);
    expect(error).toMatch(/^line 2: not an event: .*\nline 4: not an event: not a JSON object\.\n$/);
    const bad = { rule: 'bad', kind: 'event', title: 'Bad thing', level: 'medium' };
    expect(lines(out)).toEqual([
      { ...bad, line: 1 },
      { ...bad, line: 6 },
      { ...bad, line: 7 },
      { ...bad, line: 8 },
      {
        rule: 'many',
        line: 8,
        kind: 'correlation',
        title: 'Many bad things',
        level: 'medium',
        group: { 'source.ip': '192.0.2.1' },
        first: '2026-01-01T00:00:00.000Z',
        last: '2026-01-01T00:00:59.000Z',
        count: 3,
      },
    ]);
  });

  it('gives correlations of steps in order', async () => {
    writeFileSync(file('ordered.yml'), IN_ORDER);
    const events = [event(0, '192.0.2.1', 'fine'), event(1, '192.0.2.1'), event(2, '192.0.2.1')];
    const after = [event(3, '192.0.2.1'), event(200, '192.0.2.1', 'fine'), event(201, '192.0.2.9', 'fine')];
    const args = ['run', '--rules', file('good.yml'), '--rules', file('ordered.yml'), '-'];
    const { code, out } = await rules(args, [...events, ...after].join('\n'));
    expect(code).toBe(0);
    const found = lines(out) as { rule: string; kind: string; line: number; count: number; first: string }[];
    expect(found.filter(({ kind }) => kind === 'correlation')).toMatchObject([
      { rule: 'many', line: 4, count: 3 },
      { rule: 'ordered', line: 5, count: 4, first: '2026-01-01T00:00:01.000Z', last: '2026-01-01T00:03:20.000Z' },
    ]);
  });

  it('reads packed files, and events that carry the rules own names', async () => {
    writeFileSync(file('raw.ndjson.gz'), gzipSync(`${JSON.stringify({ product: 'linux', message: 'BAD' })}\n`));
    const args = ['run', '--rules', file('good.yml'), '--fields', 'raw', file('raw.ndjson.gz')];
    const { code, out, error } = await rules(args);
    expect(code).toBe(0);
    expect(out).toContain('"rule":"bad","line":1');
    expect(error).toContain('1 matches have no time');
  });

  it('goes on with the good rules beside a wrong one', async () => {
    const { out, error } = await rules(['run', '--rules', folder], event(0, '192.0.2.1'));
    expect(out).toContain('"rule":"bad"');
    expect(error).toContain('HD_RULE_UNKNOWN_MODIFIER');
  });
});

describe('haidang rules bench', () => {
  it('gives one line of figures', async () => {
    writeFileSync(file('events.ndjson'), `${event(0, '192.0.2.1')}\n${event(1, '192.0.2.1', 'good')}\n`);
    const { code, out } = await rules(['bench', '--rules', file('good.yml'), file('events.ndjson')]);
    expect(code).toBe(0);
    const figures = JSON.parse(out) as Record<string, number>;
    expect(Object.keys(figures)).toEqual(['rules', 'events', 'hits', 'match_per_s', 'parse_match_per_s']);
    expect(figures).toMatchObject({ rules: 1, events: 2, hits: 1 });
  });
});
