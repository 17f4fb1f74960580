/** Kinds of inputs that a policy may ask for: those of `collector/input-config.ts`, but standard input. */
export const POLICY_INPUTS = ['file', 'syslog', 'relp', 'http', 'netflow', 'web-check', 'journald'] as const;

/** Keys of inputs that name files of the machine: what a server may not ask for. */
export const LOCAL_KEYS = ['secrets', 'tls', 'ca'] as const;

/** Most inputs of a policy. */
export const MOST_POLICY_INPUTS = 50;

/** What a policy says of a group's rates; the server holds collectors to it. */
export interface PolicyQuota {
  readonly events_per_second?: number;
  readonly bytes_per_second?: number;
  readonly weight?: number;
}

/** What is signed, as JSON. A part that is not there leaves that of the machine's own configuration in force. */
export interface PolicyContent {
  readonly group: string;
  readonly version: number;
  readonly inputs?: readonly unknown[];
  /** As `readBandwidth` takes it. */
  readonly bandwidth?: unknown;
  readonly quota?: PolicyQuota;
  /** Documents of parsers that the inputs may name. */
  readonly parsers?: readonly string[];
}
