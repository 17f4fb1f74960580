import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { needs } from '../needs.ts';
import { storeOldDays } from '../server/retention/old-days.ts';
import { openBrowser, signIn } from './browser.ts';
import { Installation } from './harness.ts';

const chromium = needs('chromium');

describe.skipIf(!chromium)('retention, seen in a real browser on the real server', () => {
  let installation: Installation;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    installation = await Installation.create();
    await storeOldDays(installation.data);
    await installation.up();
    browser = await openBrowser(chromium as string);
    page = await (await browser.newContext({ locale: 'en-GB' })).newPage();
    await signIn(page, installation);
    await page.getByRole('link', { name: 'Retention' }).first().click();
  });
  afterAll(async () => {
    await browser?.close();
    await installation?.remove();
  });

  const section = (name: string) => page.locator(`section[aria-labelledby="${name}"]`);
  const day = (text: string) => section('days').locator('li', { hasText: text });
  const dialog = () => page.getByRole('dialog');

  it('shows which days are due, and by what', async () => {
    await day('01/01/2026').getByText('due', { exact: true }).waitFor();
    expect(await day('05/01/2026').textContent()).toMatch(/5 events[\s\S]*due 09\/07\/2026[\s\S]*Level 3 · 184 days/);
  });

  it('places a legal hold and lifts it, each with a reason', async () => {
    await section('holds').getByRole('button', { name: 'Place a hold' }).click();
    await dialog().getByLabel('First day').fill('2026-01-01');
    await dialog().getByLabel('Last day').fill('2026-01-01');
    await dialog().getByRole('button', { name: 'Place a hold' }).click();
    // Without a reason the form does not go out.
    expect(await dialog().isVisible()).toBe(true);
    await dialog().getByLabel('Reason').fill('Vụ án 12/2026');
    await dialog().getByRole('button', { name: 'Place a hold' }).click();
    await section('holds').getByText('Vụ án 12/2026').waitFor();
    await day('01/01/2026').getByText('held').waitFor();
    await day('05/01/2026').getByText('due', { exact: true }).waitFor();

    await section('holds').getByRole('button', { name: 'Lift the hold' }).click();
    await dialog().getByLabel('Reason').fill('Đã có bản án');
    await dialog().getByRole('button', { name: 'Lift the hold' }).click();
    await day('01/01/2026').getByText('due', { exact: true }).waitFor();
    await section('holds').getByText('1 lifted hold').click();
    await section('holds').getByText('Đã có bản án').waitFor();
  });

  it('does not take fewer days than the law asks for', async () => {
    await section('policy').getByRole('button', { name: 'Change periods' }).click();
    const level = dialog().getByLabel('Level 3');
    await level.fill('91');
    expect(await level.evaluate((input: HTMLInputElement) => input.checkValidity())).toBe(false);
    await level.fill('700');
    await dialog().getByRole('button', { name: 'Save periods' }).click();
    await dialog().waitFor({ state: 'detached' });
    await day('01/01/2026').getByText('kept').waitFor();
    await level.waitFor({ state: 'detached' });
    await section('policy').getByRole('button', { name: 'Change periods' }).click();
    await dialog().getByLabel('Level 3').fill('184');
    await dialog().getByRole('button', { name: 'Save periods' }).click();
    await day('01/01/2026').getByText('due', { exact: true }).waitFor();
  });

  it('keeps the log of what was deleted', async () => {
    expect((await installation.cli(['retention', 'run'])).code).toBe(0);
    await page.reload();
    const entry = section('deleted').locator(':scope > ul > li', { hasText: '01/01/2026' });
    await entry.getByText('1 source of that day').click();
    await entry.getByText('/var/log/auth.log').waitFor();
    expect(await section('days').textContent()).toContain('The store holds no day yet.');
  });
});
