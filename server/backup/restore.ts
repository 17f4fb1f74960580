import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statfsSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lockFolder } from '../control/lock.ts';
import { RESTORED_FILE, RESTORING } from './data-files.ts';
import { syncPath } from './manifest-file.ts';
import { openTarget, type TargetOptions } from './open-target.ts';
import { type Restored, writeRestored } from './restored.ts';
import type { BackupProgress } from './run-backup.ts';
import type { BackupFile, BackupManifest } from './schema.ts';
import { type BackupTarget, GENERATION } from './target.ts';

export interface RestoreOptions extends TargetOptions {
  /** A folder, or `s3://bucket/prefix`. */
  readonly from: string;
  /** Which of the backups there; the newest where it is not given. */
  readonly id?: string | undefined;
  readonly now?: () => number;
  readonly onProgress?: (progress: BackupProgress) => void;
}

/** What was restored. */
export interface RestoreSummary {
  readonly id: string;
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
 * Puts a backup into an empty data folder, every file checked before the first is put in its place. What is broken off
 * can be begun again; no server starts on a half-restored folder.
 *
 * @throws DamagedBackupError
 */
export async function restoreBackup(options: RestoreOptions): Promise<RestoreSummary> {
  const target = openTarget(options.from, options);
  try {
    return await restoreFrom(target, options);
  } finally {
    target.close();
  }
}

async function restoreFrom(target: BackupTarget, options: RestoreOptions): Promise<RestoreSummary> {
  const { data } = options;
  const id = await chosen(target, options.id);
  const manifest = await target.manifest(id);
  const keptCollector = checkTarget(data);
  const files = manifest.files.filter(({ path }) => !(keptCollector && path.startsWith(`${COLLECTOR}/`)));
  const tell = progressOf(manifest.files, options);
  const damaged = await target.damaged(manifest.files, (bytes) => tell('checking', bytes));
  if (damaged.length > 0) throw new DamagedBackupError(damaged, manifest.files.length);
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
    await gather(target, options, files, restored);
    putInPlace(data, keptCollector);
    const config = join(data, 'haidang.yaml');
    return {
      id,
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

async function chosen(target: BackupTarget, wanted: string | undefined): Promise<string> {
  const there = await target.generations();
  const id = wanted === undefined ? there[0] : there.find((one) => one === wanted && GENERATION.test(one));
  if (id !== undefined) return id;
  throw new Error(
    wanted === undefined
      ? `${target.name} holds no whole backup; look at the path, or wait until one is complete.`
      : `${target.name} holds no backup of that id; "haidang backup list" shows which there are.`,
  );
}

/** Says how far a restore is; bytes of each step start from zero. */
function progressOf(files: readonly BackupFile[], { onProgress }: RestoreOptions) {
  const totalBytes = files.reduce((sum, { size }) => sum + size, 0);
  const done = new Map<string, number>();
  return (step: string, bytes: number, path = step) => {
    const doneBytes = (done.get(step) ?? 0) + bytes;
    done.set(step, doneBytes);
    onProgress?.({ path, doneBytes, totalBytes });
  };
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

function checkSpace(data: string, files: BackupManifest['files']): void {
  const needed = files.reduce((sum, { size }) => sum + size, 0);
  const { bavail, bsize } = statfsSync(data);
  if (bavail * bsize > needed) return;
  throw new Error(
    `The disk of ${data} has ${Math.floor((bavail * bsize) / 1_048_576)} MiB free and the backup needs ${Math.ceil(needed / 1_048_576)} MiB; free space or choose another folder by --data.`,
  );
}

/** Brings every file beside its place, and says so only where each is as the manifest says. */
async function gather(
  target: BackupTarget,
  options: RestoreOptions,
  files: readonly BackupFile[],
  restored: Restored,
): Promise<void> {
  const gathering = join(options.data, RESTORING);
  const tell = progressOf(files, options);
  rmSync(gathering, { recursive: true, force: true });
  const folders = new Set<string>([gathering]);
  mkdirSync(gathering, { mode: 0o700 });
  const damaged: string[] = [];
  for (const file of files) {
    const to = join(gathering, file.path);
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
    tell('restoring', 0, file.path);
    if (!(await target.fetch(file, to, (bytes) => tell('restoring', bytes, file.path)))) damaged.push(file.path);
    chmodSync(to, file.mode);
    const time = new Date(file.modifiedAt);
    utimesSync(to, time, time);
    folders.add(dirname(to));
  }
  if (damaged.length > 0) {
    rmSync(gathering, { recursive: true });
    throw new DamagedBackupError(damaged, files.length);
  }
  writeRestored(gathering, restored);
  syncPath(join(gathering, RESTORED_FILE));
  for (const folder of folders) syncPath(folder);
}

/** While the folder of gathered files is there, no server starts; it goes when all is in place. */
function putInPlace(data: string, keptCollector: boolean): void {
  const gathering = join(data, RESTORING);
  for (const name of readdirSync(data)) {
    // Of a run that was broken off here, perhaps from another backup.
    const stays = name === RESTORING || LOCK.test(name) || (keptCollector && name === COLLECTOR);
    if (!stays) rmSync(join(data, name), { recursive: true, force: true });
  }
  for (const name of readdirSync(gathering)) renameSync(join(gathering, name), join(data, name));
  // All that the spool still keeps is sent again: what the store has is known to it by its id.
  rmSync(join(data, COLLECTOR, 'spool', 'acked'), { force: true });
  syncPath(data);
  rmSync(gathering, { recursive: true });
  syncPath(data);
}
