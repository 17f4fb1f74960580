import type { Dice } from './mutate.ts';

/** Something that takes bytes from outside, and how to tell that it took them well. */
export interface Target {
  readonly name: string;
  /** Sound samples; what is tried is made of them. */
  readonly seeds: readonly Buffer[];
  /** Takes one case. Throws where a promise is broken: an error of the wrong kind, something lost, or more than was given. */
  run(bytes: Buffer, dice: Dice): void | Promise<void>;
}

/** A promise that was broken. */
export class Broken extends Error {}

/** @throws Broken */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Broken(what);
}

/** Runs what may refuse its input by errors of one kind alone; gives undefined where it did. */
export function mayRefuse<T>(kind: new (...args: never[]) => Error, work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof kind) return undefined;
    throw error;
  }
}
