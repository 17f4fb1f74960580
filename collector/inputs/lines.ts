import { isUtf8 } from 'node:buffer';
import { WIRE_LIMITS } from '../../ecs/wire.ts';
import { BATCH_RECORDS, type RecordMarks } from '../intake.ts';

/** Lines cut from bytes. */
export interface CutLines {
  readonly lines: string[];
  marks: Map<number, RecordMarks> | undefined;
  empty: number;
  /** Bytes from the start that the lines cover, newlines included. */
  consumed: number;
}

const NEWLINE = 10;
const RETURN = 13;

/**
 * Cuts whole lines from the bytes, at most as many as a batch holds; what follows the last newline is left. A `\r`
 * before the newline goes; bytes that are not UTF-8 are decoded with replacement characters and kept in base64 too.
 */
export function cutLines(bytes: Buffer): CutLines {
  const cut: CutLines = { lines: [], marks: undefined, empty: 0, consumed: 0 };
  let count = 0;
  let at = 0;
  while (count < BATCH_RECORDS) {
    const newline = bytes.indexOf(NEWLINE, at);
    if (newline < 0) break;
    at = newline + 1;
    count++;
  }
  cut.consumed = at;
  if (count === 0) return cut;
  const whole = bytes.subarray(0, at - 1);
  if (isUtf8(whole)) {
    for (const line of whole.toString('utf8').split('\n')) addText(cut, line);
    return cut;
  }
  let start = 0;
  while (start < at) {
    const end = bytes.indexOf(NEWLINE, start);
    addBytes(cut, bytes.subarray(start, end), {});
    start = end + 1;
  }
  return cut;
}

/** Adds one record given as bytes, with its marks. */
export function addBytes(cut: CutLines, record: Buffer, marks: RecordMarks): void {
  const trimmed = record.at(-1) === RETURN ? record.subarray(0, -1) : record;
  if (trimmed.length === 0) {
    cut.empty++;
    return;
  }
  const sound = isUtf8(trimmed);
  const all = sound ? marks : { ...marks, originalBase64: trimmed.toString('base64') };
  if (Object.keys(all).length > 0) {
    cut.marks ??= new Map();
    cut.marks.set(cut.lines.length, all);
  }
  cut.lines.push(trimmed.toString('utf8'));
}

function addText(cut: CutLines, line: string): void {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line;
  if (text.length === 0) cut.empty++;
  else cut.lines.push(text);
}

/**
 * How long a piece of an over-long record may be: the limit, less the bytes of a UTF-8 character that it would cut in
 * two, so that sound text stays sound in pieces.
 */
export function pieceLength(bytes: Buffer, limit: number = WIRE_LIMITS.recordBytes): number {
  for (let back = 0; back < 4; back++) {
    const byte = bytes[limit - back];
    if (byte === undefined || (byte & 0xc0) !== 0x80) return limit - back;
  }
  return limit;
}

/** Cuts a stream that comes in chunks (TCP, standard input) to lines, holding the unfinished last one. */
export class LineStream {
  readonly #limit: number;
  #rest: Buffer = Buffer.alloc(0);
  /** Pieces of the line being read that have gone out. */
  #pieces = 0;

  constructor(limit: number = WIRE_LIMITS.recordBytes) {
    this.#limit = limit;
  }

  /** Bytes of the unfinished line. */
  get held(): number {
    return this.#rest.length;
  }

  /** Takes a chunk and gives what is complete now, a batch at a time. */
  *push(chunk: Buffer): Generator<CutLines> {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const newline = bytes.indexOf(NEWLINE);
      const length = newline < 0 ? bytes.length : newline;
      if (length > this.#limit) {
        const end = pieceLength(bytes, this.#limit);
        yield this.#one(bytes.subarray(0, end), end, { piece: ++this.#pieces });
        bytes = bytes.subarray(end);
      } else if (newline < 0) break;
      else if (this.#pieces > 0) {
        yield this.#one(bytes.subarray(0, newline), newline + 1, { piece: ++this.#pieces });
        this.#pieces = 0;
        bytes = bytes.subarray(newline + 1);
      } else {
        const upToLong = cutLines(bytes.subarray(0, beforeLongLine(bytes, this.#limit)));
        yield upToLong;
        bytes = bytes.subarray(upToLong.consumed);
      }
    }
    // A copy, so that a short rest does not keep a long chunk alive.
    this.#rest = Buffer.from(bytes);
  }

  /** Gives the unfinished line, if there is one, as the stream has ended. */
  flush(truncated: boolean): CutLines | undefined {
    if (this.#rest.length === 0) return undefined;
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    const piece = this.#pieces > 0 ? { piece: ++this.#pieces } : {};
    this.#pieces = 0;
    return this.#one(rest, rest.length, truncated ? { ...piece, truncated: true } : piece);
  }

  #one(record: Buffer, consumed: number, marks: RecordMarks): CutLines {
    const cut: CutLines = { lines: [], marks: undefined, empty: 0, consumed };
    addBytes(cut, record, marks);
    return cut;
  }
}

/** Where the first over-long line begins, or the end of the bytes. */
export function beforeLongLine(bytes: Buffer, limit: number = WIRE_LIMITS.recordBytes): number {
  if (bytes.length <= limit) return bytes.length;
  let start = 0;
  for (;;) {
    const newline = bytes.indexOf(NEWLINE, start);
    if (newline < 0) return bytes.length;
    if (newline - start > limit) return start;
    start = newline + 1;
  }
}
