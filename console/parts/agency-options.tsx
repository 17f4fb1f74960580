import type { ReactNode } from 'react';
import { useAgencies } from '../api/queries.ts';

/** The agencies that may be seen, as options of a list to choose from. */
export function AgencyOptions(): ReactNode {
  const agencies = useAgencies().data?.agencies ?? [];
  return agencies.map(({ id, name }) => (
    <option key={id} value={id}>
      {name}
    </option>
  ));
}
