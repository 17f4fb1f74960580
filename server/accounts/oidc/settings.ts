import { ROLES, type Role } from '../../identity.ts';

/** What members of a group of the provider are here; the first entry that fits counts. */
export interface GroupRule {
  readonly group: string;
  readonly role: Role;
  readonly agencies: 'all' | readonly string[];
  /** Makes an account for members that have none. */
  readonly create: boolean;
}

/** Sign-in by OpenID Connect at one provider. */
export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** First line: the secret; a public client where there is none. */
  readonly clientSecretFile: string | undefined;
  /** Where browsers reach this console, without a path. */
  readonly console: string;
  /** Text of the button. */
  readonly label: string;
  readonly scopes: string;
  readonly userClaim: string;
  readonly groupsClaim: string;
  readonly groups: readonly GroupRule[];
  /** Whether an account of the same name is opened to the provider at the first sign-in. */
  readonly link: boolean;
  /** Values of `amr` or `acr` that say that a second factor was used. */
  readonly mfa: readonly string[];
  /** How long ago somebody may have signed in at the provider, milliseconds; what the provider likes where there is none. */
  readonly maxAgeMs?: number | undefined;
  /** Metadata of the provider, where its discovery document is not to be asked for. */
  readonly metadataFile: string | undefined;
}

/** The address of a provider, or of the console: `https`, or `http` on this machine. @throws Error */
export function webAddress(value: unknown): string | undefined {
  if (typeof value === 'string' && value.length <= 500 && URL.canParse(value)) {
    const { protocol, hostname, search, hash, username } = new URL(value);
    const isLocal = hostname === '127.0.0.1' || hostname === 'localhost' || hostname === '[::1]';
    const isWeb = protocol === 'https:' || (protocol === 'http:' && isLocal);
    if (isWeb && search === '' && hash === '' && username === '') return value.replace(/\/$/, '');
  }
  throw new Error('must be an address like https://login.example.vn/realms/tinh; http is for this machine alone.');
}

/** The map of groups. @throws Error */
export function groupRules(value: unknown): readonly GroupRule[] {
  if (!Array.isArray(value) || value.length > 500) throw new Error(`must be a list ${EXAMPLE}.`);
  return value.map((one: unknown) => {
    const { group, role, agencies = 'all', create = false, ...more } = (one ?? {}) as Record<string, unknown>;
    const known = ROLES.find((name) => name === role);
    const isListed =
      Array.isArray(agencies) &&
      agencies.length > 0 &&
      agencies.every((agency) => typeof agency === 'string' && /^[a-z0-9][a-z0-9-]{0,63}$/.test(agency));
    const isGroup = typeof group === 'string' && group !== '' && group.length <= 300;
    if (
      !isGroup ||
      !known ||
      !(agencies === 'all' || isListed) ||
      typeof create !== 'boolean' ||
      Object.keys(more).length > 0
    )
      throw new Error(`must be a list ${EXAMPLE}; roles are ${ROLES.join(', ')}.`);
    return { group, role: known, agencies: agencies as GroupRule['agencies'], create };
  });
}

const EXAMPLE = 'of entries such as {group: soc-analysts, role: analyst, agencies: all, create: true}';

/** A list of short texts; from the environment, one with commas. @throws Error */
export function words(value: unknown): readonly string[] {
  const list: unknown = typeof value === 'string' ? value.split(',').map((word) => word.trim()) : value;
  if (Array.isArray(list) && list.length <= 50 && list.every((word) => typeof word === 'string' && word.length <= 200))
    return list.filter((word) => word !== '');
  throw new Error('must be a list of words.');
}

/** The settings as one; undefined where no provider is set. @throws Error where something that belongs to it is missing */
export function oidcOf(
  values: {
    readonly [K in keyof OidcSettings]: OidcSettings[K] | undefined;
  },
): OidcSettings | undefined {
  const { issuer, clientId, console: address } = values;
  if (issuer === undefined) return undefined;
  if (clientId === undefined || address === undefined)
    throw new Error('"oidc.issuer" also takes "oidc.client_id" and "oidc.console"; see accounts.md.');
  return { ...(values as OidcSettings), issuer, clientId, console: address };
}
