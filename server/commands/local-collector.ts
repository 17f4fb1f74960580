import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import small from '../../collector/process.json' with { type: 'json' };
import type { ServerConfig } from '../config.ts';
import type { Log } from '../log.ts';
import type { RunningServer } from '../main.ts';

const CLI = fileURLToPath(new URL('../../bin/cli.ts', import.meta.url));
const WITH_PARENT = new URL('./exit-with-parent.ts', import.meta.url).href;
/** How long the collector may take to stop, in milliseconds; it flushes and sends for up to two seconds. */
const GRACE_MS = 3_500;
const LONGEST_WAIT_MS = 30_000;
/** A collector that ran this long had started well: the next wait begins small again. */
const WELL_MS = 60_000;

/** The collector process beside the server. */
export interface CollectorProcess {
  /** Takes a new certificate into use. */
  restart(): void;
  stop(): Promise<void>;
}

/** Writes the collector's configuration; JSON is YAML, so that no other writer is needed. Gives the file's path. */
export async function writeCollectorConfig(
  config: ServerConfig,
  server: RunningServer,
): Promise<{ file: string; renewed: boolean }> {
  const { id, certificatePath, keyPath, authorityPath, renewed } = await server.localCollector();
  const folder = join(config.data, 'collector');
  const file = join(folder, 'collector.yaml');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const settings = {
    id,
    server: server.ingestAddress,
    ca: authorityPath,
    certificate: certificatePath,
    key: keyPath,
    spool: join(folder, 'spool'),
    ...(config.collector.timeZone === undefined ? {} : { time_zone: config.collector.timeZone }),
    ...(config.collector.geo.country === undefined && config.collector.geo.as === undefined
      ? {}
      : { geo: config.collector.geo }),
    ...(config.collector.internalNetworks === undefined
      ? {}
      : { internal_networks: config.collector.internalNetworks }),
    inputs: config.collector.inputs,
  };
  const head = '# Written by haidang up at each start; change "collector" in the server\'s configuration instead.\n';
  await writeFile(file, `${head}${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
  return { file, renewed };
}

/** Runs the collector and starts it again, after a growing wait, whenever it ends. */
export function runCollector(file: string, config: ServerConfig, log: Log): CollectorProcess {
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let wait = 250;
  let stopping = false;

  function start(): void {
    const startedAt = Date.now();
    child = spawn(process.execPath, [...small.flags, '--import', WITH_PARENT, CLI, 'collector', '--config', file], {
      // The channel tells the child when this process is gone.
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: {
        ...process.env,
        ...small.environment,
        HAIDANG_SYSLOG_PORT: String(config.syslogPort),
        HAIDANG_LOG_LEVEL: config.logLevel,
      },
      // A group of its own: Ctrl-C reaches this process alone, which then stops the two in order.
      detached: true,
    });
    child.on('error', (err) => log.error({ err }, 'the collector could not be started'));
    child.once('close', (code, signal) => {
      child = undefined;
      if (stopping) return;
      wait = Date.now() - startedAt > WELL_MS ? 250 : Math.min(LONGEST_WAIT_MS, wait * 2);
      log.error({ code, signal, seconds: wait / 1000 }, 'the collector ended; it is started again after this wait');
      timer = setTimeout(start, wait);
    });
  }

  start();
  return {
    restart: () => void child?.kill('SIGTERM'),
    async stop() {
      stopping = true;
      clearTimeout(timer);
      const running = child;
      if (!running) return;
      const closed = new Promise<void>((done) => running.once('close', () => done()));
      running.kill('SIGTERM');
      const force = setTimeout(() => running.kill('SIGKILL'), GRACE_MS);
      await closed;
      clearTimeout(force);
    },
  };
}
