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
