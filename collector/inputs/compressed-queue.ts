import type { Log } from '../log.ts';
import { CompressedTail, compressedSiblings, isCompressedCopy, newMark } from './compressed-tail.ts';
import type { Cutter } from './cutter.ts';
import { type FileMark, isPast, isSince, MOST_OPEN } from './file-position.ts';
import type { CutLines } from './lines.ts';

/** What is known of a path when its compressed copies are looked for. */
export interface CompressedSearch {
  /** Every copy that is none of an open file is news, whenever it was written. */
  readonly all: boolean;
  /** The look before, in milliseconds. */
  readonly lookedAt: number;
  /** Files that are open, and files read before. */
  readonly open: readonly FileMark[];
  readonly known: readonly FileMark[];
  /** Those done before them (`pastOf`). */
  readonly past: string;
}

/** The compressed copies of one path that are to be read, the oldest first. */
export class CompressedQueue {
  readonly #path: string;
  readonly #cutter: Cutter;
  readonly #log: Log;
  #tails: CompressedTail[] = [];

  constructor(path: string, cutter: Cutter, log: Log) {
    this.#path = path;
    this.#cutter = cutter;
    this.#log = log;
  }

  get marks(): FileMark[] {
    return this.#tails.map(({ mark }) => mark);
  }

  /**
   * Finds what was compressed while nobody looked: files not read to their end, and files written to since the last look
   * and never seen. Gives the marks of those of `known` that it goes on with.
   */
  async find({ all, lookedAt, open, known, past }: CompressedSearch): Promise<ReadonlySet<FileMark>> {
    const taken = new Set<FileMark>();
    let since = lookedAt;
    for (const file of await compressedSiblings(this.#path)) {
      if (this.#tails.length >= MOST_OPEN) break;
      if ([...open, ...this.marks].some((mark) => isCompressedCopy(file, mark))) continue;
      const mark = known.find((one) => !taken.has(one) && isCompressedCopy(file, one));
      const isNews = all || (isSince(file.mtimeMs, since) && !isPast(past, newMark(file)));
      if (mark ? mark.done : !isNews) continue;
      if (mark) {
        taken.add(mark);
        // What was rotated after it was written after it, whatever the clock said when it was looked at.
        since = Math.min(since, file.mtimeMs);
      }
      this.#tails.push(new CompressedTail(file.path, mark ?? newMark(file), this.#cutter));
      this.#log.info({ path: file.path, offset: mark?.offset ?? 0 }, 'a compressed file is read to its end');
    }
    return taken;
  }

  /** Reads on in the oldest one; `more` where there is more to read, `done` is its mark where it was read to its end. */
  async read(put: (cut: CutLines) => void, mayRead: () => boolean): Promise<{ more: boolean; done?: FileMark }> {
    const [tail] = this.#tails;
    if (!tail) return { more: false };
    const { more, fault } = await tail.read(put, mayRead);
    if (fault !== undefined)
      this.#log.warn(
        { path: tail.path, offset: tail.mark.offset, reason: fault },
        'a compressed file is damaged; it was read up to there',
      );
    if (!tail.mark.done) return { more };
    this.#tails.shift();
    return { more: this.#tails.length > 0, done: tail.mark };
  }

  close(): void {
    for (const tail of this.#tails) tail.close();
    this.#tails = [];
  }
}
