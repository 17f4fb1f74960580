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
  readonly #read: (event: object, name: string) => unknown;
  #turn = 0;

  constructor(slots: FieldSlots, read: (event: object, name: string) => unknown = readField) {
    this.#names = slots.names;
    this.#read = read;
  }

  /** Turns to the next event. */
  take(event: object): void {
    this.event = event;
    this.#turn++;
  }

  value(slot: number): unknown {
    if (this.#readIn[slot] === this.#turn) return this.#values[slot];
    this.#readIn[slot] = this.#turn;
    const value = this.#read(this.event, this.#names[slot] as string);
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

/**
 * Makes a reader for events in their source's own names. Sigma's names have no spaces (Sigma 2.1, *Field Usage*), so the
 * field `ThreatName` of a rule finds `Threat Name` of an event that kept them.
 */
export function rawFieldReader(): (event: object, name: string) => unknown {
  const spaced = new Map<string, string | undefined>();
  return (event, name) => {
    const value = readField(event, name);
    if (value !== undefined) return value;
    let other = spaced.get(name);
    if (other === undefined && !spaced.has(name)) {
      const parted = name.replace(/(?<=[a-z])(?=[A-Z])/g, ' ');
      other = parted === name ? undefined : parted;
      spaced.set(name, other);
    }
    return other === undefined ? undefined : (event as Record<string, unknown>)[other];
  };
}
