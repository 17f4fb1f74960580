import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { safeJson } from '../../ecs/safe-json.ts';
import { loadConfig } from '../config.ts';
import type { LoadAnswer } from '../taxii/admin-schema.ts';
import { readArguments, UsageError } from './arguments.ts';
import { ApiError, type Connection, connect } from './connection.ts';
import { administer } from './taxii-accounts.ts';
import { count, plain } from './terminal.ts';

const HELP = `Usage: haidang taxii load FILE [--password USER=PASSWORD]… [--json] [--config FILE]
       haidang taxii list [--json] [--config FILE]
       haidang taxii account add|password|disable|enable NAME [--config FILE]
       haidang taxii account certificate NAME FILE… [--config FILE]
       haidang taxii account no-certificate NAME [--config FILE]
       haidang taxii root add NAME --title TEXT [--config FILE]
       haidang taxii collection add ROOT --title TEXT [--alias NAME] [--config FILE]
       haidang taxii grant COLLECTION ACCOUNT read|write|both|none|remove [--config FILE]

For the national role, while the server runs or before it starts. docs/taxii.md tells more.

"load" loads a TAXII data file (discovery, API roots, collections, objects and manifests, in the form of medallion's
default_data.json); loading it again adds what is not there yet. --password makes an account for HTTP Basic; such an account,
and those that the file names, are let in from this machine alone, and so may have any password. FILE is read by the server.

"account add" makes the account of a province. Its password (at least 12 characters) is asked for at the terminal, or read as
the first line of standard input. "account certificate" binds it to client certificates (PEM; several while one is renewed),
one of which it must show beside its password; the server needs tls.client_certificates. "grant" says what an account may do in a collection; with "remove" it does not see it.`;

/** `haidang taxii` */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, {
    password: { type: 'string', multiple: true },
    title: { type: 'string' },
    alias: { type: 'string' },
    json: { type: 'boolean' },
    config: { type: 'string' },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const act = positionals[0] === 'load' ? loadAct(positionals, values) : await administer(positionals, values);
  // The command is for the national role alone, whatever the configuration says of a server that does not run.
  const config = { ...(await loadConfig(values.config)), role: 'national' as const };
  await mkdir(config.data, { recursive: true, mode: 0o700 });
  const connection = await connect(config);
  try {
    return await act(connection);
  } catch (error) {
    if (connection.running && error instanceof ApiError && error.message.startsWith('There is nothing at '))
      throw new Error(
        'The server that runs is not in the national role; start it with "haidang server --role national".',
      );
    throw error;
  } finally {
    await connection.close();
  }
}

function loadAct(
  [, file, ...more]: readonly string[],
  values: { readonly password?: string[] | undefined; readonly json?: boolean | undefined },
): (connection: Connection) => Promise<number> {
  if (file === undefined || more.length > 0)
    throw new UsageError('say "haidang taxii load FILE", for the national role; --help tells more.');
  const passwords = readPasswords(values.password ?? []);
  const path = resolve(file);
  if (!existsSync(path)) throw new UsageError(`there is no file ${path}.`);
  return async (connection) => {
    const loaded = await connection.ask<LoadAnswer>('POST', '/api/v1/taxii/loads', { path, passwords });
    console.log(values.json ? safeJson(loaded) : told(path, loaded));
    for (const { id, message } of values.json ? [] : loaded.refused) console.error(plain(`${id}: ${message}`));
    return loaded.refusedCount > 0 ? 1 : 0;
  };
}

function readPasswords(options: readonly string[]): Readonly<Record<string, string>> {
  const entries = options.map((option): [string, string] => {
    const at = option.indexOf('=');
    const [user, password] = [option.slice(0, at), option.slice(at + 1)];
    if (at < 1 || user.length > 64 || user.includes(':') || password === '')
      throw new UsageError('--password takes USER=PASSWORD, with a user of 1 to 64 characters without ":".');
    return [user, password];
  });
  return Object.fromEntries(entries);
}

function told(path: string, { roots, collections, objects, kept, accounts, refusedCount }: LoadAnswer): string {
  const there = kept > 0 ? `, ${kept} were there already` : '';
  const refused = refusedCount > 0 ? `, ${refusedCount} refused` : '';
  const parts = [count(roots, 'API root'), count(collections, 'collection'), count(accounts, 'account')];
  return `Loaded ${plain(path)}: ${parts.join(', ')}, ${count(objects, 'new object')}${there}${refused}.`;
}
