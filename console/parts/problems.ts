import type { TextKey } from '../i18n/messages.ts';

const CODES = [
  'HD_NOT_SIGNED_IN',
  'HD_WRONG_PASSWORD',
  'HD_CODE_NEEDED',
  'HD_WRONG_CODE',
  'HD_FACTOR_LOST',
  'HD_SECOND_FACTOR',
  'HD_CURRENT_PASSWORD',
  'HD_PASSWORD_GUESSABLE',
  'HD_PASSWORD_NAME',
  'HD_PASSWORD_BREACHED',
  'HD_OIDC_REFUSED',
  'HD_OIDC_DOWN',
  'HD_SECRET_KEY',
  'HD_FORBIDDEN',
  'HD_ORIGIN',
  'HD_NOT_FOUND',
  'HD_BAD_REQUEST',
  'HD_KQL_SYNTAX',
  'HD_TIME_RANGE',
  'HD_SETUP_LINK',
  'HD_RECORD_EXISTS',
  'HD_RECORD_CONFLICT',
  'HD_RECORD_ABSENT',
  'HD_LAST_ADMINISTRATOR',
  'HD_ANOTHER_PERSON',
  'HD_NO_INDICATOR',
  'HD_SHARING_BLOCKED',
  'HD_RULE_INVALID',
  'HD_PARSER_INVALID',
  'HD_RULE_UNTESTED',
  'HD_RULE_TRUE_POSITIVE',
  'HD_TOO_LARGE',
  'HD_TOO_MANY',
  'HD_STORE_FULL',
  'HD_STORE_DOWN',
  'HD_INTERNAL',
  'HD_NETWORK',
  'HD_ANSWER',
] as const;

/** Titles and advice of the problems that a reader of the console can meet, by their code. */
export const PROBLEM_TEXTS: Readonly<
  Record<string, { readonly title: TextKey; readonly advice: TextKey } | undefined>
> = Object.fromEntries(
  CODES.map((code) => [code, { title: `problem.${code}.title`, advice: `problem.${code}.advice` }]),
);
