import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IndicatorLists } from '../../server/indicators/schema.ts';
import type { ImportRow, RuleList } from '../../server/rules/schema.ts';
import { needs } from '../needs.ts';
import { openBrowser, signIn } from './browser.ts';
import { Installation, until } from './harness.ts';

const DRAFT = '7a0d5e52-3c0e-4e57-9d0a-6f5f7b1c0001';
const RULE = `title: A failed login as lan
id: ${DRAFT}
status: test
level: medium
logsource: {product: linux, service: sshd}
detection:
  selection: {event.outcome: failure, user.name: lan}
  condition: selection
haidang:
  samples:
    match:
      - {event.module: system, process.name: sshd, event.outcome: failure, user.name: lan}
`;

const chromium = needs('chromium');

describe.skipIf(!chromium)('lists of indicators and imported rules in a running installation', () => {
  let installation: Installation;
  let browser: Browser;
  let page: Page;
  let sequence = 0;

  const log = (ip: string) => {
    const [, day = '', month = '', time = ''] = /^\w+, (\d+) (\w+) \d+ ([\d:]+)/.exec(new Date().toUTCString()) ?? [];
    const line = `${month} ${day} ${time} ws1 sshd[4242]: Failed password for lan from ${ip} port ${40_000 + ++sequence} ssh2\n`;
    appendFileSync(join(installation.folder, 'auth.log'), line);
  };
  /** A picture for people to look at, where they ask for it. */
  const picture = async (name: string) => {
    const folder = process.env['TEST_PICTURES'];
    if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  };

  beforeAll(async () => {
    installation = await Installation.create({
      inputs: (own) => [{ type: 'file', paths: [join(own, 'auth.log')], from: 'start' }],
      env: { TZ: 'UTC' },
    });
    writeFileSync(join(installation.folder, 'auth.log'), '');
    await installation.up();
    browser = await openBrowser(chromium as string);
    page = await (
      await browser.newContext({
        locale: process.env['TEST_LOCALE'] ?? 'en-GB',
        viewport: { width: 1440, height: 1000 },
      })
    ).newPage();
    await signIn(page, installation);
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await installation?.remove();
  });

  test('a list that is imported by command raises an alert on the next event, and shows on its page', async () => {
    const file = join(installation.folder, 'list.csv');
    writeFileSync(file, 'value,type\n203.0.113.0/24,cidr\nevil.vn,domain\nnothing,md5\n');
    const options = ['--name', 'CERT list', '--source', 'CERT', '--id', 'cert', '--tlp', 'green'];
    const imported = await installation.cli(['indicators', 'import', file, ...options]);
    expect(imported).toMatchObject({ code: 1, out: expect.stringContaining('list.csv:4 "nothing" is no MD5') });
    log('203.0.113.9');
    const alert = await until('the alert is there', async () => {
      const { alerts } = await installation.api<{ alerts: { rule: string; title: unknown }[] }>('/api/v1/alerts');
      return alerts.find(({ rule }) => rule === 'indicators:cert');
    });
    expect(JSON.stringify(alert)).toContain('CERT list');
    const listed = await installation.cli(['indicators', 'list', '--json']);
    expect(JSON.parse(listed.out)).toMatchObject({ id: 'cert', count: 2, refused: 1, tlp: 'green' });
    await page.goto(`${installation.url}/indicators`);
    await page.getByRole('link', { name: 'CERT list' }).waitFor();
    await picture('indicators');
  }, 60_000);

  test('a list is imported on its page', async () => {
    await page.locator('input[type="file"]').setInputFiles({
      name: 'more.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from('198.51.100.0/24\n'),
    });
    await page.locator('input[name="name"]').fill('Another list');
    await page.locator('input[name="source"]').fill('A feed');
    await page.locator('form button[type="submit"]').click();
    await page.getByRole('link', { name: 'Another list' }).waitFor();
    const { indicators } = await installation.api<IndicatorLists>('/api/v1/indicators');
    expect(indicators).toBe(3);
  }, 60_000);

  test('rules are imported by command as drafts, and tested and enabled on their page', async () => {
    const folder = join(installation.folder, 'sigma');
    mkdirSync(folder);
    writeFileSync(join(folder, 'lan.yml'), RULE);
    writeFileSync(join(folder, 'wrong.yml'), RULE.replace('user.name: lan', 'user.name|nope: lan'));
    const imported = await installation.cli(['rules', 'import', folder, '--as', 'draft', '--json']);
    expect(imported.code).toBe(1);
    const rows = imported.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as ImportRow);
    expect(rows.map(({ file, state }) => `${file} ${state}`).sort()).toEqual(['lan.yml runs', 'wrong.yml refused']);
    const stage = async () =>
      (await installation.api<RuleList>('/api/v1/rules')).rules.find(({ id }) => id === DRAFT)?.stage;
    expect(await stage()).toBe('draft');
    await page.goto(`${installation.url}/rules/${DRAFT}`);
    const backtest = page.locator('section[aria-labelledby="backtest"]');
    await backtest.locator('button[type="submit"]').click();
    await backtest.locator('details').first().waitFor();
    expect(await stage()).toBe('tested');
    await picture('rule');
    const decision = page.locator('section[aria-labelledby="decision"]');
    await decision.locator('input[name="enabled"]').check();
    await decision.locator('input[name="reason"]').fill('tested here');
    await decision.locator('button[type="submit"]').click();
    await until('the rule is in force', async () => ((await stage()) === 'enabled' ? true : undefined));
  }, 60_000);

  test('an archive is read, shown and taken over on the page of imports', async () => {
    await page.goto(`${installation.url}/rules/import`);
    const other = RULE.replace(DRAFT, '7a0d5e52-3c0e-4e57-9d0a-6f5f7b1c0002');
    await page.locator('input[type="file"]').setInputFiles({
      name: 'own.yml',
      mimeType: 'text/yaml',
      buffer: Buffer.from(`${other}---\n${RULE.replace('detection:', 'wrong:')}`),
    });
    await page.locator('form button[type="submit"]').first().click();
    await page.locator('input[name="as"]').first().waitFor();
    await picture('import');
    await page.locator('form button[type="submit"]').last().click();
    await until('the draft is there', async () => {
      const { rules } = await installation.api<RuleList>('/api/v1/rules');
      return rules.some(({ id, stage }) => id.endsWith('0002') && stage === 'draft') ? true : undefined;
    });
  }, 60_000);
});
