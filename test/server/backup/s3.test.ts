import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request as forward, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openTarget } from '../../../server/backup/open-target.ts';
import { DamagedBackupError, restoreBackup } from '../../../server/backup/restore.ts';
import { runBackup } from '../../../server/backup/run-backup.ts';
import { listObjects, listUploads } from '../../../server/backup/s3/objects.ts';
import type { S3Settings } from '../../../server/backup/s3/settings.ts';
import { startStorage, storageJars, type TestStorage } from './s3-server.ts';

const jars = await storageJars();
const NOW = Date.UTC(2026, 10, 20, 9);
const MEBIBYTE = 1024 * 1024;

describe.skipIf(jars === undefined)('storage that speaks S3', () => {
  let storage: TestStorage;
  let root: string;
  let data: string;
  let to: string;
  let number = 0;

  beforeAll(async () => {
    storage = await startStorage(jars ?? '');
  });
  afterAll(() => storage?.stop());
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'haidang-s3-test-'));
    data = join(root, 'data');
    to = `s3://${storage.bucket}/site/${++number}`;
    put('authority/ca.crt', 'certificate');
    put('authority/ca.key', 'a key');
    put('rules/own rule ü.yml', 'title: own');
    put('big.bin', pattern(5 * MEBIBYTE));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  function put(path: string, content: string | Buffer): void {
    mkdirSync(join(data, path, '..'), { recursive: true });
    writeFileSync(join(data, path), content);
  }
  const backUp = (s3: S3Settings = storage.settings, more: { keep?: number; graceMs?: number } = {}) =>
    runBackup({ data, to, s3, program: 'test', now: () => NOW, graceMs: 0, ...more });
  const restore = (more: { id?: string; s3?: S3Settings } = {}) => {
    rmSync(join(root, 'restored'), { recursive: true, force: true });
    return restoreBackup({ from: to, data: join(root, 'restored'), s3: storage.settings, ...more });
  };
  const restored = (path: string) => readFileSync(join(root, 'restored', path));
  const prefix = () => `site/${number}/`;
  const keys = async () => (await listObjects(storage.client, prefix())).objects.map(({ key }) => key);
  const generations = async () => {
    const target = openTarget(to, { data, s3: storage.settings });
    try {
      return await target.generations();
    } finally {
      target.close();
    }
  };

  it('takes a backup and gives it back, byte for byte', async () => {
    const summary = await backUp();
    expect(summary).toMatchObject({ to, files: 4, copiedFiles: 4, problems: [] });
    expect(await restore()).toMatchObject({ id: summary.id, files: 4, since: new Date(NOW).toISOString() });
    for (const path of ['authority/ca.key', 'rules/own rule ü.yml', 'big.bin'])
      expect(restored(path).equals(readFileSync(join(data, path)))).toBe(true);
  });

  it('sends only what changed, and keeps as many backups as it should', async () => {
    const first = await backUp(undefined, { keep: 2 });
    put('authority/ca.key', 'another key');
    const second = await backUp(undefined, { keep: 2 });
    expect(second).toMatchObject({ copiedFiles: 1, copiedBytes: 11 });
    expect((await generations()).toSorted()).toEqual([first.id, second.id].toSorted());
    await restore({ id: first.id });
    expect(restored('authority/ca.key').toString()).toBe('a key');
    await restore({ id: second.id });
    expect(restored('authority/ca.key').toString()).toBe('another key');

    put('authority/ca.key', 'a third key');
    const third = await runBackup({
      data,
      to,
      s3: storage.settings,
      program: 'test',
      now: () => NOW + 1000,
      graceMs: 0,
      keep: 1,
    });
    expect(await generations()).toEqual([third.id]);
    expect((await keys()).filter((key) => key.includes('ca.key')).length).toBe(1);
    await expect(restore({ id: first.id })).rejects.toThrow(/no backup of that id/);
  });

  it('does not remove what is new and unused: it may belong to a run elsewhere', async () => {
    await backUp();
    put('authority/ca.key', 'another key');
    await backUp(undefined, { graceMs: 3_600_000 });
    expect((await keys()).filter((key) => key.includes('ca.key')).length).toBe(2);
    await backUp(undefined, { graceMs: 0 });
    expect((await keys()).filter((key) => key.includes('ca.key')).length).toBe(1);
  });

  it('goes through TLS with the authority that is set, and not without it', async () => {
    const s3 = storage.settingsFor({ endpoint: storage.https, caFile: storage.caFile });
    expect((await backUp(s3)).files).toBe(4);
    await expect(backUp(storage.settingsFor({ endpoint: storage.https }))).rejects.toThrow(
      /certificate is not trusted; set "s3.ca_file"/,
    );
  });

  it('says what is wrong with keys, bucket and place, and never a key', async () => {
    const wrong = join(root, 'wrong.key');
    writeFileSync(wrong, `${storage.secret}x\n`);
    const refused = await backUp(storage.settingsFor({ secretKeyFile: wrong })).catch((error: Error) => error.message);
    expect(refused).toMatch(/SignatureDoesNotMatch\): check the secret key/);
    expect(refused).not.toContain(storage.secret);
    to = 's3://no-such-bucket/x';
    await expect(backUp()).rejects.toThrow(/NoSuchBucket\): make the bucket first/);
    to = `s3://${storage.bucket}/../x`;
    await expect(backUp()).rejects.toThrow(/is no place in a bucket/);
    await expect(backUp(storage.settingsFor({ accessKeyFile: join(root, 'none') }))).rejects.toThrow();
  });

  it('refuses a place that holds something else, or the backups of another installation', async () => {
    await storage.client.send({ method: 'PUT', key: `${prefix()}holiday.jpg`, body: Buffer.from('x') });
    await expect(backUp()).rejects.toThrow(/holds other objects and no backup/);
    to = `s3://${storage.bucket}/site/${++number}`;
    await backUp();
    put('authority/ca.crt', 'of another');
    await expect(backUp()).rejects.toThrow(/of another installation/);
  });

  it('restores nothing where an object is missing or changed, and names it', async () => {
    await backUp();
    const key = (await keys()).find((one) => one.includes('ca.key')) ?? '';
    await storage.client.send({ method: 'PUT', key, body: Buffer.from('A key') });
    const changed = await restore().catch((error: unknown) => error);
    expect(changed).toBeInstanceOf(DamagedBackupError);
    expect((changed as DamagedBackupError).files).toEqual(['authority/ca.key']);
    expect(() => restored('big.bin')).toThrow(/ENOENT/);
    await storage.client.send({ method: 'DELETE', key });
    await expect(restore()).rejects.toThrow(/authority\/ca.key/);
  });

  it('sends a large file in parts, and goes on where a run was broken off', async () => {
    put('large.bin', pattern(26 * MEBIBYTE));
    const stop = new Error('the power fails here');
    const broken = runBackup({
      data,
      to,
      s3: storage.settings,
      program: 'test',
      onProgress: ({ path, doneBytes }) => {
        if (path === 'large.bin' && doneBytes > 13 * MEBIBYTE) throw stop;
      },
    });
    await expect(broken).resolves.toMatchObject({ problems: [{ path: 'large.bin' }] });
    expect((await listUploads(storage.client, prefix())).map(({ key }) => key.includes('large.bin'))).toEqual([true]);

    const front = await startFront(storage.http);
    try {
      const summary = await backUp(storage.settingsFor({ endpoint: front.address }));
      expect(summary.problems).toEqual([]);
      const parts = front.seen.filter((line) => /PUT .*partNumber/.test(line)).length;
      // Four parts; those that were there are not sent again.
      expect(parts).toBeGreaterThan(0);
      expect(parts).toBeLessThan(4);
    } finally {
      await front.stop();
    }
    expect(await listUploads(storage.client, prefix())).toEqual([]);
    await restore();
    expect(restored('large.bin').equals(readFileSync(join(data, 'large.bin')))).toBe(true);
  });

  it('gives up an upload that nobody goes on with', async () => {
    await backUp();
    const key = `${prefix()}gone.bin.0123456789abcdef`;
    await storage.client.send({ method: 'POST', key, query: { uploads: '' } });
    await backUp(undefined, { graceMs: 3_600_000 });
    expect((await listUploads(storage.client, prefix())).length).toBe(1);
    await backUp();
    expect(await listUploads(storage.client, prefix())).toEqual([]);
  });

  describe('behind a network that fails', () => {
    let front: Front;
    beforeEach(async () => {
      front = await startFront(storage.http);
    });
    afterEach(() => front.stop());
    const through = () => storage.clientFor(front.address);

    it('tries again what was refused for a moment, or cut off', async () => {
      front.faults.push('503', 'reset', '429', 'reset after');
      const key = `${prefix()}one`;
      await through().send({ method: 'PUT', key, body: Buffer.from('content') });
      expect(front.faults).toEqual([]);
      expect((await storage.client.send({ method: 'GET', key })).body).toBe('content');
    });

    it('ends after some tries, and does not repeat what will not pass', async () => {
      front.always = '503';
      await expect(through().send({ method: 'GET', key: 'x' })).rejects.toThrow(/503 SlowDown/);
      expect(front.seen.length).toBe(6);
      front.always = undefined;
      await expect(through().send({ method: 'GET', key: 'absent' })).rejects.toThrow(/404 NoSuchKey/);
      expect(front.seen.length).toBe(7);
    });

    it('goes on with a download where it was cut off', async () => {
      const content = pattern(3 * MEBIBYTE);
      const key = `${prefix()}long`;
      await storage.client.send({ method: 'PUT', key, body: content });
      front.faults.push('cut', 'cut', 'reset');
      const file = join(root, 'long');
      const got = await through().download(key, file, () => {});
      expect(got.size).toBe(content.length);
      expect(readFileSync(file).equals(content)).toBe(true);
      expect(front.seen.filter((line) => line.includes('range')).length).toBeGreaterThan(1);
    });

    it('does not patch together a download of two objects', async () => {
      const key = `${prefix()}swapped`;
      await storage.client.send({ method: 'PUT', key, body: pattern(3 * MEBIBYTE) });
      front.faults.push('cut');
      front.onCut = () => storage.client.send({ method: 'PUT', key, body: pattern(3 * MEBIBYTE, 9) });
      await expect(through().download(key, join(root, 'swapped'), () => {})).rejects.toThrow(/412/);
    });

    it('leaves the backup before it as it was when the storage goes away', async () => {
      await backUp();
      const before = await generations();
      put('authority/ca.key', 'another key');
      put('later', 'x');
      front.failAfter = 6;
      const s3 = storage.settingsFor({ endpoint: front.address });
      await expect(backUp(s3)).rejects.toThrow(/403/);
      expect(await generations()).toEqual(before);
      await restore();
      expect(restored('authority/ca.key').toString()).toBe('a key');
    });
  });
});

function pattern(bytes: number, seed = 1): Buffer {
  const buffer = Buffer.alloc(bytes);
  for (let at = 0, value = seed; at + 4 <= bytes; at += 4) {
    value = (Math.imul(value, 1_664_525) + 1_013_904_223) >>> 0;
    buffer.writeUInt32LE(value, at);
  }
  return buffer;
}

type Fault = '503' | '429' | 'reset' | 'reset after' | 'cut';

interface Front {
  readonly address: string;
  /** One a request, method, path and whether it asked for a range. */
  readonly seen: string[];
  /** What happens to the next requests, in order. */
  readonly faults: Fault[];
  always: Fault | undefined;
  /** From this request on everything is forbidden. */
  failAfter: number;
  onCut: (() => Promise<unknown>) | undefined;
  stop(): Promise<void>;
}

/** A network before the storage that fails as it is told. */
async function startFront(storage: string): Promise<Front> {
  const target = new URL(storage);
  const server: Server = createServer((request, response) => void handle(request, response));
  const front: Front = {
    address: '',
    seen: [],
    faults: [],
    always: undefined,
    failAfter: Number.POSITIVE_INFINITY,
    onCut: undefined,
    stop: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    front.seen.push(`${request.method} ${request.url} ${request.headers.range === undefined ? '' : 'range'}`);
    const fault = front.always ?? front.faults.shift();
    const pieces: Buffer[] = [];
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
    if (front.seen.length > front.failAfter) return refuse(response, 403, 'AccessDenied');
    if (fault === '503') return refuse(response, 503, 'SlowDown');
    if (fault === '429') return refuse(response, 429, 'TooManyRequests');
    if (fault === 'reset') return void request.socket.destroy();
    const headers = { ...request.headers };
    const onward = forward(
      { hostname: target.hostname, port: target.port, method: request.method, path: request.url, headers },
      async (answer) => {
        if (fault === 'reset after') return void request.socket.destroy();
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        let bytes = 0;
        for await (const piece of answer as AsyncIterable<Buffer>) {
          response.write(piece);
          bytes += piece.length;
          if (fault === 'cut' && bytes > 500_000) {
            await front.onCut?.();
            // What was written goes out before the line is cut.
            await new Promise((done) => response.write('', done));
            request.socket.destroy();
            return;
          }
        }
        response.end();
      },
    );
    onward.on('error', () => request.socket.destroy());
    onward.end(Buffer.concat(pieces));
  }
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return Object.assign(front, { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<Error><Code>${code}</Code></Error>`);
}
