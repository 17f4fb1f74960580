import type { StringTest } from '../query/condition.ts';
import { foldCase } from '../query/string-test.ts';
import { isAscii } from './text-bytes.ts';

/** A folded literal, and where in a text it must stand. */
export interface Literal {
  readonly match: 'equals' | 'starts' | 'ends' | 'contains';
  readonly text: string;
}

/**
 * The question whether a field (slot -1: any) holds one of some literals. Questions of all rules are numbered, and the
 * same question has one number. A literal index answers it for an event by what it finds.
 */
export interface Atom {
  readonly id: number;
  readonly slot: number;
  readonly literals: readonly Literal[];
  /** Bytes of its shortest literal: an index that does not look for literals so short cannot say no. */
  readonly shortest: number;
}

/** From so many bytes on every literal of a group's rules is looked for; shorter ones only where a rule hangs on them. */
export const LONG = 7;
/** The fewest bytes that can be looked for at all, but in whole texts. */
export const LEAST = 4;

/** The bytes by which an index can look for a literal. Whole texts, and letters outside ASCII, it finds at any length. */
export function soughtBytes({ match, text }: Literal): number {
  return match === 'equals' || !isAscii(text) ? LONG : Math.min(LONG, text.length);
}

/** The literal of a test without regard to case, where it has one. */
export function literalOf(test: StringTest): Literal | undefined {
  if (test.kind !== 'string' || test.match === 'word' || test.cased) return undefined;
  return { match: test.match, text: foldCase(test.value) };
}

/** The questions of a rule set. */
export class AtomTable {
  readonly #known = new Map<string, Atom>();

  get size(): number {
    return this.#known.size;
  }

  atom(slot: number, literals: readonly Literal[]): Atom {
    const key = JSON.stringify([slot, literals.map(({ match, text }) => [match, text])]);
    const known = this.#known.get(key);
    if (known) return known;
    const shortest = Math.min(LONG, ...literals.map(soughtBytes));
    const atom = { id: this.#known.size, slot, literals, shortest };
    this.#known.set(key, atom);
    return atom;
  }
}
