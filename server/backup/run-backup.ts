import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { copyPlain, copySqlite, hashFile } from './copy-file.ts';
import { type DataFile, listDataFiles, markOf, PARTS, type Part } from './data-files.ts';
import { summarizeDay } from './day-summary.ts';
import { syncPath } from './manifest-file.ts';
import { openTarget, type TargetOptions } from './open-target.ts';
import type { BackupDay, BackupFile, BackupManifest, BackupSummary } from './schema.ts';
import { sparedSegments } from './spool-segments.ts';
import { type BackupTarget, generationId, TargetError } from './target.ts';

/** What a backup is made of, and where it goes. */
export interface BackupOptions extends TargetOptions {
  /** A folder, or `s3://bucket/prefix`. */
  readonly to: string;
  /** Text of the configuration file, if the server has one. */
  readonly config?: string | undefined;
  /** Version of the program. */
  readonly program: string;
  /** How many backups stay there, this one among them; 1 where it is not given. */
  readonly keep?: number | undefined;
  readonly now?: () => number;
  readonly onProgress?: (progress: BackupProgress) => void;
}

export interface BackupProgress {
  readonly path: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

const CONFIG_PATH = 'haidang.yaml';
const DAY_FILE = /^store\/events\/(\d{8})\.db$/;

/**
 * Backs up a data folder, also while its server runs. What the target holds already is not copied again; the manifest
 * comes last, so that what is cut short leaves the backups before it as they were.
 *
 * @throws Error where the target cannot hold a backup; a file that cannot be read is a problem in the summary instead.
 */
export async function runBackup(options: BackupOptions): Promise<BackupSummary> {
  const target = openTarget(options.to, options);
  try {
    const letGo = await target.take();
    try {
      return await new Run(options, target, await earlierBackups(target)).all();
    } finally {
      letGo();
    }
  } finally {
    target.close();
  }
}

/** What lies at the target when a run begins. */
interface Earlier {
  /** The newest backup that can be read. */
  readonly manifest: BackupManifest | undefined;
  readonly copies: ReadonlyMap<string, number>;
}

async function earlierBackups(target: BackupTarget): Promise<Earlier> {
  const copies = await target.copies();
  for (const id of await target.generations()) {
    try {
      return { manifest: await target.manifest(id), copies };
    } catch (error) {
      // A damaged one is of no use to this run, and is named at the end of it.
      if (error instanceof TargetError) throw error;
    }
  }
  return { manifest: undefined, copies };
}

class Run {
  readonly #options: BackupOptions;
  readonly #target: BackupTarget;
  readonly #now: () => number;
  readonly #before: BackupManifest | undefined;
  readonly #earlier: ReadonlyMap<string, BackupFile>;
  /** Copies at the target with their sizes, those of this run among them. */
  readonly #copies: Map<string, number>;
  readonly #files: BackupFile[] = [];
  readonly #days: BackupDay[] = [];
  readonly #problems: { path: string; reason: string }[] = [];
  readonly #copied = { files: 0, bytes: 0 };
  #spared: ReadonlySet<string> = new Set();
  #doneBytes = 0;
  #totalBytes = 0;

  constructor(options: BackupOptions, target: BackupTarget, { manifest, copies }: Earlier) {
    this.#options = options;
    this.#target = target;
    this.#now = options.now ?? Date.now;
    this.#before = manifest;
    this.#earlier = new Map((manifest?.files ?? []).map((file) => [file.path, file]));
    this.#copies = new Map(copies);
  }

  async all(): Promise<BackupSummary> {
    const { program } = this.#options;
    const startedAt = this.#time();
    const files = this.#filesOf();
    this.#totalBytes = files.reduce((sum, file) => sum + file.bytes, 0);
    this.#checkSpace(files);
    await this.#addConfig();
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
    await this.#mustBeThere(manifest);
    const id = generationId(startedAt, randomBytes(2).toString('hex'));
    await this.#target.publish(id, manifest);
    const more = await this.#rotate(id, manifest);
    const { finishedAt, events, problems } = manifest;
    return {
      id,
      to: this.#target.name,
      startedAt,
      since,
      finishedAt,
      events,
      days: manifest.days.length,
      files: manifest.files.length,
      bytes: manifest.files.reduce((sum, { size }) => sum + size, 0),
      copiedFiles: this.#copied.files,
      copiedBytes: this.#copied.bytes,
      problems: [...problems, ...more],
    };
  }

  /** A configuration that was restored here is not the one that is in use. */
  #filesOf(part?: Part): DataFile[] {
    const { data, config } = this.#options;
    return listDataFiles(data, part).filter(({ path }) => path !== CONFIG_PATH || config === undefined);
  }

  async #add(file: DataFile): Promise<void> {
    const { data } = this.#options;
    this.#tell(file.path, 0);
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
    return this.#isThere(earlier) ? earlier : undefined;
  }

  #keep(file: BackupFile): void {
    this.#files.push(file);
    const day = DAY_FILE.exec(file.path)?.[1];
    const summary = this.#before?.days.find((one) => one.day === day);
    if (summary) this.#days.push(summary);
  }

  #isThere({ copy, size }: Pick<BackupFile, 'copy' | 'size'>): boolean {
    return this.#copies.get(copy) === size;
  }

  async #copy(file: DataFile, mark: string): Promise<void> {
    const from = join(this.#options.data, file.path);
    const stat = statSync(from, { throwIfNoEntry: false });
    // Retention and the collector remove files at any time.
    if (!stat) return;
    const staged = this.#target.staged(file.path);
    mkdirSync(dirname(staged), { recursive: true, mode: 0o700 });
    rmSync(staged, { force: true });
    if (file.kind === 'sqlite') await copySqlite(from, staged);
    else copyPlain(from, staged);
    const day = DAY_FILE.exec(file.path)?.[1];
    const summary = day === undefined ? undefined : summarizeDay(staged, day);
    const modifiedAt = new Date(stat.mtimeMs).toISOString();
    await this.#put(staged, { path: file.path, mode: stat.mode & 0o777, modifiedAt, mark });
    if (summary) this.#days.push(summary);
  }

  /** The name tells the content: what a broken-off run had put there already need not be put again. */
  async #put(staged: string, file: Omit<BackupFile, 'copy' | 'size' | 'sha256'>): Promise<void> {
    const { sha256, size } = hashFile(staged);
    const copy = `${file.path}.${sha256.slice(0, 16)}`;
    if (this.#isThere({ copy, size })) rmSync(staged, { force: true });
    else {
      let sent = 0;
      await this.#target.put(staged, copy, size, (bytes) => {
        sent += bytes;
        this.#tell(file.path, sent);
      });
      this.#copies.set(copy, size);
      this.#copied.files++;
      this.#copied.bytes += size;
    }
    this.#files.push({ ...file, copy, size, sha256 });
  }

  async #addConfig(): Promise<void> {
    const { config } = this.#options;
    if (config === undefined) return;
    const staged = this.#target.staged(CONFIG_PATH);
    mkdirSync(dirname(staged), { recursive: true, mode: 0o700 });
    rmSync(staged, { force: true });
    writeFileSync(staged, config, { mode: 0o600 });
    chmodSync(staged, 0o600);
    syncPath(staged);
    await this.#put(staged, { path: CONFIG_PATH, mode: 0o600, modifiedAt: this.#time(), mark: '-' });
  }

  /** What cannot be read now is kept as the backup before had it: old is better than nothing, and it is said. */
  #fail(path: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (isOfTarget(error)) throw error;
    const earlier = this.#earlier.get(path);
    const intact = earlier !== undefined && this.#isThere(earlier);
    if (intact) this.#keep({ ...earlier, mark: 'kept from an earlier backup' });
    this.#problems.push({ path, reason: intact ? `${reason}; the copy of the backup before was kept` : reason });
  }

  #checkSpace(files: readonly DataFile[]): void {
    const { data } = this.#options;
    const { folder, keepsAll } = this.#target.room;
    const sizes = files
      .filter(({ path }) => !this.#unchanged(path, markOf(join(data, path))))
      .map(({ bytes }) => bytes);
    const needed = sizes.reduce((sum, bytes) => (keepsAll ? sum + bytes : Math.max(sum, bytes)), 0);
    const { bavail, bsize } = statfsSync(folder);
    if (bavail * bsize > needed) return;
    const mebibytes = (bytes: number) => Math.ceil(bytes / 1_048_576);
    throw new Error(
      `The disk of ${folder} has ${mebibytes(bavail * bsize)} MiB free and up to ${mebibytes(needed)} MiB are needed; free space or choose another folder.`,
    );
  }

  /** Another run may have removed what this one found there: then this backup is not whole. */
  async #mustBeThere({ files }: BackupManifest): Promise<void> {
    const there = await this.#target.copies();
    const missing = files.find(({ copy, size }) => there.get(copy) !== size);
    if (missing === undefined) return;
    throw new TargetError(
      `The copy of ${missing.path} went from ${this.#target.name} during the backup; let one backup run at a time, and begin it again.`,
    );
  }

  /** Removes backups beyond the number to keep, then what none of the others refers to. Gives what could not be read. */
  async #rotate(newest: string, manifest: BackupManifest): Promise<{ path: string; reason: string }[]> {
    const [kept, due] = [[newest], [] as string[]];
    for (const id of await this.#target.generations()) {
      if (id !== newest) (kept.length < (this.#options.keep ?? 1) ? kept : due).push(id);
    }
    for (const id of due) await this.#target.forget(id);
    const used = new Set(manifest.files.map(({ copy }) => copy));
    for (const id of kept.slice(1)) {
      try {
        for (const { copy } of (await this.#target.manifest(id)).files) used.add(copy);
      } catch (error) {
        if (error instanceof TargetError) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        return [{ path: `backup ${id}`, reason: `${reason} No old copies were removed.` }];
      }
    }
    await this.#target.removeUnused(used);
    return [];
  }

  #tell(path: string, bytes: number): void {
    this.#options.onProgress?.({ path, doneBytes: this.#doneBytes + bytes, totalBytes: this.#totalBytes });
  }

  #time(): string {
    return new Date(this.#now()).toISOString();
  }
}

/** The target is full, gone or not writable: going on with the next file would fail as well. */
function isOfTarget(error: unknown): boolean {
  if (error instanceof TargetError) return true;
  const { code, errcode } = error as { code?: string; errcode?: number };
  const primary = (errcode ?? 0) & 0xff;
  return ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM'].includes(code ?? '') || primary === 13 || primary === 8;
}
