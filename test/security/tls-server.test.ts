import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { PASSWORD, until } from '../e2e/harness.ts';
import { keepLog, keysBelow } from '../kept-logs.ts';

const CLI = fileURLToPath(new URL('../../bin/cli.ts', import.meta.url));

/** The product, started as an operator starts it for other machines, and asked over real TLS. */
describe('a server whose console speaks TLS', () => {
  let folder = '';
  let child: ChildProcess;
  let out = '';
  let err = '';
  let url = new URL('https://localhost');
  let ca = '';
  let cookie = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'haidang-tls-server-'));
    const config = join(folder, 'haidang.yaml');
    await writeFile(config, 'host: 0.0.0.0\nallowed_hosts: [soc.example.vn]\n');
    child = spawn(process.execPath, [CLI, 'server', '--config', config], {
      env: {
        ...process.env,
        HAIDANG_DATA: join(folder, 'data'),
        HAIDANG_PORT: '0',
        HAIDANG_INGEST_PORT: '0',
        HAIDANG_ADMIN_PASSWORD: PASSWORD,
      },
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      err += chunk.toString();
    });
    url = await until(
      'the server tells its address',
      () => {
        if (child.exitCode !== null) throw new Error(err);
        const told = /console: (\S+)/.exec(out)?.[1];
        return told === undefined ? undefined : new URL(told);
      },
      170_000,
    );
    ca = await readFile(join(folder, 'data/authority/ca.crt'), 'utf8');
  }, 180_000);
  afterAll(async () => {
    child.kill('SIGKILL');
    keepLog('the server with TLS', `${err}\n${out}`, [
      PASSWORD,
      cookie.split('=')[1] ?? '',
      ...keysBelow(join(folder, 'data')),
    ]);
    await rm(folder, { recursive: true, force: true });
  });

  async function ask(
    method: string,
    path: string,
    {
      headers = {},
      body,
      name = 'soc.example.vn',
    }: { headers?: Record<string, string>; body?: object; name?: string } = {},
  ): Promise<{ readonly status: number; readonly headers: IncomingMessage['headers']; readonly text: string }> {
    const origin = `https://${name}:${url.port}`;
    const sent = request({
      host: '127.0.0.1',
      port: url.port,
      servername: 'soc.example.vn',
      ca,
      method,
      path,
      agent: false,
      headers: {
        host: `${name}:${url.port}`,
        origin,
        cookie,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: answer.statusCode ?? 0, headers: answer.headers, text: await text(answer) };
  }

  it('tells the address by the name that others know', () => {
    expect(url.protocol).toBe('https:');
    expect(url.hostname).toBe('soc.example.vn');
  });

  it('gives a session by a cookie that only TLS, this host and no script has', async () => {
    const answer = await ask('POST', '/api/v1/session', { body: { user: 'admin', password: PASSWORD } });
    expect(answer.status, answer.text).toBe(200);
    const [set = ''] = answer.headers['set-cookie'] ?? [];
    expect(set).toMatch(/^__Host-haidang_session=[\w-]{43}; /);
    for (const part of ['HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/']) expect(set).toContain(part);
    expect(set).not.toMatch(/Domain=/i);
    expect(answer.text).not.toContain(set.split(/[=;]/)[1] ?? '');
    cookie = set.split(';')[0] ?? '';
    expect((await ask('GET', '/api/v1/session')).status).toBe(200);
    // The name without the prefix is what a neighbour could plant.
    const planted = cookie.replace('__Host-', '');
    expect((await ask('GET', '/api/v1/session', { headers: { cookie: planted } })).status).toBe(401);
  });

  it('tells browsers to come by TLS alone, on every answer', async () => {
    for (const path of ['/', '/healthz', '/api/v1/alerts', '/api/v1/nothing', '/nothing.png']) {
      const { headers } = await ask('GET', path);
      const [, age] = /^max-age=(\d+); includeSubDomains$/.exec(String(headers['strict-transport-security'])) ?? [];
      expect(Number(age), path).toBeGreaterThanOrEqual(31_536_000);
      expect(headers['x-content-type-options'], path).toBe('nosniff');
      expect(headers['content-security-policy'], path).toContain("object-src 'none'");
    }
  });

  it('is asked under its own names alone, from its own pages alone', async () => {
    expect((await ask('GET', '/api/v1/alerts', { name: 'evil.example' })).status).toBe(403);
    const note = { kind: 'note', text: 'x', alerts: [], to: null };
    const plain = `http://soc.example.vn:${url.port}`;
    expect((await ask('POST', '/api/v1/shifts', { body: note, headers: { origin: plain } })).status).toBe(403);
    expect((await ask('POST', '/api/v1/shifts', { body: note })).status).toBe(201);
  });

  it('speaks WebSocket over the same TLS', async () => {
    const live = `wss://localhost:${url.port}/api/v1/live?since=0`;
    const socket = new WebSocket(live, { ca, headers: { cookie, origin: `https://localhost:${url.port}` } });
    await once(socket, 'open');
    socket.terminate();
  });

  it('believes nobody who says to be a proxy, takes no TRACE, and no parameter twice', async () => {
    const forged = { 'x-forwarded-for': '203.0.113.77', 'x-real-ip': '203.0.113.77', forwarded: 'for=203.0.113.77' };
    const answer = await ask('POST', '/api/v1/session', {
      headers: forged,
      body: { user: 'admin', password: 'not-the-password' },
    });
    expect(answer.status).toBe(401);
    const audit = await ask('GET', '/api/v1/audit');
    expect(audit.status).toBe(200);
    expect(audit.text).not.toContain('203.0.113.77');
    const trace = await ask('TRACE', '/api/v1/alerts').catch((error: Error) => ({ status: 400, text: error.message }));
    expect(trace.status).toBeGreaterThanOrEqual(400);
    expect(trace.text).not.toContain('haidang_session');
    expect((await ask('GET', '/api/v1/alerts?limit=1&limit=2')).status).toBe(400);
  });

  it('ends the session at the server, and has the browser forget what it kept', async () => {
    const answer = await ask('DELETE', '/api/v1/session');
    expect(answer.status, answer.text).toBe(204);
    expect(answer.headers['clear-site-data']).toContain('"cache"');
    expect(String(answer.headers['set-cookie'])).toMatch(/__Host-haidang_session=;.*Secure/);
    expect((await ask('GET', '/api/v1/session')).status).toBe(401);
  });

  it('stops cleanly', async () => {
    const over = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await over).toEqual([0, null]);
    expect(err).not.toMatch(/"level":"(error|fatal)"/);
  });
});
