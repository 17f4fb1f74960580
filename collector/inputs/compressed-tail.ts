import { hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { reasonOf } from '../errors.ts';
import { CHUNK_BYTES, type Cutter } from './cutter.ts';
import { type FileMark, HEAD_BYTES, rotatedFrom } from './file-position.ts';
import type { CutLines } from './lines.ts';

const READABLE = /\.(?:gz|zst)$/;
const CHUNKS_A_TURN = 16;

/** A compressed copy of a file under a path: `app.log.2.gz`, `app-20261122.log.zst`. */
export interface CompressedFile {
  readonly path: string;
  readonly dev: number;
  readonly ino: number;
  /** When the file was last written to; compressing keeps it. */
  readonly mtimeMs: number;
  /** First bytes, decompressed, at most `HEAD_BYTES`. */
  readonly head: Buffer;
}

/** Compressed copies that rotation has made of a path, the oldest first; those that cannot be read are left out. */
export async function compressedSiblings(path: string): Promise<CompressedFile[]> {
  const folder = dirname(path);
  const found: CompressedFile[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    if (!READABLE.test(name) || !name.startsWith(stem(path))) continue;
    const plain = join(folder, name.replace(READABLE, ''));
    if (plain !== path && rotatedFrom(plain) !== path) continue;
    const full = join(folder, name);
    const stats = await stat(full).catch(() => undefined);
    if (!stats?.isFile()) continue;
    const head = await firstBytes(full);
    if (head) found.push({ path: full, dev: stats.dev, ino: stats.ino, head, mtimeMs: stats.mtimeMs });
  }
  return found.sort((a, b) => a.mtimeMs - b.mtimeMs || (a.path < b.path ? 1 : -1));
}

function stem(path: string): string {
  const name = basename(path);
  return name.slice(0, name.length - extname(name).length);
}

function openDecompressed(path: string): Readable {
  const raw = createReadStream(path);
  const plain = path.endsWith('.zst') ? createZstdDecompress() : createGunzip();
  raw.on('error', (error) => plain.destroy(error));
  plain.on('close', () => raw.destroy());
  return raw.pipe(plain);
}

async function firstBytes(path: string): Promise<Buffer | undefined> {
  const stream = openDecompressed(path);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= HEAD_BYTES) break;
    }
  } catch {
    return undefined;
  } finally {
    stream.destroy();
  }
  return size === 0 ? undefined : Buffer.concat(chunks).subarray(0, HEAD_BYTES);
}

/** True where the compressed file is a copy of the one that a mark tells of. */
export function isCompressedCopy(file: CompressedFile, mark: FileMark): boolean {
  if (mark.headBytes < 64 || file.head.length < mark.headBytes) return false;
  return headHash(file.head.subarray(0, mark.headBytes)) === mark.head;
}

function headHash(head: Buffer): string {
  return hash('sha256', head, 'hex').slice(0, 16);
}

/** The mark of a compressed file of which nothing has been read; offsets count decompressed bytes. */
export function newMark(file: CompressedFile): FileMark {
  const { dev, ino, head } = file;
  return { dev, ino, head: headHash(head), headBytes: head.length, offset: 0, pieces: 0, done: false };
}

/** Reads one compressed file from a mark to its end, a few chunks a turn. */
export class CompressedTail {
  readonly path: string;
  mark: FileMark;
  readonly #cutter: Cutter;
  #stream: Readable | undefined;
  #chunks: AsyncIterator<Buffer> | undefined;
  #rest: Buffer = Buffer.alloc(0);
  #skip: number;

  constructor(path: string, mark: FileMark, cutter: Cutter) {
    this.path = path;
    this.mark = { ...mark, done: false };
    this.#cutter = cutter;
    this.#skip = mark.offset;
  }

  /**
   * Reads on; `put` is called with each batch after the mark has moved behind it. True where there is more to read. A
   * file that is damaged ends where the damage begins: `fault` says so.
   */
  async read(put: (cut: CutLines) => void, mayRead: () => boolean): Promise<{ more: boolean; fault?: string }> {
    this.#stream ??= openDecompressed(this.path);
    this.#chunks ??= (this.#stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    for (let turn = 0; turn < CHUNKS_A_TURN; turn++) {
      if (!mayRead()) return { more: false };
      let next: IteratorResult<Buffer>;
      try {
        next = await this.#chunks.next();
      } catch (error) {
        this.#end(put);
        return { more: false, fault: reasonOf(error) };
      }
      if (next.done) {
        this.#end(put);
        return { more: false };
      }
      const skipped = Math.min(this.#skip, next.value.length);
      this.#skip -= skipped;
      if (skipped < next.value.length) this.#take(next.value.subarray(skipped), put);
    }
    return { more: true };
  }

  close(): void {
    this.#stream?.destroy();
  }

  #take(chunk: Buffer, put: (cut: CutLines) => void): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const { cut, pieces } = this.#cutter.next(bytes.subarray(0, CHUNK_BYTES), this.mark.pieces, false);
      if (cut.consumed === 0) break;
      bytes = bytes.subarray(cut.consumed);
      this.#advance(cut, pieces, put);
    }
    this.#rest = Buffer.from(bytes);
  }

  #end(put: (cut: CutLines) => void): void {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    this.mark = { ...this.mark, done: true };
    if (rest.length > 0) this.#advance(this.#cutter.rest(rest, this.mark.pieces), 0, put);
    this.close();
  }

  #advance(cut: CutLines, pieces: number, put: (cut: CutLines) => void): void {
    this.mark = { ...this.mark, offset: this.mark.offset + cut.consumed, pieces };
    put(cut);
  }
}
