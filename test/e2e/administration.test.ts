import { appendFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { totpCode } from '../../server/accounts/totp.ts';
import type { Backups } from '../../server/backup/schema.ts';
import type { SystemHealth } from '../../server/health/schema.ts';
import { needs } from '../needs.ts';
import { openBrowser } from './browser.ts';
import { Installation, PASSWORD, until } from './harness.ts';

const chromium = needs('chromium');
const SLOW_MS = 240_000;
const AGENCIES = 150;
const SECOND = 'den-bien-soi-sang-dem-nay';
const FORGOTTEN = 'thuyen-ve-ben-luc-nua-dem';

/** A province's agencies as its own staff would write them: networks of both families, levels and contacts. */
function table(): string {
  const rows = Array.from({ length: AGENCIES }, (_, index) => {
    const number = String(index + 1).padStart(3, '0');
    const kind = index < 16 ? 'Ban Đảng' : 'Sở, xã';
    return [
      `co-quan-${number}`,
      `"${kind} số ${number}"`,
      `"10.${Math.floor(index / 200) + 20}.${index % 200}.0/24 2001:db8:${(index + 1).toString(16)}::/48"`,
      String((index % 5) + 1),
      `Cán bộ ${number}`,
      `0290 ${number}`,
      `cntt-${number}@example.vn`,
    ].join(',');
  });
  return `id,name,networks,level,person,phone,email\n${rows.join('\n')}\n`;
}

describe.skipIf(!chromium)('administration, from an empty folder on', () => {
  let installation: Installation;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    installation = await Installation.create({ env: { HAIDANG_ADMIN_PASSWORD: '' } });
    const place = join(installation.folder, 'backups');
    mkdirSync(place);
    appendFileSync(installation.config, `backup: {to: ${JSON.stringify(place)}}\n`);
    await installation.up();
    browser = await openBrowser(chromium as string);
    context = await browser.newContext({ locale: 'en-GB' });
    context.setDefaultTimeout(60_000);
    page = await context.newPage();
  }, SLOW_MS);
  afterAll(async () => {
    await browser?.close();
    await installation?.remove();
  });

  const cli = (args: readonly string[], input?: string) =>
    installation.cli([...args, '--config', installation.config], input);
  const step = (name: string) => page.locator(`[data-step="${name}"]`);
  const isDone = (name: string) => page.locator(`[data-step="${name}"][data-state="done"]`).waitFor();
  const row = (user: string) => page.locator(`[data-user="${user}"]`);

  it(
    'the wizard is walked in the browser: administrator, province, 150 agencies, store, TLS, first collector',
    async () => {
      const link = /http:\/\/127\.0\.0\.1:\d+\/setup\?token=\S+/.exec(installation.out)?.[0] ?? '';
      await page.goto(link);
      await page.locator('input[name="displayName"]').fill('Nguyễn Thị Lan');
      for (const field of await page.locator('input[type="password"]').all()) await field.fill(PASSWORD);
      await page.keyboard.press('Enter');
      await page.waitForURL('**/first-run');

      // Second factor, and its recovery codes, which stay on the page after the step is done.
      await step('administrator').locator('input[name="password"]').first().fill(PASSWORD);
      await step('administrator').getByRole('button', { name: 'Set up a second factor' }).click();
      const secret = ((await step('administrator').locator('[data-secret]').textContent()) ?? '').replaceAll(/\s/g, '');
      await step('administrator').locator('input[name="code"]').fill(totpCode(secret, Date.now()));
      await step('administrator').locator('input[name="code"]').press('Enter');
      await isDone('administrator');
      expect(await step('administrator').locator('[role="status"] li').count()).toBe(10);
      await step('administrator').getByText('Add a second administrator', { exact: true }).click();
      await step('administrator').getByLabel('User name').fill('hai');
      await step('administrator').getByLabel('Full name').fill('Trần Văn Hải');
      const fresh = step('administrator')
        .locator('form')
        .filter({ has: page.getByLabel('Full name') });
      for (const field of await fresh.locator('input[type="password"]').all()) await field.fill(SECOND);
      await fresh.getByRole('button', { name: 'Add a user' }).click();
      await step('administrator').getByText('There are 2 administrators.').waitFor();

      await step('province').getByLabel('Name').fill('Tỉnh Cà Mau');
      await step('province').getByRole('button', { name: 'Save' }).click();
      await isDone('province');

      const file = { name: 'co-quan.csv', mimeType: 'text/csv', buffer: Buffer.from(table()) };
      await step('agencies').locator('input[type="file"]').setInputFiles(file);
      await step('agencies').locator('[data-import="right"]').waitFor();
      await step('agencies').getByRole('button', { name: /150/ }).click();
      await isDone('agencies');
      await step('agencies').getByText('There are 151 agencies.').waitFor();

      await step('store').getByRole('button', { name: 'Keep the embedded store' }).click();
      await isDone('store');
      await step('tls').getByLabel('Name of this console in the network').fill('soc.camau.gov.vn"\nx: 1');
      await step('tls').getByText('allowed_hosts: ["soc.camau.gov.vnx:1"]').waitFor();
      await step('tls').getByRole('button', { name: 'Put aside' }).click();
      await step('tls').getByRole('button', { name: 'Take it up again' }).waitFor();

      await step('collector').locator('select[name="agency"]').selectOption('co-quan-007');
      await step('collector').locator('form button[type="submit"]').click();
      await step('collector').locator('[data-token]').waitFor();
      await step('collector').getByRole('button', { name: 'Put aside' }).click();
      await page.getByRole('link', { name: 'To the alerts' }).waitFor();

      const shown = await cli(['first-run']);
      expect(shown.out).toContain('Tỉnh Cà Mau');
      expect(shown.out).toContain('151 agencies');
      expect(shown.code, shown.out).toBe(0);
      const listed = (await cli(['agency', 'list', '--json'])).out.split('\n').filter(Boolean);
      expect(listed.map((line) => JSON.parse(line)).find(({ id }) => id === 'co-quan-150')).toMatchObject({
        securityLevel: 5,
        contact: { person: 'Cán bộ 150', phone: '0290 150', email: 'cntt-150@example.vn' },
        networks: ['10.20.149.0/24', '2001:db8:96::/48'],
      });
    },
    SLOW_MS,
  );

  it(
    'emergency access is opened in the console, is told to everybody on every page, and is ended by an administrator',
    async () => {
      const add = [
        'user',
        'add',
        'minh',
        '--role',
        'analyst',
        '--agency',
        'co-quan-001',
        '--display-name',
        'Trần Quang Minh',
      ];
      expect((await cli(add, `${FORGOTTEN}\n`)).code).toBe(0);
      const other = await browser.newContext({ locale: 'en-GB' });
      other.setDefaultTimeout(60_000);
      const theirs = await other.newPage();
      await theirs.goto(`${installation.url}/alerts`);
      await theirs.locator('input[name="user"]').fill('minh');
      await theirs.locator('input[name="password"]').fill(FORGOTTEN);
      await theirs.keyboard.press('Enter');
      await theirs.getByRole('link', { name: 'Alerts' }).first().waitFor();
      expect(await theirs.getByRole('link', { name: 'Users' }).count()).toBe(0);

      await page.getByRole('link', { name: 'Users' }).first().click();
      await row('minh').getByRole('button', { name: 'Emergency access…' }).click();
      expect(await row('admin').getByRole('button', { name: 'Emergency access…' }).count()).toBe(0);
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Reason').fill('Trưởng ca không liên lạc được ai');
      await dialog.getByLabel('For how long').selectOption('15');
      await dialog.getByRole('button', { name: 'Open emergency access' }).click();
      await dialog.waitFor({ state: 'detached' });
      for (const path of ['/alerts', '/ledger', '/account']) {
        await page.goto(`${installation.url}${path}`);
        const banner = page.locator('[data-emergency="minh"]');
        await banner.getByText('Trưởng ca không liên lạc được ai').waitFor();
        await banner.getByText('opened by admin').waitFor();
      }
      // Theirs shows it without being asked, with the pages of an administrator.
      await theirs.locator('[data-emergency="minh"]').waitFor({ timeout: 60_000 });
      await theirs.getByRole('link', { name: 'Users' }).first().waitFor({ timeout: 60_000 });
      const alerts = await cli(['alert', 'list', '--json']);
      expect(alerts.out).toContain('"severity":"critical"');

      await page.locator('[data-emergency="minh"]').getByRole('button', { name: 'End it now' }).click();
      await page.locator('[data-emergency="minh"]').waitFor({ state: 'detached' });
      await theirs.getByRole('link', { name: 'Users' }).first().waitFor({ state: 'detached', timeout: 60_000 });
      await other.close();
    },
    SLOW_MS,
  );

  it(
    'the command line tells the health of the server, backs up, and sets a password that somebody forgot',
    async () => {
      const { out, code } = await cli(['health', '--json']);
      const health = JSON.parse(out) as SystemHealth;
      expect(health.workers.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['detection', 'event writer', 'records']),
      );
      expect(health.parts).toContainEqual({ name: 'server', state: 'ok' });
      // The disk is the test machine's own.
      expect(code).toBe(health.disk.state === 'ok' ? 0 : 1);

      const done = await cli(['backup', 'now', '--json']);
      expect(done.code, done.err).toBe(0);
      const { id } = JSON.parse(done.out) as { id: string };
      expect((await cli(['backup', 'drill', id, '--note', 'khôi phục đủ'])).code).toBe(0);
      const status = JSON.parse((await cli(['backup', 'status', '--json'])).out) as Backups;
      expect(status).toMatchObject({ kept: [{ id }], drill: { backup: id, note: 'khôi phục đủ' } });

      expect((await cli(['user', 'reset-password', 'minh'], `${SECOND}\n`)).code).toBe(0);
      const enter = (password: string) =>
        fetch(`${installation.url}/api/v1/session`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', origin: installation.url },
          body: JSON.stringify({ user: 'minh', password }),
        });
      expect((await enter(FORGOTTEN)).status).toBe(401);
      expect((await enter(SECOND)).status).toBe(200);

      await installation.end('SIGTERM');
      const stopped = await until('the health of a stopped server', async () => {
        const answer = await cli(['health']);
        return answer.out === '' ? undefined : answer;
      });
      expect(stopped.out).toMatch(/! +part server +not running/);
      expect(stopped.code).toBe(1);

      // A store whose secrets are sealed under a key that the folder lacks is not gone on with under another one.
      rmSync(join(installation.data, 'authority', 'secrets.key'));
      await expect(installation.up()).rejects.toThrow(
        /does not hold; copy that file from a server or backup that has it/,
      );
      expect(existsSync(join(installation.data, 'authority', 'secrets.key'))).toBe(false);
    },
    SLOW_MS,
  );
});
