import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { readConfig } from '../config.ts';
import { CollectorError } from '../errors.ts';
import { startCollector } from '../main.ts';

const USAGE = `Usage: haidang collector --config FILE
       haidang collector token

Reads logs, keeps them in a disk buffer and sends them to the server.

  --config FILE  the configuration (YAML); docs/collector.md lists its keys
  --help         this text

\`collector token\` will make an enrolment token; it comes with enrolment.`;

/** `haidang collector`: 0 after a clean stop, 1 where it could not start, 2 on bad usage. */
export async function run(args: readonly string[]): Promise<number> {
  if (args[0] === 'token') {
    console.error(
      'haidang collector token: enrolment by token comes in a later version; until then `haidang up` makes the certificate of its own collector.',
    );
    return 2;
  }
  let given: { config?: string | undefined; help?: boolean | undefined };
  try {
    const options = { config: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;
    given = parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (error) {
    console.error(`haidang collector: ${(error as Error).message} haidang collector --help tells more.`);
    return 2;
  }
  if (given.help) {
    console.log(USAGE);
    return 0;
  }
  if (given.config === undefined) {
    console.error('haidang collector: give the configuration with --config FILE; --help tells more.');
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
    const running = await startCollector(readConfig(given.config), log);
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
