import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** The data folder is in use by another process. */
export class FolderInUseError extends Error {}

/**
 * Takes a data folder for this process alone; gives a function that lets it go. The lock is the kernel's own (through
 * an SQLite file), so that it ends with the process however that ends: no stale lock, no process number to guess from.
 */
export function lockFolder(folder: string): () => void {
  const database = new DatabaseSync(join(folder, 'haidang.lock'), { timeout: 0 });
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    throw new FolderInUseError(
      `The data folder ${folder} is in use by another haidang; stop that one, or choose another folder by HAIDANG_DATA.`,
      { cause },
    );
  }
  return () => database.close();
}
