import { type AgencyBook, openAgencyBook } from '../agencies/names.ts';
import { seeingSubtrees } from '../agencies/scope.ts';
import { traced } from '../audit/requests.ts';
import { type ErrorCode, HaidangError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import type { RecordStore } from '../store/record-store.ts';
import { openTokenBook, type TokenBook } from './api-tokens.ts';
import { type Audit, openAudit } from './audit.ts';
import { createBackOff } from './back-off.ts';
import { type BreakGlass, openBreakGlass } from './break-glass.ts';
import { DUTY_POLICY, type DutyPolicy } from './duties.ts';
import type { Provider } from './oidc/provider.ts';
import type { OidcSettings } from './oidc/settings.ts';
import { openProviderSignIn, type ProviderSignIn } from './oidc/sign-in.ts';
import { verifyPassword } from './password.ts';
import { type PasswordRules, passwordRules } from './password-rules.ts';
import type { NewSecondFactor, OwnPassword, Setup, SignIn } from './schema.ts';
import { openSecondFactors, type SecondFactorPolicy, type SecondFactors } from './second-factor.ts';
import { openSecretKeys, type SecretKeys } from './secret-keys.ts';
import { openSessionBook, type SessionBook } from './session-book.ts';
import { SESSION_POLICY, type SessionPolicy } from './session-settings.ts';
import { type Client, openSessions, type Sessions, type SignedIn } from './sessions.ts';
import { openSetup, type SetupLinks } from './setup.ts';
import { openUsers, type UserAccounts, wrongCurrent } from './users.ts';

/** All of accounts: users, sessions, the first set-up, the audit trail. */
export interface Accounts {
  readonly users: UserAccounts;
  readonly sessions: Sessions;
  readonly sessionBook: SessionBook;
  readonly tokens: TokenBook;
  readonly breakGlass: BreakGlass;
  /** Absent where no provider of sign-ins is configured. */
  readonly provider: ProviderSignIn | undefined;
  readonly keys: SecretKeys;
  /** Which acts take two persons. */
  readonly duties: DutyPolicy;
  /** What a new password must not be. */
  readonly passwords: PasswordRules;
  readonly setup: SetupLinks;
  readonly audit: Audit;
  readonly secondFactors: SecondFactors;
  /** Checks a password and starts a session. @throws HaidangError `HD_WRONG_PASSWORD`, `HD_CODE_NEEDED`, `HD_WRONG_CODE`, `HD_FACTOR_LOST`, `HD_TOO_MANY` */
  signIn(who: SignIn, client: Client): Promise<{ token: string; signedIn: SignedIn }>;
  /** Uses the set-up link and signs in. @throws HaidangError `HD_SETUP_LINK` */
  firstSignIn(setup: Setup, client: Client): Promise<{ token: string; signedIn: SignedIn }>;
  signOut(signedIn: SignedIn): Promise<void>;
  /** Begins a second factor for somebody who knows the password. @throws HaidangError `HD_CURRENT_PASSWORD`, `HD_TOO_MANY` */
  beginSecondFactor(name: string, password: string): Promise<NewSecondFactor>;
  /**
   * Changes a password for somebody who knows the one it has; ends the account's sessions but the one named.
   * @throws HaidangError `HD_CURRENT_PASSWORD`, `HD_TOO_MANY`, `HD_NOT_FOUND`, `HD_BAD_REQUEST` where both are the same, and as `passwords.judge`
   */
  changePassword(name: string, passwords: OwnPassword, actor: Identity, session?: string): Promise<void>;
  /** Removes sessions and tokens that are long over. */
  sweep(): Promise<void>;
  /** Makes user `admin` with this password where no user exists. Gives whether it did. */
  ensureAdministrator(password: string): Promise<boolean>;
}

/** Failures from one address, whoever it tries to be, before it has to wait; an office behind one address is many people. */
const FREE_TRIES_BY_ADDRESS = 50;
/** What a guess at a code meets; it counts as one. */
const WRONG_CODES: ReadonlySet<string> = new Set<ErrorCode>(['HD_WRONG_CODE', 'HD_FACTOR_LOST']);

/** Accounts in the record store; `folder` is where the set-up link's file goes. */
export function openAccounts(options: {
  readonly records: RecordStore;
  readonly folder: string;
  /** The signed audit log; without it, acts stand in the records alone. */
  readonly audit?: Audit;
  readonly secondFactor?: SecondFactorPolicy;
  readonly session?: SessionPolicy;
  readonly duties?: DutyPolicy;
  /** With `provider`, who speaks with it. */
  readonly oidc?: { readonly settings: OidcSettings; readonly provider: Provider } | undefined;
  /** Sorted list of SHA-1 hashes (`breached-file.ts`). */
  readonly breachedPasswords?: string | undefined;
  /** Whether servers with folders of their own use the same records. */
  readonly shared?: boolean;
  /** The tree of agencies: who is bound to one sees all below it. */
  readonly agencies?: Pick<AgencyBook, 'all'>;
  readonly now?: () => number;
}): Accounts {
  const { records, folder, now = Date.now } = options;
  const audit = traced(options.audit ?? openAudit(records, now));
  const users = openUsers(records, audit, now);
  const policy = options.secondFactor ?? { requiredRoles: [], graceDays: 0 };
  const agencies = options.agencies ?? openAgencyBook(records, now);
  const sessions = seeingSubtrees(
    openSessions({ records, policy: options.session ?? SESSION_POLICY, secondFactor: policy, now }),
    agencies,
  );
  const sessionBook = openSessionBook(sessions, users, audit);
  const keys = openSecretKeys({ data: folder, records, audit, shared: options.shared ?? false });
  const { box } = keys;
  const secondFactors = openSecondFactors({ records, audit, keys, policy, now });
  const tokens = seeingSubtrees(openTokenBook({ records, users, audit, secondFactor: policy, now }), agencies);
  const breakGlass = openBreakGlass({ records, audit, sessions, now });
  const passwords = passwordRules(options.breachedPasswords);
  const setup = openSetup(records, users, folder, now);
  const { oidc } = options;
  const rightsChanged = async (user: string) => {
    await tokens.endAllOf(user, 'oidc');
    await sessions.rightsChanged(user);
  };
  const remind = (user: string) => secondFactors.remind(user);
  const provider = oidc && openProviderSignIn({ ...oidc, users, sessions, audit, box, rightsChanged, remind, now });
  const byName = createBackOff({ now });
  const byAddress = createBackOff({ now, freeTries: FREE_TRIES_BY_ADDRESS });

  return {
    users,
    sessions,
    sessionBook,
    tokens,
    breakGlass,
    provider,
    keys,
    duties: options.duties ?? DUTY_POLICY,
    passwords,
    setup,
    audit,
    secondFactors,
    async signIn({ user, password, code }, client) {
      const { address } = client;
      const key = `${address} ${user}`;
      byName.check(key);
      byAddress.check(address);
      const account = await users.get(user);
      const fits = await verifyPassword(password, account?.disabled ? undefined : account?.password);
      if (!fits || !account) {
        byName.failed(key);
        byAddress.failed(address);
        await audit.record({ actor: user, act: 'session.refused', target: user, detail: { address } });
        throw new HaidangError('HD_WRONG_PASSWORD', 'The name or the password is wrong.');
      }
      // Six digits are few: whoever has the password gets few tries, from wherever they come.
      const codeKey = `code of ${user}`;
      if (account.secondFactor) byName.check(codeKey);
      let by: string;
      try {
        by = await secondFactors.check(account, code);
      } catch (error) {
        if (!(error instanceof HaidangError && WRONG_CODES.has(error.code))) throw error;
        byName.failed(codeKey);
        byAddress.failed(address);
        await audit.record({ actor: user, act: 'session.refused', target: user, detail: { address, code: 'wrong' } });
        throw error;
      }
      byName.succeeded(key);
      byName.succeeded(codeKey);
      await secondFactors.remind(account.name);
      const started = await sessions.start(account.name, client);
      const detail = by === 'none' ? { address } : { address, secondFactor: by };
      await audit.record({ actor: account.name, act: 'session.start', target: account.name, detail });
      return started;
    },
    async beginSecondFactor(name, password) {
      const key = `password of ${name}`;
      byName.check(key);
      const account = await users.get(name);
      if (!(await verifyPassword(password, account?.password))) {
        byName.failed(key);
        await audit.record({ actor: name, act: 'user.password.refused', target: name });
        throw wrongCurrent();
      }
      byName.succeeded(key);
      return secondFactors.begin(name);
    },
    async firstSignIn(wanted, client) {
      await passwords.judge(wanted.password, [wanted.user, wanted.displayName]);
      await setup.use(wanted);
      await secondFactors.remind(wanted.user);
      const started = await sessions.start(wanted.user, client);
      const detail = { address: client.address };
      await audit.record({ actor: wanted.user, act: 'session.start', target: wanted.user, detail });
      return started;
    },
    async signOut(signedIn) {
      if (signedIn.session === undefined) return;
      await sessions.end(signedIn.session);
      await audit.record({ actor: signedIn.identity.name, act: 'session.end', target: signedIn.identity.name });
    },
    async changePassword(name, { current, password }, actor, session) {
      // Whoever sits down at an open console must not find the password by trying.
      const key = `password of ${name}`;
      byName.check(key);
      const account = await users.get(name);
      if (!account) throw new HaidangError('HD_NOT_FOUND', `There is no user "${name}".`);
      if (!(await verifyPassword(current, account.password))) {
        byName.failed(key);
        await audit.record({ actor: actor.name, act: 'user.password.refused', target: name });
        throw wrongCurrent();
      }
      byName.succeeded(key);
      if (current.normalize('NFC') === password.normalize('NFC'))
        throw new HaidangError('HD_BAD_REQUEST', 'The new password is the same as the current one.');
      await passwords.judge(password, [name, account.displayName]);
      await users.setPassword(name, password, actor, account.password);
      await sessions.endAllOf(name, session);
    },
    async sweep() {
      await sessions.sweep();
      await tokens.sweep();
    },
    async ensureAdministrator(password) {
      if (await users.any()) return false;
      await users.add(
        { user: 'admin', displayName: 'Administrator', role: 'administrator', agencies: 'all', password },
        'HAIDANG_ADMIN_PASSWORD',
      );
      return true;
    },
  };
}
