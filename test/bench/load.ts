/**
 * A province on its worst day, on loopback: 200 analysts' live connections, 1,000 collectors that reconnect at once, and a
 * flood of junk requests, all the while alerts are raised and people sign in. Prints one JSON document; times in milliseconds.
 * Usage: npm run bench:load [-- SECONDS [ANALYSTS [COLLECTORS]]]
 */
import { fork } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { type ClientHttp2Session, connect } from 'node:http2';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import type { LiveMessage } from '../../server/realtime/schema.ts';
import { Installation, PASSWORD, until } from '../e2e/harness.ts';
import { syslogTime } from '../e2e/logs.ts';
import { layOut, type Machine, type Province } from './load-world.ts';

const seconds = Number(process.argv[2] ?? 60);
const analysts = Number(process.argv[3] ?? 200);
const collectors = Number(process.argv[4] ?? 1_000);
const ALERTS_PER_SECOND = 2;
/** One address may try 30 times a minute: the bench stays below. */
const SIGN_IN_EVERY_MS = 2_500;
const FLOOD = fileURLToPath(new URL('./load-flood.ts', import.meta.url));

const installation = await Installation.create({
  inputs: (folder) => [{ type: 'file', paths: [join(folder, 'auth.log')], from: 'start' }],
});
const sockets: WebSocket[] = [];
const sessions: ClientHttp2Session[] = [];
try {
  const province = await layOut(installation.data, analysts, collectors);
  const loud = join(installation.folder, 'auth.log');
  writeFileSync(loud, '');
  await installation.up();
  const written = new Map<string, number>();
  const delivered: number[] = [];
  await watch(province, written, delivered);
  const quiet = await phase('quiet', loud, written, delivered);
  const flood = fork(FLOOD, [String(installation.port)]);
  const reconnecting = reconnect(province);
  const storm = await phase('storm', loud, written, delivered);
  const reconnected = await reconnecting;
  const answers = await new Promise<unknown>((told) => {
    flood.once('message', told);
    flood.send('stop');
  });
  console.log(JSON.stringify({ analysts, collectors, seconds, quiet, storm, reconnected, junk: answers }, null, 2));
} finally {
  for (const socket of sockets) socket.terminate();
  for (const session of sessions) session.destroy();
  await installation.remove();
}

async function watch({ cookies }: Province, written: Map<string, number>, delivered: number[]): Promise<void> {
  for (const cookie of cookies) {
    const url = `${installation.url.replace('http', 'ws')}/api/v1/live?since=0`;
    const socket = new WebSocket(url, { headers: { cookie, origin: installation.url } });
    sockets.push(socket);
    socket.on('message', (text) => {
      const message = JSON.parse(String(text)) as LiveMessage;
      const at = message.type === 'alert' ? written.get(message.alert.group['host.name'] ?? '') : undefined;
      // Only the first message of an alert counts; later ones tell of its changes.
      if (at !== undefined && message.type === 'alert' && message.alert.count === 1)
        delivered.push(performance.now() - at);
    });
    await new Promise((open, failed) => {
      socket.once('open', open);
      socket.once('error', failed);
    });
  }
}

/** Raises alerts and signs in for the time asked for; every alert must reach every analyst. */
async function phase(name: string, loud: string, written: Map<string, number>, delivered: number[]) {
  delivered.length = 0;
  written.clear();
  const signIns: number[] = [];
  let refused = 0;
  let raised = 0;
  const started = performance.now();
  let nextSignIn = 0;
  const pending: Promise<void>[] = [];
  for (let elapsed = 0; elapsed < seconds * 1_000; elapsed = performance.now() - started) {
    for (; raised < (elapsed / 1_000) * ALERTS_PER_SECOND; raised += 1) {
      const host = `${name}-${raised}`;
      written.set(host, performance.now());
      appendFileSync(
        loud,
        `${syslogTime(Date.now())} ${host} sudo:    lan : user NOT in sudoers ; TTY=pts/0 ; PWD=/home/lan ; USER=root ; COMMAND=/bin/bash\n`,
      );
    }
    if (elapsed >= nextSignIn) {
      nextSignIn += SIGN_IN_EVERY_MS;
      pending.push(
        signIn().then((milliseconds) => {
          if (milliseconds === undefined) refused += 1;
          else signIns.push(milliseconds);
        }),
      );
    }
    await new Promise((go) => setTimeout(go, 25));
  }
  await Promise.all(pending);
  const expected = raised * sockets.length;
  await until('every alert reached everybody', () => (delivered.length >= expected ? true : undefined), 60_000).catch(
    () => undefined,
  );
  return {
    alerts: raised,
    missing: expected - delivered.length,
    delivery: quantiles(delivered),
    signIn: { ...quantiles(signIns), count: signIns.length, refused },
    memoryMiB: memoryOf(installation.pid),
  };
}

async function signIn(): Promise<number | undefined> {
  const started = performance.now();
  const answer = await fetch(`${installation.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: installation.url },
    body: JSON.stringify({ user: 'analyst-0', password: PASSWORD }),
  });
  await answer.text();
  return answer.ok ? performance.now() - started : undefined;
}

/** All collectors connect at the same moment and ask for the time, as after an outage; then they stay. */
async function reconnect({ machines, authority }: Province) {
  const took: number[] = [];
  let failed = 0;
  const begun = performance.now();
  await Promise.all(
    machines.map(async (machine) => {
      for (let tries = 0; tries < 20; tries += 1) {
        const started = performance.now();
        if (await ask(machine, authority)) {
          took.push(performance.now() - started);
          return;
        }
        // Full jitter, as collectors do.
        await new Promise((go) => setTimeout(go, Math.random() * Math.min(10_000, 250 * 2 ** tries)));
      }
      failed += 1;
    }),
  );
  return { all: Math.round(performance.now() - begun), failed, ...quantiles(took) };
}

function ask({ certificate, key }: Machine, authority: string): Promise<boolean> {
  return new Promise((done) => {
    const session = connect(`https://127.0.0.1:${installation.ingestPort}`, { cert: certificate, key, ca: authority });
    session.on('error', () => done(false));
    session.on('close', () => done(false));
    const stream = session.request({ ':path': '/v1/clock' });
    stream.on('response', (headers) => {
      if (headers[':status'] === 200) sessions.push(session);
      else session.destroy();
      done(headers[':status'] === 200);
    });
    stream.on('error', () => done(false));
    stream.resume();
    stream.end();
  });
}

function quantiles(values: readonly number[]) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** Resident memory of the server's process, now and at most, in MiB (proc(5)). */
function memoryOf(pid: number): { readonly now: number; readonly peak: number } {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (name: string) => Math.round(Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0) / 1024);
  return { now: of('VmRSS'), peak: of('VmHWM') };
}
