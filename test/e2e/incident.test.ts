import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AlertList } from '../../server/alerts/schema.ts';
import type { IncidentDetail, IncidentList } from '../../server/incidents/schema.ts';
import type { OwnNotices } from '../../server/notify/schema.ts';
import { needs } from '../needs.ts';
import { openBrowser, signIn } from './browser.ts';
import { Installation, until } from './harness.ts';
import { syslogTime } from './logs.ts';

const chromium = needs('chromium');

/** Guesses of a password, as sshd writes them. */
function guesses(): string {
  const lines = Array.from({ length: 60 }, (_, at) => {
    const head = `${syslogTime(Date.now() - (60 - at) * 1000)} web-01 sshd[${900 + at}]:`;
    return `${head} Failed password for root from 203.0.113.66 port ${20_000 + at} ssh2\n`;
  });
  return lines.join('');
}

describe.skipIf(!chromium)('from alert to incident', () => {
  let server: Installation;
  let browser: Browser;
  beforeAll(async () => {
    server = await Installation.create({
      inputs: (folder) => [{ type: 'file', paths: [join(folder, 'auth.log')] }],
    });
    await server.up();
    browser = await openBrowser(chromium ?? '');
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await server?.remove();
  });

  test('with keys alone, seen at the command line, and kept over a restart', async () => {
    writeFileSync(join(server.folder, 'auth.log'), guesses());
    await until(
      'an alert',
      async () => {
        const { alerts } = await server.api<AlertList>('/api/v1/alerts');
        return alerts.length > 0 ? true : undefined;
      },
      60_000,
    );
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    await context.addInitScript(() => localStorage.setItem('haidang.language', 'vi'));
    const page = await context.newPage();
    await signIn(page, server);
    await page.locator('[data-alert-id]').first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('i');
    await page.locator('dialog[open] input[name="title"]').waitFor();
    await page.locator('dialog[open] button[type="submit"]').focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/incidents\/HD-/);
    await page.locator('h1').waitFor();
    const shots = process.env['HAIDANG_SHOTS'];
    await page.getByText('203[.]0[.]113[.]66').first().waitFor();
    await page.keyboard.press('a');
    await page.getByRole('button', { name: 'Chuyển sang: Đang điều tra' }).click();
    await page.locator('dialog[open] button[type="submit"]').click();
    await page.getByRole('button', { name: 'Chuyển sang: Đã khoanh vùng' }).waitFor();
    if (shots) await page.screenshot({ path: `${shots}/incident.png` });
    // Two at once: what a colleague changed while the form was open stays, and so does what was written in it.
    const here = page.url().split('/').at(-1) ?? '';
    const { incident: shown } = await server.api<IncidentDetail>(`/api/v1/incidents/${here}`);
    await page.keyboard.press('e');
    const form = page.locator('[data-edit-incident]');
    await form.locator('textarea[name="summary"]').fill('Từ một địa chỉ.');
    const theirs = { version: shown.version, set: { tlp: 'green', rsit: 'intrusion-attempts/brute-force' } };
    await server.api(`/api/v1/incidents/${here}/changes`, { method: 'POST', body: JSON.stringify(theirs) });
    await form.locator('button[type="submit"]').click();
    await form.getByText('Vừa được đổi thành: TLP:GREEN').waitFor();
    await form.locator('button[type="submit"]').click();
    await form.waitFor({ state: 'detached' });
    const both = await server.api<IncidentDetail>(`/api/v1/incidents/${here}`);
    expect(both).toMatchObject({
      summary: 'Từ một địa chỉ.',
      incident: { tlp: 'green', rsit: 'intrusion-attempts/brute-force', status: 'investigating' },
    });
    await page.getByText('Cố gắng xâm nhập: Dò mật khẩu đăng nhập').first().waitFor();
    // By keys to the file: the focus is seen, and takes the page nowhere else.
    await page.locator('input[type="file"]').focus();
    const moved = await page.evaluate(() => document.documentElement.scrollTop + document.body.scrollTop);
    expect(moved).toBe(0);
    await page.goto(`${server.url}/incidents`);
    await page.locator('[data-incident]').first().waitFor();
    if (shots) await page.screenshot({ path: `${shots}/incidents.png` });
    const listed = await server.cli(['incident', 'list', '--json', '--config', server.config]);
    expect(listed.err).toBe('');
    const [row] = listed.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(row).toMatchObject({ status: 'investigating', owner: 'admin', alerts: 1 });
    await server.end('SIGKILL');
    await server.up();
    const { incidents } = await server.api<IncidentList>('/api/v1/incidents');
    expect(incidents.map(({ id }) => id)).toEqual([row.id]);
    const detail = await server.api<IncidentDetail>(`/api/v1/incidents/${row.id}`);
    expect(detail.alerts[0]?.alert).toMatchObject({ status: 'in_progress' });
    // What must be reported by when: counted from the detection, told in the console, ended by a person's word.
    const grave = {
      alerts: [],
      title: 'x',
      severity: 'critical',
      detectedAt: new Date(Date.now() - 7_200_000).toISOString(),
    };
    const made = await server.api<IncidentDetail>('/api/v1/incidents', { method: 'POST', body: JSON.stringify(grave) });
    const { id } = made.incident;
    await until(
      'a notice',
      async () => {
        const { notices } = await server.api<OwnNotices>('/api/v1/session/notices');
        return notices.some(({ path }) => path === `/incidents/${id}`) ? true : undefined;
      },
      60_000,
    );
    const term = ['--reference', '12/BC', '--json', '--config', server.config];
    const met = await server.cli(['clock', 'met', id, 'immediate', ...term]);
    expect(met.err).toBe('');
    const due = await server.cli(['clock', 'list', '--json', '--config', server.config]);
    const open = due.out.split('\n').filter((line) => line.includes(`"${id}"`));
    expect(open.map((line) => JSON.parse(line).id)).toEqual(['initial', 'detailed', 'closing']);
    const log = await server.cli(['notice', 'list', '--json', '--config', server.config]);
    expect(log.out).toContain(id);
    await context.close();
  }, 240_000);
});
