import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HistogramAnswer, SavedSearches, ValuesAnswer } from '../../server/search/schema.ts';
import { needs } from '../needs.ts';
import { openBrowser, signIn } from './browser.ts';
import { Installation, until } from './harness.ts';
import { authLog } from './logs.ts';

const chromium = needs('chromium');
const LINES = 2_500;

describe.skipIf(!chromium)('an analyst searches on the real server', () => {
  let installation: Installation;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    installation = await Installation.create({
      inputs: (folder) => [{ type: 'file', paths: [join(folder, 'auth.log')], from: 'start' }],
      // The lines' times are UTC and name no zone.
      env: { TZ: 'UTC' },
    });
    writeFileSync(
      join(installation.folder, 'auth.log'),
      `${authLog(LINES, { endsAt: Date.now() - 60_000 }).join('\n')}\n`,
    );
    await installation.up();
    await until('all lines are stored', async () => ((await found('')).total >= LINES ? true : undefined), 60_000);
    browser = await openBrowser(chromium ?? '');
    page = await browser.newPage({ locale: 'en-US', viewport: { width: 1360, height: 860 } });
    await signIn(page, installation);
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await installation?.remove();
  });

  const found = (kql: string): Promise<HistogramAnswer> =>
    installation.api<HistogramAnswer>(`/api/v1/events/histogram?${new URLSearchParams({ kql })}`);

  test('fields and values lead to a query, whose events are those that the values announced', async () => {
    await page.goto(`${installation.url}/search`);
    await page.getByRole('button', { name: /^event\.action/ }).click();
    const values = await installation.api<ValuesAnswer>('/api/v1/events/values?field=event.action');
    expect(values).toMatchObject({ looked: LINES, complete: true });
    const [first] = values.values;
    await page.getByRole('list', { name: 'Most frequent values of event.action' }).getByRole('button').first().click();
    await page.waitForURL((url) => url.searchParams.get('kql') === `event.action: "${first?.value}"`);
    const announced = new Intl.NumberFormat('en').format(first?.count ?? 0);
    await page.getByText(`${announced} events`).waitFor();
    await page.getByRole('button', { name: /^process\.name/ }).click();
    await page.getByRole('button', { name: 'Divide the bars by this field' }).last().click();
    await page.getByRole('list', { name: 'Colours of the values of process.name' }).waitFor();
  });

  test('the whole search is taken out as a file', async () => {
    const { total } = await found('process.name: sshd');
    await page.goto(`${installation.url}/search?kql=process.name%3A+sshd`);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Export as NDJSON' }).click(),
    ]);
    const lines = readFileSync(await download.path(), 'utf8')
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(total);
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ process: { name: 'sshd' } });
    const { out } = await installation.cli([
      'query',
      'process.name: sshd',
      '--json',
      '--limit',
      '1000000',
      '--config',
      installation.config,
    ]);
    expect(new Set(out.trimEnd().split('\n'))).toEqual(new Set(lines));
  });

  test('a search is saved, and is there after a restart', async () => {
    await page.goto(`${installation.url}/search?kql=event.outcome%3A+failure&from=now-7d&to=now&by=source.ip`);
    await page.getByRole('button', { name: 'Saved searches' }).click();
    await page.getByLabel('Name').fill('Failures of the week');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('button', { name: 'Failures of the week' }).waitFor();
    await installation.end('SIGTERM');
    await installation.up();
    const { searches } = await installation.api<SavedSearches>('/api/v1/searches');
    expect(searches).toMatchObject([{ name: 'Failures of the week', from: 'now-7d', by: 'source.ip', own: true }]);
  });
});
