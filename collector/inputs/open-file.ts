import { type FileHandle, open } from 'node:fs/promises';
import { WIRE_LIMITS } from '../../ecs/wire.ts';
import { systemCode } from '../errors.ts';
import type { Cutter } from './cutter.ts';
import {
  type FileMark,
  HEAD_BYTES,
  headOf,
  isCopy,
  isMarked,
  isPast,
  isSince,
  rotatedSiblings,
} from './file-position.ts';

/** A file being read: the one under the path, or one that rotation has moved away. */
export interface OpenFile {
  readonly handle: FileHandle;
  mark: FileMark;
  /** It was read, or waited to be, before it was opened now. */
  readonly isKnown: boolean;
  /** The look before it was opened: where it has no first bytes yet, it is looked for from then on. */
  readonly seenAt: number;
  /** When bytes last came. */
  grewAt: number;
  /** When it was written to last, by the clock of its file system, at the last look. */
  writtenAt: number;
  /** Size at which only an unfinished line was left: nothing to do until it changes. */
  unfinishedAt: number;
  /** Size at which quiet has ended the last record: the rest is an unfinished line. */
  quietAt: number;
}

/**
 * Opens a file and finds it among those read before; a file never read begins at its beginning. Undefined where there is
 * no file under the path; throws where it may not be read.
 */
export async function openFile(
  path: string,
  known: readonly FileMark[],
  seenAt: number,
): Promise<OpenFile | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const found = await find(handle, known);
    if (!found) await handle.close();
    return found && { handle, ...found, seenAt, unfinishedAt: -1, quietAt: -1 };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function find(
  handle: FileHandle,
  known: readonly FileMark[],
): Promise<Pick<OpenFile, 'mark' | 'isKnown' | 'grewAt' | 'writtenAt'> | undefined> {
  const stats = await handle.stat();
  if (!stats.isFile()) return undefined;
  // Known by its first bytes from now on, read or not: a kill before its turn must not make it a stranger.
  const headBytes = Math.min(stats.size, HEAD_BYTES);
  const head = (await headOf(handle, headBytes)) ?? '';
  let isKnown = false;
  const { dev, ino, mtimeMs } = stats;
  const writtenAt = Math.floor(mtimeMs);
  let mark: FileMark = { dev, ino, head, headBytes, offset: 0, pieces: 0, done: false, writtenAt };
  for (const each of known) {
    if (!(await isMarked(handle, stats, each))) continue;
    mark = { ...each, dev };
    isKnown = true;
  }
  return { mark, isKnown, grewAt: mtimeMs, writtenAt: mtimeMs };
}

/** Moves a file's mark. Reading may fail here, so nothing is changed before it has not. */
export async function advance(file: OpenFile, offset: number, pieces: number): Promise<void> {
  const headBytes = Math.min(offset, HEAD_BYTES);
  const head = headBytes > file.mark.headBytes ? await headOf(file.handle, headBytes) : undefined;
  const writtenAt = Math.floor(file.writtenAt);
  file.mark = { ...file.mark, offset, pieces, writtenAt, ...(head === undefined ? {} : { head, headBytes }) };
}

/** Moves the mark behind the last whole line: one that is being written is new. */
export async function skipToEnd(file: OpenFile, cutter: Cutter): Promise<void> {
  const { size } = await file.handle.stat();
  const tail = Buffer.alloc(Math.min(size, WIRE_LIMITS.recordBytes + (size % 2)));
  await file.handle.read(tail, 0, tail.length, size - tail.length);
  const end = cutter.lastEnd(tail);
  await advance(file, end < 0 ? size : size - tail.length + end, 0);
}

/**
 * Shorter than what was read, or other first bytes: somebody has emptied it in place (`copytruncate`), and perhaps filled
 * it again since the last look.
 */
export async function wasEmptied(file: OpenFile, size: number, mtimeMs: number): Promise<boolean> {
  if (size < file.mark.offset) return true;
  const isAsBefore = size === file.mark.offset && mtimeMs === file.writtenAt;
  if (isAsBefore || file.mark.headBytes === 0) return false;
  return (await headOf(file.handle, file.mark.headBytes)) !== file.mark.head;
}

/** True where the file of a mark is still there, under its path or a rotated name, with the bytes that were read of it. */
export async function isThere(path: string, mark: FileMark): Promise<boolean> {
  if (await isAt(path, mark)) return true;
  for (const { path: rotated, stats } of await rotatedSiblings(path))
    if (stats.ino === mark.ino && (await isAt(rotated, mark))) return true;
  return false;
}

async function isAt(path: string, mark: FileMark): Promise<boolean> {
  const handle = await open(path, 'r').catch(() => undefined);
  try {
    return handle !== undefined && (await isMarked(handle, await handle.stat(), mark));
  } finally {
    await handle?.close();
  }
}

/** How long copying may take: what was written meanwhile may have been read of the file itself. */
const COPYING_MS = 60_000;

/**
 * The copy that was made of a file before it was emptied (`copytruncate`), open where reading had come to: what nobody had
 * read of the file is there alone. Undefined where there is none; `known` are copies that were found before.
 */
export async function openCopyOf(
  path: string,
  mark: FileMark,
  known: readonly FileMark[],
): Promise<OpenFile | undefined> {
  if (mark.headBytes === 0) return undefined;
  // The newest first: earlier files may begin alike, and were written before.
  for (const sibling of (await rotatedSiblings(path)).reverse()) {
    const { ino, dev, size, mtimeMs } = sibling.stats;
    if (mtimeMs < (mark.writtenAt ?? Infinity) - COPYING_MS) return undefined;
    if (ino === mark.ino || known.some((one) => one.ino === ino && one.head === mark.head)) continue;
    const handle = await open(sibling.path, 'r').catch(() => undefined);
    if (!handle) continue;
    if ((await handle.stat()).ino === ino && (await headOf(handle, mark.headBytes)) === mark.head) {
      // What was written and read between the copy and the emptying is not in the copy.
      const isPast = mark.offset > size;
      const copied = { ...mark, ino, dev, done: false, ...(isPast ? { offset: size, pieces: 0 } : {}) };
      const seen = { seenAt: Date.now(), grewAt: mtimeMs, writtenAt: mtimeMs, unfinishedAt: -1, quietAt: -1 };
      return { handle, mark: copied, isKnown: true, ...seen };
    }
    await handle.close();
  }
  return undefined;
}

/** True where a rotated file that nobody knows was written to since a time, and is no copy of one that is known or past. */
export async function isNews(
  file: OpenFile,
  since: number,
  known: readonly FileMark[],
  past: string,
): Promise<boolean> {
  if (!isSince(file.grewAt, since) || isPast(past, file.mark)) return false;
  for (const mark of known) {
    if (await isCopy(file.handle, mark)) return false;
  }
  return true;
}

/** The unfinished end of a file that nobody writes to any more, as far as a record may be long. */
export async function readRest(file: OpenFile, size: number): Promise<Buffer> {
  const rest = Buffer.alloc(Math.max(0, Math.min(size - file.mark.offset, WIRE_LIMITS.recordBytes)));
  if (rest.length > 0) await file.handle.read(rest, 0, rest.length, file.mark.offset);
  return rest;
}
