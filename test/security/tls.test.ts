import { createPublicKey } from 'node:crypto';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { type AddressInfo, connect as connectPlain, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Authority, openAuthority } from '../../server/authority/authority.ts';
import { makeCertificate, newPrivateKey } from '../../server/authority/certificates.ts';
import { loadConfig } from '../../server/config.ts';
import { CONSOLE_LIMITS, type ConsoleLimits, consoleServer } from '../../server/tls/console-server.ts';
import { type ConsoleCredentials, openConsoleCredentials } from '../../server/tls/credentials.ts';
import { consoleAddress, consoleNames, consoleTls, refuseUnsafe } from '../../server/tls/shape.ts';

const DAY_MS = 86_400_000;
const silent = pino({ level: 'silent' });
let folder = '';
let authority: Authority;
let now = Date.now();
const opened: (() => unknown)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haidang-tls-'));
  authority = await openAuthority(join(folder, 'authority'), { now: () => now });
});
afterEach(async () => {
  now = Date.now();
  for (let close = opened.pop(); close; close = opened.pop()) await close();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A server that says "here", with the console's bounds, on a port of the loopback. */
async function serve(credentials: ConsoleCredentials | undefined, limits: Partial<ConsoleLimits> = {}) {
  const server: Server = consoleServer(credentials, { ...CONSOLE_LIMITS, ...limits })((_request, response) =>
    response.end('here'),
  );
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  opened.push(() => {
    server.closeAllConnections();
    return new Promise((closed) => server.close(closed));
  });
  return (server.address() as AddressInfo).port;
}

function dial(port: number, options: object = {}): Promise<TLSSocket> {
  return new Promise((open, failed) => {
    const socket = connect({ host: '127.0.0.1', port, ca: authority.certificate, ...options }, () => open(socket));
    socket.once('error', failed);
    opened.push(() => socket.destroy());
  });
}

const builtIn = () =>
  openConsoleCredentials({ authority, names: ['soc.example.vn', '10.20.0.5'] }, { log: silent, now: () => now });

/** A certificate and key of the operator's own, in two files. */
async function ownFiles(name: string, days: number, at = folder) {
  const root = newPrivateKey();
  const key = newPrivateKey();
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string;
  const certificate = await makeCertificate(
    { commonName: name, publicKey, now: now - DAY_MS, days, use: 'server', hosts: ['localhost'] },
    { key: root, name: 'An authority elsewhere' },
  );
  const files = { certificateFile: join(at, 'own.crt'), keyFile: join(at, 'own.key') };
  await writeFile(files.certificateFile, certificate);
  await writeFile(files.keyFile, key, { mode: 0o600 });
  return files;
}

describe('the console’s port with the built-in authority', () => {
  it('speaks TLS 1.3 to who trusts the authority, under each of its names', async () => {
    const credentials = await builtIn();
    opened.push(() => credentials.stop());
    const port = await serve(credentials);
    for (const servername of ['localhost', 'soc.example.vn']) {
      const socket = await dial(port, { servername });
      expect(socket.getProtocol()).toBe('TLSv1.3');
      expect(socket.authorized).toBe(true);
    }
    expect((await stat(join(folder, 'authority/console.key'))).mode & 0o077).toBe(0);
  });

  it('refuses older versions of TLS, names that are not its own, and plain HTTP', async () => {
    const credentials = await builtIn();
    opened.push(() => credentials.stop());
    const port = await serve(credentials);
    await expect(dial(port, { servername: 'localhost', maxVersion: 'TLSv1.2' })).rejects.toThrow(
      /protocol version|alert/i,
    );
    await expect(dial(port, { servername: 'evil.example' })).rejects.toThrow(/altnames/);
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
    // Whoever is not trusted by the machine must be refused by the client: nothing weakens that.
    await expect(dial(port, { servername: 'localhost', ca: [] })).rejects.toThrow();
  });

  it('takes a new certificate into use for new connections while old ones go on', async () => {
    now = Date.now() - 300 * DAY_MS;
    const credentials = await builtIn();
    opened.push(() => credentials.stop());
    const port = await serve(credentials);
    const before = await dial(port, { servername: 'localhost' });
    const old = before.getPeerCertificate().fingerprint256;
    now = Date.now();
    await credentials.look();
    const after = await dial(port, { servername: 'localhost' });
    expect(after.getPeerCertificate().fingerprint256).not.toBe(old);
    expect(Date.parse(credentials.notAfter())).toBeGreaterThan(now + 300 * DAY_MS);
    before.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
    const answer = await new Promise<Buffer>((got) => before.once('data', got));
    expect(answer.toString()).toContain('200 OK');
  });
});

describe('certificate files of the operator', () => {
  it('are used, and followed when they change; a bad change leaves the one in use', async () => {
    const files = await ownFiles('first', 90);
    const said: string[] = [];
    const log = pino({ level: 'error' }, { write: (line: string) => said.push(line) });
    const credentials = await openConsoleCredentials(files, { log, now: () => now });
    opened.push(() => credentials.stop());
    const port = await serve(credentials);
    const subject = async () =>
      (await dial(port, { servername: 'localhost', rejectUnauthorized: false })).getPeerCertificate().subject.CN;
    expect(await subject()).toBe('first');
    await ownFiles('second', 90);
    await credentials.look();
    expect(await subject()).toBe('second');
    await writeFile(files.certificateFile, 'no certificate');
    await credentials.look();
    expect(await subject()).toBe('second');
    expect(said.join('')).toMatch(/cannot be used; the one before stays/);
    expect(said.join('')).not.toContain('PRIVATE KEY');
  });

  it.each([
    [
      'missing',
      async (at: string) => rm(join(at, 'own.crt')),
      /own\.crt of "tls\.certificate_file" cannot be read \(ENOENT\)/,
    ],
    ['no certificate', async (at: string) => writeFile(join(at, 'own.crt'), 'x'), /own\.crt holds no PEM certificate/],
    ['no key', async (at: string) => writeFile(join(at, 'own.key'), 'x'), /own\.key holds no PEM private key/],
    ['another key', async (at: string) => writeFile(join(at, 'own.key'), newPrivateKey()), /do not belong together/],
    ['over', async (at: string) => ownFiles('old', 0, at), /ended on .*renew it/],
  ])('are refused at the start where they are %s', async (_name, spoil, message) => {
    const at = await mkdtemp(join(folder, 'bad-'));
    const files = await ownFiles('own', 90, at);
    await spoil(at);
    await expect(openConsoleCredentials(files, { log: silent, now: () => now })).rejects.toThrow(message);
  });
});

describe('slow and many clients', () => {
  /** Resolves once the other side has ended the connection. */
  const ended = (socket: Socket) =>
    new Promise<string>((over) => {
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      socket.on('error', () => over(text));
      socket.on('close', () => over(text));
    });

  it('are cut off: headers that never end, bodies that never come, a handshake that is not begun', async () => {
    const quick = { headersTime: 300, requestTime: 600, checkEvery: 50 };
    const plain = await serve(undefined, quick);
    const slowHeaders = connectPlain(plain, '127.0.0.1');
    slowHeaders.write('GET / HTTP/1.1\r\nhost: x\r\nx-slow: ');
    const slowBody = connectPlain(plain, '127.0.0.1');
    slowBody.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\nx');
    const credentials = await builtIn();
    opened.push(() => credentials.stop());
    const silentOne = connectPlain(await serve(credentials, quick), '127.0.0.1');
    for (const socket of [slowHeaders, slowBody, silentOne]) opened.push(() => socket.destroy());
    const [headers, body] = await Promise.all([ended(slowHeaders), ended(slowBody), ended(silentOne)]);
    expect(headers).toContain('408');
    expect(body).toMatch(/200|408/);
  });

  it('find no more connections than are allowed, and the next one is served once there is room', async () => {
    const port = await serve(undefined, { connections: 3 });
    const held = await Promise.all(
      [1, 2, 3].map(
        () =>
          new Promise<Socket>((open) => {
            const socket = connectPlain(port, '127.0.0.1', () => open(socket));
            opened.push(() => socket.destroy());
          }),
      ),
    );
    const fourth = connectPlain(port, '127.0.0.1');
    fourth.on('connect', () => fourth.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'));
    expect(await ended(fourth)).toBe('');
    const gone = ended(held[0] as Socket);
    held[0]?.destroy();
    await gone;
    for (;;) {
      const again = connectPlain(port, '127.0.0.1');
      again.on('connect', () => again.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'));
      if ((await ended(again)).includes('here')) break;
    }
  });
});

describe('the shape of a configuration', () => {
  const load = async (text: string, env: Record<string, string> = {}) => {
    const path = join(folder, `${Math.random().toString(36).slice(2)}.yaml`);
    await writeFile(path, text);
    return loadConfig(path, env);
  };

  it.each([
    ['', 'none'],
    ['tls: {mode: on}', 'here'],
    ['tls: {mode: proxy}', 'proxy'],
    ['tls: {certificate_file: /a, key_file: /b}', 'here'],
    ['host: 0.0.0.0', 'here'],
    ['host: "::"', 'here'],
    ['host: 10.20.0.5', 'here'],
  ])('%s takes TLS: %s', async (text, expected) => {
    expect(consoleTls(await load(text))).toBe(expected);
  });

  it.each([
    ['host: 0.0.0.0\ntls: {mode: off}', /passwords in the clear; set "tls.mode" to auto/],
    ['host: 10.1.1.1\ntls: {mode: proxy}', /passwords in the clear/],
    ['tls: {certificate_file: /a}', /belong together/],
    ['tls: {mode: off, certificate_file: /a, key_file: /b}', /is not used with/],
  ])('%s is refused', async (text, message) => {
    await expect(load(text)).rejects.toThrow(message);
    await expect(load(text)).rejects.toMatchObject({ exitCode: 2 });
  });

  it.each(['password1', 'Admin123', 'changeme!', 'haidang2026', '1234567890'])(
    'a first password %s is refused',
    async (password) => {
      const error = await load('', { HAIDANG_ADMIN_PASSWORD: password }).catch((thrown) => thrown);
      expect(error.message).toMatch(/stands in manuals/);
      expect(error.message).not.toContain(password);
    },
  );

  it('names the console by what others reach it by', async () => {
    const config = await load('host: 0.0.0.0\nallowed_hosts: [soc.example.vn, "2001:db8::5"]');
    expect(consoleNames(config, 'machine')).toEqual(['soc.example.vn', '2001:db8::5', 'machine']);
    expect(consoleAddress('http://127.0.0.1:8080', config)).toBe('https://soc.example.vn:8080');
    expect(consoleAddress('http://127.0.0.1:8080', await load(''))).toBe('http://127.0.0.1:8080');
    expect(consoleAddress('http://[::1]:8080', await load('host: "::1"'))).toBe('http://[::1]:8080');
  });
});

describe('keys that others can read', () => {
  it.each([
    ['authority/ca.key', 0o644],
    ['authority/console.key', 0o640],
    ['authority/secrets.key', 0o604],
  ])('%s with mode %o stops the start', async (key, mode) => {
    const data = await mkdtemp(join(folder, 'data-'));
    const path = join(data, key);
    await (await import('node:fs/promises')).mkdir(join(data, 'authority'));
    await writeFile(path, 'x');
    await chmod(path, mode);
    const config = { ...(await loadConfig(undefined, {})), data };
    await expect(refuseUnsafe(config)).rejects.toThrow(
      `${path} can be read by other users of this machine; run: chmod 600 ${path}`,
    );
    await chmod(path, 0o600);
    await refuseUnsafe(config);
  });

  it('so does a data folder that everybody can write to, and a certificate key that everybody can read', async () => {
    const data = await mkdtemp(join(folder, 'data-'));
    const keyFile = join(data, 'web.key');
    await writeFile(keyFile, 'x');
    await chmod(keyFile, 0o644);
    const config = { ...(await loadConfig(undefined, {})), data };
    const tls = { mode: 'auto' as const, certificateFile: keyFile, keyFile };
    await expect(refuseUnsafe({ ...config, tls })).rejects.toThrow(/web\.key can be read .*chmod 640/);
    await chmod(keyFile, 0o640);
    await refuseUnsafe({ ...config, tls });
    await chmod(data, 0o777);
    await expect(refuseUnsafe(config)).rejects.toThrow(/can be written by every user .*chmod 700/);
  });
});
