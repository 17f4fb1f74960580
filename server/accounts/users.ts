import { HaidangError } from '../errors.ts';
import { type AgencyId, type Identity, SYSTEM } from '../identity.ts';
import type { UserRecord } from '../store/record-kinds.ts';
import type { RecordStore } from '../store/record-store.ts';
import type { Audit } from './audit.ts';
import { hashPassword } from './password.ts';
import type { NewUser, Users } from './schema.ts';

/** User accounts: making and listing them. */
export interface UserAccounts {
  /** @throws HaidangError `HD_RECORD_EXISTS`, `HD_BAD_REQUEST` where an agency is not known. */
  add(user: NewUser, actor: string): Promise<void>;
  /** Those that the identity may know of: all of the province's own, and those who share an agency with it. */
  list(identity: Identity): Promise<Users>;
  get(name: string): Promise<UserRecord | undefined>;
  any(): Promise<boolean>;
}

/** User accounts in the record store. */
export function openUsers(records: RecordStore, audit: Audit, now: () => number = Date.now): UserAccounts {
  const view = records.as(SYSTEM);

  async function agenciesOf(wanted: NewUser['agencies']): Promise<UserRecord['agencies']> {
    if (wanted === 'all') return 'all';
    if (wanted.length === 0) throw new HaidangError('HD_BAD_REQUEST', 'A user needs "all" or at least one agency.');
    for (const agency of wanted) {
      if (!(await view.get('agency', agency)))
        throw new HaidangError('HD_BAD_REQUEST', `There is no agency "${agency}"; add it first.`);
    }
    return wanted as AgencyId[];
  }

  return {
    async add(user, actor) {
      const agencies = await agenciesOf(user.agencies);
      if (await view.get('user', user.user)) throw exists(user.user);
      const password = await hashPassword(user.password);
      await view.create('user', user.user, {
        name: user.user,
        displayName: user.displayName,
        role: user.role,
        agencies,
        password,
        createdAt: new Date(now()).toISOString(),
        disabled: false,
      });
      await audit.record({ actor, act: 'user.add', target: user.user, detail: { role: user.role, agencies } });
    },
    async list(identity) {
      const users: Users['users'] = [];
      let after: string | undefined;
      do {
        const page = await view.find('user', { limit: 500, ...(after === undefined ? {} : { after }) });
        for (const { document } of page.records) {
          if (!shares(identity, document)) continue;
          const { name, displayName, role, disabled } = document;
          users.push({ user: name, displayName, role, disabled });
        }
        after = page.next ?? undefined;
      } while (after !== undefined);
      return { users: users.sort((a, b) => a.user.localeCompare(b.user)) };
    },
    get: async (name) => (await view.get('user', name))?.document,
    any: async () => (await view.count('user')) > 0,
  };
}

function exists(name: string): HaidangError {
  return new HaidangError('HD_RECORD_EXISTS', `There is a user "${name}" already.`);
}

function shares(identity: Identity, user: UserRecord): boolean {
  if (identity.agencies === 'all' || user.agencies === 'all') return true;
  const mine = identity.agencies;
  return user.agencies.some((agency) => mine.includes(agency));
}
