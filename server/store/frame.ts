import { zstdDecompressSync } from 'node:zlib';
import { JsonBytes } from '../../ecs/scan/json-bytes.ts';
import { type FrameHeader, WIRE_LIMITS } from '../../ecs/wire.ts';
import { HaidangError } from '../errors.ts';

/** A frame opened: its header, and its events as lines of JSON in order of their sequence. */
export interface DecodedFrame {
  readonly header: FrameHeader;
  readonly text: JsonBytes;
  /** Where each line starts; one more than there are lines. A line ends one byte before the next one starts. */
  readonly starts: Uint32Array;
}

const COLLECTOR = /^[a-z0-9]{4,32}$/;
const EPOCH = /^[0-9a-f]{8}$/;
const DAY = /^\d{8}$/;
const MAX_SOURCES = 1_000;
const MAX_SOURCE_NAME = 512;
const MAX_HEADER_BYTES = 1024 * 1024;
const MAX_SEQUENCE = 999_999_999_999_999;
/** How much larger a frame of logs is unpacked, and bounds of what is laid ready for it. */
const USUAL_RATIO = 32;
const LEAST_SPACE = 16 * 1024;
const MOST_SPACE = 2 * 1024 * 1024;

/**
 * Opens a frame (`ecs/wire.ts`) and checks that its header and its number of lines agree. The lines themselves are not
 * parsed. Never gives more than `WIRE_LIMITS.frameBytesPlain` bytes, whatever the frame claims.
 *
 * @throws HaidangError `HD_BATCH_MALFORMED`
 */
export function decodeFrame(body: Uint8Array): DecodedFrame {
  return openFrame(decompressFrame(body));
}

/** The same of a frame's text. @throws HaidangError `HD_BATCH_MALFORMED` */
export function openFrame(plain: Buffer): DecodedFrame {
  const headerEnd = plain.indexOf(10);
  const header = readHeader(headerEnd < 0 ? plain : plain.subarray(0, headerEnd));
  const expected = header.last - header.first + 1;
  const starts = new Uint32Array(expected + 1);
  let lines = 0;
  let at = headerEnd < 0 ? plain.length : headerEnd + 1;
  for (; at < plain.length; lines++) {
    if (lines < expected) starts[lines] = at;
    const end = plain.indexOf(10, at);
    at = (end < 0 ? plain.length : end) + 1;
  }
  if (lines !== expected) throw malformed(`the header announces ${expected} events and ${lines} lines follow`);
  starts[expected] = at;
  return { header, text: new JsonBytes(plain), starts };
}

/** A line of a frame by its place, without the line end. */
export function lineOfFrame({ text, starts }: Pick<DecodedFrame, 'text' | 'starts'>, at: number): string {
  return text.bytes.toString('utf8', starts[at] ?? 0, (starts[at + 1] ?? 1) - 1);
}

/** Whether a line is another agency's: in a part of a frame (`FrameHeader.part`) those are empty. */
export function isOthers({ header, starts }: Pick<DecodedFrame, 'header' | 'starts'>, at: number): boolean {
  return header.part === true && (starts[at + 1] as number) - (starts[at] as number) === 1;
}

/** Unpacks a frame within the limits of the wire. @throws HaidangError `HD_BATCH_MALFORMED` */
export function decompressFrame(body: Uint8Array): Buffer {
  if (body.byteLength > WIRE_LIMITS.frameBytes) {
    throw malformed(`${body.byteLength} bytes are more than the ${WIRE_LIMITS.frameBytes} allowed`);
  }
  try {
    return zstdDecompressSync(body, { maxOutputLength: WIRE_LIMITS.frameBytesPlain, chunkSize: spaceOf(body) });
  } catch (cause) {
    const tooLarge = cause instanceof RangeError || (cause as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE';
    const why = tooLarge
      ? `it unpacks to more than ${WIRE_LIMITS.frameBytesPlain} bytes`
      : 'it is not a whole zstd frame';
    throw malformed(why, cause);
  }
}

/** Room to unpack a frame into: one piece for the usual one, as each piece more is copied together with the others. */
function spaceOf(body: Uint8Array): number {
  return Math.min(MOST_SPACE, Math.max(LEAST_SPACE, USUAL_RATIO * body.byteLength));
}

/** Reads and checks the header of a frame. @throws HaidangError `HD_BATCH_MALFORMED` */
export function readHeader(bytes: Buffer): FrameHeader {
  if (bytes.byteLength > MAX_HEADER_BYTES) throw malformed('its header is longer than 1 MiB');
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw malformed('its first line is not JSON', cause);
  }
  const problem = headerProblem(parsed);
  if (problem) throw malformed(problem);
  return parsed as FrameHeader;
}

function headerProblem(value: unknown): string | undefined {
  if (!isObject(value)) return 'its header is not an object';
  if (value['version'] !== 1) return 'its header has another version than 1';
  if (!matches(value['collector'], COLLECTOR)) return 'its header names no valid collector';
  if (!matches(value['epoch'], EPOCH)) return 'its header has no valid epoch';
  if (!matches(value['day'], DAY) || !isCalendarDay(value['day'])) return 'its header has no valid day';
  const { first, last } = value;
  if (!isCount(first) || first < 1 || first > MAX_SEQUENCE) return 'its header has no valid first sequence';
  if (!isCount(last) || last < first - 1 || last > MAX_SEQUENCE) return 'its header has no valid last sequence';
  const events = last - first + 1;
  if (events > WIRE_LIMITS.frameEvents) return `it holds ${events} events, more than ${WIRE_LIMITS.frameEvents}`;
  if (value['part'] !== undefined && value['part'] !== true) return 'its header has no valid part';
  if (typeof value['spooledAt'] !== 'string' || Number.isNaN(Date.parse(value['spooledAt']))) {
    return 'its header has no valid spooledAt';
  }
  return sourcesProblem(value['sources']) ?? runsProblem(value['runs'], (value['sources'] as unknown[]).length, events);
}

function sourcesProblem(sources: unknown): string | undefined {
  if (!Array.isArray(sources) || sources.length > MAX_SOURCES) return 'its header has no valid list of sources';
  const names = new Set<string>();
  for (const source of sources) {
    if (!isObject(source)) return 'a source in its header is not an object';
    const name = source['source'];
    if (typeof name !== 'string' || name === '' || name.length > MAX_SOURCE_NAME) return 'a source has no valid name';
    if (names.has(name)) return 'its header names a source twice';
    names.add(name);
    const dropped = source['dropped'];
    const counted = [source['read'], source['spooled'], source['unparsed']];
    if (!counted.every(isCount) || !isObject(dropped) || !Object.values(dropped).every(isCount)) {
      return 'a source in its header has counters that are not whole numbers';
    }
  }
  return undefined;
}

function runsProblem(runs: unknown, sources: number, events: number): string | undefined {
  if (!Array.isArray(runs) || runs.length > events) return 'its header has no valid runs';
  let sum = 0;
  for (const run of runs) {
    if (!Array.isArray(run) || run.length !== 2) return 'a run in its header is not a pair';
    const [source, count] = run as [unknown, unknown];
    if (!isCount(source) || source >= sources) return 'a run in its header names no source';
    if (!isCount(count) || count < 1) return 'a run in its header has no valid length';
    sum += count;
  }
  return sum === events ? undefined : `its runs sum to ${sum} and not to ${events}`;
}

/** The source of each line of a frame, by its runs. */
export function sourcesOfLines(header: FrameHeader): string[] {
  const names: string[] = [];
  for (const [index, count] of header.runs) {
    const name = header.sources[index]?.source ?? '';
    for (let at = 0; at < count; at++) names.push(name);
  }
  return names;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function matches(value: unknown, form: RegExp): value is string {
  return typeof value === 'string' && form.test(value);
}

function isCalendarDay(day: string): boolean {
  const iso = `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`;
  const time = Date.parse(`${iso}T00:00:00.000Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(iso);
}

function malformed(why: string, cause?: unknown): HaidangError {
  return new HaidangError('HD_BATCH_MALFORMED', `The batch cannot be read: ${why}.`, { cause });
}
