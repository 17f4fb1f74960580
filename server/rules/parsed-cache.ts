import { createHash, hash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ParsedRules, parseRules } from '../../rules/sigma/parse.ts';
import type { Placeholders } from '../../rules/sigma/placeholders.ts';
import { CacheWriter, KnownEntries } from './cache-file.ts';

/** Reading fewer files takes no longer than all that comes with a cache. */
const WORTH_FILES = 300;
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
  #known: KnownEntries;
  /** Keys of entries of the file that were asked for. */
  readonly #used = new Set<string>();
  /** The file that replaces it, from the first entry on that was not known. */
  #fresh: CacheWriter | undefined;

  private constructor(folder: string | undefined, salt: string, known: KnownEntries) {
    this.#folder = folder;
    this.#salt = salt;
    this.#known = known;
  }

  /** For so many files. Never throws: without a usable cache all is read anew. */
  static async open(folder: string, files: number, lists: Placeholders): Promise<ParsedRulesCache> {
    if (files < WORTH_FILES || process.getuid === undefined)
      return new ParsedRulesCache(undefined, '', KnownEntries.none);
    const salt = hash('sha256', JSON.stringify([await programHash(), [...lists]]));
    return new ParsedRulesCache(folder, salt, await KnownEntries.read(join(folder, FILE)));
  }

  /** What `parseRules` gives. */
  parse(text: string, file: string, lists: Placeholders): ParsedRules {
    if (this.#folder === undefined) return parseRules(text, file, lists);
    const key = hash('sha256', `${this.#salt}\0${file}\0${text}`);
    const known = this.#known.get(key);
    if (known !== undefined) {
      this.#used.add(key);
      return JSON.parse(known) as ParsedRules;
    }
    const parsed = parseRules(text, file, lists);
    if (isPlain(parsed)) {
      this.#fresh ??= new CacheWriter(join(this.#folder, FILE));
      this.#fresh.add(key, JSON.stringify(parsed));
    }
    return parsed;
  }

  /** Keeps what was used for the next time, where it is not what was there. Never throws: a full disk costs only time. */
  save(): void {
    if (this.#folder === undefined || (this.#fresh === undefined && this.#used.size === this.#known.size)) return;
    const writer = this.#fresh ?? new CacheWriter(join(this.#folder, FILE));
    for (const key of this.#used) writer.add(key, this.#known.get(key) ?? '');
    writer.finish();
    this.#fresh = undefined;
    this.#known = KnownEntries.none;
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
