import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, statfs, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One segment being written. */
export interface SpoolFile {
  /** Writes after what is there; resolves when the system has the bytes, not when the disk has them. */
  append(parts: readonly Buffer[]): Promise<void>;
  /** Resolves when the disk has the bytes (fdatasync). */
  sync(): Promise<void>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

/** A file of the spool folder, as `list` shows it. */
export interface SpoolEntry {
  readonly name: string;
  readonly bytes: number;
  readonly modifiedAt: number;
}

/** All that the spool asks of a disk; small, so that a test can put a disk in that forgets what was not synced. */
export interface SpoolFiles {
  makeFolder(folder: string): Promise<void>;
  list(folder: string): Promise<SpoolEntry[]>;
  /** Makes a new file; fails where there is one. */
  create(path: string): Promise<SpoolFile>;
  /** Bytes from `offset`, fewer where the file ends. */
  read(path: string, offset: number, length: number): Promise<Buffer>;
  /** Replaces a small file as a whole; `durable` waits for the disk. */
  replace(path: string, content: Buffer | string, durable: boolean): Promise<void>;
  /** Cuts a file and waits for the disk. */
  cut(path: string, length: number): Promise<void>;
  remove(path: string): Promise<void>;
  /** Sets the file's time to now. */
  touch(path: string): Promise<void>;
  /** Makes new and removed names durable. */
  syncFolder(folder: string): Promise<void>;
  /** Bytes that this user may still write. */
  freeBytes(folder: string): Promise<number>;
}

async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The real disk. */
export const DISK: SpoolFiles = {
  async makeFolder(folder) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  },

  async list(folder) {
    const entries: SpoolEntry[] = [];
    for (const name of await readdir(folder)) {
      try {
        const found = await stat(join(folder, name));
        if (found.isFile()) entries.push({ name, bytes: found.size, modifiedAt: found.mtimeMs });
      } catch {
        // Removed between the two calls: not there is what the list then says.
      }
    }
    return entries;
  },

  async create(path) {
    const handle = await open(
      path,
      constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_APPEND,
      0o600,
    );
    return {
      async append(parts) {
        let left = [...parts];
        while (left.length > 0) {
          // IOV_MAX is 1,024; a group is smaller, but the bound costs nothing.
          let { bytesWritten } = await handle.writev(left.slice(0, 1_000));
          while (left.length > 0 && bytesWritten >= (left[0] as Buffer).length) {
            bytesWritten -= (left[0] as Buffer).length;
            left = left.slice(1);
          }
          if (bytesWritten > 0) left = [(left[0] as Buffer).subarray(bytesWritten), ...left.slice(1)];
        }
      },
      sync: () => handle.datasync(),
      truncate: (length) => handle.truncate(length),
      close: () => handle.close(),
    };
  },

  async read(path, offset, length) {
    const handle = await open(path, 'r');
    try {
      const buffer = Buffer.allocUnsafe(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return buffer.subarray(0, filled);
    } finally {
      await handle.close();
    }
  },

  async replace(path, content, durable) {
    const draft = `${path}.new`;
    await writeFile(draft, content, { mode: 0o600 });
    if (durable) await syncPath(draft);
    await rename(draft, path);
  },

  async cut(path, length) {
    await truncate(path, length);
    await syncPath(path);
  },

  async remove(path) {
    await rm(path, { force: true });
  },

  async touch(path) {
    const now = new Date();
    await utimes(path, now, now);
  },

  syncFolder: syncPath,

  async freeBytes(folder) {
    const found = await statfs(folder);
    return found.bavail * found.bsize;
  },
};

/** Reads a small text file of the spool, 64 KiB at most; undefined where there is none. */
export async function readSmall(files: SpoolFiles, path: string): Promise<string | undefined> {
  try {
    return (await files.read(path, 0, 65_536)).toString('utf8');
  } catch {
    return undefined;
  }
}
