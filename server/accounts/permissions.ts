import type { Identity, Role } from '../identity.ts';

const EVERYBODY = [
  'viewer',
  'analyst',
  'lead',
  'rule-author',
  'agency-officer',
  'administrator',
  'auditor',
  'national-liaison',
] as const satisfies readonly Role[];
/** Who looks at raw log lines: not those who judge the others' work, nor those who speak with the national center. */
const READERS = ['viewer', 'analyst', 'lead', 'rule-author', 'agency-officer', 'administrator'] as const;
const WORKERS = ['analyst', 'lead', 'agency-officer', 'administrator'] as const;
/** Of the province's own shift. */
const SHIFT = ['analyst', 'lead', 'administrator'] as const;
const AUTHORS = ['rule-author', 'administrator'] as const;
const ADMINISTRATORS = ['administrator'] as const;

/**
 * Every permission and the roles that have it: the one place that decides who may do what. An agency-bound account has
 * it for its own agencies alone (`store.as`); `identity.agencies` is not part of this table.
 */
export const PERMISSIONS = {
  'alerts.read': EVERYBODY,
  'alerts.triage': WORKERS,
  'events.read': READERS,
  'events.export': READERS,
  'searches.keep': READERS,
  'searches.share': ['analyst', 'lead', 'rule-author', 'agency-officer', 'administrator'],
  'incidents.read': EVERYBODY,
  'incidents.work': WORKERS,
  /** To let an incident go to the national center: one person prepares it, another one with this right approves. */
  'incidents.approve': ['lead', 'administrator', 'national-liaison'],
  /** Reports of an incident that go to somebody else, in the official form. */
  'reports.write': ['analyst', 'lead', 'administrator', 'national-liaison'],
  'requests.read': EVERYBODY,
  /** To ask an agency; its officers answer. */
  'requests.ask': SHIFT,
  'requests.answer': WORKERS,
  'sharing.read': ['analyst', 'lead', 'administrator', 'auditor', 'national-liaison'],
  'sharing.manage': ['administrator', 'national-liaison'],
  /** In the national role: what provinces reported, and to acknowledge it and ask for more. */
  'board.read': ['analyst', 'lead', 'administrator', 'auditor', 'national-liaison'],
  'board.work': ['analyst', 'lead', 'administrator', 'national-liaison'],
  /** What came from outside: tasks of the national center, advisories, lists. */
  'inbound.read': ['analyst', 'lead', 'rule-author', 'administrator', 'auditor', 'national-liaison'],
  'inbound.manage': ['administrator', 'national-liaison'],
  /** The province in figures, for its operations center: alone, it opens nothing else. */
  'feed.read': ['viewer', 'lead', 'administrator', 'auditor', 'national-liaison'],
  /** What became of notices to people, and to send them again; each reads their own. */
  'notices.manage': ['lead', 'administrator'],
  'agencies.read': EVERYBODY,
  'agencies.change': ADMINISTRATORS,
  'assets.read': EVERYBODY,
  'assets.change': ['agency-officer', 'administrator'],
  'shifts.read': EVERYBODY,
  'shifts.write': SHIFT,
  'rules.read': EVERYBODY,
  'rules.try': ['analyst', 'lead', 'rule-author', 'administrator'],
  'rules.except': ['analyst', 'lead', 'rule-author', 'administrator'],
  'rules.change': AUTHORS,
  'indicators.read': EVERYBODY,
  'indicators.change': AUTHORS,
  'collectors.read': EVERYBODY,
  'collectors.manage': ADMINISTRATORS,
  'parsers.read': ['rule-author', 'administrator', 'auditor'],
  'parsers.write': AUTHORS,
  'ledger.read': EVERYBODY,
  'retention.read': EVERYBODY,
  'retention.change': ADMINISTRATORS,
  'backups.run': ADMINISTRATORS,
  'taxii.manage': ADMINISTRATORS,
  /** Names of colleagues, to choose an owner. */
  'users.read': EVERYBODY,
  'users.change': ADMINISTRATORS,
  /** To see who is signed in, and to sign them out. */
  'sessions.manage': ADMINISTRATORS,
  /** To see and end tokens of others; each makes and ends their own. */
  'tokens.manage': ADMINISTRATORS,
  /** To change the key of secrets at rest. */
  'keys.rotate': ADMINISTRATORS,
  'audit.read': ['auditor', 'administrator'],
  /** How the server itself is. */
  'health.read': ['auditor', 'administrator'],
  'setup.manage': ADMINISTRATORS,
} as const satisfies Readonly<Record<string, readonly Role[]>>;

export type Permission = keyof typeof PERMISSIONS;

/** All permissions, in the order of the table. */
export const PERMISSION_NAMES = Object.keys(PERMISSIONS) as readonly Permission[];

/** Whether somebody may do something: by the role, and by no more than their token is for. */
export function may(identity: Identity, permission: Permission): boolean {
  const roles: readonly string[] = PERMISSIONS[permission];
  return roles.includes(identity.role) && (identity.limits === undefined || identity.limits.includes(permission));
}

/** All that somebody may do: what the console shows follows from it. */
export function permissionsOf(identity: Identity): Permission[] {
  return PERMISSION_NAMES.filter((permission) => may(identity, permission));
}

/** Roles that make sense for all agencies alone: who judges or speaks for the province must see it whole. */
export const PROVINCIAL_ROLES: readonly Role[] = ['auditor', 'national-liaison'];
/** Roles that are never given for all agencies. */
export const BOUND_ROLES: readonly Role[] = ['agency-officer'];
