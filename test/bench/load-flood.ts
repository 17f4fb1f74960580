/**
 * Junk against the console's port until the parent says stop: requests without and with false sessions, and bytes that are no HTTP.
 * Each lane comes from an address of its own: a flood comes from elsewhere than the people who work. Plain sockets and ready bytes, and
 * a low priority: its machines are not the server's, so what it costs here should cost little.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setPriority } from 'node:os';

setPriority(10);
const port = Number(process.argv[2]);
const lanes = Number(process.argv[3] ?? 40);
const bad = `{"user":"x","password":"${'['.repeat(500)}`;
const head = (line: string, more: readonly string[] = [], host = `127.0.0.1:${port}`) =>
  [`${line} HTTP/1.1`, `host: ${host}`, ...more, '', ''].join('\r\n');
const kinds = [
  () => head('GET /api/v1/alerts'),
  () => head('GET /api/v1/alerts', [`cookie: haidang_session=${randomBytes(32).toString('base64url')}`]),
  () => head(`GET /${randomBytes(20).toString('hex')}`),
  () =>
    head('POST /api/v1/session', ['content-type: application/json', `content-length: ${Buffer.byteLength(bad)}`]) + bad,
  () => head('GET /', [], 'evil.example'),
] as const;
const answers = new Map<number, number>();
let stopped = false;

/** One connection, asked on until it ends; gives how many answers it had. */
function converse(lane: number, from: number): Promise<number> {
  return new Promise((done) => {
    let round = from;
    let text = '';
    const socket: Socket = connect({ port, host: '127.0.0.1', localAddress: `127.9.0.${lane + 1}` });
    const ask = () => {
      if (stopped) socket.destroy();
      else socket.write((kinds[round % kinds.length] ?? kinds[0])());
      round += 1;
    };
    socket.once('connect', ask);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (!isWhole(text)) return;
      const status = Number(text.slice(9, 12));
      answers.set(status, (answers.get(status) ?? 0) + 1);
      text = '';
      ask();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => done(round - from));
  });
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, end));
  return length ? text.length >= end + 4 + Number(length[1]) : text.endsWith('0\r\n\r\n');
}

async function lane(number: number): Promise<void> {
  for (let round = number; !stopped; ) {
    const had = await converse(number, round);
    round += Math.max(1, had);
  }
}

async function garbage(): Promise<void> {
  while (!stopped) {
    await new Promise<void>((done) => {
      const socket = connect({ port, host: '127.0.0.1', localAddress: '127.9.1.1' }, () =>
        socket.write(randomBytes(300)),
      );
      socket.on('error', () => done());
      socket.on('close', () => done());
      socket.resume();
    });
  }
}

process.on('message', () => {
  stopped = true;
});
// Who started it is gone.
process.on('disconnect', () => process.exit(0));
await Promise.all([...Array.from({ length: lanes }, (_, number) => lane(number)), garbage(), garbage()]);
const { user, system } = process.cpuUsage();
process.send?.({ answers: Object.fromEntries(answers), cpu: (user + system) / 1e6 }, () => process.exit(0));
