import { appendFile, chmod, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
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
  cache.save();
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

  it('deletes what a killed process left half written, once it is old', async () => {
    await read(ruleText('one'));
    const old = new Date(Date.now() - 7_200_000);
    for (const name of ['rules.cache.11', 'rules.cache.12']) await writeFile(join(folder, name), 'half');
    await utimes(join(folder, 'rules.cache.11'), old, old);
    await read(ruleText('two'));
    expect((await readdir(folder)).sort()).toEqual(['rules.cache', 'rules.cache.12']);
  });

  it('takes entries over that were not read anew, whatever their letters', async () => {
    const [one, two] = [ruleText('Đăng nhập សួស្តី'), ruleText('two')];
    const lists = new Map<string, readonly string[]>();
    for (const texts of [[one], [one, two], [two, one]]) {
      const cache = await ParsedRulesCache.open(folder, FILES, lists);
      for (const text of texts) expect(cache.parse(text, 'a.yml', lists)).toEqual(parseRules(text, 'a.yml'));
      cache.save();
    }
    expect((await read(one)).parsed).toEqual(parseRules(one, 'a.yml'));
  });

  it('is left out for few files, and is no matter where it cannot be written', async () => {
    const few = await ParsedRulesCache.open(folder, 3, new Map());
    expect(few.parse(ruleText('one'), 'a.yml', new Map()).rules).toHaveLength(1);
    few.save();
    await expect(readdir(folder)).rejects.toThrow('ENOENT');
    await writeFile(folder, 'a file is in the way');
    expect(
      (await ParsedRulesCache.open(folder, FILES, new Map())).parse('{', 'a.yml', new Map()).problems,
    ).toHaveLength(1);
  });
});
