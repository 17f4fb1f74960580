import type { ServerConfig } from '../config.ts';
import type { Log } from '../log.ts';
import type { RunningServer } from '../main.ts';
import { readArguments } from './arguments.ts';
import { runCollector, writeCollectorConfig } from './local-collector.ts';
import { serve } from './serve.ts';

const HELP = `Usage: haidang up [--config FILE]

Runs everything on this machine: the server with its store and console, and a collector that reads this machine's logs
and listens for syslog on 127.0.0.1:5514 (HAIDANG_SYSLOG_PORT). SIGINT and SIGTERM stop both cleanly.`;

const RENEWAL_CHECK_MS = 12 * 3_600_000;

/** `haidang up` */
export async function run(args: readonly string[]): Promise<number> {
  const { values } = readArguments(args, { config: { type: 'string' } });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  return serve(values.config, collectorBeside);
}

async function collectorBeside(config: ServerConfig, server: RunningServer, log: Log): Promise<() => Promise<void>> {
  const { file } = await writeCollectorConfig(config, server);
  const collector = runCollector(file, config, log);
  const renewal = setInterval(async () => {
    try {
      if ((await writeCollectorConfig(config, server)).renewed) collector.restart();
    } catch (err) {
      log.error({ err }, "the local collector's certificate could not be renewed; it is tried again in 12 hours");
    }
  }, RENEWAL_CHECK_MS);
  return async () => {
    clearInterval(renewal);
    await collector.stop();
  };
}
