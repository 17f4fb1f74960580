import { appendFile, chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseRules } from '../../../rules/sigma/parse.ts';
import { ParsedRulesCache } from '../../../server/rules/parsed-cache.ts';

const FILES = 1_000;

function ruleText(value: string, level = 'low'): string {
  return `title: t
id: r-${value}
logsource: {product: x}
detection:
    sel:
        a|contains: ${value}
    condition: sel
level: ${level}
`;
}

let folder = '';
let cacheFile = '';

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'haidang-rules-cache-')), 'cache');
  cacheFile = join(folder, 'rules.cache');
});
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

/** What reading a file through the cache gives, and whether the cache knew it, so that it was not written anew. */
async function read(text: string, lists = new Map<string, readonly string[]>(), file = 'a.yml') {
  const inode = () =>
    stat(cacheFile).then(
      ({ ino }) => ino,
      () => 0,
    );
  const before = await inode();
  const cache = await ParsedRulesCache.open(folder, FILES, lists);
  const parsed = cache.parse(text, file, lists);
  await cache.save();
  return { parsed, known: before !== 0 && before === (await inode()) };
}

describe('the cache of rules that were read', () => {
  it('gives what reading gives, problems too, the first time and after', async () => {
    for (const text of [ruleText('one'), ruleText('two').replace('contains', 'contians'), 'no: rule', '{']) {
      expect((await read(text)).parsed).toEqual(parseRules(text, 'a.yml'));
      const again = await read(text);
      expect(again.parsed).toEqual(parseRules(text, 'a.yml'));
      expect(again.known).toBe(true);
    }
  });

  it('reads anew what changed: the text, the name of the file, the lists', async () => {
    const text = ruleText("'%hosts%'").replace('contains', 'contains|expand');
    const lists = new Map([['hosts', ['alpha']]]);
    await read(text, lists);
    const other = new Map([['hosts', ['beta']]]);
    expect(await read(text, other)).toEqual({ parsed: parseRules(text, 'a.yml', other), known: false });
    expect((await read(text, other, 'b.yml')).parsed.rules[0]?.file).toBe('b.yml');
    expect((await read(ruleText('one', 'high'))).parsed.rules[0]?.level).toBe('high');
  });

  it.each<[string, () => Promise<void>]>([
    ['is cut off', async () => writeFile(cacheFile, (await readFile(cacheFile, 'utf8')).slice(0, -20))],
    ['was changed', async () => writeFile(cacheFile, (await readFile(cacheFile, 'utf8')).replace('"low"', '"top"'))],
    ['was added to', () => appendFile(cacheFile, `${'0'.repeat(64)} {}\n`)],
    ['is none', () => writeFile(cacheFile, 'not a cache')],
    ['others may write', () => chmod(cacheFile, 0o666)],
    ['lies where others may write', () => chmod(folder, 0o777)],
  ])('leaves aside one that %s', async (_what, spoil) => {
    const text = ruleText('one');
    await read(text);
    await spoil();
    const { parsed, known } = await read(text);
    expect(parsed).toEqual(parseRules(text, 'a.yml'));
    expect(known).toBe(false);
    // It is replaced, and good again, once nobody else may write to the folder.
    await chmod(folder, 0o700);
    await read(text);
    expect((await read(text)).known).toBe(true);
  });

  it('keeps what was used, and is no more than one file that is its owner’s alone', async () => {
    await read(ruleText('one'));
    await read(ruleText('two'));
    expect(await readdir(folder)).toEqual(['rules.cache']);
    const kept = await readFile(cacheFile, 'utf8');
    expect(kept).toContain('r-two');
    expect(kept).not.toContain('r-one');
  });

  it('is left out for few files, and is no matter where it cannot be written', async () => {
    const few = await ParsedRulesCache.open(folder, 3, new Map());
    expect(few.parse(ruleText('one'), 'a.yml', new Map()).rules).toHaveLength(1);
    await few.save();
    await expect(readdir(folder)).rejects.toThrow('ENOENT');
    await writeFile(folder, 'a file is in the way');
    expect(
      (await ParsedRulesCache.open(folder, FILES, new Map())).parse('{', 'a.yml', new Map()).problems,
    ).toHaveLength(1);
  });
});
