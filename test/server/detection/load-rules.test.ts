import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadRules, PACKS } from '../../../server/detection/load-rules.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hd-rules-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const rule = (id: string, more = '') => `title: A rule
id: ${id}
status: test
level: low
logsource: {product: linux}
detection:
  one: {user.name: root}
  condition: ${more || 'one'}
`;
const ID = '6f8d0a55-6f2c-4c9f-9a0e-1d1a0c3d2001';
const OTHER = '6f8d0a55-6f2c-4c9f-9a0e-1d1a0c3d2002';

describe('loading rules from folders', () => {
  it('reads every YAML file below them, and passes over the rest', async () => {
    await mkdir(join(folder, 'linux'));
    await writeFile(join(folder, 'linux', 'a.yml'), rule(ID));
    await writeFile(join(folder, 'b.yaml'), rule(OTHER));
    await writeFile(join(folder, 'README.md'), 'no rule');
    const { rules, problems } = await loadRules([folder, join(folder, 'absent')]);
    expect(problems).toEqual([]);
    expect(rules.map(({ id }) => id).sort()).toEqual([ID, OTHER]);
  });

  it('names file and line of what is wrong, and enables the rest', async () => {
    await writeFile(join(folder, 'bad.yml'), rule(OTHER, 'two and'));
    await writeFile(join(folder, 'good.yml'), rule(ID));
    const { rules, problems } = await loadRules([folder]);
    expect(rules.map(({ id }) => id)).toEqual([ID]);
    expect(problems).toMatchObject([{ file: join(folder, 'bad.yml'), line: 8 }]);
  });

  it('keeps the first of two rules with one id', async () => {
    await writeFile(join(folder, 'a.yml'), rule(ID));
    await writeFile(join(folder, 'b.yml'), rule(ID));
    const { rules, problems } = await loadRules([folder]);
    expect(rules).toHaveLength(1);
    expect(problems).toMatchObject([{ code: 'HD_RULE_DUPLICATE', file: join(folder, 'b.yml') }]);
  });

  it('enables at least 25 rules of our own', async () => {
    const { rules, problems } = await loadRules([PACKS]);
    expect(problems).toEqual([]);
    expect(rules.length).toBeGreaterThanOrEqual(25);
  });
});
