import { safeJson } from '../../ecs/safe-json.ts';
import type { NewUser, User, UserChange, Users } from '../accounts/schema.ts';
import { loadConfig, type ServerConfig } from '../config.ts';
import { ROLES } from '../identity.ts';
import { readArguments, UsageError } from './arguments.ts';
import { connect } from './connection.ts';
import { readPassword, readPasswords } from './read-password.ts';
import { plain, table } from './terminal.ts';

const HELP = `Usage: haidang user add NAME --role ROLE [--display-name TEXT] [--agency ID]… [--config FILE]
       haidang user change NAME [--role ROLE] [--display-name TEXT] [--agency ID… | --all-agencies] [--config FILE]
       haidang user lock NAME | unlock NAME [--config FILE]
       haidang user password NAME [--config FILE]
       haidang user reset-password NAME [--config FILE]
       haidang user reset-second-factor NAME [--config FILE]
       haidang user list [--json] [--config FILE]

"password" asks for the current password of NAME and for the new one, "reset-password" for a new one alone, for whoever forgot
theirs; both end the sessions of NAME. A password (at least 12 characters) is asked for at the terminal, or read as the first line of
standard input. It is never an argument, where other users of the machine could see it. Without --agency a new user sees every agency.
"change" leaves what is not named. Other rights end the tokens of NAME, and a lock ends the sessions too.
Roles: ${ROLES.join(', ')}; docs/roles.md says what each may do.`;

/** `haidang user` */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, {
    json: { type: 'boolean' },
    role: { type: 'string' },
    'display-name': { type: 'string' },
    agency: { type: 'string', multiple: true },
    'all-agencies': { type: 'boolean' },
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
  if (act === 'reset-password' && name !== undefined && more.length === 0) return resetPassword(config, name);
  if (act === 'change' && name !== undefined && more.length === 0) return changeUser(config, name, wantedOf(values));
  if ((act === 'lock' || act === 'unlock') && name !== undefined && more.length === 0)
    return changeUser(config, name, { disabled: act === 'lock' });
  if (act !== 'add' || name === undefined || more.length > 0)
    throw new UsageError(
      'say "haidang user add NAME --role ROLE", "change NAME", "lock NAME", "password NAME" or "list"; --help tells more.',
    );
  const role = roleOf(values.role);

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

/** @throws UsageError */
function roleOf(text: string | undefined): (typeof ROLES)[number] {
  const role = ROLES.find((one) => one === text);
  if (!role) throw new UsageError(`--role must be one of ${ROLES.join(', ')}.`);
  return role;
}

/** @throws UsageError */
function wantedOf(values: {
  role?: string;
  'display-name'?: string;
  agency?: string[];
  'all-agencies'?: boolean;
}): Partial<UserChange> {
  const { role, 'display-name': displayName, agency, 'all-agencies': all = false } = values;
  if (all && agency !== undefined) throw new UsageError('say --agency or --all-agencies, not both.');
  const agencies = all ? ('all' as const) : agency;
  const wanted = {
    ...(role === undefined ? {} : { role: roleOf(role) }),
    ...(displayName === undefined ? {} : { displayName }),
    ...(agencies === undefined ? {} : { agencies }),
  };
  if (Object.keys(wanted).length === 0)
    throw new UsageError('"change" takes --role, --display-name, --agency or --all-agencies.');
  return wanted;
}

async function changeUser(config: ServerConfig, name: string, wanted: Partial<UserChange>): Promise<number> {
  const connection = await connect(config);
  try {
    const { users } = await connection.ask<Users>('GET', '/api/v1/users');
    const found = users.find(({ user }) => user === name);
    if (!found) throw new UsageError(`there is no user "${name}"; "haidang user list" shows all.`);
    const { displayName, role, agencies = 'all', disabled } = found;
    const change: UserChange = { displayName, role, agencies, disabled, ...wanted };
    const now = await connection.ask<User>('PUT', `/api/v1/users/${encodeURIComponent(name)}`, change);
    const bounds = now.agencies === 'all' || now.agencies === undefined ? 'all agencies' : now.agencies.join(', ');
    console.log(plain(`${name}: ${now.role}, ${bounds}, ${now.disabled ? 'locked' : 'active'}.`));
    return 0;
  } finally {
    await connection.close();
  }
}

/** For whoever forgot theirs: only who may use the server's own socket can do it from here. */
async function resetPassword(config: ServerConfig, name: string): Promise<number> {
  const password = await readPassword(`New password for ${name}: `);
  const connection = await connect(config);
  try {
    await connection.ask('PUT', `/api/v1/users/${encodeURIComponent(name)}/password`, { password });
    console.log(plain(`${name} has a new password; all sessions and tokens are over.`));
    return 0;
  } finally {
    await connection.close();
  }
}

/** The current password is asked for, although who may use the socket could do without: it shows who sits there. */
async function changePassword(config: ServerConfig, name: string): Promise<number> {
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
async function resetSecondFactor(config: ServerConfig, name: string): Promise<number> {
  const connection = await connect(config);
  try {
    await connection.ask('DELETE', `/api/v1/users/${encodeURIComponent(name)}/second-factor`);
    console.log(`${name} signs in by the password alone until a second factor is set up again; all sessions are over.`);
    return 0;
  } finally {
    await connection.close();
  }
}

async function list(config: ServerConfig, json: boolean): Promise<number> {
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
