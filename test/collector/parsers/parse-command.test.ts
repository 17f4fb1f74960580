import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const CLI = fileURLToPath(new URL('../../../bin/cli.ts', import.meta.url));
const FIXED = ['--time-zone', 'Asia/Ho_Chi_Minh', '--year-from', '2026-11-22T12:00:00Z'];
const FAILED = 'Nov 22 08:01:04 web01 sshd[2103]: Failed password for root from 203.0.113.7 port 22001 ssh2';

interface Ran {
  readonly code: number | null;
  readonly events: Record<string, unknown>[];
  readonly err: string;
}

/** Runs `haidang parse` with its input; `lines` closes its output after so many lines, as head(1) does. */
function parse(args: readonly string[], input: string | Buffer = '', lines = Number.POSITIVE_INFINITY): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, 'parse', ...args], { stdio: 'pipe' });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (out.split('\n').length > lines) child.stdout.destroy();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    // The child may leave before it has read all of its input.
    child.stdin.on('error', () => undefined);
    child.on('error', reject);
    child.on('close', (code) => {
      const whole = out.slice(0, out.lastIndexOf('\n') + 1).trimEnd();
      resolve({ code, events: whole === '' ? [] : whole.split('\n').map((line) => JSON.parse(line)), err });
    });
    child.stdin.end(input);
  });
}

describe('haidang parse', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'haidang-parse-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('turns raw lines from standard input into one event a line, in order', async () => {
    const { code, events, err } = await parse([...FIXED, '-'], `${FAILED}\r\n\nplain words\n${FAILED}`);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(events).toHaveLength(3);
    expect(events[0]).toMatchObject({
      '@timestamp': '2026-11-22T01:01:04.000Z',
      event: { action: 'ssh_login', original: FAILED },
      source: { ip: '203.0.113.7', port: 22001 },
    });
    expect(events[0]?.['host']).toEqual({ name: 'web01', hostname: 'web01' });
    expect(events[1]).toMatchObject({ event: { kind: 'pipeline_error', original: 'plain words' } });
    expect(events[2]).toEqual(events[0]);
  });

  it('takes the line out of NDJSON, and of what stands beside it the ECS fields alone', async () => {
    const record = {
      message: FAILED,
      '@timestamp': '2020-12-01T00:00:00Z',
      log: { file: { path: '/var/log/auth.log' } },
      host: { name: 'other', os: { type: 'linux' } },
      event: { id: 'forged', timezone: '+07:00' },
      organization: { id: 'forged' },
      offset: 12,
    };
    const { events } = await parse(['--parser', 'openssh', ...FIXED], `${JSON.stringify(record)}\n`);
    expect(events).toEqual([
      {
        '@timestamp': '2020-11-22T01:01:04.000Z',
        event: expect.objectContaining({ original: FAILED, timezone: '+07:00', action: 'ssh_login' }),
        message: 'Failed password for root from 203.0.113.7 port 22001 ssh2',
        host: { name: 'web01', hostname: 'web01', os: { type: 'linux' } },
        log: { file: { path: '/var/log/auth.log' } },
        process: { name: 'sshd', pid: 2103 },
        user: { name: 'root' },
        source: { ip: '203.0.113.7', port: 22001 },
        system: { auth: { ssh: { event: 'Failed', method: 'password' } } },
        related: { ip: ['203.0.113.7'], user: ['root'], hosts: ['web01'] },
      },
    ]);
    expect(events[0]?.['event']).not.toHaveProperty('id');
  });

  it('reads plain and gzip files, and a JSON array printed over many lines', async () => {
    const plain = join(folder, 'auth.log');
    const packed = join(folder, 'auth.log.gz');
    const array = join(folder, 'eve.json');
    writeFileSync(plain, `${FAILED}\n`);
    writeFileSync(packed, gzipSync(`${FAILED}\n${FAILED}\n`));
    const eve = { timestamp: '2026-11-22T01:00:00Z', event_type: 'alert', alert: { signature: 'a "}{" b' } };
    writeFileSync(array, JSON.stringify([eve, eve, { ...eve, src_ip: '192.0.2.1' }], null, 2));
    expect((await parse([...FIXED, plain])).events).toHaveLength(1);
    expect((await parse([...FIXED, packed])).events).toHaveLength(2);
    const { events } = await parse(['--parser', 'suricata', array]);
    expect(events).toHaveLength(3);
    expect(events[0]).toMatchObject({ rule: { name: 'a "}{" b' } });
    expect(events[2]).toMatchObject({ source: { ip: '192.0.2.1' } });
  });

  it('cuts a line of a megabyte into pieces and keeps each', async () => {
    const long = 'x'.repeat(1024 * 1024);
    const { code, events } = await parse([], `${long}\n${FAILED}\n`);
    expect(code).toBe(0);
    expect(events).toHaveLength(5);
    const kept = events.slice(0, 4).map((event) => (event['event'] as { original: string }).original);
    expect(kept.join('')).toBe(long);
  });

  it('goes on after bytes that are not UTF-8', async () => {
    const bad = Buffer.concat([Buffer.from([0xff, 0xfe, 0x00, 0x0a]), Buffer.from(`${FAILED}\n`)]);
    const { events } = await parse(FIXED, bad);
    expect(events).toHaveLength(2);
    expect(events[1]).toMatchObject({ event: { action: 'ssh_login' } });
  });

  it('ends without a fault when its reader leaves early', async () => {
    const { code, events, err } = await parse(FIXED, `${FAILED}\n`.repeat(40_000), 3);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(events.length).toBeGreaterThanOrEqual(3);
  });

  it('names what is wrong with its arguments, and leaves with 2', async () => {
    const wrong = async (args: readonly string[], words: RegExp) => {
      const { code, err, events } = await parse(args);
      expect(err.trimEnd().split('\n')).toHaveLength(1);
      expect(err).toMatch(words);
      expect({ code, events }).toEqual({ code: 2, events: [] });
    };
    await wrong(['--parser', 'nope'], /no parser "nope".*openssh.*suricata/);
    await wrong(['--time-zone', 'Nowhere/Town'], /no time zone "Nowhere\/Town"/);
    await wrong(['--year-from', 'soon'], /soon is not a time/);
    await wrong(['--colour'], /--colour/);
    await wrong([join(folder, 'absent.log')], /absent\.log/);
  });

  it('says how it is used', async () => {
    const child = spawn(process.execPath, [CLI, 'parse', '--help'], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    for await (const text of child.stdout.setEncoding('utf8')) out += text;
    expect(out).toMatch(/Usage: haidang parse .*\[FILE\|-\]/);
  });
});
