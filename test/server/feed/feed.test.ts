import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatEventId, utcDay } from '../../../ecs/event-id.ts';
import type { FrameHeader } from '../../../ecs/wire.ts';
import { figuresCsv, servicesCsv } from '../../../server/feed/csv.ts';
import { KEPT_MS, openFeed } from '../../../server/feed/feed.ts';
import { Feed } from '../../../server/feed/schema.ts';
import { type AgencyId, type CollectorId, SYSTEM } from '../../../server/identity.ts';
import type { EventStore } from '../../../server/store/event-store.ts';
import { type Bench, HOST, openBench } from '../api/harness.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** What must never be in the feed, wherever it stands. */
const SECRETS = [
  'nguyen.van.an',
  'Nguyễn Văn An',
  '0912345678',
  '203.0.113.77',
  'may-ke-toan',
  'ma-bi-mat',
  'nguoi-dung:mat-khau',
  'Chuyện riêng',
  'so-y-te@example.vn',
];
const FORMULA = '=HYPERLINK("http://203.0.113.9","x")';
const PORTAL = 'https://cong.example.vn/';
const NEWS = 'https://tin.example.vn/';
const SEARCH = 'https://tim.example.vn/kq';
const OLD = 'https://cu.example.vn/';

let bench: Bench;
let viewer = '';
let feed: Feed;
const get = (path: string, cookie = viewer, headers: Record<string, string> = {}) =>
  bench.app.inject({ url: `/api/v1${path}`, headers: { host: HOST, cookie, ...headers } });

/** Stores what a collector that looks at sites would send: each look so many minutes ago. */
async function storeLooks(
  events: EventStore,
  looks: readonly { readonly site: string; readonly action: string; readonly ago: number; readonly days?: number }[],
): Promise<void> {
  const now = Date.now();
  const [day, collector, epoch] = [utcDay(now), 'cweb', '0123abcd'];
  const header: FrameHeader = {
    ...{ version: 1, collector, epoch, day, first: 1, last: looks.length, spooledAt: new Date(now).toISOString() },
    sources: [{ source: 'web_check', read: looks.length, spooled: looks.length, dropped: {}, unparsed: 0 }],
    runs: [[0, looks.length]],
  };
  const documents = looks.map(({ site, action, ago, days }, at) => {
    const original = JSON.stringify({ site, action, ago });
    const hash = createHash('sha256').update(original).digest('hex').slice(0, 12);
    return {
      '@timestamp': new Date(now - ago * MINUTE_MS).toISOString(),
      event: {
        id: formatEventId({ day, collector, epoch, sequence: at + 1, hash }),
        original,
        dataset: 'webcheck.site',
        action,
      },
      url: { original: site },
      ...(days === undefined ? {} : { webcheck: { certificate_days: days } }),
    };
  });
  const text = [header, ...documents].map((document) => JSON.stringify(document)).join('\n');
  const stored = await events.append({
    collector: collector as CollectorId,
    agency: 'so-y-te' as AgencyId,
    receivedAt: new Date(now).toISOString(),
    body: zstdCompressSync(Buffer.from(`${text}\n`)),
  });
  expect(stored).toMatchObject({ stored: looks.length, deadLettered: 0 });
}

async function addCollector(id: string, agency: string, lastSeenAt: string | null): Promise<void> {
  const now = new Date().toISOString();
  await bench.records.as(SYSTEM).create('collector', id, {
    ...{ agency: agency as AgencyId, name: 'may-ke-toan', fingerprint: id, revoked: false, createdAt: now },
    ...{ notAfter: new Date(Date.now() + 30 * 24 * HOUR_MS).toISOString(), lastSeenAt, status: null, counters: [] },
  });
}

beforeAll(async () => {
  bench = await openBench();
  for (const id of ['so-y-te', 'so-noi-vu', 'so-tai-chinh', 'ubnd-xa-1', 'ubnd-xa-2', 'one']) await bench.addAgency(id);
  const view = bench.records.as(SYSTEM);
  const health = await view.get('agency', 'so-y-te');
  if (!health) throw new Error('no agency');
  await view.replace('agency', 'so-y-te', { ...health.document, securityLevel: 5 }, health.version);
  // Heard from for as long as the tests may take.
  const ahead = new Date(Date.now() + HOUR_MS).toISOString();
  await addCollector('c1', 'so-y-te', ahead);
  await addCollector('c2', 'so-noi-vu', ahead);
  await addCollector('c3', 'so-tai-chinh', new Date(Date.now() - HOUR_MS).toISOString());

  const analyst = await bench.signIn({ user: 'lan' });
  viewer = await bench.signIn({ user: 'ioc', role: 'viewer' });
  const incident = async (change: object) => {
    const payload = {
      alerts: [],
      title: 'Máy may-ke-toan của nguyen.van.an',
      summary: 'Chuyện riêng, 0912345678',
      ...change,
    };
    const headers = { host: HOST, origin: `http://${HOST}`, cookie: analyst };
    const made = await bench.app.inject({ method: 'POST', url: '/api/v1/incidents', payload, headers });
    expect(made.statusCode, made.payload).toBe(201);
  };
  for (const rsit of ['availability/ddos', 'availability/dos', 'availability/outage', 'availability/outage'])
    await incident({ severity: 'medium', rsit });
  await incident({ severity: 'high', rsit: 'fraud/phishing', owner: 'lan' });
  await incident({ severity: 'low', rsit: null });
  const entities = {
    'user.name': { values: ['nguyen.van.an'], total: 1 },
    'source.ip': { values: ['203.0.113.77'], total: 1 },
  };
  await bench.addAlert('a1', { severity: 'high', severityRank: 4, entities });
  await bench.addAlert('a2', { severity: 'low', severityRank: 2 });
  // Of an alert of the province, the agency's own part is not a second alert.
  await bench.addAlert('a3', { severity: 'high', severityRank: 4, part: 1 });

  const looks = (site: string, action: string, count: number, from = 1) =>
    Array.from({ length: count }, (_, at) => ({ site, action, ago: from + at * 5, days: 40 }));
  await storeLooks(bench.events, [
    { site: PORTAL, action: 'site-down', ago: 1 },
    ...looks(PORTAL, 'site-up', 7, 6),
    { site: `${NEWS}?khoa=ma-bi-mat`, action: 'page-replaced', ago: 2, days: 9 },
    { site: `${NEWS}?khoa=ma-bi-mat`, action: 'site-up', ago: 40, days: 9 },
    ...looks(OLD, 'site-up', 4, 120),
    // The same service by two addresses, of which one is down.
    ...looks(`${SEARCH}?q=1`, 'site-up', 3),
    ...looks(`${SEARCH}?q=2`, 'site-down', 1),
    ...looks('https://nguoi-dung:mat-khau@he.example.vn/x#y', 'certificate-expiring', 3),
    ...looks(FORMULA, 'site-up', 3),
  ]);
  feed = (await get('/feed')).json();
}, 120_000);
afterAll(() => bench?.close());

describe('the figures', () => {
  it('count incidents and alerts, and withhold what is too fine', () => {
    expect(feed.incidents).toMatchObject({
      open: 6,
      openBySeverity: { critical: 0, high: 1, medium: 4, low: 1, informational: 0 },
      openByStatus: { open: 6, investigating: 0, contained: 0 },
      reportedLastDay: 6,
      reportedLast30Days: 6,
      closedLast30Days: 0,
      medianHoursToClose: null,
    });
    // One of fraud and one without a class hide behind the four of availability.
    expect(feed.incidents.byClassLast30Days).toMatchObject({
      availability: null,
      fraud: null,
      unclassified: null,
      test: 0,
    });
    expect(feed.alerts).toEqual({
      open: 2,
      openBySeverity: { critical: 0, high: 1, medium: 0, low: 1, informational: 0 },
      unhandled: 2,
    });
    expect(feed.smallestCount).toBe(3);
  });

  it('tell how each site does', () => {
    const state = (service: string) => feed.services.find((one) => one.service === service);
    expect(feed.services).toHaveLength(6);
    expect(state(SEARCH)).toMatchObject({ state: 'down', checksLastDay: 4, availabilityLastDay: 75 });
    expect(state(PORTAL)).toMatchObject({ state: 'down', checksLastDay: 8, availabilityLastDay: 87.5 });
    expect(state(NEWS)).toMatchObject({ state: 'altered', availabilityLastDay: null, certificateDays: 9 });
    expect(state(OLD)).toMatchObject({ state: 'unknown', checkedAt: null, availabilityLastDay: 100 });
    expect(state('https://he.example.vn/x')).toMatchObject({ state: 'up', certificateDays: 40 });
  });

  it('tell which agencies are heard, and of few of one level nothing', () => {
    expect(feed.coverage).toMatchObject({
      agencies: 6,
      covered: 2,
      collectors: { total: 3, well: 2, attention: 0, broken: 1 },
    });
    const level = (wanted: number) => feed.coverage.bySecurityLevel.find((one) => one.level === wanted);
    expect(level(5)).toEqual({ level: 5, agencies: null, covered: null });
    expect(level(3)).toEqual({ level: 3, agencies: null, covered: null });
    expect(level(1)).toEqual({ level: 1, agencies: 0, covered: 0 });
  });

  it('make the posture', () => {
    const reasons = ['high-incident', 'service-altered', 'open-incident', 'high-alert', 'service-down', 'coverage-low'];
    expect(feed.posture).toEqual({ level: 'high', reasons });
  });

  it('hold nobody and nothing that could be told apart', async () => {
    const texts = [
      JSON.stringify(feed),
      (await get('/feed/figures.csv')).payload,
      (await get('/feed/services.csv')).payload,
    ];
    for (const text of texts) for (const secret of SECRETS) expect(text).not.toContain(secret);
  });
});

/** Without when it was counted, in each line: it may have been counted anew since. */
const timeless = (csv: string) => csv.replaceAll(/^\d{4}-\d\d-\d\dT[\d:.]+Z,/gm, ',');

describe('the CSV', () => {
  it('has every figure of the JSON under the same name, and is safe in a spreadsheet', async () => {
    const answer = await get('/feed/figures.csv');
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(answer.headers['content-disposition']).toContain('haidang-figures.csv');
    expect(timeless(answer.payload)).toBe(timeless(figuresCsv(feed)));
    const [heading = '', ...lines] = timeless(answer.payload).split('\r\n');
    expect(heading).toBe('\ufeffat,figure,of,value,withheld');
    expect(lines).toContain(`,incidents.openBySeverity,medium,4,no`);
    expect(lines).toContain(`,incidents.byClassLast30Days,fraud,,yes`);
    expect(lines).toContain(`,coverage.collectors,broken,1,no`);
    expect(lines).toContain(`,coverage.bySecurityLevel.agencies,5,,yes`);
    const services = (await get('/feed/services.csv')).payload;
    expect(timeless(services)).toBe(timeless(servicesCsv(feed)));
    expect(timeless(services)).toContain(`,${PORTAL},down,`);
    // Anybody may be able to set the address of a site on a collector: it is no formula here.
    expect(services).toContain(`"'=HYPERLINK(`);
    expect(services).not.toMatch(/(^|,)"?=/m);
  });
});

describe('who reads it', () => {
  it('a token for it alone, and that opens nothing else', async () => {
    const by = { kind: 'user', name: 'ioc', role: 'viewer', agencies: 'all' } as const;
    const wanted = { name: 'operations center', permissions: ['feed.read' as const], days: 30 };
    const { token } = await bench.accounts.tokens.create('ioc', wanted, by);
    const with_ = { authorization: `Bearer ${token}` };
    for (const path of ['/feed', '/feed/figures.csv', '/feed/services.csv'])
      expect((await get(path, '', with_)).statusCode, path).toBe(200);
    for (const path of ['/alerts', '/incidents', '/agencies', '/ledger', '/users', '/audit', '/events'])
      expect((await get(path, '', with_)).statusCode, path).toBe(403);
  });

  it('nobody who has no part in it, or sees some agencies alone', async () => {
    expect((await get('/feed', '')).statusCode).toBe(401);
    expect((await get('/feed', await bench.signIn({ user: 'tac-gia', role: 'rule-author' }))).statusCode).toBe(403);
    const bound = await bench.signIn({ user: 'mot', role: 'administrator', agencies: ['one'] });
    for (const path of ['/feed', '/feed/figures.csv', '/feed/services.csv'])
      expect((await get(path, bound)).json(), path).toMatchObject({ status: 403, code: 'HD_FORBIDDEN' });
  });

  it('however often: it is counted once a minute', async () => {
    let now = Date.now();
    const agencies = { all: async () => new Map(), forget: () => undefined };
    const ask = openFeed({ events: bench.events, records: bench.records, agencies: agencies as never, now: () => now });
    const [first, second] = await Promise.all([ask(), ask()]);
    expect(second).toBe(first);
    now += KEPT_MS - 1;
    expect(await ask()).toBe(first);
    now += 1;
    expect((await ask()).at).not.toBe(first.at);
  });
});

describe('the documentation', () => {
  it('names every field', () => {
    const page = readFileSync(fileURLToPath(new URL('../../../docs/feed.md', import.meta.url)), 'utf8');
    const paths = leavesOf(Feed as unknown as Shape, '');
    expect(paths.length).toBeGreaterThan(40);
    expect(paths.filter((path) => !page.includes(`\`${path}\``) && !page.includes(`\`${parentOf(path)}.*\``))).toEqual(
      [],
    );
  });
});

interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
}

function leavesOf({ properties, items }: Shape, path: string): readonly string[] {
  if (items) return leavesOf(items, path);
  if (!properties) return [path];
  return Object.entries(properties).flatMap(([name, shape]) => leavesOf(shape, path === '' ? name : `${path}.${name}`));
}

function parentOf(path: string): string {
  return path.split('.').slice(0, -1).join('.');
}
