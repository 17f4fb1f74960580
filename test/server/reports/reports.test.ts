import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RSIT } from '../../../ecs/rsit.ts';
import { SYSTEM } from '../../../server/identity.ts';
import type { IncidentDetail } from '../../../server/incidents/schema.ts';
import { FIELD_NAMES, REPORT_KINDS, sectionsOf } from '../../../server/reports/form.ts';
import { prefill } from '../../../server/reports/prefill.ts';
import type { ReportDraft, ReportVersion, ReportVersions } from '../../../server/reports/schema.ts';
import { CLASS_WORDS } from '../../../server/reports/words.ts';
import { startBrowser } from '../../console/browser.ts';
import { needs } from '../../needs.ts';
import { type Bench, HOST, openBench } from '../api/harness.ts';
import { RULE } from '../api/rule.ts';
import { unzip } from './unzip.ts';

const chromium = needs('chromium');
const HOSTILE = '<script>window.stolen=1</script> & "x"\u0007\u202e';
let bench: Bench;
let lan = '';
let admin = '';
let viewer = '';
let ofOne = '';
let id = '';
beforeAll(async () => {
  bench = await openBench({ rules: [RULE] });
  await bench.addAgency('one');
  lan = await bench.signIn({ user: 'lan' });
  admin = await bench.signIn({ user: 'sep', role: 'administrator' });
  viewer = await bench.signIn({ user: 'xem', role: 'viewer' });
  ofOne = await bench.signIn({ user: 'mot', agencies: ['one'] });
  await bench.addAlert('a1');
  const made = await post('/api/v1/incidents', {
    alerts: ['a1'],
    title: `Dò mật khẩu máy chủ một cửa ${HOSTILE}`,
    summary: 'Nhiều lần đăng nhập sai từ một địa chỉ.\nChưa thấy đăng nhập thành công.',
    detectedAt: '2026-11-22T01:05:01.000Z',
    rsit: 'intrusion-attempts/brute-force',
  });
  expect(made.statusCode, made.payload).toBe(201);
  id = made.json<IncidentDetail>().incident.id;
  const change = (payload: object) => post(`/api/v1/incidents/${id}/changes`, payload);
  await change({ addSystem: { name: 'Cổng dịch vụ công', agency: 'one', level: 3 } });
  await change({ addTask: { title: 'Chặn địa chỉ tại tường lửa', assignee: null, due: null } });
  const due = new Date(bench.clock.now + 3_600_000).toISOString();
  const ask = { agency: 'one', incident: id, subject: 'Nhật ký SSH', text: 'Gửi nhật ký.', due };
  expect((await post('/api/v1/requests', ask)).statusCode).toBe(201);
});
afterAll(() => bench.close());

const headers = (cookie: string) => ({ host: HOST, origin: `http://${HOST}`, cookie });
const get = (url: string, cookie = lan) => bench.app.inject({ url, headers: headers(cookie) });
const send = (method: 'POST' | 'PUT', url: string, payload: object, cookie: string) =>
  bench.app.inject({ method, url, payload, headers: headers(cookie) });
const post = (url: string, payload: object, cookie = lan) => send('POST', url, payload, cookie);
const draft = async (kind: string): Promise<ReportDraft> =>
  (await get(`/api/v1/incidents/${id}/reports/draft?kind=${kind}`)).json();
async function write(kind: string, fields: object): Promise<ReportVersion> {
  const made = await post(`/api/v1/incidents/${id}/reports`, { kind, fields });
  expect(made.statusCode, made.payload).toBe(201);
  return made.json();
}
const bytesOf = async (number: number, form: 'html' | 'docx'): Promise<Buffer> =>
  (await get(`/api/v1/incidents/${id}/reports/${number}/${form}`)).rawPayload;
/** What a word processor shows of a DOCX file. */
const textOf = (docx: Buffer): string =>
  (unzip(docx).get('word/document.xml')?.toString() ?? '').replaceAll(/<\/w:p>/g, '\n').replaceAll(/<[^>]+>/g, '');

describe('a draft', () => {
  it('says what the incident says of itself, in the time of the province', async () => {
    const { fields, parts } = await draft('initial');
    expect(fields).toMatchObject({
      title: `Dò mật khẩu máy chủ một cửa ${HOSTILE}`.trim(),
      code: id,
      class: 'Cố gắng xâm nhập (RSIT: intrusion-attempts/brute-force)',
      severity: 'Cao',
      detectedAt: '08:05 ngày 22/11/2026',
      operator: 'Agency one',
      systems: 'Cổng dịch vụ công',
      level: 'Cổng dịch vụ công: cấp độ 3',
      description: 'Nhiều lần đăng nhập sai từ một địa chỉ.\nChưa thấy đăng nhập thành công.',
      indicators: 'ipv4: 203[.]0[.]113[.]7',
      remaining: 'Chặn địa chỉ tại tường lửa',
    });
    expect(fields.method).toContain('Nhiều lần đăng nhập sai');
    expect(fields.notified).toContain('Agency one');
    expect(fields.timeline).toMatch(/^08:00 ngày 22\/11\/2026: sự kiện đầu của cảnh báo “Nhiều lần đăng nhập sai”/);
    expect(parts.map((part) => part.id)).toEqual([
      'head',
      'reporter',
      'system',
      'incident',
      'response',
      'attached',
      'foot',
    ]);
  });

  it('leaves out what nobody wrote', async () => {
    for (const kind of REPORT_KINDS) {
      const { fields } = await draft(kind);
      for (const name of ['cause', 'impact', 'owner', 'proposals', 'lessons', 'number', 'signerName', 'closedAt'])
        expect(fields, `${kind} ${name}`).not.toHaveProperty(name);
    }
    expect((await draft('initial')).fields).not.toHaveProperty('result');
  });

  it('holds no more than a report takes, whatever attackers put into names and addresses', async () => {
    const detail: IncidentDetail = (await get(`/api/v1/incidents/${id}`)).json();
    const [indicator] = detail.indicators;
    if (!indicator) throw new Error('no indicator');
    const long = { ...indicator, type: 'url' as const, defanged: `hxxps://x[.]example/${'ợ'.repeat(2_000)}` };
    const step = { at: '2026-11-22T01:00:00.000Z', kind: 'act' as const, by: 'lan', act: 'status', to: 'open' };
    const sources = {
      detail: {
        ...detail,
        indicators: Array.from({ length: 1_000 }, () => long),
        timeline: Array.from({ length: 500 }, (_, at) => ({ ...step, note: `${at}\n${'ợ'.repeat(4_000)}` })),
      },
      letterhead: {},
      requests: [],
      delivered: [],
      initial: undefined,
      agencyNames: new Map(),
      timeZone: 'Asia/Ho_Chi_Minh',
      now: '2026-11-23T00:00:00.000Z',
    };
    const fields = prefill('closing', sources);
    for (const [name, text] of Object.entries(fields)) expect(text.length, name).toBeLessThan(20_000);
    expect(fields.indicators?.split('\n').at(-1)).toMatch(/^\(và 9\d\d mục khác trong hồ sơ sự cố\)$/);
    expect(fields.timeline).toMatch(/^\(441 mục trước đó trong hồ sơ sự cố\)\n/);
    await write('closing', fields);
  });

  it('begins with the letterhead that the province set up, and only administrators set it', async () => {
    const fields = {
      organization: 'Trung tâm Giám sát',
      symbol: 'BC-GS',
      place: 'Hà Tiên',
      copies: 'Như trên\nLưu: VT',
    };
    expect((await send('PUT', '/api/v1/reports/form', { fields }, lan)).statusCode).toBe(403);
    expect((await send('PUT', '/api/v1/reports/form', { fields: { title: 'x' } }, admin)).statusCode).toBe(400);
    expect((await send('PUT', '/api/v1/reports/form', { fields: { nothing: 'x' } }, admin)).statusCode).toBe(400);
    expect((await send('PUT', '/api/v1/reports/form', { fields }, admin)).statusCode).toBe(200);
    expect((await get('/api/v1/reports/form')).json().fields).toEqual(fields);
    expect((await draft('closing')).fields).toMatchObject(fields);
  });

  it('knows every class of the taxonomy, and every field of the form once', () => {
    expect(Object.keys(CLASS_WORDS)).toEqual(Object.keys(RSIT));
    for (const kind of REPORT_KINDS) {
      const names = sectionsOf(kind).flatMap(({ rows }) => rows.map(({ name }) => name));
      expect(new Set(names).size).toBe(names.length);
      for (const name of names) expect(FIELD_NAMES).toContain(name);
    }
  });
});

describe('a report', () => {
  it('is kept as a page and as DOCX, each under its hash, in the history of the incident and the audit log', async () => {
    const { fields } = await draft('initial');
    const edited = { ...fields, number: '12', cause: 'không có trong loại này', impact: 'Chưa ảnh hưởng người dân.' };
    const version = await write('initial', edited);
    expect(version).toMatchObject({ kind: 'initial', by: 'lan', label: '12/BC-GS', incident: id });
    for (const form of ['html', 'docx'] as const) {
      const bytes = await bytesOf(version.number, form);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(version[form].sha256);
      expect(bytes.length).toBe(version[form].bytes);
    }
    const { versions }: ReportVersions = (await get(`/api/v1/incidents/${id}/reports`)).json();
    expect(versions.map(({ number }) => number)).toContain(version.number);
    const { timeline } = (await get(`/api/v1/incidents/${id}`)).json<IncidentDetail>();
    expect(timeline.filter(({ act }) => act === 'report').at(-1)).toMatchObject({
      by: 'lan',
      to: String(version.number),
      note: version.html.sha256,
    });
    const { records } = await bench.records.as(SYSTEM).find('audit', { limit: 1000 });
    const acts = records.filter(({ document }) => document.target === id).map(({ document }) => document.act);
    expect(acts).toContain('report.export');
    expect(acts).toContain('report.read');
  });

  it('has the country’s name and motto, what was written, and dotted lines for the rest, in both forms', async () => {
    const { number } = await write('initial', { number: '13', title: 'Thử', impact: 'Một dòng' });
    const html = (await bytesOf(number, 'html')).toString();
    const docx = textOf(await bytesOf(number, 'docx'));
    for (const text of [html, docx])
      for (const part of [
        'CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM',
        'Độc lập - Tự do - Hạnh phúc',
        'BÁO CÁO',
        'Ban đầu về sự cố an ninh mạng',
        'Số: 13/…………',
        'Nơi nhận:',
        'Phạm vi, mức độ ảnh hưởng: Một dòng',
      ])
        expect(text).toContain(part);
    expect(html).toMatch(/<p class="row dots">\d+\. Chủ quản hệ thống thông tin:<\/p>/);
    const xml =
      unzip(await bytesOf(number, 'docx'))
        .get('word/document.xml')
        ?.toString() ?? '';
    expect(xml).toMatch(/w:leader="dot"/);
    expect(html).not.toContain('Nguyên nhân');
  });

  it('shows texts of attackers as text, without what moves a cursor or turns the direction', async () => {
    const { fields } = await draft('follow-up');
    const { number } = await write('follow-up', fields);
    const answer = await get(`/api/v1/incidents/${id}/reports/${number}/html`);
    expect(answer.headers['content-type']).toContain('text/html');
    expect(answer.headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; sandbox;/,
    );
    expect(answer.payload).toContain('&lt;script&gt;window.stolen=1&lt;/script&gt; &amp; &quot;x&quot;··');
    expect(answer.payload).not.toContain('<script');
    const xml =
      unzip(await bytesOf(number, 'docx'))
        .get('word/document.xml')
        ?.toString() ?? '';
    expect(xml).toContain('&lt;script&gt;');
    expect(xml).not.toMatch(/[\u0007\u202e]/);
  });

  it('names the initial report in those that follow', async () => {
    await write('initial', { number: '14', symbol: 'BC-GS', date: '2026-11-22' });
    expect((await draft('closing')).fields).toMatchObject({ initialNumber: '14/BC-GS', initialDate: '22/11/2026' });
  });

  it('says how the incident ended', async () => {
    const made = await post('/api/v1/incidents', { alerts: [], title: 'Báo nhầm' });
    const { incident } = made.json<IncidentDetail>();
    const set = { status: 'closed', outcome: 'false_alarm', note: 'Máy quét của chính đơn vị.' };
    await post(`/api/v1/incidents/${incident.id}/changes`, { version: incident.version, set });
    const { fields } = (await get(`/api/v1/incidents/${incident.id}/reports/draft?kind=closing`)).json<ReportDraft>();
    expect(fields.result).toBe('Báo động nhầm\nMáy quét của chính đơn vị.');
    expect(fields.closedAt).toMatch(/^\d\d:\d\d ngày \d\d\/\d\d\/\d{4}$/);
    expect(fields).not.toHaveProperty('method');
  });

  it('names alerts of one title once, and tells of merging and parting', async () => {
    const detail = (await get(`/api/v1/incidents/${id}`)).json<IncidentDetail>();
    const [alert] = detail.alerts;
    if (!alert) throw new Error('no alert');
    const step = { at: detail.incident.createdAt, kind: 'act' as const, by: 'lan', note: 'Cổng bị dò' };
    const timeline = [...detail.timeline, { ...step, act: 'merged' }, { ...step, act: 'unmerged' }];
    const earlier = { id: 'x', at: step.at, by: 'lan', title: 'x', detectedAt: '2026-11-21T01:00:00.000Z' };
    const fields = prefill('initial', {
      ...{ letterhead: {}, requests: [], delivered: [], initial: undefined, agencyNames: new Map() },
      ...{ timeZone: 'Asia/Ho_Chi_Minh', now: step.at },
      detail: { ...detail, alerts: [alert, { ...alert, id: 'a2' }], timeline, merged: [earlier] },
    });
    expect(fields.method).toBe(`Hệ thống giám sát an ninh mạng của tỉnh, cảnh báo “${alert.title}” (2 cảnh báo)`);
    expect(fields.timeline).toContain('gộp sự cố “Cổng bị dò”');
    expect(fields.timeline).toContain('tách lại sự cố “Cổng bị dò”');
    expect(fields.detectedAt).toBe('08:00 ngày 21/11/2026');
  });

  it('gets numbers of its own where two write at once', async () => {
    const written = await Promise.all([1, 2, 3].map((at) => write('follow-up', { number: String(at) })));
    expect(new Set(written.map(({ number }) => number)).size).toBe(3);
  });

  it('is not given out where its bytes were changed', async () => {
    const { number, html } = await write('initial', { title: 'x' });
    await writeFile(join(bench.folder, 'incident-files', html.sha256.slice(0, 2), html.sha256), 'khác');
    const answer = await get(`/api/v1/incidents/${id}/reports/${number}/html`);
    expect(answer.statusCode).toBe(409);
    expect(answer.json().code).toBe('HD_EVIDENCE_CHANGED');
  });

  it('is nobody’s who may not see the incident, and nobody writes one without the right', async () => {
    const made = await post('/api/v1/incidents', { alerts: [], title: 'Của tỉnh' });
    const other = made.json<IncidentDetail>().incident.id;
    for (const path of ['', '/draft', '/1/html'])
      expect((await get(`/api/v1/incidents/${other}/reports${path}`, ofOne)).statusCode, path).toBe(404);
    const body = { kind: 'initial', fields: {} };
    expect((await post(`/api/v1/incidents/${other}/reports`, body, ofOne)).statusCode).toBe(404);
    expect((await post(`/api/v1/incidents/${id}/reports`, body, viewer)).statusCode).toBe(403);
    expect((await get(`/api/v1/incidents/${id}/reports/999/html`)).statusCode).toBe(404);
  });
});

describe.skipIf(!chromium)('on paper', () => {
  let browser: Browser | undefined;
  afterAll(async () => browser?.close());

  it('a report prints to A4 pages in a real browser, runs no script and loads nothing', async () => {
    const { fields } = await draft('closing');
    const { number } = await write('closing', { ...fields, superior: 'Ủy ban nhân dân tỉnh', number: '15' });
    const address = await bench.app.listen({ host: '127.0.0.1', port: 0 });
    browser = await startBrowser();
    const context = await browser.newContext();
    const { hostname } = new URL(address);
    const [name = '', value = ''] = lan.split('=');
    await context.addCookies([{ name, value, domain: hostname, path: '/' }]);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${address}/api/v1/incidents/${id}/reports/${number}/html`);
    expect(await page.locator('h1').textContent()).toBe('BÁO CÁO');
    expect(await page.locator('body').evaluate((body) => getComputedStyle(body).fontFamily)).toContain(
      'Times New Roman',
    );
    expect(await page.locator('.motto').textContent()).toBe('Độc lập - Tự do - Hạnh phúc');
    const pdf = await page.pdf({ preferCSSPageSize: true });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    const boxes = [...pdf.toString('latin1').matchAll(/\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/g)];
    expect(boxes.length).toBeGreaterThan(0);
    for (const [, width, height] of boxes) {
      expect(Math.round(Number(width))).toBe(595);
      expect(Math.round(Number(height))).toBe(842);
    }
    expect(complaints).toEqual([]);
    const shots = process.env['HAIDANG_SHOTS'];
    if (shots) {
      await writeFile(join(shots, 'report.pdf'), pdf);
      await writeFile(join(shots, 'report.docx'), await bytesOf(number, 'docx'));
    }
    await context.close();
  }, 120_000);
});
