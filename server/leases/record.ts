/** Who may do what only one server may do at a time; its id is the name of that. */
export interface LeaseRecord {
  /** The server that holds it, or held it last. */
  readonly holder: string;
  /** Rises each time the lease changes hands: what was begun under a lower one must not be written. */
  readonly token: number;
  readonly state: 'held' | 'released';
  /** The holder that gave it back had nothing left to do. */
  readonly drained: boolean;
  /** Rises with each renewal: who watches sees by it that the holder lives, whatever its clock says. */
  readonly renewals: number;
}
