import { isUtf8 } from 'node:buffer';
import { WIRE_LIMITS } from '../../ecs/wire.ts';
import { BATCH_RECORDS, type RecordMarks } from '../intake.ts';
import type { CutLines } from './lines.ts';
import { pieceLength } from './lines.ts';

function none(): CutLines {
  return { lines: [], marks: undefined, empty: 0, consumed: 0 };
}

/**
 * Puts records whose ends are known (documents, messages) into batches as the intake takes them: at most
 * `BATCH_RECORDS` and, single records aside, 256 KiB. What is longer than a record may be comes in pieces; every byte
 * counts in `consumed`, no byte is changed.
 */
export function* inBatches(records: Iterable<Buffer>): Generator<CutLines> {
  let cut = none();
  for (const record of records) {
    for (const [piece, marks] of pieces(record)) {
      if (cut.lines.length >= BATCH_RECORDS || cut.consumed + piece.length > WIRE_LIMITS.recordBytes) {
        if (cut.consumed > 0) yield cut;
        cut = none();
      }
      add(cut, piece, marks);
    }
  }
  if (cut.consumed > 0) yield cut;
}

/** How many events `inBatches` makes of a record. */
export function pieceCount(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / WIRE_LIMITS.recordBytes));
}

function* pieces(record: Buffer): Generator<[Buffer, RecordMarks | undefined]> {
  if (record.length <= WIRE_LIMITS.recordBytes) {
    yield [record, undefined];
    return;
  }
  let rest = record;
  for (let piece = 1; rest.length > 0; piece++) {
    const end = rest.length > WIRE_LIMITS.recordBytes ? pieceLength(rest) : rest.length;
    yield [rest.subarray(0, end), { piece }];
    rest = rest.subarray(end);
  }
}

function add(cut: CutLines, bytes: Buffer, marks: RecordMarks | undefined): void {
  const all = isUtf8(bytes) ? marks : { ...marks, originalBase64: bytes.toString('base64') };
  if (all !== undefined) {
    cut.marks ??= new Map();
    cut.marks.set(cut.lines.length, all);
  }
  cut.lines.push(bytes.toString('utf8'));
  cut.consumed += bytes.length;
}
