import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

/** Bad usage: one sentence, exit code 2. */
export class UsageError extends Error {
  readonly exitCode = 2;
}

/** Options that every command knows. */
const COMMON = { help: { type: 'boolean', short: 'h' } } as const satisfies ParseArgsOptionsConfig;

/** Reads options; unknown ones are bad usage. */
export function readArguments<T extends ParseArgsOptionsConfig>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options: { ...options, ...COMMON }, allowPositionals: true, strict: true });
  } catch (error) {
    const message = error instanceof Error ? error.message.split('. ', 1)[0] : String(error);
    throw new UsageError(`${message}; --help tells more.`);
  }
}

/** The options of a command as they were given. */
export type ValuesOf<T extends ParseArgsOptionsConfig> = ReturnType<typeof readArguments<T>>['values'];

/** A whole number of an option, within bounds. */
export function readNumber(name: string, text: string | undefined, fallback: number, max: number): number {
  if (text === undefined) return fallback;
  const number = Number(text);
  if (/^\d{1,9}$/.test(text) && number >= 1 && number <= max) return number;
  throw new UsageError(`--${name} takes a whole number from 1 to ${max}.`);
}
