import { createHash } from 'node:crypto';
import { chmodSync, closeSync, copyFileSync, openSync, readSync, statSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';
import { syncPath } from './manifest-file.ts';

const CHUNK = 1024 * 1024;
/** More pages than any file has: the whole copy is one step, and so one moment of the original. */
const ALL_PAGES = 0x7fffffff;

/**
 * Copies an SQLite file as it is at one moment, while others write to it. One step of the backup API: copying in small
 * steps begins anew at every commit and lets the log grow meanwhile (docs/decisions/0007).
 */
export async function copySqlite(from: string, to: string): Promise<void> {
  const source = new DatabaseSync(from, { readOnly: true, timeout: 10_000 });
  try {
    await backup(source, to, { rate: ALL_PAGES });
  } finally {
    source.close();
  }
  chmodSync(to, 0o600);
  syncPath(to);
}

/** Copies any other file; what is appended to it meanwhile may be cut at any byte. */
export function copyPlain(from: string, to: string): void {
  copyFileSync(from, to);
  chmodSync(to, 0o600);
  syncPath(to);
}

/** SHA-256 of a file, lower-case hexadecimal; `onBytes` hears of each stretch read. */
export function hashFile(path: string, onBytes: (bytes: number) => void = () => {}): { sha256: string; size: number } {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK, Math.max(1, statSync(path).size)));
  const handle = openSync(path, 'r');
  let size = 0;
  try {
    for (;;) {
      const read = readSync(handle, buffer, 0, buffer.length, null);
      if (read === 0) break;
      hash.update(buffer.subarray(0, read));
      size += read;
      onBytes(read);
    }
  } finally {
    closeSync(handle);
  }
  return { sha256: hash.digest('hex'), size };
}
