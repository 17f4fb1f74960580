import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { needs } from '../needs.ts';
import { overflow, seriousFindings, settled, startBrowser } from './browser.ts';
import { builtConsole } from './built.ts';
import { type StandIn, startStandIn } from './stand-in.ts';

const chromium = needs('chromium');
const SLOW_MS = 240_000;

describe.skipIf(!chromium)('the search page in a real browser', () => {
  let folder: string;
  let server: StandIn;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];

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

  async function open(address = '/search', language = 'en'): Promise<void> {
    complaints = [];
    context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    await context.addInitScript((chosen) => localStorage.setItem('haidang.language', chosen), language);
    page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(server.url + address);
    await settled(page);
  }

  const field = (name: string) => page.getByRole('button', { name: new RegExp(`^${name.replace('.', '\\.')} `) });
  const kqlIs = (kql: string) => page.waitForURL((url) => url.searchParams.get('kql') === kql);

  test('a click on a value narrows the search to it, with Shift or Alt leaves it out', async () => {
    await open();
    await field('user.name').click();
    const values = page.getByRole('list', { name: 'Most frequent values of user.name' });
    const value = values.getByRole('button', { name: /^nguyễn văn a/ });
    await value.click();
    await kqlIs('user.name: "nguyễn văn a"');
    await value.click({ modifiers: ['Shift'] });
    await kqlIs('not user.name: "nguyễn văn a"');
    await values.getByRole('button', { name: /^success/ }).click({ modifiers: ['Alt'] });
    await kqlIs('not user.name: "nguyễn văn a" and not user.name: "success"');
    await values.getByRole('button', { name: 'Without this value: failure' }).click();
    await page.getByRole('button', { name: 'Only events with this field' }).click();
    await page.waitForURL((url) => url.searchParams.get('kql')?.endsWith('and user.name: *') ?? false);
    expect(complaints).toEqual([]);
  });

  test('says how far figures can be relied on: of how many events, and what was left out', async () => {
    await open();
    await page.getByText('From the newest 1,000 events').waitFor();
    await field('user.name').click();
    await page.getByText('Other values: 412 times').waitFor();
    await page.getByText('Without a value: 77 events').waitFor();
    await page.getByText('this field has to be read event by event').waitFor();
    await page.getByText('This query has too many events to open').waitFor();
  });

  test('the bars are divided by a field; that is in the address, and a link is a view', async () => {
    await open();
    await field('event.outcome').click();
    await page.getByRole('button', { name: 'Divide the bars by this field' }).click();
    await page.waitForURL((url) => url.searchParams.get('by') === 'event.outcome');
    await page.reload();
    const legend = page.getByRole('list', { name: 'Colours of the values of event.outcome' });
    await legend.getByText('failure').click();
    await kqlIs('event.outcome: "failure"');
    await page.getByRole('button', { name: 'Divided by event.outcome' }).click();
    await page.waitForURL((url) => !url.searchParams.has('by'));
    await legend.waitFor({ state: 'detached' });
  });

  test('by keys alone: a query from suggestions, a field, an event, a saved search', async () => {
    await open();
    await page.keyboard.press('/');
    await page.keyboard.type('event.o');
    await page.getByRole('option', { name: 'event.outcome' }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.keyboard.type('f');
    await page.getByRole('option', { name: 'failure' }).waitFor();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Tab');
    expect(await page.getByLabel('Query (KQL)').inputValue()).toBe('event.outcome: "failure" ');
    await page.keyboard.press('Enter');
    await kqlIs('event.outcome: "failure"');

    await page.locator('main').focus();
    await page.keyboard.press('f');
    await page.keyboard.type('outcome');
    await page.waitForFunction(
      () => document.querySelectorAll('section[aria-label="Fields"] li > button').length === 1,
    );
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('list', { name: 'Most frequent values of event.outcome' }).waitFor();

    await page.locator('main').focus();
    for (const key of ['j', 'j', 'k', 'j']) await page.keyboard.press(key);
    await page.waitForFunction(() => document.activeElement?.closest('li')?.getAttribute('data-index') === '1');
    await page.keyboard.press('Enter');
    await page.locator('li[data-index="1"] table').waitFor();

    await page.keyboard.press('o');
    const dialog = page.getByRole('dialog', { name: 'Saved searches' });
    await dialog.getByRole('button', { name: 'Đăng nhập SSH sai' }).press('Enter');
    await page.waitForURL(
      (url) => url.searchParams.get('by') === 'user.name' && url.searchParams.get('from') === 'now-7d',
    );
    expect(await page.getByLabel('Query (KQL)').inputValue()).toBe(
      'event.action: ssh_login and event.outcome: failure',
    );
    expect(complaints).toEqual([]);
  });

  test('a search is saved, renamed and deleted; others can only be opened', async () => {
    await open('/search?kql=user.name%3A+root&from=now-1h&to=now&by=source.ip');
    await page.getByRole('button', { name: 'Saved searches' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Root');
    await dialog.getByRole('checkbox').check();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByRole('button', { name: 'Root', exact: true }).waitFor();
    expect(server.saved.at(-1)).toMatchObject({
      name: 'Root',
      kql: 'user.name: root',
      from: 'now-1h',
      by: 'source.ip',
      shared: true,
    });
    const row = dialog.locator('li', { hasText: 'Root' });
    await row.getByRole('button', { name: 'Rename' }).click();
    await row.getByLabel('Name').fill('Root again');
    await row.getByRole('button', { name: 'Save' }).click();
    await dialog.getByRole('button', { name: 'Root again' }).waitFor();
    await row.getByRole('button', { name: 'Delete' }).click();
    await row.getByText('for good?').waitFor();
    await row.getByRole('button', { name: 'Delete' }).last().click();
    await row.waitFor({ state: 'detached' });
    expect(server.saved.map(({ id }) => id)).toEqual(['s1', 's2']);
    const others = dialog.getByRole('region', { name: 'Shared by others' });
    expect(await others.getByRole('button').count()).toBe(1);
  });

  test('a search that takes long says how far it has come, and can be cancelled', async () => {
    server.delay = 60_000;
    context = await browser.newContext();
    await context.addInitScript(() => localStorage.setItem('haidang.language', 'en'));
    page = await context.newPage();
    await page.goto(`${server.url}/search`);
    await page.getByText('42% of the time range done, 1,234,567 rows looked at, 8,901 events opened').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Cancelled.').waitFor();
    server.delay = 0;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('li[data-index="0"]').waitFor();
  });

  test('exports what is seen: the query and the very range; more than one export holds is said beforehand', async () => {
    await open('/search?kql=user.name%3A+root&from=now-24h&to=now');
    const address = new URL(
      (await page.getByRole('link', { name: 'Export as CSV' }).getAttribute('href')) ?? '',
      server.url,
    );
    expect(address.pathname).toBe('/api/v1/events/export');
    const asked = Object.fromEntries(address.searchParams);
    expect(asked).toMatchObject({ kql: 'user.name: root', format: 'csv', from: expect.stringMatching(/^\d{4}-/) });
    expect(await page.getByRole('link', { name: 'Export as NDJSON' }).count()).toBe(1);
    server.exportLimit = 20_000;
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.getByText('An export holds at most 20,000 events').waitFor();
    expect(await page.getByRole('link', { name: /Export/ }).count()).toBe(0);
  });

  test(
    'axe finds nothing serious with everything open, in each language, light and dark, wide and narrow',
    async () => {
      const found: string[] = [];
      for (const language of ['vi', 'en', 'km']) {
        await context?.close();
        await open('/search?kql=&from=now-24h&to=now&by=event.outcome', language);
        await field('user.name').click();
        await page.locator('li[data-index] > button').first().click();
        const check = async (what: string) => {
          for (const theme of ['light', 'dark']) {
            await page.evaluate((look) => {
              document.documentElement.dataset['theme'] = look;
            }, theme);
            const findings = await seriousFindings(page, theme === 'dark' ? ['color-contrast'] : undefined);
            found.push(...findings.map((finding) => `${language}, ${what}, ${theme}: ${finding}`));
          }
        };
        await check('page');
        if (language === 'vi') {
          await page.locator('[aria-keyshortcuts="o"]').click();
          await page.getByRole('dialog').locator('li').first().waitFor();
          await check('dialog');
          await page.keyboard.press('Escape');
        }
        for (const width of [390, 1280]) {
          await page.setViewportSize({ width, height: 800 });
          const wider = await overflow(page);
          if (wider > 0) found.push(`${language}: ${wider} px wider than ${width} px`);
        }
      }
      expect(found).toEqual([]);
      expect(complaints).toEqual([]);
    },
    SLOW_MS,
  );
});
