import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask, DATA_FILE, indicator } from './national.ts';

const CLI = fileURLToPath(new URL('../../../bin/cli.ts', import.meta.url));
let folder = '';
const servers: ChildProcess[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haidang-taxii-'));
});
afterAll(async () => {
  for (const server of servers) server.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

const env = () => ({ ...process.env, HAIDANG_DATA: join(folder, 'data'), HAIDANG_PORT: '0', HAIDANG_INGEST_PORT: '0' });

function haidang(args: readonly string[], input = ''): Promise<{ code: number; out: string; err: string }> {
  return new Promise((done) => {
    const child = execFile(process.execPath, [CLI, ...args], { env: env() }, (error, out, err) =>
      done({ code: error ? Number(error.code ?? 1) : 0, out, err }),
    );
    child.stdin?.end(input);
  });
}

/** Starts `haidang server` in a role, and gives its address. */
function serve(role: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = spawn(process.execPath, [CLI, 'server', '--role', role], {
    env: env(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  servers.push(server);
  const stop = () =>
    new Promise<void>((ended) => {
      server.once('exit', () => ended());
      server.kill('SIGTERM');
    });
  return new Promise((done, failed) => {
    let text = '';
    server.stdout.on('data', (piece: Buffer) => {
      text += piece.toString();
      const url = /console: (http:\/\/\S+)/.exec(text)?.[1];
      if (url !== undefined) done({ url, stop });
    });
    server.once('exit', () => failed(new Error(`the server ended: ${text}`)));
  });
}

it('loads a data file before the first start, and again while the server runs', { timeout: 180_000 }, async () => {
  const load = ['taxii', 'load', DATA_FILE, '--password', 'admin=Password0'];
  const before = await haidang(load);
  expect([before.code, before.err]).toEqual([0, '']);
  expect(before.out).toContain('2 API roots, 5 collections, 1 account, 9 new objects.');

  const server = await serve('national');
  expect((await ask(`${server.url}/national/`, {})).body.title).toBe('Quốc gia');
  const again = await haidang([...load, '--password', 'second=x', '--json']);
  expect(JSON.parse(again.out)).toMatchObject({ objects: 0, kept: 9, accounts: 2 });
  expect((await ask(`${server.url}/national/`, { user: ['second', 'x'] })).status).toBe(200);

  const added = await haidang(['taxii', 'account', 'add', 'can-tho'], 'một mật khẩu rất dài\n');
  expect(added).toEqual({ code: 0, out: 'Account can-tho is there.\n', err: '' });
  await haidang(['taxii', 'root', 'add', 'soc', '--title', 'Trung tâm']);
  const id = (
    await haidang(['taxii', 'collection', 'add', 'soc', '--title', 'Hộp thư', '--alias', 'hop-thu'])
  ).out.trim();
  expect((await haidang(['taxii', 'grant', id, 'can-tho', 'write'])).out).toBe('can-tho may now: write.\n');
  const user = ['can-tho', 'một mật khẩu rất dài'] as const;
  const inbox = `${server.url}/soc/collections/hop-thu/objects/`;
  expect((await ask(inbox, { user, method: 'POST', body: { objects: [indicator(1)] } })).body.success_count).toBe(1);
  expect((await ask(inbox, { user })).status).toBe(403);
  const list = (await haidang(['taxii', 'list'])).out;
  for (const word of ['Hộp thư', 'can-tho: write', 'everyone: both', 'this machine']) expect(list).toContain(word);
  await haidang(['taxii', 'account', 'disable', 'can-tho']);
  expect((await ask(inbox, { user })).status).toBe(401);
  await server.stop();
});

it('says what is wrong in one sentence', { timeout: 180_000 }, async () => {
  const wrong: [string[], RegExp][] = [
    [['taxii'], /national role/],
    [['taxii', 'load', join(folder, 'none.json')], /there is no file/],
    [['taxii', 'load', DATA_FILE, '--password', 'nobody'], /USER=PASSWORD/],
    [['taxii', 'grant', 'a', 'b', 'all'], /a right is one of/],
    [['taxii', 'root', 'add', 'x'], /--title/],
  ];
  for (const [args, message] of wrong) {
    const { code, err } = await haidang(args);
    expect([args, code]).toEqual([args, 2]);
    expect(err).toMatch(message);
    expect(err.trim().split('\n')).toHaveLength(1);
  }
});

it('is refused by a server in the role of a province, which has no such routes', { timeout: 180_000 }, async () => {
  const province = await serve('province');
  const { code, err } = await haidang(['taxii', 'load', DATA_FILE]);
  expect([code, err]).toEqual([1, expect.stringMatching(/not in the national role/)]);
  expect((await ask(`${province.url}/taxii2/`, {})).headers.get('content-type')).toMatch(/^text\/html/);
  await province.stop();
});
