import { safeJson } from '../../ecs/safe-json.ts';
import type { NewUser, Users } from '../accounts/schema.ts';
import { loadConfig } from '../config.ts';
import { ROLES } from '../identity.ts';
import { readArguments, UsageError } from './arguments.ts';
import { connect } from './connection.ts';
import { readPassword, readPasswords } from './read-password.ts';
import { table } from './terminal.ts';

const HELP = `Usage: haidang user add NAME --role ROLE [--display-name TEXT] [--agency ID]… [--config FILE]
       haidang user password NAME [--config FILE]
       haidang user reset-second-factor NAME [--config FILE]
       haidang user list [--json] [--config FILE]

"password" asks for the current password of NAME and for the new one, and ends the sessions of NAME. The password (at least 12 characters) is asked for at the terminal, or read as the first line of standard input. It is
never an argument, where other users of the machine could see it. Without --agency the user sees every agency.
Roles: ${ROLES.join(', ')}; docs/roles.md says what each may do.`;

/** `haidang user` */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, {
    json: { type: 'boolean' },
    role: { type: 'string' },
    'display-name': { type: 'string' },
    agency: { type: 'string', multiple: true },
    config: { type: 'string' },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [act, name, ...more] = positionals;
  const config = await loadConfig(values.config);
  if (act === 'list' && name === undefined) return list(config, values.json === true);
  if (act === 'password' && name !== undefined && more.length === 0) return changePassword(config, name);
  if (act === 'reset-second-factor' && name !== undefined && more.length === 0) return resetSecondFactor(config, name);
  if (act !== 'add' || name === undefined || more.length > 0)
    throw new UsageError(
      'say "haidang user add NAME --role ROLE", "haidang user password NAME" or "haidang user list"; --help tells more.',
    );
  const role = ROLES.find((one) => one === values.role);
  if (!role) throw new UsageError(`--role must be one of ${ROLES.join(', ')}.`);

  const password = await readPassword(`Password for ${name}: `);
  if (password.length < 12) throw new UsageError('the password needs at least 12 characters.');
  const agencies = values.agency ?? 'all';
  const user: NewUser = { user: name, displayName: values['display-name'] ?? name, role, agencies, password };
  const connection = await connect(config);
  try {
    await connection.ask('POST', '/api/v1/users', user);
    console.log(`User ${name} is there.`);
    return 0;
  } finally {
    await connection.close();
  }
}

/** The current password is asked for, although who may use the socket could do without: it shows who sits there. */
async function changePassword(config: Awaited<ReturnType<typeof loadConfig>>, name: string): Promise<number> {
  const [current = '', password = ''] = await readPasswords([
    `Current password of ${name}: `,
    `New password for ${name}: `,
  ]);
  if (password.length < 12) throw new UsageError('the new password needs at least 12 characters.');
  const connection = await connect(config);
  try {
    await connection.ask('PUT', `/api/v1/users/${encodeURIComponent(name)}/password`, { current, password });
    console.log(`${name} has a new password; other sessions are over.`);
    return 0;
  } finally {
    await connection.close();
  }
}

/** The way back for whoever lost telephone and recovery codes. */
async function resetSecondFactor(config: Awaited<ReturnType<typeof loadConfig>>, name: string): Promise<number> {
  const connection = await connect(config);
  try {
    await connection.ask('DELETE', `/api/v1/users/${encodeURIComponent(name)}/second-factor`);
    console.log(`${name} signs in by the password alone until a second factor is set up again; all sessions are over.`);
    return 0;
  } finally {
    await connection.close();
  }
}

async function list(config: Awaited<ReturnType<typeof loadConfig>>, json: boolean): Promise<number> {
  const connection = await connect(config);
  try {
    const { users } = await connection.ask<Users>('GET', '/api/v1/users');
    if (json) for (const user of users) console.log(safeJson(user));
    else
      console.log(
        table(
          HEADING,
          users.map(({ user, displayName, role, disabled }) => [
            user,
            displayName,
            role,
            disabled ? 'disabled' : 'active',
          ]),
        ),
      );
    return 0;
  } finally {
    await connection.close();
  }
}

const HEADING = ['user', 'name', 'role', 'state'];
