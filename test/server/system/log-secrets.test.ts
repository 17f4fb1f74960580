import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';

const CLI = fileURLToPath(new URL('../../../bin/cli.ts', import.meta.url));
const PASSWORD = 'ngon-den-bien-2026-bi-mat';
const WRONG = 'mat-khau-sai-hoan-toan';
const SEARCH = 'cmnd-079912345678';
let folder = '';
let child: ChildProcess;
let out = '';
let err = '';
let url = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haidang-secrets-'));
  child = spawn(process.execPath, [CLI, 'server'], {
    env: {
      ...process.env,
      HAIDANG_DATA: join(folder, 'data'),
      HAIDANG_PORT: '0',
      HAIDANG_INGEST_PORT: '0',
      HAIDANG_ADMIN_PASSWORD: '',
      HAIDANG_LOG_LEVEL: 'trace',
    },
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  await new Promise<void>((ready, failed) => {
    child.once('exit', () => failed(new Error(`the server ended: ${err}`)));
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      if (/setup\?token=\S+\n/.test(out)) ready();
    });
  });
  url = /console: (\S+)/.exec(out)?.[1] ?? '';
}, 60_000);
afterAll(async () => {
  child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

function ask(method: string, path: string, body?: unknown, cookie = ''): Promise<Response> {
  const headers = { origin: url, cookie, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  return fetch(`${url}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

it('the server’s log at its most talkative holds no password, token, cookie or search text', {
  timeout: 60_000,
}, async () => {
  const link = /setup\?token=(\S+)/.exec(out)?.[1] ?? '';
  expect(link).toMatch(/^[\w-]{43}$/);
  expect((await ask('GET', `/api/v1/setup?token=${link}`)).status).toBe(200);
  const account = { token: link, user: 'admin', displayName: 'Lan', password: PASSWORD };
  expect((await ask('POST', '/api/v1/setup', { ...account, user: '!!' })).status).toBe(400);
  expect((await ask('POST', '/api/v1/setup', account)).status).toBe(200);
  expect((await ask('POST', '/api/v1/session', { user: 'admin', password: WRONG })).status).toBe(401);
  // A password in the place of the user name is a mistake that people make.
  expect((await ask('POST', '/api/v1/session', { user: PASSWORD, password: 'x' })).status).toBeGreaterThanOrEqual(400);
  expect((await ask('POST', '/api/v1/session', `{"password": "${PASSWORD}", broken`)).status).toBe(400);
  const signedIn = await ask('POST', '/api/v1/session', { user: 'admin', password: PASSWORD });
  expect(signedIn.status).toBe(200);
  const cookie = signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const token = cookie.split('=')[1] ?? '';
  expect(token.length).toBeGreaterThan(20);
  const range = 'from=2026-11-01T00:00:00.000Z&to=2026-12-01T00:00:00.000Z';
  expect((await ask('GET', `/api/v1/events?${range}&kql=${SEARCH}`, undefined, cookie)).status).toBe(200);
  expect((await ask('GET', `/api/v1/events?${range}&kql=${SEARCH}%20and%20(`, undefined, cookie)).status).toBe(400);
  expect((await ask('GET', `/api/v1/nowhere?token=${link}`, undefined, cookie)).status).toBe(404);
  const live = new WebSocket(`${url.replace('http', 'ws')}/api/v1/live?since=0`, { headers: { cookie, origin: url } });
  await once(live, 'open');
  live.close();
  expect((await ask('DELETE', '/api/v1/session', undefined, cookie)).status).toBe(204);
  child.removeAllListeners('exit');
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);

  expect(err).toContain('"level":"info"');
  for (const secret of [link, PASSWORD, WRONG, token, SEARCH]) expect(err).not.toContain(secret);
  // After the setup link was printed for its owner, standard output has nothing of them either.
  expect(out.replace(link, '')).not.toMatch(new RegExp([PASSWORD, WRONG, token, SEARCH, link].join('|')));
});
