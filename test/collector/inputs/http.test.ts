import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HttpInput, type HttpInputOptions } from '../../../collector/inputs/http.ts';
import { type CollectorBench, openBench } from '../bench.ts';
import { ForgetfulDisk, seeded } from '../forgetful-disk.ts';
import { readEvents } from '../read-events.ts';
import { makeCertificates, temporaryFolder, until } from '../receiver.ts';

let folder: ReturnType<typeof temporaryFolder>;
let bench: CollectorBench;
let disk: ForgetfulDisk;
let input: HttpInput;

async function start(options: Partial<HttpInputOptions> = {}): Promise<void> {
  input = new HttpInput(
    {
      host: '127.0.0.1',
      port: 0,
      parser: 'auto',
      tls: undefined,
      secrets: undefined,
      presentAs: 'elasticsearch',
      maxBody: 1024 * 1024,
      ...options,
    },
    bench.context,
  );
  await input.start();
}

beforeEach(async () => {
  folder = temporaryFolder();
  disk = new ForgetfulDisk(seeded(3));
  bench = await openBench(folder.path, { files: disk.files() });
});
afterEach(async () => {
  disk.failure = undefined;
  await input.stop();
  await bench.spool.close();
  folder.remove();
});

interface Got {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Record<string, never>;
}

async function send(path: string, body?: string | Buffer, headers: Record<string, string> = {}): Promise<Got> {
  const answer = await fetch(`http://127.0.0.1:${input.port}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers,
    ...(body === undefined ? {} : { body: new Uint8Array(Buffer.from(body)) }),
  });
  const text = await answer.text();
  const json = text === '' || !text.startsWith('{') ? {} : JSON.parse(text);
  return { status: answer.status, headers: answer.headers, json };
}

const ledger = (face: string) => bench.ledger.source(`${face}:127.0.0.1:0`);
const SSH = 'Nov 22 10:00:00 mail-01 sshd[4242]: Failed password for root from 203.0.113.66 port 20000 ssh2';

describe('lines and JSON', () => {
  test('lines, NDJSON, an array and one object laid out over lines are all kept, and answered when on disk', async () => {
    await start();
    const lines = await send('/', `${SSH}\r\n\n{"a": 1}\n`, { 'content-type': 'text/plain' });
    expect(lines).toMatchObject({ status: 200, json: { accepted: 2 } });
    // No flush between: what is answered is on disk.
    expect(ledger('http').status()).toMatchObject({ read: 2, spooled: 2, dropped: {} });
    expect((await send('/events', '[{"a":1},{"a":2},"text"]', { 'content-type': 'application/json' })).json).toEqual({
      accepted: 3,
    });
    expect((await send('/', '{\n "a":\n 5}', { 'content-type': 'application/json; charset=utf-8' })).json).toEqual({
      accepted: 1,
    });
    const events = await readEvents(bench.spool);
    expect(events[0]).toMatchObject({
      event: { original: SSH, dataset: 'system.auth', outcome: 'failure' },
      source: { ip: '203.0.113.66' },
      haidang: { peer: '127.0.0.1' },
    });
    expect(events.slice(1).map((event) => event.event.original)).toEqual([
      '{"a": 1}',
      '{"a":1}',
      '{"a":2}',
      'text',
      '{"a":5}',
    ]);
  });

  test.each([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ])('a body in %s is decompressed, and its bound is that of the decompressed bytes', async (encoding, compress) => {
    await start({ maxBody: 10_000 });
    const headers = { 'content-encoding': encoding };
    expect((await send('/', compress(Buffer.from(SSH)), headers)).json).toEqual({ accepted: 1 });
    const bomb = compress(Buffer.alloc(50_000_000, 'x'));
    expect(bomb.length).toBeLessThan(60_000);
    expect((await send('/', bomb, headers)).status).toBe(413);
    expect((await send('/', 'not compressed', headers)).status).toBe(400);
    expect((await send('/', SSH, { 'content-encoding': 'br' })).status).toBe(415);
    // A request that is refused as a whole counts as one: nobody knows how many records it held.
    expect(ledger('http').status()).toMatchObject({ read: 2, spooled: 1, dropped: { too_large: 1 } });
    expect((await send('/_bulk', bomb, headers)).status).toBe(413);
    expect((await send('/v1/logs', bomb, { ...headers, 'content-type': 'application/json' })).status).toBe(413);
    expect([ledger('bulk').dropped, ledger('otlp').dropped]).toEqual([{ too_large: 1 }, { too_large: 1 }]);
  });

  test('a record longer than an event may be comes in pieces, byte for byte', async () => {
    await start();
    const long = 'ộ'.repeat(200_000);
    expect((await send('/', `${long}\n`)).json).toEqual({ accepted: 1 });
    const events = await readEvents(bench.spool);
    expect(events.map((event) => (event['haidang'] as { piece: number }).piece)).toEqual([1, 2, 3]);
    expect(events.map((event) => event.event.original).join('')).toBe(long);
  });
});

describe('the bulk interface', () => {
  test('index and create are kept, update and delete refused one by one, and the order of items is that of the actions', async () => {
    await start();
    const body = [
      { index: { _index: 'filebeat-8', _id: 'one' } },
      { '@timestamp': '2026-11-22T10:00:00.000Z', message: SSH, host: { name: 'web-7' }, agent: { type: 'filebeat' } },
      { update: { _id: 'one' } },
      { doc: { a: 1 } },
      { delete: { _id: 'one' } },
      { create: {} },
      { message: 'plain words', labels: { unit: 'tax' } },
    ].map((line) => JSON.stringify(line));
    const answer = await send('/logs/_bulk?filter_path=errors', gzipSync(`${body.join('\n')}\n`), {
      'content-encoding': 'gzip',
      'content-type': 'application/x-ndjson',
    });
    expect(answer).toMatchObject({ status: 200, json: { errors: true } });
    expect(answer.headers.get('x-elastic-product')).toBe('Elasticsearch');
    const items = answer.json['items'] as unknown as Record<string, { status: number; _index: string; _id: string }>[];
    expect(
      items.map((item) => Object.entries(item).map(([action, { status, _index }]) => [action, status, _index])[0]),
    ).toEqual([
      ['index', 201, 'filebeat-8'],
      ['update', 400, 'logs'],
      ['delete', 400, 'logs'],
      ['create', 201, 'logs'],
    ]);
    expect(ledger('bulk').status()).toMatchObject({ read: 4, spooled: 2, dropped: { refused: 2 } });
    const [first, second] = await readEvents(bench.spool);
    expect(first).toMatchObject({
      event: { original: SSH, dataset: 'system.auth' },
      host: { name: 'mail-01' },
      source: { ip: '203.0.113.66' },
    });
    expect(first).not.toHaveProperty('agent');
    expect(second).toMatchObject({
      message: 'plain words',
      event: { original: 'plain words' },
      labels: { unit: 'tax' },
    });
  });

  test('a broken action line refuses the whole request, and nothing of it is kept', async () => {
    await start();
    const body = `{"index":{}}\n{"a":1}\nnonsense\n`;
    expect(await send('/_bulk', body)).toMatchObject({ status: 400, json: { status: 400 } });
    expect((await send('/_bulk', '\n')).status).toBe(400);
    expect(ledger('bulk').read).toBe(0);
  });

  test('what ECS says of a document stays; values of the wrong kind stand aside, and nobody sets what is ours', async () => {
    await start();
    const document = {
      '@timestamp': '2026-11-22T10:00:00.000Z',
      event: { category: ['authentication'], type: ['start'], action: 'logon', original: 'RAW', id: 'forged' },
      message: SSH,
      source: { ip: 'not an address', port: 'http' },
      destination: { ip: '198.51.100.4', port: '443' },
      organization: { id: 'another' },
      haidang: { peer: '1.2.3.4' },
    };
    await send('/_bulk', `{"create":{}}\n${JSON.stringify(document)}\n`);
    const [event] = await readEvents(bench.spool);
    expect(event).toMatchObject({
      event: { action: 'logon', original: 'RAW' },
      destination: { ip: '198.51.100.4', port: '443' },
      haidang: { peer: '127.0.0.1', json: { 'source.ip': 'not an address', 'source.port': 'http' } },
    });
    expect(event?.event.id).not.toBe('forged');
    expect(event?.['source']).toEqual({});
    expect(event).not.toHaveProperty('organization');
  });

  test('the questions of senders get the answers they wait for', async () => {
    await start();
    expect(await send('/')).toMatchObject({ status: 200, json: { version: { number: '8.17.0' } } });
    expect((await send('/')).headers.get('x-elastic-product')).toBe('Elasticsearch');
    expect(await send('/_license?human=false')).toMatchObject({
      json: { license: { status: 'active', type: 'basic' } },
    });
    expect(await send('/_cluster/health')).toMatchObject({ json: { status: 'green' } });
    expect(await send('/_nodes/_all/http')).toMatchObject({ json: { _nodes: { total: 1 } } });
    for (const path of ['/_index_template/filebeat', '/_ilm/policy/filebeat', '/_data_stream/logs-x', '/filebeat-8']) {
      expect((await send(path)).status, path).toBe(404);
      const put = await fetch(`http://127.0.0.1:${input.port}${path}`, { method: 'PUT', body: '{}' });
      expect(await put.json()).toMatchObject({ acknowledged: true });
      expect((await fetch(`http://127.0.0.1:${input.port}${path}`, { method: 'HEAD' })).status).toBe(404);
    }
    expect((await send('/_search', '{}')).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${input.port}/_cat/health`, { method: 'HEAD' })).status).toBe(200);
    expect(await send('/logs/_doc/7', '{"message":"one"}')).toMatchObject({ status: 201, json: { _id: '7' } });
  });

  test('as OpenSearch, it says so', async () => {
    await start({ presentAs: 'opensearch' });
    const answer = await send('/');
    expect(answer.json).toMatchObject({ version: { distribution: 'opensearch' } });
    expect(answer.headers.get('x-elastic-product')).toBeNull();
  });
});

test('what all bodies hold together is bounded: one more gets 429 and is no loss, as its sender has it still', async () => {
  await start({ maxBody: 1_000 });
  const halves = await Promise.all(
    Array.from({ length: 2 }, async () => {
      const sent = request({
        host: '127.0.0.1',
        port: input.port,
        path: '/',
        method: 'POST',
        headers: { 'content-length': 1_000 },
      });
      const answer = new Promise<number>((resolve, reject) => {
        sent.on('response', (got) => resolve(got.resume().statusCode ?? 0));
        sent.on('error', reject);
      });
      await new Promise<void>((resolve) => sent.write('y'.repeat(999), () => resolve()));
      return { sent, answer };
    }),
  );
  await until('both are held', () => input.bodyBytes === 2 * 999);
  const refused = await send('/', 'z'.repeat(100));
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('1');
  for (const { sent } of halves) sent.end('y');
  expect(await Promise.all(halves.map(({ answer }) => answer))).toEqual([200, 200]);
  expect((await send('/', 'z')).status).toBe(200);
  expect(input.bodyBytes).toBe(0);
  expect(ledger('http').dropped).toEqual({});
});

describe('the disk', () => {
  test('nothing is answered as kept before it is: a full disk gives 503 and Retry-After, then the repeated request is taken', async () => {
    await start({ durableMs: 300 });
    disk.failure = 'ENOSPC';
    const refused = await send('/_bulk', `{"create":{}}\n{"message":"one"}\n`);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('5');
    // Now the collector knows that the disk is full, and does not even take the body.
    await until('the disk is known to be full', () => bench.intake.behind);
    expect((await send('/', 'two')).status).toBe(503);
    expect(ledger('http').read).toBe(0);
    disk.failure = undefined;
    await until('the disk works again', () => !bench.intake.behind);
    expect((await send('/', 'three')).status).toBe(200);
    expect((await readEvents(bench.spool)).map((event) => event.event.original)).toContain('three');
  });
});

describe('who may send', () => {
  test('only those with a secret of the file, whichever scheme', async () => {
    const secrets = join(folder.path, 'secrets');
    writeFileSync(secrets, '# senders\nbasic beats:mật khẩu dài\napikey id1:key1\nbearer tok-123\n');
    await start({ secrets });
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    for (const authorization of [
      `Basic ${base64('beats:mật khẩu dài')}`,
      `ApiKey ${base64('id1:key1')}`,
      'Bearer tok-123',
    ]) {
      expect((await send('/', 'x', { authorization })).status, authorization).toBe(200);
    }
    for (const authorization of [
      '',
      `Basic ${base64('beats:wrong')}`,
      'Bearer tok-1234',
      `Bearer ${base64('id1:key1')}`,
    ]) {
      const answer = await send('/', 'x', authorization === '' ? {} : { authorization });
      expect(answer.status, authorization).toBe(401);
      expect(answer.headers.get('www-authenticate')).toContain('Basic');
    }
    expect((await send('/_cluster/health')).status).toBe(401);
    expect(ledger('http').read).toBe(3);
  });

  test('over TLS, with a certificate of the senders’ CA where one is asked for', async () => {
    const made = makeCertificates(folder.path);
    await start({ tls: { certificate: made.serverCertificate, key: made.serverKey, clientCa: made.ca } });
    const ask = (own: object) =>
      new Promise<number>((resolve, reject) => {
        const options = { host: '127.0.0.1', port: input.port, path: '/', method: 'POST', ca: readFileSync(made.ca) };
        const sent = tlsRequest({ ...options, ...own }, (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
        });
        sent.on('error', reject);
        sent.end('x');
      });
    expect(await ask({ cert: readFileSync(made.certificate), key: readFileSync(made.key) })).toBe(200);
    await expect(ask({})).rejects.toThrow();
    expect(ledger('http').read).toBe(1);
  });
});

test('a body that never ends well: cut off, larger than announced, garbage as HTTP; nothing is kept and the rest goes on', async () => {
  await start({ maxBody: 5_000 });
  await new Promise<void>((resolve) => {
    const sent = request({
      host: '127.0.0.1',
      port: input.port,
      path: '/',
      method: 'POST',
      headers: { 'content-length': 1_000 },
    });
    sent.on('error', () => resolve());
    sent.write('half');
    setTimeout(() => sent.destroy(), 50);
  });
  const socket = connect(input.port, '127.0.0.1');
  socket.on('error', () => undefined);
  await new Promise((resolve) => {
    socket.on('close', resolve);
    socket.write('\u0000\u0001 nothing like HTTP\r\n\r\n');
  });
  expect((await send('/', 'x'.repeat(6_000))).status).toBe(413);
  expect((await send('/', 'fine')).status).toBe(200);
  expect(ledger('http').status()).toMatchObject({ read: 2, spooled: 1, dropped: { too_large: 1 } });
});

test('many small things in one body: lines without end are cut as they are needed, and JSON of too many values is refused', async () => {
  await start({ maxBody: 4_000_000 });
  const lines = 20_000;
  expect((await send('/', 'x\n'.repeat(lines))).json).toEqual({ accepted: lines });
  const json = { 'content-type': 'application/json' };
  expect((await send('/', `[${'0,'.repeat(1_000_001)}0]`, json)).status).toBe(413);
  expect((await send('/v1/logs', `{"resourceLogs":[${'{},'.repeat(600_000)}{}]}`, json)).status).toBe(413);
  // Commas and brackets inside texts are no values, and what is nested too deep to be read is a line.
  expect((await send('/', `["${',['.repeat(1_000_000)}"]`, json)).json).toEqual({ accepted: 1 });
  expect((await send('/', '['.repeat(100_000), json)).json).toEqual({ accepted: 1 });
  expect(ledger('http').dropped).toEqual({ too_large: 1 });
});
