/**
 * What shipping a log costs: a file of nginx lines → read, parsed, on disk (fdatasync) → mutual TLS → a sink that
 * acknowledges as the server does; the same beside syslog-ng and rsyslog with their disk queues, where they are
 * installed (those two do not parse). One JSON object: CPU of the whole process, rate, peak memory, bytes.
 *
 *     node test/bench/collector.ts [LINES] [NAME…]      1,000,000 lines, all of haidang, syslog-ng, rsyslog
 *     node test/bench/collector.ts --input bulk [LINES] the lines come as documents of a shipper, over the bulk interface;
 *                                                       `bulk-gzip`: compressed, as Beats send them
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { type Certificates, makeCertificates, temporaryFolder } from '../collector/receiver.ts';
import { writeAccessLog } from './collector-lines.ts';
import { SHIPPERS, type Shipper } from './collector-shippers.ts';
import { frameSink, lineSink } from './collector-sinks.ts';
import { cpuByThread, peakRssMib } from './processes.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { input: { type: 'string', default: 'file' } },
});
const [count = '1000000', ...names] = positionals;
const LINES = Number(count);
const WARM_UP_LINES = 500;
const isBulk = values.input.startsWith('bulk');
const GIVE_UP_MS = 600_000;
const rounded = (value: number, digits = 1) => Number(value.toFixed(digits));

/** A number that `/proc/PID/io` gives, such as the bytes a process had written to disks. */
function io(pid: number, name: string): number {
  return Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1] ?? 0);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function measure(shipper: Shipper, folder: string, file: string, total: number, certificates: Certificates) {
  mkdirSync(folder);
  const sink = await (shipper.wire === 'frames' ? frameSink : lineSink)(certificates, total);
  const bulkPort = isBulk ? await freePort() : undefined;
  const command = shipper.command({ folder, file, port: sink.port, bulkPort, certificates });
  if (typeof command === 'string') {
    sink.close();
    return { skipped: command };
  }
  const began = performance.now();
  const child = spawn(command.program, command.args, {
    env: { ...process.env, ...command.env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise<string>((done) => {
    child.on('error', (error) => done(error.message));
    child.on('exit', (code, signal) => done(`ended with ${code ?? signal}`));
  });
  const workerData = { file, port: bulkPort, gzip: values.input === 'bulk-gzip' };
  const sender = isBulk ? new Worker(new URL('collector-bulk-sender.ts', import.meta.url), { workerData }) : undefined;
  const unsent = new Promise<string>((done) => sender?.on('error', (error) => done(error.message)));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((done) => {
    timer = setTimeout(done, GIVE_UP_MS, 'too slow');
  });
  const fault = await Promise.race([sink.all, ended, unsent, late]);
  clearTimeout(timer);
  if (fault !== undefined) {
    if (child.exitCode === null) child.kill('SIGKILL');
    sink.close();
    return { failed: `${fault} after ${sink.received()} lines` };
  }
  const seconds = (performance.now() - began) / 1_000;
  const pid = child.pid as number;
  const threads = cpuByThread(pid);
  const cpu = [...threads.values()].reduce((sum, each) => sum + each, 0);
  const result = {
    seconds: rounded(seconds, 2),
    eventsPerSecond: Math.round(total / seconds),
    cpuSecondsPerMillion: rounded((cpu * 1e6) / total),
    cpuByThread: Object.fromEntries([...threads].map(([name, each]) => [name, rounded(each, 2)])),
    peakRssMiB: peakRssMib(pid),
    bytesToDisk: io(pid, 'write_bytes'),
    bytesSent: sink.bytes(),
  };
  child.kill('SIGTERM');
  await ended;
  sink.close();
  return result;
}

const folder = temporaryFolder();
try {
  const certificates = makeCertificates(folder.path, 'c0bench1');
  const file = join(folder.path, 'access.log');
  writeAccessLog(file, LINES);
  // Packages hold compiled JavaScript. From a checkout the first start after a change translates TypeScript, in 60 MiB and
  // a second or two, and keeps what it made.
  const few = join(folder.path, 'few.log');
  writeAccessLog(few, WARM_UP_LINES);
  await measure(SHIPPERS[0] as Shipper, join(folder.path, 'warm-up'), few, WARM_UP_LINES, certificates);
  const results: Record<string, unknown> = {};
  for (const shipper of SHIPPERS) {
    if (names.length > 0 ? !names.includes(shipper.name) : isBulk && shipper.name !== 'haidang') continue;
    results[shipper.name] = await measure(shipper, join(folder.path, shipper.name), file, LINES, certificates);
  }
  console.log(
    JSON.stringify({
      node: process.version,
      input: values.input,
      events: LINES,
      bytesIn: statSync(file).size,
      ...results,
    }),
  );
} finally {
  folder.remove();
}
process.exit(0);
