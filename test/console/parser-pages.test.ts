import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { needs } from '../needs.ts';
import { startBrowser } from './browser.ts';
import { builtConsole } from './built.ts';
import { type StandIn, startStandIn } from './stand-in.ts';

const chromium = needs('chromium');
const SLOW_MS = 240_000;

describe.skipIf(!chromium)('the pages of parsers in a real browser', () => {
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

  async function open(address: string): Promise<void> {
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    context.setDefaultTimeout(60_000);
    await context.addInitScript(() => localStorage.setItem('haidang.language', 'en'));
    page = await context.newPage();
    await page.goto(server.url + address);
    await page.locator('h1').waitFor();
  }
  const results = (read: boolean) => page.locator(`[data-read="${read}"]`);

  test(
    'a parser begins with lines that nothing understood, shows what becomes of them, and is saved once it is right',
    async () => {
      await open('/parsers');
      await page.locator('[data-source]').getByRole('link', { name: 'Begin a parser with these lines' }).click();
      await page.locator('textarea[name="yaml"]').waitFor();
      expect(await page.locator('textarea[name="lines"]').inputValue()).toContain('x|y|z');
      // Without being asked: the sketch's samples do not hold for these lines.
      await page.getByRole('alert').getByText('Sample 2', { exact: false }).waitFor();
      await page.locator('button[name="save"]').click();
      await page.locator('button[name="save"]:not([disabled])').waitFor();
      expect(server.parsers.sent).toEqual([]);

      await page.locator('textarea[name="yaml"]').fill(`name: new-app
title: New
dataset: newapp.log
steps: [{dissect: '%{source.ip} %{newapp.word}'}]
samples:
  - {line: '203.0.113.5 a', expect: {newapp.word: a}}
  - {line: '203.0.113.6 b', expect: {newapp.word: b}}
`);
      await page.locator('textarea[name="lines"]').fill('203.0.113.7 <b>bold</b>\nnothing');
      await page.keyboard.press('Control+Enter');
      await results(true).getByText('newapp.word').waitFor();
      expect(await results(true).textContent()).toContain('<b>bold</b>');
      expect(await results(false).textContent()).toContain('From character 1 on it does not fit');
      await page.getByText('The parser is right; its 2 samples passed.').waitFor();
      await page.locator('button[name="save"]').click();
      await page.getByText('Version 3 is kept. Sent to: portals.').waitFor();
      expect(server.parsers.sent[0]).toMatchObject({ path: '/api/v1/parsers/new-app', body: { expected: 0 } });
    },
    SLOW_MS,
  );

  test(
    'a fault leads to its place in the text, an old wording comes back into the editor, and groups are set',
    async () => {
      await open('/parsers/igate-pay');
      const editor = page.locator('textarea[name="yaml"]');
      await editor.waitFor();
      await editor.fill((await editor.inputValue()).replace('source.ip', 'source.adress'));
      await page.getByRole('button', { name: 'Line 7' }).click();
      const chosen = await editor.evaluate((one) => {
        const { value, selectionStart, selectionEnd } = one as HTMLTextAreaElement;
        return value.slice(selectionStart, selectionEnd);
      });
      expect(chosen).toBe('source.adress');

      const old = page.locator('[data-version="1"]');
      await old.getByRole('button', { name: 'Take up in the editor' }).click();
      await page.waitForFunction(() =>
        document.querySelector<HTMLTextAreaElement>('textarea[name="yaml"]')?.value.includes('title: Before'),
      );
      await page.getByRole('checkbox', { name: 'default' }).check();
      await page.getByRole('button', { name: 'Send to these groups' }).click();
      await page.getByText('No policy yet: new.', { exact: false }).waitFor();
      expect(server.parsers.sent).toEqual([
        { path: '/api/v1/parsers/igate-pay/groups', body: { groups: ['default', 'portals'] } },
      ]);
    },
    SLOW_MS,
  );
});
