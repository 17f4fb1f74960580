import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { needs } from '../needs.ts';
import { overflow, seriousFindings, settled, startBrowser } from './browser.ts';
import { builtConsole } from './built.ts';
import { HOSTILE, sampleAlert } from './samples.ts';
import { type StandIn, startStandIn } from './stand-in.ts';

const chromium = needs('chromium');
const PAGES = {
  alerts: '/alerts',
  alert: '/alerts/a00000',
  search: '/search',
  ledger: '/ledger',
  shifts: '/shifts',
  retention: '/retention',
  rules: '/rules',
  rule: '/rules/rule-1',
  'rule-new': '/rules/new',
  'rule-draft': '/rules/rule-draft',
  'rule-import': '/rules/import',
  attack: '/rules/attack',
  indicators: '/indicators',
  parsers: '/parsers',
  parser: '/parsers/igate-pay',
  'parser-new': '/parsers/new',
  agencies: '/agencies',
  assets: '/assets',
  fleet: '/fleet',
  account: '/account',
  users: '/users',
  audit: '/audit',
  health: '/health',
  'first-run': '/first-run',
  backups: '/backups',
  requests: '/requests',
  request: '/requests/YC-0002-0000',
  notices: '/notices',
  board: '/board',
  'board-item': '/board/b001',
  'board-indicators': '/board/indicators',
  tasks: '/tasks?show=all',
  incidents: '/incidents?sort=due',
  incident: '/incidents/HD-0000-0001',
  'incident-share': '/incidents/HD-0000-0001/share/a05',
  'incident-version': '/incidents/HD-0000-0001/share/a05/1',
  report: '/incidents/HD-0000-0001/report/closing',
  'report-form': '/reports/form',
  'sign-in': '/alerts',
  setup: '/setup?token=a-token-of-twenty-chars',
} as const;
/** Looked at apart from the others: all pages in one test would take minutes on a busy machine. */
const OF_PARSERS = /^parser/;
const OF_RULES = /^(rule|attack|indicators|assets|fleet)/;
const OF_CENTER = /^(board|tasks)/;
const OF_CASES = /^(incident|notices|report|request)/;
/** What axe finds in one language and not in another: names that a text gives, and languages. All else is looked at in one. */
const OF_TEXTS = [
  ...[
    'button-name',
    'link-name',
    'label',
    'select-name',
    'image-alt',
    'svg-img-alt',
    'document-title',
    'aria-dialog-name',
  ],
  ...[
    'aria-command-name',
    'aria-input-field-name',
    'aria-toggle-field-name',
    'html-has-lang',
    'html-lang-valid',
    'valid-lang',
  ],
];
const SLOW_MS = 240_000;

describe.skipIf(!chromium)('the console in a real browser', () => {
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

  async function open(language = 'vi', theme = 'light', width = 1280): Promise<void> {
    complaints = [];
    context = await browser.newContext({ viewport: { width, height: 800 } });
    await context.addInitScript(
      ([chosen, look]) => {
        localStorage.setItem('haidang.language', chosen ?? '');
        localStorage.setItem('haidang.theme', look ?? '');
      },
      [language, theme],
    );
    page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('Failed to load resource'))
        complaints.push(message.text());
    });
  }

  /** Goes to a page and waits until what it asked for is there. */
  async function visit(name: keyof typeof PAGES): Promise<void> {
    server.signedIn = name !== 'sign-in';
    server.emergency = name === 'users';
    await page.goto(server.url + PAGES[name]);
    await settled(page);
  }

  /** All that a rule's page shows when asked: what versions changed, results of backtests, the preview of an exception. */
  async function openAll(): Promise<void> {
    await page.locator('input[name="kql"]').fill('source.ip: 203.0.113.9');
    await page.locator('button[name="preview"]').click();
    await page.locator('[data-preview]').waitFor();
    for (const row of await page.locator('[data-version]').all()) await row.locator('button').first().click();
    await page.evaluate(() => {
      for (const details of document.querySelectorAll('details')) details.open = true;
    });
  }

  /** All that the fleet page shows when asked: a policy with its faults, what its versions changed, health of each collector. */
  async function openFleet(): Promise<void> {
    const group = page.locator('[data-group="ubnd-xa"]');
    await group.locator('button[aria-expanded]').first().click();
    await group.locator('[data-policy-version="4"] button').first().click();
    await group.locator('[data-change]').first().waitFor();
    await group.locator('textarea').fill('wrong');
    await group.locator('button[name="save-policy"]').click();
    await group.locator('[data-line="9"]').waitFor();
    await page.evaluate(() => {
      for (const details of document.querySelectorAll('details')) details.open = true;
    });
  }

  const rows = () => page.locator('[data-alert-id]');
  const row = (id: string) => page.locator(`[data-alert-id="${id}"]`);
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('data-alert-id'));

  const names = Object.keys(PAGES) as (keyof typeof PAGES)[];
  const partOf = (name: string) =>
    OF_PARSERS.test(name)
      ? 'of parsers'
      : OF_RULES.test(name)
        ? 'of rules'
        : OF_CASES.test(name)
          ? 'of cases'
          : OF_CENTER.test(name)
            ? 'of the center'
            : 'general';
  const looked = ['vi', 'en', 'km'].flatMap((language) =>
    ['general', 'of cases', 'of the center', 'of rules', 'of parsers'].map(
      (part) => [part, language, names.filter((name) => partOf(name) === part)] as const,
    ),
  );

  test.each(looked)(
    'axe finds nothing serious in light and dark, and no page is wider than its window: %s, %s',
    async (_, language, part) => {
      await open(language);
      const found: string[] = [];
      for (const name of part) {
        await visit(name);
        if (name === 'shifts') await page.locator('input[value="handover"]').check();
        if (name === 'search') await page.locator('main li[data-index] > button').first().click();
        if (name === 'rule') await openAll();
        if (name === 'fleet') await openFleet();
        // Colours are the same in each language, so the dark ones are looked at in one.
        for (const theme of language === 'vi' ? ['light', 'dark'] : ['light']) {
          await page.evaluate((look) => {
            document.documentElement.dataset['theme'] = look;
          }, theme);
          // A theme changes colours alone: what axe says of all else is the same in both.
          const rules = theme === 'dark' ? ['color-contrast'] : language === 'vi' ? undefined : OF_TEXTS;
          const findings = await seriousFindings(page, rules);
          found.push(...findings.map((finding) => `${name}, ${theme}: ${finding}`));
        }
        for (const width of [390, 1280]) {
          await page.setViewportSize({ width, height: 800 });
          const wider = await overflow(page);
          if (wider > 0) found.push(`${name}: ${wider} px wider than ${width} px`);
        }
      }
      expect(found).toEqual([]);
      expect(complaints).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.lang)).toBe(language);
    },
    SLOW_MS,
  );

  test('the chosen theme is the one that is drawn', async () => {
    await open('en', 'dark');
    await visit('rules');
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
    const dark = await ground();
    await page.getByLabel('Theme').first().selectOption('light');
    expect(await ground()).not.toBe(dark);
  });

  test(
    'log content shows as text on every page and runs nowhere',
    async () => {
      await open('en');
      const pages = ['alerts', 'alert', 'search', 'ledger', 'shifts', 'rules', 'requests', 'request'] as const;
      const ofIncident = ['incident', 'incident-share', 'incident-version'] as const;
      const ofCenter = ['board', 'board-item', 'board-indicators', 'tasks'] as const;
      const ofRules = ['rule', 'rule-import', 'indicators', 'assets', 'fleet', 'parsers'] as const;
      for (const name of [...pages, ...ofRules, ...ofIncident, ...ofCenter]) {
        await visit(name);
        if (name === 'rule') await openAll();
        if (name === 'fleet') await openFleet();
        await page.evaluate(() => {
          for (const details of document.querySelectorAll('details')) details.open = true;
        });
        // The field table of an event is made when it opens.
        await page.waitForFunction(() =>
          [...document.querySelectorAll('[aria-labelledby="events"] details')].every((one) =>
            one.querySelector('table'),
          ),
        );
        if (name === 'search') {
          for (let place = 0; place < 3; place += 1)
            await page.locator('main li[data-index] > button').nth(place).click();
        }
        const text = await page.locator('main').textContent();
        expect(text, name).toMatch(/<script>|<img src=x|onload=|javascript:window/);
        expect(await page.locator('main iframe, main img[src="x"], main b, main i, main script').count(), name).toBe(0);
        expect(await page.locator('main a[href^="javascript"]').count(), name).toBe(0);
      }
      await visit('alert');
      const all = await page.locator('main').textContent();
      for (const text of HOSTILE.filter((one) => !/[\u0000-\u001f\u202e]/.test(one))) expect(all).toContain(text);
      expect(all).toContain('‹U+202E›');
      expect(await page.evaluate(() => 'stolen' in window)).toBe(false);
      expect(complaints).toEqual([]);
    },
    SLOW_MS,
  );

  test('a new alert shows without reload, and waits behind the bar while the list is read', async () => {
    await open('en');
    await visit('alerts');
    await page.getByText('Live', { exact: true }).waitFor();
    server.tell(sampleAlert(0, { id: 'fresh-1', change: 200_001, count: 1_000 }));
    await row('fresh-1').waitFor();
    expect(await row('fresh-1').locator('[data-count="1000"]').count()).toBe(1);

    await page.keyboard.press('j');
    await page.waitForFunction(() => document.activeElement?.hasAttribute('data-alert-id'));
    server.tell(sampleAlert(0, { id: 'fresh-2', change: 200_002 }));
    await page.getByRole('button', { name: '1 new alert: show it' }).waitFor();
    expect(await row('fresh-2').count()).toBe(0);
    expect(await focused()).toBe('fresh-1');
    await page.keyboard.press('n');
    await row('fresh-2').waitFor();
  });

  test('a cut connection shows, and the next one asks from the last change', async () => {
    await open('en');
    await visit('alerts');
    await page.getByText('Live', { exact: true }).waitFor();
    server.tell(sampleAlert(0, { id: 'before', change: 300_000 }));
    await row('before').waitFor();
    server.alerts = [sampleAlert(0, { id: 'missed', change: 300_001 }), ...server.alerts];
    server.cutLive();
    await row('missed').waitFor();
    expect(server.since.at(-1)).toBe(300_000);
  });

  test('by keys alone: walk, choose a range, close with a verdict, take it back', async () => {
    await open('en');
    await visit('alerts');
    await rows().first().waitFor();
    await page.keyboard.press('j');
    await page.waitForFunction(() => document.activeElement?.getAttribute('data-alert-id') === 'a00000');
    await page.keyboard.press('Shift+J');
    await page.keyboard.press('Shift+J');
    await page.waitForFunction(() => document.activeElement?.getAttribute('data-alert-id') === 'a00002');
    await page.getByText('3 chosen').waitFor();
    await page.keyboard.press('e');
    await page.getByRole('dialog', { name: 'Close 3 alerts' }).waitFor();
    await page.getByRole('radio', { name: 'False alarm' }).press('Space');
    await page.getByLabel('Note').fill('A test of the backup.');
    await page.getByRole('button', { name: 'Apply to 3 alerts' }).press('Enter');
    await page.getByText('3 alerts changed.').waitFor();
    expect(server.changes.at(-1)).toEqual({
      alerts: ['a00000', 'a00001', 'a00002'].map((id) => ({ id, version: 1 })),
      status: 'closed',
      verdict: 'false_positive',
      note: 'A test of the backup.',
    });
    expect(await row('a00000').count()).toBe(0);
    expect(await focused()).toBe('a00003');
    await page.getByRole('button', { name: 'Undo' }).press('Enter');
    await page.getByText('3 alerts are as before.').waitFor();
    expect(server.changes.at(-1)).toMatchObject({ status: 'new', verdict: null });
    await row('a00000').waitFor();
  });

  test('a takes the alert; g and a letter goes to a page; ? shows the keys', async () => {
    await open('en');
    await visit('alerts');
    await rows().first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('a');
    await page.getByText('1 alert changed.').waitFor();
    expect(server.changes).toEqual([{ alerts: [{ id: 'a00000', version: 1 }], owner: 'lan', status: 'in_progress' }]);
    await page.keyboard.press('g');
    await page.keyboard.press('l');
    await page.waitForURL('**/ledger');
    await page.keyboard.press('g');
    await page.keyboard.press('a');
    await page.waitForURL('**/alerts');
    expect(server.changes).toHaveLength(1);
    await rows().first().waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.waitForFunction(() => document.activeElement?.hasAttribute('data-alert-id'));
    await page.keyboard.press('Enter');
    await page.waitForURL('**/alerts/a*');
  });

  test('a conflict shows how the alert is now and changes nothing until decided', async () => {
    await open('en');
    await visit('alert');
    server.conflictNext = true;
    await page.keyboard.press('e');
    await page.getByRole('radio', { name: 'Harmless' }).check();
    await page.getByRole('button', { name: 'Apply to 1 alert' }).click();
    const dialog = page.getByRole('dialog', { name: 'Changed by somebody else meanwhile' });
    await dialog.getByText('minh').waitFor();
    expect(server.changes).toEqual([]);
    await dialog.getByRole('button', { name: 'Apply mine anyway' }).click();
    await page.getByText('1 alert changed.').waitFor();
    expect(server.changes.at(-1)?.alerts).toEqual([{ id: 'a00000', version: 2 }]);
  });

  test('filters live in the address, and a link is a view', async () => {
    await open('en');
    await visit('alerts');
    await page.getByRole('button', { name: 'Critical' }).click();
    await page.waitForURL('**/alerts?severity=critical');
    await page.goto(`${server.url}/alerts?severity=critical&text=ssh`);
    await rows().first().waitFor();
    expect(await page.getByRole('button', { name: 'Critical' }).getAttribute('aria-pressed')).toBe('true');
    const titles = await rows().locator('a').allTextContents();
    expect(titles.every((title) => title === 'SSH password guessing')).toBe(true);
  });

  test('an empty queue says what is watched; a failing one says what failed and can be tried again', async () => {
    await open('en');
    server.alerts = [];
    await visit('alerts');
    await page.getByText('No open alerts').waitFor();
    await page.getByText('Máy thu thập phòng máy chủ').waitFor();
    await page.getByText('never spoke').waitFor();
    server.broken = true;
    await page.reload();
    await page.getByText('Store not answering').waitFor();
    await page.getByText('The record store does not answer.').waitFor();
    server.broken = false;
    server.alerts = [sampleAlert(1)];
    await page.getByRole('button', { name: 'Try again' }).click();
    await row('a00001').waitFor();
  });

  test('what takes long can be cancelled', async () => {
    await open('en');
    server.delay = 20_000;
    await page.goto(`${server.url}/alerts`);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Cancelled.').waitFor();
    server.delay = 0;
    await page.getByRole('button', { name: 'Try again' }).click();
    await rows().first().waitFor();
  });

  test('a value becomes a filter; a wrong query shows its column', async () => {
    await open('en');
    await visit('search');
    await page.locator('main li[data-index] > button').first().click();
    await page.getByRole('button', { name: 'Only with this value: event.action' }).click();
    await page.waitForURL((url) => url.searchParams.get('kql') === 'event.action: "ssh_login"');
    await page.getByLabel('Query (KQL)').fill('a: (');
    await page.keyboard.press('Enter');
    await page.getByText('Query not understood').waitFor();
    expect(await page.locator('mark').textContent()).toBe('(');
  });

  test('a brush over the histogram sets the time range', async () => {
    await open('en');
    await visit('search');
    const over = await page.locator('.u-over').boundingBox();
    if (!over) throw new Error('The histogram is not drawn.');
    await page.mouse.move(over.x + over.width * 0.25, over.y + 20);
    await page.mouse.down();
    await page.mouse.move(over.x + over.width * 0.5, over.y + 20, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL((url) => url.searchParams.get('to') !== null && url.searchParams.get('to') !== 'now');
    const { searchParams } = new URL(page.url());
    const hours = (Date.parse(searchParams.get('to') ?? '') - Date.parse(searchParams.get('from') ?? '')) / 3_600_000;
    expect(hours).toBeGreaterThan(5.5);
    expect(hours).toBeLessThan(6.5);
  });

  test('sign-in: a wrong password is said, the right one leads to what was asked for', async () => {
    await open('en');
    server.signedIn = false;
    await page.goto(`${server.url}/ledger`);
    await page.getByLabel('User name').fill('lan');
    await page.getByLabel('Password').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByText('Wrong name or password').waitFor();
    await page.getByLabel('Password').fill('right horse battery');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Collection' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/ledger');
  });

  test('the board: a link is a view, and a later version is not acknowledged unseen', async () => {
    await open('en');
    await page.goto(`${server.url}/board?severity=high&state=open`);
    await page.locator('[data-board]').first().waitFor();
    expect(await page.locator('[data-board]').count()).toBe(1);
    await page.locator('select[name="state"]').selectOption('closed');
    await page.waitForURL('**/board?severity=high&state=closed');
    await page.getByText('No incident fits the filter').waitFor();
    await page.getByRole('link', { name: 'Show all of them' }).click();
    await page.waitForURL('**/board');
    await page.locator('[data-board="b000"] a').click();
    await page.getByRole('button', { name: 'Acknowledge' }).click();
    await page.getByLabel('Remark').fill('Seen by the shift.');
    await page.locator('dialog button[type="submit"]').click();
    await page.getByRole('heading', { name: 'Phiên bản sau' }).waitFor();
    await page.locator('dialog [role="alert"]').getByText('It changed meanwhile', { exact: false }).waitFor();
    expect(await page.getByLabel('Remark').inputValue()).toBe('Seen by the shift.');
    await page.locator('dialog button[type="submit"]').click();
    await page.locator('[data-seen="seen"]').waitFor();
    expect(await page.locator('dialog[open]').count()).toBe(0);
  });

  test('10,000 rows: only what is seen is drawn', async () => {
    await open('en');
    server.alerts = Array.from({ length: 10_000 }, (_, index) => sampleAlert(index));
    await visit('alerts');
    await rows().first().waitFor();
    expect(await rows().count()).toBeLessThan(80);
    await page.locator('[role="grid"]').evaluate((grid) => {
      const height = grid.querySelector<HTMLElement>('[data-alert-id]')?.offsetHeight ?? 0;
      grid.scrollTo({ top: 150 * height });
    });
    await row('a00155').waitFor();
    expect(await rows().count()).toBeLessThan(80);
  });
});
