import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needs } from '../needs.ts';
import { openBrowser } from './browser.ts';
import { Installation, PASSWORD } from './harness.ts';

const chromium = needs('chromium');

describe.skipIf(!chromium)('the first start', () => {
  let installation: Installation;
  let browser: Browser;
  let link: string;

  beforeAll(async () => {
    installation = await Installation.create({ env: { HAIDANG_ADMIN_PASSWORD: '' } });
    await installation.up();
    browser = await openBrowser(chromium ?? '');
  });
  afterAll(async () => {
    await browser?.close();
    await installation?.remove();
  });

  test('prints a one-time link to the terminal and to a file for the owner alone, never to the log', () => {
    link = /http:\/\/127\.0\.0\.1:\d+\/setup\?token=\S+/.exec(installation.out)?.[0] ?? '';
    expect(link).not.toBe('');
    const file = join(installation.data, 'setup-link');
    expect(readFileSync(file, 'utf8')).toContain(link);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(installation.err).not.toContain(new URL(link).searchParams.get('token'));
  });

  test('the link sets the administrator’s password in the browser, once', async () => {
    const page = await browser.newPage();
    await page.goto(link);
    await page.locator('input[name="user"]').fill('admin');
    await page.locator('input[name="displayName"]').fill('Nguyễn Thị Lan');
    for (const field of await page.locator('input[type="password"]').all()) await field.fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/first-run');

    const again = await fetch(`${installation.url}/api/v1/setup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: installation.url },
      body: JSON.stringify({
        token: new URL(link).searchParams.get('token'),
        user: 'eve',
        displayName: 'Eve',
        password: PASSWORD,
      }),
    });
    expect(again.status).toBe(410);
  });

  test('a second start asks for no set-up, and SIGTERM stops it cleanly', async () => {
    expect(await installation.end('SIGTERM')).toBe(0);
    installation.out = '';
    await installation.up();
    expect(installation.out).not.toContain('/setup?token=');
    expect(await installation.api('/api/v1/session')).toMatchObject({ user: 'admin', role: 'administrator' });
    expect(await installation.end('SIGINT')).toBe(0);
  });
});
