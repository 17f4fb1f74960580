import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { needs } from '../needs.ts';
import { openBrowser, signIn } from './browser.ts';
import { Installation, PASSWORD, until } from './harness.ts';

const chromium = needs('chromium');
const FIRST = 'mat-khau-dau-tien-cua-minh';
const SECOND = 'mat-khau-thu-hai-cua-minh';
const THIRD = 'mat-khau-thu-ba-cua-minh';
const FOURTH = 'mat-khau-thu-tu-cua-minh';

describe.skipIf(!chromium)('users, managed in a real browser on the real server', () => {
  let installation: Installation;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    installation = await Installation.create();
    await installation.up();
    browser = await openBrowser(chromium as string);
    context = await browser.newContext({ locale: 'en-GB' });
    page = await context.newPage();
    await signIn(page, installation);
    await page.getByRole('link', { name: 'Users' }).first().click();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await installation?.remove();
  });

  /** Signs in without a browser; gives the status and the session's cookie. */
  async function enter(user: string, password: string): Promise<{ status: number; cookie: string }> {
    const answer = await fetch(`${installation.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: installation.url },
      body: JSON.stringify({ user, password }),
    });
    return { status: answer.status, cookie: answer.headers.getSetCookie()[0]?.split(';')[0] ?? '' };
  }
  async function me(cookie: string): Promise<{ status: number; role?: string }> {
    const answer = await fetch(`${installation.url}/api/v1/session`, { headers: { cookie } });
    return { status: answer.status, ...((await answer.json()) as object) };
  }
  const row = (user: string) => page.locator(`[data-user="${user}"]`);
  const dialog = () => page.getByRole('dialog');

  it('adds an analyst, who can sign in', async () => {
    const form = page.locator('section[aria-labelledby="new-user"]');
    await form.getByLabel('User name').fill('minh');
    await form.getByLabel('Full name').fill('Trần Quang Minh');
    await form.getByLabel('Password', { exact: false }).first().fill(FIRST);
    await form.getByLabel('Password again').fill('something else');
    await form.getByRole('button', { name: 'Add a user' }).click();
    await form.getByText('The two passwords differ.').waitFor();
    await form.getByLabel('Password again').fill(FIRST);
    await form.getByRole('button', { name: 'Add a user' }).click();
    await row('minh').getByText('Analyst').waitFor();
    expect(await enter('minh', FIRST)).toMatchObject({ status: 200 });
  }, 60_000);

  it('makes them a viewer, whose open session is one at once', async () => {
    const { cookie } = await enter('minh', FIRST);
    await row('minh').getByRole('button', { name: 'Change…' }).click();
    await dialog().getByLabel('Role').selectOption('viewer');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await row('minh').getByText('Viewer').waitFor();
    expect(await me(cookie)).toMatchObject({ status: 200, role: 'viewer' });
  }, 60_000);

  it('locks them out and lets them in with a new password', async () => {
    const { cookie } = await enter('minh', FIRST);
    await row('minh').getByRole('button', { name: 'Lock…' }).click();
    await dialog().getByRole('button', { name: 'Lock the account' }).click();
    await row('minh').getByText('Locked').waitFor();
    expect((await me(cookie)).status).toBe(401);
    expect((await enter('minh', FIRST)).status).toBe(401);

    await row('minh').getByRole('button', { name: 'New password…' }).click();
    await dialog().getByLabel('Password', { exact: false }).first().fill(SECOND);
    await dialog().getByLabel('Password again').fill(SECOND);
    await dialog().getByRole('button', { name: 'Set the password' }).click();
    await dialog().waitFor({ state: 'detached' });
    await row('minh').getByRole('button', { name: 'Unlock…' }).click();
    await dialog().getByRole('button', { name: 'Unlock the account' }).click();
    await row('minh').getByRole('button', { name: 'Lock…', exact: true }).waitFor();
    expect((await enter('minh', SECOND)).status).toBe(200);
  }, 60_000);

  it('says why the last administrator stays one', async () => {
    await row('admin').getByRole('button', { name: 'Lock…' }).click();
    await dialog().getByRole('button', { name: 'Lock the account' }).click();
    await dialog().getByText('The last administrator').first().waitFor();
    await page.keyboard.press('Escape');
    expect((await enter('admin', PASSWORD)).status).toBe(200);
  }, 60_000);

  it('lets everybody change their own password, who must know the one they have', async () => {
    const elsewhere = await enter('minh', SECOND);
    const other = await browser.newContext({ locale: 'en-GB' });
    const theirs = await other.newPage();
    await theirs.goto(`${installation.url}/alerts`);
    await theirs.locator('input[name="user"]').fill('minh');
    await theirs.locator('input[name="password"]').fill(SECOND);
    await theirs.keyboard.press('Enter');
    await theirs.getByRole('link', { name: 'Trần Quang Minh' }).first().click();
    const fill = async (current: string, fresh: string, again: string) => {
      const card = theirs.getByRole('region', { name: 'Change my password' });
      await card.getByLabel('Current password').fill(current);
      await card.getByLabel('New password').fill(fresh);
      await card.getByLabel('Password again').fill(again);
      await card.getByRole('button', { name: 'Change the password' }).click();
    };
    await fill(SECOND, THIRD, FIRST);
    await theirs.getByText('The two passwords differ.').waitFor();
    await fill(FIRST, THIRD, THIRD);
    await theirs.getByText('Wrong current password').first().waitFor();
    await fill(SECOND, THIRD, THIRD);
    await theirs.getByText('Your password is changed.').waitFor();
    expect((await me(elsewhere.cookie)).status).toBe(401);
    expect((await enter('minh', SECOND)).status).toBe(401);
    await theirs.reload();
    await theirs.getByRole('heading', { name: 'My account' }).waitFor();
    await other.close();

    const wrong = await installation.cli(['user', 'password', 'minh'], `${SECOND}\n${FOURTH}\n`);
    expect(wrong.err).toContain('current password is wrong');
    expect(wrong.code).toBe(1);
    const right = await installation.cli(['user', 'password', 'minh'], `${THIRD}\n${FOURTH}\n`);
    expect(right.code).toBe(0);
    expect((await enter('minh', FOURTH)).status).toBe(200);
  }, 60_000);

  it('is no page for anybody else', async () => {
    const other = await browser.newContext({ locale: 'en-GB' });
    const theirs = await other.newPage();
    await theirs.goto(`${installation.url}/alerts`);
    await theirs.locator('input[name="user"]').fill('minh');
    await theirs.locator('input[name="password"]').fill(FOURTH);
    await theirs.keyboard.press('Enter');
    await theirs.getByRole('link', { name: 'Alerts' }).first().waitFor();
    expect(await theirs.getByRole('link', { name: 'Users' }).count()).toBe(0);
    await theirs.goto(`${installation.url}/users`);
    await until('the page that is none', async () =>
      (await theirs.getByText('There is no such page.').count()) > 0 ? true : undefined,
    );
    await other.close();
  }, 60_000);
});
