import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { needs } from '../needs.ts';
import { CLIENT_ID, CLIENT_SECRET, startProvider, type TestProvider } from '../server/accounts/oidc-provider.ts';
import { openBrowser } from './browser.ts';
import { Installation } from './harness.ts';

const chromium = needs('chromium');
const SLOW_MS = 240_000;

describe.skipIf(!chromium)('sign-in at a provider, in a real browser from page to page', () => {
  let installation: Installation;
  let provider: TestProvider;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    installation = await Installation.create();
    provider = await startProvider(installation.url, true);
    const secret = join(installation.folder, 'oidc-secret');
    writeFileSync(secret, `${CLIENT_SECRET}\n`, { mode: 0o600 });
    const oidc = {
      issuer: provider.issuer,
      client_id: CLIENT_ID,
      client_secret_file: secret,
      console: installation.url,
      label: 'the province’s account',
      groups: [
        { group: 'soc-leads', role: 'lead', create: true },
        { group: 'soc-viewers', role: 'viewer', create: true },
      ],
    };
    appendFileSync(installation.config, stringify({ oidc }));
    await installation.up();
    browser = await openBrowser(chromium as string);
    context = await browser.newContext({ locale: 'en-GB' });
    context.setDefaultTimeout(60_000);
    page = await context.newPage();
  }, SLOW_MS);
  afterAll(async () => {
    await browser?.close();
    await installation?.remove();
    await provider?.close();
  });

  const be = (...groups: string[]): void =>
    void provider.people.set('sokha', { sub: 'sokha', preferred_username: 'sokha', name: 'ជា សុខា', groups });
  const me = () =>
    page.evaluate(async () => {
      const answer = await fetch('/api/v1/session');
      return { status: answer.status, ...((await answer.json()) as { role?: string }) };
    });

  /** From the console's button over the provider's own pages back to the console. */
  async function signIn(): Promise<void> {
    await page.goto(`${installation.url}/alerts`);
    await page.getByRole('link', { name: 'Sign in with the province’s account' }).click();
    await page.waitForURL(`${provider.issuer}/**`);
    await page.locator('input[name="login"]').fill('sokha');
    await page.locator('input[name="password"]').fill('any password will do there');
    await page.locator('button[type="submit"]').click();
    // What the client may learn is agreed to on a page of its own.
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.waitForURL(`${installation.url}/**`);
  }
  /** From the console over the provider's question back to the console's door. */
  async function signOut(): Promise<void> {
    await page.getByRole('button', { name: 'Sign out' }).first().click();
    await page.waitForURL(`${provider.issuer}/**`);
    await page.getByRole('button', { name: /yes, sign me out/i }).click();
    await page.waitForURL(`${installation.url}/**`);
    await page.locator('input[name="password"]').waitFor();
  }

  it(
    'goes over the provider’s own sign-in page, and the group there decides the role here',
    async () => {
      be('soc-leads', 'other');
      await signIn();
      await page.getByRole('link', { name: 'ជា សុខា' }).first().waitFor();
      expect(await me()).toMatchObject({ status: 200, user: 'sokha', role: 'lead', agencies: 'all' });
    },
    SLOW_MS,
  );

  it(
    'ends at both: here nobody is signed in any more, and the provider asks anew',
    async () => {
      await signOut();
      expect(await me()).toMatchObject({ status: 401 });
      await page.getByRole('link', { name: 'Sign in with the province’s account' }).click();
      await page.locator('input[name="login"]').waitFor();
      expect(page.url().startsWith(provider.issuer)).toBe(true);
    },
    SLOW_MS,
  );

  it(
    'a role that was taken away at the provider is gone with the next sign-in, and without a group nobody gets in',
    async () => {
      be('soc-viewers');
      await signIn();
      await page.getByRole('link', { name: 'ជា សុខា' }).first().waitFor();
      expect(await me()).toMatchObject({ status: 200, role: 'viewer' });
      await signOut();
      be();
      await signIn();
      await page.getByText('opens nothing here').first().waitFor();
      expect(await me()).toMatchObject({ status: 401 });
      const refused = await installation.cli(['audit', 'list', '--json', '--config', installation.config]);
      expect(refused.out).toContain('None of the groups at the provider has an access here.');
    },
    SLOW_MS,
  );
});
