import { HaidangError } from '../errors.ts';
import { type AgencyId, type Identity, SYSTEM } from '../identity.ts';
import type { ApiTokenRecord, UserRecord } from '../store/record-kinds.ts';
import type { RecordStore, Versioned } from '../store/record-store.ts';
import type { Audit } from './audit.ts';
import { may, type Permission } from './permissions.ts';
import type { ApiToken, ApiTokens, MadeApiToken, NewApiToken } from './schema.ts';
import type { SecondFactorPolicy } from './second-factor.ts';
import { identityOf, newToken, type SignedIn, signedInAs, tokenHash } from './sessions.ts';
import type { UserAccounts } from './users.ts';

/** Tokens by which programs speak for an account, within its rights. */
export interface TokenBook {
  /** Makes a token for a user. @throws HaidangError `HD_NOT_FOUND`, `HD_FORBIDDEN` where it would have more than the user, `HD_BAD_REQUEST` */
  create(owner: string, wanted: NewApiToken, actor: Identity): Promise<MadeApiToken>;
  /** Who a token stands for now; undefined where it is unknown, expired, revoked, or its owner locked. */
  find(token: string, address: string): Promise<SignedIn | undefined>;
  /** The same by `SignedIn.session`, and without counting as use. */
  check(session: string): Promise<SignedIn | undefined>;
  own(owner: string): Promise<ApiTokens>;
  /** Of all users whose agencies somebody covers. */
  all(identity: Identity): Promise<ApiTokens>;
  /** @throws HaidangError `HD_NOT_FOUND` */
  revokeOwn(owner: string, id: string): Promise<void>;
  /** @throws HaidangError `HD_NOT_FOUND` */
  revoke(identity: Identity, id: string): Promise<void>;
  /** Ends all of a user's: the account is locked, or its rights are others. */
  endAllOf(owner: string, actor: string): Promise<void>;
  /** Calls back with `SignedIn.session` of each token that ends. */
  onEnd(listener: (session: string) => void): void;
  /** Removes what expired a month ago. */
  sweep(): Promise<void>;
}

/** Begins every token: whoever finds one in a file or a log knows what it is. */
const PREFIX = 'hdt_';
/** Begins `SignedIn.session` where a token speaks. */
const SESSION = 'token:';
const SHOWN = 16;
const DAY_MS = 86_400_000;
const KEPT_AFTER_MS = 30 * DAY_MS;
const TOUCH_MS = 60_000;
const MOST_EACH = 50;

/** Whether `SignedIn.session` is a token's. */
export function isTokenSession(session: string | undefined): boolean {
  return session?.startsWith(SESSION) === true;
}

/** The token of an `Authorization` header (RFC 6750 §2.1); undefined where it has another scheme. */
export function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer ([\w.~+/=-]{1,200})$/i.exec(header ?? '')?.[1];
}

/** Tokens in the record store, under the hash of each. */
export function openTokenBook(options: {
  readonly records: RecordStore;
  readonly users: UserAccounts;
  readonly audit: Audit;
  readonly secondFactor: SecondFactorPolicy;
  /** Milliseconds. */
  readonly now: () => number;
}): TokenBook {
  const { records, users, audit, secondFactor, now } = options;
  const view = records.as(SYSTEM);
  const listeners: ((session: string) => void)[] = [];

  async function* each(owner?: string): AsyncGenerator<Versioned<ApiTokenRecord>> {
    let after: string | undefined;
    do {
      const page = await view.find('api-token', {
        ...(owner === undefined ? {} : { where: { owner: [owner] } }),
        limit: 500,
        ...(after === undefined ? {} : { after }),
      });
      yield* page.records;
      after = page.next ?? undefined;
    } while (after !== undefined);
  }

  async function standsFor(found: Versioned<ApiTokenRecord>): Promise<SignedIn | undefined> {
    const { owner, expires, permissions, agencies, name } = found.document;
    if (now() >= Date.parse(expires)) return undefined;
    const account = await users.get(owner);
    if (!account || account.disabled) return undefined;
    const { emergency: _, ...signedIn } = signedInAs(account, secondFactor, now());
    // Emergency rights are a person's for an hour, not a program's.
    const own = identityOf(account);
    const identity: Identity = { ...own, agencies: within(own.agencies, agencies), limits: permissions };
    return { ...signedIn, identity, session: SESSION + found.id, expires, token: name };
  }

  async function remove(found: Versioned<ApiTokenRecord>, actor: string, act: string): Promise<void> {
    await view.remove('api-token', found.id).catch(ignoreAbsent);
    for (const listener of listeners) listener(SESSION + found.id);
    const { owner, name } = found.document;
    await audit.record({ actor, act, target: owner, detail: { token: name, id: found.id.slice(0, SHOWN) } });
  }

  async function named(id: string, owner?: string): Promise<Versioned<ApiTokenRecord>> {
    for await (const found of each(owner)) if (found.id.slice(0, SHOWN) === id) return found;
    throw unknown();
  }

  async function mustKnow(agencies: 'all' | readonly string[]): Promise<void> {
    for (const agency of agencies === 'all' ? [] : agencies) {
      if (!(await view.get('agency', agency)))
        throw new HaidangError('HD_BAD_REQUEST', `There is no agency "${agency}".`);
    }
  }

  return {
    async create(owner, { name, permissions, agencies, days }, actor) {
      const account = await users.get(owner);
      if (!account || account.disabled) throw new HaidangError('HD_NOT_FOUND', `There is no active user "${owner}".`);
      mustNotExceed(account, permissions, agencies ?? account.agencies);
      await mustKnow(agencies ?? 'all');
      let count = 0;
      for await (const _ of each(owner)) count += 1;
      if (count >= MOST_EACH)
        throw new HaidangError('HD_BAD_REQUEST', `${owner} has ${MOST_EACH} tokens; revoke those not in use.`);
      const token = PREFIX + newToken();
      const document: ApiTokenRecord = {
        name,
        owner,
        permissions,
        agencies: (agencies ?? account.agencies) as ApiTokenRecord['agencies'],
        createdAt: new Date(now()).toISOString(),
        createdBy: actor.name,
        expires: new Date(now() + days * DAY_MS).toISOString(),
        lastUsedAt: null,
        lastAddress: null,
      };
      const made = await view.create('api-token', tokenHash(token), document);
      const detail = { token: name, id: made.id.slice(0, SHOWN), permissions, agencies: document.agencies, days };
      await audit.record({ actor: actor.name, act: 'token.create', target: owner, detail });
      return { ...shown(made, now()), token };
    },
    async find(token, address) {
      if (!token.startsWith(PREFIX)) return undefined;
      const found = await view.get('api-token', tokenHash(token));
      const signedIn = found && (await standsFor(found));
      if (!signedIn) return undefined;
      const { lastUsedAt, lastAddress } = found.document;
      const isNew = lastUsedAt === null || lastAddress !== address || now() - Date.parse(lastUsedAt) >= TOUCH_MS;
      if (isNew) {
        const used = { lastUsedAt: new Date(now()).toISOString(), lastAddress: address.slice(0, 64) };
        await view.replace('api-token', found.id, { ...found.document, ...used }, found.version).catch(ignoreAbsent);
      }
      return signedIn;
    },
    async check(session) {
      const found = await view.get('api-token', session.slice(SESSION.length));
      return found && standsFor(found);
    },
    async own(owner) {
      const tokens: ApiToken[] = [];
      for await (const found of each(owner)) tokens.push(shown(found, now()));
      return { tokens: tokens.sort(byAge) };
    },
    async all(identity) {
      const tokens: ApiToken[] = [];
      for await (const found of each()) {
        const account = await users.get(found.document.owner);
        if (!account || covers(identity, account)) tokens.push(shown(found, now()));
      }
      return { tokens: tokens.sort(byAge) };
    },
    async revokeOwn(owner, id) {
      await remove(await named(id, owner), owner, 'token.revoke');
    },
    async revoke(identity, id) {
      const found = await named(id);
      const account = await users.get(found.document.owner);
      // What somebody does not see in the list, they do not find by guessing either.
      if (account && !covers(identity, account)) throw unknown();
      await remove(found, identity.name, 'token.revoke');
    },
    async endAllOf(owner, actor) {
      const due: Versioned<ApiTokenRecord>[] = [];
      for await (const found of each(owner)) due.push(found);
      for (const found of due) await remove(found, actor, 'token.end');
    },
    onEnd: (listener) => void listeners.push(listener),
    async sweep() {
      for (;;) {
        const page = await view.find('api-token', { orderBy: { field: 'expires', descending: false }, limit: 100 });
        const over = page.records.filter(({ document }) => Date.parse(document.expires) + KEPT_AFTER_MS <= now());
        for (const { id } of over) await view.remove('api-token', id).catch(ignoreAbsent);
        if (over.length < 100) return;
      }
    },
  };
}

function unknown(): HaidangError {
  return new HaidangError('HD_NOT_FOUND', 'There is no token with this id.');
}

/** @throws HaidangError `HD_FORBIDDEN` */
function mustNotExceed(
  owner: UserRecord,
  permissions: readonly Permission[],
  agencies: 'all' | readonly string[],
): void {
  const identity = identityOf(owner);
  const lacking = permissions.find((permission) => !may(identity, permission));
  if (lacking !== undefined)
    throw new HaidangError('HD_FORBIDDEN', `A token has no more rights than its account, which lacks "${lacking}".`);
  const mine: readonly string[] | 'all' = owner.agencies;
  if (mine === 'all' || (agencies !== 'all' && agencies.every((agency) => mine.includes(agency)))) return;
  throw new HaidangError('HD_FORBIDDEN', 'A token sees no more agencies than its account.');
}

/** What both allow: an agency that the account lost is lost to its tokens too. */
function within(own: Identity['agencies'], bounds: ApiTokenRecord['agencies']): 'all' | readonly AgencyId[] {
  if (own === 'all') return bounds;
  return bounds === 'all' ? own : own.filter((agency) => bounds.includes(agency));
}

function covers(identity: Identity, { agencies }: UserRecord): boolean {
  const own = identity.agencies;
  return own === 'all' || (agencies !== 'all' && agencies.every((agency) => own.includes(agency)));
}

function shown({ id, document }: Versioned<ApiTokenRecord>, now: number): ApiToken {
  const { createdBy: _, permissions, agencies, ...rest } = document;
  return {
    ...rest,
    id: id.slice(0, SHOWN),
    permissions: [...permissions],
    agencies: agencies === 'all' ? 'all' : [...agencies],
    expired: now >= Date.parse(document.expires),
  };
}

function byAge(a: ApiToken, b: ApiToken): number {
  return b.createdAt.localeCompare(a.createdAt);
}

/** Two requests may touch or end it at once; who comes second has nothing to do. */
function ignoreAbsent(error: unknown): void {
  const code = error instanceof HaidangError ? error.code : undefined;
  if (code !== 'HD_RECORD_CONFLICT' && code !== 'HD_RECORD_ABSENT') throw error;
}
