import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AlertList } from '../../server/alerts/schema.ts';
import type { IncidentSharing, SharingList, VersionDetail } from '../../server/sharing/schema.ts';
import { overflow, seriousFindings } from '../console/browser.ts';
import { needs } from '../needs.ts';
import { openBrowser, signIn } from './browser.ts';
import { Installation, until } from './harness.ts';
import { syslogTime } from './logs.ts';

const chromium = needs('chromium');
const TAXII = 'mat-khau-cua-tinh-can-tho';
const LEAD = 'ngon-hai-dang-o-cua-song-hau';
const TYPE = 'application/taxii+json;version=2.1';

/** Guesses of a password, as sshd writes them. */
function guesses(): string {
  const lines = Array.from({ length: 60 }, (_, at) => {
    const head = `${syslogTime(Date.now() - (60 - at) * 1000)} web-01 sshd[${900 + at}]:`;
    return `${head} Failed password for root from 203.0.113.66 port ${20_000 + at} ssh2\n`;
  });
  return lines.join('');
}

describe.skipIf(!chromium)('a province that reports to the national center', () => {
  let national: Installation;
  let province: Installation;
  let browser: Browser;
  beforeAll(async () => {
    national = await Installation.create({ config: { role: 'national' } });
    await national.up();
    const run = async (args: readonly string[], input?: string): Promise<string> => {
      const answer = await national.cli(['taxii', ...args, '--config', national.config], input);
      expect(answer, answer.err).toMatchObject({ code: 0 });
      return answer.out.trim();
    };
    await run(['account', 'add', 'can-tho'], `${TAXII}\n`);
    await run(['account', 'add', 'lao-cai'], `${TAXII}\n`);
    await run(['account', 'add', 'a05'], `${TAXII}\n`);
    await run(['root', 'add', 'soc', '--title', 'Trung tâm quốc gia']);
    const inbox = await run(['collection', 'add', 'soc', '--title', 'Hộp thư', '--alias', 'hop-thu']);
    // An inbox: provinces write and do not read.
    await run(['grant', inbox, 'can-tho', 'write']);
    await run(['grant', inbox, 'lao-cai', 'write']);
    await run(['grant', inbox, 'a05', 'read']);
    await national.api('/api/v1/national/provinces/can-tho', { method: 'PUT', body: '{"name":"Thành phố Cần Thơ"}' });
    const access = { root: `${national.url}/soc/`, user: 'can-tho', password_file: join(national.folder, 'password') };
    province = await Installation.create({
      inputs: (folder) => [{ type: 'file', paths: [join(folder, 'auth.log')] }],
      config: {
        sharing: {
          reporter_id: 'soc-can-tho',
          reporter_name: 'SOC thành phố Cần Thơ',
          recipients: [
            {
              id: 'a05',
              name: 'Trung tâm quốc gia',
              tlp: 'amber+strict',
              channel: 'taxii',
              collection: 'hop-thu',
              ...access,
            },
          ],
        },
        inbound: {
          sources: [
            {
              id: 'a05',
              name: 'Trung tâm quốc gia',
              collection: 'answers-can-tho',
              takes: ['tasks'],
              answers_to: 'a05',
              // Longer than the test: what comes is asked for by a person.
              every_seconds: 3_600,
              ...access,
            },
          ],
        },
      },
    });
    writeFileSync(join(national.folder, 'password'), `${TAXII}\n`, { mode: 0o600 });
    await province.up();
    browser = await openBrowser(chromium ?? '');
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    await province?.remove();
    await national?.remove();
  });

  const shots = process.env['HAIDANG_SHOTS'];
  const shoot = async (page: Page, name: string): Promise<void> => {
    if (shots) await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
  };
  const open = async (language: string, width = 1280): Promise<Page> => {
    const context = await browser.newContext({ viewport: { width, height: 900 } });
    await context.addInitScript((chosen) => localStorage.setItem('haidang.language', chosen), language);
    // A bound for what hangs: a busy machine takes long over a page.
    context.setDefaultTimeout(120_000);
    return context.newPage();
  };

  test('takes an alert to a receipt, by two persons, in their browsers', async () => {
    writeFileSync(join(province.folder, 'auth.log'), guesses());
    await until(
      'an alert',
      async () => {
        const { alerts } = await province.api<AlertList>('/api/v1/alerts');
        return alerts.length > 0 ? true : undefined;
      },
      90_000,
    );
    const added = await province.cli(
      ['user', 'add', 'minh', '--role', 'lead', '--display-name', 'Trần Quang Minh', '--config', province.config],
      `${LEAD}\n`,
    );
    expect(added, added.err).toMatchObject({ code: 0 });

    const one = await open('vi');
    await signIn(one, province);
    await one.locator('[data-alert-id]').first().waitFor();
    await one.keyboard.press('j');
    await one.keyboard.press('i');
    await one.locator('dialog[open] button[type="submit"]').click();
    await one.waitForURL(/\/incidents\/HD-/);
    await one.getByRole('link', { name: 'Chuẩn bị chia sẻ' }).click();
    await one.locator('[data-share-form]').waitFor();
    await shoot(one, 'share-preview');
    await one.locator('[data-share-form] input[name="read"]').check();
    await one.getByRole('button', { name: 'Đề nghị phê duyệt' }).click();
    await one.waitForURL(/\/share\/a05\/1$/);
    await one.getByText('Phải do người khác quyết định', { exact: false }).waitFor();
    expect(await one.getByRole('button', { name: 'Phê duyệt và gửi' }).count()).toBe(0);

    const two = await open('vi', 390);
    await two.goto(`${province.url}/sharing?show=asked`);
    await two.locator('input[name="user"]').fill('minh');
    await two.locator('input[name="password"]').fill(LEAD);
    await two.keyboard.press('Enter');
    await two.locator('[data-share]').first().waitFor();
    await shoot(two, 'share-list-390');
    await two.getByRole('link', { name: 'Phiên bản 1' }).click();
    await two.getByRole('button', { name: 'Phê duyệt và gửi' }).waitFor();
    await shoot(two, 'share-decide-390');
    await two.getByRole('button', { name: 'Phê duyệt và gửi' }).click();
    await two.locator('[data-share-state="delivered"]').waitFor();
    await two.locator('[data-receipts] li').first().waitFor();

    await one.goto(one.url().replace(/\/share\/.*/, ''));
    await one.locator('[data-share-card] [data-share-state="delivered"]').waitFor();
    await shoot(one, 'share-receipt');
    const { shares } = await province.api<SharingList>('/api/v1/sharing');
    const [share] = shares;
    expect(share?.versions).toMatchObject([
      { state: 'delivered', requestedBy: 'admin', decision: { by: 'minh', how: 'second-person' } },
    ]);

    const authorization = `Basic ${Buffer.from(`a05:${TAXII}`).toString('base64')}`;
    const there = await fetch(`${national.url}/soc/collections/hop-thu/objects/?match[type]=incident`, {
      headers: { authorization, accept: TYPE },
    });
    const { objects } = (await there.json()) as { objects: { external_references: { external_id: string }[] }[] };
    expect(objects.map((object) => object.external_references[0]?.external_id)).toEqual([share?.incident]);
    await one.context().close();
    await two.context().close();
  }, 600_000);

  test('is acknowledged and given a task at the center, answers it, and the center sees the answer', async () => {
    const { shares } = await province.api<SharingList>('/api/v1/sharing');
    const id = shares[0]?.incident ?? '';
    // Another province met the same address.
    const object = {
      ...{ type: 'indicator', spec_version: '2.1', id: 'indicator--6d0a1f0e-52b9-4a1c-9d37-0f3a2b7c8d90' },
      ...{ created: '2026-01-02T00:00:00.000Z', modified: '2026-01-02T00:00:00.000Z' },
      ...{ valid_from: '2026-01-02T00:00:00Z', pattern_type: 'stix', pattern: `[ipv4-addr:value = '203.0.113.66']` },
    };
    const pushed = await fetch(`${national.url}/soc/collections/hop-thu/objects/`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`lao-cai:${TAXII}`).toString('base64')}`,
        ...{ accept: TYPE, 'content-type': TYPE },
      },
      body: JSON.stringify({ objects: [object] }),
    });
    expect(pushed.status).toBe(202);

    const center = await open('vi');
    // What is on the page hears keys a moment after it is seen.
    const byKey = (key: string) =>
      until(`the dialog of ${key}`, async () => {
        await center.keyboard.press(key);
        return (await center.locator('dialog[open]').count()) > 0 || undefined;
      });
    await signIn(center, national);
    await center.goto(national.url);
    await center.waitForURL(/\/board$/);
    const row = center.locator('[data-board]').filter({ hasText: id });
    await row.getByText('Thành phố Cần Thơ').waitFor();
    await shoot(center, 'board');
    // One row on the board, so that the first one is it.
    await until('the row has the focus', async () => {
      await center.keyboard.press('j');
      return (await center.locator('[data-board] a:focus').count()) > 0 || undefined;
    });
    await center.keyboard.press('Enter');
    await center.waitForURL(/\/board\/\w+/);
    await center.locator('article [data-seen="new"]').waitFor();
    await byKey('a');
    await center.locator('dialog textarea[name="text"]').fill('Đã nhận, đang theo dõi.');
    await center.locator('dialog button[type="submit"]').click();
    await center.locator('article [data-seen="seen"]').waitFor();
    const give = async (title: string, text: string) => {
      await byKey('t');
      await center.locator('dialog input[name="title"]').fill(title);
      await center.locator('dialog textarea[name="text"]').fill(text);
      await center.locator('dialog button[type="submit"]').click();
      await center.locator('[data-national-task="open"]').filter({ hasText: title }).waitFor();
    };
    await give('Việc giao nhầm', '');
    await center.getByRole('button', { name: 'Rút lại việc: Việc giao nhầm' }).click();
    await center.locator('dialog textarea[name="reason"]').fill('Giao nhầm tỉnh.');
    await center.locator('dialog button[type="submit"]').click();
    await center.locator('[data-national-task="withdrawn"]').waitFor();
    await give('Gửi danh sách máy đã kết nối', 'Trong 24 giờ trước sự cố.');
    await shoot(center, 'board-item');

    const duty = await open('vi', 390);
    await signIn(duty, province);
    await duty.goto(`${province.url}/tasks`);
    await duty.getByRole('button', { name: 'Hỏi ngay: Trung tâm quốc gia' }).click();
    await duty.locator('[data-source-state="well"]').waitFor();
    const asked = duty.locator('[data-item="open"]').filter({ hasText: 'Gửi danh sách máy đã kết nối' });
    await asked.waitFor();
    expect(await duty.locator('[data-item]').count()).toBe(1);
    expect(await overflow(duty)).toBeLessThanOrEqual(0);
    await asked.getByText('Trả lời Trung tâm quốc gia').first().click();
    await shoot(duty, 'tasks-390');
    await asked.getByRole('link', { name: 'Gửi danh sách máy đã kết nối' }).click();
    await duty.waitForURL((url) => url.pathname === `/incidents/${id}`);
    await duty.getByText('Trung tâm quốc gia xác nhận đã nhận sự cố').waitFor();
    await duty.getByText('Đã nhận, đang theo dõi.').waitFor();
    await duty.getByText('Trung tâm quốc gia yêu cầu').first().waitFor();
    await shoot(duty, 'task-on-incident-390');
    await duty.goBack();
    await asked.getByText('Trả lời Trung tâm quốc gia').first().click();
    await asked.locator('textarea').fill('Chỉ một máy: 203.0.113.99.');
    await asked.getByRole('button', { name: 'Trả lời', exact: true }).click();
    // Out the same way as before: one asks, another one lets it go.
    await duty.waitForURL(/\/share\/a05$/);
    await duty.locator('[data-share-form] input[name="read"]').check();
    await duty.getByRole('button', { name: 'Đề nghị phê duyệt' }).click();
    await duty.waitForURL(/\/share\/a05\/2$/);
    const { version } = await province.api<VersionDetail>(`/api/v1/incidents/${id}/sharing/a05/versions/2`);
    const release = ['sharing', 'approve', id, 'a05', '2', '--sha256', version.sha256, '--config', province.config];
    const approved = await province.cli(release);
    expect(approved, approved.err).toMatchObject({ code: 0 });
    await duty.goto(`${province.url}/tasks`);
    await duty.getByText('Không có việc nào chờ trả lời').waitFor();
    await center.locator('[data-national-task="answered"]').getByText('Chỉ một máy: 203.0.113.99.').waitFor();
    await shoot(center, 'board-item-answered');
    await center.goto(`${national.url}/board/indicators`);
    await center.locator('[data-indicator="203.0.113.66"]').getByText('2 tỉnh đã gặp').waitFor();
    await shoot(center, 'board-indicators');
    await center.context().close();
    await duty.context().close();
  }, 600_000);

  test('reads the same in Khmer and English, and at the command line', async () => {
    const { shares } = await province.api<SharingList>('/api/v1/sharing');
    const id = shares[0]?.incident ?? '';
    for (const [language, word, words] of [
      ['km', 'បានប្រគល់', ['Trung tâm quốc gia បានបញ្ជាក់ការទទួល', 'ស្នើដោយ Trung tâm quốc gia']],
      ['en', 'Delivered', ['Trung tâm quốc gia acknowledged', 'Asked by Trung tâm quốc gia']],
    ] as const) {
      const page = await open(language, language === 'km' ? 390 : 1280);
      await signIn(page, province);
      await page.goto(`${province.url}/incidents/${id}/share/a05/1`);
      await page.getByText(word).first().waitFor();
      await shoot(page, `share-version-${language}`);
      expect(await seriousFindings(page)).toEqual([]);
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      await page.goto(`${province.url}/incidents/${id}/share/a05`);
      await page.locator('[data-scroller="preview"] pre').waitFor();
      await shoot(page, `share-preview-${language}`);
      expect(await seriousFindings(page)).toEqual([]);
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      await page.goto(`${province.url}/tasks?show=tasks`);
      await page.locator('[data-item="answered"]').filter({ hasText: 'Gửi danh sách máy đã kết nối' }).waitFor();
      await shoot(page, `tasks-${language}`);
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      await page.goto(`${province.url}/incidents/${id}`);
      for (const text of words) await page.getByText(text).first().waitFor();
      await page.goto(`${province.url}/board`);
      await page.getByText('haidang server --role national', { exact: false }).waitFor();
      // Cookies know no ports: from here on this browser is signed in at the center.
      await signIn(page, national);
      await page.goto(`${national.url}/board`);
      await page.locator('[data-board]').filter({ hasText: id }).getByRole('link').click();
      await page.locator('[data-national-task="answered"]').waitFor();
      await shoot(page, `board-item-${language}`);
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      await page.context().close();
    }
    const shown = await province.cli(['sharing', 'show', id, 'a05', '1', '--config', province.config]);
    expect(shown.err).toBe('');
    expect(shown.out).toContain('version 1 delivered');
    expect(shown.out).toContain('accepted  incident--');
    const preview = await province.cli(['sharing', 'preview', id, 'a05', '--json', '--config', province.config]);
    expect(JSON.parse(preview.out)).toMatchObject({ blocked: 'unchanged', number: 3 });
    expect(preview.code).toBe(1);
    const all = await province.api<IncidentSharing>(`/api/v1/incidents/${id}/sharing`);
    expect(all.shares).toHaveLength(1);
  }, 600_000);
});
