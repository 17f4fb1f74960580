import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BackupManifest, backupManifestCheck } from './schema.ts';

const NAME = 'backup.json';

/** Reads and checks a backup's manifest; undefined where the folder holds no whole backup. @throws Error where it is damaged. */
export function readManifest(folder: string): BackupManifest | undefined {
  const path = join(folder, NAME);
  if (!existsSync(path)) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new Error(`${path} is not JSON: the backup is damaged; use another one.`, { cause });
  }
  if (!backupManifestCheck.Check(parsed)) {
    const first = backupManifestCheck.Errors(parsed)[0];
    throw new Error(`${path} is no manifest of a backup: wrong at ${first?.instancePath || '/'}: ${first?.message}.`);
  }
  // The manifest may come from a foreign disk: nothing in it may lead out of the two folders.
  for (const { path: to, copy } of parsed.files) {
    if (leadsOut(to) || leadsOut(copy))
      throw new Error(`${path} names a file outside its folder: ${to.slice(0, 100)}.`);
  }
  return parsed;
}

function leadsOut(path: string): boolean {
  const parts = path.split('/');
  return parts.some((part) => part === '' || part === '.' || part === '..' || /[\0\\]/.test(part));
}

/** Puts a manifest in place, whole or not at all; durable when it returns. */
export function writeManifest(folder: string, manifest: BackupManifest): void {
  const part = join(folder, `${NAME}.part`);
  writeFileSync(part, `${JSON.stringify(manifest, null, 1)}\n`, { mode: 0o600 });
  syncPath(part);
  renameSync(part, join(folder, NAME));
  syncPath(folder);
}

/** Waits until the disk has a file, or a folder's names. */
export function syncPath(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
