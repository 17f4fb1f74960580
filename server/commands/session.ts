import { safeJson } from '../../ecs/safe-json.ts';
import type { OpenSession, OpenSessions } from '../accounts/schema.ts';
import { loadConfig } from '../config.ts';
import { readArguments, UsageError } from './arguments.ts';
import { connect } from './connection.ts';
import { plain, table } from './terminal.ts';

const HELP = `Usage: haidang session list [--user NAME] [--json] [--config FILE]
       haidang session revoke ID [--config FILE]
       haidang session revoke --user NAME [--config FILE]

Shows who is signed in, from where and since when, and ends sessions at once: one by the id that "list" shows, or all of a
user. The live connections of a console close with its session.`;

/** `haidang session` */
export async function run(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values, positionals } = readArguments(args, { user: text, config: text, json: { type: 'boolean' } });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [act, id, ...more] = positionals;
  const { user } = values;
  const isRevoke = act === 'revoke' && (id === undefined) !== (user === undefined);
  if (more.length > 0 || !(isRevoke || (act === 'list' && id === undefined)))
    throw new UsageError('say "haidang session list" or "haidang session revoke ID"; --help tells more.');
  const connection = await connect(await loadConfig(values.config));
  try {
    if (isRevoke) {
      const path =
        id === undefined ? `/users/${encodeURIComponent(user ?? '')}/sessions` : `/sessions/${encodeURIComponent(id)}`;
      await connection.ask('DELETE', `/api/v1${path}`);
      console.log(id === undefined ? plain(`All sessions of ${user} are over.`) : 'The session is over.');
      return 0;
    }
    const query = user === undefined ? '' : `?${new URLSearchParams({ user })}`;
    const { sessions } = await connection.ask<OpenSessions>('GET', `/api/v1/sessions${query}`);
    if (values.json) for (const session of sessions) console.log(safeJson(session));
    else console.log(sessions.length === 0 ? 'Nobody is signed in.' : table(HEADING, sessions.map(cells)));
    return 0;
  } finally {
    await connection.close();
  }
}

const HEADING = ['id', 'user', 'address', 'browser', 'since', 'last seen'];

function cells({ id, user, address, browser, since, lastSeen }: OpenSession): string[] {
  return [id, user, address, browser, since, lastSeen];
}
