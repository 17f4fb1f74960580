import { instanceOf, type Kernel } from '../kernels/instance.ts';
import { LINE_KERNEL } from '../kernels/line.wasm.ts';

/** `ecs/kernels/source/line.ts`; places and lengths in bytes. */
interface LineFunctions {
  alloc(bytes: number): number;
  release(): void;
  used(): number;
  newTree(nodes: number, fields: number): number;
  addNode(tree: number, parent: number, key: number, bytes: number, field: number): number;
  scan(tree: number, bytes: number): number;
  findLeaves(group: number, tree: number, count: number, turn: number): number;
  findText(group: number, slot: number, start: number, end: number, escaped: number, turn: number): void;
  answer(group: number, question: number, turn: number): void;
}

/** Where the kernel has its parts (`ecs/kernels/source/memory.ts`), in bytes. */
export const PLACES = {
  kinds: 4_096,
  fields: 16_384,
  starts: 57_344,
  ends: 98_304,
  left: 139_264,
  line: 196_608,
  text: 5_441_024,
} as const;
/** The longest line, and the longest text handed in on its own that needs no room to be made for it. */
export const KERNEL_LIMITS = { line: 4_194_304, text: 262_144 } as const;

/** Where the room for tables ends, and the kernel's memory with it. */
const MOST_MIB = 1_024;

/**
 * A kernel that reads lines and looks for literals in them, with its memory. Room for tables is made in it and given back
 * all at once; `generation` then rises, and who laid something out there lays it out again.
 */
export class LineKernel {
  readonly functions: Kernel<LineFunctions> = instanceOf<LineFunctions>(LINE_KERNEL);
  /** The memory in its three forms; made anew where it grew, so that they are not to be kept. */
  bytes: Buffer = Buffer.alloc(0);
  words: Int32Array = new Int32Array(0);
  longs: BigUint64Array = new BigUint64Array(0);
  generation = 0;
  /** Rises where `bytes` and its like are made anew. */
  version = 0;
  #textPlace: number = PLACES.text;
  #textBytes: number = KERNEL_LIMITS.text;

  constructor() {
    this.#refresh();
  }

  #refresh(): void {
    const { buffer } = this.functions.memory;
    this.bytes = Buffer.from(buffer);
    this.words = new Int32Array(buffer);
    this.longs = new BigUint64Array(buffer);
    this.version++;
  }

  /** Bytes of all rooms. */
  get used(): number {
    return this.functions.used();
  }

  /** Room for so many bytes, all 0. Throws where the memory is full. */
  room(bytes: number): number {
    return this.#made(this.functions.alloc(bytes));
  }

  /** Room with 32-bit numbers in it. */
  roomFor(numbers: ArrayLike<number>): number {
    const place = this.room(4 * numbers.length);
    this.words.set(numbers, place / 4);
    return place;
  }

  #made(place: number): number {
    if (this.bytes.length === 0) this.#refresh();
    if (place !== 0) return place;
    throw new Error(`The tables of the rules need more than ${MOST_MIB} MiB; load fewer rules.`);
  }

  /** A tree of fields for `LineFunctions.scan`. */
  newTree(nodes: number, fields: number): number {
    return this.#made(this.functions.newTree(nodes, fields));
  }

  /** Gives back all room. */
  release(): void {
    this.functions.release();
    this.#textPlace = PLACES.text;
    this.#textBytes = KERNEL_LIMITS.text;
    this.generation++;
  }

  /** Where a text of up to so many bytes can be written to be looked through. */
  textPlace(bytes: number): number {
    if (bytes > this.#textBytes) {
      this.#textPlace = this.room(2 * bytes);
      this.#textBytes = 2 * bytes;
    }
    return this.#textPlace;
  }
}
