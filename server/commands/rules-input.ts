import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Rule, RuleProblem } from '../../rules/rule.ts';
import type { FilterRule } from '../../rules/sigma/filter.ts';
import { joinRules, type RuleSet } from '../../rules/sigma/rule-set.ts';
import { ParsedRulesCache, userCacheFolder } from '../rules/parsed-cache.ts';
import { isPlaceholderFile, readPlaceholders } from '../rules/placeholder-files.ts';
import { UsageError } from './arguments.ts';

/** Longest line that is read, in characters; what is longer is reported and left out. */
export const LINE_CHARACTERS = 4 * 1024 * 1024;

/** Rules of files and folders, put together. */
export interface ReadRules extends RuleSet {
  readonly files: number;
}

async function ruleFiles(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new UsageError(`There is no file or folder "${path}".`);
  if (!found.isDirectory()) return [path];
  const names = await readdir(path, { recursive: true });
  return names
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => join(path, name));
}

/** Reads rule files; folders are gone through for `.yml` and `.yaml`, and `placeholders.yml` at the top of one holds lists for `expand`. A path that is not there is bad usage. */
export async function readRules(paths: readonly string[]): Promise<ReadRules> {
  const files = [...new Set((await Promise.all(paths.map(ruleFiles))).flat())];
  if (files.length === 0) throw new UsageError(`There is no .yml file in ${paths.join(', ')}.`);
  const rules: Rule[] = [];
  const filters: FilterRule[] = [];
  const lists = await readPlaceholders(paths);
  const problems: RuleProblem[] = [...lists.problems];
  const cache = await ParsedRulesCache.open(userCacheFolder(), files.length, lists.placeholders);
  for (const file of files) {
    if (isPlaceholderFile(file, paths)) continue;
    const parsed = cache.parse(await readFile(file, 'utf8'), file, lists.placeholders);
    for (const rule of parsed.rules) rules.push(rule);
    filters.push(...parsed.filters);
    problems.push(...parsed.problems);
  }
  cache.save();
  const set = joinRules(rules, filters);
  return { ...set, problems: [...problems, ...set.problems], files: files.length };
}

/** Opens a file, or standard input for `-` or nothing; `.gz` is unpacked. */
export async function openInput(path: string | undefined): Promise<Readable> {
  if (path === undefined || path === '-') return process.stdin;
  const found = await stat(path).catch(() => undefined);
  if (!found || found.isDirectory()) throw new UsageError(`There is no file "${path}".`);
  const file = createReadStream(path);
  if (!path.endsWith('.gz')) return file;
  const gunzip = createGunzip();
  file.on('error', (error) => gunzip.destroy(error));
  return file.pipe(gunzip);
}

/** The lines of a stream; `undefined` stands for one that is longer than `LINE_CHARACTERS`. */
export async function* readLines(input: Readable): AsyncGenerator<string | undefined> {
  input.setEncoding('utf8');
  let rest = '';
  let tooLong = false;
  for await (const chunk of input as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      yield tooLong || line.length > LINE_CHARACTERS ? undefined : line;
      tooLong = false;
    }
    if (rest.length > LINE_CHARACTERS) {
      tooLong = true;
      rest = '';
    }
  }
  if (rest !== '' || tooLong) yield tooLong ? undefined : rest;
}

/** A line of NDJSON as an event, or the reason why it is none. */
export function readEvent(line: string | undefined): object | string {
  if (line === undefined) return `longer than ${LINE_CHARACTERS} characters`;
  try {
    const event: unknown = JSON.parse(line);
    if (typeof event === 'object' && event !== null && !Array.isArray(event)) return event;
    return 'not a JSON object';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
