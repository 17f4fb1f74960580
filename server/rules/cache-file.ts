import { createHash, type Hash, hash } from 'node:crypto';
import { closeSync, lstatSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What another process has not finished by then, milliseconds, it never will. */
const LEFT_OVER = 3_600_000;
/** A larger cache is not read and not written. */
const MOST_BYTES = 512 * 1024 * 1024;
/** Entries are written in pieces of so many characters. */
const PIECE = 256 * 1024;
const KEY = 64;
const NEWLINE = 10;

/** The entries of a cache file. They stay bytes until they are asked for: as texts they would take four times the room. */
export class KnownEntries {
  readonly #bytes: Buffer;
  /** By key, where its line begins and ends. */
  readonly #places = new Map<string, readonly [start: number, end: number]>();

  private constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes;
    for (let at = start; at < bytes.length; ) {
      const found = bytes.indexOf(NEWLINE, at);
      const end = found < 0 ? bytes.length : found;
      if (end - at > KEY) this.#places.set(bytes.toString('latin1', at, at + KEY), [at, end]);
      at = end + 1;
    }
  }

  static readonly none = new KnownEntries(Buffer.alloc(0), 0);

  /** None where the file is not there, damaged, or others could have written it. */
  static async read(path: string): Promise<KnownEntries> {
    try {
      for (const place of [dirname(path), path]) {
        const { uid, mode } = await lstat(place);
        if (uid !== process.getuid?.() || (mode & 0o022) !== 0) return KnownEntries.none;
      }
      const found = await lstat(path);
      if (!found.isFile() || found.size > MOST_BYTES) return KnownEntries.none;
      const bytes = await readFile(path);
      const start = bytes.indexOf(NEWLINE) + 1;
      const isWhole = bytes.toString('latin1', 0, start) === `${hash('sha256', bytes.subarray(start))}\n`;
      return isWhole ? new KnownEntries(bytes, start) : KnownEntries.none;
    } catch {
      return KnownEntries.none;
    }
  }

  get size(): number {
    return this.#places.size;
  }

  /** The JSON of an entry. */
  get(key: string): string | undefined {
    const place = this.#places.get(key);
    return place && this.#bytes.toString('utf8', place[0] + KEY + 1, place[1]);
  }
}

/**
 * Writes a cache file entry by entry, so that it never is in memory as a whole: under another name, and only its owner can
 * read it. Nothing throws: a full disk or a folder that cannot be written costs only time.
 */
export class CacheWriter {
  readonly #target: string;
  readonly #temporary: string;
  readonly #sum: Hash = createHash('sha256');
  #file = -1;
  #isFailed = false;
  #waiting = '';
  #written = 0;

  constructor(target: string) {
    this.#target = target;
    this.#temporary = `${target}.${process.pid}`;
    this.#try(() => {
      mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
      forgetLeftOver(target, this.#temporary);
      this.#file = openSync(this.#temporary, 'wx', 0o600);
      // Room for the hash, which is known at the end.
      writeSync(this.#file, `${' '.repeat(KEY)}\n`);
    });
  }

  add(key: string, json: string): void {
    this.#waiting += `${key} ${json}\n`;
    if (this.#waiting.length >= PIECE) this.#flush();
  }

  /** Puts the file in the place of the one before. */
  finish(): void {
    this.#flush();
    this.#try(() => {
      writeSync(this.#file, this.#sum.digest('hex'), 0);
      closeSync(this.#file);
      this.#file = -1;
      renameSync(this.#temporary, this.#target);
    });
  }

  #flush(): void {
    const bytes = Buffer.from(this.#waiting);
    this.#waiting = '';
    this.#try(() => {
      this.#written += bytes.length;
      if (this.#written > MOST_BYTES) throw new RangeError('The cache is too large.');
      this.#sum.update(bytes);
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    });
  }

  /** After the first failure nothing is written any more. */
  #try(act: () => void): void {
    if (this.#isFailed) return;
    try {
      act();
    } catch {
      this.#isFailed = true;
      this.#abandon();
    }
  }

  #abandon(): void {
    try {
      if (this.#file >= 0) closeSync(this.#file);
      this.#file = -1;
      rmSync(this.#temporary, { force: true });
    } catch {
      // It can be neither written nor deleted.
    }
  }
}

/** Deletes what killed processes left: one that had this number, and old ones. */
function forgetLeftOver(target: string, own: string): void {
  const folder = dirname(target);
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const isCut = path.startsWith(`${target}.`) && /\.\d+$/.test(name);
    if (path === own || (isCut && lstatSync(path).mtimeMs < Date.now() - LEFT_OVER)) rmSync(path, { force: true });
  }
}
