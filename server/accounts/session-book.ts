import { HaidangError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import type { SessionRecord } from '../store/record-kinds.ts';
import type { Versioned } from '../store/record-store.ts';
import type { Audit } from './audit.ts';
import type { OpenSession, OpenSessions } from './schema.ts';
import type { Sessions } from './sessions.ts';
import { mustReach, type UserAccounts } from './users.ts';

/** Hexadecimal digits of the record's id by which a session is named to people: enough to tell them apart. */
const SHOWN = 16;

/** The open sessions, as their owner and administrators see and end them. */
export interface SessionBook {
  /** Of one user; `current` is the id of the session that asks. */
  own(user: string, current: string | undefined): Promise<OpenSessions>;
  /** Of all users whose agencies somebody covers, newest use first; of one of them where a name is given. */
  all(identity: Identity, current: string | undefined, user?: string): Promise<OpenSessions>;
  /** @throws HaidangError `HD_NOT_FOUND` */
  revokeOwn(user: string, id: string): Promise<void>;
  /** Ends all of one's own but the one that asks. */
  revokeOthers(user: string, current: string | undefined): Promise<void>;
  /** @throws HaidangError `HD_NOT_FOUND` */
  revoke(identity: Identity, id: string): Promise<void>;
  /** Ends all of a user's. @throws HaidangError `HD_NOT_FOUND`, `HD_FORBIDDEN` */
  revokeAllOf(identity: Identity, user: string): Promise<void>;
}

/** The book over the sessions. */
export function openSessionBook(sessions: Sessions, users: UserAccounts, audit: Audit): SessionBook {
  async function find(id: string, user?: string): Promise<Versioned<SessionRecord>> {
    for await (const found of sessions.open(user)) if (found.id.slice(0, SHOWN) === id) return found;
    throw unknown();
  }

  async function end({ id, document }: Versioned<SessionRecord>, actor: string): Promise<void> {
    await sessions.end(id);
    const { user, address = '', createdAt } = document;
    await audit.record({ actor, act: 'session.revoke', target: user, detail: { address, since: createdAt } });
  }

  /** @throws HaidangError `HD_NOT_FOUND`, `HD_FORBIDDEN` */
  async function mustRule(identity: Identity, user: string): Promise<void> {
    mustReach(identity, user, await users.get(user));
  }

  return {
    async own(user, current) {
      const list: OpenSession[] = [];
      for await (const found of sessions.open(user)) list.push(shown(found, current));
      return { sessions: list.sort(byUse) };
    },
    async all(identity, current, user) {
      const covered = new Map<string, boolean>();
      const covers = async (name: string): Promise<boolean> => {
        const known = covered.get(name);
        if (known !== undefined) return known;
        const is = await mustRule(identity, name).then(
          () => true,
          () => false,
        );
        covered.set(name, is);
        return is;
      };
      const list: OpenSession[] = [];
      for await (const found of sessions.open(user))
        if (await covers(found.document.user)) list.push(shown(found, current));
      return { sessions: list.sort(byUse) };
    },
    async revokeOwn(user, id) {
      await end(await find(id, user), user);
    },
    async revokeOthers(user, current) {
      await sessions.endAllOf(user, current);
      await audit.record({ actor: user, act: 'session.revoke', target: user, detail: { all: 'others' } });
    },
    async revoke(identity, id) {
      const found = await find(id);
      // Whose sessions somebody does not see in the list, they do not find by guessing either.
      await mustRule(identity, found.document.user).catch(() => {
        throw unknown();
      });
      await end(found, identity.name);
    },
    async revokeAllOf(identity, user) {
      await mustRule(identity, user);
      await sessions.endAllOf(user);
      await audit.record({ actor: identity.name, act: 'session.revoke', target: user, detail: { all: 'all' } });
    },
  };
}

function unknown(): HaidangError {
  return new HaidangError('HD_NOT_FOUND', 'There is no open session with this id; it may be over by now.');
}

function shown({ id, document }: Versioned<SessionRecord>, current: string | undefined): OpenSession {
  const { user, address = '', browser = '', createdAt, lastUsedAt, expires } = document;
  return {
    id: id.slice(0, SHOWN),
    user,
    address,
    browser,
    since: createdAt,
    lastSeen: lastUsedAt,
    expires,
    current: id === current,
  };
}

function byUse(a: OpenSession, b: OpenSession): number {
  return b.lastSeen.localeCompare(a.lastSeen);
}
