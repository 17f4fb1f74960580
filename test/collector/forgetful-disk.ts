import { basename, dirname } from 'node:path';
import type { SpoolEntry, SpoolFile, SpoolFiles } from '../../collector/spool/files.ts';

interface Inode {
  content: Buffer;
  /** How much of the content the disk has for certain. */
  synced: number;
  modifiedAt: number;
}

/** A random source that a seed repeats. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}

/**
 * A disk that forgets what was not synced. `crash()` is a power cut: what had been synced stays; of the rest each file
 * keeps a random beginning, perhaps with wrong bytes in it, and each new or removed name may or may not have happened.
 * Whoever still works on it from before the cut never hears from it again.
 */
export class ForgetfulDisk {
  readonly #random: () => number;
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #life = 0;
  #operations = 0;
  /** Set to make writing fail. */
  failure: 'ENOSPC' | 'EIO' | undefined;
  /** Cuts the power at this operation from now on; 0 never. */
  crashAt = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  get operations(): number {
    return this.#operations;
  }

  get crashed(): boolean {
    return this.crashAt < 0;
  }

  /** What is stored under a path now. */
  content(path: string): Buffer | undefined {
    return this.#names.get(path)?.content;
  }

  paths(): string[] {
    return [...this.#names.keys()];
  }

  /** Changes bytes behind everybody's back. */
  corrupt(path: string, offset: number): void {
    const inode = this.#names.get(path);
    if (inode) inode.content[offset] = (inode.content[offset] ?? 0) ^ 0xff;
  }

  crash(): void {
    this.#life++;
    this.crashAt = -1;
    const names = new Map<string, Inode>();
    for (const path of new Set([...this.#names.keys(), ...this.#durableNames.keys()])) {
      const isNow = this.#names.get(path);
      const wasDurable = this.#durableNames.get(path);
      const inode = isNow === wasDurable || this.#random() < 0.5 ? wasDurable : isNow;
      if (inode) names.set(path, inode);
    }
    for (const inode of new Set(names.values())) {
      const unsynced = inode.content.length - inode.synced;
      const kept = Buffer.from(inode.content.subarray(0, inode.synced + Math.floor(this.#random() * (unsynced + 1))));
      if (kept.length > inode.synced && this.#random() < 0.3)
        kept.fill(0, inode.synced + Math.floor((kept.length - inode.synced) / 2));
      inode.content = kept;
      inode.synced = kept.length;
    }
    this.#names = names;
    this.#durableNames = new Map(names);
  }

  /** The layer for one life of the spool: after a power cut it falls silent. */
  files(): SpoolFiles {
    const life = this.#life;
    this.crashAt = Math.max(this.crashAt, 0);
    const silence = () => new Promise<never>(() => undefined);
    const step = async <T>(effect: () => T): Promise<T> => {
      await new Promise((resolve) => setImmediate(resolve));
      if (life !== this.#life) return silence();
      this.#operations++;
      if (this.crashAt > 0 && this.#operations >= this.crashAt) {
        // Cut before the effect, or right after it and before anybody hears of it.
        if (this.#random() < 0.5) effect();
        this.crash();
        return silence();
      }
      return effect();
    };
    const fail = () => {
      if (this.failure) throw systemError(this.failure);
    };
    const find = (path: string): Inode => {
      const inode = this.#names.get(path);
      if (!inode) throw systemError('ENOENT');
      return inode;
    };
    return {
      makeFolder: () => step(() => undefined),
      list: (folder) =>
        step(() => {
          const entries: SpoolEntry[] = [];
          for (const [path, inode] of this.#names) {
            if (dirname(path) === folder) {
              entries.push({ name: basename(path), bytes: inode.content.length, modifiedAt: inode.modifiedAt });
            }
          }
          return entries;
        }),
      create: (path) =>
        step((): SpoolFile => {
          if (this.#names.has(path)) throw systemError('EEXIST');
          const inode: Inode = { content: Buffer.alloc(0), synced: 0, modifiedAt: Date.now() };
          this.#names.set(path, inode);
          return {
            append: (parts) =>
              step(() => {
                const bytes = Buffer.concat(parts);
                // A full disk takes what still fits and then fails.
                inode.content = Buffer.concat([
                  inode.content,
                  this.failure ? bytes.subarray(0, bytes.length >> 1) : bytes,
                ]);
                fail();
              }),
            sync: () =>
              step(() => {
                fail();
                inode.synced = inode.content.length;
              }),
            truncate: (length) =>
              step(() => {
                inode.content = inode.content.subarray(0, length);
                inode.synced = Math.min(inode.synced, length);
              }),
            close: () => step(() => undefined),
          };
        }),
      read: (path, offset, length) => step(() => Buffer.from(find(path).content.subarray(offset, offset + length))),
      replace: (path, content, durable) =>
        step(() => {
          fail();
          const bytes = Buffer.from(content);
          const inode = { content: bytes, synced: durable ? bytes.length : 0, modifiedAt: Date.now() };
          this.#names.set(path, inode);
        }),
      cut: (path, length) =>
        step(() => {
          const inode = find(path);
          inode.content = inode.content.subarray(0, length);
          inode.synced = inode.content.length;
        }),
      remove: (path) => step(() => void this.#names.delete(path)),
      touch: (path) =>
        step(() => {
          find(path).modifiedAt = Date.now();
        }),
      syncFolder: (folder) =>
        step(() => {
          for (const path of [...this.#durableNames.keys()]) {
            if (dirname(path) === folder && !this.#names.has(path)) this.#durableNames.delete(path);
          }
          for (const [path, inode] of this.#names) if (dirname(path) === folder) this.#durableNames.set(path, inode);
        }),
      freeBytes: () => step(() => 100 * 1024 ** 3),
    };
  }
}
