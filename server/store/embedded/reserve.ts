import { closeSync, existsSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A file of zeros that holds space for triage: when records cannot be written for want of space, it is removed and the
 * write tried again. It comes back when twice its size is free.
 */
export class Reserve {
  readonly #file: string;
  readonly #folder: string;
  readonly #bytes: number;

  constructor(folder: string, bytes: number) {
    this.#folder = folder;
    this.#file = join(folder, 'ops.reserve');
    this.#bytes = bytes;
  }

  get held(): boolean {
    return existsSync(this.#file);
  }

  /** Gives the space free; false where it was free already. */
  release(): boolean {
    if (!this.held) return false;
    rmSync(this.#file);
    return true;
  }

  /** Takes the space again where there is plenty; false where there is not. */
  hold(): boolean {
    if (this.#bytes === 0) return false;
    if (statSync(this.#file, { throwIfNoEntry: false })?.size === this.#bytes) return true;
    const { bavail, bsize } = statfsSync(this.#folder);
    if (bavail * bsize < 2 * this.#bytes) return false;
    try {
      this.#fill();
      return true;
    } catch {
      rmSync(this.#file, { force: true });
      return false;
    }
  }

  #fill(): void {
    const handle = openSync(this.#file, 'w', 0o600);
    try {
      const zeros = Buffer.alloc(Math.min(this.#bytes, 1024 * 1024));
      for (let left = this.#bytes; left > 0; left -= zeros.length) {
        writeSync(handle, zeros, 0, Math.min(left, zeros.length));
      }
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  }
}
