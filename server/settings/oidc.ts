import { type GroupRule, groupRules, type OidcSettings, oidcOf, webAddress, words } from '../accounts/oidc/settings.ts';
import { integer, text, yesOrNo } from '../system/setting-readers.ts';
import { setting, type ValuesOf } from './setting.ts';

/** Sign-in at a provider of OpenID Connect. */
export const OIDC_SETTINGS = {
  'oidc.issuer': setting<string | undefined>({
    env: 'HAIDANG_OIDC_ISSUER',
    fallback: undefined,
    fallbackText: 'none',
    does: 'Address of a provider of OpenID Connect at which people sign in beside name and password; see accounts.md.',
    read: webAddress,
  }),
  'oidc.client_id': setting<string | undefined>({
    env: 'HAIDANG_OIDC_CLIENT_ID',
    fallback: undefined,
    fallbackText: 'none',
    does: 'Name of this console at the provider.',
    read: text(1, 300),
  }),
  'oidc.client_secret_file': setting<string | undefined>({
    env: 'HAIDANG_OIDC_CLIENT_SECRET_FILE',
    fallback: undefined,
    fallbackText: 'a public client',
    does: 'File with its secret in the first line.',
    read: text(1, 4000),
  }),
  'oidc.console': setting<string | undefined>({
    env: 'HAIDANG_OIDC_CONSOLE',
    fallback: undefined,
    fallbackText: 'none',
    does: 'Address at which browsers reach this console, such as `https://soc.example.vn`; the provider sends them back to `/api/v1/sign-in/return` there.',
    read: webAddress,
  }),
  'oidc.label': setting({
    fallback: 'OpenID Connect',
    does: 'What the button on the sign-in page says.',
    read: text(1, 60),
  }),
  'oidc.scopes': setting({
    fallback: 'openid profile',
    does: 'Scopes that are asked for.',
    read: text(6, 300),
  }),
  'oidc.user_claim': setting({
    fallback: 'preferred_username',
    does: 'Claim that holds the user name here.',
    read: text(1, 100),
  }),
  'oidc.groups_claim': setting({
    fallback: 'groups',
    does: 'Claim that holds the groups.',
    read: text(1, 100),
  }),
  'oidc.groups': setting<readonly GroupRule[]>({
    fallback: [],
    fallbackText: 'none',
    does: 'What members of groups are here, set anew at each sign-in, the first entry that fits: a list of `{group: soc-analysts, role: analyst, agencies: all, create: true}`. `create` makes accounts for those who have none. With a list, nobody outside these groups signs in by the provider.',
    read: groupRules,
  }),
  'oidc.link_accounts': setting({
    fallback: false,
    does: 'Whether accounts that were made here are opened to the person of the same name at the provider, at the first sign-in.',
    read: yesOrNo,
  }),
  'oidc.mfa_values': setting<readonly string[]>({
    fallback: [],
    fallbackText: 'none',
    does: 'Values of `amr` or `acr` by which the provider says that it asked for a second factor, such as `[mfa, otp]`; then none is asked for here.',
    read: words,
  }),
  'oidc.max_age_minutes': setting<number | undefined>({
    fallback: undefined,
    fallbackText: 'none',
    does: 'Minutes for which a sign-in at the provider holds: who signed in there longer ago is asked again, and the session here ends then too. The provider must tell `auth_time`.',
    read: integer(5, 10_080),
  }),
  'oidc.metadata_file': setting<string | undefined>({
    fallback: undefined,
    fallbackText: 'asked of the provider',
    does: 'JSON file with the metadata of the provider (its discovery document), where that is not to be fetched.',
    read: text(1, 4000),
  }),
} as const;

/** The settings as one; undefined where no provider is set. @throws Error where they do not go together */
export function oidcSettings(values: ValuesOf<typeof OIDC_SETTINGS>): OidcSettings | undefined {
  const maxAge = values['oidc.max_age_minutes'];
  return oidcOf({
    issuer: values['oidc.issuer'],
    clientId: values['oidc.client_id'],
    clientSecretFile: values['oidc.client_secret_file'],
    console: values['oidc.console'],
    label: values['oidc.label'],
    scopes: values['oidc.scopes'],
    userClaim: values['oidc.user_claim'],
    groupsClaim: values['oidc.groups_claim'],
    groups: values['oidc.groups'],
    link: values['oidc.link_accounts'],
    mfa: values['oidc.mfa_values'],
    maxAgeMs: maxAge === undefined ? undefined : maxAge * 60_000,
    metadataFile: values['oidc.metadata_file'],
  });
}
