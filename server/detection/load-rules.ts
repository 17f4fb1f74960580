import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Rule, RuleProblem } from '../../rules/rule.ts';
import type { FilterRule } from '../../rules/sigma/filter.ts';
import { joinRules } from '../../rules/sigma/rule-set.ts';
import { ParsedRulesCache } from '../rules/parsed-cache.ts';
import { isPlaceholderFile, readPlaceholders } from '../rules/placeholder-files.ts';
import type { LoadedRules } from './detection.ts';

/** Where our own rules are. */
export const PACKS = fileURLToPath(new URL('../../rules/packs', import.meta.url));

const MAX_FILES = 20_000;

/**
 * Reads every `.yml` and `.yaml` under the given folders, in order of name. A wrong file is named with its line and the
 * rest goes on; a folder that is not there holds no rules. `placeholders.yml` at the top of a folder holds lists for `expand`. A rule in a later folder with an id that is taken is refused.
 * `cache`: a folder in which what was read is kept for the next time.
 */
export async function loadRules(folders: readonly string[], cache?: string): Promise<LoadedRules> {
  const rules: Rule[] = [];
  const filters: FilterRule[] = [];
  const lists = await readPlaceholders(folders);
  const problems: RuleProblem[] = [...lists.problems];
  const paths = await Promise.all(folders.map(ruleFiles));
  const known = await ParsedRulesCache.open(
    cache ?? '',
    cache === undefined ? 0 : paths.flat().length,
    lists.placeholders,
  );
  for (const ofFolder of paths) {
    for (const path of ofFolder) {
      if (isPlaceholderFile(path, folders)) continue;
      const name = relative(process.cwd(), path).startsWith('..') ? path : relative(process.cwd(), path);
      try {
        const parsed = known.parse(await readFile(path, 'utf8'), name, lists.placeholders);
        rules.push(...parsed.rules);
        filters.push(...parsed.filters);
        problems.push(...parsed.problems);
      } catch (error) {
        const message = `The file cannot be read (${(error as Error).message}); check its permissions.`;
        problems.push({ code: 'HD_RULE_FILE', file: name, line: 1, column: 1, rule: null, message });
      }
    }
  }
  known.save();
  const set = joinRules(rules, filters);
  const { placeholders } = lists;
  return {
    rules: [...set.detections, ...set.correlations],
    problems: [...problems, ...set.problems],
    lists: placeholders,
  };
}

async function ruleFiles(folder: string): Promise<readonly string[]> {
  let entries: readonly { name: string; parentPath: string; isFile(): boolean }[];
  try {
    entries = await readdir(folder, { recursive: true, withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new Error(`The rules folder ${folder} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  return entries
    .filter((entry) => entry.isFile() && /\.ya?ml$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .slice(0, MAX_FILES);
}
