import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CheckAnswer, Exception, ExceptionPreview, RuleDetail, RuleList } from '../../server/rules/schema.ts';
import { Installation, until } from './harness.ts';

const RULE = '0b7f3c1e-6a55-4f0e-9a57-7a1d2f0c9e11';
const WRITTEN = '0b7f3c1e-6a55-4f0e-9a57-7a1d2f0c9e22';

/** A rule for one name of a user, as an operator writes it. */
function ruleText(user: string, id = RULE, level = 'high'): string {
  return `title: Login of ${user}
id: ${id}
status: test
description: Somebody tries the account ${user}.
level: ${level}
logsource: {product: linux, service: sshd}
detection:
  selection: {user.name: ${user}}
  condition: selection
haidang:
  group_by: [host.name]
  samples:
    match:
      - {event.module: system, event.dataset: system.auth, process.name: sshd, host.name: ws1, user.name: ${user}}
    no_match:
      - {event.module: system, event.dataset: system.auth, process.name: sshd, host.name: ws1, user.name: other}
`;
}

describe('rules change while the server runs', () => {
  let installation: Installation;
  let folder: string;
  let sequence = 0;

  const log = (user: string, ip = '203.0.113.9') => {
    const [, day = '', month = '', time = ''] = /^\w+, (\d+) (\w+) \d+ ([\d:]+)/.exec(new Date().toUTCString()) ?? [];
    const line = `${month} ${day} ${time} ws1 sshd[4242]: Failed password for ${user} from ${ip} port ${40_000 + ++sequence} ssh2\n`;
    appendFileSync(join(installation.folder, 'auth.log'), line);
  };
  const alertsOf = async (rule: string): Promise<{ count: number }[]> =>
    (await installation.api<{ alerts: { rule: string; count: number }[] }>('/api/v1/alerts')).alerts.filter(
      (alert) => alert.rule === rule,
    );
  const countIs = (rule: string, count: number) =>
    until(`rule ${rule} has ${count} matches`, async () => {
      const alerts = await alertsOf(rule);
      return alerts.reduce((sum, alert) => sum + alert.count, 0) === count ? alerts : undefined;
    });
  const list = () => installation.api<RuleList>('/api/v1/rules');
  const detail = (id: string) => installation.api<RuleDetail>(`/api/v1/rules/${id}`);
  const send = <T>(method: string, path: string, body?: unknown) =>
    installation.api<T>(path, { method, ...(body === undefined ? { body: '{}' } : { body: JSON.stringify(body) }) });

  beforeAll(async () => {
    installation = await Installation.create({
      inputs: (own) => [{ type: 'file', paths: [join(own, 'auth.log')], from: 'start' }],
      env: { TZ: 'UTC' },
    });
    folder = join(installation.data, 'rules');
    writeFileSync(join(installation.folder, 'auth.log'), '');
    await installation.up();
    for (let at = 0; at < 5; at++) log('minh');
    await until('the first lines are stored', async () => {
      const { total } = await installation.api<{ total: number }>('/api/v1/events/histogram?kql=');
      return total >= 5 ? true : undefined;
    });
  }, 90_000);

  afterAll(() => installation?.remove());

  test('a file that comes into the folder is in force by itself, lists what it missed, and can be filled up', async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'own.yml'), ruleText('minh'));
    await until('the rule is in force', async () => (await list()).rules.find(({ id }) => id === RULE), 30_000);
    log('minh');
    await countIs(RULE, 1);
    const before = await detail(RULE);
    expect(before.gaps).toMatchObject([{ from: 1, state: 'open' }]);
    expect(before.rule.missed).toBe(before.gaps[0]?.to);
    expect(await send('POST', `/api/v1/rules/${RULE}/refill`)).toEqual({ gaps: 1 });
    await countIs(RULE, 6);
    await until('the gap is filled', async () => ((await detail(RULE)).rule.missed === 0 ? true : undefined));
    expect((await detail(RULE)).gaps).toMatchObject([{ from: 1, state: 'filled' }]);
  }, 90_000);

  test('a slip in its file is named by line and column, and the wording before it goes on', async () => {
    writeFileSync(join(folder, 'own.yml'), ruleText('minh').replace('user.name: minh', 'user.name|no_such: minh'));
    const answer = await installation.cli(['rules', 'reload']);
    expect(answer.code).toBe(1);
    expect(answer.err).toMatch(/own\.yml:8:\d+ HD_RULE_UNKNOWN_MODIFIER/);
    log('minh');
    await countIs(RULE, 7);
    writeFileSync(join(folder, 'own.yml'), ruleText('lan'));
    const mended = await installation.cli(['rules', 'reload', '--json']);
    expect(mended.code).toBe(0);
    // The folder's own watch may have been quicker.
    await until('the new wording is in force', async () => {
      const { rule } = await detail(RULE);
      return rule.title.en === 'Login of lan' ? true : undefined;
    });
    log('minh');
    log('lan');
    const [alert] = await countIs(RULE, 8);
    expect(alert).toBeDefined();
    const { versions } = await detail(RULE);
    expect(versions.map(({ yaml }) => /Login of (\w+)/.exec(yaml)?.[1]).sort()).toEqual(['lan', 'minh']);
  }, 90_000);

  test('an exception is shown beforehand, hides and counts its events, and ends', async () => {
    const question = { kql: 'source.ip: 203.0.113.77', agency: null };
    log('lan', '203.0.113.77');
    await countIs(RULE, 9);
    const preview = await send<ExceptionPreview>('POST', `/api/v1/rules/${RULE}/exceptions/preview`, question);
    expect(preview).toMatchObject({ events: 9, eventsHidden: 1, truePositives: [] });
    const expires = new Date(Date.now() + 86_400_000).toISOString();
    const made = await send<Exception>('POST', `/api/v1/rules/${RULE}/exceptions`, {
      ...question,
      reason: 'our scanner',
      expires,
    });
    expect(made).toMatchObject({ active: true, hidden: 0, createdBy: 'admin' });
    log('lan', '203.0.113.77');
    log('lan');
    await countIs(RULE, 10);
    await send('POST', `/api/v1/rules/${RULE}/exceptions/${made.id}/end`);
    log('lan', '203.0.113.77');
    await countIs(RULE, 11);
  }, 90_000);

  test('a rule is written in the console only with samples that hold, and taken back', async () => {
    const broken = ruleText('an', WRITTEN).replace('user.name: other', 'user.name: an');
    await expect(send('PUT', `/api/v1/rules/${WRITTEN}`, { yaml: broken })).rejects.toThrow('Sample 1 of no_match');
    const checked = await send<CheckAnswer>('POST', '/api/v1/rules/check', { yaml: ruleText('minh', WRITTEN) });
    // Those stored before it is written tell how loud it would be.
    expect(checked).toMatchObject({ id: WRITTEN, problems: [], failed: [], lastWeek: { count: 8, complete: true } });
    const write = (untested?: string) =>
      send('PUT', `/api/v1/rules/${WRITTEN}`, { yaml: ruleText('an', WRITTEN), ...(untested ? { untested } : {}) });
    await expect(write()).rejects.toThrow('not been backtested');
    await write('an account of a former employee');
    log('an');
    await countIs(WRITTEN, 1);
    await send('POST', `/api/v1/rules/${WRITTEN}/decision`, { enabled: false, reason: 'too loud' });
    expect((await detail(WRITTEN)).rule).toMatchObject({ enabled: false, version: null });
    log('an');
    log('lan');
    await countIs(RULE, 12);
    await countIs(WRITTEN, 1);
    await send('POST', `/api/v1/rules/${WRITTEN}/decision`, { enabled: true, level: 'critical', reason: 'needed' });
    expect((await detail(WRITTEN)).rule).toMatchObject({ enabled: true, level: 'critical' });
    await send('DELETE', `/api/v1/rules/${WRITTEN}`);
    expect((await list()).rules.some(({ id }) => id === WRITTEN)).toBe(false);
  }, 90_000);

  test('says of each rule how it fares: its own samples are found, and no alert comes of them', async () => {
    const before = (await installation.api<{ total: number }>('/api/v1/alerts')).total;
    const { out } = await installation.cli(['rules', 'health', '--now', '--json']);
    const rules = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; selfTest: { passed: boolean } | null });
    expect(rules.filter(({ selfTest }) => !selfTest?.passed)).toEqual([]);
    // Those that were filled up came before it watched.
    expect(rules.find(({ id }) => id === RULE)).toMatchObject({ state: 'ok', matches: 7, fieldsNeverSeen: [] });
    expect((await installation.api<{ total: number }>('/api/v1/alerts')).total).toBe(before);
  }, 90_000);

  test('a rule that can never fire is red within minutes, with the reason', async () => {
    writeFileSync(join(folder, 'dead.yml'), ruleText('minh', WRITTEN).replaceAll('user.name', 'user.nmae'));
    await until('the rule is in force', async () => (await list()).rules.find(({ id }) => id === WRITTEN), 30_000);
    const { rule } = await detail(WRITTEN);
    expect(rule.health).toMatchObject({ state: 'dead', reasons: expect.arrayContaining(['field-unknown']) });
    rmSync(join(folder, 'dead.yml'));
  }, 60_000);
});
