import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LoadedRules } from '../../../server/detection/detection.ts';
import { loadRules } from '../../../server/detection/load-rules.ts';
import { SYSTEM } from '../../../server/identity.ts';
import { openRuleRegistry, type RuleRegistry } from '../../../server/rules/registry.ts';
import { changeSetting, versionsOf } from '../../../server/rules/settings.ts';
import { ruleVersions } from '../../../server/rules/version.ts';
import { watchFolders } from '../../../server/rules/watch-folders.ts';
import { World } from '../detection/world.ts';
import { silentLog } from './silent-log.ts';

const A = '0b7f3c1e-6a55-4f0e-9a57-7a1d2f0c9e11';
const B = '0b7f3c1e-6a55-4f0e-9a57-7a1d2f0c9e22';
const text = (user: string, id = A) => `title: Login of ${user}
id: ${id}
status: test
level: high
logsource: {product: linux, service: sshd}
detection:
  selection: {user.name: ${user}}
  condition: selection
`;

let world: World;
let folder: string;
let used: LoadedRules[];
let registry: RuleRegistry;

beforeEach(async () => {
  world = await World.create();
  folder = await mkdtemp(join(tmpdir(), 'hd-rules-'));
  used = [];
});
afterEach(async () => {
  registry?.stop();
  await world.close();
  await rm(folder, { recursive: true, force: true });
});

const write = (name: string, yaml: string) => writeFile(join(folder, name), yaml);
const open = async (refuse = false) => {
  registry = await openRuleRegistry({
    folders: [folder],
    records: world.records,
    loaded: await loadRules([folder]),
    log: silentLog,
  });
  registry.attach({
    use: async (rules) => {
      if (refuse) throw new Error('They do not compile.');
      used.push(rules);
    },
  });
  return registry;
};
const titles = () => registry.rules.map(({ title }) => title).sort();

describe('the rules in force', () => {
  it('follow their folder: added, changed, removed, and nothing where nothing changed', async () => {
    await write('a.yml', text('minh'));
    await open();
    expect(await registry.reload('folder')).toMatchObject({ added: [], changed: [], removed: [] });
    expect(used).toHaveLength(0);
    await write('a.yml', text('lan'));
    await write('b.yml', text('an', B));
    expect(await registry.reload('folder')).toMatchObject({ added: [B], changed: [A], removed: [] });
    expect(used).toHaveLength(1);
    expect(titles()).toEqual(['Login of an', 'Login of lan']);
    await rm(join(folder, 'b.yml'));
    expect(await registry.reload('folder')).toMatchObject({ added: [], changed: [], removed: [B] });
    const versions = await versionsOf(world.records, A);
    expect(versions.map(({ yaml }) => /Login of (\w+)/.exec(yaml)?.[1]).sort()).toEqual(['lan', 'minh']);
  });

  it('keep the wording before of a file with a slip, and say where the slip is', async () => {
    await write('a.yml', text('minh'));
    await write('b.yml', text('an', B));
    await open();
    await write('a.yml', text('lan').replace('user.name:', 'user.name|nope:'));
    await write('b.yml', text('hoa', B));
    const { problems, changed } = await registry.reload('folder');
    expect(changed).toEqual([B]);
    expect(problems).toMatchObject([{ code: 'HD_RULE_UNKNOWN_MODIFIER', line: 7 }]);
    expect(problems[0]?.message).toContain('the wording before it stays in force');
    expect(titles()).toEqual(['Login of hoa', 'Login of minh']);
    await write('a.yml', text('lan'));
    await registry.reload('folder');
    expect(titles()).toEqual(['Login of hoa', 'Login of lan']);
    // A rule taken out of a file that has a slip elsewhere is gone all the same.
    await write('a.yml', `${text('lan')}---\n${text('an', '0b7f3c1e-6a55-4f0e-9a57-7a1d2f0c9e33')}`);
    await registry.reload('folder');
    await write('a.yml', `${text('lan')}---\ntitle: nothing\n`);
    await registry.reload('folder');
    expect(titles()).toEqual(['Login of hoa', 'Login of lan']);
  });

  it('stay those before where the new ones cannot be put in force', async () => {
    await write('a.yml', text('minh'));
    await open(true);
    await write('a.yml', text('lan'));
    await expect(registry.reload('folder')).rejects.toThrow('They do not compile.');
    expect(titles()).toEqual(['Login of minh']);
  });

  it('of the console stand in for those of a folder, and people’s decisions hold for both', async () => {
    await write('a.yml', text('minh'));
    await open();
    const view = world.records.as(SYSTEM);
    await view.create('rule', A, { yaml: text('lan'), updatedAt: '', updatedBy: 'hoa' });
    expect(await registry.reload('hoa', false)).toMatchObject({ changed: [A] });
    expect(titles()).toEqual(['Login of lan']);
    const versions = await versionsOf(world.records, A);
    expect(versions.map(({ by }) => by).sort()).toEqual(['folder', 'hoa']);
    const decide = (part: object) => changeSetting(world.records, A, (before) => ({ ...before, ...part }));
    await decide({ level: 'low', groupBy: ['source.ip'], gapSeconds: 60 });
    await registry.reload('hoa', false);
    expect(registry.rules[0]).toMatchObject({ level: 'low', extension: { groupBy: ['source.ip'], gapSeconds: 60 } });
    await decide({ enabled: false });
    expect(await registry.reload('hoa', false)).toMatchObject({ removed: [A] });
    expect(registry.disabled.map(({ id }) => id)).toEqual([A]);
    await decide({ enabled: true, level: null, groupBy: null, gapSeconds: null });
    await view.remove('rule', A);
    await registry.reload('hoa', false);
    expect(titles()).toEqual(['Login of minh']);
  });
});

describe('versions', () => {
  it('tell wordings apart, not files, and a correlation’s changes with what it counts', async () => {
    const count = `title: Many
id: ${B}
status: test
level: high
correlation: {type: event_count, rules: [${A}], group-by: [source.ip], timespan: 1m, condition: {gte: 3}}
`;
    const load = async (user: string, name: string) => {
      await rm(folder, { recursive: true });
      await mkdir(folder);
      await write(name, `${text(user)}---\n${count}`);
      return ruleVersions((await loadRules([folder])).rules);
    };
    const first = await load('minh', 'a.yml');
    expect(await load('minh', 'z.yml')).toEqual(first);
    const changed = await load('lan', 'a.yml');
    expect(changed.get(A)).not.toBe(first.get(A));
    expect(changed.get(B)).not.toBe(first.get(B));
  });
});

describe('the watch over folders', () => {
  it('tells of a file that came, changed and went', async () => {
    let heard = 0;
    let wake = () => {};
    const watch = watchFolders(
      [folder],
      () => {
        heard++;
        wake();
      },
      silentLog,
    );
    const next = () =>
      new Promise<void>((resolve) => {
        wake = resolve;
      });
    await watch.ready;
    for (const change of [
      () => write('a.yml', text('minh')),
      () => write('a.yml', text('lan-an')),
      () => rm(join(folder, 'a.yml')),
    ]) {
      const told = next();
      await change();
      await told;
    }
    watch.stop();
    // A change may be met half done, and is told twice then.
    expect(heard).toBeGreaterThanOrEqual(3);
  });
});
