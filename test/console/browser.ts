import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Chromium of the machine; `CHROMIUM` names another one. */
export async function startBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: FLAGS });
}

const QUIET_FRAMES = 8;

/**
 * Waits until a page has its heading and nothing on it is being loaded for some frames. Looked at in each frame: a locator
 * would look again after half a second, which is most of the time that a page takes.
 */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction((enough) => {
    const seen = window as unknown as { __quiet?: number };
    const isQuiet = document.querySelector('h1') !== null && !document.querySelector('.progress-bar');
    seen.__quiet = isQuiet ? (seen.__quiet ?? 0) + 1 : 0;
    return seen.__quiet >= enough;
  }, QUIET_FRAMES);
}

/** The serious and critical findings of axe on the page as it is, each with where it is; all its rules, or those named. */
export async function seriousFindings(page: Page, rules?: readonly string[]): Promise<string[]> {
  // A script tag would be blocked by the page's own content security policy.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  const results = await page.evaluate(
    async (only) => {
      const { run } = (globalThis as unknown as { axe: { run(options: axe.RunOptions): Promise<axe.AxeResults> } }).axe;
      // Only violations are written out in full, which is most of the time that axe takes.
      const part: axe.RunOptions = only === null ? {} : { runOnly: { type: 'rule', values: only } };
      return await run({ ...part, resultTypes: ['violations'], selectors: false, iframes: false });
    },
    rules === undefined ? null : [...rules],
  );
  return results.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html} ${failureSummary}`)}`,
    );
}

/** By how many pixels the page is wider than its window. */
export async function overflow(page: Page): Promise<number> {
  return await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
