import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Bench, openBench } from '../server/api/harness.ts';

let bench: Bench;
let host = '';
let cookie = '';
beforeAll(async () => {
  bench = await openBench({ tickMs: 200 });
  await bench.addAgency('one');
  cookie = await bench.signIn({ user: 'lan' });
  host = new URL(await bench.app.listen({ host: '127.0.0.1', port: 0 })).host;
});
afterAll(() => bench.close());

/** An upgraded connection whose bytes are ours to write. */
async function upgraded(): Promise<Socket> {
  const [name = '', port = ''] = host.split(':');
  for (;;) {
    const socket = connect(Number(port), name);
    socket.on('error', () => {});
    socket.write(
      `GET /api/v1/live?since=0 HTTP/1.1\r\nhost: ${host}\r\norigin: http://${host}\r\ncookie: ${cookie}\r\n` +
        `connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    );
    const head = await new Promise<string>((got) => {
      let text = '';
      const read = (chunk: Buffer) => {
        text += chunk.toString('latin1');
        if (!text.includes('\r\n\r\n')) return;
        socket.off('data', read);
        got(text);
      };
      socket.on('data', read);
      socket.on('close', () => got(text));
    });
    if (head.startsWith('HTTP/1.1 101')) return socket;
    socket.destroy();
    // The connections of a person are bounded: the ones before this are still being closed.
    if (!head.startsWith('HTTP/1.1 429')) throw new Error(`no upgrade: ${head}`);
  }
}

/** Waits until the other side has closed; gives all it still sent. */
function closed(socket: Socket): Promise<Buffer> {
  const pieces: Buffer[] = [];
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  return new Promise((done) => {
    socket.on('error', () => {});
    socket.on('close', () => done(Buffer.concat(pieces)));
    if (socket.destroyed) done(Buffer.concat(pieces));
  });
}

/** A frame of a client (RFC 6455 §5.2). */
function frame(
  opcode: number,
  payload: Buffer,
  { fin = true, masked = true, reserved = 0, claims = payload.length } = {},
): Buffer {
  const head = [((fin ? 0x80 : 0) | (reserved << 4) | opcode) & 0xff];
  const bit = masked ? 0x80 : 0;
  const length = Buffer.alloc(claims < 126 ? 0 : claims < 65_536 ? 2 : 8);
  if (length.length === 2) length.writeUInt16BE(claims);
  if (length.length === 8) length.writeBigUInt64BE(BigInt(claims));
  head.push(bit | (length.length === 0 ? claims : length.length === 2 ? 126 : 127));
  const mask = randomBytes(4);
  const body = masked ? Buffer.from(payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0))) : payload;
  return Buffer.concat([Buffer.from(head), length, masked ? mask : Buffer.alloc(0), body]);
}

/** A console beside the attack: it must go on hearing. */
async function hears(): Promise<void> {
  const socket = new WebSocket(`ws://${host}/api/v1/live?since=0`, { headers: { cookie, origin: `http://${host}` } });
  const kind = await new Promise<string>((got, failed) => {
    socket.on('message', (text) => got(JSON.parse(String(text)).type));
    socket.on('unexpected-response', (_request, answer) => got(`refused ${answer.statusCode}`));
    socket.on('error', failed);
  });
  socket.terminate();
  expect(kind).toMatch(/^(alert|tick|restart|refused 429)$/);
}

describe('the live connection under attack', () => {
  const cases: [name: string, bytes: () => Buffer][] = [
    ['a text', () => frame(1, Buffer.from('{"type":"alert"}'))],
    ['a document', () => frame(2, randomBytes(200))],
    ['a text that is no UTF-8', () => frame(1, Buffer.from([0xff, 0xfe, 0xc0]))],
    ['a frame without a mask', () => frame(1, Buffer.from('x'), { masked: false })],
    ['reserved bits', () => frame(1, Buffer.from('x'), { reserved: 7 })],
    ['an unknown kind of frame', () => frame(7, Buffer.from('x'))],
    ['a control frame in pieces', () => frame(9, Buffer.from('x'), { fin: false })],
    ['a long control frame', () => frame(9, randomBytes(200))],
    ['a piece of nothing', () => frame(0, Buffer.from('x'))],
    ['more than is taken', () => frame(1, randomBytes(5_000))],
    ['the claim of a terabyte', () => frame(1, randomBytes(20), { claims: 2 ** 40 })],
    ['the claim of more than a number holds', () => Buffer.concat([Buffer.from([0x81, 0xff]), Buffer.alloc(8, 0xff)])],
    [
      'endless pieces',
      () =>
        Buffer.concat([
          frame(1, Buffer.alloc(100), { fin: false }),
          ...Array.from({ length: 50 }, () => frame(0, Buffer.alloc(100), { fin: false })),
        ]),
    ],
    ['a wrong close', () => frame(8, Buffer.from([0x00]))],
    ['a close with a forbidden code', () => frame(8, Buffer.from([0x03, 0xed]))],
  ];
  it.each(cases)('closes on %s, and others go on', async (_name, bytes) => {
    const socket = await upgraded();
    const over = closed(socket);
    // Who is told of the end answers, or the server waits half a minute for it.
    socket.on('data', (piece: Buffer) => {
      if (piece.includes(0x88)) socket.end();
    });
    socket.write(bytes());
    const said = await over;
    // A close frame where the protocol still stands; the connection ends in any case.
    expect(said.length === 0 || [0x81, 0x88, 0x89, 0x8a].includes(said[0] ?? 0)).toBe(true);
    await hears();
  });

  it('answers a flood of pings without growing, and closes what was cut off in the middle', async () => {
    const socket = await upgraded();
    const before = process.memoryUsage().rss;
    const ping = frame(9, Buffer.from('x'));
    const many = Buffer.concat(Array.from({ length: 1_000 }, () => ping));
    let pongs = 0;
    socket.on('data', (piece: Buffer) => {
      pongs += piece.length;
    });
    for (let round = 0; round < 50; round += 1)
      if (!socket.write(many)) await new Promise((drained) => socket.once('drain', drained));
    const over = closed(socket);
    socket.end(Buffer.from([0x81, 0xfe]));
    await over;
    expect(pongs).toBeGreaterThan(0);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
    await hears();
  });

  it('stays up whatever bytes come', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 2_000 }), async (bytes) => {
        const socket = await upgraded();
        const over = closed(socket);
        socket.end(Buffer.from(bytes));
        await over;
      }),
      { numRuns: 30, seed: 20_261_123 },
    );
    await hears();
    const answer = await bench.app.inject({ url: '/api/v1/session', headers: { host: '127.0.0.1', cookie } });
    expect(answer.statusCode).toBe(200);
  });

  it('refuses upgrades without a session, from another site, to other addresses, and of other versions', async () => {
    const attempt = (path: string, headers: Record<string, string>) =>
      new Promise<number>((got) => {
        const socket = new WebSocket(`ws://${host}${path}`, {
          headers: { cookie, origin: `http://${host}`, ...headers },
        });
        socket.on('unexpected-response', (_request, answer) => got(answer.statusCode ?? 0));
        socket.on('open', () => {
          socket.terminate();
          got(101);
        });
        socket.on('error', () => got(0));
      });
    expect(await attempt('/api/v1/live', { cookie: '' })).toBe(401);
    expect(await attempt('/api/v1/live', { origin: 'http://evil.example' })).toBe(403);
    expect(await attempt('/api/v1/live?since=x', {})).toBe(400);
    expect(await attempt('/api/v1/alerts', {})).toBe(400);
    expect(await attempt('/nothing', {})).not.toBe(101);
  });
});
