/**
 * A province on its worst day, on loopback: 200 analysts' live connections, 1,000 collectors that reconnect at once, and a
 * flood of junk requests, all the while alerts are raised and people sign in. Prints one JSON document; times in milliseconds, CPU in
 * seconds of the storm. Flood and collectors run at a low priority, as they are other machines in truth.
 * `passed`: sign-in and delivery stay below a second at p99 in the storm, nothing is missing, and memory stays below its bound.
 * Usage: npm run bench:load [-- SECONDS [ANALYSTS [COLLECTORS]]]
 */
import { type ChildProcess, fork } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import type { LiveMessage } from '../../server/realtime/schema.ts';
import { Installation, PASSWORD, until } from '../e2e/harness.ts';
import { syslogTime } from '../e2e/logs.ts';
import type { Reconnected, ReconnectOrder } from './load-collectors.ts';
import { layOut, type Province, SIGNS_IN } from './load-world.ts';

const seconds = Number(process.argv[2] ?? 45);
const analysts = Number(process.argv[3] ?? 200);
const collectors = Number(process.argv[4] ?? 1_000);
const ALERTS_PER_SECOND = 2;
/** The bars: milliseconds at p99, and MiB that the server's process takes at most. */
const BAR_MS = 1_000;
const MOST_MIB = 1_024;
/** One address may try 30 times a minute: the bench stays below. */
const SIGN_IN_EVERY_MS = 2_500;
const FLOOD = fileURLToPath(new URL('./load-flood.ts', import.meta.url));
const COLLECTORS = fileURLToPath(new URL('./load-collectors.ts', import.meta.url));

const installation = await Installation.create({
  inputs: (folder) => [{ type: 'file', paths: [join(folder, 'auth.log')], from: 'start' }],
});
/** What was read of a message: all consoles hear the same text, and reading it two hundred times would be the bench's own work. */
let last: { readonly text: string; readonly message: LiveMessage } | undefined;
const sockets: WebSocket[] = [];
const children: ChildProcess[] = [];
let stage = 'laying out people and machines';
// Whoever ends the bench ends what it started.
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => {
    console.error(`ended by ${signal} while ${stage}`);
    void cleanUp().finally(() => process.exit(1));
  });
try {
  const province = await layOut(installation.data, analysts, collectors);
  const loud = join(installation.folder, 'auth.log');
  writeFileSync(loud, '');
  stage = 'starting';
  await installation.up();
  const written = new Map<string, number>();
  const delivered: number[] = [];
  await watch(province, written, delivered);
  stage = 'quiet';
  const quiet = await phase('quiet', loud, written, delivered);
  stage = 'in the storm';
  const before = cpuOf(installation.pid);
  const own = process.cpuUsage();
  const began = performance.now();
  const flood = fork(FLOOD, [String(installation.port)]);
  children.push(flood);
  const reconnecting = reconnect(province);
  const storm = await phase('storm', loud, written, delivered);
  const { cpu: collectorsCpu, ...reconnected } = await reconnecting;
  const junk = await new Promise<{ readonly answers: Readonly<Record<string, number>>; readonly cpu: number }>(
    (told) => {
      flood.once('message', (message) => told(message as Parameters<typeof told>[0]));
      flood.send('stop');
    },
  );
  const lasted = (performance.now() - began) / 1_000;
  const after = cpuOf(installation.pid);
  const { user, system } = process.cpuUsage(own);
  const cpuSeconds = {
    storm: rounded(lasted),
    server: rounded(after.all - before.all),
    serverMainThread: rounded(after.main - before.main),
    flood: rounded(junk.cpu),
    collectors: rounded(collectorsCpu),
    analysts: rounded((user + system) / 1e6),
  };
  const answered = Object.values(junk.answers).reduce((sum, count) => sum + count, 0);
  const passed = {
    delivery: storm.missing === 0 && storm.delivery.p99 < BAR_MS,
    signIn: storm.signIn.refused === 0 && storm.signIn.p99 < BAR_MS,
    reconnected: reconnected.failed === 0,
    memory: storm.memoryMiB.peak < MOST_MIB,
  };
  const load = loadavg().map((one) => Math.round(one * 10) / 10);
  const answers = { ...junk.answers, perSecond: Math.round(answered / lasted) };
  const report = { analysts, collectors, seconds, quiet, storm, reconnected, junk: answers, cpuSeconds, load, passed };
  console.log(JSON.stringify(report, null, 2));
} finally {
  await cleanUp();
}

async function cleanUp(): Promise<void> {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const socket of sockets.splice(0)) socket.terminate();
  await installation.remove();
}

async function watch({ cookies }: Province, written: Map<string, number>, delivered: number[]): Promise<void> {
  for (const cookie of cookies) {
    const url = `${installation.url.replace('http', 'ws')}/api/v1/live?since=0`;
    const socket = new WebSocket(url, { headers: { cookie, origin: installation.url } });
    sockets.push(socket);
    socket.on('message', (text) => {
      const message = read(String(text));
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
    body: JSON.stringify({ user: SIGNS_IN, password: PASSWORD }),
  });
  await answer.text();
  return answer.ok ? performance.now() - started : undefined;
}

/** All collectors connect at the same moment, from a process of their own. */
async function reconnect({ machines, authority }: Province) {
  const child = fork(COLLECTORS);
  children.push(child);
  child.send({ port: installation.ingestPort, authority, machines } satisfies ReconnectOrder);
  const { took, cpu, ...rest } = await new Promise<Reconnected>((told, failed) => {
    child.once('message', (message) => told(message as Reconnected));
    child.once('exit', (code) => failed(new Error(`The collectors ended with ${code}.`)));
  });
  return { ...rest, ...quantiles(took), cpu };
}

function quantiles(values: readonly number[]) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

function read(text: string): LiveMessage {
  if (last?.text !== text) last = { text, message: JSON.parse(text) as LiveMessage };
  return last.message;
}

/** CPU of the server's process and of its main thread, in seconds (proc(5); a tick is a hundredth). */
function cpuOf(pid: number): { readonly all: number; readonly main: number } {
  const of = (path: string) => {
    const fields = readFileSync(path, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  };
  return { all: of(`/proc/${pid}/stat`), main: of(`/proc/${pid}/task/${pid}/stat`) };
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Resident memory of the server's process, now and at most, in MiB (proc(5)). */
function memoryOf(pid: number): { readonly now: number; readonly peak: number } {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (name: string) => Math.round(Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0) / 1024);
  return { now: of('VmRSS'), peak: of('VmHWM') };
}
