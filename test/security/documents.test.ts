import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const page = (name: string) => readFileSync(join(ROOT, 'docs', name), 'utf8');
/** Requirements of level 1 and 2 in each chapter of ASVS 5.0.0. */
const BY_CHAPTER = [27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7];

describe('the pages that say what stands against what', () => {
  it.each(['asvs.md', 'threat-model.md', 'tls.md', 'supply-chain.md'])('%s names tests that are there', (name) => {
    const named = [...new Set(page(name).match(/[\w/-]+\.test\.ts/g) ?? [])];
    expect(named.length).toBeGreaterThan(0);
    const missing = named.filter((path) => !existsSync(join(ROOT, path.startsWith('test/') ? path : `test/${path}`)));
    expect(missing).toEqual([]);
  });

  it('asvs.md answers each requirement once: with a test, or with why not', () => {
    const rows = [...page('asvs.md').matchAll(/^\| (\d+)\.(\d+)\.(\d+) \| ([12]) \| ([^|]+) \| ([^|]+) \| (.+) \|$/gm)];
    expect(rows.map(([, chapter, section, number]) => `${chapter}.${section}.${number}`)).toHaveLength(253);
    expect(new Set(rows.map(([, chapter, section, number]) => `${chapter}.${section}.${number}`)).size).toBe(253);
    expect(rows.filter(([, , , , level]) => level === '1')).toHaveLength(70);
    expect(BY_CHAPTER.map((_, at) => rows.filter(([, chapter]) => Number(chapter) === at + 1).length)).toEqual(
      BY_CHAPTER,
    );
    for (const [row, , , , , , met = '', shown = ''] of rows) {
      expect(['yes', '**no**', 'n/a'], row).toContain(met);
      expect(shown, row).toMatch(met === 'yes' ? /\.test\.ts/ : /\w+ \w+/);
    }
    const [, yes, no, none] = /(\d+) met, (\d+) not, (\d+) of no meaning/.exec(page('asvs.md')) ?? [];
    const count = (what: string) => rows.filter(([, , , , , , met]) => met === what).length;
    expect([yes, no, none].map(Number)).toEqual([count('yes'), count('**no**'), count('n/a')]);
  });
});
