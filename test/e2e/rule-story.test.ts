import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RuleDetail } from '../../server/rules/schema.ts';
import { needs } from '../needs.ts';
import { zipOf } from '../server/rules/import/zip-file.ts';
import { openBrowser, signIn } from './browser.ts';
import { Installation, until } from './harness.ts';

const RULE = '7a0d5e52-3c0e-4e57-9d0a-6f5f7b1c0101';
const ruleOf = (id: string, selection: string, source = 'product: linux, service: sshd') => `title: Đăng nhập sai
id: ${id}
status: test
level: medium
logsource: {${source}}
detection:
  selection: {${selection}}
  condition: selection
haidang:
  group_by: [host.name]
  samples:
    match:
      - {event.module: system, process.name: sshd, event.outcome: failure, user.name: lan}
`;
const WORDING = ruleOf(RULE, 'event.outcome: failure, user.name: lan');
const ARCHIVE = zipOf([
  { name: 'rules/lan.yml', content: WORDING },
  { name: 'rules/camera.yml', content: ruleOf(`${RULE.slice(0, -1)}2`, 'odd.field: x', 'product: camera') },
  { name: 'rules/wrong.yml', content: ruleOf(`${RULE.slice(0, -1)}3`, 'user.name|nope: lan') },
]);

const chromium = needs('chromium');
/** A bound for what hangs, not for what is slow. */
const PATIENCE_MS = 60_000;

describe.skipIf(!chromium)('the life of a rule, in the console and in Vietnamese', () => {
  let installation: Installation;
  let browser: Browser;
  let page: Page;
  let sequence = 0;

  const log = (ip: string) => {
    const [, day = '', month = '', time = ''] = /^\w+, (\d+) (\w+) \d+ ([\d:]+)/.exec(new Date().toUTCString()) ?? [];
    const line = `${month} ${day} ${time} ws1 sshd[4242]: Failed password for lan from ${ip} port ${40_000 + ++sequence} ssh2\n`;
    appendFileSync(join(installation.folder, 'auth.log'), line);
  };
  const detail = () => installation.api<RuleDetail>(`/api/v1/rules/${RULE}`);
  const card = (name: string) => page.locator(`section[aria-labelledby="${name}"]`);
  /** A picture for people to look at, where they ask for it. */
  const picture = async (name: string) => {
    const folder = process.env['TEST_PICTURES'];
    if (folder) await page.screenshot({ path: join(folder, `story-${name}.png`), fullPage: true });
  };

  beforeAll(async () => {
    installation = await Installation.create({
      inputs: (own) => [{ type: 'file', paths: [join(own, 'auth.log')], from: 'start' }],
      env: { TZ: 'UTC' },
    });
    writeFileSync(join(installation.folder, 'auth.log'), '');
    await installation.up();
    log('203.0.113.9');
    const stored = async () => {
      const { total } = await installation.api<{ total: number }>('/api/v1/events/histogram?kql=');
      return total >= 1 ? true : undefined;
    };
    await until('the first line is stored', stored, PATIENCE_MS);
    browser = await openBrowser(chromium as string);
    const viewport = { width: 1440, height: 1000 };
    page = await (await browser.newContext({ locale: 'vi-VN', viewport })).newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await signIn(page, installation);
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    await installation?.remove();
  });

  test('an archive is read: what runs, what has no data and what is refused; its rules become drafts', async () => {
    await page.goto(`${installation.url}/rules/import`);
    await page
      .locator('input[type="file"]')
      .setInputFiles({ name: 'luat.zip', mimeType: 'application/zip', buffer: ARCHIVE });
    await page.getByRole('button', { name: 'Đọc và đánh giá' }).press('Enter');
    await page.getByRole('button', { name: 'Chạy được · 1' }).waitFor();
    await page.getByRole('button', { name: 'Không có dữ liệu · 1' }).press('Enter');
    await page.getByText('không có sự kiện từ nguồn nhật ký của nó').waitFor();
    await page.getByRole('button', { name: 'Bị từ chối · 1' }).press('Enter');
    await page.getByText('HD_RULE_UNKNOWN_MODIFIER').waitFor();
    await picture('1-import');
    await page.getByRole('button', { name: 'Tiếp nhận' }).press('Enter');
    await page.getByRole('link', { name: 'Xem các bản nháp' }).press('Enter');
    await page.waitForURL('**/rules?state=draft');
    await page.getByText('2 luật khớp').waitFor();
    await page.locator(`a[data-rule="${RULE}"]`).press('Enter');
    await card('backtest').waitFor();
  }, 240_000);

  test('the draft is tested and switched on by keys', async () => {
    await page.keyboard.press('b');
    await page.keyboard.press('Enter');
    await page.getByText('Bản này đã được chạy thử: có thể bật luật.').waitFor();
    const result = await card('backtest').locator('details').first().textContent();
    expect(result).toContain('1 sự kiện khớp, 1 cảnh báo');
    await picture('2-tested');
    await card('backtest').getByRole('button', { name: 'Chạy thử' }).focus();
    await page.keyboard.press('d');
    await page.keyboard.press('Space');
    await card('decision').locator('[name="reason"]').fill('Đã chạy thử');
    await page.keyboard.press('Enter');
    await page.getByText('Đang áp dụng', { exact: true }).waitFor();
    expect((await detail()).rule.stage).toBe('enabled');
  }, 240_000);

  test('an event raises an alert, and the alert leads to an exception, which is previewed and then hides', async () => {
    log('203.0.113.9');
    await page.goto(`${installation.url}/alerts`);
    await page.getByRole('link', { name: 'Đăng nhập sai' }).first().press('Enter');
    await page.getByRole('link', { name: 'Đã biết và vô hại? Thêm ngoại lệ…' }).press('Enter');
    const form = card('exceptions').locator('form');
    expect(await form.locator('[name="kql"]').inputValue()).toBe('source.ip: "203.0.113.9"');
    await form.locator('[name="kql"]').press('Enter');
    await form.getByText('Trong 30 ngày qua sẽ ẩn 1 trong 1 sự kiện, và trọn 1 cảnh báo.').waitFor();
    await form.locator('[name="reason"]').fill('Máy quét của trung tâm');
    await picture('3-preview');
    await form.locator('[name="reason"]').press('Enter');
    await page.getByText('Ngoại lệ đã được áp dụng.').waitFor();
    log('203.0.113.9');
    log('198.51.100.7');
    const hid = async () => ((await detail()).exceptions[0]?.hidden === 1 ? true : undefined);
    await until('the exception has hidden one event', hid, PATIENCE_MS);
    const counted = async () => {
      const { alerts } = await installation.api<{ alerts: { rule: string; count: number }[] }>('/api/v1/alerts');
      return alerts.find((alert) => alert.rule === RULE)?.count === 2 ? true : undefined;
    };
    await until('the other event is in the alert', counted, PATIENCE_MS);
  }, 240_000);

  test('a changed wording shows what it changed, and the one before comes back by one key', async () => {
    await page.reload();
    await card('text').getByRole('button', { name: 'Sửa' }).press('Enter');
    await card('text').locator('[name="yaml"]').fill(WORDING.replace('level: medium', 'level: critical'));
    await card('text').locator('[name="save"]').press('Enter');
    await card('text').getByText('HD_RULE_UNTESTED').waitFor();
    await card('text').locator('[name="untested"]').fill('Đang bị tấn công');
    await card('text').locator('[name="save"]').press('Enter');
    await page.getByText('Luật đã được áp dụng.').waitFor();
    // The first wording is there twice: alone, and with the exception.
    const versions = card('versions').locator('[data-version]');
    await versions.nth(2).waitFor();
    await versions.nth(0).getByRole('button', { name: 'Xem thay đổi' }).press('Enter');
    await versions.nth(0).locator('[data-change="added"]').waitFor();
    const changed = (kind: string) => versions.nth(0).locator(`[data-change="${kind}"]`).allTextContents();
    expect(await changed('removed')).toEqual(['−level: medium']);
    expect(await changed('added')).toEqual(['+level: critical']);
    expect(await versions.nth(0).textContent()).toContain('admin');
    await picture('4-versions');
    await versions.nth(1).getByRole('button', { name: 'Khôi phục bản này' }).press('Enter');
    await page.getByText(/Đã khôi phục phiên bản/).waitFor();
    const { rule, yaml } = await detail();
    expect(yaml).toBe(WORDING.trim());
    expect(rule).toMatchObject({ stage: 'enabled', level: 'medium' });
  }, 240_000);
});
