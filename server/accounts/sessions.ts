import { createHash, randomBytes } from 'node:crypto';
import { HaidangError } from '../errors.ts';
import { type AgencyId, type Identity, SYSTEM } from '../identity.ts';
import type { UserRecord } from '../store/record-kinds.ts';
import type { RecordStore } from '../store/record-store.ts';
import { permissionsOf } from './permissions.ts';
import type { Session } from './schema.ts';
import { isOverdue, type SecondFactorPolicy } from './second-factor.ts';

/** A session without a request for this long is over, in milliseconds. */
export const IDLE_MS = 8 * 3_600_000;
/** A session is over after this long in any case, in milliseconds. */
export const ABSOLUTE_MS = 24 * 3_600_000;
/** `lastUsedAt` is written at most this often, so that reading costs no write. */
const TOUCH_MS = 60_000;

/** Who is signed in, and by which session. */
export interface SignedIn {
  readonly identity: Identity;
  readonly displayName: string;
  /** The session's record id; absent for the control socket, which has no session. */
  readonly session: string | undefined;
  readonly expires: string;
  readonly secondFactor?: { readonly on: boolean; readonly due: string | null };
  /** A required second factor is overdue: nothing but setting it up is allowed. */
  readonly overdue?: boolean;
}

/** Sessions, kept in the record store under the hash of their token. */
export interface Sessions {
  /** Starts a session; the token goes to the browser and nowhere else. */
  start(user: string): Promise<{ readonly token: string; readonly signedIn: SignedIn }>;
  /** Who a token stands for; undefined where the session is unknown, idle too long, expired, or its user disabled. */
  find(token: string): Promise<SignedIn | undefined>;
  /** The same by session id and without counting as use: for connections that stay open. */
  check(session: string): Promise<SignedIn | undefined>;
  end(session: string): Promise<void>;
  /** Ends all of a user's sessions, but one that is named. */
  endAllOf(user: string, except?: string): Promise<void>;
  /** Tells those who keep connections that a user's rights are others now. */
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

/** Sessions in the record store; `now` in milliseconds. */
export function openSessions(
  records: RecordStore,
  now: () => number = Date.now,
  policy: SecondFactorPolicy = { requiredRoles: [], graceDays: 0 },
): Sessions {
  const view = records.as(SYSTEM);
  const listeners: ((session: string) => void)[] = [];
  const rightsListeners: ((session: string) => void)[] = [];

  async function load(session: string, touch: boolean): Promise<SignedIn | undefined> {
    const found = await view.get('session', session);
    if (!found) return undefined;
    const { user, lastUsedAt, expires } = found.document;
    const idle = now() - Date.parse(lastUsedAt);
    if (now() >= Date.parse(expires) || idle >= IDLE_MS) {
      await end(session);
      return undefined;
    }
    const owner = await view.get('user', user);
    if (!owner || owner.document.disabled) return undefined;
    if (touch && idle >= TOUCH_MS) {
      const used = { ...found.document, lastUsedAt: new Date(now()).toISOString() };
      await view.replace('session', session, used, found.version).catch(ignoreConflict);
    }
    const { displayName, role, secondFactor, secondFactorDue } = owner.document;
    const asked = policy.requiredRoles.includes(role) && !secondFactor;
    return {
      identity: identityOf(owner.document),
      displayName,
      session,
      expires,
      secondFactor: { on: secondFactor !== undefined, due: asked ? (secondFactorDue ?? null) : null },
      overdue: isOverdue(owner.document, policy, now()),
    };
  }

  async function end(session: string): Promise<void> {
    await view.remove('session', session).catch(ignoreConflict);
    for (const listener of listeners) listener(session);
  }

  return {
    async start(user) {
      const token = newToken();
      const at = new Date(now()).toISOString();
      const expires = new Date(now() + ABSOLUTE_MS).toISOString();
      await view.create('session', tokenHash(token), { user, createdAt: at, lastUsedAt: at, expires });
      const signedIn = await load(tokenHash(token), false);
      if (!signedIn) throw new HaidangError('HD_WRONG_PASSWORD', 'This account is not active.');
      return { token, signedIn };
    },
    find: (token) => load(tokenHash(token), true),
    check: (session) => load(session, false),
    end,
    async endAllOf(user, except) {
      for (;;) {
        const page = await view.find('session', { where: { user: [user] }, limit: 500 });
        const due = page.records.filter(({ id }) => id !== except);
        for (const { id } of due) await end(id);
        if (page.next === null) return;
      }
    },
    async rightsChanged(user) {
      let after: string | undefined;
      do {
        const page = await view.find('session', {
          where: { user: [user] },
          limit: 500,
          ...(after === undefined ? {} : { after }),
        });
        for (const { id } of page.records) for (const listener of rightsListeners) listener(id);
        after = page.next ?? undefined;
      } while (after !== undefined);
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
}

/** What a user record may see and do. */
export function identityOf(user: UserRecord): Identity {
  return { kind: 'user', name: user.name, role: user.role, agencies: user.agencies };
}

/** The answer of `GET /api/v1/session`. */
export function sessionAnswer(signedIn: SignedIn): Session {
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
  };
}

/** Two requests of one session may touch it at once; who comes second has nothing to do. */
function ignoreConflict(error: unknown): void {
  const code = error instanceof HaidangError ? error.code : undefined;
  if (code !== 'HD_RECORD_CONFLICT' && code !== 'HD_RECORD_ABSENT') throw error;
}
