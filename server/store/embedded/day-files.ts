import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DAMAGED_FOLDER, dayFile, EVENTS_FOLDER, syncFolder } from './layout.ts';

/** Makes the folders of the event store. */
export function makeFolders(folder: string): void {
  mkdirSync(join(folder, EVENTS_FOLDER), { recursive: true, mode: 0o700 });
}

/** Days that have a file, oldest first. */
export function listDays(folder: string): string[] {
  return readdirSync(join(folder, EVENTS_FOLDER))
    .filter((name) => /^\d{8}\.db$/.test(name))
    .map((name) => name.slice(0, 8))
    .sort();
}

/** Bytes of a day's file with its write-ahead log. */
export function bytesOfDay(folder: string, day: string): number {
  return ['', '-wal'].reduce((sum, suffix) => {
    return sum + (statSync(dayFile(folder, day) + suffix, { throwIfNoEntry: false })?.size ?? 0);
  }, 0);
}

/** Moves an unreadable day's file aside, log and all, so that its day can go on in a new file. Gives where it went. */
export function moveAside(folder: string, day: string): string {
  const damaged = join(folder, EVENTS_FOLDER, DAMAGED_FOLDER);
  mkdirSync(damaged, { recursive: true, mode: 0o700 });
  let number = 1;
  while (existsSync(join(damaged, `${day}-${number}.db`))) number++;
  const target = join(damaged, `${day}-${number}.db`);
  for (const suffix of ['-wal', '-shm', '']) {
    const from = dayFile(folder, day) + suffix;
    if (existsSync(from)) renameSync(from, target + suffix);
  }
  syncFolder(damaged);
  syncFolder(join(folder, EVENTS_FOLDER));
  return target;
}

/** Files that were moved aside, with their bytes. */
export function listDamaged(folder: string): { readonly day: string; readonly bytes: number }[] {
  const damaged = join(folder, EVENTS_FOLDER, DAMAGED_FOLDER);
  if (!existsSync(damaged)) return [];
  return readdirSync(damaged)
    .filter((name) => /^\d{8}-\d+\.db$/.test(name))
    .sort()
    .map((name) => ({ day: name.slice(0, 8), bytes: statSync(join(damaged, name)).size }));
}
