import { readFile } from 'node:fs/promises';
import { safeJson } from '../../ecs/safe-json.ts';
import type { TaxiiOverview } from '../taxii/admin-schema.ts';
import { UsageError } from './arguments.ts';
import type { Connection } from './connection.ts';
import { readPassword } from './read-password.ts';
import { plain, table } from './terminal.ts';

interface Values {
  readonly title?: string | undefined;
  readonly alias?: string | undefined;
  readonly json?: boolean | undefined;
}
type Act = (connection: Connection) => Promise<number>;

const RIGHTS = {
  read: { canRead: true, canWrite: false },
  write: { canRead: false, canWrite: true },
  both: { canRead: true, canWrite: true },
  none: { canRead: false, canWrite: false },
} as const;

/** The acts of `haidang taxii` on accounts, roots, collections and rights; passwords are asked for before anything is opened. */
export async function administer(words: readonly string[], values: Values): Promise<Act> {
  const [what, verb, name] = words;
  if (what === 'list' && words.length === 1) return list(values.json === true);
  if (what === 'account' && verb === 'certificate' && name !== undefined && words.length > 3)
    return certificates(name, words.slice(3));
  if (what === 'account' && name !== undefined && words.length === 3) return account(verb, name);
  if (what === 'root' && verb === 'add' && name !== undefined && words.length === 3)
    return say('POST', '/api/v1/taxii/roots', { name, title: titleOf(values) }, `API root ${name} is there.`);
  if (what === 'collection' && verb === 'add' && name !== undefined && words.length === 3) {
    const alias = values.alias === undefined ? {} : { alias: values.alias };
    return async (connection) => {
      const body = { root: name, title: titleOf(values), ...alias };
      const { id } = await connection.ask<{ id: string }>('POST', '/api/v1/taxii/collections', body);
      console.log(id);
      return 0;
    };
  }
  if (what === 'grant' && words.length === 4) return grant(words);
  throw new UsageError('say "haidang taxii load FILE" or another act, for the national role; --help lists them.');
}

function say(method: 'POST' | 'PUT' | 'DELETE', path: string, body: unknown, done: string): Act {
  return async (connection) => {
    await connection.ask(method, path, body);
    console.log(plain(done));
    return 0;
  };
}

async function account(verb: string | undefined, name: string): Promise<Act> {
  const path = `/api/v1/taxii/accounts/${encodeURIComponent(name)}`;
  if (verb === 'disable' || verb === 'enable') {
    const disabled = verb === 'disable';
    return say('PUT', path, { disabled }, `Account ${name} is ${disabled ? 'shut out' : 'let in'}.`);
  }
  if (verb === 'no-certificate')
    return say('PUT', path, { certificates: [] }, `Account ${name} needs its password alone.`);
  if (verb !== 'add' && verb !== 'password')
    throw new UsageError(
      '"haidang taxii account" takes add, password, disable, enable, no-certificate and a name, or certificate, a name and files.',
    );
  const password = await readPassword(`Password for ${name}: `);
  if (password.length < 12) throw new UsageError('the password needs at least 12 characters.');
  return verb === 'add'
    ? say('POST', '/api/v1/taxii/accounts', { name, password }, `Account ${name} is there.`)
    : say('PUT', path, { password }, `Account ${name} has a new password.`);
}

async function certificates(name: string, files: readonly string[]): Promise<Act> {
  const texts = await Promise.all(
    files.map((file) =>
      readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
        throw new UsageError(`${file} cannot be read (${cause.code}); name PEM files with certificates.`);
      }),
    ),
  );
  const path = `/api/v1/taxii/accounts/${encodeURIComponent(name)}`;
  return say(
    'PUT',
    path,
    { certificates: texts },
    `Account ${name} is let in with its password and one of these alone.`,
  );
}

function grant([, collection = '', name = '', word = '']: readonly string[]): Act {
  const path = `/api/v1/taxii/collections/${encodeURIComponent(collection)}/grants/${encodeURIComponent(name)}`;
  if (word === 'remove') return say('DELETE', path, undefined, `${name} does not see the collection.`);
  const rights = Object.hasOwn(RIGHTS, word) ? RIGHTS[word as keyof typeof RIGHTS] : undefined;
  if (!rights) throw new UsageError('a right is one of read, write, both, none and remove.');
  return say('PUT', path, rights, `${name} may now: ${word}.`);
}

function titleOf({ title }: Values): string {
  if (title !== undefined && title !== '') return title;
  throw new UsageError('--title says how it is called.');
}

function list(json: boolean): Act {
  return async (connection) => {
    const overview = await connection.ask<TaxiiOverview>('GET', '/api/v1/taxii');
    console.log(json ? safeJson(overview) : tables(overview));
    return 0;
  };
}

function tables({ roots, collections, accounts }: TaxiiOverview): string {
  const shown = (rights: { canRead: boolean; canWrite: boolean }) =>
    Object.entries(RIGHTS).find(
      ([, { canRead, canWrite }]) => canRead === rights.canRead && canWrite === rights.canWrite,
    );
  return [
    table(
      ['root', 'title'],
      roots.map(({ name, title }) => [name, title]),
    ),
    table(
      ['collection', 'root', 'title', 'rights'],
      collections.map(({ id, root, title, everyone, grants }) => {
        const all = everyone ? [['everyone', everyone] as const] : [];
        const rights = [...all, ...Object.entries(grants)].map(
          ([name, one]) => `${name}: ${shown(one)?.[0] ?? 'none'}`,
        );
        return [id, root, title, rights.join(', ')];
      }),
    ),
    table(
      ['account', 'from', 'state', 'certificates'],
      accounts.map(({ name, loopback, disabled, certificates }) => [
        name,
        loopback ? 'this machine' : 'anywhere',
        disabled ? 'disabled' : 'active',
        certificates.map(({ subject, notAfter }) => `${subject} until ${notAfter}`).join('; ') || '-',
      ]),
    ),
  ].join('\n\n');
}
