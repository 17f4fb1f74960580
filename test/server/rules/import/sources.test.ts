import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IMPORT_LIMITS, ImportError, openSources, type RuleSource } from '../../../../server/rules/import/sources.ts';
import { type Packed, zipOf } from './zip-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hd-sources-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const RULE = 'title: A rule\n';
const read = async (path: string, limits = IMPORT_LIMITS): Promise<RuleSource[]> => {
  const sources = await openSources(path, path, limits);
  const found: RuleSource[] = [];
  for await (const source of sources.read()) found.push(source);
  expect(found).toHaveLength(sources.files);
  return found;
};
const zipped = async (files: readonly Packed[], limits = IMPORT_LIMITS) => {
  const path = join(folder, 'rules.zip');
  await writeFile(path, zipOf(files));
  return read(path, limits);
};

describe('a folder of rules', () => {
  it('is read in order of name, without what is hidden, linked, or no rule', async () => {
    for (const inside of ['rules/linux', '.git', '.github/workflows'])
      await mkdir(join(folder, inside), { recursive: true });
    await writeFile(join(folder, 'rules/linux/b.yml'), RULE);
    await writeFile(join(folder, 'rules/linux/a.YAML'), RULE);
    await writeFile(join(folder, 'placeholders.yml'), 'list: [a]');
    await writeFile(join(folder, '.git/config.yml'), RULE);
    await writeFile(join(folder, '.github/workflows/test.yml'), RULE);
    await writeFile(join(folder, 'README.md'), RULE);
    await symlink('/etc/hostname', join(folder, 'link.yml'));
    expect(await read(folder)).toEqual([
      { name: 'rules/linux/a.YAML', text: RULE },
      { name: 'rules/linux/b.yml', text: RULE },
    ]);
  });

  it('is not read past its limits', async () => {
    await writeFile(join(folder, 'a.yml'), RULE.repeat(10));
    await writeFile(join(folder, 'b.yml'), RULE);
    expect(await read(folder, { ...IMPORT_LIMITS, fileBytes: 100 })).toMatchObject([
      { name: 'a.yml', problem: 'The file is longer than 100 bytes.' },
      { name: 'b.yml', text: RULE },
    ]);
    await expect(read(folder, { ...IMPORT_LIMITS, entries: 1 })).rejects.toThrow(ImportError);
    await expect(read(folder, { ...IMPORT_LIMITS, totalBytes: 10 })).rejects.toThrow(ImportError);
    await expect(read(join(folder, 'none'))).rejects.toThrow('cannot be read (ENOENT)');
  });
});

describe('an archive of rules', () => {
  it('is read whether its files are packed or not', async () => {
    const files = [
      { name: 'sigma/a.yml', content: RULE },
      { name: 'sigma/b.yml', content: 'title: không\n', stored: true },
      { name: 'sigma/readme.txt', content: 'no' },
      { name: 'sigma/', content: '', stored: true },
    ];
    expect(await zipped(files)).toEqual([
      { name: 'sigma/a.yml', text: RULE },
      { name: 'sigma/b.yml', text: 'title: không\n' },
    ]);
  });

  it.each([
    ['that leads out of itself', '../../etc/cron.d/a.yml'],
    ['with an absolute name', '/etc/a.yml'],
    ['with a name of Windows', 'C:\\a.yml'],
  ])('%s is refused as a whole', async (_what, name) => {
    await expect(
      zipped([
        { name: 'good.yml', content: RULE },
        { name, content: RULE },
      ]),
    ).rejects.toThrow('outside of itself');
  });

  it('gives what can be read beside files that cannot, each with its reason', async () => {
    const bomb = Buffer.alloc(3_000_000, 'a');
    const found = await zipped([
      { name: 'bomb.yml', content: bomb },
      { name: 'crc.yml', content: RULE, claims: { crc: 7 } },
      { name: 'good.yml', content: RULE },
      { name: 'liar.yml', content: bomb, claims: { size: 10 } },
      { name: 'method.yml', content: RULE, claims: { method: 12 } },
    ]);
    const text = (at: number) => (found[at] as { problem: string }).problem;
    expect(text(0)).toContain('more than is read of it');
    expect(text(1)).toContain('damaged');
    expect(found[2]).toEqual({ name: 'good.yml', text: RULE });
    expect(text(3)).toContain('longer than the archive says');
    expect(text(4)).toContain('method 12');
  });

  it('is refused where it is encrypted, too long, or no archive', async () => {
    const good = { name: 'a.yml', content: RULE };
    await expect(zipped([{ ...good, flags: 1 }])).rejects.toThrow('encrypted');
    await expect(zipped([good, good], { ...IMPORT_LIMITS, entries: 1 })).rejects.toThrow('more than 1');
    await expect(zipped([good, good], { ...IMPORT_LIMITS, totalBytes: 20 })).rejects.toThrow('more than 20 bytes');
    const path = join(folder, 'x.zip');
    for (const content of [Buffer.alloc(0), Buffer.from('PK'), Buffer.alloc(100_000), zipOf([good]).subarray(0, -5)]) {
      await writeFile(path, content);
      await expect(read(path)).rejects.toThrow(ImportError);
    }
  });

  it('never throws anything else, whatever byte of it is changed', async () => {
    const path = join(folder, 'x.zip');
    const whole = zipOf([
      { name: 'a.yml', content: RULE },
      { name: 'b.yml', content: RULE, stored: true },
    ]);
    for (let at = 0; at < whole.length; at += 3) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] as number) ^ 0xff;
      await writeFile(path, changed);
      await read(path).catch((error) => expect(error).toBeInstanceOf(ImportError));
    }
  });
});
