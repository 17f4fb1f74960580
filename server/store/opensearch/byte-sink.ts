const LEAST = 64 * 1024;
const LARGEST_KEPT = 16 * 1024 * 1024;
/** Up to here a loop is faster than a call. */
const SHORT = 40;

/** Bytes that are written one after the other; the space grows as it is needed. */
export class ByteSink {
  bytes: Buffer;
  length = 0;

  constructor(space = LEAST) {
    this.bytes = Buffer.allocUnsafeSlow(space);
  }

  /** Makes room for `more` bytes behind what is written. What was taken from `bytes` before no longer counts. */
  reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length));
    if (this.length > 0) this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }

  /** Writes a text in UTF-8. */
  text(text: string): void {
    this.reserve(3 * text.length);
    this.length += this.bytes.write(text, this.length, 'utf8');
  }

  /** What is written; valid until more is. */
  written(): Buffer {
    return this.bytes.subarray(0, this.length);
  }
}

/** Sinks that were used before: fresh memory costs more than what is written into it. */
export class SinkPool {
  readonly #most: number;
  readonly #free: ByteSink[] = [];

  /** `most`: sinks kept, none of them larger than 16 MiB. */
  constructor(most: number) {
    this.#most = most;
  }

  /** An empty sink; `space` is what it should have room for. */
  take(space: number): ByteSink {
    const sink = this.#free.pop();
    if (!sink) return new ByteSink(space);
    sink.length = 0;
    sink.reserve(space);
    return sink;
  }

  /** Gives back a sink of which nothing will be read any more. */
  give(sink: ByteSink): void {
    if (this.#free.length < this.#most && sink.bytes.length <= LARGEST_KEPT) this.#free.push(sink);
  }
}

/** Copies a part of some bytes to a place where there is room for it; gives the place behind it. */
export function copyBytes(out: Buffer, to: number, from: Buffer, start: number, end: number): number {
  const length = end - start;
  if (length > SHORT) return to + from.copy(out, to, start, end);
  let at = to;
  for (let place = start; place < end; place++) out[at++] = from[place] as number;
  return at;
}

/** Writes a whole number from 0 up in decimal; gives the place behind it. */
export function writeNumber(out: Uint8Array, to: number, number: number): number {
  let digits = 1;
  for (let power = 10; power <= number; power *= 10) digits++;
  let rest = number;
  for (let at = to + digits - 1; at >= to; at--) {
    const next = Math.floor(rest / 10);
    out[at] = 48 + rest - next * 10;
    rest = next;
  }
  return to + digits;
}
