import { decoderTargets } from './decoder-targets.ts';
import { Dice, mutate } from './mutate.ts';
import { parserTargets } from './parser-targets.ts';
import { storedTargets } from './stored-targets.ts';
import type { Target } from './target.ts';

/** All that takes bytes from outside. */
export function allTargets(): Target[] {
  return [...parserTargets(), ...decoderTargets(), ...storedTargets()];
}

/** A case that broke a promise, with what is needed to see it again. */
export class FuzzError extends Error {
  readonly bytes: Buffer;

  constructor(target: string, seed: number, bytes: Buffer, cause: unknown) {
    const why = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    super(
      `${target}, case ${seed}: ${why}\ninput (${bytes.length} bytes): ${JSON.stringify(bytes.toString('latin1').slice(0, 400))}`,
    );
    this.bytes = bytes;
  }
}

/** The bytes of a case: a number and the target's samples determine them. */
export function caseOf(target: Target, seed: number): Buffer {
  const dice = new Dice(seed);
  if (dice.below(12) === 0) return dice.bytes(dice.below(400));
  return mutate(dice.pick(target.seeds), target.seeds, dice);
}

/** Tries one case. @throws FuzzError */
export async function tryCase(target: Target, seed: number): Promise<void> {
  const bytes = caseOf(target, seed);
  try {
    await target.run(bytes, new Dice(seed ^ 0x5bd1e995));
  } catch (error) {
    throw new FuzzError(target.name, seed, bytes, error);
  }
}
