declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** Id of an agency, `[a-z0-9-]{1,64}`. */
export type AgencyId = Branded<'AgencyId'>;
/** Id of a collector, `[a-z0-9]{4,32}`. */
export type CollectorId = Branded<'CollectorId'>;
export type UserId = Branded<'UserId'>;

/** What an account is for; `accounts/permissions.ts` says what each may do. */
export const ROLES = [
  'analyst',
  'lead',
  'viewer',
  'rule-author',
  'agency-officer',
  'auditor',
  'national-liaison',
  'administrator',
] as const;
export type Role = (typeof ROLES)[number];

/** Who asks. Comes from a session, a certificate or the control socket, never from a payload. */
export interface Identity {
  readonly kind: 'user' | 'collector' | 'local' | 'system';
  /** User name, collector id, `local:<uid>`, or the job's name: what the audit trail shows. */
  readonly name: string;
  readonly role: Role | 'collector';
  /** The agencies whose data may be seen. */
  readonly agencies: 'all' | readonly AgencyId[];
  /** Of an API token: the permissions it is limited to, whatever the role has. */
  readonly limits?: readonly string[];
}

/** The server itself. */
export const SYSTEM: Identity = { kind: 'system', name: 'system', role: 'administrator', agencies: 'all' };
