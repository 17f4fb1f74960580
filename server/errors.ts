/** Every error the server can answer with: its status and what the reader can do about it. */
export const ERRORS = {
  HD_NOT_SIGNED_IN: { status: 401, title: 'Not signed in', advice: 'Sign in and try again.' },
  HD_WRONG_PASSWORD: { status: 401, title: 'Wrong name or password', advice: 'Check both, and that Caps Lock is off.' },
  HD_CODE_NEEDED: {
    status: 401,
    title: 'Code needed',
    advice: 'Enter the code that your authenticator application shows, or a recovery code.',
  },
  HD_WRONG_CODE: {
    status: 401,
    title: 'Wrong code',
    advice: 'Wait for the next code, and check the clock of the telephone; each code works once.',
  },
  HD_FACTOR_LOST: {
    status: 401,
    title: 'Second factor lost',
    advice: 'Enter one of your recovery codes; who has none asks an administrator to reset the second factor.',
  },
  HD_SECOND_FACTOR: {
    status: 403,
    title: 'Second factor not set up',
    advice: 'Set it up on the page of your account.',
  },
  HD_CURRENT_PASSWORD: {
    status: 403,
    title: 'Wrong current password',
    advice: 'Check it, and that Caps Lock is off; an administrator can set a new one.',
  },
  HD_PASSWORD_GUESSABLE: {
    status: 400,
    title: 'Password easily guessed',
    advice: 'Take four or more words that have nothing to do with each other, with you or with this office.',
  },
  HD_PASSWORD_NAME: {
    status: 400,
    title: 'Password is the name',
    advice: 'Choose one that has nothing of the name of the account.',
  },
  HD_PASSWORD_BREACHED: {
    status: 400,
    title: 'Password was stolen elsewhere',
    advice: 'Choose another one, and change it wherever else it is used.',
  },
  HD_OIDC_REFUSED: {
    status: 403,
    title: 'Sign-in at the provider opens nothing here',
    advice: 'Try again; if it stays so, ask an administrator, who finds the reason in the audit log.',
  },
  HD_OIDC_DOWN: {
    status: 503,
    title: 'Provider of sign-ins not reached',
    advice: 'Sign in by name and password, or try again later; the server log says more.',
  },
  HD_SECRET_KEY: {
    status: 503,
    title: 'Key of secrets missing',
    advice: 'Copy authority/secrets.key of a server or backup that has it into this data folder, with mode 0600.',
  },
  HD_FORBIDDEN: { status: 403, title: 'Not allowed', advice: 'Ask an administrator for the right to do this.' },
  HD_ORIGIN: { status: 403, title: 'Request from another site', advice: 'Open the console at its own address.' },
  HD_CERTIFICATE: {
    status: 403,
    title: 'Certificate not accepted',
    advice: 'Enrol the collector again; its certificate is unknown, expired or revoked.',
  },
  HD_CERTIFICATE_COPIED: {
    status: 403,
    title: 'Certificate used in two places',
    advice: 'Enrol this collector again with a new token: its disk was copied, or moved to another machine.',
  },
  HD_TOKEN_UNKNOWN: {
    status: 403,
    title: 'Enrolment token not known',
    advice: 'Ask the province for a new token, and copy it whole.',
  },
  HD_TOKEN_USED: {
    status: 409,
    title: 'Enrolment token used already',
    advice: 'Ask the province for a new token: each is for one collector, once.',
  },
  HD_TOKEN_EXPIRED: {
    status: 410,
    title: 'Enrolment token expired',
    advice: 'Ask the province for a new token.',
  },
  HD_NOT_FOUND: { status: 404, title: 'Not found', advice: 'Check the address or the id.' },
  HD_BAD_REQUEST: { status: 400, title: 'Request not understood', advice: 'Correct what the detail names.' },
  HD_KQL_SYNTAX: { status: 400, title: 'Query not understood', advice: 'Correct the query at the named column.' },
  HD_TIME_RANGE: { status: 400, title: 'Time range not understood', advice: 'Use ISO 8601 or a form like now-24h.' },
  HD_SETUP_LINK: {
    status: 410,
    title: 'Set-up link used or expired',
    advice: 'Restart the server to print a new link.',
  },
  HD_RECORD_EXISTS: { status: 409, title: 'Already there', advice: 'Choose another id.' },
  HD_RECORD_CONFLICT: {
    status: 409,
    title: 'Changed by somebody else meanwhile',
    advice: 'Look at the new state and decide again.',
  },
  HD_LAST_ADMINISTRATOR: {
    status: 409,
    title: 'The last administrator',
    advice: 'Make somebody else an administrator of all agencies first.',
  },
  HD_ANOTHER_PERSON: {
    status: 409,
    title: 'Takes another person',
    advice: 'Ask somebody else with this right: nobody approves what they made themselves.',
  },
  HD_RULE_INVALID: { status: 400, title: 'Rule not right', advice: 'Correct it and check it again.' },
  HD_PARSER_INVALID: { status: 400, title: 'Parser not right', advice: 'Correct it and try it again.' },
  HD_RULE_UNTESTED: {
    status: 409,
    title: 'Rule not tested',
    advice: 'Backtest it first, or say why it must be in force untested.',
  },
  HD_RULE_TRUE_POSITIVE: {
    status: 409,
    title: 'Would hide a true positive',
    advice: 'Make the exception narrower, or confirm that it may hide them.',
  },
  HD_NO_INDICATOR: {
    status: 400,
    title: 'Not an indicator',
    advice:
      'Write an address, name, URL, mail address or hash; defanged spellings such as 203[.]0[.]113[.]7 are read too.',
  },
  HD_SHARING_BLOCKED: {
    status: 409,
    title: 'May not leave',
    advice: 'Look at the preview: it says what stands in the way.',
  },
  HD_EVIDENCE_CHANGED: {
    status: 409,
    title: 'Evidence is not what it was',
    advice: 'The file on the server differs from its SHA-256; take it from a backup and find out who changed it.',
  },
  HD_RECORD_ABSENT: { status: 404, title: 'No longer there', advice: 'Reload the list.' },
  HD_BATCH_MALFORMED: { status: 400, title: 'Batch not readable', advice: 'The collector sets it aside; see its log.' },
  HD_BATCH_DAY: {
    status: 400,
    title: 'Event day refused',
    advice: 'Check the clock of the collector and of this server.',
  },
  HD_OUTBOUND: {
    status: 400,
    title: 'Address not allowed',
    advice: 'Use an https address of the public Internet, or list the host or network in "outbound.allow_private".',
  },
  HD_TOO_LARGE: { status: 413, title: 'Too large', advice: 'Send less at once.' },
  HD_HEADERS_TOO_LARGE: {
    status: 431,
    title: 'Headers too large',
    advice: 'Send fewer or shorter headers and cookies, or a shorter address.',
  },
  HD_TOO_MANY: { status: 429, title: 'Too many requests', advice: 'Wait as long as Retry-After says.' },
  HD_STORE_FULL: {
    status: 503,
    title: 'Disk full: events wait at the collectors',
    advice: 'Free space or shorten retention; nothing is lost meanwhile.',
  },
  HD_STORE_DOWN: {
    status: 503,
    title: 'Store not answering',
    advice: 'See the server log; collectors hold their events.',
  },
  HD_LEASE_LOST: {
    status: 503,
    title: 'Taken over by another server',
    advice: 'Start this server again; another one went on with its work meanwhile.',
  },
  HD_TAXII_UNAUTHORIZED: {
    status: 401,
    title: 'Account needed',
    advice: 'Send the name and the password of a TAXII account by HTTP Basic.',
  },
  HD_TAXII_ACCEPT: {
    status: 406,
    title: 'Media type not acceptable',
    advice: 'Ask for application/taxii+json;version=2.1 in the Accept header.',
  },
  HD_TAXII_METHOD: { status: 405, title: 'Method not allowed', advice: 'Use one of the methods in the Allow header.' },
  HD_TAXII_CONTENT_TYPE: {
    status: 415,
    title: 'Content type not supported',
    advice: 'Send application/taxii+json;version=2.1.',
  },
  HD_TAXII_UNPROCESSABLE: {
    status: 422,
    title: 'Envelope not processable',
    advice: 'Send a TAXII 2.1 envelope with at least one STIX object in "objects".',
  },
  HD_INTERNAL: { status: 500, title: 'Fault in the server', advice: 'See the server log and report it.' },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** The one error the server throws on purpose; routes turn it into an RFC 9457 problem document. */
export class HaidangError extends Error {
  readonly code: ErrorCode;
  /** Seconds for Retry-After, on 429 and 503. */
  readonly retryAfter: number | undefined;
  /** On 409: the version that is there now. */
  readonly current: number | undefined;

  constructor(
    code: ErrorCode,
    detail: string,
    options: { cause?: unknown; retryAfter?: number; current?: number } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HaidangError';
    this.code = code;
    this.retryAfter = options.retryAfter;
    this.current = options.current;
  }
}
