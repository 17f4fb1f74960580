import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const page = (name: string) => readFileSync(join(ROOT, 'docs', name), 'utf8');
/** Requirements of level 1 and 2 in each chapter of ASVS 5.0.0. */
const BY_CHAPTER = [27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7];

describe('the pages that say what stands against what', () => {
  it.each(['asvs.md', 'threat-model.md', 'tls.md', 'supply-chain.md', 'keys.md', 'data-classes.md', 'logs.md'])(
    '%s names tests that are there',
    (name) => {
      const named = [...new Set(page(name).match(/[\w/-]+\.test\.ts/g) ?? [])];
      expect(named.length).toBeGreaterThan(0);
      const missing = named.filter((path) => !existsSync(join(ROOT, path.startsWith('test/') ? path : `test/${path}`)));
      expect(missing).toEqual([]);
    },
  );

  it('threat-model.md answers each threat with a test, in every boundary', () => {
    const boundaries = page('threat-model.md')
      .split(/^### \d/m)
      .slice(1);
    expect(boundaries).toHaveLength(7);
    for (const boundary of boundaries) {
      const rows = [...boundary.matchAll(/^\| ([STRIDE](?:, [STRIDE])*) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)];
      expect(rows.length).toBeGreaterThan(1);
      for (const [, , threat = '', answer = '', shown = ''] of rows) {
        expect(answer.trim(), threat).not.toBe('');
        expect(shown, threat).toMatch(/[\w/-]+(\.test\.ts|conformance-\w+\.ts)/);
      }
    }
    // Each kind of threat is answered somewhere.
    const kinds = new Set(boundaries.join('\n').match(/^\| [STRIDE]/gm));
    expect([...kinds].map((row) => row.slice(2)).sort()).toEqual(['D', 'E', 'I', 'R', 'S', 'T']);
  });

  it('keys.md lists every key file that the program makes', () => {
    const sources = readdirSync(join(ROOT, 'server'), { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.ts'),
    );
    const made = new Set(
      sources.flatMap(
        (path) => readFileSync(join(ROOT, 'server', path), 'utf8').match(/(?<=['"`/])[a-z]+\.key(?=['"`])/g) ?? [],
      ),
    );
    expect([...made].sort()).toEqual(expect.arrayContaining(['ca.key', 'evidence.key', 'secrets.key']));
    const listed = page('keys.md');
    // A collector's own is listed by what it is: it lies elsewhere.
    const missing = [...made].filter((name) => name !== 'collector.key' && !listed.includes(`authority/${name}`));
    expect(missing).toEqual([]);
  });

  it('data-classes.md names kinds of records that are there', () => {
    const kinds = readFileSync(join(ROOT, 'server/store/record-kinds.ts'), 'utf8');
    const named = [...page('data-classes.md').matchAll(/^\| \*\*.*$/gm)].flatMap(([row]) => {
      const [, , what = ''] = row.split('|');
      return [...what.matchAll(/`([a-z][a-z-]+)`/g)].map(([, name = '']) => name);
    });
    expect(named.length).toBeGreaterThan(8);
    const gone = named.filter((name) => !new RegExp(`^  (?:${name}|'${name}'): \\w+;`, 'm').test(kinds));
    expect(gone).toEqual([]);
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
