import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agency, AgencyImportReport } from '../../../server/agencies/schema.ts';
import { type AgencyId, type CollectorId, SYSTEM } from '../../../server/identity.ts';
import type { LiveMessage } from '../../../server/realtime/schema.ts';
import { makeFrame } from './frame.ts';
import { type Bench, HOST, openBench } from './harness.ts';
import { RULE } from './rule.ts';

/** Everything of an agency carries its id, so that an answer that holds another one's id is a leak. */
const TREE = {
  'so-goc': null,
  'huyen-mot': 'so-goc',
  'xa-trong': 'huyen-mot',
  'huyen-hai': 'so-goc',
  'so-ngoai': null,
} as const;
type Id = keyof typeof TREE;
const IDS = Object.keys(TREE) as Id[];
/** Whom each sees. */
const SEEN: Readonly<Record<Id, readonly Id[]>> = {
  'so-goc': ['so-goc', 'huyen-mot', 'xa-trong', 'huyen-hai'],
  'huyen-mot': ['huyen-mot', 'xa-trong'],
  'xa-trong': ['xa-trong'],
  'huyen-hai': ['huyen-hai'],
  'so-ngoai': ['so-ngoai'],
};

let bench: Bench;
let province = '';
let address = '';
const events = new Map<Id, string>();

beforeAll(async () => {
  bench = await openBench({ rules: [RULE], tickMs: 200, requestsPerMinute: 100_000 });
  for (const [at, id] of IDS.entries()) {
    await bench.addAgency(id);
    const collector = `collector${at}`;
    const { body, ids } = makeFrame(collector, [`line of ${id}`]);
    const batch = { collector: collector as CollectorId, agency: id as unknown as AgencyId, body };
    await bench.events.append({ ...batch, receivedAt: new Date().toISOString() });
    events.set(id, ids[0] ?? '');
    await bench.records.as(SYSTEM).create('collector', collector, {
      agency: id as unknown as AgencyId,
      name: `collector of ${id}`,
      fingerprint: collector,
      notAfter: '2030-01-01T00:00:00.000Z',
      revoked: false,
      createdAt: '2026-01-01T00:00:00.000Z',
      lastSeenAt: null,
      status: null,
      counters: [{ source: `file:/${id}`, read: 1, spooled: 1, dropped: {}, unparsed: 0 }],
    });
    await bench.addAlert(`alert-${id}`, {
      agency: id as unknown as AgencyId,
      group: { 'host.name': id },
      groupKey: id,
      events: ids,
    });
  }
  province = await bench.signIn({ user: 'tinh', role: 'administrator' });
  for (const [id, parent] of Object.entries(TREE))
    if (parent !== null) expect((await place(id, parent)).statusCode).toBe(200);
  address = await bench.app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => bench.close());

const headers = (cookie: string) => ({ host: HOST, origin: `http://${HOST}`, cookie });
const get = (cookie: string, url: string) => bench.app.inject({ url, headers: headers(cookie) });
const send = (cookie: string, method: 'POST' | 'PUT', url: string, payload: object) =>
  bench.app.inject({ method, url, payload, headers: headers(cookie) });

function agency(id: string, more: Partial<Agency> = {}): Agency {
  const contact = { person: `Người ${id}`, phone: '0', email: `${id}@example.vn`, address: '' };
  return { id, name: `Agency ${id}`, contact, securityLevel: 3, ...more };
}
const place = (id: string, parent: string | undefined, cookie = province) =>
  send(cookie, 'PUT', `/api/v1/agencies/${id}`, agency(id, parent === undefined ? {} : { parent }));

describe('who is bound to an agency', () => {
  it.each(IDS)('sees %s and what is below it', async (id) => {
    const cookie = await bench.signIn({ user: `xem-${id}`, agencies: [id], role: 'agency-officer' });
    for (const [url, prefix] of [
      ['/api/v1/alerts', 'alert-'],
      ['/api/v1/events', 'line of '],
      ['/api/v1/ledger', 'file:/'],
      ['/api/v1/agencies', 'Agency '],
    ] as const) {
      const { payload } = await get(cookie, url);
      const shown = IDS.filter((one) => payload.includes(`${prefix}${one}`));
      expect([url, shown.sort()]).toEqual([url, [...SEEN[id]].sort()]);
    }
    for (const one of IDS) {
      expect((await get(cookie, `/api/v1/alerts/alert-${one}`)).statusCode).toBe(SEEN[id].includes(one) ? 200 : 404);
      expect((await get(cookie, `/api/v1/events/${events.get(one)}`)).statusCode).toBe(
        SEEN[id].includes(one) ? 200 : 404,
      );
    }
  });

  it.each(IDS)('at %s finds nothing beside and above it, on any route that reads', async (id) => {
    const { paths } = (await get('', '/openapi.json')).json() as { paths: Record<string, { get?: unknown }> };
    const urls = Object.keys(paths).filter(
      (path) => paths[path]?.get !== undefined && !['/api/v1/live', '/metrics', '/openapi.json'].includes(path),
    );
    expect(urls.length).toBeGreaterThan(12);
    const cookie = await bench.signIn({ user: `quan-${id}`, agencies: [id], role: 'administrator' });
    for (const other of IDS.filter((one) => !SEEN[id].includes(one))) {
      for (const path of urls) {
        const asked = path.includes('{')
          ? [path.replace(/\{\w+\}/g, `alert-${other}`), path.replace(/\{\w+\}/g, events.get(other) ?? '')]
          : [path, `${path}?agency=${other}&full=true`];
        for (const url of asked) {
          const { payload, statusCode } = await get(cookie, url);
          expect(statusCode, url).toBeLessThan(500);
          // An error may quote what was asked for.
          const said = payload.replaceAll(`alert-${other}`, '').replaceAll(events.get(other) ?? '', '');
          if (statusCode < 400 || !url.includes('agency=')) expect(said, url).not.toContain(other);
        }
      }
    }
  });

  it('hears on the live connection of its own part alone, and is cut off when the tree changes', async () => {
    const cookie = await bench.signIn({ user: 'nghe', agencies: ['huyen-mot'], role: 'viewer' });
    const heard: string[] = [];
    type WithHeaders = new (url: string, options: { headers: Record<string, string> }) => WebSocket;
    const socket = new (WebSocket as unknown as WithHeaders)(`${address.replace('http', 'ws')}/api/v1/live?since=0`, {
      headers: { cookie, origin: address },
    });
    let ticks = 0;
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(String(data)) as LiveMessage;
      if (message.type === 'alert') heard.push(message.alert.id);
      if (message.type === 'tick') ticks++;
    };
    const closed = new Promise<number>((resolve) => {
      socket.onclose = ({ code }) => resolve(code);
    });
    await until(() => heard.length >= 2 && ticks > 0);
    expect([...new Set(heard)].sort()).toEqual(['alert-huyen-mot', 'alert-xa-trong']);

    expect((await place('xa-trong', 'huyen-hai')).statusCode).toBe(200);
    expect(await closed).toBe(4401);
    expect((await get(cookie, '/api/v1/alerts/alert-xa-trong')).statusCode).toBe(404);
    const other = await bench.signIn({ user: 'kia', agencies: ['huyen-hai'], role: 'viewer' });
    expect((await get(other, '/api/v1/alerts/alert-xa-trong')).statusCode).toBe(200);
    expect((await place('xa-trong', 'huyen-mot')).statusCode).toBe(200);
    expect((await get(cookie, '/api/v1/alerts/alert-xa-trong')).statusCode).toBe(200);
    expect((await get(other, '/api/v1/alerts/alert-xa-trong')).statusCode).toBe(404);
  });
});

describe('the tree', () => {
  it('has no circles, no unknown parents and no agency above itself', async () => {
    for (const [id, parent] of [
      ['so-goc', 'xa-trong'],
      ['so-goc', 'so-goc'],
      ['so-goc', 'khong-co'],
    ] as const) {
      const answer = await place(id, parent);
      expect([answer.statusCode, answer.json().code]).toEqual([400, 'HD_BAD_REQUEST']);
    }
    expect(
      (await get(province, '/api/v1/agencies')).json().agencies.find(({ id }: Agency) => id === 'so-goc').parent,
    ).toBeUndefined();
  });

  it('is changed by accounts of all agencies alone, networks and sources too', async () => {
    const bound = await bench.signIn({ user: 'quan-tri-so', agencies: ['so-goc'], role: 'administrator' });
    expect((await place('xa-trong', 'huyen-hai', bound)).statusCode).toBe(403);
    expect((await place('xa-trong', undefined, bound)).statusCode).toBe(403);
    const networks = agency('huyen-hai', { parent: 'so-goc', networks: ['10.0.0.0/8'] });
    expect((await send(bound, 'PUT', '/api/v1/agencies/huyen-hai', networks)).statusCode).toBe(403);
    const sources = agency('huyen-hai', { parent: 'so-goc', sources: ['file:/a*'] });
    expect((await send(bound, 'PUT', '/api/v1/agencies/huyen-hai', sources)).statusCode).toBe(403);
    expect(
      (await send(bound, 'POST', '/api/v1/agencies/import', { csv: 'id,name\nx,X', apply: true })).statusCode,
    ).toBe(403);
    // The contact card is its own business, and it does not know who is above the top of its part.
    const below = await bench.signIn({ user: 'quan-tri-huyen', agencies: ['huyen-mot'], role: 'administrator' });
    const seen = (await get(below, '/api/v1/agencies')).json().agencies as Agency[];
    expect(seen.map(({ id, parent }) => [id, parent])).toEqual([
      ['huyen-mot', undefined],
      ['xa-trong', 'huyen-mot'],
    ]);
  });

  it('keeps a place that a bound account does not see when it changes the contact card', async () => {
    const below = await bench.signIn({ user: 'quan-tri-huyen', agencies: ['huyen-mot'], role: 'administrator' });
    const card = agency('huyen-mot', { name: 'Huyện Một' });
    expect((await send(below, 'PUT', '/api/v1/agencies/huyen-mot', card)).statusCode).toBe(200);
    const after = (await get(province, '/api/v1/agencies')).json().agencies as Agency[];
    expect(after.find(({ id }) => id === 'huyen-mot')).toMatchObject({ name: 'Huyện Một', parent: 'so-goc' });
  });
});

describe('networks and sources of agencies', () => {
  it('are checked, belong to one agency each, and stay where a program does not name them', async () => {
    const put = (id: string, more: Partial<Agency>) =>
      send(province, 'PUT', `/api/v1/agencies/${id}`, agency(id, more));
    expect(
      (await put('so-ngoai', { networks: ['10.7.0.0/16', '2001:db8:7::/48'], sources: ['file:/x*'] })).statusCode,
    ).toBe(200);
    for (const networks of [
      ['10.7.1.1/16'],
      ['2001:DB8:7:0::/48'],
      ['10.7.0.0'.repeat(2)],
      ['0.0.0.0/0'],
      ['nonsense'],
    ]) {
      const answer = await put('huyen-hai', { parent: 'so-goc', networks });
      expect([networks, answer.statusCode]).toEqual([networks, 400]);
    }
    expect((await put('huyen-hai', { parent: 'so-goc', sources: ['*'] })).statusCode).toBe(400);
    expect((await put('huyen-hai', { parent: 'so-goc', networks: ['10.7.1.0/24'] })).statusCode).toBe(200);
    const kept = (await put('so-ngoai', {})).json();
    expect(kept).toMatchObject({ networks: ['10.7.0.0/16', '2001:db8:7::/48'], sources: ['file:/x*'] });
    expect((await put('so-ngoai', { networks: [], sources: [] })).json()).toMatchObject({ networks: [], sources: [] });
  });
});

describe('a table of agencies', () => {
  const load = async (csv: string, apply = false) => {
    const answer = await send(province, 'POST', '/api/v1/agencies/import', { csv, apply });
    expect(answer.statusCode).toBe(200);
    return answer.json() as AgencyImportReport;
  };

  it('is looked at before it is taken, tells each fault with its line, and takes nothing where one is wrong', async () => {
    const csv = [
      '\ufeffid,name,parent,CIDRs,level,contact',
      'nhap-1,"Xã ""Một"", huyện",nhap-2,10.50.1.0/24 2001:db8:50::/48,4,Nguyễn Văn A',
      'nhap-2,Huyện Hai,,10.50.0.0/16,3,',
      'Sai Mã,X,,,3,',
      'nhap-3,,,,9,',
      'nhap-4,D,khong-co,10.50.0.0/16,,',
      'nhap-5,E,nhap-5,10.50.0/16,,',
      'nhap-2,Again,,,,',
      'nhap-6,F',
      '',
    ].join('\r\n');
    for (const apply of [false, true]) {
      const report = await load(csv, apply);
      expect(report).toMatchObject({ applied: false, added: 1, wrong: 7 });
      const problems = report.rows.map(({ line, problems: found }) => [line, found.map(({ problem }) => problem)]);
      expect(problems).toEqual([
        [2, []],
        // Who the network belongs to nobody can say here: both are told.
        [3, ['network_taken']],
        [4, ['id_wrong']],
        [5, ['name_wrong', 'level_wrong']],
        [6, ['parent_unknown', 'network_taken']],
        [7, ['parent_circle', 'network_wrong']],
        [8, ['id_twice']],
        [9, ['row_short']],
      ]);
    }
    expect((await get(province, '/api/v1/agencies')).payload).not.toContain('nhap-');
  });

  it('of 150 agencies is taken at once, and a second time changes nothing', async () => {
    const rows = Array.from({ length: 150 }, (_, at) => {
      const parent = at < 10 ? '' : `tinh-${at % 10}`;
      return `tinh-${at};Cơ quan số ${at};${parent};10.60.${at}.0/24|2001:db8:${(at + 1).toString(16)}00::/48;${1 + (at % 5)};Người ${at}`;
    });
    // Those below stand before those above, with semicolons, as a spreadsheet of this country saves it.
    const csv = ['Mã;Tên;Cấp trên;Mạng;Cấp độ;Người liên hệ', ...rows.reverse()].join('\n');
    expect(await load(csv)).toMatchObject({ added: 150, wrong: 0, applied: false });
    expect(await load(csv, true)).toMatchObject({ added: 150, changed: 0, applied: true });
    expect(await load(csv, true)).toMatchObject({ added: 0, changed: 0, same: 150, applied: true });
    const all = (await get(province, '/api/v1/agencies')).json().agencies as Agency[];
    expect(all.find(({ id }) => id === 'tinh-42')).toEqual({
      id: 'tinh-42',
      name: 'Cơ quan số 42',
      contact: { person: 'Người 42', phone: '', email: '', address: '' },
      securityLevel: 3,
      parent: 'tinh-2',
      networks: ['10.60.42.0/24', '2001:db8:2b00::/48'],
      sources: [],
    });
    // A table of two columns leaves the rest as it is.
    expect(await load('id,name\ntinh-42,Tên mới', true)).toMatchObject({ changed: 1 });
    const after = ((await get(province, '/api/v1/agencies')).json().agencies as Agency[]).find(
      ({ id }) => id === 'tinh-42',
    );
    expect(after).toMatchObject({ name: 'Tên mới', parent: 'tinh-2', securityLevel: 3 });
  });

  it('must name its columns, and may swap networks between two agencies', async () => {
    expect((await load('name,colour\nX,red')).rows).toEqual([
      {
        line: 1,
        id: '',
        name: '',
        act: 'wrong',
        problems: [
          { problem: 'columns', value: 'id' },
          { problem: 'columns_unknown', value: 'colour' },
        ],
      },
    ]);
    expect(await load('id,name,networks\ndoi-1,A,10.70.1.0/24\ndoi-2,B,10.70.2.0/24', true)).toMatchObject({
      added: 2,
    });
    expect(await load('id,name,networks\ndoi-1,A,10.70.2.0/24\ndoi-2,B,10.70.1.0/24', true)).toMatchObject({
      changed: 2,
      wrong: 0,
    });
    expect(await load('id,name,parent\ndoi-1,A,doi-2\ndoi-2,B,doi-1', true)).toMatchObject({
      wrong: 2,
      applied: false,
    });
  });
});

async function until(enough: () => boolean): Promise<void> {
  const end = Date.now() + 60_000;
  while (!enough()) {
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
