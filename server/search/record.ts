import type { AgencyId } from '../identity.ts';

/** A search that somebody keeps. */
export interface SavedSearchRecord {
  readonly name: string;
  /** Name of the user. */
  readonly owner: string;
  /** What the owner could see when it was made: who may see less does not see the search. */
  readonly agencies: 'all' | readonly AgencyId[];
  readonly visibility: 'private' | 'shared';
  readonly kql: string;
  /** ISO 8601 or a form like `now-24h`. */
  readonly from: string;
  readonly to: string;
  /** The field that divides the histogram. */
  readonly by: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}
