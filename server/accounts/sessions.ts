import { createHash, randomBytes } from 'node:crypto';
import { HaidangError } from '../errors.ts';
import { type AgencyId, type Identity, SYSTEM } from '../identity.ts';
import type { SessionRecord, UserRecord } from '../store/record-kinds.ts';
import type { RecordStore, Versioned } from '../store/record-store.ts';
import { permissionsOf } from './permissions.ts';
import type { Session } from './schema.ts';
import { isOverdue, type SecondFactorPolicy } from './second-factor.ts';
import type { SessionPolicy } from './session-settings.ts';

/** `lastUsedAt` is written at most this often, so that reading costs no write. */
const TOUCH_MS = 60_000;
/** How long the token of before still opens after it was replaced: what a page had asked for at once with the new one. */
const REPLACED_MS = 30_000;

/** Who is signed in, and by which session. */
export interface SignedIn {
  readonly identity: Identity;
  readonly displayName: string;
  /** The session's record id, or `token:` and a token's; absent for the control socket, which has no session. */
  readonly session: string | undefined;
  readonly expires: string;
  readonly secondFactor?: { readonly on: boolean; readonly due: string | null; readonly lost?: boolean };
  /** A required second factor is overdue: nothing but setting it up is allowed. */
  readonly overdue?: boolean;
  /** The rights changed since the session began: its token is to be replaced (`Sessions.renew`). */
  readonly stale?: boolean;
  /** Name of the token, where a program speaks. */
  readonly token?: string;
  /** Signed in at the provider. */
  readonly provider?: boolean;
  /** Acts with emergency rights. */
  readonly emergency?: boolean;
}

/** Where a session comes from, as its owner is shown it. */
export interface Client {
  readonly address: string;
  /** By `browser-name.ts`. */
  readonly browser: string;
}

/** Sessions, kept in the record store under the hash of their token. */
export interface Sessions {
  readonly policy: SessionPolicy;
  /**
   * Starts a session; the token goes to the browser and nowhere else. `provider`: who it is was found out there; `until`: it ends then at
   * the latest, milliseconds.
   */
  start(
    user: string,
    client?: Client,
    provider?: { readonly strong: boolean },
    until?: number,
  ): Promise<{ readonly token: string; readonly signedIn: SignedIn }>;
  /** Who a token stands for; undefined where the session is unknown, idle too long, expired, or its user disabled. */
  find(token: string): Promise<SignedIn | undefined>;
  /** The same by session id and without counting as use: for connections that stay open. */
  check(session: string): Promise<SignedIn | undefined>;
  /** A new token for a stale session; undefined where another request of the same page was first. */
  renew(session: string): Promise<string | undefined>;
  /** Those that are open, of one user or of all. */
  open(user?: string): AsyncGenerator<Versioned<SessionRecord>>;
  end(session: string): Promise<void>;
  /** Ends all of a user's sessions, but one that is named. */
  endAllOf(user: string, except?: string): Promise<void>;
  /** A user's rights are others now: tokens are replaced at the next request, and those who keep connections are told. */
  rightsChanged(user: string): Promise<void>;
  /** Calls back with the id of each session whose rights changed. */
  onRights(listener: (session: string) => void): void;
  /** Calls back with each session's id as it ends. */
  onEnd(listener: (session: string) => void): void;
  /** Removes sessions past their absolute end. */
  sweep(): Promise<void>;
}

/** SHA-256 of a token: what the store keeps of it. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** A token of 256 random bits, base64url. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Sessions in the record store. */
export function openSessions(options: {
  readonly records: RecordStore;
  readonly policy: SessionPolicy;
  readonly secondFactor: SecondFactorPolicy;
  /** Milliseconds. */
  readonly now: () => number;
}): Sessions {
  const { records, policy, secondFactor: factors, now } = options;
  const view = records.as(SYSTEM);
  const listeners: ((session: string) => void)[] = [];
  const rightsListeners: ((session: string) => void)[] = [];

  function isOver({ lastUsedAt, expires, replacedAt }: SessionRecord): boolean {
    const at = now();
    if (at >= Date.parse(expires) || at - Date.parse(lastUsedAt) >= policy.idleMs) return true;
    return replacedAt !== undefined && at - Date.parse(replacedAt) >= REPLACED_MS;
  }

  async function load(session: string, touch: boolean): Promise<SignedIn | undefined> {
    const found = await view.get('session', session);
    if (!found) return undefined;
    const { user, lastUsedAt, expires, stale = false, replacedAt, provider = false, strong = false } = found.document;
    if (isOver(found.document)) {
      await end(session);
      return undefined;
    }
    const owner = await view.get('user', user);
    if (!owner || owner.document.disabled) return undefined;
    if (touch && now() - Date.parse(lastUsedAt) >= TOUCH_MS) {
      const used = { ...found.document, lastUsedAt: new Date(now()).toISOString() };
      await view.replace('session', session, used, found.version).catch(ignoreConflict);
    }
    return {
      ...signedInAs(owner.document, factors, now()),
      session,
      expires,
      ...(stale && replacedAt === undefined ? { stale } : {}),
      ...(provider ? { provider } : {}),
      ...(strong ? { overdue: false, secondFactor: { on: true, due: null } } : {}),
    };
  }

  async function end(session: string): Promise<void> {
    await view.remove('session', session).catch(ignoreConflict);
    for (const listener of listeners) listener(session);
  }

  async function* all(user?: string): AsyncGenerator<Versioned<SessionRecord>> {
    let after: string | undefined;
    do {
      const page = await view.find('session', {
        ...(user === undefined ? {} : { where: { user: [user] } }),
        limit: 500,
        ...(after === undefined ? {} : { after }),
      });
      yield* page.records;
      after = page.next ?? undefined;
    } while (after !== undefined);
  }

  /** Ends those of a user that are too many, the least lately used first; never `kept`. */
  async function endBeyond(user: string, kept: string): Promise<void> {
    const others: Versioned<SessionRecord>[] = [];
    for await (const found of open(user)) if (found.id !== kept) others.push(found);
    const byUse = others.sort((a, b) => Date.parse(b.document.lastUsedAt) - Date.parse(a.document.lastUsedAt));
    for (const { id } of byUse.slice(policy.most - 1)) await end(id);
  }

  async function* open(user?: string): AsyncGenerator<Versioned<SessionRecord>> {
    for await (const found of all(user)) {
      if (!isOver(found.document) && found.document.replacedAt === undefined) yield found;
    }
  }

  return {
    policy,
    async start(user, client, provider, until = Number.POSITIVE_INFINITY) {
      const token = newToken();
      const at = new Date(now()).toISOString();
      const expires = new Date(Math.min(now() + policy.absoluteMs, until)).toISOString();
      await view.create('session', tokenHash(token), {
        user,
        createdAt: at,
        lastUsedAt: at,
        expires,
        ...client,
        ...(provider ? { provider: true, ...provider } : {}),
      });
      await endBeyond(user, tokenHash(token));
      const signedIn = await load(tokenHash(token), false);
      if (!signedIn) throw new HaidangError('HD_WRONG_PASSWORD', 'This account is not active.');
      return { token, signedIn };
    },
    find: (token) => load(tokenHash(token), true),
    check: (session) => load(session, false),
    async renew(session) {
      const found = await view.get('session', session);
      if (!found?.document.stale || found.document.replacedAt !== undefined) return undefined;
      const { stale: _, ...fresh } = found.document;
      const token = newToken();
      try {
        const replacedAt = new Date(now()).toISOString();
        await view.replace('session', session, { ...found.document, replacedAt }, found.version);
      } catch (error) {
        ignoreConflict(error);
        return undefined;
      }
      await view.create('session', tokenHash(token), fresh);
      return token;
    },
    open,
    end,
    async endAllOf(user, except) {
      const due: string[] = [];
      for await (const { id } of all(user)) if (id !== except) due.push(id);
      for (const id of due) await end(id);
    },
    async rightsChanged(user) {
      const theirs: Versioned<SessionRecord>[] = [];
      for await (const found of all(user)) theirs.push(found);
      for (const { id } of theirs) {
        await markStale(id);
        for (const listener of rightsListeners) listener(id);
      }
    },
    onRights: (listener) => void rightsListeners.push(listener),
    onEnd: (listener) => void listeners.push(listener),
    async sweep() {
      for (;;) {
        const page = await view.find('session', { orderBy: { field: 'expires', descending: false }, limit: 100 });
        const over = page.records.filter((record) => Date.parse(record.document.expires) <= now());
        for (const record of over) await end(record.id);
        if (over.length < 100) return;
      }
    },
  };

  /** Tried again where the session was used at this very moment. */
  async function markStale(id: string): Promise<void> {
    for (let tries = 0; tries < 5; tries++) {
      const found = await view.get('session', id);
      if (!found) return;
      try {
        await view.replace('session', id, { ...found.document, stale: true }, found.version);
        return;
      } catch (error) {
        ignoreConflict(error);
      }
    }
  }
}

/** What a user record may see and do in the ordinary way; emergency rights come on top in `signedInAs`. */
export function identityOf(user: UserRecord): Identity {
  return { kind: 'user', name: user.name, role: user.role, agencies: user.agencies };
}

/** A user as a session or a token of theirs stands for them at a time (milliseconds). */
export function signedInAs(
  user: UserRecord,
  policy: SecondFactorPolicy,
  now: number,
): Omit<SignedIn, 'session' | 'expires'> {
  const { displayName, role, secondFactor, secondFactorDue } = user;
  const lostAt = secondFactor?.lostAt;
  const due = policy.requiredRoles.includes(role) && !secondFactor ? secondFactorDue : lostAt;
  const emergency = user.emergency !== undefined && now < Date.parse(user.emergency.until);
  return {
    identity: emergency ? { ...identityOf(user), role: 'administrator', agencies: 'all' } : identityOf(user),
    displayName,
    secondFactor: {
      on: secondFactor !== undefined && lostAt === undefined,
      due: due ?? null,
      ...(lostAt === undefined ? {} : { lost: true }),
    },
    overdue: isOverdue(user, policy, now),
    ...(emergency ? { emergency } : {}),
  };
}

/** The answer of `GET /api/v1/session`. */
export function sessionAnswer(signedIn: SignedIn, signOutAddress?: string): Session {
  const { identity, displayName, expires, secondFactor } = signedIn;
  const role = identity.role === 'collector' ? 'viewer' : identity.role;
  const agencies: 'all' | AgencyId[] = identity.agencies === 'all' ? 'all' : [...identity.agencies];
  return {
    user: identity.name,
    displayName,
    role,
    agencies,
    expires,
    permissions: permissionsOf(identity),
    ...(secondFactor ? { secondFactor: { ...secondFactor } } : {}),
    ...(signedIn.provider && signOutAddress !== undefined ? { signOutAddress } : {}),
  };
}

/** Two requests of one session may touch it at once; who comes second has nothing to do. */
function ignoreConflict(error: unknown): void {
  const code = error instanceof HaidangError ? error.code : undefined;
  if (code !== 'HD_RECORD_CONFLICT' && code !== 'HD_RECORD_ABSENT') throw error;
}
