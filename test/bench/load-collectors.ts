/**
 * Collectors that all connect at the same moment and ask for the time, as after an outage; then they stay until the parent says stop.
 * A process of its own: their handshakes must not hold up the clock of who measures. The parent sends a `ReconnectOrder` first.
 */
import { type ClientHttp2Session, connect } from 'node:http2';
import { setPriority } from 'node:os';
import { createSecureContext } from 'node:tls';
import type { Machine } from './load-world.ts';

/** What the parent asks for. */
export interface ReconnectOrder {
  readonly port: number;
  readonly authority: string;
  readonly machines: readonly Machine[];
}

/** What it is told when all are connected, or were tried often enough; `took` in milliseconds, of each collector's last try; `cpu` in seconds. */
export interface Reconnected {
  readonly cpu: number;
  readonly all: number;
  readonly failed: number;
  readonly tries: number;
  readonly took: readonly number[];
}

const TRIES = 20;
const PATIENCE_MS = 30_000;
/** For all of it: the bench ends whatever happens. */
const MOST_MS = 120_000;
const sessions: ClientHttp2Session[] = [];
// These are a thousand other machines: their half of the public-key work must not take the server's cores, and the flood not theirs.
setPriority(5);

process.once('message', (order: ReconnectOrder) => {
  void reconnect(order).then((done) => {
    process.send?.(done);
    process.once('message', () => process.exit(0));
  });
});
process.on('disconnect', () => process.exit(0));

async function reconnect({ port, authority, machines }: ReconnectOrder): Promise<Reconnected> {
  const made = machines.map(({ certificate, key }) => createSecureContext({ cert: certificate, key, ca: authority }));
  const took: number[] = [];
  let failed = 0;
  let tries = 0;
  const begun = performance.now();
  await Promise.all(
    made.map(async (secureContext, place) => {
      // Each machine stands somewhere else.
      const localAddress = `127.8.${Math.floor(place / 250)}.${(place % 250) + 1}`;
      for (let turn = 0; turn < TRIES && performance.now() - begun < MOST_MS; turn += 1) {
        tries += 1;
        const started = performance.now();
        if (await ask(port, { secureContext, localAddress })) {
          took.push(performance.now() - started);
          return;
        }
        // Full jitter, as collectors do.
        await new Promise((go) => setTimeout(go, Math.random() * Math.min(10_000, 250 * 2 ** turn)));
      }
      failed += 1;
    }),
  );
  const { user, system } = process.cpuUsage();
  return { all: Math.round(performance.now() - begun), failed, tries, took, cpu: (user + system) / 1e6 };
}

function ask(port: number, options: object): Promise<boolean> {
  return new Promise((done) => {
    const session = connect(`https://127.0.0.1:${port}`, options);
    const end = (isConnected: boolean) => {
      clearTimeout(late);
      if (isConnected) sessions.push(session);
      else session.destroy();
      done(isConnected);
    };
    const late = setTimeout(() => end(false), PATIENCE_MS);
    session.on('error', () => end(false));
    session.on('close', () => end(false));
    const stream = session.request({ ':path': '/v1/clock' });
    stream.on('response', (headers) => end(headers[':status'] === 200));
    stream.on('error', () => end(false));
    stream.resume();
    stream.end();
  });
}
