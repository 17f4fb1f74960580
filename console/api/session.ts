import type { QueryClient } from '@tanstack/react-query';
import type { Session } from '../../server/accounts/schema.ts';

/** Somebody signed in (or out, `null`): what the person before had fetched is forgotten. */
export function changeSession(queries: QueryClient, session: Session | null): void {
  // The session's own query stays: the page that watches it would not hear of a new one.
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' });
  queries.setQueryData(['session'], session);
}
