import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { FolderInUseError, lockFolder } from '../control/lock.ts';
import { copyPlain, copySqlite, hashFile } from './copy-file.ts';
import { type DataFile, listDataFiles, markOf, PARTS, type Part } from './data-files.ts';
import { summarizeDay } from './day-summary.ts';
import { readManifest, syncPath, writeManifest } from './manifest-file.ts';
import type { BackupDay, BackupFile, BackupManifest, BackupSummary } from './schema.ts';
import { sparedSegments } from './spool-segments.ts';

/** What a backup is made of, and where it goes. */
export interface BackupOptions {
  readonly data: string;
  readonly to: string;
  /** Text of the configuration file, if the server has one. */
  readonly config?: string | undefined;
  /** Version of the program. */
  readonly program: string;
  readonly now?: () => number;
  readonly onProgress?: (progress: BackupProgress) => void;
}

export interface BackupProgress {
  readonly path: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** Marks a folder as ours before the first whole backup is in it. */
const MARKER = '.haidang-backup';
const CONFIG_PATH = 'haidang.yaml';
const DAY_FILE = /^store\/events\/(\d{8})\.db$/;

/**
 * Backs up a data folder, also while its server runs. Unchanged files of the backup before are kept; `backup.json` comes
 * last, so that what is cut short leaves the backup before it as it was.
 *
 * @throws Error where the folder cannot hold a backup; a file that cannot be read is a problem in the summary instead.
 */
export async function runBackup(options: BackupOptions): Promise<BackupSummary> {
  const { data, to } = options;
  prepareFolder(data, to);
  const unlock = lockTarget(to);
  try {
    return await new Run(options).all();
  } finally {
    unlock();
  }
}

function prepareFolder(data: string, to: string): void {
  const inside = (a: string, b: string) => (resolve(a) + sep).startsWith(resolve(b) + sep);
  if (inside(to, data) || inside(data, to)) {
    throw new Error(`The backup folder ${to} and the data folder ${data} lie in each other; choose another folder.`);
  }
  mkdirSync(to, { recursive: true, mode: 0o700 });
  const ours = existsSync(join(to, MARKER));
  if (!ours && readdirSync(to).length > 0) {
    throw new Error(`The folder ${to} holds other files and no backup; choose an empty folder.`);
  }
  if (!ours) writeFileSync(join(to, MARKER), '', { mode: 0o600 });
}

function lockTarget(to: string): () => void {
  try {
    return lockFolder(to);
  } catch (error) {
    if (error instanceof FolderInUseError) throw new Error(`Another backup to ${to} is running; wait until it ends.`);
    throw error;
  }
}

class Run {
  readonly #options: BackupOptions;
  readonly #now: () => number;
  readonly #before: BackupManifest | undefined;
  readonly #earlier: ReadonlyMap<string, BackupFile>;
  readonly #files: BackupFile[] = [];
  readonly #days: BackupDay[] = [];
  readonly #problems: { path: string; reason: string }[] = [];
  readonly #copied = { files: 0, bytes: 0 };
  #spared: ReadonlySet<string> = new Set();
  #doneBytes = 0;
  #totalBytes = 0;

  constructor(options: BackupOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#before = readManifest(options.to);
    this.#earlier = new Map((this.#before?.files ?? []).map((file) => [file.path, file]));
  }

  async all(): Promise<BackupSummary> {
    const { to, program } = this.#options;
    const startedAt = this.#time();
    const files = this.#filesOf();
    this.#totalBytes = files.reduce((sum, file) => sum + file.bytes, 0);
    this.#checkSpace(files);
    this.#addConfig();
    let since = startedAt;
    for (const part of PARTS) {
      if (part === 'records') {
        since = this.#time();
        this.#spared = sparedSegments(join(this.#options.data, 'collector', 'spool'));
      }
      for (const file of this.#filesOf(part)) await this.#add(file);
    }
    const manifest: BackupManifest = {
      version: 1,
      program,
      startedAt,
      since,
      finishedAt: this.#time(),
      events: this.#days.reduce((sum, day) => sum + day.events, 0),
      files: this.#files,
      days: this.#days,
      problems: this.#problems,
    };
    writeManifest(to, manifest);
    this.#removeUnused(manifest);
    const { finishedAt, events, problems } = manifest;
    return {
      to,
      startedAt,
      since,
      finishedAt,
      events,
      days: manifest.days.length,
      files: manifest.files.length,
      bytes: manifest.files.reduce((sum, { size }) => sum + size, 0),
      copiedFiles: this.#copied.files,
      copiedBytes: this.#copied.bytes,
      problems,
    };
  }

  /** A configuration that was restored here is not the one that is in use. */
  #filesOf(part?: Part): DataFile[] {
    const { data, config } = this.#options;
    return listDataFiles(data, part).filter(({ path }) => path !== CONFIG_PATH || config === undefined);
  }

  async #add(file: DataFile): Promise<void> {
    const { onProgress, data } = this.#options;
    onProgress?.({ path: file.path, doneBytes: this.#doneBytes, totalBytes: this.#totalBytes });
    try {
      if (this.#isSpared(file.path)) return;
      // Before copying: what is written meanwhile must count as changed the next time.
      const mark = markOf(join(data, file.path));
      const kept = this.#unchanged(file.path, mark);
      if (kept) this.#keep(kept);
      else await this.#copy(file, mark);
    } catch (error) {
      this.#fail(file.path, error);
    } finally {
      this.#doneBytes += file.bytes;
    }
  }

  /** Acknowledged before the events were copied, and so in their copies; what was acknowledged later may not be. */
  #isSpared(path: string): boolean {
    const name = /^collector\/spool\/(\d{10}\.seg)$/.exec(path)?.[1];
    return name !== undefined && this.#spared.has(name);
  }

  #unchanged(path: string, mark: string): BackupFile | undefined {
    const earlier = this.#earlier.get(path);
    if (!earlier || earlier.mark !== mark || path.startsWith('collector/')) return undefined;
    const there = statSync(join(this.#options.to, earlier.copy), { throwIfNoEntry: false });
    return there?.size === earlier.size ? earlier : undefined;
  }

  #keep(file: BackupFile): void {
    this.#files.push(file);
    const day = DAY_FILE.exec(file.path)?.[1];
    const summary = this.#before?.days.find((one) => one.day === day);
    if (summary) this.#days.push(summary);
  }

  async #copy(file: DataFile, mark: string): Promise<void> {
    const { data, to } = this.#options;
    const from = join(data, file.path);
    const stat = statSync(from, { throwIfNoEntry: false });
    // Retention and the collector remove files at any time.
    if (!stat) return;
    const part = join(to, `${file.path}.part`);
    mkdirSync(dirname(part), { recursive: true, mode: 0o700 });
    rmSync(part, { force: true });
    if (file.kind === 'sqlite') await copySqlite(from, part);
    else copyPlain(from, part);
    const { sha256, size } = hashFile(part);
    const day = DAY_FILE.exec(file.path)?.[1];
    if (day !== undefined) this.#days.push(summarizeDay(part, day));
    const copy = `${file.path}.${sha256.slice(0, 16)}`;
    renameSync(part, join(to, copy));
    syncPath(dirname(part));
    const modifiedAt = new Date(stat.mtimeMs).toISOString();
    this.#files.push({ path: file.path, copy, size, sha256, mode: stat.mode & 0o777, modifiedAt, mark });
    this.#copied.files++;
    this.#copied.bytes += size;
  }

  #addConfig(): void {
    const { config, to } = this.#options;
    if (config === undefined) return;
    const part = join(to, `${CONFIG_PATH}.part`);
    writeFileSync(part, config, { mode: 0o600 });
    syncPath(part);
    const { sha256, size } = hashFile(part);
    const copy = `${CONFIG_PATH}.${sha256.slice(0, 16)}`;
    renameSync(part, join(to, copy));
    this.#files.push({ path: CONFIG_PATH, copy, size, sha256, mode: 0o600, modifiedAt: this.#time(), mark: '-' });
  }

  /** What cannot be read now is kept as the backup before had it: old is better than nothing, and it is said. */
  #fail(path: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (isOfTarget(error)) throw error;
    const earlier = this.#earlier.get(path);
    const intact = earlier !== undefined && existsSync(join(this.#options.to, earlier.copy));
    if (intact) this.#keep({ ...earlier, mark: 'kept from an earlier backup' });
    this.#problems.push({ path, reason: intact ? `${reason}; the copy of the backup before was kept` : reason });
  }

  #checkSpace(files: readonly DataFile[]): void {
    const { data, to } = this.#options;
    const needed = files
      .filter(({ path }) => !this.#unchanged(path, markOf(join(data, path))))
      .reduce((sum, { bytes }) => sum + bytes, 0);
    const { bavail, bsize } = statfsSync(to);
    if (bavail * bsize > needed) return;
    const mebibytes = (bytes: number) => Math.ceil(bytes / 1_048_576);
    throw new Error(
      `The disk of ${to} has ${mebibytes(bavail * bsize)} MiB free and up to ${mebibytes(needed)} MiB are needed; free space or choose another folder.`,
    );
  }

  /** Copies that no file of the new backup refers to, and what a broken-off run left. */
  #removeUnused({ files }: BackupManifest): void {
    const used = new Set(files.map(({ copy }) => copy));
    const { to } = this.#options;
    for (const path of allFiles(to, '')) {
      const ours = /\.[0-9a-f]{16}$/.test(path) || path.endsWith('.part') || /\.part-(journal|wal|shm)$/.test(path);
      if (ours && !used.has(path)) rmSync(join(to, path), { force: true });
    }
  }

  #time(): string {
    return new Date(this.#now()).toISOString();
  }
}

/** The target is full, gone or not writable: going on with the next file would fail as well. */
function isOfTarget(error: unknown): boolean {
  const { code, errcode } = error as { code?: string; errcode?: number };
  const primary = (errcode ?? 0) & 0xff;
  return ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM'].includes(code ?? '') || primary === 13 || primary === 8;
}

function allFiles(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return allFiles(root, path);
    return entry.isFile() ? [path] : [];
  });
}
