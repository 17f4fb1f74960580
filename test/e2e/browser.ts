import { type Browser, chromium, type Page } from 'playwright-core';
import { type Installation, PASSWORD } from './harness.ts';

/** The system's Chromium, headless, with nothing that reaches for a network. */
export function openBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** Signs in through the page, as a person does, and waits for the queue. */
export async function signIn(page: Page, installation: Installation): Promise<void> {
  await page.goto(`${installation.url}/alerts`);
  await page.locator('input[name="user"]').fill('admin');
  await page.locator('input[name="password"]').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.locator('input[name="password"]').waitFor({ state: 'detached' });
}
