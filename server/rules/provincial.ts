import { HaidangError } from '../errors.ts';
import type { Identity } from '../identity.ts';

/** Rules concern every agency: who sees one alone sees what a rule is, and not how it fares elsewhere. @throws HaidangError `HD_FORBIDDEN` */
export function provincial(identity: Identity): Identity {
  if (identity.agencies === 'all') return identity;
  throw new HaidangError('HD_FORBIDDEN', 'Rules watch every agency; this belongs to accounts that see all of them.');
}
