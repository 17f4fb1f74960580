import type { AgencyId } from '../identity.ts';

export interface AgencyRecord {
  readonly name: string;
  readonly contact: {
    readonly person: string;
    readonly phone: string;
    readonly email: string;
    readonly address: string;
  };
  /** Security level of its systems, 1 to 5. */
  readonly securityLevel: number;
  /** The agency above it; absent where it is directly below the province. */
  readonly parent?: AgencyId;
  /** Its own networks (CIDR), by which events of shared machines are told to be its own. */
  readonly networks?: readonly string[];
  /** Patterns (`*`) of the names of sources on shared machines that are its own. */
  readonly sources?: readonly string[];
  readonly createdAt: string;
}
