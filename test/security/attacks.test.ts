import { mkdir, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientOf } from '../../server/system/client-of.ts';
import { depthOf } from '../../server/system/json-body.ts';
import { type Bench, HOST, openBench } from '../server/api/harness.ts';

/** One file an attack of issue 7 that no other test tries; docs/threat-model.md lists them all. */
let bench: Bench;
let cookie = '';
const SECRET = 'outside-of-the-console';
beforeAll(async () => {
  bench = await openBench();
  const folder = join(bench.folder, 'console');
  await mkdir(join(folder, 'assets'), { recursive: true });
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>console</title>');
  await writeFile(join(folder, 'assets/app.js'), 'export {};');
  await writeFile(join(bench.folder, 'secret.txt'), SECRET);
  await writeFile(join(folder, '.hidden'), SECRET);
  await bench.addAgency('one');
  await bench.addAlert('a1');
  cookie = await bench.signIn({ user: 'root', role: 'administrator' });
  await bench.app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => bench.close());

const port = () => (bench.app.server.address() as AddressInfo).port;

/** Sends bytes as they are, which no HTTP client would; gives all that comes back until the other side closes. */
function raw(text: string): Promise<string> {
  return new Promise((done, failed) => {
    let answer = '';
    const socket = connect(port(), '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => {
      answer += chunk.toString();
      socket.end();
    });
    socket.on('error', failed);
    socket.on('close', () => done(answer));
  });
}

/** Asks as the administrator's browser does; a header that is `undefined` is left out. */
const ask = (
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  body?: string | object,
  headers: Readonly<Record<string, string | undefined>> = {},
) => {
  const type = body === undefined ? undefined : 'application/json';
  const all = { host: HOST, origin: `http://${HOST}`, cookie, 'content-type': type, ...headers };
  const sent = Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  return bench.app.inject({
    method,
    url,
    headers: sent,
    ...(body === undefined ? {} : { payload: body }),
  });
};

describe('path traversal', () => {
  it.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/assets/%2e%2e/%2e%2e/secret.txt',
    '/assets/..%5c..%5csecret.txt',
    '/assets/....//....//secret.txt',
    '/%252e%252e/secret.txt',
    '/assets/%c0%ae%c0%ae/secret.txt',
    '//secret.txt',
    '/assets/app.js/../../../secret.txt',
    '/.hidden',
    '/assets/../.hidden',
    '/assets/app.js%00.txt',
  ])('static files: %s gives nothing from outside the console', async (path) => {
    const answer = await raw(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 \d{3} /);
    expect(answer).not.toContain(SECRET);
  });

  it('evidence: a file’s name is a text, and never where it lies; an id is no path', async () => {
    const made = await ask('POST', '/api/v1/incidents', { alerts: ['a1'], title: 'x' });
    const id = made.json().incident.id as string;
    const names = ['../../secret.txt', '/etc/passwd', '..\\..\\secret.txt', 'a\r\nset-cookie: x=y', '"; filename=x'];
    for (const name of names) {
      const url = `/api/v1/incidents/${id}/evidence?${new URLSearchParams({ name, note: '' })}`;
      const sent = await bench.app.inject({
        method: 'POST',
        url,
        headers: { host: HOST, origin: `http://${HOST}`, cookie, 'content-type': 'application/octet-stream' },
        payload: Buffer.from('content'),
      });
      expect(sent.statusCode, name).toBeLessThan(500);
      if (sent.statusCode >= 400) continue;
      const found = (await ask('GET', `/api/v1/incidents/${id}`)).json().evidence.at(-1) as { id: string };
      const file = await ask('GET', `/api/v1/incidents/${id}/evidence/${found.id}`);
      expect(file.payload).toBe('content');
      expect(file.headers['set-cookie']).toBeUndefined();
      expect(String(file.headers['content-disposition'])).toMatch(/^attachment; /);
      expect(String(file.headers['content-disposition'])).not.toMatch(/[\r\n]|\.\.[/\\]/);
      expect(file.headers['x-content-type-options']).toBe('nosniff');
    }
    for (const other of ['..%2f..%2fsecret.txt', '%2e%2e', '..'])
      expect((await ask('GET', `/api/v1/incidents/${id}/evidence/${other}`)).payload).not.toContain(SECRET);
  });
});

describe('addresses', () => {
  it.each(['a'.repeat(201), '%C3%94'.repeat(2_000), '%zz', '%', '%C0%AE'])(
    'with a part of %s are answered by a problem document, and mirror nothing',
    async (part) => {
      for (const [method, path] of [
        ['GET', `/api/v1/rules/${part}/backtests`],
        ['DELETE', `/api/v1/assets/${part}`],
        ['PUT', `/api/v1/users/${part}/password`],
      ] as const) {
        const answer = await ask(method, path, method === 'PUT' ? { password: 'x'.repeat(12) } : undefined);
        expect([400, 404], `${method} ${answer.payload}`).toContain(answer.statusCode);
        expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
        expect(answer.headers['cache-control']).toBe('no-store');
        expect(answer.payload.length).toBeLessThan(800);
      }
    },
  );
});

describe('bodies', () => {
  it('are refused for a time that no clock here can keep, and not taken for a fault of the server', async () => {
    for (const detectedAt of ['2016-12-31T23:59:60Z', '2026-01-01T00:00:00+00', '9999-12-31T23:59:59-23:59']) {
      const answer = await ask('POST', '/api/v1/incidents', { alerts: [], title: 'x', detectedAt });
      expect([answer.statusCode, answer.json().code], detectedAt).toEqual([400, 'HD_BAD_REQUEST']);
    }
  });

  it('are refused where they nest deeper than makes sense, before anything walks them', async () => {
    for (const deep of ['['.repeat(100_000), `${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}`]) {
      const answer = await ask('POST', '/api/v1/shifts', deep);
      expect(answer.statusCode).toBe(400);
      expect(answer.json().detail).toMatch(/nested deeper than 64/);
    }
    expect(depthOf('{"a":"[[[[{{{{\\"[[","b":[{}]}')).toBe(3);
  });

  it('larger than an address takes are refused with 413', async () => {
    expect((await ask('POST', '/api/v1/shifts', { text: 'x'.repeat(300_000) })).statusCode).toBe(413);
    expect((await ask('POST', '/api/v1/session', { user: 'x'.repeat(5_000), password: 'x' })).statusCode).toBe(413);
  });

  it.each([
    '{"__proto__":{"isAdmin":true},"user":"a","password":"b"}',
    '{"constructor":{"prototype":{"isAdmin":true}},"user":"a","password":"b"}',
    '{"a":{"b":{"__proto__":{"polluted":1}}}}',
    '{"\\u005f_proto__":{"isAdmin":true}}',
  ])('do not change what objects inherit: %s', async (body) => {
    expect((await ask('POST', '/api/v1/session', body)).statusCode).toBe(400);
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('neither do query strings, log fields or values that people ask for', async () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '__proto__.polluted']) {
      for (const url of [
        `/api/v1/events/values?from=now-1h&to=now&field=${name}`,
        `/api/v1/events?from=now-1h&to=now&kql=${name}%3A1`,
        `/api/v1/alerts?${name}=1`,
        `/api/v1/rules/${name}`,
        `/api/v1/incidents/${name}`,
        `/api/v1/alerts/${name}`,
      ])
        expect((await ask('GET', url)).statusCode, url).toBeLessThan(500);
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('of another type than JSON are refused', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/xml',
    ])
      expect((await ask('POST', '/api/v1/shifts', 'kind=note', { 'content-type': type })).statusCode, type).toBe(400);
  });
});

describe('requests from another site', () => {
  it.each([
    ['another origin', { origin: 'http://evil.example' }],
    ['an opaque origin', { origin: 'null' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:9999' }],
    ['no origin, from a browser', { origin: undefined, 'sec-fetch-site': 'cross-site' }],
    ['a name of its own', { host: 'evil.example', origin: 'http://evil.example' }],
  ])('change nothing with the user’s cookie: %s', async (_name, headers) => {
    const answer = await ask('POST', '/api/v1/shifts', { kind: 'note', text: 'x', alerts: [], to: null }, headers);
    expect(answer.statusCode).toBe(403);
    expect(answer.json().code).toBe('HD_ORIGIN');
    expect((await ask('GET', '/api/v1/shifts')).json().entries).toEqual([]);
  });

  it('may read nothing either: no answer carries a CORS header', async () => {
    for (const url of ['/api/v1/alerts', '/openapi.json', '/healthz', '/']) {
      const answer = await ask('GET', url, undefined, { origin: 'http://evil.example' });
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });
});

describe('bytes between two servers', () => {
  it.each([
    ['two lengths', 'POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello'],
    [
      'length and chunks',
      'POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a folded header', 'GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx: a\r\n b\r\n\r\n'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nnonsense\r\n\r\n'],
    ['a blank before the colon', 'GET / HTTP/1.1\r\nhost : 127.0.0.1\r\n\r\n'],
    ['a bare line feed in a header', 'GET / HTTP/1.1\nhost: 127.0.0.1\nx: a\n\n'],
    ['no host', 'GET / HTTP/1.1\r\n\r\n'],
    ['two hosts', 'GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nhost: evil.example\r\n\r\n'],
    ['a NUL in the address', 'GET /\u0000 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n'],
    ['headers past 16 KiB', `GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`],
    ['another protocol', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc'],
  ])('are taken one way or not at all: %s', async (_name, bytes) => {
    const answer = await raw(bytes);
    expect(answer.match(/^HTTP\/1\.1 /gm)?.length ?? 0).toBeLessThanOrEqual(1);
    expect(answer === '' || /^HTTP\/1\.1 4\d\d /.test(answer), answer.slice(0, 100)).toBe(true);
  });
});

describe('limits', () => {
  it('count a person’s sessions together, and a machine’s IPv6 addresses', () => {
    expect(clientOf('2001:db8:1:2:aaaa::1')).toBe(clientOf('2001:db8:1:2::ffff'));
    expect(clientOf('2001:db8:1:3::1')).not.toBe(clientOf('2001:db8:1:2::1'));
    expect(clientOf('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(clientOf('fe80::1%eth0')).toBe('fe80:0:0:0::/64');
    expect(clientOf('192.0.2.1')).toBe('192.0.2.1');
  });

  it('meet whoever asks too often without a session, while somebody who is signed in goes on', async () => {
    const anonymous = () => ask('GET', '/api/v1/alerts', undefined, { cookie: '' });
    let last = await anonymous();
    for (let count = 0; count < 1_300 && last.statusCode === 401; count += 1) last = await anonymous();
    expect(last.statusCode).toBe(429);
    expect((await ask('GET', '/api/v1/alerts')).statusCode).toBe(200);
  });
});

describe('regular expressions', () => {
  it('of a rule or a search that would take exponential time answer at once or are refused', async () => {
    const text = `${'a'.repeat(40)}!`;
    for (const pattern of ['(a+)+$', '(a|a)*$', '(a|aa)+$', '^(([a-z])+.)+[A-Z]([a-z])+$', '(.*a){20}', '(x+x+)+y']) {
      const yaml = `title: x\nid: 5b0e2c8e-8f6f-4a51-9d58-c1d5f0f7a001\nlogsource: {product: linux}\ndetection:\n  s: {message|re: '${pattern}'}\n  condition: s\n`;
      const answer = await ask('POST', '/api/v1/rules/check', { yaml, events: [JSON.stringify({ message: text })] });
      expect(answer.statusCode, pattern).toBeLessThan(500);
      const search = await ask(
        'GET',
        `/api/v1/events?from=now-1h&to=now&kql=${encodeURIComponent(`message: *${'a*'.repeat(100)}b`)}`,
      );
      expect(search.statusCode).toBeLessThan(500);
    }
  });
});
