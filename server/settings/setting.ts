import { resolve } from 'node:path';

/** One setting: where it may come from, what it means, and how it is read. */
export interface Setting<T> {
  /** Environment variable that overrides the file. */
  readonly env?: string;
  readonly fallback: T;
  /** How the fallback reads in the documentation where it is not the value itself. */
  readonly fallbackText?: string;
  readonly does: string;
  /** Reads a value of the file or, as text, of the environment; throws an Error that says what it should be. */
  readonly read: (value: unknown) => T;
}

/** Gives a row of the table its type. */
export function setting<T>(one: Setting<T>): Setting<T> {
  return one;
}

/** What is read of rows of the table, by key. */
export type ValuesOf<Rows extends Readonly<Record<string, Setting<unknown>>>> = {
  readonly [K in keyof Rows]: Rows[K]['fallback'];
};

/** A path as the program uses it, whatever its working folder is later. */
export function absolutePath(path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(path);
}
