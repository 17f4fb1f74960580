import { HaidangError } from '../errors.ts';
import { type AgencyId, type Identity, type Role, SYSTEM } from '../identity.ts';
import type { UserRecord } from '../store/record-kinds.ts';
import type { RecordStore, Versioned } from '../store/record-store.ts';
import type { Audit } from './audit.ts';
import { hashPassword } from './password.ts';
import { BOUND_ROLES, may, PROVINCIAL_ROLES } from './permissions.ts';
import type { NewUser, User, UserChange, Users } from './schema.ts';

/** User accounts: making, changing and listing them. */
export interface UserAccounts {
  /** @throws HaidangError `HD_RECORD_EXISTS`, `HD_BAD_REQUEST` where an agency is not known. */
  add(user: NewUser, actor: string): Promise<void>;
  /**
   * Changes name, role, agencies, and whether the account is locked; `newRights` says that the account may now see or do something else.
   * @throws HaidangError `HD_NOT_FOUND`, `HD_FORBIDDEN`, `HD_LAST_ADMINISTRATOR`, `HD_BAD_REQUEST` where an agency is not known.
   */
  change(
    name: string,
    change: UserChange,
    actor: Identity,
  ): Promise<{ readonly user: User; readonly newRights: boolean }>;
  /**
   * Sets a password; `instead` is the stored hash that the person showed to know.
   * @throws HaidangError `HD_NOT_FOUND`, `HD_FORBIDDEN`, `HD_TOO_MANY`, `HD_CURRENT_PASSWORD` where it was changed meanwhile
   */
  setPassword(name: string, password: string, actor: Identity, instead?: string): Promise<void>;
  /** Opens an account to one person at the provider of sign-ins. @throws HaidangError `HD_NOT_FOUND` */
  link(name: string, provider: NonNullable<UserRecord['provider']>): Promise<void>;
  /** Those that the identity may know of: all of the province's own, and those who share an agency with it. */
  list(identity: Identity): Promise<Users>;
  get(name: string): Promise<UserRecord | undefined>;
  any(): Promise<boolean>;
}

/** How often a change is tried where others change the same accounts. */
const TRIES = 10;

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

  /** @throws HaidangError `HD_BAD_REQUEST` where a role and the agencies do not go together. */
  function mustFit(role: Role, agencies: UserRecord['agencies']): void {
    if (PROVINCIAL_ROLES.includes(role) && agencies !== 'all')
      throw new HaidangError('HD_BAD_REQUEST', `The role ${role} is for all agencies; give it "all".`);
    if (BOUND_ROLES.includes(role) && agencies === 'all')
      throw new HaidangError('HD_BAD_REQUEST', `The role ${role} is for some agencies; name them.`);
  }

  async function* all(): AsyncGenerator<Versioned<UserRecord>> {
    let after: string | undefined;
    do {
      const page = await view.find('user', { limit: 500, ...(after === undefined ? {} : { after }) });
      yield* page.records;
      after = page.next ?? undefined;
    } while (after !== undefined);
  }

  async function load(name: string, actor: Identity): Promise<Versioned<UserRecord>> {
    const found = await view.get('user', name);
    mustReach(actor, name, found?.document);
    if (!found) throw unknown(name);
    return found;
  }

  /** Another administrator of the whole province: where there is none, nobody could let anybody in again. */
  async function otherChief(name: string): Promise<Versioned<UserRecord>> {
    for await (const other of all()) if (other.id !== name && isChief(other.document)) return other;
    throw new HaidangError('HD_LAST_ADMINISTRATOR', `"${name}" is the last administrator of all agencies.`);
  }

  /** Tries again where somebody changed the same account meanwhile; `attempt` reads anew each time. */
  async function retried<Answer>(attempt: () => Promise<Answer>): Promise<Answer> {
    for (let tries = 1; ; tries++) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof HaidangError && error.code === 'HD_RECORD_CONFLICT') || tries === TRIES) throw error;
      }
    }
  }

  return {
    async add(user, actor) {
      const agencies = await agenciesOf(user.agencies);
      mustFit(user.role, agencies);
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
    async change(name, change, actor) {
      const agencies = await agenciesOf(change.agencies);
      mustFit(change.role, agencies);
      mustCover(actor, agencies);
      const { before, after } = await retried(async () => {
        const { document, version } = await load(name, actor);
        const next: UserRecord = { ...document, ...change, agencies };
        const changes = [{ id: name, document: next, ifVersion: version }];
        if (isChief(document) && !isChief(next)) {
          const chief = await otherChief(name);
          // Written again as it is: of two administrators who lock each other at once, one is refused.
          changes.push({ id: chief.id, document: chief.document, ifVersion: chief.version });
        }
        await view.replaceMany('user', changes);
        return { before: document, after: next };
      });
      const { role, disabled } = after;
      const was = { role: before.role, agencies: before.agencies, disabled: before.disabled };
      const detail = { role, agencies, disabled, was };
      await audit.record({ actor: actor.name, act: 'user.change', target: name, detail });
      return { user: shown(after, true), newRights: rightsOf(before) !== rightsOf(after) };
    },
    async setPassword(name, password, actor, instead) {
      await load(name, actor);
      const hashed = await hashPassword(password);
      await retried(async () => {
        const { document, version } = await load(name, actor);
        if (instead !== undefined && document.password !== instead) throw wrongCurrent();
        await view.replace('user', name, { ...document, password: hashed }, version);
      });
      const detail = { knewCurrent: instead !== undefined };
      await audit.record({ actor: actor.name, act: 'user.password', target: name, detail });
    },
    async link(name, provider) {
      await retried(async () => {
        const { document, version } = await load(name, SYSTEM);
        await view.replace('user', name, { ...document, provider }, version);
      });
      await audit.record({ actor: 'oidc', act: 'user.link', target: name, detail: { ...provider } });
    },
    async list(identity) {
      const users: User[] = [];
      for await (const { document } of all()) {
        if (shares(identity, document)) users.push(shown(document, seesRights(identity)));
      }
      return { users: users.sort((a, b) => a.user.localeCompare(b.user)) };
    },
    get: async (name) => (await view.get('user', name))?.document,
    any: async () => (await view.count('user')) > 0,
  };
}

/**
 * Nobody hands out rights over agencies that are not theirs, nor changes an account that has such rights.
 * @throws HaidangError `HD_FORBIDDEN`
 */
export function mustCover(identity: Identity, agencies: 'all' | readonly string[]): void {
  const own: 'all' | readonly string[] = identity.agencies;
  if (own === 'all' || (agencies !== 'all' && agencies.every((agency) => own.includes(agency)))) return;
  throw new HaidangError(
    'HD_FORBIDDEN',
    'Your account is bound to some agencies; users of others are not yours to change.',
  );
}

/**
 * That somebody may change the account of this name. Who shares no agency with it does not learn whether there is one.
 * @throws HaidangError `HD_NOT_FOUND`; `HD_FORBIDDEN` where they know it, as it has agencies of theirs beside others.
 */
export function mustReach(identity: Identity, name: string, account: UserRecord | undefined): void {
  if (!account || !shares(identity, account)) throw unknown(name);
  mustCover(identity, account.agencies);
}

/** The password that somebody gave as theirs is not, or no longer. */
export function wrongCurrent(): HaidangError {
  return new HaidangError('HD_CURRENT_PASSWORD', 'The current password is wrong.');
}

function rightsOf({ role, agencies }: UserRecord): string {
  return `${role} ${agencies === 'all' ? '*' : [...agencies].sort().join(' ')}`;
}

/** Who gives out rights, and who judges how they are used, see what others have. */
function seesRights(identity: Identity): boolean {
  return may(identity, 'users.change') || may(identity, 'audit.read');
}

function unknown(name: string): HaidangError {
  return new HaidangError('HD_NOT_FOUND', `There is no user "${name}".`);
}

function exists(name: string): HaidangError {
  return new HaidangError('HD_RECORD_EXISTS', `There is a user "${name}" already.`);
}

/** An administrator of all agencies who can sign in. */
function isChief({ role, agencies, disabled }: UserRecord): boolean {
  return role === 'administrator' && agencies === 'all' && !disabled;
}

function shown({ name, displayName, role, disabled, agencies }: UserRecord, withRights: boolean): User {
  const listed = agencies === 'all' ? agencies : [...agencies];
  return { user: name, displayName, role, disabled, ...(withRights ? { agencies: listed } : {}) };
}

function shares(identity: Identity, user: UserRecord): boolean {
  if (identity.agencies === 'all' || user.agencies === 'all') return true;
  const mine = identity.agencies;
  return user.agencies.some((agency) => mine.includes(agency));
}
