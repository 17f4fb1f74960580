import { TextDecoder } from 'node:util';
import { WIRE_LIMITS } from '../../ecs/wire.ts';
import { compileRegex, type SafeRegex } from '../../rules/query/safe-regex.ts';
import { BATCH_RECORDS, type RecordMarks } from '../intake.ts';
import { addBytes, beforeLongLine, type CutLines, cutLines, pieceLength } from './lines.ts';

/** Encodings a file may be in; the names are those of the WHATWG Encoding Standard. */
export const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1258', 'windows-1252', 'latin1'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** How the bytes of a file become records. */
export interface LineFormat {
  readonly encoding: Encoding;
  /** A line that this matches begins a record, other lines continue it; undefined makes each line a record. */
  readonly start: string | undefined;
}

/** Cuts records from bytes that begin at a record's beginning, or inside a line of which `pieces` have gone out. */
export interface Cutter {
  /** What is whole; `isQuiet` says that the file has not grown for a while, so that its last record counts as whole. */
  next(bytes: Buffer, pieces: number, isQuiet: boolean): { readonly cut: CutLines; readonly pieces: number };
  /** The unfinished end of a file that nobody writes to any more. */
  rest(bytes: Buffer, pieces: number): CutLines;
  /** Bytes up to and with the last line's end; -1 where there is none. */
  lastEnd(bytes: Buffer): number;
  /** Records need quiet to end. */
  readonly waits: boolean;
}

/** Chunk buffer: one whole record and a little, shared by all tails of an input. */
export const CHUNK_BYTES = WIRE_LIMITS.recordBytes + 4_096;
/** Lines of one record, at most. */
const MOST_LINES = 500;
/** Characters of a line that the start pattern looks at. */
const LOOKED_AT = 1_024;

function none(consumed = 0): CutLines {
  return { lines: [], marks: undefined, empty: 0, consumed };
}

/** Makes the cutter of a format. Throws `RegexError` where the start pattern is none. */
export function makeCutter({ encoding, start }: LineFormat): Cutter {
  if (encoding === 'utf-8' && start === undefined) return LINES;
  return new FormatCutter(encoding, start === undefined ? undefined : compileRegex(start, ''));
}

/** The usual case, as fast as can be: UTF-8, a record a line. */
const LINES: Cutter = {
  waits: false,
  next: (bytes, pieces) => {
    const newline = bytes.indexOf(10);
    const length = newline < 0 ? bytes.length : newline;
    const cut = none();
    if (length > WIRE_LIMITS.recordBytes) {
      const end = pieceLength(bytes);
      addBytes(cut, bytes.subarray(0, end), { piece: pieces + 1 });
      cut.consumed = end;
      return { cut, pieces: pieces + 1 };
    }
    if (newline < 0) return { cut, pieces };
    if (pieces === 0) return { cut: cutLines(bytes.subarray(0, beforeLongLine(bytes))), pieces: 0 };
    addBytes(cut, bytes.subarray(0, newline), { piece: pieces + 1 });
    cut.consumed = newline + 1;
    return { cut, pieces: 0 };
  },
  rest: (bytes, pieces) => {
    const cut = none(bytes.length);
    addBytes(cut, bytes, pieces > 0 ? { piece: pieces + 1 } : {});
    return cut;
  },
  lastEnd: (bytes) => {
    const newline = bytes.lastIndexOf(10);
    return newline < 0 ? -1 : newline + 1;
  },
};

class FormatCutter implements Cutter {
  readonly waits: boolean;
  readonly #start: SafeRegex | undefined;
  readonly #encoding: Encoding;
  readonly #decoder: TextDecoder;
  readonly #width: 1 | 2;

  constructor(encoding: Encoding, start: SafeRegex | undefined) {
    this.#encoding = encoding;
    this.#start = start;
    this.waits = start !== undefined;
    this.#decoder = new TextDecoder(encoding);
    this.#width = encoding.startsWith('utf-16') ? 2 : 1;
  }

  next(bytes: Buffer, pieces: number, isQuiet: boolean): { cut: CutLines; pieces: number } {
    const cut = none();
    if (pieces > 0) return this.#insideLongLine(bytes, pieces);
    let at = 0;
    while (cut.lines.length + cut.empty < BATCH_RECORDS) {
      const end = this.#recordEnd(bytes, at, isQuiet);
      if (end === 'long') {
        if (at === 0) return this.#insideLongLine(bytes, 0);
        break;
      }
      if (end === undefined) break;
      this.#add(cut, bytes.subarray(at, end - this.#width), {});
      at = end;
    }
    cut.consumed = at;
    return { cut, pieces: 0 };
  }

  rest(bytes: Buffer, pieces: number): CutLines {
    const cut = none(bytes.length);
    this.#add(cut, bytes, pieces > 0 ? { piece: pieces + 1 } : {});
    return cut;
  }

  lastEnd(bytes: Buffer): number {
    let last = -1;
    for (let end = this.#lineEnd(bytes, 0); end >= 0; end = this.#lineEnd(bytes, end)) last = end;
    return last;
  }

  /** Where the record at `start` ends; undefined where that is not known yet, `long` where its first line is too long. */
  #recordEnd(bytes: Buffer, start: number, isQuiet: boolean): number | 'long' | undefined {
    let end = this.#lineEnd(bytes, start);
    if ((end < 0 ? bytes.length : end) - start > WIRE_LIMITS.recordBytes) return 'long';
    if (end < 0) return undefined;
    if (!this.#start) return end;
    for (let lines = 1; lines < MOST_LINES; lines++) {
      const next = this.#lineEnd(bytes, end);
      const reach = next < 0 ? bytes.length : next;
      if (reach - start > WIRE_LIMITS.recordBytes) return end;
      if (next < 0) {
        // The beginning of a line may be enough to know that it begins a record, but not that it does not.
        return isQuiet ? end : undefined;
      }
      if (this.#start.test(this.#text(bytes.subarray(end, Math.min(next, end + 4 * LOOKED_AT))).slice(0, LOOKED_AT)))
        return end;
      end = next;
    }
    return end;
  }

  /** Behind the next line end from `from` on, which is at a character's beginning; -1 where there is none. */
  #lineEnd(bytes: Buffer, from: number): number {
    if (this.#width === 1) {
      const newline = bytes.indexOf(10, from);
      return newline < 0 ? -1 : newline + 1;
    }
    const low = this.#encoding === 'utf-16le' ? 0 : 1;
    for (let at = bytes.indexOf(10, from); at >= 0; at = bytes.indexOf(10, at + 1)) {
      const start = at - low;
      if ((start - from) % 2 === 0 && start >= from && bytes[start + 1 - low] === 0) {
        if (start + 2 <= bytes.length) return start + 2;
      }
    }
    return -1;
  }

  #insideLongLine(bytes: Buffer, pieces: number): { cut: CutLines; pieces: number } {
    const end = this.#lineEnd(bytes, 0);
    const length = end < 0 ? bytes.length : end - this.#width;
    const cut = none();
    if (length > WIRE_LIMITS.recordBytes) {
      const piece = this.#encoding === 'utf-8' ? pieceLength(bytes) : WIRE_LIMITS.recordBytes;
      this.#add(cut, bytes.subarray(0, piece), { piece: pieces + 1 });
      cut.consumed = piece;
      return { cut, pieces: pieces + 1 };
    }
    if (end < 0) return { cut, pieces };
    this.#add(cut, bytes.subarray(0, end - this.#width), { piece: pieces + 1 });
    cut.consumed = end;
    return { cut, pieces: 0 };
  }

  #text(bytes: Buffer): string {
    const text = this.#decoder.decode(bytes).replace(/\r?\n?$/, '');
    // Vietnamese in windows-1258 has its tone marks apart; searches and rules have them together.
    return this.#encoding === 'windows-1258' ? text.normalize('NFC') : text;
  }

  #add(cut: CutLines, bytes: Buffer, marks: RecordMarks): void {
    if (this.#encoding === 'utf-8') {
      addBytes(cut, bytes.at(-1) === 10 ? bytes.subarray(0, -1) : bytes, marks);
      return;
    }
    const text = this.#text(bytes);
    if (text === '') {
      cut.empty++;
      return;
    }
    const all = text.includes('\ufffd') ? { ...marks, originalBase64: bytes.toString('base64') } : marks;
    if (Object.keys(all).length > 0) {
      cut.marks ??= new Map();
      cut.marks.set(cut.lines.length, all);
    }
    cut.lines.push(text);
  }
}
