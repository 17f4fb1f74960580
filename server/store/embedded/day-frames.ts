import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { constants, type ZstdOptions, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { JsonBytes } from '../../../ecs/scan/json-bytes.ts';
import { type FrameHeader, WIRE_LIMITS } from '../../../ecs/wire.ts';
import { type DecodedFrame, decodeFrame, openFrame, readHeader } from '../frame.ts';

/**
 * What events are read from. A batch has its frame as the collector sent it, in `frame`, or, once the day was compacted,
 * the same text in pieces of a few events, in `piece`: row `line` has the lines from that one on, row -1 the header.
 * Pieces are packed with the day's `dictionary`, some of its lines, so that they are small though they are short.
 */
export const PIECE_TABLES = `
CREATE TABLE piece (
  first_sequence INTEGER NOT NULL, line INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (first_sequence, line)
) WITHOUT ROWID;
CREATE TABLE dictionary (id INTEGER PRIMARY KEY CHECK (id = 1), body BLOB NOT NULL);
`;
export const FRAME_TABLES: string = `
CREATE TABLE frame (first_sequence INTEGER PRIMARY KEY, body BLOB NOT NULL);${PIECE_TABLES}`;

/** Lines of a piece, at most, and bytes of its text from which on it takes no other line. */
const PIECE_LINES = 64;
const PIECE_BYTES = 256 * 1024;
/** Packing a piece better than this takes several times as long and saves little. */
const LEVEL = 6;
const HEADER = -1;

/** Lines of a frame that are unpacked together. */
export interface FramePart {
  /** Number of its first line. */
  readonly first: number;
  readonly text: JsonBytes;
  /** Where each line starts; one more than there are lines. A line ends one byte before the next one starts. */
  readonly starts: Uint32Array;
}

/** Reads and repacks the frames of one day. */
export class DayFrames {
  readonly #frame: StatementSync;
  readonly #piece: StatementSync;
  readonly #pieces: StatementSync;
  readonly #dictionaryRow: StatementSync;
  #dictionary: Buffer | undefined;

  constructor(db: DatabaseSync) {
    this.#frame = db.prepare('SELECT body FROM frame WHERE first_sequence = ?');
    this.#piece = db.prepare(
      'SELECT line, body FROM piece WHERE first_sequence = ? AND line <= ? ORDER BY line DESC LIMIT 1',
    );
    this.#pieces = db.prepare('SELECT body FROM piece WHERE first_sequence = ? ORDER BY line');
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

  /** The header of a batch that is in pieces. */
  header(batch: number): FrameHeader | undefined {
    const row = this.#piece.get(batch, HEADER);
    return row && readHeader(this.#unpack(row['body'] as Uint8Array));
  }

  /** Number of the first line of the piece that a line is in; undefined where the batch is not in pieces. */
  pieceOf(batch: number, line: number): number | undefined {
    const row = this.#piece.get(batch, line);
    return row && Number(row['line']);
  }

  /** The piece that a line is in. */
  piece(batch: number, line: number): FramePart | undefined {
    const row = this.#piece.get(batch, line);
    if (!row || Number(row['line']) === HEADER) return undefined;
    const bytes = this.#unpack(row['body'] as Uint8Array);
    const starts = [0];
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) starts.push(at + 1);
    // The last line of a frame may lack its end.
    if (starts.at(-1) !== bytes.length) starts.push(bytes.length + 1);
    return { first: Number(row['line']), text: new JsonBytes(bytes), starts: Uint32Array.from(starts) };
  }

  #plain(batch: number): Buffer | undefined {
    const pieces = this.#pieces.all(batch).map((row) => this.#unpack(row['body'] as Uint8Array));
    return pieces.length === 0 ? undefined : Buffer.concat(pieces);
  }

  #unpack(body: Uint8Array): Buffer {
    this.#dictionary ??= Buffer.from((this.#dictionaryRow.get()?.['body'] as Uint8Array | undefined) ?? []);
    return zstdDecompressSync(body, withDictionary(this.#dictionary, { maxOutputLength: WIRE_LIMITS.frameBytesPlain }));
  }
}

/** The text of a frame in pieces: number of the first line, and the packed bytes. */
export function* packPieces(frame: DecodedFrame, dictionary: Buffer): Generator<readonly [line: number, body: Buffer]> {
  const { bytes } = frame.text;
  const { starts } = frame;
  const lines = starts.length - 1;
  const options = withDictionary(dictionary, { params: { [constants.ZSTD_c_compressionLevel]: LEVEL } });
  yield [HEADER, zstdCompressSync(bytes.subarray(0, starts[0]), options)];
  for (let first = 0; first < lines; ) {
    let end = first + 1;
    while (
      end < lines &&
      end - first < PIECE_LINES &&
      (starts[end] as number) - (starts[first] as number) < PIECE_BYTES
    ) {
      end++;
    }
    yield [first, zstdCompressSync(bytes.subarray(starts[first], starts[end]), options)];
    first = end;
  }
}

function withDictionary(dictionary: Buffer, options: ZstdOptions): ZstdOptions {
  return dictionary.length === 0 ? options : { ...options, dictionary };
}
