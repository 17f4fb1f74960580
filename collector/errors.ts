/** Every error the collector stops with on purpose, and what the reader can do about it. */
export const COLLECTOR_ERRORS = {
  HD_CONFIG_ABSENT: 'Give the path of a readable configuration file with --config.',
  HD_CONFIG_SYNTAX: 'Correct the YAML at the named line.',
  HD_CONFIG_KEY: 'Correct or remove the named key; docs/collector.md lists every key.',
  HD_CONFIG_PARSER: '"haidang parser check FILE" tells more.',
  HD_CONFIG_FILE: 'Check that the named file exists and that this user may read it.',
  HD_SPOOL_LOCKED: 'Stop the other collector, or give this one a spool folder of its own.',
  HD_SPOOL_FOLDER: 'Check that the spool folder can be made and written by this user.',
  HD_GEO_FILE: 'Put a whole MMDB file there, or take it out of the configuration; events go on without it.',
} as const;

export type CollectorErrorCode = keyof typeof COLLECTOR_ERRORS;

/** The one error the collector throws on purpose: a sentence that says what and where, and then what to do. */
export class CollectorError extends Error {
  readonly code: CollectorErrorCode;

  constructor(code: CollectorErrorCode, detail: string, cause?: unknown) {
    super(`${detail} ${COLLECTOR_ERRORS[code]}`, cause === undefined ? undefined : { cause });
    this.name = 'CollectorError';
    this.code = code;
  }
}

/** The text of anything thrown, for logs and status. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The system's error code (`ENOSPC`, `EADDRINUSE`) of anything thrown, or undefined. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}
