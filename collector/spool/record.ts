import { crc32 } from 'node:zlib';
import { WIRE_LIMITS } from '../../ecs/wire.ts';

/**
 * A record of a segment, big-endian: magic `HDS1` (4), payload length (4), CRC32 of all that follows (4), events in
 * the frame (4), frame number (6), zero (2), payload: the frame as it travels.
 */
export const RECORD_HEADER_BYTES = 24;
const MAGIC = 0x48445331;
const MAGIC_BYTES = Buffer.from('HDS1', 'latin1');
/** A little over what the wire allows: a frame past that is the server's to refuse, not a damaged record. */
const LONGEST_PAYLOAD = 2 * WIRE_LIMITS.frameBytesPlain;

/** The fixed part of a record. */
export interface RecordHeader {
  readonly number: number;
  readonly events: number;
  readonly length: number;
  readonly crc: number;
}

/** A whole record found in a segment. */
export interface FoundRecord {
  readonly kind: 'record';
  readonly offset: number;
  readonly number: number;
  readonly events: number;
  readonly payload: Buffer;
}

/** Bytes of a segment that are not a whole record. */
export interface DamagedStretch {
  readonly kind: 'damaged';
  readonly offset: number;
  readonly end: number;
  /** As the damaged header says it; undefined where it is not believable. */
  readonly events: number | undefined;
}

/** The header bytes to write before a payload. */
export function encodeRecordHeader(number: number, events: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(RECORD_HEADER_BYTES);
  header.writeUInt32BE(MAGIC, 0);
  header.writeUInt32BE(payload.length, 4);
  header.writeUInt32BE(events, 12);
  header.writeUIntBE(number, 16, 6);
  header.writeUInt32BE(crc32(payload, crc32(header.subarray(12))), 8);
  return header;
}

/** Reads a record's header; undefined where the bytes are not one. The checksum is not looked at. */
export function decodeRecordHeader(bytes: Buffer): RecordHeader | undefined {
  if (bytes.length < RECORD_HEADER_BYTES || bytes.readUInt32BE(0) !== MAGIC) return undefined;
  const length = bytes.readUInt32BE(4);
  const events = bytes.readUInt32BE(12);
  if (length > LONGEST_PAYLOAD || events > WIRE_LIMITS.frameEvents || bytes.readUInt16BE(22) !== 0) return undefined;
  return { number: bytes.readUIntBE(16, 6), events, length, crc: bytes.readUInt32BE(8) };
}

/** The record that begins at `offset`, checked; undefined where it is cut off or damaged. */
export function readRecord(bytes: Buffer, offset: number): FoundRecord | undefined {
  const header = decodeRecordHeader(bytes.subarray(offset, offset + RECORD_HEADER_BYTES));
  if (!header) return undefined;
  const start = offset + RECORD_HEADER_BYTES;
  const payload = bytes.subarray(start, start + header.length);
  if (payload.length < header.length) return undefined;
  if (crc32(payload, crc32(bytes.subarray(offset + 12, start))) !== header.crc) return undefined;
  return { kind: 'record', offset, number: header.number, events: header.events, payload };
}

/** Walks a whole segment: records as they are, and what lies damaged between them or at the end. */
export function* scanSegment(bytes: Buffer, from = 0): Generator<FoundRecord | DamagedStretch> {
  let offset = from;
  while (offset < bytes.length) {
    const record = readRecord(bytes, offset);
    if (record) {
      yield record;
      offset += RECORD_HEADER_BYTES + record.payload.length;
      continue;
    }
    const events = decodeRecordHeader(bytes.subarray(offset, offset + RECORD_HEADER_BYTES))?.events;
    const end = nextRecord(bytes, offset + 1);
    yield { kind: 'damaged', offset, end, events };
    offset = end;
  }
}

function nextRecord(bytes: Buffer, from: number): number {
  let at = bytes.indexOf(MAGIC_BYTES, from);
  while (at >= 0) {
    if (readRecord(bytes, at)) return at;
    at = bytes.indexOf(MAGIC_BYTES, at + 1);
  }
  return bytes.length;
}
