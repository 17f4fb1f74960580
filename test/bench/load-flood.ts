/**
 * Junk against the console's port until the parent says stop: requests without and with false sessions, and bytes that are no HTTP.
 * Each lane comes from an address of its own: a flood comes from elsewhere than the people who work.
 */
import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';

const port = Number(process.argv[2]);
const lanes = Number(process.argv[3] ?? 40);
const kinds = [
  { path: '/api/v1/alerts', headers: {} },
  { path: '/api/v1/alerts', headers: { cookie: `haidang_session=${randomBytes(32).toString('base64url')}` } },
  { path: `/${randomBytes(20).toString('hex')}`, headers: {} },
  {
    path: '/api/v1/session',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `{"user":"x","password":"${'['.repeat(500)}`,
  },
  { path: '/', headers: { host: 'evil.example' } },
] as const;
const answers = new Map<number, number>();
let stopped = false;

function ask(kind: (typeof kinds)[number], agent: Agent): Promise<void> {
  return new Promise((done) => {
    const method = 'method' in kind ? kind.method : 'GET';
    const sent = request(
      { host: '127.0.0.1', port, agent, path: kind.path, method, headers: kind.headers },
      (answer) => {
        answers.set(answer.statusCode ?? 0, (answers.get(answer.statusCode ?? 0) ?? 0) + 1);
        answer.resume();
        answer.on('end', done);
        answer.on('error', () => done());
      },
    );
    sent.on('error', () => done());
    sent.end('body' in kind ? kind.body : undefined);
  });
}

async function lane(number: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, localAddress: `127.9.0.${number + 1}` });
  for (let round = number; !stopped; round += 1) await ask(kinds[round % kinds.length] ?? kinds[0], agent);
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
process.send?.({ answers: Object.fromEntries(answers) }, () => process.exit(0));
