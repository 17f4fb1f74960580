/** A stream of numbers that a seed determines, so that what was found can be found again (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 up to, and without, `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return limit <= 1 ? 0 : ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  bytes(length: number): Buffer {
    const made = Buffer.alloc(length);
    for (let at = 0; at < length; at++) made[at] = this.below(256);
    return made;
  }
}

/** Values at which counters, lengths and texts tend to break. */
const NUMBERS = [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];
const TOKENS = [
  '"',
  "'",
  '\\',
  '\n',
  '\r\n',
  '\0',
  '\t',
  '%00',
  '{',
  '}',
  '[',
  ']',
  '<',
  '>',
  '=',
  '|',
  ',',
  ';',
  ': ',
  ' ',
  '-',
  '-1',
  '999999999999999999999',
  '1e999',
  '::1',
  '203.0.113.9',
  '256.256.256.256',
  '__proto__',
  'null',
  '\ufeff',
  '\u202e',
  '\u1780',
  '\ud83d\udef0',
].map((text) => Buffer.from(text));
const MOST_BYTES = 300_000;
const LONG_RUN = 20_000;

/** Changes a sample in one to eight places: bits, bytes, numbers, cuts, repeats, pieces of others, long runs. */
export function mutate(sample: Buffer, others: readonly Buffer[], dice: Dice): Buffer {
  let bytes: Buffer = Buffer.from(sample);
  for (let left = 1 + dice.below(8); left > 0; left--) bytes = once(bytes, others, dice);
  return bytes.subarray(0, MOST_BYTES);
}

function once(bytes: Buffer, others: readonly Buffer[], dice: Dice): Buffer {
  const at = dice.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + dice.below(64));
  switch (dice.below(11)) {
    case 0:
      if (at < bytes.length) bytes[at] = (bytes[at] as number) ^ (1 << dice.below(8));
      return bytes;
    case 1:
      if (at < bytes.length) bytes[at] = dice.below(256);
      return bytes;
    case 2: {
      const size = dice.pick([1, 2, 4]);
      const value = dice.pick(NUMBERS);
      if (at + size <= bytes.length) bytes.writeUIntBE(size === 4 ? value : value & (2 ** (8 * size) - 1), at, size);
      return bytes;
    }
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    case 4:
      return bytes.subarray(0, at);
    case 5:
      return insert(bytes, at, bytes.subarray(at, end));
    case 6:
      return insert(bytes, at, dice.pick(TOKENS));
    case 7:
      return insert(bytes, at, dice.bytes(1 + dice.below(16)));
    case 8: {
      const other = dice.pick(others);
      return Buffer.concat([bytes.subarray(0, at), other.subarray(dice.below(other.length + 1))]);
    }
    case 9:
      return insert(bytes, at, repeat(dice.pick(TOKENS), 1 + dice.below(dice.below(10) === 0 ? LONG_RUN : 64)));
    default:
      return insert(bytes, at, repeat(bytes.subarray(at, end), 1 + dice.below(dice.below(10) === 0 ? LONG_RUN : 64)));
  }
}

function insert(bytes: Buffer, at: number, piece: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
}

function repeat(piece: Buffer, times: number): Buffer {
  if (piece.length === 0) return piece;
  return Buffer.alloc(Math.min(MOST_BYTES, piece.length * times), piece);
}

/** Cuts bytes at random places, as a network does; never into more than 200 chunks. */
export function chunksOf(bytes: Buffer, dice: Dice): Buffer[] {
  const chunks: Buffer[] = [];
  const least = Math.ceil(bytes.length / 200);
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + least + dice.below(dice.pick([2, 30, 5_000, 70_000])));
    chunks.push(bytes.subarray(at, end));
    at = end;
  }
  return chunks;
}
