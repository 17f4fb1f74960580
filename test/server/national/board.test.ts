import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Connection, connect } from '../../../server/commands/connection.ts';
import { loadConfig, type ServerConfig } from '../../../server/config.ts';
import type { InboundItems, InboundSources } from '../../../server/inbound/schema.ts';
import type { IncidentDetail } from '../../../server/incidents/schema.ts';
import type { IndicatorLists } from '../../../server/indicators/schema.ts';
import { createLog } from '../../../server/log.ts';
import { type RunningServer, startServer } from '../../../server/main.ts';
import type { Board, BoardDetail, NationalIndicators, ProvinceRow } from '../../../server/national/schema.ts';
import type { SharePreview, SharingList } from '../../../server/sharing/schema.ts';
import { until } from '../../e2e/harness.ts';
import { indicator, type National, startNational } from '../taxii/national.ts';

const PASSWORD = 'mật khẩu đủ dài của tỉnh';
const LONG = 60_000;

let national: National;
let center: Connection;
let folder: string;
let config: ServerConfig;
let server: RunningServer;
let province: Connection;
let incident = '';

/** Starts the province's server; what it polls and where it reports is the national one. */
async function startProvince(): Promise<void> {
  server = await startServer(config, createLog('silent'), Promise.resolve({ rules: [], problems: [] }));
  province = await connect(config);
}

const board = (query = '') => center.ask<Board>('GET', `/api/v1/national/board${query}`);
const items = (show: string) => province.ask<InboundItems>('GET', `/api/v1/inbound/items?show=${show}`);
const poll = (source: string) => province.ask('POST', `/api/v1/inbound/${source}/poll`);

/** Lets the incident leave as it is now, by what is set up for it: one person, as the test has one. */
async function share(): Promise<void> {
  const path = `/api/v1/incidents/${incident}/sharing`;
  const seen = await province.ask<SharePreview>('GET', `${path}/a05/preview`);
  const { version, sha256, number } = seen;
  await province.ask('POST', path, { recipient: 'a05', version, sha256, textsRead: true, minimal: false });
  await province.ask('POST', `${path}/a05/versions/${number}/approve`, { sha256 });
  await until(
    'the version is delivered',
    async () => {
      const { shares } = await province.ask<SharingList>('GET', '/api/v1/sharing');
      return shares[0]?.versions.at(-1)?.state === 'delivered' ? true : undefined;
    },
    LONG,
  );
}

beforeAll(async () => {
  national = await startNational(null);
  center = await national.connection();
  for (const name of ['can-tho', 'lao-cai', 'a05'])
    await center.ask('POST', '/api/v1/taxii/accounts', { name, password: PASSWORD });
  await center.ask('POST', '/api/v1/taxii/roots', { name: 'soc', title: 'Trung tâm' });
  const make = async (alias: string, grants: Readonly<Record<string, readonly [read: boolean, write: boolean]>>) => {
    const { id } = await center.ask<{ id: string }>('POST', '/api/v1/taxii/collections', {
      root: 'soc',
      title: alias,
      alias,
    });
    for (const [account, [canRead, canWrite]] of Object.entries(grants))
      await center.ask('PUT', `/api/v1/taxii/collections/${id}/grants/${account}`, { canRead, canWrite });
  };
  await make('inbox', { 'can-tho': [false, true], 'lao-cai': [false, true], a05: [true, true] });
  await make('feed', { 'can-tho': [true, false], a05: [true, true] });
  folder = await mkdtemp(join(tmpdir(), 'haidang-inbound-'));
  await writeFile(join(folder, 'password'), `${PASSWORD}\n`, { mode: 0o600 });
  const settings = { HAIDANG_DATA: join(folder, 'data'), HAIDANG_PORT: '0', HAIDANG_INGEST_PORT: '0' };
  const loaded = await loadConfig(undefined, settings);
  const access = {
    root: `${national.url}/soc/`,
    user: 'can-tho',
    passwordFile: join(folder, 'password'),
    ...{ caFile: undefined, certificateFile: undefined, keyFile: undefined },
  };
  const common = { ...access, answersTo: 'a05', everySeconds: 5, severity: 'high', tlp: 'amber' } as const;
  config = {
    ...loaded,
    logLevel: 'silent',
    duties: { ...loaded.duties, approval: false },
    sharing: {
      ...loaded.sharing,
      ...{ reporterId: 'soc-can-tho', reporterName: 'SOC Cần Thơ' },
      recipients: [
        {
          ...{ id: 'a05', name: 'Trung tâm', tlp: 'amber+strict' },
          channel: { kind: 'taxii', collection: 'inbox', ...access },
        },
      ],
    },
    inbound: [
      { id: 'a05', name: 'Trung tâm quốc gia', collection: 'answers-can-tho', takes: ['tasks'], ...common },
      { id: 'feed', name: 'Chỉ dấu A05', collection: 'feed', takes: ['indicators', 'advisories'], ...common },
    ],
  };
  await startProvince();
}, 120_000);
afterAll(async () => {
  await province?.close();
  await server?.stop();
  await center?.close();
  await national?.stop();
  await rm(folder, { recursive: true, force: true });
}, LONG);

const push = (user: string, collection: string, ...objects: unknown[]) =>
  national.ask(`/soc/collections/${collection}/objects/`, {
    user: [user, PASSWORD],
    method: 'POST',
    body: { objects },
  });

describe('a province and the national center', () => {
  it('show an incident of the province on the board', async () => {
    const made = await province.ask<IncidentDetail>('POST', '/api/v1/incidents', {
      alerts: [],
      title: 'Tấn công máy chủ một cửa',
      severity: 'high',
    });
    incident = made.incident.id;
    await province.ask('POST', `/api/v1/incidents/${incident}/changes`, { addIndicator: '198.51.100.7' });
    await share();
    const row = await until('the board has it', async () => (await board()).incidents[0], LONG);
    expect(row).toMatchObject({
      ...{ province: 'can-tho', reference: incident, title: 'Tấn công máy chủ một cửa', severity: 'high' },
      ...{ state: 'new', tlp: 'amber', acknowledgement: null, openTasks: 0 },
    });
    expect((await board('?severity=low')).total).toBe(0);
    expect((await board('?province=can-tho&severity=high&state=new&show=new')).total).toBe(1);
    const named = await center.ask<ProvinceRow>('PUT', '/api/v1/national/provinces/can-tho', { name: 'TP Cần Thơ' });
    expect(named).toMatchObject({ account: 'can-tho', alias: 'answers-can-tho', root: 'soc' });
    expect((await board()).incidents[0]?.provinceName).toBe('TP Cần Thơ');
  }, 120_000);

  it('take an acknowledgement and a task to the province, and the answer back', async () => {
    const [row] = (await board()).incidents;
    const path = `/api/v1/national/board/${row?.id}`;
    await expect(center.ask('POST', `${path}/acknowledge`, { version: '2020-01-01T00:00:00.000Z' })).rejects.toThrow(
      /later version/,
    );
    await center.ask('POST', `${path}/acknowledge`, { version: row?.version, text: 'Đã nhận, đang theo dõi.' });
    const due = '2030-01-02T03:04:05.000Z';
    const asked = await center.ask<BoardDetail>('POST', `${path}/tasks`, {
      title: 'Gửi danh sách máy đã kết nối',
      text: 'Trong 24 giờ trước sự cố.',
      due,
    });
    expect(asked).toMatchObject({ incident: { openTasks: 1, due }, tasks: [{ sent: true, answer: null }] });
    await poll('a05');
    const item = await until('the task is there', async () => (await items('open')).items[0], LONG);
    expect(item).toMatchObject({ kind: 'task', incident, due, state: 'open', tlp: 'amber' });
    const detail = await province.ask<IncidentDetail>('GET', `/api/v1/incidents/${incident}`);
    expect(detail.tasks).toMatchObject([
      { title: 'Gửi danh sách máy đã kết nối', due, request: { source: 'a05', answersTo: 'a05', answer: null } },
    ]);
    expect(detail.timeline.find(({ act }) => act === 'acknowledged')).toMatchObject({
      from: 'Trung tâm quốc gia',
      note: 'Đã nhận, đang theo dõi.',
    });
    const answer = `/api/v1/incidents/${incident}/tasks/${detail.tasks[0]?.id}/answer`;
    await province.ask('POST', answer, { text: 'Chỉ một máy: 203.0.113.99.' });
    await expect(province.ask('POST', answer, { text: 'Lần nữa.' })).rejects.toThrow(/answered already/);
    expect((await items('open')).total).toBe(0);
    await share();
    const answered = await until(
      'the answer is on the board',
      async () => {
        const found = await center.ask<BoardDetail>('GET', path);
        return found.tasks[0]?.answer ? found : undefined;
      },
      LONG,
    );
    expect(answered.tasks[0]?.answer?.text).toBe('Chỉ một máy: 203.0.113.99.');
    expect(answered.incident).toMatchObject({ openTasks: 0, acknowledgement: { text: 'Đã nhận, đang theo dõi.' } });
  }, 180_000);

  it('count what several provinces met once, and believe no account but the one that sent it', async () => {
    const seen = { pattern: "[ipv4-addr:value = '198.51.100.7']", valid_from: '2026-03-01T00:00:00.000Z' };
    await push('lao-cai', 'inbox', indicator(900, seen), {
      ...{ type: 'incident', spec_version: '2.1', id: 'incident--00000000-0000-4000-8000-000000000901' },
      ...{ created: '2026-03-01T00:00:00.000Z', modified: '2026-03-01T00:00:00.000Z', name: 'x'.repeat(5_000) },
      extensions: { 'extension-definition--00000000-0000-4000-8000-000000000999': [] },
    });
    const shared = await until(
      'both provinces are named',
      async () => {
        const found = await center.ask<NationalIndicators>('GET', '/api/v1/national/indicators?shared=true');
        return found.indicators[0];
      },
      LONG,
    );
    expect(shared).toMatchObject({ type: 'network', value: '198.51.100.7' });
    expect(shared.seen.map(({ province }) => province).sort()).toEqual(['can-tho', 'lao-cai']);
    const other = await until(
      'the other incident is there',
      async () => (await board('?province=lao-cai')).incidents[0],
      LONG,
    );
    expect(other).toMatchObject({ severity: null, state: 'open' });
    expect(other.title).toHaveLength(300);
  }, 120_000);

  it('bring indicators into lists by mark, and list advisories', async () => {
    const marks = (id: string) => ({ object_marking_refs: [`marking-definition--${id}`] });
    const green = marks('bab4a63c-aed9-4cf5-a766-dfca5abac2bb');
    const advisory = {
      ...{ type: 'report', spec_version: '2.1', id: 'report--00000000-0000-4000-8000-000000000950', ...green },
      ...{ created: '2026-03-01T00:00:00.000Z', modified: '2026-03-01T00:00:00.000Z', name: 'Cảnh báo CVE' },
      ...{ published: '2026-03-01T00:00:00.000Z', object_refs: [indicator(1)['id']] },
    };
    const many = Array.from({ length: 1_100 }, (_, at) => {
      return indicator(2_000 + at, { ...green, pattern: `[domain-name:value = 'd${at}.example.net']` });
    });
    await push(
      'a05',
      'feed',
      indicator(1, green),
      indicator(2),
      indicator(3, { valid_until: '2026-01-03T00:00:00Z' }),
      advisory,
      ...many,
    );
    const lists = async () => (await province.ask<IndicatorLists>('GET', '/api/v1/indicators')).lists;
    const countOf = async (id: string) => (await lists()).find((list) => list.id === id)?.count;
    await poll('feed');
    // 1,101 green ones over three pages; the ended one is in no list.
    await until(
      'the lists',
      async () => ((await countOf('feed-amber')) === 1 && (await countOf('feed-green')) === 1_101) || undefined,
      LONG,
    );
    const advisories = await until('the advisory', async () => (await items('advisories')).items[0], LONG);
    expect(advisories).toMatchObject({ title: 'Cảnh báo CVE', tlp: 'green', source: 'feed' });
    const { sources } = await province.ask<InboundSources>('GET', '/api/v1/inbound');
    expect(sources.map(({ problem }) => problem)).toEqual([null, null]);
  }, 180_000);

  it('take back what was revoked while the province was down, and read nothing twice', async () => {
    const green = { object_marking_refs: ['marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb'] };
    await province.close();
    await server.stop();
    const later = { ...green, modified: '2026-03-02T00:00:00.000Z', revoked: true };
    const taken = Array.from({ length: 100 }, (_, at) =>
      indicator(2_000 + at, { ...later, pattern: `[domain-name:value = 'd${at}.example.net']` }),
    );
    await push('a05', 'feed', ...taken, indicator(2, { modified: '2026-03-02T00:00:00.000Z', revoked: true }));
    await startProvince();
    const lists = async () => (await province.ask<IndicatorLists>('GET', '/api/v1/indicators')).lists;
    // A list in which nothing is left goes.
    await until(
      'the lists without what was revoked',
      async () => {
        const now = (await lists()).map(({ id, count }) => `${id} ${count}`);
        return now.join() === 'feed-green 1001' || undefined;
      },
      LONG,
    );
    expect((await items('advisories')).total).toBe(1);
  }, 180_000);
});
