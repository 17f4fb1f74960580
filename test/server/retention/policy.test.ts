import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../server/config.ts';
import {
  daysOfMonths,
  keptFor,
  minimumDays,
  policyProblem,
  type RetentionPolicy,
} from '../../../server/retention/policy.ts';
import { KEEP_DAYS, MINIMUM_MONTHS } from '../../../server/retention/settings.ts';

const policy = (change: Partial<RetentionPolicy> = {}): RetentionPolicy => ({
  keepDays: KEEP_DAYS,
  sources: [],
  ...change,
});
const problem = (change: Partial<RetentionPolicy>) => policyProblem(policy(change), MINIMUM_MONTHS);

describe('the minimum by law', () => {
  it('is as long as so many calendar months can be', () => {
    expect([0, 1, 2, 3, 6, 12].map(daysOfMonths)).toEqual([0, 31, 62, 92, 184, 366]);
    expect(minimumDays(MINIMUM_MONTHS)).toEqual([10, 31, 92, 184, 366]);
  });

  it('accepts the default policy', () => {
    expect(problem({})).toBeUndefined();
  });

  it.each([
    [2, [92, 30, 184, 366, 731], /^30 days of level 2 are fewer than the least of 1 months \(31 days\)/],
    [4, [92, 92, 184, 183, 731], /^183 days of level 4 .* 6 months \(184 days\)/],
    [1, [9, 92, 184, 366, 731], /^9 days of level 1 .* collectors may still send/],
  ])('refuses a policy with less for level %i, and says why', (_level, keepDays, why) => {
    expect(problem({ keepDays })).toMatch(why);
  });

  it('refuses a source kept for less than a level it may belong to needs, unless the rule leaves that level out', () => {
    const short = { source: 'netflow*', days: 92 };
    expect(problem({ sources: [short] })).toMatch(/source netflow\*.*level 4.*name by "levels"/);
    expect(problem({ sources: [{ ...short, levels: [1, 2, 3] }] })).toBeUndefined();
    expect(problem({ sources: [{ ...short, levels: [1, 5] }] })).toMatch(/level 5/);
    expect(problem({ sources: [{ ...short, levels: [6] }] })).toMatch(/there are 1 to 5/);
    expect(problem({ keepDays: [92, 92, 184] })).toMatch(/five security levels/);
  });
});

describe('how long a source is kept', () => {
  const sources = [
    { source: 'netflow*', levels: [1, 2, 3], days: 92 },
    { source: '*/audit.log', days: 3650 },
  ];
  const of = (source: string, level: number | undefined) => keptFor(policy({ sources }), MINIMUM_MONTHS, source, level);

  it('is by the first rule that names source and level, else by the level', () => {
    expect(of('netflow:2055', 3)).toEqual({ days: 92, rule: 'source netflow*' });
    expect(of('netflow:2055', 4)).toEqual({ days: 366, rule: 'level 4' });
    expect(of('/var/log/audit/audit.log', 1)).toEqual({ days: 3650, rule: 'source */audit.log' });
    expect(of('/var/log/audit.log.1', 1)).toEqual({ days: 92, rule: 'level 1' });
  });

  it('is that of level 5 for an agency nobody knows any more', () => {
    expect(of('syslog', undefined).days).toBe(731);
  });

  it('is never less than the law says now, whatever an older policy says', () => {
    expect(keptFor(policy(), [12, 12, 12, 12, 24], 'syslog', 1)).toEqual({ days: 366, rule: 'minimum of level 1' });
  });

  it('stands a pattern of many stars', () => {
    const star = { source: `${'*a'.repeat(200)}b`, days: 3650 };
    expect(keptFor(policy({ sources: [star] }), MINIMUM_MONTHS, 'a'.repeat(500), 1).rule).toBe('level 1');
  });
});

describe('the configuration', () => {
  const load = async (yaml: string) => {
    const folder = await mkdtemp(join(tmpdir(), 'haidang-retention-'));
    try {
      await writeFile(join(folder, 'haidang.yaml'), yaml);
      return await loadConfig(join(folder, 'haidang.yaml'), {});
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };

  it('takes minimum, days, sources and the time of the run', async () => {
    const yaml = `retention:
  minimum_months: [0, 0, 3, 6, 12]
  keep_days: [10, 15, 92, 184, 366]
  sources: [{source: "syslog*", levels: [1], days: 12}]
  at: "23:05"`;
    expect((await load(yaml)).retention).toEqual({
      minimumMonths: [0, 0, 3, 6, 12],
      policy: { keepDays: [10, 15, 92, 184, 366], sources: [{ source: 'syslog*', levels: [1], days: 12 }] },
      at: '23:05',
    });
  });

  it.each([
    ['keep_days: [92, 92, 91, 366, 731]', /91 days of level 3 are fewer than .* 3 months/],
    ['sources: [{source: "a", days: 30}]', /source a .* level 2/],
    ['keep_days: [1, 2]', /haidang\.yaml:2: "retention.keep_days" must be a list of five/],
    ['sources: [{source: "a", dayz: 30}]', /must be a list of at most 200 rules/],
    ['at: "25:00"', /must be a time of day/],
  ])('refuses to start with %s', async (line, why) => {
    await expect(load(`retention:\n  ${line}`)).rejects.toThrow(why);
    await expect(load(`retention:\n  ${line}`)).rejects.toMatchObject({ exitCode: 2 });
  });
});
