import { loadConfig } from '../config.ts';
import { readArguments, UsageError } from './arguments.ts';
import { connect } from './connection.ts';
import { count } from './terminal.ts';

const HELP = `Usage: haidang key rotate [--config FILE]
       haidang key finish [--config FILE]
       haidang key reset --lost [--yes] [--config FILE]

"rotate" makes a new key for the secrets at rest (second factors, the keys of sharing), seals all of them under it, and takes the old key
away. Stopped in between, nothing is lost: both keys stay, and running it again goes on. Backups from before still hold the old key.

Where several servers share an OpenSearch store the old key stays: copy authority/secrets.key to the data folder of each other server
at once (mode 0600; nothing need be restarted), and then run "finish" on each, which takes the old key away.

"reset --lost" is for a server that does not start because authority/secrets.key is gone, and is in no backup. It names what nobody can
read any more; with --yes it gives that up, and begins a new key. The server must not run.`;

/** `haidang key` */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, {
    config: { type: 'string' },
    lost: { type: 'boolean' },
    yes: { type: 'boolean' },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [act, ...more] = positionals;
  if (act === 'reset' && more.length === 0) {
    if (!values.lost)
      throw new UsageError('say "haidang key reset --lost"; for a new key beside the old one: "haidang key rotate".');
    const { resetLostKey } = await import('./key-reset.ts');
    return resetLostKey(await loadConfig(values.config), values.yes ?? false);
  }
  if (more.length > 0 || values.lost || values.yes || (act !== 'rotate' && act !== 'finish'))
    throw new UsageError('say "haidang key rotate", "finish" or "reset --lost"; --help tells more.');
  const connection = await connect(await loadConfig(values.config));
  try {
    const { sealed, kept } = await connection.ask<{ sealed: number; kept?: boolean }>('POST', `/api/v1/keys/${act}`);
    console.log(
      act === 'rotate'
        ? `The key is new; ${count(sealed, 'secret')} sealed under it.`
        : `The old key is gone; ${count(sealed, 'secret')} had still to be sealed under the new one.`,
    );
    if (kept)
      console.log(
        'Other servers share this store: copy authority/secrets.key to the data folder of each of them now, and then run "haidang key finish" on every server.',
      );
    return 0;
  } finally {
    await connection.close();
  }
}
