/** Text of one or more events in JSON, as bytes that are also read four at a time. */
export class JsonBytes {
  readonly bytes: Buffer;
  readonly words: DataView;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}

/** A known text to compare with, four bytes at a time. */
export class KnownText {
  readonly bytes: Buffer;
  readonly length: number;
  readonly #words: Int32Array;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.length = bytes.length;
    this.#words = Int32Array.from({ length: bytes.length >> 2 }, (_, index) => bytes.readInt32LE(4 * index));
  }

  /** Whether it stands at a place of which the caller knows that there is room for it. */
  isAt(text: JsonBytes, at: number): boolean {
    const words = this.#words;
    const view = text.words;
    let from = at;
    for (let index = 0; index < words.length; index++, from += 4) {
      if (view.getInt32(from, true) !== words[index]) return false;
    }
    for (let index = words.length << 2; index < this.length; index++, from++) {
      if (text.bytes[from] !== this.bytes[index]) return false;
    }
    return true;
  }
}
