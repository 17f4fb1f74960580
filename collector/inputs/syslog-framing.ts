import { WIRE_LIMITS } from '../../ecs/wire.ts';
import { addBytes, beforeLongLine, type CutLines, cutLines, pieceLength } from './lines.ts';

const NEWLINE = 10;
const SPACE = 32;
const LESS = 60;
/** Longest count believed in octet counting: 16 MiB. What claims more is read by lines. */
const COUNT_DIGITS = 8;
const LONGEST_FRAME = 16 * 1024 * 1024;

function none(): CutLines {
  return { lines: [], marks: undefined, empty: 0, consumed: 0 };
}

/**
 * Takes syslog messages out of a TCP stream by RFC 6587: octet counting (§3.4.1) where a frame begins with a count, a
 * space and, on the first frame of a connection, `<`; lines (§3.4.2) otherwise. A message longer than a record may be
 * comes in pieces, as it arrives.
 */
export class SyslogFraming {
  #rest: Buffer = Buffer.alloc(0);
  #counts = false;
  /** Bytes still to come of an octet-counted frame longer than a record, and the pieces of it that have gone out. */
  #left = 0;
  #pieces = 0;

  /** Bytes of the unfinished frame. */
  get held(): number {
    return this.#rest.length;
  }

  /** Takes a chunk and gives what is complete now, a batch at a time. */
  *push(chunk: Buffer): Generator<CutLines> {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const cut = this.#left > 0 ? this.#inLongFrame(bytes) : this.#next(bytes);
      if (cut.consumed === 0) break;
      bytes = bytes.subarray(cut.consumed);
      if (cut.lines.length > 0 || cut.empty > 0) yield cut;
    }
    this.#rest = Buffer.from(bytes);
  }

  /** Gives what was cut off by the end of the connection; `isCut` says that this side ended it. */
  flush(isCut = false): CutLines | undefined {
    const rest = this.#rest;
    if (rest.length === 0) return undefined;
    this.#rest = Buffer.alloc(0);
    const count = this.#left > 0 ? undefined : readCount(rest, this.#counts);
    const counted = count === 'more' ? undefined : count;
    const cut = none();
    cut.consumed = rest.length;
    const piece = this.#pieces > 0 ? { piece: this.#pieces + 1 } : {};
    // A last line without its newline is usual with senders by lines; a counted frame says that it is short.
    const isShort = isCut || this.#left > 0 || counted !== undefined || this.#counts;
    addBytes(cut, counted ? rest.subarray(counted.start) : rest, isShort ? { ...piece, truncated: true } : piece);
    return cut;
  }

  #next(bytes: Buffer): CutLines {
    const cut = none();
    if (this.#pieces === 0) {
      if (this.#counts && bytes[0] === NEWLINE) {
        // Some senders count and end their frames with a newline as well.
        cut.consumed = 1;
        return cut;
      }
      const counted = readCount(bytes, this.#counts);
      if (counted === 'more') return cut;
      if (counted) {
        this.#counts = true;
        return this.#frame(bytes, counted);
      }
    }
    return this.#lines(bytes);
  }

  #frame(bytes: Buffer, { start, length }: { start: number; length: number }): CutLines {
    const cut = none();
    if (length > WIRE_LIMITS.recordBytes) {
      this.#left = length;
      cut.consumed = start;
      return cut;
    }
    if (bytes.length < start + length) return cut;
    addBytes(cut, withoutNewline(bytes.subarray(start, start + length)), {});
    cut.consumed = start + length;
    return cut;
  }

  #inLongFrame(bytes: Buffer): CutLines {
    const cut = none();
    const want = Math.min(this.#left, WIRE_LIMITS.recordBytes);
    if (bytes.length < want) return cut;
    const end = want < this.#left ? pieceLength(bytes, want) : want;
    addBytes(cut, bytes.subarray(0, end), { piece: ++this.#pieces });
    cut.consumed = end;
    this.#left -= end;
    if (this.#left === 0) this.#pieces = 0;
    return cut;
  }

  #lines(bytes: Buffer): CutLines {
    const newline = bytes.indexOf(NEWLINE);
    const length = newline < 0 ? bytes.length : newline;
    const cut = none();
    if (length > WIRE_LIMITS.recordBytes) {
      cut.consumed = pieceLength(bytes);
      addBytes(cut, bytes.subarray(0, cut.consumed), { piece: ++this.#pieces });
      return cut;
    }
    if (newline < 0) return cut;
    if (this.#pieces > 0 || this.#counts) {
      addBytes(cut, bytes.subarray(0, newline), this.#pieces > 0 ? { piece: this.#pieces + 1 } : {});
      this.#pieces = 0;
      cut.consumed = newline + 1;
      return cut;
    }
    return cutLines(bytes.subarray(0, Math.min(beforeLongLine(bytes), beforeCount(bytes))));
  }
}

/**
 * The count at the beginning of a frame; `more` where the bytes end inside it, undefined where there is none. Until a
 * connection has shown that it counts, `<` must follow, as a line may well begin with a number.
 */
function readCount(bytes: Buffer, trusted: boolean): { start: number; length: number } | 'more' | undefined {
  let at = 0;
  let length = 0;
  while (at < COUNT_DIGITS) {
    const byte = bytes[at];
    if (byte === undefined) return at === 0 ? undefined : 'more';
    if (byte < 48 || byte > 57 || (at === 0 && byte === 48)) break;
    length = length * 10 + byte - 48;
    at++;
  }
  if (at === 0 || length > LONGEST_FRAME) return undefined;
  if (bytes[at] === undefined) return 'more';
  if (bytes[at] !== SPACE) return undefined;
  if (trusted) return { start: at + 1, length };
  if (bytes[at + 1] === undefined) return 'more';
  return bytes[at + 1] === LESS ? { start: at + 1, length } : undefined;
}

/** Lines are taken in one go up to the first that begins like a counted frame. */
function beforeCount(bytes: Buffer): number {
  let at = bytes.indexOf(NEWLINE) + 1;
  while (at > 0 && at < bytes.length) {
    const byte = bytes[at] as number;
    if (byte > 48 && byte <= 57 && readCount(bytes.subarray(at, at + COUNT_DIGITS + 2), false) !== undefined) return at;
    at = bytes.indexOf(NEWLINE, at) + 1;
  }
  return bytes.length;
}

function withoutNewline(message: Buffer): Buffer {
  return message.at(-1) === NEWLINE ? message.subarray(0, -1) : message;
}
