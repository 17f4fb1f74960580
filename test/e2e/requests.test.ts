import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IncidentDetail } from '../../server/incidents/schema.ts';
import { needs } from '../needs.ts';
import { openBrowser, signIn } from './browser.ts';
import { Installation, PASSWORD } from './harness.ts';

const chromium = needs('chromium');
const AGENCY = 'so-y-te';

describe.skipIf(!chromium)('from a question to an agency to the closing report', () => {
  let server: Installation;
  let browser: Browser;
  const shots = process.env['HAIDANG_SHOTS'];
  beforeAll(async () => {
    server = await Installation.create({ inputs: (folder) => [{ type: 'file', paths: [join(folder, 'auth.log')] }] });
    await server.up();
    browser = await openBrowser(chromium ?? '');
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await server?.remove();
  });

  const send = <T>(path: string, body: object, method = 'POST') =>
    server.api<T>(path, { method, body: JSON.stringify(body) });

  async function open(width: number): Promise<{ context: BrowserContext; page: Page }> {
    const context = await browser.newContext({ viewport: { width, height: 900 } });
    context.setDefaultTimeout(60_000);
    await context.addInitScript(() => localStorage.setItem('haidang.language', 'vi'));
    return { context, page: await context.newPage() };
  }

  test('the officer answers on a telephone’s screen, the shift sees it live, and the report is kept', async () => {
    const contact = { person: 'Chị Hoa', phone: '0', email: 'hoa@example.vn', address: '' };
    await send('/api/v1/agencies', { id: AGENCY, name: 'Sở Y tế', contact, securityLevel: 3 });
    const officer = {
      user: 'hoa',
      displayName: 'Chị Hoa',
      role: 'agency-officer',
      agencies: [AGENCY],
      password: PASSWORD,
    };
    await send('/api/v1/users', officer);
    const { incident } = await send<IncidentDetail>('/api/v1/incidents', {
      alerts: [],
      title: 'Máy chủ lạ trong mạng',
    });

    const shift = await open(1280);
    await signIn(shift.page, server);
    await shift.page.goto(`${server.url}/incidents/${incident.id}`);
    await shift.page.getByRole('button', { name: 'Hỏi đơn vị' }).click();
    const dialog = shift.page.locator('dialog[open]');
    // The list of agencies comes by itself; choosing waits for it.
    await dialog.locator('select[name="agency"]').selectOption(AGENCY);
    await dialog.locator('input[name="subject"]').fill('Máy chủ 10.1.2.3');
    await dialog.locator('textarea[name="text"]').fill('Máy chủ này của ai? Gửi nhật ký đăng nhập.');
    await dialog.locator('button[type="submit"]').click();
    const line = shift.page.locator('[data-requests-card] [data-request]');
    await line.getByText('Chưa đọc').waitFor();

    const agency = await open(390);
    await agency.page.goto(`${server.url}/requests`);
    await agency.page.locator('input[name="user"]').fill('hoa');
    await agency.page.locator('input[name="password"]').fill(PASSWORD);
    await agency.page.keyboard.press('Enter');
    await agency.page.locator('[data-request]').first().waitFor();
    if (shots) await agency.page.screenshot({ path: `${shots}/requests-390.png` });
    await agency.page.locator('[data-request] a').first().click();
    await agency.page.getByText('Máy chủ này của ai?').waitFor();
    expect(await agency.page.locator('main').textContent()).not.toContain(incident.id);
    await line.getByText('Đã đọc, chưa trả lời').waitFor();

    const log = join(server.folder, 'dang-nhap.log');
    writeFileSync(log, 'nhật ký đăng nhập\n');
    await agency.page.locator('input[type="file"]').setInputFiles(log);
    await agency.page.locator('[data-file="dang-nhap.log"]').waitFor();
    await agency.page.locator('textarea[name="text"]').fill('Của phòng Kế hoạch, đã tắt.');
    await agency.page.getByRole('button', { name: 'Gửi trả lời' }).click();
    await agency.page.getByText('Của phòng Kế hoạch, đã tắt.').waitFor();
    if (shots) await agency.page.screenshot({ path: `${shots}/request-390.png`, fullPage: true });
    await line.getByText('Đã trả lời').waitFor();
    await shift.page.getByText('dang-nhap.log').first().waitFor();
    if (shots) await shift.page.screenshot({ path: `${shots}/incident-asked.png`, fullPage: true });

    await shift.page.getByRole('link', { name: 'Lập: Báo cáo kết thúc' }).click();
    await shift.page.locator('input[name="number"]').fill('7');
    await shift.page.locator('textarea[name="cause"]').fill('Máy chủ thử nghiệm chưa đăng ký.');
    expect(await shift.page.locator('textarea[name="attachments"]').inputValue()).toContain('dang-nhap.log');
    if (shots) await shift.page.screenshot({ path: `${shots}/report-form.png` });
    await shift.page.getByRole('button', { name: 'Xuất báo cáo' }).click();
    await shift.page.locator('[data-report="1"]').waitFor();
    const address = await shift.page.getByRole('link', { name: 'Mở để in' }).getAttribute('href');
    const printed = await shift.context.newPage();
    await printed.goto(`${server.url}${address}`);
    expect(await printed.locator('.subject').textContent()).toBe('Kết thúc xử lý sự cố an ninh mạng');
    expect(await printed.locator('main').textContent()).toContain('Máy chủ thử nghiệm chưa đăng ký.');

    const listed = await server.cli(['request', 'list', '--json', '--config', server.config]);
    expect(listed.err).toBe('');
    expect(JSON.parse(listed.out)).toMatchObject({ state: 'answered', agency: AGENCY, incident: incident.id });
    const file = join(server.folder, 'bao-cao.docx');
    const got = await server.cli(['report', 'get', incident.id, '1', '--to', file, '--config', server.config]);
    expect(got.code, got.err).toBe(0);
    expect(readFileSync(file).subarray(0, 2).toString()).toBe('PK');
    const id = JSON.parse(listed.out).id as string;
    const told = [
      'request',
      'answer',
      id,
      '--text',
      'Bổ sung qua điện thoại.',
      '--file',
      log,
      '--config',
      server.config,
    ];
    expect((await server.cli(told)).code).toBe(0);
    const wrote = await server.cli([
      ...['report', 'write', incident.id, '--kind', 'follow-up', '--set', 'number=8', '--json'],
      ...['--config', server.config],
    ]);
    expect(wrote.code, wrote.err).toBe(0);
    expect(JSON.parse(wrote.out)).toMatchObject({ kind: 'follow-up', number: 2, label: '8' });
    await shift.context.close();
    await agency.context.close();
  }, 240_000);
});
