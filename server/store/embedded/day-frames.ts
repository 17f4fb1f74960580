import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { constants, type ZstdOptions, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { JsonBytes } from '../../../ecs/scan/json-bytes.ts';
import { type FrameHeader, WIRE_LIMITS } from '../../../ecs/wire.ts';
import { type DecodedFrame, decodeFrame, openFrame, readHeader } from '../frame.ts';

/**
 * What events are read from. A batch has its frame as the collector sent it, in `frame`, or, once the day was compacted,
 * the same text in pieces of a few events each, in `packed`: `body` has the packed pieces one after the other, the
 * frame's header first; `places` has two 32-bit little-endian numbers for each, its first line and its place in `body`.
 * Pieces are packed with the day's `dictionary`, some of its lines, so that they are small though they are short.
 */
export const PACKED_TABLES = `
CREATE TABLE packed (first_sequence INTEGER PRIMARY KEY, places BLOB NOT NULL, body BLOB NOT NULL);
CREATE TABLE dictionary (id INTEGER PRIMARY KEY CHECK (id = 1), body BLOB NOT NULL);
`;
export const FRAME_TABLES: string = `
CREATE TABLE frame (first_sequence INTEGER PRIMARY KEY, body BLOB NOT NULL);${PACKED_TABLES}`;

/** Lines of a piece, at most, and bytes of its text from which on it takes no other line. */
const PIECE_LINES = 64;
const PIECE_BYTES = 256 * 1024;
/** Packing better than this saves a sixth and takes more than twice as long. */
const LEVEL = 3;
/** Stands for a header in the place of a line. */
const HEADER = -1;

/** Lines of a frame that are unpacked together. */
export interface FramePart {
  /** Number of its first line. */
  readonly first: number;
  readonly text: JsonBytes;
  /** Where each line starts; one more than there are lines. A line ends one byte before the next one starts. */
  readonly starts: Uint32Array;
}

/** Reads the frames of one day. */
export class DayFrames {
  readonly #frame: StatementSync;
  readonly #places: StatementSync;
  readonly #body: StatementSync;
  readonly #part: StatementSync;
  readonly #dictionaryRow: StatementSync;
  #dictionary: Buffer | undefined;

  constructor(db: DatabaseSync) {
    this.#frame = db.prepare('SELECT body FROM frame WHERE first_sequence = ?');
    this.#places = db.prepare('SELECT places FROM packed WHERE first_sequence = ?');
    this.#body = db.prepare('SELECT body FROM packed WHERE first_sequence = ?');
    this.#part = db.prepare('SELECT substr(body, ?, ?) AS body FROM packed WHERE first_sequence = ?');
    this.#dictionaryRow = db.prepare('SELECT body FROM dictionary');
  }

  /** The whole frame of a batch, packed as on the wire; undefined where it is missing. */
  body(batch: number): Uint8Array | undefined {
    const body = this.#frame.get(batch)?.['body'];
    if (body instanceof Uint8Array) return body;
    const plain = this.#plain(batch);
    return plain && zstdCompressSync(plain);
  }

  /** The whole frame of a batch, opened; undefined where it is missing. @throws HaidangError where it is no frame */
  open(batch: number): DecodedFrame | undefined {
    const body = this.#frame.get(batch)?.['body'];
    if (body instanceof Uint8Array) return decodeFrame(body);
    const plain = this.#plain(batch);
    return plain && openFrame(plain);
  }

  /** Where the pieces of a batch are; undefined where it is not in pieces. */
  pieces(batch: number): Pieces | undefined {
    const places = this.#places.get(batch)?.['places'];
    return places instanceof Uint8Array ? new Pieces(batch, places) : undefined;
  }

  /** The header of a batch that is in pieces. */
  header({ batch, places }: Pieces): FrameHeader {
    return readHeader(this.#read(batch, places[1] as number, places[3]));
  }

  /** A piece by its number (`Pieces.at`). */
  piece({ batch, places }: Pieces, at: number): FramePart {
    const bytes = this.#read(batch, places[2 * at + 1] as number, places[2 * at + 3]);
    const starts = [0];
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, end + 1)) starts.push(end + 1);
    // The last line of a frame may lack its end.
    if (starts.at(-1) !== bytes.length) starts.push(bytes.length + 1);
    return { first: places[2 * at] as number, text: new JsonBytes(bytes), starts: Uint32Array.from(starts) };
  }

  #read(batch: number, start: number, end: number | undefined): Buffer {
    const length = end === undefined ? Number.MAX_SAFE_INTEGER : end - start;
    return this.#unpack(this.#part.get(start + 1, length, batch)?.['body'] as Uint8Array);
  }

  #plain(batch: number): Buffer | undefined {
    const pieces = this.pieces(batch);
    if (!pieces) return undefined;
    const body = this.#body.get(batch)?.['body'] as Uint8Array;
    const { places } = pieces;
    const parts = Array.from({ length: places.length / 2 }, (_, at) =>
      this.#unpack(body.subarray(places[2 * at + 1], places[2 * at + 3])),
    );
    return Buffer.concat(parts);
  }

  #unpack(body: Uint8Array): Buffer {
    this.#dictionary ??= Buffer.from((this.#dictionaryRow.get()?.['body'] as Uint8Array | undefined) ?? []);
    const options = { maxOutputLength: WIRE_LIMITS.frameBytesPlain, chunkSize: spaceFor(body) };
    return zstdDecompressSync(body, withDictionary(this.#dictionary, options));
  }
}

/** Room laid ready for a piece, in bytes: what zlib lays ready by itself, and no more than the longest line. */
const LEAST_SPACE = 16 * 1024;
const MOST_SPACE = 4 * 1024 * 1024;
/** Bytes of room left over say that all is there. */
const TO_SPARE = 64;

/** Room for all that a piece unpacks to, in one: several would be copied together, which takes as long again. */
function spaceFor(body: Uint8Array): number {
  return Math.min(MOST_SPACE, Math.max(LEAST_SPACE, (plainBytes(body) ?? 0) + TO_SPARE));
}

/** Bytes of the text as a zstd frame says it (RFC 8878, section 3.1.1.1); undefined where it does not. */
export function plainBytes(body: Uint8Array): number | undefined {
  const descriptor = body[4];
  if (descriptor === undefined) return undefined;
  const isSingle = (descriptor & 0x20) !== 0;
  const at = 5 + (isSingle ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] as number);
  const bytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
  if (bytes === 0 || at + bytes > body.byteLength) return undefined;
  const view = new DataView(body.buffer, body.byteOffset + at, bytes);
  if (bytes === 1) return view.getUint8(0);
  if (bytes === 2) return view.getUint16(0, true) + 256;
  return bytes === 4 ? view.getUint32(0, true) : Number(view.getBigUint64(0, true));
}

/** Where the pieces of a batch are. */
export class Pieces {
  readonly batch: number;
  /** By twos: the first line of a piece, and its place. */
  readonly places: Int32Array;

  constructor(batch: number, bytes: Uint8Array) {
    this.batch = batch;
    const { buffer, byteOffset } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
    this.places = new Int32Array(buffer, byteOffset, bytes.byteLength >> 2);
  }

  /** Number of the piece that a line is in. */
  at(line: number): number {
    let at = this.places.length / 2 - 1;
    while (at > 1 && (this.places[2 * at] as number) > line) at--;
    return at;
  }
}

/** A frame in pieces, as `packed` has it. */
export function packFrame(
  frame: DecodedFrame,
  dictionary: Buffer,
): { readonly places: Uint8Array; readonly body: Uint8Array } {
  const { bytes } = frame.text;
  const { starts } = frame;
  const lines = starts.length - 1;
  const options = withDictionary(dictionary, { params: { [constants.ZSTD_c_compressionLevel]: LEVEL } });
  const parts = [zstdCompressSync(bytes.subarray(0, starts[0]), options)];
  const places = [HEADER, 0];
  let place = parts[0]?.length ?? 0;
  for (let first = 0; first < lines; ) {
    let end = first + 1;
    while (
      end < lines &&
      end - first < PIECE_LINES &&
      (starts[end] as number) - (starts[first] as number) < PIECE_BYTES
    ) {
      end++;
    }
    const part = zstdCompressSync(bytes.subarray(starts[first], starts[end]), options);
    parts.push(part);
    places.push(first, place);
    place += part.length;
    first = end;
  }
  return { places: new Uint8Array(Int32Array.from(places).buffer), body: Buffer.concat(parts) };
}

function withDictionary(dictionary: Buffer, options: ZstdOptions): ZstdOptions {
  return dictionary.length === 0 ? options : { ...options, dictionary };
}
