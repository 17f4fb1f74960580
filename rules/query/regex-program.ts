import { type RegexNode, writeCodePoint } from './regex-syntax.ts';

/** What lies beside a place in a text: its start or end, a line break, a letter, number or underscore of ASCII, anything else. */
export type Neighbour = 'start' | 'end' | 'newline' | 'word' | 'other';

/** One step of an expression; after it comes the next in the list, or those of `to`. Behind the last one it is found. */
export type Instruction =
  | { readonly kind: 'character'; readonly predicate: number }
  | { readonly kind: 'split'; readonly to: readonly number[] }
  | { readonly kind: 'assert'; readonly holds: (before: Neighbour, after: Neighbour) => boolean };

export interface Program {
  readonly instructions: readonly Instruction[];
  /** Each tests one character. */
  readonly predicates: readonly RegExp[];
}

const MOST_INSTRUCTIONS = 2_000;

interface Mode {
  readonly fold: boolean;
  readonly dotAll: boolean;
  readonly multiline: boolean;
}

class TooLarge extends Error {}

class Compiler {
  readonly instructions: Instruction[] = [];
  readonly predicates: RegExp[] = [];
  readonly #known = new Map<string, number>();

  add(node: RegexNode, mode: Mode): void {
    switch (node.kind) {
      case 'literal':
        for (const character of node.text) this.#character(writeCodePoint(character.codePointAt(0) ?? 0), mode);
        return;
      case 'set':
        this.#character(node.source, mode);
        return;
      case 'any':
        this.#character(mode.dotAll ? '[\\x00-\\u{10ffff}]' : '[^\\n]', mode);
        return;
      case 'anchor':
        this.#push({ kind: 'assert', holds: assertion(node.at, mode) });
        return;
      case 'sequence':
        for (const part of node.of) this.add(part, mode);
        return;
      case 'either':
        this.#either(node.of, mode);
        return;
      case 'capture':
        this.add(node.of, mode);
        return;
      case 'flags': {
        const { flags } = node;
        const fold = mode.fold || flags.includes('i');
        const dotAll = mode.dotAll || flags.includes('s');
        this.add(node.of, { fold, dotAll, multiline: mode.multiline || flags.includes('m') });
        return;
      }
      case 'repeat':
        this.#repeat(node, mode);
    }
  }

  #push(instruction: Instruction): number {
    if (this.instructions.length >= MOST_INSTRUCTIONS) throw new TooLarge();
    return this.instructions.push(instruction) - 1;
  }

  #character(source: string, { fold }: Mode): void {
    const written = fold ? `^(?i:${source})$` : `^${source}$`;
    let predicate = this.#known.get(written);
    if (predicate === undefined) {
      predicate = this.predicates.push(new RegExp(written, 'u')) - 1;
      this.#known.set(written, predicate);
    }
    this.#push({ kind: 'character', predicate });
  }

  #either(parts: readonly RegexNode[], mode: Mode): void {
    const starts: number[] = [];
    const ends: number[][] = [];
    this.#push({ kind: 'split', to: starts });
    for (const part of parts) {
      starts.push(this.instructions.length);
      this.add(part, mode);
      const to: number[] = [];
      this.#push({ kind: 'split', to });
      ends.push(to);
    }
    for (const to of ends) to.push(this.instructions.length);
  }

  #repeat({ of, min, max }: Extract<RegexNode, { kind: 'repeat' }>, mode: Mode): void {
    for (let count = 0; count < min; count++) this.add(of, mode);
    if (max === Number.POSITIVE_INFINITY) {
      const to: number[] = [];
      const start = this.#push({ kind: 'split', to });
      to.push(this.instructions.length);
      this.add(of, mode);
      this.#push({ kind: 'split', to: [start] });
      to.push(this.instructions.length);
      return;
    }
    const skips: number[][] = [];
    for (let count = min; count < max; count++) {
      const to = [this.instructions.length + 1];
      this.#push({ kind: 'split', to });
      skips.push(to);
      this.add(of, mode);
    }
    for (const to of skips) to.push(this.instructions.length);
  }
}

function assertion(
  at: Extract<RegexNode, { kind: 'anchor' }>['at'],
  { multiline }: Mode,
): (before: Neighbour, after: Neighbour) => boolean {
  switch (at) {
    case 'start':
      return (before) => before === 'start' || (multiline && before === 'newline');
    case 'text-start':
      return (before) => before === 'start';
    case 'end':
      return (_before, after) => after === 'end' || (multiline && after === 'newline');
    case 'text-end':
      return (_before, after) => after === 'end';
    case 'word':
      return (before, after) => (before === 'word') !== (after === 'word');
    case 'inside':
      return (before, after) => (before === 'word') === (after === 'word');
  }
}

/** Writes an expression as a list of steps, counted parts as often as they may come; undefined where that is too long. */
export function compileProgram(tree: RegexNode): Program | undefined {
  const compiler = new Compiler();
  try {
    compiler.add(tree, { fold: false, dotAll: false, multiline: false });
  } catch (error) {
    if (error instanceof TooLarge) return undefined;
    throw error;
  }
  return { instructions: compiler.instructions, predicates: compiler.predicates };
}
