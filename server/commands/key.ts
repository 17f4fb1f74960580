import { loadConfig } from '../config.ts';
import { readArguments, UsageError } from './arguments.ts';
import { connect } from './connection.ts';
import { count } from './terminal.ts';

const HELP = `Usage: haidang key rotate [--config FILE]

Makes a new key for the secrets at rest (second factors, the keys of sharing), seals all of them under it, and takes the old key away. Stopped in
between, nothing is lost: both keys stay, and running it again goes on. Backups from before still hold the old key.`;

/** `haidang key` */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, { config: { type: 'string' } });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (positionals.length !== 1 || positionals[0] !== 'rotate')
    throw new UsageError('say "haidang key rotate"; --help tells more.');
  const connection = await connect(await loadConfig(values.config));
  try {
    const { sealed } = await connection.ask<{ sealed: number }>('POST', '/api/v1/keys/rotate');
    console.log(`The key is new; ${count(sealed, 'secret')} sealed under it.`);
    return 0;
  } finally {
    await connection.close();
  }
}
