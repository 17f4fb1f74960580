import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Identity } from '../../server/identity.ts';
import { type Bench, openBench } from '../server/api/harness.ts';

/** Limits as clients meet them: over sockets, from several addresses of this machine (127.0.0.0/8 is all ours). */
const MOST = 60;
let bench: Bench;
let port = 0;
const open = new Set<Socket>();

beforeAll(async () => {
  bench = await openBench({ requestsPerMinute: MOST });
  await bench.addAgency('one');
  await bench.app.listen({ host: '127.0.0.1', port: 0 });
  port = (bench.app.server.address() as AddressInfo).port;
});
afterAll(async () => {
  for (const socket of open) socket.destroy();
  await bench?.close();
});

interface Asking {
  readonly from?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly host?: string;
  readonly target?: string;
  readonly method?: string;
  readonly body?: string;
}

/** One request on a connection of its own; gives status, headers and body as they came. */
function send({ from = '127.0.0.1', headers = {}, host, target = '/api/v1/session', method = 'GET', body }: Asking) {
  const lines = Object.entries({
    host: host ?? `127.0.0.1:${port}`,
    connection: 'close',
    ...headers,
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return new Promise<{ readonly status: number; readonly text: string }>((done, failed) => {
    let text = '';
    const socket = connect({ port, host: '127.0.0.1', localAddress: from }, () =>
      socket.write(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`),
    );
    open.add(socket);
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('error', failed);
    socket.on('close', () => {
      open.delete(socket);
      done({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text });
    });
  });
}

/** Asks until it is told to wait; gives how often it was served before. */
async function untilRefused(
  asking: Asking,
  served: number,
): Promise<{ readonly count: number; readonly text: string }> {
  for (let count = 0; count <= MOST * 2; count += 1) {
    const { status, text } = await send(asking);
    if (status === 429) return { count, text };
    expect(status).toBe(served);
  }
  throw new Error('It was never told to wait.');
}

describe('how often somebody may ask', () => {
  it('is counted by person, whatever the address, and told by Retry-After', async () => {
    const cookie = await bench.signIn({ user: 'lan' });
    const { count, text } = await untilRefused({ headers: { cookie }, from: '127.0.1.1' }, 200);
    expect(count).toBe(MOST);
    expect(text).toMatch(/\r\nretry-after: [1-9]\d*\r\n/i);
    expect(text).toContain('"code":"HD_TOO_MANY"');
    expect(text).not.toMatch(/x-ratelimit/i);
    // Another address does not help her, nor another session of the same account.
    const again = await bench.signIn({ user: 'lan' });
    expect((await send({ headers: { cookie }, from: '127.0.1.2' })).status).toBe(429);
    expect((await send({ headers: { cookie: again }, from: '127.0.1.3' })).status).toBe(429);
    // Whoever sits beside her goes on.
    const minh = await bench.signIn({ user: 'minh' });
    expect((await send({ headers: { cookie: minh }, from: '127.0.1.1' })).status).toBe(200);
  });

  it('is counted for a program with the person that it speaks for', async () => {
    await bench.signIn({ user: 'may' });
    const identity: Identity = { kind: 'user', name: 'may', role: 'analyst', agencies: 'all' };
    const { token } = await bench.accounts.tokens.create(
      'may',
      { name: 'x', permissions: ['alerts.read'], days: 1 },
      identity,
    );
    const headers = { authorization: `Bearer ${token}` };
    expect((await untilRefused({ headers, from: '127.0.2.1' }, 200)).count).toBe(MOST);
    expect((await send({ headers, from: '127.0.2.2' })).status).toBe(429);
  });

  it('is counted without a session by address, and does not reach who has one there, nor other addresses', async () => {
    const { count } = await untilRefused({ from: '127.0.3.1', target: '/api/v1/alerts' }, 401);
    expect(count).toBe(MOST);
    expect((await send({ from: '127.0.3.2', target: '/api/v1/alerts' })).status).toBe(401);
    const cookie = await bench.signIn({ user: 'hoa' });
    expect((await send({ from: '127.0.3.1', target: '/api/v1/alerts', headers: { cookie } })).status).toBe(200);
    // What is for everybody is bounded by the same address.
    expect((await untilRefused({ from: '127.0.3.4', target: '/healthz' }, 200)).count).toBe(MOST);
  });

  it('is not changed by what a client says of its own address', async () => {
    await untilRefused({ from: '127.0.4.1', target: '/api/v1/alerts' }, 401);
    for (const name of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'true-client-ip'])
      expect(
        (await send({ from: '127.0.4.1', target: '/api/v1/alerts', headers: { [name]: '198.51.100.1' } })).status,
      ).toBe(429);
  });

  it('is half of that at signing in, before any password is looked at', async () => {
    const headers = { origin: `http://127.0.0.1:${port}` };
    const asking = { from: '127.0.5.1', method: 'POST', body: '{"user":"nobody"}', headers };
    expect((await untilRefused(asking, 400)).count).toBe(30);
  });
});

describe('slow clients', () => {
  it('that hold hundreds of connections with requests that never end do not keep others from being served', async () => {
    const held = await Promise.all(
      Array.from(
        { length: 300 },
        (_, at) =>
          new Promise<Socket>((done, failed) => {
            const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.6.${(at % 200) + 1}` }, () => {
              // Half of them stop within the headers, the others within the body.
              socket.write(
                at % 2 === 0
                  ? 'GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: a'
                  : `POST /api/v1/session HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\norigin: http://127.0.0.1:${port}\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{"user":`,
              );
              done(socket);
            });
            open.add(socket);
            socket.once('error', failed);
          }),
      ),
    );
    const cookie = await bench.signIn({ user: 'an' });
    for (let count = 0; count < 10; count += 1) expect((await send({ headers: { cookie } })).status).toBe(200);
    for (const socket of held) {
      socket.on('error', () => undefined);
      socket.destroy();
      open.delete(socket);
    }
  });
});

describe('Host and Origin over the wire', () => {
  it.each([
    ['another name', { host: 'evil.example' }, 403],
    ['a name that begins like ours', { host: '127.0.0.1.evil.example' }, 403],
    ['a name with a user', { host: 'x@127.0.0.1' }, 403],
    ['nothing', { host: '' }, 403],
    ['another name in the address itself', { target: 'http://evil.example/api/v1/session', host: 'evil.example' }, 403],
    ['this machine by its name', { host: 'localhost' }, 401],
    ['this machine in IPv6', { host: '[::1]:8080' }, 401],
  ])('%s in Host', async (_name, asking, expected) => {
    expect((await send({ from: '127.0.7.1', ...asking })).status).toBe(expected);
  });

  it.each([
    ['another site', 'http://evil.example'],
    ['another port', 'http://127.0.0.1:1'],
    ['another scheme', 'https://127.0.0.1'],
    ['none that can be told', 'null'],
    ['two', 'http://127.0.0.1 http://evil.example'],
  ])('%s in Origin changes nothing', async (_name, origin) => {
    const cookie = await bench.signIn({ user: 'nga' });
    const asking = { from: '127.0.7.2', method: 'DELETE', headers: { cookie, origin } };
    expect((await send(asking)).text).toContain('"code":"HD_ORIGIN"');
    expect((await send({ from: '127.0.7.2', headers: { cookie } })).status).toBe(200);
  });
});
