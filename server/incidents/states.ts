import { HaidangError } from '../errors.ts';
import type { IncidentStatus } from './record.ts';

/** Where an incident may go from each state; only merging makes `merged`, and only parting ends it. */
export const MOVES: { readonly [S in IncidentStatus]: readonly IncidentStatus[] } = {
  open: ['investigating', 'closed'],
  investigating: ['contained', 'resolved', 'closed'],
  contained: ['investigating', 'resolved'],
  resolved: ['investigating', 'closed'],
  closed: ['investigating'],
  merged: [],
};

/** @throws HaidangError `HD_BAD_REQUEST` where the move is none of those allowed. */
export function checkMove(from: IncidentStatus, to: IncidentStatus): void {
  if (MOVES[from].includes(to)) return;
  const allowed = MOVES[from].join(', ') || 'nowhere';
  throw new HaidangError(
    'HD_BAD_REQUEST',
    `An incident cannot go from ${from} to ${to}; from there it goes to ${allowed}.`,
  );
}
