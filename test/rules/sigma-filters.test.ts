import { describe, expect, test } from 'vitest';
import { compileRules } from '../../rules/engine/compile.ts';
import { parseRules } from '../../rules/sigma/parse.ts';
import { joinRules } from '../../rules/sigma/rule-set.ts';

const RULES = `title: Command shell
id: 6f3e2987-db24-4c78-a860-b4f4095a7095
name: shell
logsource: { category: process_creation, product: windows }
detection:
    selection:
        Image|endswith: cmd.exe
    condition: selection
---
title: Any program
id: any-program
logsource: { category: process_creation, product: windows }
detection:
    selection:
        Image: '*'
    condition: selection
---
title: Network
id: network
logsource: { category: network_connection, product: windows }
detection:
    selection:
        Image: '*'
    condition: selection
---
title: Many shells
id: many
correlation:
    type: event_count
    rules: [shell]
    group-by: [User]
    timespan: 1m
    condition: { gte: 2 }
`;

function filter(rules: string, condition: string, rest = ''): string {
  return `title: Filter of administrators
id: the-filter
logsource: { category: process_creation, product: windows }
filter:
    rules: ${rules}
    selection:
        User|startswith: 'adm_'
${rest}    condition: ${condition}
`;
}

/** Ids of the rules that still match each of two users' shells. */
function left(...filters: string[]): { problems: string[]; adm: string[]; bob: string[] } {
  const parsed = [RULES, ...filters].map((text, at) => parseRules(text, `file-${at}.yml`));
  const set = joinRules(
    parsed.flatMap(({ rules }) => rules),
    parsed.flatMap((file) => file.filters),
  );
  const engine = compileRules(set.detections, 'raw');
  const of = (User: string) =>
    ['process_creation', 'network_connection'].flatMap((category) =>
      engine.evaluate({ product: 'windows', category, Image: 'C:\\cmd.exe', User }).map(({ id }) => id),
    );
  const problems = [...parsed.flatMap((file) => file.problems), ...set.problems].map(
    ({ file, line, column, code }) => `${file}:${line}:${column} ${code}`,
  );
  return { problems, adm: of('adm_lan'), bob: of('bob') };
}

const SHELL = '6f3e2987-db24-4c78-a860-b4f4095a7095';
const ALL = [SHELL, 'any-program', 'network'];

describe('a filter (Sigma 2.1, Filters)', () => {
  test('of the specification suppresses what it selects in the rules it names, by id', () => {
    expect(left(filter(`[${SHELL}]`, 'selection'))).toEqual({
      problems: [],
      adm: ['any-program', 'network'],
      bob: ALL,
    });
  });

  test('names rules by name, several of them, or any of its log source', () => {
    expect(left(filter('[shell, any-program]', 'selection')).adm).toEqual(['network']);
    expect(left(filter('shell', 'selection')).adm).toEqual(['any-program', 'network']);
    expect(left(filter('any', 'selection'))).toEqual({ problems: [], adm: ['network'], bob: ALL });
    expect(left(filter('[any]', 'selection')).adm).toEqual(['network']);
  });

  test('means the same where its condition is what rules keep', () => {
    expect(left(filter('any', 'not selection'))).toEqual({ problems: [], adm: ['network'], bob: ALL });
    const both = '    other:\n        User: bob\n';
    expect(left(filter('any', 'not selection and not other', both))).toMatchObject({
      adm: ['network'],
      bob: ['network'],
    });
    expect(left(filter('any', 'not (selection or other)', both))).toMatchObject({ adm: ['network'], bob: ['network'] });
    expect(left(filter('any', 'not 1 of *', both))).toMatchObject({ adm: ['network'], bob: ['network'] });
    expect(left(filter('any', 'selection or other', both))).toMatchObject({ adm: ['network'], bob: ['network'] });
  });

  test('may except some of what it selects, and is told by its condition, not by modifiers of its selection', () => {
    const exception = '    except:\n        User: adm_lan\n';
    expect(left(filter('any', 'selection and not except', exception)).adm).toEqual(ALL);
    const others = '    others:\n        User|neq: adm_lan\n';
    expect(left(filter('any', 'others', others))).toMatchObject({ adm: ALL, bob: ['network'] });
  });

  test('whose condition can be read both ways is refused', () => {
    const other = '    other:\n        User: bob\n';
    expect(left(filter('any', 'not selection or other', other))).toEqual({
      problems: ['file-1.yml:10:16 HD_RULE_FILTER'],
      adm: ALL,
      bob: ALL,
    });
  });

  test('works together with others, and also before correlations count', () => {
    const bobs = filter('any', 'selection').replace("User|startswith: 'adm_'", 'User: bob').replace('the-filter', 'b');
    expect(left(filter('any', 'selection'), bobs)).toMatchObject({ adm: ['network'], bob: ['network'] });
    const parsed = parseRules(`${RULES}---\n${filter('[shell]', 'selection')}`, 'one.yml');
    const set = joinRules(parsed.rules, parsed.filters);
    const engine = compileRules(set.counted.get('many') ?? [], 'raw');
    const shell = { product: 'windows', category: 'process_creation', Image: 'C:\\cmd.exe' };
    expect(engine.evaluate({ ...shell, User: 'adm_lan' })).toEqual([]);
    expect(engine.evaluate({ ...shell, User: 'bob' })).toHaveLength(1);
  });

  test.each([
    ['a rule that is not there', filter('[nowhere, shell]', 'selection'), 'file-1.yml:5:13 HD_RULE_FILTER'],
    ['a correlation', filter('[many]', 'selection'), 'file-1.yml:5:13 HD_RULE_FILTER'],
    ['a rule of another log source', filter('[network]', 'selection'), 'file-1.yml:5:13 HD_RULE_FILTER'],
    ['no rule', filter('[]', 'selection'), 'file-1.yml:5:5 HD_RULE_MISSING'],
    ['a wrong list', filter('[{a: b}]', 'selection'), 'file-1.yml:5:13 HD_RULE_FILTER'],
    ['an unknown selection', filter('any', 'selektion'), 'file-1.yml:8:16 HD_RULE_CONDITION'],
    ['no condition', filter('any', 'x').replace('    condition: x\n', ''), 'file-1.yml:5:5 HD_RULE_MISSING'],
    ['no log source', filter('any', 'selection').replace(/logsource.*\n/, ''), 'file-1.yml:1:1 HD_RULE_MISSING'],
    [
      'a detection beside it',
      `${filter('any', 'selection')}detection:\n    condition: a\n`,
      'file-1.yml:5:5 HD_RULE_DOCUMENT',
    ],
  ])('that has %s is reported with its place', (_name, text, problem) => {
    expect(left(text).problems).toEqual([problem]);
  });
});
