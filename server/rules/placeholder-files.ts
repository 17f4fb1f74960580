import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { RuleProblem } from '../../rules/rule.ts';
import { PLACEHOLDER_FILE, type Placeholders, parsePlaceholders } from '../../rules/sigma/placeholders.ts';

/** Whether a path is the file of lists at the top of one of the folders, and so no file of rules. */
export function isPlaceholderFile(path: string, folders: readonly string[]): boolean {
  return PLACEHOLDER_FILE.test(basename(path)) && folders.some((folder) => join(folder, basename(path)) === join(path));
}

/** Reads `placeholders.yml` at the top of each folder that has one; a list of a later folder replaces one of its name. */
export async function readPlaceholders(
  folders: readonly string[],
): Promise<{ readonly placeholders: Placeholders; readonly problems: readonly RuleProblem[] }> {
  const placeholders = new Map<string, readonly string[]>();
  const problems: RuleProblem[] = [];
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => []);
    for (const name of names.filter((one) => PLACEHOLDER_FILE.test(one)).sort()) {
      const file = join(folder, name);
      try {
        const found = parsePlaceholders(await readFile(file, 'utf8'), file);
        for (const [list, values] of found.placeholders) placeholders.set(list, values);
        problems.push(...found.problems);
      } catch (error) {
        const message = `The file cannot be read (${(error as Error).message}); check its permissions.`;
        problems.push({ code: 'HD_RULE_FILE', file, line: 1, column: 1, rule: null, message });
      }
    }
  }
  return { placeholders, problems };
}
