import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HaidangError } from '../errors.ts';
import { SYSTEM } from '../identity.ts';
import type { RecordStore } from '../store/record-store.ts';
import type { Setup, SetupState } from './schema.ts';
import { newToken, tokenHash } from './sessions.ts';
import type { UserAccounts } from './users.ts';

const LIFETIME_MS = 3_600_000;
const FILE = 'setup-link';

/** The one-time link by which the first administrator sets a password. */
export interface SetupLinks {
  /** Makes a link where no user exists yet, writes it to `<data>/setup-link` (0600), and voids those before. */
  make(address: string): Promise<string | undefined>;
  state(token: string): Promise<SetupState>;
  /** Uses the link up and makes the administrator. @throws HaidangError `HD_SETUP_LINK` */
  use(setup: Setup): Promise<void>;
  /** The link's last address, for a terminal that comes later. */
  discard(): Promise<void>;
}

/** Set-up links in the record store, under the hash of their token; `now` in milliseconds. */
export function openSetup(
  records: RecordStore,
  users: UserAccounts,
  folder: string,
  now: () => number = Date.now,
): SetupLinks {
  const view = records.as(SYSTEM);
  const file = join(folder, FILE);

  async function usable(token: string) {
    const link = await view.get('setup-link', tokenHash(token));
    return link && link.document.usedAt === null && now() < Date.parse(link.document.expires) ? link : undefined;
  }

  async function discard(): Promise<void> {
    const old = await view.find('setup-link', { limit: 1000 });
    for (const { id } of old.records) await view.remove('setup-link', id);
    await rm(file, { force: true });
  }

  return {
    discard,
    async make(address) {
      await discard();
      if (await users.any()) return undefined;
      const token = newToken();
      const expires = new Date(now() + LIFETIME_MS).toISOString();
      await view.create('setup-link', tokenHash(token), { expires, usedAt: null });
      const link = `${address}/setup?token=${token}`;
      await writeFile(file, `${link}\n`, { mode: 0o600 });
      await chmod(file, 0o600);
      return link;
    },
    async state(token) {
      const needed = !(await users.any());
      return { needed, valid: needed && (await usable(token)) !== undefined };
    },
    async use(setup) {
      const link = await usable(setup.token);
      if (!link || (await users.any()))
        throw new HaidangError(
          'HD_SETUP_LINK',
          'This set-up link was used already, is over an hour old, or is unknown.',
        );
      // The link goes first: of two at once, the version lets one through.
      const used = { ...link.document, usedAt: new Date(now()).toISOString() };
      try {
        await view.replace('setup-link', link.id, used, link.version);
      } catch (cause) {
        throw new HaidangError('HD_SETUP_LINK', 'This set-up link was used a moment ago.', { cause });
      }
      await users.add({ ...setup, role: 'administrator', agencies: 'all' }, 'setup-link');
      await rm(file, { force: true });
    },
  };
}
