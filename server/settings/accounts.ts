import { roleNames } from '../accounts/second-factor-settings.ts';
import type { Role } from '../identity.ts';
import { integer, text, yesOrNo } from '../system/setting-readers.ts';
import { setting } from './setting.ts';

/** Who takes a second factor. */
export const SECOND_FACTOR_SETTINGS = {
  'accounts.mfa.required_roles': setting<readonly Role[]>({
    fallback: ['administrator'],
    fallbackText: 'administrator',
    does: 'Roles whose accounts take the code of an authenticator application beside the password. The console asks to set it up from the first sign-in on.',
    read: roleNames,
  }),
  'accounts.mfa.grace_days': setting({
    fallback: 14,
    does: 'Days after the first sign-in within which such an account works without it; then it can do nothing but set it up. 0: from the first sign-in on.',
    read: integer(0, 365),
  }),
} as const;

/** Two persons, passwords and sessions. */
export const ACCOUNT_SETTINGS = {
  'accounts.two_persons.approval': setting({
    fallback: true,
    does: 'Whether what leaves for the national center is approved by another person than the one who prepared it.',
    read: yesOrNo,
  }),
  'accounts.two_persons.rules': setting({
    fallback: false,
    does: 'Whether a rule written in the console is put in force by another person than the one who wrote its text.',
    read: yesOrNo,
  }),
  'accounts.breached_passwords': setting<string | undefined>({
    fallback: undefined,
    fallbackText: 'none',
    does: 'File with SHA-1 hashes of passwords that were stolen somewhere, which nobody may choose here: hexadecimal, one a line, sorted; see accounts.md. Passwords that are easily guessed are refused without it.',
    read: text(1, 4000),
  }),
  'accounts.session.idle_minutes': setting({
    fallback: 480,
    does: 'Minutes without a request after which a session is over.',
    read: integer(1, 10_080),
  }),
  'accounts.session.absolute_hours': setting({
    fallback: 24,
    does: 'Hours after which a session is over in any case, and its person signs in again.',
    read: integer(1, 720),
  }),
  'accounts.session.most': setting({
    fallback: 20,
    does: 'How many sessions one account may have at once; signing in once more ends the one that was not used for longest.',
    read: integer(1, 1_000),
  }),
} as const;

/** Passwords that stand in every manual: whoever sets one of them has not chosen any. */
const DEFAULT_PASSWORDS =
  /^(?:admin|administrator|password|passw0rd|matkhau|changeme|changeit|haidang|default|secret|root|test|qwerty|welcome|12345678\d*)[\d@!#._-]{0,6}$/i;

/** `HAIDANG_ADMIN_PASSWORD`, the first administrator's. @throws Error */
export function readAdminPassword(text: string | undefined): string | undefined {
  if (text !== undefined && text.length < 8)
    throw new Error('HAIDANG_ADMIN_PASSWORD is shorter than 8 characters; choose a longer password.');
  if (text !== undefined && DEFAULT_PASSWORDS.test(text))
    throw new Error(
      'HAIDANG_ADMIN_PASSWORD is a password that stands in manuals; choose another one, or none for a one-time set-up link.',
    );
  return text;
}
