import { createHash, hash } from 'node:crypto';
import { chmod, lstat, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ParsedRules, parseRules } from '../../rules/sigma/parse.ts';
import type { Placeholders } from '../../rules/sigma/placeholders.ts';

/** Reading fewer files takes no longer than all that comes with a cache. */
const WORTH_FILES = 300;
/** A larger cache is not read and not written. */
const MOST_BYTES = 512 * 1024 * 1024;
const FILE = 'rules.cache';
/** What reading a rule depends on, beside its text: a change of any of these files is another program. */
const READERS = ['../../rules/sigma', '../../rules/query', '../../rules/rule.ts', '../../rules/errors.ts'];

/** Where `haidang rules` keeps what it read: the user's folder for such files (XDG Base Directory Specification). */
export function userCacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'haidang');
}

/**
 * Remembers what rule files say, as reading YAML takes most of a start. An entry is found by the hash of the file's text
 * and name, of the lists for `expand`, and of the program that reads them, so that nothing outdated is ever used. The
 * cache is one file that only its owner can write; one that is damaged, or of somebody else, is left aside and replaced.
 */
export class ParsedRulesCache {
  readonly #folder: string | undefined;
  readonly #salt: string;
  readonly #known: ReadonlyMap<string, string>;
  readonly #used = new Map<string, string>();
  #missed = 0;

  private constructor(folder: string | undefined, salt: string, known: ReadonlyMap<string, string>) {
    this.#folder = folder;
    this.#salt = salt;
    this.#known = known;
  }

  /** For so many files. Never throws: without a usable cache all is read anew. */
  static async open(folder: string, files: number, lists: Placeholders): Promise<ParsedRulesCache> {
    if (files < WORTH_FILES || process.getuid === undefined) return new ParsedRulesCache(undefined, '', new Map());
    const salt = hash('sha256', JSON.stringify([await programHash(), [...lists]]));
    return new ParsedRulesCache(folder, salt, await readCache(join(folder, FILE)));
  }

  /** What `parseRules` gives. */
  parse(text: string, file: string, lists: Placeholders): ParsedRules {
    if (this.#folder === undefined) return parseRules(text, file, lists);
    const key = hash('sha256', `${this.#salt}\0${file}\0${text}`);
    const known = this.#known.get(key);
    if (known !== undefined) {
      this.#used.set(key, known);
      return JSON.parse(known) as ParsedRules;
    }
    const parsed = parseRules(text, file, lists);
    if (isPlain(parsed)) {
      this.#missed++;
      this.#used.set(key, JSON.stringify(parsed));
    }
    return parsed;
  }

  /** Keeps what was used for the next time, where it is not what was there. Never throws: a full disk costs only time. */
  async save(): Promise<void> {
    if (this.#folder === undefined || (this.#missed === 0 && this.#used.size === this.#known.size)) return;
    const body = [...this.#used].map(([key, json]) => `${key} ${json}\n`).join('');
    if (body.length > MOST_BYTES) return;
    const target = join(this.#folder, FILE);
    const temporary = `${target}.${process.pid}`;
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.write(`${hash('sha256', body)}\n${body}`);
      } finally {
        await file.close();
      }
      await chmod(temporary, 0o600);
      await rename(temporary, target);
    } catch {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }
}

/** The entries of a cache file; none where it is not there, damaged, or others could have written it. */
async function readCache(path: string): Promise<ReadonlyMap<string, string>> {
  const entries = new Map<string, string>();
  try {
    for (const place of [dirname(path), path]) {
      const { uid, mode } = await lstat(place);
      if (uid !== process.getuid?.() || (mode & 0o022) !== 0) return entries;
    }
    const found = await lstat(path);
    if (!found.isFile() || found.size > MOST_BYTES) return entries;
    const text = await readFile(path, 'utf8');
    const start = text.indexOf('\n') + 1;
    if (text.slice(0, start) !== `${hash('sha256', text.slice(start))}\n`) return entries;
    for (const line of text.slice(start).split('\n')) {
      const space = line.indexOf(' ');
      if (space > 0) entries.set(line.slice(0, space), line.slice(space + 1));
    }
    return entries;
  } catch {
    return entries;
  }
}

/** A hash of the program's own files that say how rules are read. */
async function programHash(): Promise<string> {
  const sum = createHash('sha256');
  for (const reader of READERS) {
    const path = fileURLToPath(new URL(reader, import.meta.url));
    const names = /\.[jt]s$/.test(path) ? [''] : (await readdir(path)).sort();
    for (const name of names) sum.update(name).update(await readFile(join(path, name)));
  }
  return sum.digest('hex');
}

/** Whether JSON gives the value back as it is. */
function isPlain(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  if (Array.isArray(value)) return value.every((one) => one !== undefined && isPlain(one));
  if (typeof value !== 'object' || value === null) return typeof value !== 'bigint';
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isPlain);
}
