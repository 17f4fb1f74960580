import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERRORS } from '../../../server/errors.ts';
import { toProblem } from '../../../server/problem.ts';
import { type Bench, HOST, openBench } from './harness.ts';

let bench: Bench;
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haidang-dist-'));
  bench = await openBench({ consoleFolder: folder });
});
afterAll(async () => {
  await bench.close();
  await rm(folder, { recursive: true, force: true });
});

const get = (url: string, headers: Record<string, string> = {}) =>
  bench.app.inject({ url, headers: { host: HOST, ...headers } });

interface Operation {
  readonly tags?: readonly string[];
  readonly security?: readonly object[];
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

describe('the OpenAPI document', () => {
  it('has every route with tag, access and problem answers', async () => {
    const document = (await get('/openapi.json')).json();
    expect(document.openapi).toBe('3.1.0');
    const operations = Object.entries(document.paths as Record<string, Record<string, Operation>>).flatMap(
      ([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
    );
    expect(operations.map(({ name }) => name).sort()).toEqual([
      'DELETE /api/v1/assets/{id}',
      'DELETE /api/v1/indicators/{id}',
      'DELETE /api/v1/parsers/{name}',
      'DELETE /api/v1/rules/{id}',
      'DELETE /api/v1/searches/{id}',
      'DELETE /api/v1/session',
      'DELETE /api/v1/session/sessions',
      'DELETE /api/v1/session/sessions/{id}',
      'DELETE /api/v1/session/tokens/{id}',
      'DELETE /api/v1/sessions/{id}',
      'DELETE /api/v1/tokens/{id}',
      'DELETE /api/v1/users/{id}/emergency',
      'DELETE /api/v1/users/{id}/second-factor',
      'DELETE /api/v1/users/{id}/sessions',
      'GET /api/v1/agencies',
      'GET /api/v1/alerts',
      'GET /api/v1/alerts/{id}',
      'GET /api/v1/alerts/{id}/events',
      'GET /api/v1/assets',
      'GET /api/v1/audit',
      'GET /api/v1/backups',
      'GET /api/v1/backups/current',
      'GET /api/v1/clocks',
      'GET /api/v1/emergencies',
      'GET /api/v1/events',
      'GET /api/v1/events/export',
      'GET /api/v1/events/fields',
      'GET /api/v1/events/histogram',
      'GET /api/v1/events/progress',
      'GET /api/v1/events/suggest',
      'GET /api/v1/events/values',
      'GET /api/v1/events/{id}',
      'GET /api/v1/feed',
      'GET /api/v1/feed/figures.csv',
      'GET /api/v1/feed/services.csv',
      'GET /api/v1/first-run',
      'GET /api/v1/health',
      'GET /api/v1/incidents',
      'GET /api/v1/incidents/settings',
      'GET /api/v1/incidents/{id}',
      'GET /api/v1/incidents/{id}/clocks',
      'GET /api/v1/incidents/{id}/evidence/{evidence}',
      'GET /api/v1/incidents/{id}/reports',
      'GET /api/v1/incidents/{id}/reports/draft',
      'GET /api/v1/incidents/{id}/reports/{number}/{form}',
      'GET /api/v1/indicators',
      'GET /api/v1/indicators/imports/current',
      'GET /api/v1/ledger',
      'GET /api/v1/legal-holds',
      'GET /api/v1/live',
      'GET /api/v1/notices',
      'GET /api/v1/notices/people',
      'GET /api/v1/overview',
      'GET /api/v1/parsers',
      'GET /api/v1/parsers/not-understood',
      'GET /api/v1/parsers/{name}',
      'GET /api/v1/reports/form',
      'GET /api/v1/requests',
      'GET /api/v1/requests/{id}',
      'GET /api/v1/requests/{id}/files/{file}',
      'GET /api/v1/retention',
      'GET /api/v1/retention/days',
      'GET /api/v1/retention/deletions',
      'GET /api/v1/rules',
      'GET /api/v1/rules/backtests/current',
      'GET /api/v1/rules/health',
      'GET /api/v1/rules/imports/current',
      'GET /api/v1/rules/imports/current/report',
      'GET /api/v1/rules/{id}',
      'GET /api/v1/rules/{id}/backtests',
      'GET /api/v1/searches',
      'GET /api/v1/session',
      'GET /api/v1/session/notices',
      'GET /api/v1/session/notices/address',
      'GET /api/v1/session/sessions',
      'GET /api/v1/session/tokens',
      'GET /api/v1/sessions',
      'GET /api/v1/setup',
      'GET /api/v1/shifts',
      'GET /api/v1/sign-in',
      'GET /api/v1/sign-in/return',
      'GET /api/v1/sign-in/start',
      'GET /api/v1/tokens',
      'GET /api/v1/users',
      'GET /healthz',
      'GET /metrics',
      'GET /openapi.json',
      'GET /readyz',
      'POST /api/v1/agencies',
      'POST /api/v1/agencies/import',
      'POST /api/v1/alerts/changes',
      'POST /api/v1/assets',
      'POST /api/v1/backups',
      'POST /api/v1/backups/configured',
      'POST /api/v1/backups/drills',
      'POST /api/v1/clocks/years/{year}',
      'POST /api/v1/incidents',
      'POST /api/v1/incidents/{id}/changes',
      'POST /api/v1/incidents/{id}/clocks/{clock}',
      'POST /api/v1/incidents/{id}/evidence',
      'POST /api/v1/incidents/{id}/merge',
      'POST /api/v1/incidents/{id}/part',
      'POST /api/v1/incidents/{id}/reports',
      'POST /api/v1/indicators/imports',
      'POST /api/v1/indicators/imports/current/cancel',
      'POST /api/v1/indicators/imports/file',
      'POST /api/v1/keys/finish',
      'POST /api/v1/keys/rotate',
      'POST /api/v1/legal-holds',
      'POST /api/v1/legal-holds/{id}/lift',
      'POST /api/v1/notices/people/{id}/test',
      'POST /api/v1/notices/{id}/resend',
      'POST /api/v1/parsers/try',
      'POST /api/v1/requests',
      'POST /api/v1/requests/{id}/again',
      'POST /api/v1/requests/{id}/answer',
      'POST /api/v1/requests/{id}/close',
      'POST /api/v1/requests/{id}/files',
      'POST /api/v1/requests/{id}/read',
      'POST /api/v1/retention/runs',
      'POST /api/v1/rules/backtests',
      'POST /api/v1/rules/backtests/current/cancel',
      'POST /api/v1/rules/check',
      'POST /api/v1/rules/health',
      'POST /api/v1/rules/imports',
      'POST /api/v1/rules/imports/current/cancel',
      'POST /api/v1/rules/imports/current/take',
      'POST /api/v1/rules/imports/file',
      'POST /api/v1/rules/reload',
      'POST /api/v1/rules/{id}/decision',
      'POST /api/v1/rules/{id}/exceptions',
      'POST /api/v1/rules/{id}/exceptions/preview',
      'POST /api/v1/rules/{id}/exceptions/{exception}/end',
      'POST /api/v1/rules/{id}/refill',
      'POST /api/v1/searches',
      'POST /api/v1/session',
      'POST /api/v1/session/notices/read',
      'POST /api/v1/session/notices/test',
      'POST /api/v1/session/second-factor',
      'POST /api/v1/session/second-factor/confirm',
      'POST /api/v1/session/tokens',
      'POST /api/v1/setup',
      'POST /api/v1/shifts',
      'POST /api/v1/shifts/{id}/accept',
      'POST /api/v1/tokens',
      'POST /api/v1/users',
      'POST /api/v1/users/{id}/emergency',
      'PUT /api/v1/agencies/{id}',
      'PUT /api/v1/first-run',
      'PUT /api/v1/incidents/settings',
      'PUT /api/v1/notices/people/{id}',
      'PUT /api/v1/parsers/{name}',
      'PUT /api/v1/parsers/{name}/groups',
      'PUT /api/v1/reports/form',
      'PUT /api/v1/retention/policy',
      'PUT /api/v1/rules/{id}',
      'PUT /api/v1/searches/{id}',
      'PUT /api/v1/session/notices/address',
      'PUT /api/v1/session/password',
      'PUT /api/v1/users/{id}',
      'PUT /api/v1/users/{id}/password',
    ]);
    for (const { name, operation } of operations) {
      expect(operation.tags?.length, name).toBe(1);
      expect(operation.security, name).toBeDefined();
      // Whatever is not fetched may come with a body, and with one that is too long.
      for (const status of ['431', '500', ...(name.startsWith('GET ') ? [] : ['413'])])
        expect(operation.responses[status]?.content, name).toHaveProperty(['application/problem+json']);
    }
  });

  it('asks for a session on every route but the public ones', async () => {
    const { paths } = (await get('/openapi.json')).json();
    const open: string[] = [];
    for (const [path, methods] of Object.entries(paths as Record<string, Record<string, Operation>>))
      for (const [method, { security }] of Object.entries(methods)) {
        if (security?.length === 0) open.push(`${method} ${path}`);
        else {
          const url = path.replace('{id}', 'x');
          const headers = { host: HOST, origin: `http://${HOST}` };
          const answer = await bench.app.inject({ method: method.toUpperCase() as 'GET', url, headers });
          expect(answer.statusCode, `${method} ${path}`).toBe(401);
        }
      }
    expect(open.sort()).toEqual([
      'get /api/v1/setup',
      'get /api/v1/sign-in',
      'get /api/v1/sign-in/return',
      'get /api/v1/sign-in/start',
      'get /healthz',
      'get /metrics',
      'get /openapi.json',
      'get /readyz',
      'post /api/v1/session',
      'post /api/v1/setup',
    ]);
  });
});

describe('problem documents', () => {
  it.each([
    ['not JSON', '{', 'application/json', 400, 'HD_BAD_REQUEST'],
    ['another type', 'a=b', 'application/x-www-form-urlencoded', 400, 'HD_BAD_REQUEST'],
    ['too large', JSON.stringify({ user: 'x', password: 'x'.repeat(10_000) }), 'application/json', 413, 'HD_TOO_LARGE'],
    [
      'prototype pollution',
      '{"__proto__": {"x": 1}, "user": "a", "password": "b"}',
      'application/json',
      400,
      'HD_BAD_REQUEST',
    ],
  ])('answer a body that is %s', async (_name, payload, type, status, code) => {
    const headers = { host: HOST, origin: `http://${HOST}`, 'content-type': type };
    const answer = await bench.app.inject({ method: 'POST', url: '/api/v1/session', payload, headers });
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({ code, status, title: expect.any(String), advice: expect.any(String) });
  });

  it.each([
    ['headers that are too long', `GET /healthz HTTP/1.1\r\nhost: ${HOST}\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['an address that is too long', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nhost: ${HOST}\r\n\r\n`, 431],
    ['what is no HTTP', 'SSH-2.0-OpenSSH_9.7\r\n', 400],
  ])('answer %s', async (_name, sent, status) => {
    if (!bench.app.server.listening) await bench.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = bench.app.server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1', () => socket.write(sent));
    const [head, body = ''] = (await text(socket)).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} [A-Z].*content-type: application/problem\\+json`, 's'));
    expect(JSON.parse(body)).toMatchObject({ status, code: expect.stringMatching(/^HD_/), advice: expect.any(String) });
  });

  it('answer an address that is not there', async () => {
    expect((await get('/api/v1/nothing')).json()).toMatchObject({ code: 'HD_NOT_FOUND', status: 404 });
  });

  it('say nothing of the inside of the server', () => {
    const { body, fault } = toProblem(new Error('SELECT secret FROM place'));
    expect(body).toMatchObject({ code: 'HD_INTERNAL', status: 500 });
    expect(JSON.stringify(body)).not.toContain('secret');
    expect(fault).toBe(true);
  });

  it('have status, title and advice for every code', () => {
    for (const { status, title, advice } of Object.values(ERRORS)) {
      expect(status).toBeGreaterThanOrEqual(400);
      expect(title).not.toBe('');
      expect(advice).toMatch(/\.$/);
    }
  });
});

describe('Host, Origin and headers', () => {
  it('refuse a page that reached us by another name', async () => {
    for (const url of ['/', '/api/v1/alerts', '/metrics', '/healthz'])
      expect((await bench.app.inject({ url, headers: { host: 'evil.example' } })).statusCode, url).toBe(403);
  });

  it('refuse a browser that hides where it comes from', async () => {
    const headers = { host: HOST, 'sec-fetch-site': 'cross-site' };
    const answer = await bench.app.inject({
      method: 'POST',
      url: '/api/v1/session',
      payload: { user: 'a', password: 'b' },
      headers,
    });
    expect(answer.json()).toMatchObject({ code: 'HD_ORIGIN' });
  });

  it('carry a policy without inline or foreign content', async () => {
    const policy = String((await get('/healthz')).headers['content-security-policy']);
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|data:|\*/);
  });

  it('keep answers out of every cache', async () => {
    expect((await get('/api/v1/session')).headers['cache-control']).toBe('no-store');
  });

  it('limit how often one address asks', async () => {
    const ask = () => get('/api/v1/setup?token=x');
    let last = await ask();
    for (let n = 0; n < 40 && last.statusCode === 200; n += 1) last = await ask();
    expect(last.statusCode).toBe(429);
    expect(last.json()).toMatchObject({ code: 'HD_TOO_MANY' });
    expect(Number(last.headers['retry-after'])).toBeGreaterThan(0);
  });
});

describe('the console', () => {
  it('is a page that says so while it is not built', async () => {
    for (const url of ['/', '/alerts/x']) {
      const answer = await get(url);
      expect(answer.statusCode).toBe(503);
      expect(answer.payload).toContain('npm run build:console');
    }
  });

  it('is served with its pages once it is there; hashed files may be kept for a year', async () => {
    await mkdir(join(folder, 'assets'), { recursive: true });
    await writeFile(join(folder, 'index.html'), '<!doctype html><title>console</title>');
    await writeFile(join(folder, 'assets/app-1a2b.js'), 'export {};');
    for (const url of ['/', '/alerts', '/alerts/abc', '/setup?token=x']) {
      const answer = await get(url);
      expect(answer.statusCode, url).toBe(200);
      expect(answer.payload).toContain('<title>console');
      expect(answer.headers['cache-control']).toBe('no-cache');
    }
    const asset = await get('/assets/app-1a2b.js');
    expect(asset.headers['cache-control']).toContain('immutable');
    expect(asset.headers['content-type']).toContain('javascript');
  });

  it.each(['/assets/none.js', '/..%2f..%2fetc/passwd', '/assets/%2e%2e/%2e%2e/package.json', '/none.png'])(
    'gives nothing for %s',
    async (url) => {
      const answer = await get(url);
      expect(answer.statusCode).toBeGreaterThanOrEqual(400);
      expect(answer.payload).not.toContain('root:');
    },
  );
});

describe('metrics', () => {
  it('are Prometheus text', async () => {
    const answer = await get('/metrics');
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    for (const line of answer.payload.trim().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? -?[\d.e+-]+)$/);
    expect(answer.payload).toContain('haidang_alerts{status="new",severity="critical"} 0');
  });
});
