import { stat } from 'node:fs/promises';
import { reasonOf, systemCode } from '../errors.ts';
import type { Intake, Source } from '../intake.ts';
import type { Log } from '../log.ts';
import { CompressedQueue } from './compressed-queue.ts';
import { CHUNK_BYTES, type Cutter } from './cutter.ts';
import {
  type FileMark,
  type FilePosition,
  MOST_OPEN,
  pastOf,
  REMEMBERED_FILES,
  readPosition,
  rotatedSiblings,
} from './file-position.ts';
import type { CutLines } from './lines.ts';
import {
  advance,
  isNews,
  isThere,
  type OpenFile,
  openCopyOf,
  openFile,
  readRest,
  skipToEnd,
  wasEmptied,
} from './open-file.ts';

/** What a tail is given. */
export interface FileTailOptions {
  readonly intake: Intake;
  readonly log: Log;
  readonly rotatedIdleMs: number;
  readonly cutter: Cutter;
  /** Reads compressed copies that are there at the very first start, too. */
  readonly backfill: boolean;
}

/** Chunks of one file in a row before the others get their turn. */
const CHUNKS_A_TURN = 16;
/** How long a file must not have grown for its last record of many lines to count as whole. */
const QUIET_MS = 1_000;

/** Whether something that happened at a time lies back far enough; ahead of now, where the clock was set back since. */
function isQuiet(since: number, forMs: number): boolean {
  return Math.abs(Date.now() - since) >= forMs;
}

/**
 * Follows one path through rotations. A file is known by inode and first bytes, not by its name: after a rename it is
 * read to its end through the open descriptor, and after a restart it is found again under its new name.
 */
export class FileTail {
  readonly path: string;
  readonly #source: Source;
  readonly #intake: Intake;
  readonly #log: Log;
  readonly #rotatedIdleMs: number;
  readonly #cutter: Cutter;
  readonly #backfill: boolean;
  #files: OpenFile[] = [];
  readonly #compressed: CompressedQueue;
  /** Files read before: done, or not found at the start (they may come back, with a late mount). */
  #known: FileMark[] = [];
  /** Those done before them. */
  #past = '';
  #begun = false;
  #lookedAt = Date.now();
  /** The file that stands under the path, or stood there last. */
  #current: OpenFile | undefined;
  /** Every rotated file beside the path is accounted for. */
  #isSettled = true;

  constructor(path: string, source: Source, options: FileTailOptions) {
    this.path = path;
    this.#source = source;
    this.#intake = options.intake;
    this.#log = options.log;
    this.#rotatedIdleMs = options.rotatedIdleMs;
    this.#cutter = options.cutter;
    this.#backfill = options.backfill;
    this.#compressed = new CompressedQueue(path, options.cutter, options.log);
  }

  /** Finds where the last start left off; `fromEnd` skips what a file never read before already holds. */
  async begin(fromEnd: boolean): Promise<void> {
    const position = readPosition(this.#source.ledger.position);
    if (position) await this.#resume(position);
    else {
      const file = await this.#open(this.path);
      if (file && fromEnd) await skipToEnd(file, this.#cutter);
      if (file) this.#begin(file);
      this.#current = file;
      if (this.#backfill && !fromEnd) {
        await this.#openRotated(new Set(file ? [file.mark.ino] : []), true);
        await this.#openCompressed(true);
      }
    }
    this.#begun = true;
    this.#source.mark(this.#position());
  }

  /** Looks for news and reads some. Returns true where there is more to read at once. */
  async poll(buffer: Buffer): Promise<boolean> {
    if (!this.#begun) return false;
    try {
      await this.#noticeRotation();
      let more = await this.#readCompressed();
      for (const file of [...this.#files]) more = (await this.#read(file, buffer)) || more;
      this.#source.ledger.error = null;
      return more;
    } catch (error) {
      this.#report(error);
      return false;
    }
  }

  async close(): Promise<void> {
    for (const file of this.#files) await file.handle.close().catch(() => undefined);
    this.#files = [];
    this.#compressed.close();
  }

  #report(error: unknown): void {
    const reason = reasonOf(error);
    if (this.#source.ledger.error !== reason)
      this.#log.warn({ path: this.path, reason }, 'cannot read a file; trying on');
    this.#source.ledger.error = reason;
  }

  /** Opens a file and finds it among those read before; one that may not be read waits, where it is the path itself. */
  async #open(path: string): Promise<OpenFile | undefined> {
    try {
      return await openFile(path, this.#known, this.#lookedAt);
    } catch (error) {
      if (path === this.path) throw error;
      this.#log.warn({ path, reason: reasonOf(error) }, 'cannot read a rotated file');
      return undefined;
    }
  }

  #begin(file: OpenFile): void {
    this.#known = this.#known.filter((mark) => mark.ino !== file.mark.ino || mark.head !== file.mark.head);
    file.mark = { ...file.mark, done: false };
    this.#files.push(file);
  }

  async #resume(position: FilePosition): Promise<void> {
    // Of a file of which nothing was read there is nothing to know: it is found again as news.
    this.#known = position.files.filter((mark) => mark.headBytes > 0);
    this.#past = position.past ?? '';
    this.#lookedAt = position.lookedAt;
    this.#isSettled = false;
    for (const mark of this.#known) {
      if (!mark.done && !(await isThere(this.path, mark))) await this.#openCopy(mark);
    }
    await this.#openRotated(new Set(this.#files.map((file) => file.mark.ino)));
    const stats = await this.#statPath();
    if (stats) await this.#openPath(stats.ino);
    await this.#openCompressed(false);
    for (const mark of this.#known) {
      if (mark.done) continue;
      this.#log.warn(
        { path: this.path, offset: mark.offset },
        'a file that was being read is gone; what came behind this offset is read only if it comes back',
      );
    }
  }

  /** Reads on in the copy that was made of a file before it was emptied, or went. */
  async #openCopy(mark: FileMark): Promise<void> {
    if (this.#files.length >= MOST_OPEN) return;
    const copy = await openCopyOf(this.path, mark, this.#marks());
    if (!copy) return;
    this.#log.info({ path: this.path, offset: copy.mark.offset }, 'a copy of the emptied file is read to its end');
    this.#known = this.#known.filter((one) => one !== mark);
    this.#begin(copy);
  }

  async #noticeRotation(): Promise<void> {
    const lookedAt = Date.now();
    const stats = await this.#statPath();
    const isSame = stats !== undefined && this.#current?.mark.ino === stats.ino && this.#current.mark.dev === stats.dev;
    if (stats && (!isSame || !this.#isSettled) && this.#files.length < MOST_OPEN) {
      // Two rotations between two looks: the file in between is found under its rotated name.
      const known = new Set([...this.#files.map((file) => file.mark.ino), stats.ino]);
      let isWhole = await this.#openRotated(known);
      if (!isSame) isWhole = (await this.#openPath(stats.ino)) && isWhole;
      // Names move while they are listed: only a pass that nothing disturbed counts as a look.
      this.#isSettled = isWhole && (await this.#statPath())?.ino === stats.ino;
      this.#source.mark(this.#position());
    }
    if (this.#isSettled) this.#lookedAt = lookedAt;
  }

  async #statPath(): Promise<{ ino: number; dev: number } | undefined> {
    try {
      const stats = await stat(this.path);
      return stats.isFile() ? stats : undefined;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Opens what stands under the path; false where that is no longer the file that was seen there. */
  async #openPath(ino: number): Promise<boolean> {
    if (this.#files.length >= MOST_OPEN) return false;
    const file = await this.#open(this.path);
    if (file?.mark.ino !== ino) {
      await file?.handle.close();
      return false;
    }
    if (this.#current) this.#log.info({ path: this.path }, 'the file was rotated; the old one is read to its end');
    this.#begin(file);
    this.#current = file;
    return true;
  }

  /**
   * Opens rotated files that are not read to their end, or were never seen while they stood under the path. False
   * where a rotation came in between, or there are too many to open now.
   */
  async #openRotated(skip: ReadonlySet<number>, all = false): Promise<boolean> {
    let isWhole = true;
    // Not by this machine's clock alone, which somebody may have set back: what was rotated later was written later.
    let since = Math.min(this.#lookedAt, (await this.#current?.handle.stat())?.mtimeMs ?? Infinity);
    for (const sibling of await rotatedSiblings(this.path)) {
      if (skip.has(sibling.stats.ino)) continue;
      if (this.#files.length >= MOST_OPEN) return false;
      const file = await this.#open(sibling.path);
      const isSeen = file?.mark.ino === sibling.stats.ino;
      isWhole &&= isSeen;
      if (!file) continue;
      if (file.isKnown && !file.mark.done) since = Math.min(since, file.grewAt);
      const isNew = async () => all || (await isNews(file, since, this.#marks(), this.#past));
      if (isSeen && (file.isKnown ? !file.mark.done : await isNew())) this.#begin(file);
      else await file.handle.close();
    }
    return isWhole;
  }

  async #openCompressed(all: boolean): Promise<void> {
    const open = this.#files.map(({ mark }) => mark);
    const taken = await this.#compressed.find({
      all,
      lookedAt: this.#lookedAt,
      open,
      known: this.#known,
      past: this.#past,
    });
    this.#known = this.#known.filter((mark) => !taken.has(mark));
  }

  /** Reads on in the oldest compressed file; true where there is more. */
  async #readCompressed(): Promise<boolean> {
    const { more, done } = await this.#compressed.read(
      (cut) => this.#put(cut),
      () => !this.#intake.behind,
    );
    if (done) {
      this.#known.push(done);
      this.#source.mark(this.#position());
    }
    return more;
  }

  async #read(file: OpenFile, buffer: Buffer): Promise<boolean> {
    const { size, mtimeMs } = await file.handle.stat();
    if (await wasEmptied(file, size, mtimeMs)) {
      this.#log.warn(
        { path: this.path, offset: file.mark.offset, size },
        'the file was emptied and is read from its beginning',
      );
      const emptied = file.mark;
      file.mark = { ...file.mark, offset: 0, pieces: 0, head: '', headBytes: 0 };
      await this.#openCopy(emptied);
      file.unfinishedAt = -1;
      this.#source.mark(this.#position());
    }
    file.writtenAt = mtimeMs;
    if (size > file.mark.offset && size !== file.unfinishedAt) {
      for (let chunk = 0; chunk < CHUNKS_A_TURN; chunk++) {
        if (this.#intake.behind) return false;
        const { bytesRead } = await file.handle.read(buffer, 0, CHUNK_BYTES, file.mark.offset);
        const moved = bytesRead > 0 && (await this.#take(file, buffer.subarray(0, bytesRead), false));
        file.unfinishedAt = moved ? -1 : size;
        if (!moved) break;
        file.grewAt = Date.now();
        if (bytesRead < CHUNK_BYTES) break;
        if (chunk === CHUNKS_A_TURN - 1) return true;
      }
    }
    if (this.#isRecordDue(file, size)) {
      file.quietAt = size;
      const { bytesRead } = await file.handle.read(buffer, 0, CHUNK_BYTES, file.mark.offset);
      if (bytesRead > 0) await this.#take(file, buffer.subarray(0, bytesRead), true);
    }
    await this.#finish(file, size, mtimeMs);
    return false;
  }

  /** The last record of a file that has not grown for a while is whole, where only the next one could have shown it. */
  #isRecordDue(file: OpenFile, size: number): boolean {
    if (!this.#cutter.waits || size <= file.mark.offset || size === file.quietAt) return false;
    return isQuiet(file.grewAt, QUIET_MS) && !this.#intake.behind;
  }

  /** Puts what is whole in the chunk; false where nothing is. */
  async #take(file: OpenFile, chunk: Buffer, isQuiet: boolean): Promise<boolean> {
    let at = 0;
    while (at < chunk.length) {
      const { cut, pieces } = this.#cutter.next(chunk.subarray(at), file.mark.pieces, isQuiet);
      if (cut.consumed === 0) break;
      at += cut.consumed;
      await advance(file, file.mark.offset + cut.consumed, pieces);
      this.#put(cut);
    }
    return at > 0;
  }

  #put(cut: CutLines): void {
    const { lines, marks, empty, consumed } = cut;
    this.#source.put({ lines, marks, empty, bytes: consumed, position: this.#position() });
  }

  /** A file that is no longer the newest is done when it has been quiet for a while; its last line counts as whole. */
  async #finish(file: OpenFile, size: number, mtimeMs: number): Promise<void> {
    if (file === this.#current || !isQuiet(Math.max(mtimeMs, file.grewAt), this.#rotatedIdleMs)) return;
    const rest = await readRest(file, size);
    const pieces = file.mark.pieces;
    file.mark = { ...file.mark, offset: file.mark.offset + rest.length, pieces: 0, done: true };
    this.#files = this.#files.filter((other) => other !== file);
    this.#known.push(file.mark);
    if (rest.length > 0) {
      this.#put(this.#cutter.rest(rest, pieces));
    } else this.#source.mark(this.#position());
    await file.handle.close();
  }

  #marks(): FileMark[] {
    return [...this.#known, ...this.#files.map(({ mark }) => mark)];
  }

  #position(): FilePosition {
    const open = [...this.#compressed.marks, ...this.#files.map(({ mark }) => mark)];
    const all = this.#known.filter((mark) => mark.done);
    const done = all.slice(-REMEMBERED_FILES);
    if (all.length > done.length) this.#past = pastOf(this.#past, all.slice(0, -REMEMBERED_FILES));
    this.#known = [...this.#known.filter((mark) => !mark.done).slice(-MOST_OPEN), ...done];
    const nameless = this.#files.filter((file) => file.mark.headBytes === 0).map((file) => file.seenAt);
    const lookedAt = Math.min(this.#lookedAt, ...nameless);
    return { path: this.path, lookedAt, files: [...this.#known, ...open], past: this.#past };
  }
}
