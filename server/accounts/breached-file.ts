import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';

/** Longest line that is looked for: 40 digits, a count, CR and LF. */
const LINE_BYTES = 64;
/** From so few bytes on, the rest is read at once. */
const BLOCK_BYTES = 4096;
const LINE = /^([0-9A-F]{10,40})(?::\d{1,12})?\r?$/i;

/** The file of breached passwords is not what it should be; its message says what to do. */
export class BreachedFileError extends Error {}

/**
 * Whether a password is in a list of breached ones: a text file of SHA-1 hashes in hexadecimal, one a line, sorted, 10 to 40 digits of each,
 * with or without `:count` behind (the form in which Have I Been Pwned hands out its list). Nothing is loaded: the file is searched by
 * halves on disk, some thirty short reads for a thousand million lines.
 * @throws BreachedFileError where the file is missing or is no such list.
 */
export async function isBreached(path: string, password: string): Promise<boolean> {
  const wanted = createHash('sha1').update(password.normalize('NFC')).digest('hex').toUpperCase();
  const file = await open(path, 'r').catch((cause: Error) => {
    throw new BreachedFileError(`The list of breached passwords ${path} cannot be read: ${cause.message}`);
  });
  try {
    return await search(file, wanted, path);
  } finally {
    await file.close();
  }
}

async function search(file: FileHandle, wanted: string, path: string): Promise<boolean> {
  let [low, high] = [0, (await file.stat()).size];
  // Of the bytes from `low` to `high`, a line of the wanted hash begins there or nowhere; `low` is always the beginning of a line.
  while (high - low > BLOCK_BYTES) {
    const middle = low + Math.floor((high - low) / 2);
    const text = await read(file, middle, LINE_BYTES * 2);
    const begin = text.indexOf('\n') + 1;
    const end = text.indexOf('\n', begin);
    if (begin === 0 || end < 0) throw notAList(path);
    if (hashOf(text.slice(begin, end), path) <= wanted) low = middle + begin;
    else high = middle + begin;
  }
  // The line at `low` may be the one, and so may what comes before `high`; a longer line than expected would show above.
  const lines = (await read(file, low, high - low)).split('\n');
  return lines.some((line) => line !== '' && line !== '\r' && wanted.startsWith(hashOf(line, path)));
}

async function read(file: FileHandle, position: number, bytes: number): Promise<string> {
  const buffer = Buffer.alloc(bytes);
  let filled = 0;
  while (filled < bytes) {
    const { bytesRead } = await file.read(buffer, filled, bytes - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.toString('latin1', 0, filled);
}

function hashOf(line: string, path: string): string {
  const hash = LINE.exec(line)?.[1];
  if (hash === undefined) throw notAList(path);
  return hash.toUpperCase();
}

function notAList(path: string): BreachedFileError {
  return new BreachedFileError(
    `${path} is no sorted list of SHA-1 hashes in hexadecimal, one a line; see "accounts.breached_passwords" in docs/accounts.md.`,
  );
}
