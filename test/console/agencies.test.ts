import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { inTree } from '../../console/agencies/in-tree.ts';
import type { Agency, AgencyImportReport } from '../../server/agencies/schema.ts';
import { needs } from '../needs.ts';
import { overflow, seriousFindings, startBrowser } from './browser.ts';
import { builtConsole } from './built.ts';
import { type StandIn, startStandIn } from './stand-in.ts';

const chromium = needs('chromium');
const SLOW_MS = 240_000;

test('agencies stand below the one above them, also where that is not seen or they go in a circle', () => {
  const agency = (id: string, parent?: string): Agency => ({
    id,
    name: id,
    contact: { person: '', phone: '', email: '', address: '' },
    securityLevel: 3,
    ...(parent === undefined ? {} : { parent }),
  });
  const list = [
    agency('c', 'b'),
    agency('b', 'a'),
    agency('a'),
    agency('d', 'unseen'),
    agency('x', 'y'),
    agency('y', 'x'),
  ];
  expect(inTree(list).map(({ agency: { id }, depth }) => [id, depth])).toEqual([
    ['a', 0],
    ['b', 1],
    ['c', 2],
    ['d', 0],
  ]);
});

describe.skipIf(!chromium)('the page of agencies in a real browser', () => {
  let folder: string;
  let server: StandIn;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let sent: { readonly method: string; readonly path: string; readonly body: unknown }[];
  let answer: AgencyImportReport | undefined;

  beforeAll(async () => {
    folder = builtConsole();
    browser = await startBrowser();
  }, SLOW_MS);
  afterAll(async () => {
    await browser?.close();
  });
  beforeEach(async () => {
    server = await startStandIn(folder);
    sent = [];
    answer = undefined;
  });
  afterEach(async () => {
    await context?.close();
    await server.close();
  });

  async function open(language: string, width = 1280): Promise<void> {
    context = await browser.newContext({ viewport: { width, height: 900 } });
    await context.addInitScript((chosen) => localStorage.setItem('haidang.language', chosen), language);
    page = await context.newPage();
    await page.route('**/api/v1/agencies**', async (route) => {
      const request = route.request();
      if (request.method() === 'GET') return route.fallback();
      const body: unknown = request.postDataJSON();
      sent.push({ method: request.method(), path: new URL(request.url()).pathname, body });
      await route.fulfill({ status: 200, json: answer ?? body });
    });
    await page.goto(`${server.url}/agencies`);
    await page.locator('[data-agency]').first().waitFor();
    await page.waitForFunction(() => !document.querySelector('.progress-bar'));
  }

  test.each([
    ['vi', 1280],
    ['km', 390],
    ['vi', 390],
  ] as const)('fits its window and finds an agency by its network: %s, %i px', async (language, width) => {
    await open(language, width);
    expect(await overflow(page)).toBe(0);
    for (const part of await page.locator('[data-agency], main section').all()) {
      const box = await part.boundingBox();
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(width);
    }
    expect(await page.locator('[data-agency]').count()).toBe(2);
    expect(await seriousFindings(page)).toEqual([]);
    await page.locator('main input[type="search"]').fill('10.20.30');
    await page.locator('[data-agency="so-tttt"]').waitFor({ state: 'detached' });
    expect(await page.locator('[data-agency="ubnd-huyen"]').textContent()).toContain('<script>alert(1)</script>');
  });

  test('adds an agency with its place and networks, and changes one', async () => {
    await open('en');
    await page.getByRole('button', { name: 'Add an agency' }).click();
    const dialog = page.getByRole('dialog');
    expect(await seriousFindings(page)).toEqual([]);
    await dialog.getByLabel('Id', { exact: false }).first().fill('xa-moi');
    await dialog.locator('input[name="name"]').fill('Xã Mới');
    await dialog.locator('select[name="parent"]').selectOption('so-tttt');
    await dialog.locator('textarea[name="networks"]').fill('10.9.0.0/16\n 10.9.0.0/16, 2001:db8:9::/48 ');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(sent).toEqual([
      {
        method: 'POST',
        path: '/api/v1/agencies',
        body: {
          id: 'xa-moi',
          name: 'Xã Mới',
          contact: { person: '', phone: '', email: '', address: '' },
          securityLevel: 3,
          parent: 'so-tttt',
          networks: ['10.9.0.0/16', '2001:db8:9::/48'],
          sources: [],
        },
      },
    ]);
    await page.locator('[data-agency="ubnd-huyen"] button').click();
    await page.getByRole('dialog').locator('select[name="parent"]').selectOption('');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(sent[1]).toMatchObject({ method: 'PUT', path: '/api/v1/agencies/ubnd-huyen' });
    expect(sent[1]?.body).not.toHaveProperty('parent');
    expect(sent[1]?.body).toMatchObject({ networks: ['10.20.30.0/24', '2001:db8:20:30::/64'] });
  });

  test('shows what a table would do, each fault with its line, and takes it over in a second step', async () => {
    await open('en');
    const row = { line: 2, id: 'a', name: 'A', act: 'add' as const, problems: [] };
    const wrong = {
      line: 3,
      id: 'b',
      name: '',
      act: 'wrong' as const,
      problems: [{ problem: 'network_wrong' as const, value: '<b>10.1</b>' }],
    };
    const file = { name: 'agencies.csv', mimeType: 'text/csv', buffer: Buffer.from('id,name\na,A\n') };
    answer = { rows: [row, wrong], added: 1, changed: 0, same: 0, wrong: 1, applied: false };
    await page.locator('input[type="file"]').setInputFiles(file);
    await page.locator('[data-import="wrong"]').waitFor();
    expect(await page.locator('[data-line="3"]').textContent()).toContain('This is no network: <b>10.1</b>');
    expect(await page.getByRole('button', { name: /Take over/ }).count()).toBe(0);
    answer = { rows: [row], added: 1, changed: 0, same: 0, wrong: 0, applied: false };
    await page.locator('input[type="file"]').setInputFiles([]);
    await page.locator('input[type="file"]').setInputFiles(file);
    await page.locator('[data-import="right"]').waitFor();
    answer = { ...answer, applied: true };
    await page.getByRole('button', { name: 'Take over 1 agency' }).click();
    await page.getByText('1 agency taken over.').waitFor();
    expect(sent.map(({ body }) => (body as { apply: boolean }).apply)).toEqual([false, false, true]);
  });
});
