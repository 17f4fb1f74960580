/**
 * The whole way at full speed: a file is read, parsed, spooled (fdatasync), sent over mutual TLS, stored
 * (`synchronous=FULL`) and evaluated against the whole pack. Prints one JSON document.
 * Usage: npm run bench:ingest [-- EVENTS]
 */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Installation, until } from '../e2e/harness.ts';
import { accessLog, authLog } from '../e2e/logs.ts';
import { childrenOf, cpuByThread, peakRssMib } from './processes.ts';

const events = 2 * Math.ceil(Number(process.argv[2] ?? 400_000) / 2);

/** Bytes of all files below a folder. */
function bytesBelow(folder: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** One sample of a `/metrics` page. */
function metric(text: string, name: string): number {
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  if (!line) throw new Error(`/metrics has no ${name}`);
  return Number(line.split(' ').at(-1));
}

const installation = await Installation.create({
  inputs: (folder) => [{ type: 'file', paths: [join(folder, 'in', '*.log')], from: 'start' }],
});
try {
  const inbox = join(installation.folder, 'in');
  mkdirSync(inbox);
  const endsAt = Date.now() - 3_600_000;
  const half = Math.ceil(events / 2);
  const auth = authLog(half, { endsAt, stepMs: 2 });
  const access = accessLog(half, { endsAt, stepMs: 2 });
  const text = `${auth.map((line, index) => `${line}\n${access[index]}`).join('\n')}\n`;
  const file = join(installation.folder, 'waiting.txt');
  writeFileSync(file, text);
  await installation.up();
  const server = installation.pid;
  const collector = await until('the collector runs', () => childrenOf(server)[0]);
  await new Promise((resolve) => setTimeout(resolve, 2_000));

  const before = { server: cpuByThread(server), collector: cpuByThread(collector) };
  const started = performance.now();
  renameSync(file, join(inbox, 'all.log'));
  /** Of the server's main thread, in each stretch between two looks: 99 of 100 waits were shorter, milliseconds. */
  const delays: number[] = [];
  await until(
    'all events are evaluated',
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 400));
      const text = await (await fetch(`${installation.url}/metrics`)).text();
      const stored = metric(text, 'haidang_ingest_events_total');
      delays.push(1_000 * metric(text, 'haidang_event_loop_delay_p99_seconds'));
      return stored >= events && metric(text, 'haidang_detection_lag_events') === 0 ? true : undefined;
    },
    600_000,
  );
  const seconds = (performance.now() - started) / 1000;

  const steps: Record<string, number> = {};
  let cpu = 0;
  for (const [process, pid] of Object.entries({ server, collector })) {
    const earlier = before[process as keyof typeof before];
    for (const [thread, total] of cpuByThread(pid)) {
      const spent = total - (earlier.get(thread) ?? 0);
      cpu += spent;
      if (spent > 0) steps[`${process}/${thread}`] = spent;
    }
  }
  const shares = Object.entries(steps)
    .toSorted((a, b) => b[1] - a[1])
    .map(([step, spent]) => [step, Math.round((spent / cpu) * 1000) / 1000]);
  const stored = bytesBelow(join(installation.data, 'store', 'events'));
  console.log(
    JSON.stringify({
      events,
      bytesPerLine: Math.round(text.length / events),
      seconds: Math.round(seconds * 100) / 100,
      eventsPerSecond: Math.round(events / seconds),
      cpuSecondsPerMillion: Math.round((cpu / events) * 1e8) / 100,
      peakRssMib: { server: peakRssMib(server), collector: peakRssMib(collector) },
      bytesPerEventStored: Math.round(stored / events),
      eventLoopDelayP99Ms: { median: Math.round(median(delays)), most: Math.round(Math.max(...delays)) },
      share: Object.fromEntries(shares),
    }),
  );
} finally {
  await installation.remove();
  rmSync(installation.folder, { recursive: true, force: true });
}
