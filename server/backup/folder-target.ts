import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { FolderInUseError, lockFolder } from '../control/lock.ts';
import { copyPlain, hashFile } from './copy-file.ts';
import { manifestText, parseManifest, syncPath } from './manifest-file.ts';
import type { BackupManifest } from './schema.ts';
import { type BackupTarget, GENERATION, generationId } from './target.ts';

/** Marks a folder as ours before the first whole backup is in it. */
const MARKER = '.haidang-backup';
const GENERATIONS = 'backups';
/** The one manifest of a folder that an earlier version wrote. */
const EARLIER = 'backup.json';
const COPY = /\.[0-9a-f]{16}$/;
const LEFT_OVER = /\.part(-journal|-wal|-shm)?$/;

/** A folder that holds backups; `data` is the data folder, and not part of it. */
export function openFolderTarget(folder: string, data: string): BackupTarget {
  const manifestPath = (id: string) => {
    const path = join(folder, GENERATIONS, `${id}.json`);
    return !existsSync(path) && earlier(folder)?.id === id ? join(folder, EARLIER) : path;
  };

  return {
    name: folder,
    room: { folder, keepsAll: true },
    async take() {
      prepare(folder, data);
      return lock(folder);
    },
    async generations() {
      const names = existsSync(join(folder, GENERATIONS)) ? readdirSync(join(folder, GENERATIONS)) : [];
      const ids = names.flatMap((name) => {
        const id = name.replace(/\.json$/, '');
        return id !== name && GENERATION.test(id) ? [id] : [];
      });
      const first = earlier(folder);
      return [...ids, ...(first ? [first.id] : [])].sort().reverse();
    },
    async manifest(id) {
      return parseManifest(readFileSync(manifestPath(id), 'utf8'), manifestPath(id));
    },
    async copies() {
      return new Map(
        allFiles(folder, '')
          .filter((path) => COPY.test(path))
          .map((path) => [path, statSync(join(folder, path), { throwIfNoEntry: false })?.size ?? 0]),
      );
    },
    staged: (path) => join(folder, `${path}.part`),
    async put(staged, copy, size, onBytes) {
      const target = join(folder, copy);
      mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
      renameSync(staged, target);
      syncPath(dirname(target));
      onBytes(size);
    },
    async publish(id, manifest) {
      const path = join(folder, GENERATIONS, `${id}.json`);
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      writeFileSync(`${path}.part`, manifestText(manifest), { mode: 0o600 });
      syncPath(`${path}.part`);
      renameSync(`${path}.part`, path);
      syncPath(dirname(path));
      syncPath(folder);
    },
    async forget(id) {
      rmSync(manifestPath(id), { force: true });
      syncPath(folder);
      if (existsSync(join(folder, GENERATIONS))) syncPath(join(folder, GENERATIONS));
    },
    async removeUnused(used) {
      for (const path of allFiles(folder, '')) {
        if ((COPY.test(path) && !used.has(path)) || LEFT_OVER.test(path)) rmSync(join(folder, path), { force: true });
      }
    },
    async damaged(files, onBytes) {
      const bad: string[] = [];
      for (const { path, copy, size, sha256 } of files) {
        const found = statSync(join(folder, copy), { throwIfNoEntry: false });
        const whole = found?.isFile() === true && found.size === size;
        if (!whole || hashFile(join(folder, copy), onBytes).sha256 !== sha256) bad.push(path);
      }
      return bad;
    },
    async fetch({ copy, size }, to, onBytes) {
      copyPlain(join(folder, copy), to);
      onBytes(size);
      return true;
    },
    close() {},
  };
}

function earlier(folder: string): { id: string; manifest: BackupManifest } | undefined {
  const path = join(folder, EARLIER);
  if (!existsSync(path)) return undefined;
  const manifest = parseManifest(readFileSync(path, 'utf8'), path);
  return { id: generationId(manifest.startedAt, '0000'), manifest };
}

function prepare(folder: string, data: string): void {
  const inside = (a: string, b: string) => (resolve(a) + sep).startsWith(resolve(b) + sep);
  if (inside(folder, data) || inside(data, folder)) {
    throw new Error(
      `The backup folder ${folder} and the data folder ${data} lie in each other; choose another folder.`,
    );
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const ours = existsSync(join(folder, MARKER));
  if (!ours && readdirSync(folder).length > 0) {
    throw new Error(`The folder ${folder} holds other files and no backup; choose an empty folder.`);
  }
  if (!ours) writeFileSync(join(folder, MARKER), '', { mode: 0o600 });
}

function lock(folder: string): () => void {
  try {
    return lockFolder(folder);
  } catch (error) {
    if (error instanceof FolderInUseError)
      throw new Error(`Another backup to ${folder} is running; wait until it ends.`);
    throw error;
  }
}

function allFiles(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return allFiles(root, path);
    return entry.isFile() ? [path] : [];
  });
}
