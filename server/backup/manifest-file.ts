import { closeSync, fsyncSync, openSync } from 'node:fs';
import { type BackupManifest, backupManifestCheck } from './schema.ts';

/** Reads and checks a backup's manifest; `where` is for the message. @throws Error where it is damaged. */
export function parseManifest(text: string, where: string): BackupManifest {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${where} is not JSON: the backup is damaged; use another one.`, { cause });
  }
  if (!backupManifestCheck.Check(parsed)) {
    const first = backupManifestCheck.Errors(parsed)[0];
    throw new Error(`${where} is no manifest of a backup: wrong at ${first?.instancePath || '/'}: ${first?.message}.`);
  }
  // The manifest may come from a foreign disk: nothing in it may lead out of the two folders.
  for (const { path: to, copy } of parsed.files) {
    if (leadsOut(to) || leadsOut(copy))
      throw new Error(`${where} names a file outside its folder: ${to.slice(0, 100)}.`);
  }
  return parsed;
}

/** The text of a manifest. */
export function manifestText(manifest: BackupManifest): string {
  return `${JSON.stringify(manifest, null, 1)}\n`;
}

function leadsOut(path: string): boolean {
  const parts = path.split('/');
  return parts.some((part) => part === '' || part === '.' || part === '..' || /[\0\\]/.test(part));
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
