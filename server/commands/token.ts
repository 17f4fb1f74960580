import { safeJson } from '../../ecs/safe-json.ts';
import { PERMISSION_NAMES, type Permission } from '../accounts/permissions.ts';
import type { ApiToken, ApiTokens, MadeApiToken, NewApiTokenFor } from '../accounts/schema.ts';
import { loadConfig } from '../config.ts';
import { readArguments, readNumber, UsageError } from './arguments.ts';
import { connect } from './connection.ts';
import { table } from './terminal.ts';

const HELP = `Usage: haidang token create NAME --user USER --permission PERMISSION… [--agency ID]… [--days N] [--json] [--config FILE]
       haidang token list [--json] [--config FILE]
       haidang token revoke ID [--config FILE]

A token lets a program speak for USER, with the permissions named and never more than USER has; NAME says what it is for. It is
printed once and ends after N days (90 unless set, at most 366), when it is revoked, or when USER is locked or gets other rights.
Programs send it as "Authorization: Bearer TOKEN". Permissions: ${PERMISSION_NAMES.join(', ')}.`;

/** `haidang token` */
export async function run(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values, positionals } = readArguments(args, {
    user: text,
    permission: { type: 'string', multiple: true },
    agency: { type: 'string', multiple: true },
    days: text,
    config: text,
    json: { type: 'boolean' },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [act, name, ...more] = positionals;
  const isKnown = act === 'list' ? name === undefined : (act === 'create' || act === 'revoke') && name !== undefined;
  if (!isKnown || more.length > 0)
    throw new UsageError(
      'say "haidang token create NAME --user USER --permission …", "list" or "revoke ID"; --help tells more.',
    );
  const wanted = act === 'create' ? wantedOf(name ?? '', values) : undefined;
  const connection = await connect(await loadConfig(values.config));
  try {
    if (wanted) {
      const made = await connection.ask<MadeApiToken>('POST', '/api/v1/tokens', wanted);
      console.log(values.json ? safeJson(made) : `${made.token}\n\nIt is not shown again, and ends ${made.expires}.`);
    } else if (act === 'revoke') {
      await connection.ask('DELETE', `/api/v1/tokens/${encodeURIComponent(name ?? '')}`);
      console.log('The token is revoked.');
    } else {
      const { tokens } = await connection.ask<ApiTokens>('GET', '/api/v1/tokens');
      if (values.json) for (const token of tokens) console.log(safeJson(token));
      else console.log(tokens.length === 0 ? 'There are no tokens.' : table(HEADING, tokens.map(cells)));
    }
    return 0;
  } finally {
    await connection.close();
  }
}

/** @throws UsageError */
function wantedOf(
  name: string,
  values: { user?: string; permission?: string[]; agency?: string[]; days?: string },
): NewApiTokenFor {
  const { user, permission = [], agency, days } = values;
  if (user === undefined || permission.length === 0) throw new UsageError('a token needs --user and --permission.');
  const wrong = permission.find((one) => !PERMISSION_NAMES.some((known) => known === one));
  if (wrong !== undefined) throw new UsageError(`"${wrong}" is no permission; --help lists them.`);
  const permissions = [...new Set(permission)] as Permission[];
  const bounds = agency === undefined ? {} : { agencies: agency };
  return { name, owner: user, permissions, ...bounds, days: readNumber('days', days, 90, 366) };
}

const HEADING = ['id', 'name', 'user', 'permissions', 'agencies', 'expires', 'last used'];

function cells({ id, name, owner, permissions, agencies, expires, expired, lastUsedAt }: ApiToken): string[] {
  const bounds = agencies === 'all' ? 'all' : agencies.join(' ');
  return [
    id,
    name,
    owner,
    permissions.join(' '),
    bounds,
    expired ? `${expires} (over)` : expires,
    lastUsedAt ?? 'never',
  ];
}
