import { hash } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../log.ts';

/** Calls back after files in folders changed. */
export interface FolderWatch {
  /** Once it knows how things are: what comes after that is a change. */
  readonly ready: Promise<void>;
  stop(): void;
}

/** A change is taken once nothing more came for so long: an editor writes, renames and sets times. */
const QUIET_MS = 300;
/** Where the system tells of no changes (network folders, links), they are found by looking. */
const LOOK_MS = 15_000;
const MAX_FILES = 20_000;

/** Watches folders of rules; one that is not there yet is found when it comes. */
export function watchFolders(folders: readonly string[], onChange: () => void, log: Log): FolderWatch {
  const watchers = new Map<string, FSWatcher>();
  let quiet: NodeJS.Timeout | undefined;
  let seen: string | undefined;
  let stopped = false;

  const changed = () => {
    clearTimeout(quiet);
    quiet = setTimeout(() => void look(), QUIET_MS);
    quiet.unref();
  };
  const look = async () => {
    if (stopped) return;
    listen();
    try {
      const found = await fingerprint(folders);
      if (stopped || found === seen) return;
      const first = seen === undefined;
      seen = found;
      if (!first) onChange();
    } catch (error) {
      log.warn({ err: error }, 'The folders of rules could not be looked at.');
    }
  };
  const listen = () => {
    for (const folder of folders) {
      if (watchers.has(folder)) continue;
      try {
        const watcher = watch(folder, { recursive: true, persistent: false }, changed);
        watcher.on('error', () => {
          watcher.close();
          watchers.delete(folder);
        });
        watchers.set(folder, watcher);
      } catch {
        // Not there, or not to be watched: looking finds it.
      }
    }
  };
  const ready = look();
  const looking = setInterval(() => void look(), LOOK_MS);
  looking.unref();
  return {
    ready,
    stop() {
      stopped = true;
      clearInterval(looking);
      clearTimeout(quiet);
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}

/** Names, sizes and times of the files of rules, as one text. */
async function fingerprint(folders: readonly string[]): Promise<string> {
  const lines: string[] = [];
  for (const folder of folders) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    const files = entries.filter((entry) => !entry.isDirectory() && /\.ya?ml$/i.test(entry.name)).slice(0, MAX_FILES);
    for (const { parentPath, name } of files) {
      const path = join(parentPath, name);
      const found = await stat(path).catch(() => undefined);
      lines.push(found ? `${path} ${found.size} ${found.mtimeMs} ${found.ino}` : `${path} gone`);
    }
  }
  return hash('sha256', lines.sort().join('\n'));
}
