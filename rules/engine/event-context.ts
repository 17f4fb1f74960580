import { readField } from '../../ecs/event.ts';
import type { LineScanner } from '../../ecs/line-scanner.ts';
import type { LineKernel } from '../../ecs/scan/line-kernel.ts';
import { scalarText } from '../query/field-test.ts';
import { foldCase } from '../query/string-test.ts';
import type { FieldMode } from './engine.ts';

/** Gives each field name of a rule set a number, its slot. */
export class FieldSlots {
  readonly names: string[] = [];
  readonly #slots = new Map<string, number>();

  slot(name: string): number {
    const known = this.#slots.get(name);
    if (known !== undefined) return known;
    this.#slots.set(name, this.names.length);
    return this.names.push(name) - 1;
  }
}

/** The other spelling of a field's name, if it has one. */
export function partedName(name: string, mode: FieldMode): string | undefined {
  const parted = mode === 'raw' ? name.replace(/(?<=[a-z])(?=[A-Z])/g, ' ') : name;
  return parted === name ? undefined : parted;
}

/**
 * Reads a dotted name inside the event. Sigma's names have no spaces (Sigma 2.1, *Field Usage*), so in the source's own
 * names `ThreatName` of a rule finds `Threat Name` of an event that kept them.
 */
function otherReader(name: string, mode: FieldMode): (event: object) => unknown {
  const parted = partedName(name, mode);
  if (parted === undefined) return name.includes('.') ? (event) => readField(event, name) : () => undefined;
  return (event) => {
    const value = readField(event, name);
    return value === undefined ? (event as Record<string, unknown>)[parted] : value;
  };
}

/** Numbers of events stay whole in 32 bits: after this one `restart` is due. */
export const LAST_TURN = 0x7fffffff;

/** One event while it is evaluated: each field is read, and folded, at most once. */
export class EventContext {
  /** The line at hand, where the event is still one; its fields are numbered as the slots are. */
  line: LineScanner | undefined;
  #event: object | undefined = {};
  #open: () => object = () => ({});
  readonly #names: readonly string[];
  // Filled from the start: lists that grow by leaps become slow maps.
  readonly #values: unknown[];
  readonly #folded: (string | undefined)[];
  readonly #readIn: number[];
  readonly #foldedIn: number[];
  readonly #mode: FieldMode;
  /** By slot, how a field is read that is not there by its very name; made at the first such reading. */
  readonly #others: (((event: object) => unknown) | undefined)[];
  /** Number of the event at hand. */
  turn = 0;
  /** By question of the rules (`atoms.ts`), the event in which its answer was yes last, and of those looked into one by one, in which it was no. */
  yes: Int32Array = new Int32Array(0);
  readonly no: Int32Array;
  readonly #kernel: LineKernel;
  /** Where `yes` is in the kernel's memory. */
  yesPlace = 0;
  #version = -1;
  /** By slot, and before them for any field: from so many bytes on all literals were looked for, so that what was not found is not there. */
  limits: Uint8Array;

  /** Give it the slots, and the number of questions, once all rules have theirs. */
  constructor(slots: FieldSlots, questions: number, mode: FieldMode, kernel: LineKernel) {
    this.#kernel = kernel;
    this.#names = slots.names;
    this.#mode = mode;
    const count = slots.names.length;
    this.#values = new Array<unknown>(count).fill(undefined);
    this.#folded = new Array<string | undefined>(count).fill(undefined);
    this.#others = new Array<undefined>(count).fill(undefined);
    this.#readIn = new Array<number>(count).fill(0);
    this.#foldedIn = new Array<number>(count).fill(0);
    this.no = new Int32Array(questions);
    this.limits = new Uint8Array(count + 1);
    this.restart();
  }

  /** Turns to the next event. */
  take(event: object): void {
    this.line = undefined;
    this.#event = event;
    this.turn++;
  }

  /** Turns to an event of which a line was scanned; `open` parses it, should more be asked than fields. */
  takeLine(line: LineScanner, open: () => object): void {
    this.line = line;
    this.#event = undefined;
    this.#open = open;
    this.turn++;
  }

  /** Begins anew with the numbers of events, and with the room for answers in the kernel's memory. */
  restart(): void {
    this.turn = 0;
    for (const turns of [this.no, this.#readIn, this.#foldedIn]) turns.fill(0);
    this.yesPlace = this.#kernel.room(4 * this.no.length);
    this.#version = -1;
    this.refresh();
  }

  /** Looks at the kernel's memory anew, which may have grown. */
  refresh(): void {
    if (this.#version === this.#kernel.version) return;
    this.#version = this.#kernel.version;
    this.yes = new Int32Array(this.#kernel.bytes.buffer, this.yesPlace, this.no.length);
  }

  get event(): object {
    this.#event ??= this.#open();
    return this.#event;
  }

  /** Whether the field is there, be it null; its value is not read for that. */
  has(slot: number): boolean {
    return this.line === undefined ? this.value(slot) !== undefined : this.line.has(slot);
  }

  value(slot: number): unknown {
    if (this.#readIn[slot] === this.turn) return this.#values[slot];
    this.#readIn[slot] = this.turn;
    if (this.line !== undefined) {
      const read = this.line.value(slot);
      this.#values[slot] = read;
      return read;
    }
    let value = (this.event as Record<string, unknown>)[this.#names[slot] as string];
    if (value === undefined) {
      const other = this.#others[slot] ?? otherReader(this.#names[slot] as string, this.#mode);
      this.#others[slot] = other;
      value = other(this.event);
    }
    this.#values[slot] = value;
    return value;
  }

  /** The field's text, folded; undefined where it is absent, null, an object or a list. */
  folded(slot: number): string | undefined {
    if (this.#foldedIn[slot] === this.turn) return this.#folded[slot];
    this.#foldedIn[slot] = this.turn;
    const text = scalarText(this.value(slot));
    const folded = text === undefined ? undefined : foldCase(text);
    this.#folded[slot] = folded;
    return folded;
  }
}
