import { hash } from 'node:crypto';
import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';

/** One file that has stood under a path: which it is, by more than its name, and how far it has been read. */
export interface FileMark {
  readonly dev: number;
  readonly ino: number;
  /** First 16 hexadecimal digits of the SHA-256 of the first `headBytes` bytes. */
  readonly head: string;
  readonly headBytes: number;
  readonly offset: number;
  /** Pieces of an over-long line that lie before `offset`; 0 at the beginning of a line. */
  readonly pieces: number;
  /** Read to its end, and a newer file stands under the path. */
  readonly done: boolean;
  /** When it had been written to last, milliseconds, as its file system says, at the last look before `offset`. */
  readonly writtenAt?: number;
}

/** Position of a file source: the files that have stood under the path, the newest last. */
export interface FilePosition {
  readonly path: string;
  /** When the path was last looked at, milliseconds: rotated files written to after that and not known are news. */
  readonly lookedAt: number;
  readonly files: readonly FileMark[];
  /** Files read to their end that `files` no longer holds, the newest last: see `pastOf`. */
  readonly past?: string;
}

export const HEAD_BYTES = 256;
/** How many files that are done a position remembers. */
export const REMEMBERED_FILES = 8;
/** How many more are known by their first bytes alone, so that a clock set back makes no news of them. */
const MOST_PAST = 128;
const PAST_DIGITS = 8;
/** How many files of one path may wait to be read to their end; rotated ones past that are opened when one is done. */
export const MOST_OPEN = 64;

/** File times lag behind the clock by up to a tick of the kernel. */
const CLOCK_TICK_MS = 50;

/** Whether a file that was written to at a time, in milliseconds, may have been written to since a look. */
export function isSince(writtenAt: number, lookedAt: number): boolean {
  return writtenAt >= lookedAt - CLOCK_TICK_MS;
}

/** Hash of the first bytes of an open file; undefined where it is shorter now. */
export async function headOf(handle: FileHandle, bytes: number): Promise<string | undefined> {
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await handle.read(buffer, 0, bytes, 0);
  return bytesRead < bytes ? undefined : hash('sha256', buffer, 'hex').slice(0, 16);
}

/** True where an open file is the one that a mark tells of. Device numbers may change with a reboot, inodes do not. */
export async function isMarked(handle: FileHandle, stats: Stats, mark: FileMark): Promise<boolean> {
  if (stats.ino !== mark.ino || stats.size < mark.headBytes) return false;
  if (mark.headBytes === 0) return false;
  if (mark.headBytes < 64 && stats.dev !== mark.dev) return false;
  return (await headOf(handle, mark.headBytes)) === mark.head;
}

/** True where an open file is a copy of the one that a mark tells of (`copytruncate` leaves such). */
export async function isCopy(handle: FileHandle, mark: FileMark): Promise<boolean> {
  return mark.headBytes >= 64 && (await headOf(handle, mark.headBytes)) === mark.head;
}

/** `past` with files added that are done and remembered as marks no longer: eight digits of each file's first bytes. */
export function pastOf(past: string, forgotten: readonly FileMark[]): string {
  const digits = forgotten.filter(isTold).map(({ head }) => head.slice(0, PAST_DIGITS));
  return (past + digits.join('')).slice(-MOST_PAST * PAST_DIGITS);
}

/** Whether a file with these first bytes is among those of `past`; short files are not told by them. */
export function isPast(past: string, mark: FileMark): boolean {
  if (!isTold(mark)) return false;
  const sought = mark.head.slice(0, PAST_DIGITS);
  for (let at = 0; at < past.length; at += PAST_DIGITS) if (past.startsWith(sought, at)) return true;
  return false;
}

function isTold({ headBytes, head }: FileMark): boolean {
  return headBytes === HEAD_BYTES && head.length >= PAST_DIGITS;
}

/** Reads a position out of a frame; undefined where it is none of ours. */
export function readPosition(position: unknown): FilePosition | undefined {
  if (position === null || typeof position !== 'object') return undefined;
  const { path, lookedAt, files, past = '' } = position as Partial<FilePosition>;
  if (typeof past !== 'string' || !/^[0-9a-f]*$/.test(past) || past.length > MOST_PAST * PAST_DIGITS) return undefined;
  if (typeof path !== 'string' || typeof lookedAt !== 'number' || !Array.isArray(files)) return undefined;
  const sound = files.every(
    (mark: Partial<FileMark> | null) =>
      mark !== null &&
      [mark.dev, mark.ino, mark.headBytes, mark.offset, mark.pieces].every((n) => Number.isSafeInteger(n)) &&
      (mark.headBytes ?? -1) >= 0 &&
      (mark.headBytes ?? 0) <= HEAD_BYTES &&
      (mark.offset ?? -1) >= 0 &&
      typeof mark.head === 'string',
  );
  return sound ? { path, lookedAt, files: files.slice(-REMEMBERED_FILES - 2 * MOST_OPEN), past } : undefined;
}

const ROTATED_SUFFIX = /^(?:[.-]\d{1,14}){1,4}$/;
const COMPRESSED = /\.(?:gz|xz|bz2|zst|lz4|Z)$/;

/** The path that a rotated file's name comes from (`auth.log.1`, `messages-20261122`), or undefined. */
export function rotatedFrom(path: string): string | undefined {
  const name = basename(path);
  const plain = /^(.*?[^.\d-])((?:[.-]\d{1,14}){1,4})$/.exec(name);
  if (plain?.[1]) return join(dirname(path), plain[1]);
  const extension = extname(name);
  const dated = /^(.*?[^.\d-])((?:[.-]\d{1,14}){1,4})$/.exec(name.slice(0, name.length - extension.length));
  return dated?.[1] && extension ? join(dirname(path), dated[1] + extension) : undefined;
}

export function isCompressed(path: string): boolean {
  return COMPRESSED.test(path);
}

/** Files beside a path that rotation may have made of it, the oldest first. */
export async function rotatedSiblings(path: string): Promise<{ path: string; stats: Stats }[]> {
  const folder = dirname(path);
  const name = basename(path);
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  const found: { path: string; stats: Stats }[] = [];
  for (const other of await readdir(folder).catch(() => [])) {
    const behindName = other.startsWith(name) && ROTATED_SUFFIX.test(other.slice(name.length));
    const beforeExtension =
      extension !== '' &&
      other.startsWith(stem) &&
      other.endsWith(extension) &&
      ROTATED_SUFFIX.test(other.slice(stem.length, other.length - extension.length));
    if (!behindName && !beforeExtension) continue;
    const stats = await stat(join(folder, other)).catch(() => undefined);
    if (stats?.isFile()) found.push({ path: join(folder, other), stats });
  }
  return found.sort((a, b) => a.stats.mtimeMs - b.stats.mtimeMs || olderByName(a.path, b.path));
}

/** Of two rotated names, `.2` is older than `.1`, and an earlier date than a later one. */
function olderByName(a: string, b: string): number {
  const [first, second] = [a, b].map((path) => (/(\d+)\D*$/.exec(path)?.[1] ?? '').padStart(14, '0')) as [
    string,
    string,
  ];
  const isCount = /[1-9]/.test(first.slice(0, 10)) === false;
  if (first === second) return 0;
  return first < second === isCount ? 1 : -1;
}
