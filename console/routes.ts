import type { Session } from '../server/accounts/schema.ts';
import type { Overview } from '../server/system/schema.ts';
import type { TextKey } from './i18n/messages.ts';

/** A page in the navigation, with the key that follows `g`. */
export interface NavigationEntry {
  readonly path: string;
  readonly label: TextKey;
  readonly key: string;
  /** Shown to those alone who have this permission. */
  readonly only?: Session['permissions'][number];
  /** Shown to those alone who see all agencies. */
  readonly provincial?: boolean;
  /** Shown by a server of this role alone. */
  readonly role?: Overview['role'];
  /** What is counted beside it: what waits for somebody. */
  readonly waits?: keyof Overview['waiting'];
}

const NAVIGATION: readonly NavigationEntry[] = [
  {
    path: '/board',
    label: 'nav.board',
    key: 'v',
    only: 'board.read',
    provincial: true,
    role: 'national',
    waits: 'reports',
  },
  { path: '/alerts', label: 'nav.alerts', key: 'a' },
  { path: '/incidents', label: 'nav.incidents', key: 'i' },
  { path: '/notices', label: 'nav.notices', key: 'n' },
  { path: '/requests', label: 'nav.requests', key: 'q', only: 'requests.read' },
  { path: '/sharing', label: 'nav.sharing', key: 'x', only: 'sharing.read', provincial: true },
  { path: '/tasks', label: 'nav.tasks', key: 'm', only: 'inbound.read', provincial: true, waits: 'tasks' },
  { path: '/search', label: 'nav.search', key: 's', only: 'events.read' },
  { path: '/ledger', label: 'nav.ledger', key: 'l' },
  { path: '/shifts', label: 'nav.shifts', key: 'h' },
  { path: '/retention', label: 'nav.retention', key: 'k' },
  { path: '/rules', label: 'nav.rules', key: 'r' },
  { path: '/fleet', label: 'nav.fleet', key: 'f', only: 'collectors.read' },
  { path: '/parsers', label: 'nav.parsers', key: 'p', only: 'parsers.read', provincial: true },
  { path: '/agencies', label: 'nav.agencies', key: 'c', only: 'agencies.read' },
  { path: '/assets', label: 'nav.assets', key: 't' },
  { path: '/indicators', label: 'nav.indicators', key: 'd' },
  { path: '/users', label: 'nav.users', key: 'u', only: 'users.change' },
  { path: '/health', label: 'nav.health', key: 'y', only: 'health.read', provincial: true },
  { path: '/backups', label: 'nav.backups', key: 'b', only: 'backups.run', provincial: true },
  { path: '/first-run', label: 'nav.firstRun', key: 'w', only: 'setup.manage', provincial: true },
  { path: '/audit', label: 'nav.audit', key: 'o', only: 'audit.read', provincial: true },
];

/** The pages that somebody can open, in the order in which the navigation shows them. */
export function navigation(
  { permissions, agencies }: Pick<Session, 'permissions' | 'agencies'>,
  role?: Overview['role'],
): readonly NavigationEntry[] {
  return NAVIGATION.filter(
    (entry) =>
      (entry.only === undefined || permissions.includes(entry.only)) &&
      (!entry.provincial || agencies === 'all') &&
      (entry.role === undefined || entry.role === role),
  );
}
