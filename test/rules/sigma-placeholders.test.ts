import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileRules } from '../../rules/engine/compile.ts';
import { parseRules } from '../../rules/sigma/parse.ts';
import { expandPlaceholders, parsePlaceholders } from '../../rules/sigma/placeholders.ts';
import { readRules } from '../../server/commands/rules-input.ts';
import { loadRules } from '../../server/detection/load-rules.ts';

const LISTS = `# Of this province.
servers:
    - dc-01
    - "web-*"
jump_hosts: 'jump'
ports: [22, 3389]
`;
const { placeholders } = parsePlaceholders(LISTS, 'placeholders.yml');

function rule(field: string): string {
  return `title: t\nid: r\nlogsource: { category: x }\ndetection:\n    a:\n        ${field}\n    condition: a\n`;
}
function matches(field: string, host: unknown): boolean {
  const { rules, problems } = parseRules(rule(field), 'r.yml', placeholders);
  expect(problems).toEqual([]);
  const detections = rules.flatMap((one) => (one.kind === 'detection' ? [one] : []));
  return compileRules(detections, 'raw').evaluate({ category: 'x', Host: host }).length > 0;
}
const refused = (field: string): string[] =>
  parseRules(rule(field), 'r.yml', placeholders).problems.map(({ line, column, code }) => `${line}:${column} ${code}`);

describe('expand (Sigma 2.1, Placeholders)', () => {
  test('stands for each value of the list, which may hold wildcards', () => {
    expect(expandPlaceholders('%servers%', placeholders)).toEqual(['dc-01', 'web-*']);
    expect(matches("Host|expand: '%servers%'", 'dc-01')).toBe(true);
    expect(matches("Host|expand: '%servers%'", 'web-7')).toBe(true);
    expect(matches("Host|expand: '%servers%'", 'mail')).toBe(false);
    expect(matches("Host|expand: ['%servers%', mail]", 'mail')).toBe(true);
    expect(matches("Host|expand: '%jump_hosts%'", 'jump')).toBe(true);
    expect(matches("Host|expand: '%ports%'", 3389)).toBe(true);
  });

  test('works inside a text, more than once, and with other modifiers before and after', () => {
    expect(expandPlaceholders('%jump_hosts%.%ports%', placeholders)).toEqual(['jump.22', 'jump.3389']);
    expect(matches("Host|contains|expand: '-%ports%-'", 'x-22-y')).toBe(true);
    expect(matches("Host|expand|endswith: '%jump_hosts%.vn'", 'ssh.jump.vn')).toBe(true);
    expect(matches("Host|expand|neq: '%servers%'", 'mail')).toBe(true);
    expect(matches("Host|expand|neq: '%servers%'", 'dc-01')).toBe(false);
  });

  test('with "all" asks for one value of each list', () => {
    const field = "Host|contains|all|expand: ['%servers%', '%ports%']";
    expect(matches(field, 'dc-01:22')).toBe(true);
    expect(matches(field, 'dc-01:80')).toBe(false);
  });

  test('keeps an escaped sign, and signs without expand, as they are', () => {
    // The examples of the specification.
    expect(expandPlaceholders('\\%plain%jump_hosts%', placeholders)).toEqual(['%plainjump']);
    expect(matches("Host: '%servers%'", '%servers%')).toBe(true);
    expect(expandPlaceholders('100%', placeholders)).toEqual(['100%']);
    expect(expandPlaceholders('\\\\%jump_hosts%', placeholders)).toEqual(['\\\\jump']);
  });

  test('is refused by name and place where there is no such list, or too much comes of it', () => {
    expect(refused("Host|expand: ['%servers%', '%nowhere%']")).toEqual(['6:36 HD_RULE_PLACEHOLDER']);
    expect(refused(`Host|expand: '${'%ports%'.repeat(15)}'`)).toEqual(['6:22 HD_RULE_PLACEHOLDER']);
    expect(refused("Host|re|expand: '%servers%'")).toEqual(['6:17 HD_RULE_MODIFIER_USE']);
    expect(parseRules(rule("Host|expand: '%servers%'"), 'r.yml').problems[0]).toMatchObject({
      message: expect.stringContaining('%servers%'),
    });
  });
});

describe('the file of lists', () => {
  test.each([
    ['what is no map', '- a', '1:1'],
    ['a map as a list', 'a: {b: c}', '1:4'],
    ['an empty list', 'a: []', '1:4'],
    ['nothing', 'a:', '1:3'],
    ['a name with spaces', '"a b": c', '1:2'],
    ['no YAML', 'a: [', '1:5'],
    ['two documents', 'a: b\n---\nc: d', '3:1'],
  ])('with %s is reported with its place', (_name, text, place) => {
    const { problems } = parsePlaceholders(text, 'placeholders.yml');
    expect(problems.map(({ line, column, code }) => `${line}:${column} ${code}`)).toEqual([
      `${place} HD_RULE_PLACEHOLDERS`,
    ]);
  });

  test('gives the other lists where one is wrong', () => {
    expect([...parsePlaceholders('a: []\nb: [c]', 'f').placeholders]).toEqual([['b', ['c']]]);
  });

  describe('in a folder of rules', () => {
    let folder = '';
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'haidang-rules-'));
      await mkdir(join(folder, 'deep'));
      await writeFile(join(folder, 'placeholders.yml'), LISTS);
      await writeFile(join(folder, 'deep', 'rule.yml'), rule("Host|expand: '%servers%'"));
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    test('serves the rules in it, for the server and the commands', async () => {
      const loaded = await loadRules([folder]);
      expect(loaded.problems).toEqual([]);
      expect(loaded.rules).toHaveLength(1);
      const read = await readRules([folder]);
      expect(read.problems).toEqual([]);
      expect(read.detections[0]?.condition).toEqual((loaded.rules[0] as { condition?: unknown }).condition);
    });
  });
});
