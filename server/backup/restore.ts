import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { lockFolder } from '../control/lock.ts';
import { copyPlain, hashFile } from './copy-file.ts';
import { RESTORED_FILE, RESTORING } from './data-files.ts';
import { readManifest, syncPath } from './manifest-file.ts';
import { type Restored, writeRestored } from './restored.ts';
import type { BackupProgress } from './run-backup.ts';
import type { BackupManifest } from './schema.ts';

export interface RestoreOptions {
  readonly from: string;
  readonly data: string;
  readonly now?: () => number;
  readonly onProgress?: (progress: BackupProgress) => void;
}

/** What was restored. */
export interface RestoreSummary {
  readonly data: string;
  readonly since: string;
  readonly restoredAt: string;
  readonly events: number;
  readonly files: number;
  readonly bytes: number;
  /** The local collector's folder that lay there already was kept: it may hold more than the backup. */
  readonly keptCollector: boolean;
  /** Where the configuration of the backup lies now, if it has one. */
  readonly config: string | null;
}

/** Files of the backup that are missing or changed. */
export class DamagedBackupError extends Error {
  readonly files: readonly string[];

  constructor(files: readonly string[], total: number) {
    const shown = files.slice(0, 10).join(', ');
    super(`${files.length} of ${total} files of the backup are missing or changed; nothing was restored: ${shown}.`);
    this.files = files;
  }
}

/** May lie in the data folder beforehand: the spool of this machine's own collector is worth more than its copy. */
const COLLECTOR = 'collector';
const LOCK = /^haidang\.(lock|sock)(-journal)?$/;

/**
 * Puts a backup into an empty data folder, every file checked before the first is written. What is broken off can be
 * begun again; no server starts on a half-restored folder.
 *
 * @throws DamagedBackupError
 */
export function restoreBackup(options: RestoreOptions): RestoreSummary {
  const { from, data } = options;
  const manifest = existsSync(from) ? readManifest(from) : undefined;
  if (!manifest) throw new Error(`The folder ${from} holds no whole backup: there is no backup.json in it.`);
  const keptCollector = checkTarget(data);
  const files = manifest.files.filter(({ path }) => !(keptCollector && path.startsWith(`${COLLECTOR}/`)));
  checkHashes(manifest, options);
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const unlock = lockFolder(data);
  try {
    checkSpace(data, files);
    const restored: Restored = {
      version: 1,
      id: randomBytes(8).toString('hex'),
      restoredAt: new Date((options.now ?? Date.now)()).toISOString(),
      since: manifest.since,
      lastSequence: Math.max(0, ...manifest.days.map((day) => day.lastSequence)),
    };
    putInPlace(options, files, restored);
    // All that the spool still keeps is sent again: what the store has is known to it by its id.
    rmSync(join(data, COLLECTOR, 'spool', 'acked'), { force: true });
    const config = join(data, 'haidang.yaml');
    return {
      data,
      since: restored.since,
      restoredAt: restored.restoredAt,
      events: manifest.events,
      files: files.length,
      bytes: files.reduce((sum, { size }) => sum + size, 0),
      keptCollector,
      config: existsSync(config) ? config : null,
    };
  } finally {
    unlock();
  }
}

/** Gives whether a collector's folder is there to be kept. */
function checkTarget(data: string): boolean {
  if (!existsSync(data)) return false;
  const names = readdirSync(data).filter((name) => !LOCK.test(name));
  if (names.includes(RESTORING)) {
    // Broken off before: what that run had put in place is put there again.
    return existsSync(join(data, COLLECTOR)) && !existsSync(join(data, RESTORING, COLLECTOR));
  }
  if (names.length === 0) return false;
  if (names.length === 1 && names[0] === COLLECTOR) return true;
  throw new Error(
    `The data folder ${data} is not empty; move it away, or choose another by --data. Its folder "collector" alone may stay, so that this machine's own collector sends again what it kept.`,
  );
}

function checkHashes(manifest: BackupManifest, { from, onProgress }: RestoreOptions): void {
  const totalBytes = manifest.files.reduce((sum, { size }) => sum + size, 0);
  const bad: string[] = [];
  let doneBytes = 0;
  for (const { path, copy, size, sha256 } of manifest.files) {
    const found = statSync(join(from, copy), { throwIfNoEntry: false });
    const whole = found?.isFile() === true && found.size === size;
    const tell = (bytes: number) => {
      doneBytes += bytes;
      onProgress?.({ path: `checking ${path}`, doneBytes, totalBytes });
    };
    if (!whole || hashFile(join(from, copy), tell).sha256 !== sha256) bad.push(path);
  }
  if (bad.length > 0) throw new DamagedBackupError(bad, manifest.files.length);
}

function checkSpace(data: string, files: BackupManifest['files']): void {
  const needed = files.reduce((sum, { size }) => sum + size, 0);
  const { bavail, bsize } = statfsSync(data);
  if (bavail * bsize > needed) return;
  throw new Error(
    `The disk of ${data} has ${Math.floor((bavail * bsize) / 1_048_576)} MiB free and the backup needs ${Math.ceil(needed / 1_048_576)} MiB; free space or choose another folder by --data.`,
  );
}

function putInPlace({ from, data, onProgress }: RestoreOptions, files: BackupManifest['files'], restored: Restored) {
  const gathering = join(data, RESTORING);
  rmSync(gathering, { recursive: true, force: true });
  const totalBytes = files.reduce((sum, { size }) => sum + size, 0);
  let doneBytes = 0;
  const folders = new Set<string>([gathering]);
  mkdirSync(gathering, { mode: 0o700 });
  for (const { path, copy, size, mode, modifiedAt } of files) {
    onProgress?.({ path, doneBytes, totalBytes });
    const target = join(gathering, path);
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    copyPlain(join(from, copy), target);
    chmodSync(target, mode);
    const time = new Date(modifiedAt);
    utimesSync(target, time, time);
    folders.add(dirname(target));
    doneBytes += size;
  }
  writeRestored(gathering, restored);
  syncPath(join(gathering, RESTORED_FILE));
  for (const folder of folders) syncPath(folder);
  for (const name of readdirSync(gathering)) {
    // Of a run that was broken off here.
    rmSync(join(data, name), { recursive: true, force: true });
    renameSync(join(gathering, name), join(data, name));
  }
  syncPath(data);
  rmSync(gathering, { recursive: true });
  syncPath(data);
}
