import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ledger } from '../../../server/ledger/schema.ts';

const CLI = fileURLToPath(new URL('../../../bin/cli.ts', import.meta.url));
const LINES = 120;
let folder = '';
let environment: NodeJS.ProcessEnv = {};
let up: ChildProcess | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haidang-up-'));
  await mkdir(join(folder, 'logs'));
  await writeFile(join(folder, 'logs/auth.log'), '');
  const config = {
    agency: { id: 'so-noi-vu', name: 'Sở Nội vụ' },
    collector: { inputs: [{ type: 'file', paths: [join(folder, 'logs/auth.log')] }] },
  };
  await writeFile(join(folder, 'haidang.yaml'), JSON.stringify(config));
  environment = {
    ...process.env,
    HAIDANG_DATA: join(folder, 'data'),
    HAIDANG_PORT: '0',
    HAIDANG_INGEST_PORT: '0',
    HAIDANG_ADMIN_PASSWORD: '',
    OPENSEARCH_URL: '',
  };
});
afterAll(async () => {
  up?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

interface Done {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function haidang(
  args: readonly string[],
  options: { input?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Done> {
  const child = spawn(process.execPath, [CLI, ...args], { env: { ...environment, ...options.env } });
  let out = '';
  let err = '';
  child.stdout.on('data', (piece) => {
    out += piece;
  });
  child.stderr.on('data', (piece) => {
    err += piece;
  });
  child.stdin.end(options.input ?? '');
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

/** Starts `haidang up` and gives what it printed once the console is there. */
async function start(): Promise<{ child: ChildProcess; printed: () => string; logged: () => string }> {
  const child = spawn(process.execPath, [CLI, 'up', '--config', join(folder, 'haidang.yaml')], { env: environment });
  let out = '';
  let err = '';
  child.stderr?.on('data', (piece) => {
    err += piece;
  });
  await new Promise<void>((done, failed) => {
    child.once('exit', (code) => failed(new Error(`haidang up ended with ${code}: ${err}`)));
    child.stdout?.on('data', (piece) => {
      out += piece;
      if (/console: http.*\n/.test(out)) done();
    });
  });
  return { child, printed: () => out, logged: () => err };
}

async function until<T>(ask: () => Promise<T>, enough: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (enough(answer)) return answer;
    await new Promise((done) => setTimeout(done, 200));
  }
}

const ledger = async () => JSON.parse((await haidang(['status', '--json'])).out) as Ledger;

describe('haidang up', () => {
  it('goes from a written line to an alert on the command line, and stops cleanly', { timeout: 240_000 }, async () => {
    const { child, printed, logged } = await start();
    up = child;
    const address = /console: (\S+)/.exec(printed())?.[1] ?? '';
    const healthy = await fetch(`${address}/readyz`);
    expect(await healthy.json()).toMatchObject({ status: 'ok' });

    const link = await readFile(join(folder, 'data/setup-link'), 'utf8');
    await until(
      async () => printed(),
      (text) => text.includes(link.trim()),
    );
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/setup\?token=[\w-]{43}\n$/);
    expect(logged()).not.toContain(link.trim().split('token=')[1]);
    expect((await stat(join(folder, 'data/haidang.sock'))).mode & 0o777).toBe(0o600);

    const line = (n: number) =>
      `${new Date().toISOString()} web1 sshd[99]: Failed password for root from 203.0.113.9 port ${40_000 + n} ssh2\n`;
    await appendFile(join(folder, 'logs/auth.log'), Array.from({ length: LINES }, (_, n) => line(n)).join(''));
    const { rows } = await until(
      ledger,
      (now) => (now.rows.find((row) => row.source.startsWith('file:'))?.evaluated ?? 0) >= LINES,
    );
    expect(rows.find((row) => row.source.startsWith('file:'))).toMatchObject({
      agency: 'so-noi-vu',
      read: LINES,
      spooled: LINES,
      stored: LINES,
      waiting: 0,
      gap: 0,
      state: 'ok',
    });

    const alerts = await haidang(['alert', 'list', '--json']);
    const [alert] = alerts.out
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(Object.keys(alert)).toEqual([
      'id',
      'rule',
      'severity',
      'status',
      'agency',
      'count',
      'first',
      'last',
      'entities',
    ]);
    expect(alert).toMatchObject({
      status: 'new',
      agency: 'so-noi-vu',
      count: LINES,
      entities: { 'source.ip': ['203.0.113.9'] },
    });

    const found = await haidang(['query', 'source.ip: 203.0.113.0/24', '--json', '--limit', '3']);
    expect(found.out.trim().split('\n')).toHaveLength(3);
    const second = await haidang(['server']);
    expect(second).toMatchObject({ code: 1, err: expect.stringContaining('in use by another haidang') });

    child.removeAllListeners('exit');
    const exited = once(child, 'exit');
    child.kill('SIGINT');
    // Ctrl-C reaches the command twice: from the terminal, and from the launcher that runs it.
    setTimeout(() => child.kill('SIGINT'), 20);
    expect(await exited).toEqual([0, null]);
    expect(logged()).toContain('collector stopped');
  });

  it('leaves a store that the command line reads without a server', { timeout: 180_000 }, async () => {
    const status = await haidang(['status']);
    expect(status.code).toBe(0);
    expect(status.out).toContain('The server is not running');
    expect(status.out).toMatch(new RegExp(`file:\\S+auth.log +${LINES} `));
    const added = await haidang(['agency', 'add', 'ubnd', '--name', 'UBND tỉnh', '--phone', '0292 1']);
    expect(added).toMatchObject({ code: 0, out: 'Agency ubnd is there.\n' });
    const again = await haidang(['agency', 'add', 'ubnd', '--name', 'UBND tỉnh']);
    expect(again).toMatchObject({ code: 1, err: expect.stringMatching(/^haidang agency: .+\n$/) });
    const user = await haidang(['user', 'add', 'lan', '--role', 'analyst', '--agency', 'ubnd'], {
      input: 'ngọn đèn biển 2026\n',
    });
    expect(user.code).toBe(0);
    expect((await haidang(['user', 'list'])).out).toMatch(/lan +lan +analyst +active/);
  });
});

describe('bad usage', () => {
  const wrong: [args: string[], code: number, message: RegExp][] = [
    [['query', 'a:'], 2, /column 3/],
    [['query', 'a', 'b'], 2, /one argument/],
    [['query', '--limit', 'x'], 2, /--limit takes/],
    [['alert'], 2, /alert list/],
    [['alert', 'list', '--status', 'open'], 2, /no status/],
    [['status', '--wrong'], 2, /--help tells more/],
    [['agency', 'add', 'x'], 2, /agency add ID --name/],
    [['user', 'add', 'x', '--role', 'boss'], 2, /--role must be one of/],
    [['server', '--role', 'boss'], 2, /province or national/],
    [['backup'], 2, /backup --to FOLDER/],
    [['restore'], 2, /restore --from FOLDER/],
    [['taxii', 'load'], 2, /national role/],
    [['nonsense'], 2, /no command "nonsense"/],
  ];
  it.each(wrong)('%j ends with one sentence', { timeout: 120_000 }, async (args, code, message) => {
    const done = await haidang(args, { input: 'mật khẩu rất dài\n' });
    expect(done.code).toBe(code);
    expect(done.err).toMatch(message);
    expect(done.err.trim().split('\n')).toHaveLength(1);
    expect(done.err).not.toMatch(/\n {4}at /);
  });

  it('has help on every command', { timeout: 180_000 }, async () => {
    const commands = [
      'up',
      'server',
      'query',
      'alert',
      'status',
      'agency',
      'user',
      'taxii',
      'backup',
      'restore',
      'verify',
    ];
    for (const command of commands) {
      const done = await haidang([command, '--help']);
      expect(done.code, command).toBe(0);
      expect(done.out, command).toContain(`haidang ${command}`);
    }
  });
});
