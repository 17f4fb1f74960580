import { SHAPE_FIELDS, SHAPE_FIELDS_OF_SERVER } from './fields.ts';
import type { LineReader } from './line.ts';

/** In a shape's list of values: the field is absent. No value is an object, so that the mark cannot be forged. */
export const ABSENT_MARK = {};
/** In a shape's list of values: the field may hold anything. */
export const UNKNOWN_MARK = { unknown: true };

const ABSENT_JSON = JSON.stringify(ABSENT_MARK);
const UNKNOWN_JSON = JSON.stringify(UNKNOWN_MARK);
/** The end of a shape of which only what the server sets is known. */
const UNKNOWN_PAYLOAD = `${`,${UNKNOWN_JSON}`.repeat(SHAPE_FIELDS.length - SHAPE_FIELDS_OF_SERVER)}]`;

/** Terms of shapes kept at hand, at most. */
const MOST_KNOWN = 100_000;

/** What the server knows of all events of one source: the beginning of their shapes. */
export function shapeStart(agency: string, collector: string, source: string): string {
  return JSON.stringify([agency, collector, source]).slice(0, -1);
}

/** The shape of events of which only that is known. */
export function roughShape(start: string): string {
  return start + UNKNOWN_PAYLOAD;
}

/** The shapes of the events of one batch after the other, each as the JSON list of its values and told once a batch. */
export class ShapeTree {
  #root = new KnownTerm();
  #size = 0;
  #batch = 0;
  #shapes: string[] = [];

  /** Place of an event's shape among those of its batch. `start`: of the event's source (`shapeStart`). */
  placeOf(read: LineReader, start: string): number {
    let at = this.#root.next(start);
    for (let index = SHAPE_FIELDS_OF_SERVER; index < SHAPE_FIELDS.length; index++) at = at.next(read.shapeTerm(index));
    if (at.batch !== this.#batch) {
      at.shape ??= this.#newShape(read, start);
      at.batch = this.#batch;
      at.place = this.#shapes.length;
      this.#shapes.push(at.shape);
    }
    return at.place;
  }

  /** The shapes of the batch in the order of their places; the next batch begins. */
  take(): string[] {
    const shapes = this.#shapes;
    this.#shapes = [];
    this.#batch++;
    if (this.#size > MOST_KNOWN) {
      this.#root = new KnownTerm();
      this.#size = 0;
    }
    return shapes;
  }

  #newShape(read: LineReader, start: string): string {
    this.#size += SHAPE_FIELDS.length;
    let shape = start;
    for (let index = SHAPE_FIELDS_OF_SERVER; index < SHAPE_FIELDS.length; index++) {
      const term = read.shapeTerm(index);
      shape += `,${term === undefined ? ABSENT_JSON : (term ?? UNKNOWN_JSON)}`;
    }
    // It must not hold on to the frame that its parts were cut from.
    return Buffer.from(`${shape}]`).toString();
  }
}

/** The shapes seen of late as a tree of their terms: the next event mostly has the terms of one just before. */
class KnownTerm {
  readonly term: string | null | undefined;
  /** The shape that ends here, once it is put together. */
  shape: string | undefined = undefined;
  /** The batch that has it, and at which place. */
  batch = -1;
  place = 0;
  readonly #after = new Map<string | null | undefined, KnownTerm>();
  #latest: KnownTerm | undefined;

  constructor(term?: string | null) {
    this.term = term;
  }

  next(term: string | null | undefined): KnownTerm {
    if (this.#latest !== undefined && this.#latest.term === term) return this.#latest;
    let after = this.#after.get(term);
    if (after === undefined) {
      // It must not hold on to the frame that it was cut from.
      after = new KnownTerm(typeof term === 'string' ? Buffer.from(term).toString() : term);
      this.#after.set(after.term, after);
    }
    this.#latest = after;
    return after;
  }
}
