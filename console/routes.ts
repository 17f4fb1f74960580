import type { TextKey } from './i18n/messages.ts';

/** A page in the navigation, with the key that follows `g`. */
export interface NavigationEntry {
  readonly path: string;
  readonly label: TextKey;
  readonly key: string;
}

/** The pages in the order in which the navigation shows them. */
export const NAVIGATION: readonly NavigationEntry[] = [
  { path: '/alerts', label: 'nav.alerts', key: 'a' },
  { path: '/search', label: 'nav.search', key: 's' },
  { path: '/ledger', label: 'nav.ledger', key: 'l' },
  { path: '/shifts', label: 'nav.shifts', key: 'h' },
  { path: '/retention', label: 'nav.retention', key: 'k' },
  { path: '/rules', label: 'nav.rules', key: 'r' },
];
