import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { NewException } from '../../server/rules/schema.ts';
import { needs } from '../needs.ts';
import { settled, startBrowser } from './browser.ts';
import { builtConsole } from './built.ts';
import { RUNNING, VERSIONED_RULE } from './samples-rules.ts';
import { type StandIn, startStandIn } from './stand-in.ts';

const chromium = needs('chromium');
const SLOW_MS = 240_000;

describe.skipIf(!chromium)('the pages of rules in a real browser', () => {
  let folder: string;
  let server: StandIn;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    folder = builtConsole();
    browser = await startBrowser();
  }, SLOW_MS);

  afterAll(async () => {
    await browser?.close();
  });

  beforeEach(async () => {
    server = await startStandIn(folder);
  });

  afterEach(async () => {
    await context?.close();
    await server.close();
  });

  async function open(address: string, language = 'en', timezoneId = 'Europe/London'): Promise<void> {
    context = await browser.newContext({ viewport: { width: 1280, height: 800 }, timezoneId });
    await context.addInitScript((chosen) => localStorage.setItem('haidang.language', chosen), language);
    page = await context.newPage();
    await page.goto(server.url + address);
    await settled(page);
  }

  const card = (name: string) => page.locator(`section[aria-labelledby="${name}"]`);
  const lastSent = () => server.rules.sent.at(-1);

  test('a version shows what it changed and by whom, and one click brings it back', async () => {
    await open('/rules/rule-1');
    const rows = card('versions').locator('[data-version]');
    expect(await rows.count()).toBe(3);
    expect(await rows.nth(0).textContent()).toContain('The wording now');
    expect(await rows.nth(0).getByRole('button', { name: 'Bring this wording back' }).count()).toBe(0);
    expect(await rows.nth(2).textContent()).toContain('from a rule file');
    await rows.nth(1).getByRole('button', { name: 'What changed' }).click();
    const changes = (kind: string) => rows.nth(1).locator(`[data-change="${kind}"]`).allTextContents();
    expect(await changes('removed')).toEqual(['−title: Before']);
    expect(await changes('added')).toEqual(['+title: Now', '+# <script>window.stolen=1</script>']);
    await rows.nth(1).getByRole('button', { name: 'Against the wording now' }).click();
    expect(await changes('removed')).toEqual(['−level: high']);
    await rows.nth(2).getByRole('button', { name: 'Bring this wording back' }).click();
    await page.getByText('Version 000000000002 is back.').waitFor();
    expect(lastSent()).toEqual({
      method: 'PUT',
      path: '/rules/rule-1',
      body: { yaml: VERSIONED_RULE.versions[2]?.yaml },
    });
  });

  test('an exception is added only after its preview, which names the real attacks that it would hide', async () => {
    await open('/rules/rule-1');
    const form = card('exceptions');
    expect(await form.getByRole('button', { name: 'Add exception' }).count()).toBe(0);
    await form.locator('[name="kql"]').fill('source.ip: 203.0.113.9');
    await form.locator('[name="kql"]').press('Enter');
    await form.getByText('310 of 1,240 events').waitFor();
    await form.getByText('the true figures are higher').waitFor();
    expect(await form.getByRole('link', { name: 'Alert 1' }).getAttribute('href')).toBe('/alerts/a00002');
    // Another condition is another question.
    await form.locator('[name="kql"]').fill('source.ip: 203.0.113.10');
    expect(await form.locator('[data-preview]').count()).toBe(0);
    await form.getByRole('button', { name: 'Show what it would have hidden' }).click();
    await form.locator('[data-preview]').waitFor();
    const add = form.getByRole('button', { name: 'Add exception' });
    await form.locator('[name="reason"]').fill('Our own scanner');
    await form.locator('[name="expires"]').fill('2026-12-31');
    await add.click();
    expect(server.rules.sent.filter(({ path }) => path.endsWith('/exceptions'))).toEqual([]);
    await form.getByRole('checkbox').check();
    await add.click();
    await page.getByText('The exception is in force.').waitFor();
    expect(lastSent()?.body as NewException).toEqual({
      kql: 'source.ip: 203.0.113.10',
      agency: null,
      reason: 'Our own scanner',
      // The end of the day in the province, wherever the browser is.
      expires: '2026-12-31T16:59:00.000Z',
      override: true,
    });
  });

  test('an exception that would hide nothing says so', async () => {
    server.rules.preview = { ...server.rules.preview, eventsHidden: 0, alertsHidden: 0, truePositives: [] };
    await open('/rules/rule-1?except=user.name%3A%20an');
    expect(await card('exceptions').locator('[name="kql"]').inputValue()).toBe('user.name: an');
    await card('exceptions').getByRole('button', { name: 'Show what it would have hidden' }).click();
    await page.getByText('Check the condition').waitFor();
  });

  test('a backtest shows how far it is and can be cancelled; its result says which agency is loud', async () => {
    server.rules.backtest = RUNNING;
    await open('/rules/rule-1');
    const backtest = card('backtest');
    await backtest.getByText('42%').waitFor();
    await backtest.getByRole('button', { name: 'Cancel' }).click();
    await backtest.getByText('Cancelled; nothing of this run is kept.').waitFor();
    const rows = await backtest.locator('table').first().locator('tbody tr').allTextContents();
    expect(rows).toEqual(['Ủy ban nhân dân xã Hồ Thị Kỷ9,00020', 'Sở Khoa học và Công nghệ3,4821']);
    await backtest.getByText('About 3 alerts a day.').first().waitFor();
    await backtest.getByText('By day').first().click();
    await backtest.getByText('21/11/2026 · Ủy ban nhân dân xã Hồ Thị Kỷ').first().waitFor();
  });

  test('by keys alone: from the list to a rule, to its backtest, exceptions and versions', async () => {
    await open('/rules');
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('data-rule'));
    await page.keyboard.press('j');
    const begun = await focused();
    expect(begun).not.toBeNull();
    await page.keyboard.press('j');
    expect(await focused()).not.toBe(begun);
    await page.keyboard.press('k');
    expect(await focused()).toBe(begun);
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/rules/${begun}`);
    await card('backtest').waitFor();
    const within = (name: string) =>
      page.evaluate(
        (part) => document.activeElement?.closest('section[aria-labelledby]')?.getAttribute('aria-labelledby') === part,
        name,
      );
    await page.keyboard.press('v');
    expect(await within('versions')).toBe(true);
    await page.keyboard.press('d');
    expect(await within('decision')).toBe(true);
    await page.keyboard.press('b');
    expect(await within('backtest')).toBe(true);
    await page.getByLabel('Days back').press('Enter');
    await card('backtest').getByText('42%').waitFor();
    expect(server.rules.sent).toEqual([
      { method: 'POST', path: '/rules/backtests', body: { rule: begun, days: 7, agency: null } },
    ]);
  });

  test('drafts are told apart in the list, and a draft says what is next', async () => {
    await open('/rules?state=draft');
    await page.getByText('1 rule fits').waitFor();
    await page.getByRole('link', { name: /A draft rule/ }).click();
    await page.getByText('an exception can be added once it is switched on').waitFor();
    await page.goto(`${server.url}/rules/rule-tested`);
    await page.getByText('This wording is tested: it can be switched on.').waitFor();
  });

  test('an import says of each group what it means, and leads to the drafts', async () => {
    await open('/rules/import');
    await page.getByText('They look at log sources and fields').waitFor();
    await page.getByRole('button', { name: /^There already/ }).click();
    await page.getByText('No rule of this import is in this group.').waitFor();
    await page.getByRole('button', { name: /^Refused/ }).click();
    await page.getByText('HD_RULE_UNKNOWN_MODIFIER').waitFor();
    await page.getByRole('button', { name: 'Take over' }).click();
    await page.getByRole('link', { name: 'Show the drafts' }).click();
    await page.waitForURL('**/rules?state=draft');
  });

  test('a system that was taken from the list can be put back', async () => {
    await open('/assets');
    await page.getByRole('button', { name: 'Remove 10.1.0.0/16' }).click();
    await page.getByText('The system is no longer in the list.').waitFor();
    await page.locator('[data-asset="n1"]').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.locator('[data-asset]').nth(2).waitFor();
    expect(lastSent()).toMatchObject({
      method: 'POST',
      path: '/assets',
      body: { kind: 'network', value: '10.1.0.0/16', level: 5, agency: null },
    });
    expect(Object.keys(lastSent()?.body as object)).not.toContain('id');
  });

  test('where there is nothing yet, each page says what to do', async () => {
    server.rules.empty = true;
    server.rules.importJob = null;
    server.rules.backtest = null;
    await open('/rules');
    await page.getByText('No rule fits').waitFor();
    await page.goto(`${server.url}/indicators`);
    await page.getByText('Import one below').waitFor();
    await page.goto(`${server.url}/assets`);
    await page.getByText('Begin with the systems of level 4 and 5').waitFor();
    await page.goto(`${server.url}/rules/rule-1`);
    await page.getByText('Not backtested yet.').waitFor();
  });
});
