import { HaidangError } from '../../errors.ts';
import { type AgencyId, SYSTEM } from '../../identity.ts';
import type { UserRecord } from '../../store/record-kinds.ts';
import type { Audit } from '../audit.ts';
import type { SecretBox } from '../secret-box.ts';
import type { Client, Sessions, SignedIn } from '../sessions.ts';
import { newToken } from '../sessions.ts';
import type { UserAccounts } from '../users.ts';
import type { Flow, Person, Provider } from './provider.ts';
import type { GroupRule, OidcSettings } from './settings.ts';

/** Signing in at a provider, and what it makes of accounts here. */
export interface ProviderSignIn {
  readonly label: string;
  /** Where to send the browser, and what it keeps until it is back (sealed). @throws HaidangError `HD_OIDC_DOWN` */
  begin(): Promise<{ readonly address: string; readonly kept: string }>;
  /** @throws HaidangError `HD_OIDC_REFUSED`, `HD_OIDC_DOWN`, `HD_LAST_ADMINISTRATOR` */
  finish(
    query: URLSearchParams,
    kept: string,
    client: Client,
  ): Promise<{ readonly token: string; readonly signedIn: SignedIn }>;
  signOutAddress(): string | undefined;
}

/** From the first click to the way back, milliseconds. */
export const FLOW_MS = 600_000;
const OWNER = 'sign-in at the provider';
/** Who changes roles and agencies by the map of groups. */
const ACTOR = { ...SYSTEM, name: 'oidc' };

/** Joins a provider to the accounts. */
export function openProviderSignIn(options: {
  readonly settings: OidcSettings;
  readonly provider: Provider;
  readonly users: UserAccounts;
  readonly sessions: Sessions;
  readonly audit: Audit;
  readonly box: () => Promise<SecretBox>;
  /** Ends what an account's tokens were given for, as its rights are others now. */
  readonly rightsChanged: (user: string) => Promise<void>;
  readonly remind: (user: string) => Promise<void>;
  /** Milliseconds. */
  readonly now: () => number;
}): ProviderSignIn {
  const { settings, provider, users, sessions, audit, box, rightsChanged, remind, now } = options;

  async function refuse(person: Pick<Person, 'name' | 'subject'>, address: string, why: string): Promise<never> {
    const detail = { address, issuer: settings.issuer, subject: person.subject, why };
    await audit.record({ actor: person.name || 'unknown', act: 'session.refused', target: person.name, detail });
    throw new HaidangError('HD_OIDC_REFUSED', why);
  }

  async function account(person: Person, rule: GroupRule | undefined, address: string): Promise<UserRecord> {
    const { issuer } = settings;
    const { name, subject, displayName } = person;
    if (!/^[a-z][a-z0-9._-]{0,31}$/.test(name))
      return refuse(
        person,
        address,
        `The provider's claim "${settings.userClaim}" holds no user name of the form used here.`,
      );
    const known = await users.get(name);
    if (!known) {
      if (!rule?.create)
        return refuse(person, address, 'There is no account of this name, and none is made for its groups.');
      // A password that nobody has: this account is opened by the provider alone, until an administrator sets one.
      const wanted = { user: name, displayName, role: rule.role, agencies: agenciesOf(rule), password: newToken() };
      await users.add(wanted, ACTOR.name);
      await users.link(name, { issuer, subject });
      const made = await users.get(name);
      return made ?? refuse(person, address, 'The account went away while it was made.');
    }
    if (known.disabled) return refuse(person, address, 'The account is locked.');
    const { provider: linked } = known;
    if (linked && (linked.issuer !== issuer || linked.subject !== subject))
      return refuse(person, address, 'The account belongs to another person at the provider.');
    if (!linked) {
      if (!settings.link) return refuse(person, address, 'The account is not opened to the provider.');
      await users.link(name, { issuer, subject });
    }
    return known;
  }

  /** The provider's groups decide over role and agencies, each time. */
  async function follow(known: UserRecord, rule: GroupRule | undefined): Promise<void> {
    if (!rule) return;
    const agencies = agenciesOf(rule);
    const { name, displayName, role, disabled } = known;
    const same = role === rule.role && JSON.stringify(known.agencies) === JSON.stringify(agencies);
    if (same) return;
    await users.change(name, { displayName, role: rule.role, agencies, disabled }, ACTOR);
    await rightsChanged(name);
  }

  return {
    label: settings.label,
    async begin() {
      const { address, flow } = await provider.begin();
      return { address, kept: (await box()).seal(JSON.stringify({ ...flow, until: now() + FLOW_MS }), OWNER) };
    },
    async finish(query, kept, client) {
      const { address } = client;
      const flow = flowOf(await box(), kept, now());
      if (!flow)
        return refuse(
          { name: '', subject: '' },
          address,
          'This browser began no sign-in, or too long ago; begin again.',
        );
      const person = await provider.finish(query, flow);
      const rule = settings.groups.find(({ group }) => person.groups.includes(group));
      if (settings.groups.length > 0 && !rule)
        return refuse(person, address, 'None of the groups at the provider has an access here.');
      const known = await account(person, rule, address);
      await follow(known, rule);
      const { secondFactor } = known;
      if (secondFactor && !person.strong)
        return refuse(
          person,
          address,
          'This account takes a second factor, and the provider did not say that it asked for one.',
        );
      if (!person.strong) await remind(known.name);
      const { maxAgeMs } = settings;
      // Not past what the sign-in there was good for.
      const until = maxAgeMs === undefined ? undefined : (person.signedInAt ?? now()) + maxAgeMs;
      const started = await sessions.start(known.name, client, { strong: person.strong }, until);
      const detail = { address, issuer: settings.issuer, ...(person.strong ? { secondFactor: 'provider' } : {}) };
      await audit.record({ actor: known.name, act: 'session.start', target: known.name, detail });
      return started;
    },
    signOutAddress: () => provider.signOutAddress(),
  };
}

function agenciesOf({ agencies }: GroupRule): 'all' | AgencyId[] {
  return agencies === 'all' ? 'all' : ([...agencies] as AgencyId[]);
}

function flowOf(box: SecretBox, kept: string, now: number): Flow | undefined {
  try {
    const { until, ...flow } = JSON.parse(box.open(kept, OWNER)) as Flow & { until: number };
    return now < until ? flow : undefined;
  } catch {
    return undefined;
  }
}
