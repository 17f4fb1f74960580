import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { navigation } from '../../console/routes.ts';
import { PERMISSION_NAMES } from '../../server/accounts/permissions.ts';
import { startBrowser } from '../console/browser.ts';
import { builtConsole } from '../console/built.ts';
import { needs } from '../needs.ts';
import { type Bench, openBench } from '../server/api/harness.ts';
import { fillWithHostility, HOSTILE_RULE, hostileSearches } from './hostile-world.ts';
import { PAYLOADS, RAN_PATH } from './payloads.ts';

const chromium = needs('chromium');
const SLOW_MS = 600_000;

/** The product's own server, its own console and a real browser; only what stands in the store is made by the test. */
describe.skipIf(!chromium)('hostile content', () => {
  let bench: Bench;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let url = '';
  let ids: { readonly incident: string; readonly alert: string };
  /** What must stay empty: dialogs, requests to nowhere, refusals of the content policy, errors of scripts. */
  const ran: string[] = [];

  beforeAll(async () => {
    bench = await openBench({ consoleFolder: builtConsole(), rules: [HOSTILE_RULE] });
    ids = await fillWithHostility(bench);
    const token = await bench.signIn({ user: 'lan', role: 'administrator', displayName: PAYLOADS[0] ?? '' });
    for (const [place, text] of PAYLOADS.entries())
      if (place % 8 === 0)
        await bench.signIn({ user: `user-${place}`, role: 'analyst', displayName: text.slice(0, 100) });
    url = await bench.app.listen({ host: '127.0.0.1', port: 0 });
    for (const search of hostileSearches()) {
      const headers = { host: new URL(url).host, origin: url, cookie: token };
      const answer = await bench.app.inject({ method: 'POST', url: '/api/v1/searches', headers, payload: search });
      if (answer.statusCode !== 201) throw new Error(`searches: ${answer.payload}`);
    }
    browser = await startBrowser();
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const [name = '', value = ''] = token.split('=');
    await context.addCookies([{ name, value, url, httpOnly: true, sameSite: 'Strict' }]);
    await context.addInitScript(() => {
      localStorage.setItem('haidang.language', 'en');
      document.addEventListener('securitypolicyviolation', (event) => {
        const seen = window as unknown as { __refused?: string[] };
        seen.__refused = [...(seen.__refused ?? []), `${event.violatedDirective} ${event.blockedURI}`];
      });
    });
    context.setDefaultTimeout(120_000);
    page = await context.newPage();
    page.on('dialog', (dialog) => {
      ran.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('pageerror', (error) => ran.push(`error ${error.message}`));
    page.on('popup', (popup) => ran.push(`window ${popup.url()}`));
    page.on('request', (request) => {
      const asked = new URL(request.url());
      if (asked.origin !== url || asked.pathname === RAN_PATH) ran.push(`request ${request.url()}`);
    });
  }, SLOW_MS);

  afterAll(async () => {
    await browser?.close();
    await bench?.close();
  });

  /** Draws all of a page: what is folded is opened, and what is drawn only in view is brought into view. */
  async function drawAll(): Promise<string> {
    const seen = new Set<string>();
    for (let round = 0; round < 40; round += 1) {
      const { text, atEnd } = await page.evaluate((first) => {
        for (const details of document.querySelectorAll('main details:not([open])'))
          (details as HTMLDetailsElement).open = true;
        // Asked for by size first: the style of every element would take longer than all else.
        const boxes = [document.documentElement, ...document.querySelectorAll('main, main *')].filter(
          (box) =>
            box.scrollHeight > box.clientHeight + 4 &&
            box.clientHeight > 0 &&
            (box === document.documentElement || /auto|scroll/.test(getComputedStyle(box).overflowY)),
        );
        let end = true;
        for (const box of boxes) {
          if (first) box.scrollTop = 0;
          else {
            const before = box.scrollTop;
            box.scrollTop += Math.max(100, box.clientHeight * 0.8);
            if (box.scrollTop > before + 1) end = false;
          }
        }
        return { text: document.querySelector('main')?.textContent ?? '', atEnd: end };
      }, round === 0);
      seen.add(text);
      // Two frames: lists that draw what is in view have drawn it then.
      await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
      if (atEnd && round > 0) break;
    }
    seen.add((await page.locator('main').textContent()) ?? '');
    return [...seen].join('\n');
  }

  /** Nothing ran, and nothing of the texts became part of the page. */
  async function mustBeText(where: string): Promise<void> {
    const found = await page.evaluate(() => {
      const marks = window as unknown as { __ran?: number; __refused?: string[] };
      const handlers = [...document.querySelectorAll('*')].flatMap((one) =>
        [...one.attributes].filter(({ name }) => name.startsWith('on')).map(({ name }) => `${one.tagName} ${name}`),
      );
      const strange = [
        'main script, main iframe, main object, main embed, main base, main link, main meta, main style, main template',
        'main marquee, main video, main audio, main math, main frame, main noscript, main portal',
        'main img, main [srcdoc], main [style*="url("], custom-x',
      ].flatMap((selector) => [...document.querySelectorAll(selector)].map((one) => one.outerHTML.slice(0, 100)));
      const links = [...document.querySelectorAll('a[href], area[href], form[action], [formaction]')]
        .map((one) => one.getAttribute('href') ?? one.getAttribute('action') ?? one.getAttribute('formaction') ?? '')
        .filter(
          (to) =>
            !/^(https?:|\/(?!\/)|#|\?|tel:|mailto:|[\w.-]*$)/i.test(to.trim()) ||
            /^\s*(javascript|data|vbscript):/i.test(to),
        );
      return { ran: marks.__ran ?? 0, refused: marks.__refused ?? [], handlers, strange, links };
    });
    expect({ where, ...found }).toEqual({ where, ran: 0, refused: [], handlers: [], strange: [], links: [] });
    expect(ran, where).toEqual([]);
  }

  const visit = async (path: string) => {
    await page.goto(`${url}${path}`);
    await page.locator('main h1, main h2').first().waitFor();
    await page.waitForLoadState('networkidle');
  };

  test('the policy that the browser obeys allows nothing inline and nobody else', async () => {
    const answer = await page.goto(`${url}/alerts`);
    const policy = answer?.headers()['content-security-policy'] ?? '';
    expect(policy).toContain("default-src 'self'");
    expect(policy).not.toMatch(/unsafe|nonce|sha\d{3}|data:|blob:|\*/);
    expect(answer?.headers()['x-content-type-options']).toBe('nosniff');
    expect(answer?.headers()['referrer-policy']).toBe('no-referrer');
    // The net itself holds: what a page did take for more than text would be refused and seen here.
    await page.evaluate(() => {
      const image = document.createElement('img');
      image.setAttribute('onerror', 'window.__ran=1');
      image.src = '/nothing-here.png';
      document.body.append(image);
    });
    await page.waitForFunction(() => ((window as unknown as { __refused?: string[] }).__refused ?? []).length > 0);
    expect(await page.evaluate(() => (window as unknown as { __ran?: number }).__ran)).toBeUndefined();
  });

  const everywhere = navigation({ permissions: [...PERMISSION_NAMES], agencies: 'all' }).map(({ path }) => path);
  test.each([...everywhere, '/account', '/rules/attack', '/rules/import', '/rules/new'])(
    'shows as text and runs nowhere on %s',
    async (path) => {
      await visit(path);
      await drawAll();
      await mustBeText(path);
    },
    SLOW_MS,
  );

  test(
    'every text is there to read, in the pages of an alert, an incident, a rule and a search',
    async () => {
      const visible = PAYLOADS.filter((text) => !/[\u0000-\u001f\u2028\u2029\u202a-\u202e]/.test(text));
      expect(PAYLOADS.length).toBeGreaterThanOrEqual(90);
      await visit(`/alerts/${ids.alert}`);
      const alert = await drawAll();
      await mustBeText('the alert');
      expect(visible.filter((text) => !alert.includes(text)).length).toBeLessThan(visible.length);

      await visit(`/incidents/${ids.incident}`);
      const incident = await drawAll();
      await mustBeText('the incident');
      expect(visible.filter((text) => !incident.includes(text))).toEqual([]);

      await visit(`/rules/${HOSTILE_RULE.id}`);
      const rule = await drawAll();
      await mustBeText('the rule');
      expect(visible.filter((text) => !rule.includes(text))).toEqual([]);

      await visit('/search');
      for (const row of (await page.locator('main li[data-index] > button').all()).slice(0, 12)) await row.click();
      const search = await drawAll();
      await mustBeText('the search');
      expect(visible.filter((text) => search.includes(text)).length).toBeGreaterThan(60);
    },
    SLOW_MS,
  );

  test(
    'an address bar is no way in either',
    async () => {
      for (const text of PAYLOADS.filter((_, place) => place % 23 === 0)) {
        const part = encodeURIComponent(text);
        for (const path of [
          `/search?q=${part}&kql=${part}&from=${part}`,
          `/alerts/${part}`,
          `/alerts?status=${part}`,
          `/incidents/${part}`,
          `/${part}`,
        ]) {
          await page.goto(`${url}${path}#${part}`);
          await page.locator('body *').first().waitFor({ state: 'attached' });
          await mustBeText(path);
        }
      }
    },
    SLOW_MS,
  );
});
