export interface AuditRecord {
  readonly at: string;
  readonly actor: string;
  readonly act: string;
  readonly target: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** Its place in the signed audit log: the server whose chain it is, its number there, and the hash of that line. */
  readonly chain?: string;
  readonly number?: number;
  readonly hash?: string;
}
