/** One frame of RELP. */
export interface RelpFrame {
  /** Transaction number, as text: it goes back as it came. */
  readonly transaction: string;
  readonly command: string;
  readonly data: Buffer;
}

/** What breaks the protocol: the connection cannot go on. */
export class RelpFault extends Error {}

const SPACE = 32;
const NEWLINE = 10;
const LONGEST_HEAD = 64;
/** Longest data of a frame: 16 MiB. */
export const LONGEST_DATA = 16 * 1024 * 1024;
const HEAD = /^(\d{1,9}) ([a-zA-Z]{1,32}) (\d{1,9})$/;

/**
 * Takes RELP frames out of a stream: `TXNR SP COMMAND SP DATALEN [SP DATA] LF`. Chunks are kept as they came until a
 * frame is whole, so that a long frame in small pieces costs no more than its length. Throws `RelpFault`.
 */
export class RelpFraming {
  #chunks: Buffer[] = [];
  #held = 0;
  /** Bytes that must be there before it is worth looking again. */
  #wanted = 1;

  /** Bytes of the unfinished frame. */
  get held(): number {
    return this.#held;
  }

  /** Takes a chunk and gives the frames that are whole now. */
  *push(chunk: Buffer): Generator<RelpFrame> {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    if (this.#held < this.#wanted) return;
    let bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    for (;;) {
      const found = this.#next(bytes);
      if (!found) break;
      bytes = bytes.subarray(found.consumed);
      yield found.frame;
    }
    this.#held = bytes.length;
    // A copy, so that a short rest does not keep a long chunk alive.
    this.#chunks = bytes.length === 0 ? [] : [Buffer.from(bytes)];
  }

  #next(bytes: Buffer): { frame: RelpFrame; consumed: number } | undefined {
    this.#wanted = bytes.length + 1;
    let spaces = 0;
    let at = 0;
    for (; at < bytes.length; at++) {
      if (bytes[at] === NEWLINE) break;
      if (bytes[at] === SPACE && ++spaces === 3) break;
      if (at > LONGEST_HEAD) throw new RelpFault('a frame has no head');
    }
    if (at === bytes.length) return undefined;
    const head = HEAD.exec(bytes.toString('latin1', 0, at));
    if (!head) throw new RelpFault('a frame has a head that is not RELP');
    const length = Number(head[3]);
    if (length > LONGEST_DATA) throw new RelpFault(`a frame announces ${length} bytes`);
    if (length > 0 && bytes[at] !== SPACE) throw new RelpFault('a frame lacks its data');
    const start = bytes[at] === SPACE ? at + 1 : at;
    const end = start + length;
    if (bytes.length <= end) {
      this.#wanted = end + 1;
      return undefined;
    }
    if (bytes[end] !== NEWLINE) throw new RelpFault('a frame does not end where it says');
    const frame = { transaction: head[1] as string, command: head[2] as string, data: bytes.subarray(start, end) };
    return { frame, consumed: end + 1 };
  }
}

/** An answer to a frame. */
export function relpAnswer(transaction: string, text: string): string {
  const length = Buffer.byteLength(text);
  return length === 0 ? `${transaction} rsp 0\n` : `${transaction} rsp ${length} ${text}\n`;
}
