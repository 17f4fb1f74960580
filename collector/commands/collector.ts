import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { readConfig } from '../config.ts';
import { CollectorError } from '../errors.ts';
import { startCollector } from '../main.ts';
import { watchBuffers } from '../memory.ts';
import { collectorFolder, enrolHere } from './enrol.ts';

const USAGE = `Usage: haidang collector [--config FILE] [--server https://HOST:8443 --token TOKEN]
       haidang collector enrol --server https://HOST:8443 --token TOKEN
       haidang collector doctor [--config FILE] [--json] [--lang vi|en|km]
       haidang collector token --agency ID | list | revoke ID | policy …   (where the server runs)

Reads logs, keeps them in a disk buffer and sends them to the server.

  --config FILE   the configuration (YAML); docs/collector.md lists its keys. Default: collector.yaml in --folder
  --folder DIR    of the configuration that enrolment writes; default: HAIDANG_COLLECTOR, else ./collector
  --server, --token   enrols first, where there is no configuration yet
  --help          this text`;

/** `haidang collector`: 0 after a clean stop, 1 where it could not start, 2 on bad usage. */
export async function run(args: readonly string[]): Promise<number> {
  const [first = '', ...rest] = args;
  if (first === 'enrol' || first === 'enroll') return (await import('./enrol.ts')).run(rest);
  if (first === 'doctor') return (await import('./doctor.ts')).run(rest);
  const text = { type: 'string' } as const;
  let given: Partial<Record<'config' | 'folder' | 'server' | 'token' | 'lang' | 'proxy' | 'proxy-ca', string>> & {
    help?: boolean;
  };
  try {
    const help = { type: 'boolean', short: 'h' } as const;
    const options = {
      config: text,
      folder: text,
      server: text,
      token: text,
      lang: text,
      proxy: text,
      'proxy-ca': text,
      help,
    };
    given = parseArgs({ args: [...args], options, allowPositionals: false }).values as typeof given;
  } catch (error) {
    console.error(`haidang collector: ${(error as Error).message} haidang collector --help tells more.`);
    return 2;
  }
  if (given.help) {
    console.log(USAGE);
    return 0;
  }
  const folder = collectorFolder(given.folder);
  const inFolder = join(folder, 'collector.yaml');
  const found = given.config ?? (existsSync(inFolder) ? inFolder : undefined);
  const { server, token, lang } = given;
  const proxy = given.proxy ?? process.env['HTTPS_PROXY'];
  const config =
    found ??
    (server === undefined || token === undefined
      ? undefined
      : await enrolHere({ server, token, folder, proxy, proxyCa: given['proxy-ca'], name: undefined, lang }));
  if (config === undefined) {
    if (token !== undefined && server !== undefined) return 1;
    console.error(
      'haidang collector: give the configuration with --config FILE, or --server and --token; --help tells more.',
    );
    return 2;
  }
  const log = pino(
    {
      level: process.env['HAIDANG_LOG_LEVEL'] ?? 'info',
      base: { part: 'collector' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination(2),
  );
  try {
    const running = await startCollector(readConfig(config), log);
    watchBuffers();
    const signal = new Promise<void>((resolve) => {
      for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => resolve());
    });
    // At the end of all input there is no hurry: what was read is to arrive.
    const endedByItself = await Promise.race([signal.then(() => false), running.ended.then(() => true)]);
    await (endedByItself ? Promise.race([running.stop(60_000), signal.then(() => undefined)]) : running.stop());
    return 0;
  } catch (error) {
    if (!(error instanceof CollectorError)) throw error;
    console.error(`haidang collector: ${error.message}`);
    return error.code.startsWith('HD_CONFIG') ? 2 : 1;
  }
}
