/** A configuration that cannot be used: which key, where, and what to do. The command ends with exit code 2. */
export class ConfigError extends Error {
  readonly exitCode = 2;
}
