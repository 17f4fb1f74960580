import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Connection, connect } from '../../../server/commands/connection.ts';
import { run as inboundCommand } from '../../../server/commands/inbound.ts';
import { run as nationalCommand } from '../../../server/commands/national.ts';
import { loadConfig, type ServerConfig } from '../../../server/config.ts';
import type { InboundItem, InboundItems, InboundSources } from '../../../server/inbound/schema.ts';
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
    const now = await province.ask<IncidentDetail>('GET', `/api/v1/incidents/${incident}`);
    const set = { rsit: 'intrusion-attempts/brute-force' };
    await province.ask('POST', `/api/v1/incidents/${incident}/changes`, { version: now.incident.version, set });
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
    expect(answered.incident).toMatchObject({
      openTasks: 0,
      acknowledgement: { text: 'Đã nhận, đang theo dõi.', current: false },
    });
    const title = 'Tấn công máy chủ một cửa';
    expect(answered.versions).toMatchObject([
      { version: answered.incident.version, title, severity: 'high', state: 'new' },
      { version: row?.version, title, severity: 'high', state: 'new' },
    ]);
    expect((await board('?show=seen')).counts).toMatchObject({ all: 1, new: 0, seen: 1, asked: 0 });
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

describe('the same at the command line', () => {
  /** What a command of one of the servers prints, and its exit code. */
  async function say(
    run: (args: readonly string[]) => Promise<number>,
    of: Pick<ServerConfig, 'data'>,
    ...args: readonly string[]
  ): Promise<{ readonly code: number; readonly text: string }> {
    const said: string[] = [];
    vi.stubEnv('HAIDANG_DATA', of.data);
    const log = vi.spyOn(console, 'log').mockImplementation((...words: unknown[]) => void said.push(words.join(' ')));
    try {
      return { code: await run(args), text: said.join('\n') };
    } finally {
      log.mockRestore();
      vi.unstubAllEnvs();
    }
  }
  const atCenter = (...args: readonly string[]) => say(nationalCommand, national.config, ...args);
  const atProvince = (...args: readonly string[]) => say(inboundCommand, config, ...args);
  const rowsOf = <Row>({ text }: { readonly text: string }): Row[] =>
    text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Row]));
  /** Asks the source until the province has it so. */
  async function arrived(
    show: readonly string[],
    isSo: (found: readonly InboundItem[]) => boolean,
  ): Promise<InboundItem[]> {
    expect((await atProvince('poll', 'a05')).text).toMatch(/a05 is asked now/);
    return until(
      'what the center said is there',
      async () => {
        const found = rowsOf<InboundItem>(await atProvince(...show, '--json'));
        return isSo(found) ? found : undefined;
      },
      LONG,
    );
  }

  it('acknowledges what was looked at, and gives and withdraws tasks that the province answers', async () => {
    const listed = await atCenter('board', '--province', 'can-tho');
    expect(listed.text).toMatch(/TP Cần Thơ +high +new +(yes|earlier) +Tấn công máy chủ một cửa/);
    const [row] = rowsOf<{ id: string; version: string }>(await atCenter('board', '--province', 'can-tho', '--json'));
    const id = row?.id ?? '';
    const shown = (await atCenter('show', id)).text;
    expect(shown).toContain(`Version ${row?.version}, detected `);
    expect(shown).toMatch(/network {2}198\.51\.100\.7 {2}met by /);
    expect(shown).toContain('answered ');
    await expect(atCenter('acknowledge', id, '--version', '2020-01-01T00:00:00.000Z')).rejects.toThrow(/later version/);
    const seen = await atCenter('acknowledge', id, '--version', row?.version ?? '', '--text', 'Đã xem bản mới');
    expect(seen.text).toMatch(/Acknowledged .* by local:\d+: Đã xem bản mới/);
    const given = await atCenter('task', id, '--title', 'Gửi nhật ký tường lửa', '--hours', '24', '--json');
    const [asked] = rowsOf<BoardDetail>(given);
    expect(asked?.tasks.at(-1)).toMatchObject({ title: 'Gửi nhật ký tường lửa', sent: true, answer: null });
    await atCenter(
      'task',
      id,
      '--title',
      'Cách ly máy chủ',
      '--text',
      'Ngay bây giờ',
      '--due',
      '2030-01-02T03:04+07:00',
    );

    const open = await arrived(['tasks'], ({ length }) => length === 2);
    const idOf = (title: string) => open.find((one) => one.title === title)?.id ?? '';
    expect(open.find(({ title }) => title === 'Cách ly máy chủ')?.due).toBe('2030-01-01T20:04:00.000Z');
    const task = rowsOf<BoardDetail>(await atCenter('show', id, '--json'))[0]?.tasks.at(-1)?.id ?? '';
    expect((await atCenter('withdraw', id, task, '--reason', 'Đã xong')).text).toMatch(/withdrawn {2}Cách ly máy chủ/);
    await arrived(['tasks'], ({ length }) => length === 1);
    await expect(atProvince('answer', idOf('Cách ly máy chủ'), '--text', 'Rồi')).rejects.toThrow(/withdrawn/);

    // Its incident became part of another one meanwhile: the task went along.
    const into = await province.ask<IncidentDetail>('POST', '/api/v1/incidents', { alerts: [], title: 'Chung' });
    const { incident: part } = await province.ask<IncidentDetail>('GET', `/api/v1/incidents/${incident}`);
    const both = { version: into.incident.version, from: incident, fromVersion: part.version };
    await province.ask('POST', `/api/v1/incidents/${into.incident.id}/merge`, both);
    const answered = await atProvince('answer', idOf('Gửi nhật ký tường lửa'), '--text', 'Không có gì lạ.');
    expect(answered.text).toMatch(new RegExp(`task, answered, .*about ${into.incident.id}`));
    await expect(atProvince('answer', idOf('Gửi nhật ký tường lửa'), '--text', 'Lại')).rejects.toThrow(
      /answered already/,
    );
    const tasks = await atProvince('tasks', '--all');
    expect(
      tasks.text
        .split('\n')
        .slice(1)
        .map((line) => line.split(/ +/)[2])
        .sort(),
    ).toEqual(['answered', 'answered', 'withdrawn']);
    expect((await atProvince('tasks')).text).toBe('Nothing.');
  }, 180_000);

  it('shows sources, advisories, remarks, sightings and provinces', async () => {
    const status = await atProvince('status');
    expect(status.code).toBe(0);
    expect(status.text).toMatch(/feed +Chỉ dấu A05 +indicators, advisories .* 1001$/m);
    const [advisory] = rowsOf<InboundItem>(await atProvince('advisories', '--json'));
    expect((await atProvince('advisories')).text).toContain('Cảnh báo CVE');
    expect((await atProvince('show', advisory?.id ?? '')).text).toMatch(/advisory, listed, Chỉ dấu A05, TLP:GREEN/);
    expect((await atProvince('messages')).text).toMatch(/acknowledgement +listed/);
    const sightings = (await atCenter('sightings', '--shared')).text;
    expect(sightings).toMatch(/network +198\.51\.100\.7 .*lao-cai/);
    expect((await atCenter('sightings', '--shared', '--json')).text.split('\n')).toHaveLength(1);
    expect((await atCenter('name', 'lao-cai', 'Tỉnh Lào Cai')).text).toContain('lao-cai is Tỉnh Lào Cai');
    expect((await atCenter('provinces')).text).toMatch(/can-tho +TP Cần Thơ +\/soc\/ +answers-can-tho/);
  }, 60_000);

  it.each([
    [
      'a province that is asked for a board',
      () => say(nationalCommand, config, 'board'),
      /belongs to role national/,
      1,
    ],
    ['an incident that is none', () => atCenter('show', 'nothing'), /no incident "nothing" on the board/, 1],
    ['no version', () => atCenter('acknowledge', 'x'), /needs --version/, 2],
    ['no title', () => atCenter('task', 'x', '--text', 'y'), /needs --title/, 2],
    ['two times', () => atCenter('task', 'x', '--title', 'y', '--due', 'z', '--hours', '1'), /not both/, 2],
    ['a time that is none', () => atCenter('task', 'x', '--title', 'y', '--due', 'mai'), /--due takes a time/, 2],
    ['no reason', () => atCenter('withdraw', 'x', 'y'), /needs --reason/, 2],
    ['a severity that is none', () => atCenter('board', '--severity', 'xấu'), /severity/, 2],
    ['an act that is none', () => atCenter('boards'), /say "haidang national board"/, 2],
    ['a source that is none', () => atProvince('poll', 'x'), /no source "x"/, 1],
    ['what never came', () => atProvince('answer', 'a05:x', '--text', 'y'), /Nothing with the id "a05:x" came in/, 1],
    ['no answer', () => atProvince('answer', 'a05:x'), /needs --text/, 2],
    ['nothing at all', () => atProvince(), /say "haidang inbound status"/, 2],
  ])('says what is wrong: %s', async (_what, act, message, exitCode) => {
    await expect(act()).rejects.toMatchObject({ message: expect.stringMatching(message) });
    // An error without a code of its own ends the program with 1.
    await act().catch((error: { exitCode?: number }) => expect(error.exitCode ?? 1).toBe(exitCode));
  });
});
