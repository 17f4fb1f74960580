import { compileProgram, type Instruction, type Neighbour } from './regex-program.ts';
import type { RegexNode } from './regex-syntax.ts';

/** Kinds of characters that an expression tells apart; with more, another engine takes over. */
const MOST_CLASSES = 64;
/** States remembered; past them all are forgotten, and so often in one text at most. */
const MOST_STATES = 1_024;
const MOST_FLUSHES = 8;
const MOST_FOREIGN = 4_096;

/** In the table of transitions. */
const UNKNOWN = 0;
const MATCH = 1;
const FIRST_STATE = 2;

const FOREIGN = /[^\x00-\x7f]/;

/** The ASCII letters with which everything that an expression finds begins, folded. */
function prefixOf(tree: RegexNode): string {
  if (tree.kind === 'literal') return (/^[\x00-\x7f]+/.exec(tree.text)?.[0] ?? '').toLowerCase();
  if (tree.kind === 'flags') return prefixOf(tree.of);
  const [first] = tree.kind === 'sequence' ? tree.of : [];
  return first ? prefixOf(first) : '';
}

interface CharacterClass {
  /** By predicate of the program, whether the characters of the class pass. */
  readonly passes: readonly boolean[];
  readonly kind: Neighbour;
}

interface State {
  /** Instructions that are reached before the next character, but for the first, which always is. */
  readonly reached: readonly number[];
  readonly before: Neighbour;
}

/**
 * Whether an expression is found in a text, in one pass: sets of places in the expression are states, made as a text
 * asks for them and kept (R. Cox, "Regular Expression Matching Can Be Simple And Fast", 2007). A character takes a look
 * into a table, and at worst one step for each instruction.
 */
export class LazyDfa {
  readonly #program: readonly Instruction[];
  readonly #predicates: readonly RegExp[];
  /** Folded; what is found begins with it. */
  readonly #prefix: string;
  readonly #classes: CharacterClass[] = [];
  readonly #classByKey = new Map<string, number>();
  readonly #ascii = new Int16Array(128).fill(-1);
  readonly #foreign = new Map<number, number>();
  #states: State[] = [];
  readonly #stateByKey = new Map<string, number>();
  readonly #next = new Int32Array((MOST_STATES + FIRST_STATE) * MOST_CLASSES);

  /** Undefined where the expression is too large. */
  static of(tree: RegexNode): LazyDfa | undefined {
    const program = compileProgram(tree);
    return program && new LazyDfa(program.instructions, program.predicates, prefixOf(tree));
  }

  private constructor(program: readonly Instruction[], predicates: readonly RegExp[], prefix: string) {
    this.#program = program;
    this.#predicates = predicates;
    this.#prefix = prefix;
  }

  /** Undefined where the text asks for more than is remembered; it takes linear time also then. */
  test(text: string): boolean | undefined {
    const [ascii, table, prefix] = [this.#ascii, this.#next, this.#prefix];
    // Places in a folded text are those of the text where all of it is ASCII.
    const folded = prefix === '' || FOREIGN.test(text) ? undefined : text.toLowerCase();
    let state = this.#state([], 'start');
    let flushes = 0;
    for (let at = 0; at < text.length; at++) {
      if (folded !== undefined && (this.#states[state - FIRST_STATE] as State).reached.length === 0) {
        at = folded.indexOf(prefix, at);
        if (at < 0) return false;
      }
      let point = text.charCodeAt(at);
      if (point >= 0xd800 && point < 0xdc00) {
        point = text.codePointAt(at) ?? point;
        if (point > 0xffff) at++;
      }
      let kind = point < 128 ? (ascii[point] as number) : this.#foreignClass(point);
      if (kind < 0) kind = point < 128 ? this.#asciiClass(point) : kind;
      if (kind < 0) return undefined;
      let next = table[state * MOST_CLASSES + kind] as number;
      if (next === UNKNOWN) {
        if (this.#states.length >= MOST_STATES) {
          if (++flushes > MOST_FLUSHES) return undefined;
          const { reached, before } = this.#states[state - FIRST_STATE] as State;
          this.#forget();
          state = this.#state(reached, before);
        }
        next = this.#step(state, kind);
        table[state * MOST_CLASSES + kind] = next;
      }
      if (next === MATCH) return true;
      state = next;
    }
    return this.#closure(this.#states[state - FIRST_STATE] as State, 'end') === undefined;
  }

  #forget(): void {
    this.#states = [];
    this.#stateByKey.clear();
    this.#next.fill(UNKNOWN);
  }

  #asciiClass(point: number): number {
    const found = this.#classOf(point);
    this.#ascii[point] = found;
    return found;
  }

  #foreignClass(point: number): number {
    const known = this.#foreign.get(point);
    if (known !== undefined) return known;
    const found = this.#classOf(point);
    if (this.#foreign.size >= MOST_FOREIGN) this.#foreign.clear();
    this.#foreign.set(point, found);
    return found;
  }

  /** -1 where there are too many. */
  #classOf(point: number): number {
    const text = String.fromCodePoint(point);
    const passes = this.#predicates.map((predicate) => predicate.test(text));
    const kind = text === '\n' ? 'newline' : /^\w$/.test(text) ? 'word' : 'other';
    const key = passes.map(Number).join('') + kind;
    const known = this.#classByKey.get(key);
    if (known !== undefined) return known;
    if (this.#classes.length >= MOST_CLASSES) return -1;
    this.#classByKey.set(key, this.#classes.length);
    return this.#classes.push({ passes, kind }) - 1;
  }

  #state(reached: readonly number[], before: Neighbour): number {
    const key = before + reached.join(' ');
    const known = this.#stateByKey.get(key);
    if (known !== undefined) return known;
    const state = this.#states.push({ reached, before }) - 1 + FIRST_STATE;
    this.#stateByKey.set(key, state);
    return state;
  }

  #step(from: number, kind: number): number {
    const { passes, kind: after } = this.#classes[kind] as CharacterClass;
    const reached = this.#closure(this.#states[from - FIRST_STATE] as State, after);
    if (!reached) return MATCH;
    const next = new Set<number>();
    for (const at of reached) {
      const instruction = this.#program[at];
      if (instruction?.kind === 'character' && passes[instruction.predicate]) next.add(at + 1);
    }
    return this.#state(
      [...next].sort((left, right) => left - right),
      after,
    );
  }

  /** All instructions that are reached without a character, where `after` comes next; undefined where the expression is found. */
  #closure({ reached, before }: State, after: Neighbour): ReadonlySet<number> | undefined {
    const seen = new Set<number>();
    const open = [0, ...reached];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (seen.has(at)) continue;
      seen.add(at);
      const instruction = this.#program[at];
      if (instruction === undefined) return undefined;
      if (instruction.kind === 'split') open.push(...instruction.to);
      else if (instruction.kind === 'assert' && instruction.holds(before, after)) open.push(at + 1);
    }
    return seen;
  }
}
