/** Milliseconds of the time that one count is of. */
export const MINUTE = 60_000;

/** Numbers of one entry: minutes after the first one's minute, shape, events. */
const ENTRY = 3;
/** Shapes and minutes in one number: there are fewer than 2^20 shapes. */
const SHAPES = 2 ** 20;

/**
 * How many events of each shape a segment has in each minute: what most counts need, in a hundredth of its rows. As
 * 32-bit little-endian numbers, three an entry: minutes after that of the segment's `min_ts`, shape, events.
 */
export function countMinutes(
  times: Float64Array,
  shapes: Int32Array,
  from: number,
  to: number,
  minTs: number,
): Int32Array {
  const counts = new Map<number, number>();
  const base = Math.floor(minTs / MINUTE);
  // Events of one kind often follow each other.
  let key = -1;
  let events = 0;
  for (let at = from; at < to; at++) {
    const own = (Math.floor((times[at] as number) / MINUTE) - base) * SHAPES + (shapes[at] as number);
    if (own !== key) {
      if (events > 0) counts.set(key, (counts.get(key) ?? 0) + events);
      key = own;
      events = 0;
    }
    events++;
  }
  if (events > 0) counts.set(key, (counts.get(key) ?? 0) + events);
  const packed = new Int32Array(ENTRY * counts.size);
  let place = 0;
  for (const [own, found] of counts) {
    packed[place++] = Math.floor(own / SHAPES);
    packed[place++] = own % SHAPES;
    packed[place++] = found;
  }
  return packed;
}

/** The counts of one segment as a reader sees them. */
export class MinuteCounts {
  readonly #entries: Int32Array;
  readonly #base: number;

  constructor(bytes: Uint8Array, minTs: number) {
    const { buffer, byteOffset } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
    this.#entries = new Int32Array(buffer, byteOffset, bytes.byteLength >> 2);
    this.#base = Math.floor(minTs / MINUTE);
  }

  get length(): number {
    return this.#entries.length / ENTRY;
  }

  /** Start of an entry's minute, milliseconds. */
  start(at: number): number {
    return (this.#base + (this.#entries[ENTRY * at] as number)) * MINUTE;
  }

  shape(at: number): number {
    return this.#entries[ENTRY * at + 1] as number;
  }

  events(at: number): number {
    return this.#entries[ENTRY * at + 2] as number;
  }

  /** Whether all, some or none of the events have one of these shapes (1 at a shape's number). */
  has(wanted: Uint8Array): 'all' | 'some' | 'none' {
    const entries = this.#entries;
    let found = 0;
    for (let at = 1; at < entries.length; at += ENTRY) found += wanted[entries[at] as number] ?? 0;
    return found === 0 ? 'none' : found === this.length ? 'all' : 'some';
  }
}
