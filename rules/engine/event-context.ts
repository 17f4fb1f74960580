import { readField } from '../../ecs/event.ts';
import { scalarText } from '../query/field-test.ts';
import { foldCase } from '../query/string-test.ts';

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

/** One event while it is evaluated: each field is read, and folded, at most once. */
export class EventContext {
  event: object = {};
  readonly #names: readonly string[];
  readonly #values: unknown[] = [];
  readonly #folded: (string | undefined)[] = [];
  readonly #readIn: number[] = [];
  readonly #foldedIn: number[] = [];
  #turn = 0;

  constructor(slots: FieldSlots) {
    this.#names = slots.names;
  }

  /** Turns to the next event. */
  take(event: object): void {
    this.event = event;
    this.#turn++;
  }

  value(slot: number): unknown {
    if (this.#readIn[slot] === this.#turn) return this.#values[slot];
    this.#readIn[slot] = this.#turn;
    const value = readField(this.event, this.#names[slot] as string);
    this.#values[slot] = value;
    return value;
  }

  /** The field's text, folded; undefined where it is absent, null, an object or a list. */
  folded(slot: number): string | undefined {
    if (this.#foldedIn[slot] === this.#turn) return this.#folded[slot];
    this.#foldedIn[slot] = this.#turn;
    const text = scalarText(this.value(slot));
    const folded = text === undefined ? undefined : foldCase(text);
    this.#folded[slot] = folded;
    return folded;
  }
}
