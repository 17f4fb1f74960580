import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROVINCE } from '../../../server/alerts/keys.ts';
import type { ClockList, IncidentClocks } from '../../../server/clocks/schema.ts';
import { TERMS } from '../../../server/clocks/terms.ts';
import { openClockWatch } from '../../../server/clocks/watch.ts';
import { type AgencyId, SYSTEM } from '../../../server/identity.ts';
import type { IncidentDetail } from '../../../server/incidents/schema.ts';
import { Leases } from '../../../server/leases/leases.ts';
import type { NoticeRecord } from '../../../server/notify/record.ts';
import { NO_NOTIFY } from '../../../server/notify/settings.ts';
import { emptySharing } from '../../../server/sharing/versions.ts';
import { type Bench, HOST, openBench } from '../api/harness.ts';

const HOUR = 3_600_000;
const T0 = Date.parse('2026-06-01T00:00:00.000Z');
let bench: Bench;
let lead = '';
let analyst = '';
let ofOne = '';
let ofTwo = '';
beforeAll(async () => {
  bench = await openBench({
    notify: { ...NO_NOTIFY, onCall: [{ days: ['mon'], from: '00:00', to: '12:00', people: ['truc'] }] },
  });
  await bench.addAgency('one');
  await bench.addAgency('two');
  // Sessions begin after every moment that is looked at, so that none is over.
  bench.clock.now = Date.parse('2026-11-01T00:00:00.000Z');
  lead = await bench.signIn({ user: 'sep', role: 'lead' });
  analyst = await bench.signIn({ user: 'lan' });
  await bench.signIn({ user: 'truc' });
  await bench.signIn({ user: 'a05', role: 'national-liaison' });
  ofOne = await bench.signIn({ user: 'mot', agencies: ['one'] });
  ofTwo = await bench.signIn({ user: 'hai', agencies: ['two'] });
});
afterAll(() => bench.close());

const headers = (cookie: string) => ({ host: HOST, origin: `http://${HOST}`, cookie });
const get = (url: string, cookie = analyst) => bench.app.inject({ url, headers: headers(cookie) });
const post = (url: string, payload: object, cookie = analyst) =>
  bench.app.inject({ method: 'POST', url, payload, headers: headers(cookie) });

async function make(payload: object): Promise<string> {
  const answer = await post('/api/v1/incidents', { alerts: [], title: 'x', agencies: ['one'], ...payload });
  expect(answer.statusCode, answer.payload).toBe(201);
  return (answer.json() as IncidentDetail).incident.id;
}
/** An incident that was found at T0. */
const found = (payload: object = {}) =>
  make({ severity: 'high', detectedAt: new Date(T0).toISOString(), owner: 'lan', ...payload });
const states = async (id: string): Promise<string[]> => {
  const { clocks } = (await get(`/api/v1/incidents/${id}/clocks`)).json() as IncidentClocks;
  return clocks.map((clock) => `${clock.id} ${clock.state}`);
};
const newWatch = () => {
  const { records, clocks, notices } = bench;
  const log = pino({ level: 'silent' });
  return openClockWatch({ records, clocks, notices, log, now: () => bench.clock.now });
};
const free = async () => {};
/** Looks at an hour after T0, as a server that was just started. */
async function lookAt(hours: number, watch = newWatch()): Promise<void> {
  bench.clock.now = T0 + hours * HOUR;
  await watch.look(free);
}
async function told(id: string): Promise<{ readonly what: string; readonly notice: NoticeRecord }[]> {
  const { records } = await bench.records.as(SYSTEM).find('notice', { limit: 1000 });
  return records
    .filter((notice) => notice.id.startsWith(`clock:${id}:`))
    .map((notice) => ({ what: notice.id.split(':').slice(2, 4).join(' '), notice: notice.document }));
}
const names = async (id: string) => (await told(id)).map(({ what }) => what).sort();

describe('the clocks of an incident', () => {
  it('are shown with their source to who sees the incident, and to nobody else', async () => {
    bench.clock.now = T0 + HOUR;
    const id = await found();
    const { clocks } = (await get(`/api/v1/incidents/${id}/clocks`, ofOne)).json() as IncidentClocks;
    expect(clocks.map((clock) => `${clock.id} ${clock.state} ${clock.due}`)).toEqual([
      'initial running 2026-06-02T00:00:00.000Z',
      'detailed running 2026-06-04T00:00:00.000Z',
      'closing running 2026-07-01T00:00:00.000Z',
    ]);
    expect(clocks[0]).toMatchObject({ source: TERMS[1]?.source, name: { vi: 'Báo cáo ban đầu' } });
    expect((await get(`/api/v1/incidents/${id}/clocks`, ofTwo)).statusCode).toBe(404);
  });

  it('are listed by what is due first, as far as one sees the incidents', async () => {
    const later = await found({ detectedAt: new Date(T0 + 5 * HOUR).toISOString() });
    const first = await found({ severity: 'critical' });
    const other = await found({ agencies: ['two'] });
    await lookAt(6);
    const list = async (cookie: string) => (await get('/api/v1/clocks', cookie)).json() as ClockList;
    const all = (await list(analyst)).incidents.map(({ incident }) => incident.id);
    expect(all.indexOf(first)).toBe(0);
    expect(all.indexOf(first)).toBeLessThan(all.indexOf(later));
    expect(all).toContain(other);
    const own = await list(ofOne);
    expect(own.incidents.map(({ incident }) => incident.id)).not.toContain(other);
    expect(own.total).toBe(own.incidents.length);
    expect(own.years).toEqual([]);
  });

  it('count from the earliest detection of what was merged, and from their own again once it is parted', async () => {
    const [late, early] = [await found({ detectedAt: new Date(T0 + 9 * HOUR).toISOString() }), await found()];
    const detail = async (id: string) => (await get(`/api/v1/incidents/${id}`)).json<IncidentDetail>();
    const from = async () =>
      (await get(`/api/v1/incidents/${late}/clocks`)).json<IncidentClocks>().clocks.map((clock) => clock.from);
    const [one, two] = [await detail(late), await detail(early)];
    const merged = await post(`/api/v1/incidents/${late}/merge`, {
      version: one.incident.version,
      from: early,
      fromVersion: two.incident.version,
    });
    expect(merged.statusCode, merged.payload).toBe(200);
    expect(new Set(await from())).toEqual(new Set([new Date(T0).toISOString()]));
    const { version } = merged.json<IncidentDetail>().incident;
    expect((await post(`/api/v1/incidents/${late}/part`, { version, from: early })).statusCode).toBe(200);
    expect(new Set(await from())).toEqual(new Set([new Date(T0 + 9 * HOUR).toISOString()]));
  });

  it('end with what a recipient took, and with a file only by its receipt', async () => {
    const id = await found();
    const view = bench.records.as(SYSTEM);
    const version = {
      ...{ number: 1, state: 'delivered', requestedBy: 'lan', requestedAt: '', note: '', revision: 1, tlp: 'amber' },
      ...{ minimal: false, objects: 3, bytes: 1, sha256: '', signature: null, decision: null, refusal: null },
      ...{ review: null, attempts: 1, since: null, problem: null, progress: null, handReceipt: null },
      delivered: { at: new Date(T0 + 3 * HOUR).toISOString(), accepted: 3, refused: 0 },
    } as never;
    await view.create('sharing', `${id}:a05`, { ...emptySharing(id, 'a05'), versions: [version] });
    bench.clock.now = T0 + 30 * HOUR;
    expect((await states(id))[0]).toBe('initial met');
    const watch = newWatch();
    await lookAt(31, watch);
    expect(await names(id)).toEqual([]);
  });

  it('end with what a lead writes down, with a reason and a time that was; others may not', async () => {
    const id = await found();
    bench.clock.now = T0 + 23 * HOUR;
    const path = `/api/v1/incidents/${id}/clocks/initial`;
    const body = { act: 'met', reference: '12/BC-SOC', at: new Date(T0 + 2 * HOUR).toISOString() };
    expect((await post(path, body)).statusCode).toBe(403);
    expect((await post(path, { act: 'met' }, lead)).statusCode).toBe(400);
    expect((await post(path, { act: 'waived' }, lead)).statusCode).toBe(400);
    expect((await post(path, { ...body, at: new Date(T0 + 90 * HOUR).toISOString() }, lead)).statusCode).toBe(400);
    expect((await post(`${path}-none`, body, lead)).statusCode).toBe(404);
    const answer = await post(path, body, lead);
    expect(answer.statusCode, answer.payload).toBe(200);
    const [clock] = (answer.json() as IncidentClocks).clocks;
    expect(clock).toMatchObject({ state: 'met', met: { how: 'hand', by: 'sep', reference: '12/BC-SOC' } });
    await post(path, { act: 'open', note: 'nhầm' }, lead);
    expect((await states(id))[0]).toBe('initial urgent');
    const { records } = await bench.records.as(SYSTEM).find('audit', { limit: 1000 });
    const acts = records.filter(({ document }) => document.target === id).map(({ document }) => document.act);
    expect(acts).toEqual(expect.arrayContaining(['clock.met', 'clock.open']));
  });
});

describe('the warnings of an incident', () => {
  it('go to more people each time, once, through restarts and jumps of the clock', async () => {
    bench.clock.now = T0;
    const id = await found();
    // Monday, 08:00 in the province: somebody is on call until noon.
    await lookAt(1);
    expect(await names(id)).toEqual([]);
    await lookAt(12);
    await lookAt(12.1);
    const [half] = await told(id);
    expect(half).toMatchObject({ what: 'initial half', notice: { level: 'warning', people: ['lan'], agency: 'one' } });
    expect(half?.notice.texts.vi.title).toBe(`Sự cố ${id}: đã qua 50% thời hạn “Báo cáo ban đầu”`);
    expect(half?.notice.texts.km.title).toContain(id);
    await lookAt(19.2);
    await lookAt(3);
    await lookAt(19.3);
    expect(await names(id)).toEqual(['initial half', 'initial urgent']);
    const urgent = (await told(id)).find(({ what }) => what === 'initial urgent');
    expect(urgent?.notice.people).toEqual(['lan', 'sep']);
    await lookAt(24);
    const over = (await told(id)).find(({ what }) => what === 'initial overdue');
    expect(over?.notice).toMatchObject({ level: 'critical', people: ['a05', 'lan', 'sep'] });
    // Far ahead: of each term the last warning alone.
    await lookAt(5_000);
    expect(await names(id)).toEqual([
      ...['closing overdue', 'detailed overdue', 'initial half', 'initial overdue', 'initial urgent'],
    ]);
    await lookAt(20);
    expect(await names(id)).toHaveLength(5);
  });

  it('reach who is on call, and no account that may not see the incident', async () => {
    bench.clock.now = T0;
    // 14:00 in the province is not theirs any more; 02:00 UTC is 09:00 there.
    const id = await found({ owner: null, detectedAt: new Date(T0 - 10 * HOUR).toISOString() });
    await lookAt(2);
    expect((await told(id))[0]?.notice.people).toEqual(['truc']);
    const late = await found({ owner: null, agencies: [], detectedAt: new Date(T0 - 4 * HOUR).toISOString() });
    await lookAt(8);
    const [notice] = await told(late);
    expect(notice?.notice).toMatchObject({ agency: PROVINCE, people: ['sep'] });
  });

  it('begin anew where the detection is set to another time, and are none where the incident was none', async () => {
    bench.clock.now = T0 + 11 * HOUR;
    const id = await found();
    const none = await found();
    await lookAt(12);
    expect(await names(id)).toEqual(['initial half']);
    const act = async (of: string, set: object) => {
      const detail = (await get(`/api/v1/incidents/${of}`)).json() as IncidentDetail;
      const answer = await post(`/api/v1/incidents/${of}/changes`, { version: detail.incident.version, set });
      expect(answer.statusCode, answer.payload).toBe(200);
    };
    await act(id, { detectedAt: new Date(T0 + 10 * HOUR).toISOString() });
    await act(none, { status: 'closed', outcome: 'false_alarm', note: 'x' });
    await lookAt(22);
    expect((await told(id)).filter(({ what }) => what === 'initial half')).toHaveLength(2);
    expect(await names(none)).toEqual(['initial half']);
    expect(await states(none)).toContain('initial needless');
  });

  it('are made once where two servers look, and by none that lost the lease', async () => {
    bench.clock.now = T0;
    const id = await found();
    bench.clock.now = T0 + 12 * HOUR;
    await Promise.all([newWatch().look(free), newWatch().look(free), newWatch().look(free)]);
    expect(await names(id)).toEqual(['initial half']);
    let clock = 0;
    const leases = (holder: string) => new Leases({ records: bench.records, holder, silence: 100, now: () => clock });
    const first = await leases('a').tryAcquire('test-clocks');
    const others = leases('b');
    for (let looks = 0; looks < 8; looks += 1) {
      await others.tryAcquire('test-clocks');
      clock += 30;
    }
    bench.clock.now = T0 + 20 * HOUR;
    await expect(newWatch().look(() => first?.check() ?? Promise.resolve())).rejects.toThrow(/Another server holds/);
    expect(await names(id)).toEqual(['initial half']);
  });

  it('are none for what was over when it was first seen', async () => {
    bench.clock.now = T0 + 100 * HOUR;
    const id = await found();
    const detail = (await get(`/api/v1/incidents/${id}`)).json() as IncidentDetail;
    const set = { status: 'closed', outcome: 'confirmed', note: 'x' };
    await post(`/api/v1/incidents/${id}/changes`, { version: detail.incident.version, set });
    await lookAt(101);
    expect(await names(id)).toEqual([]);
    expect((await bench.records.as(SYSTEM).get('clock', id))?.document).toMatchObject({
      open: 1,
      agency: 'one' as AgencyId,
    });
  });
});

describe('the report of the year', () => {
  it('is told of, listed for the province and written down as sent', async () => {
    bench.clock.now = Date.parse('2026-12-28T00:00:00.000Z');
    lead = await bench.signIn({ user: 'sep' });
    analyst = await bench.signIn({ user: 'lan' });
    bench.clock.now = Date.parse('2026-12-10T00:00:00.000Z');
    await newWatch().look(free);
    const about = await told('yearly-2026');
    expect(about.map(({ what }) => what)).toEqual(['yearly half']);
    expect(about[0]?.notice).toMatchObject({ agency: PROVINCE, path: '/incidents', people: ['sep'] });
    const years = async () =>
      ((await get('/api/v1/clocks')).json() as ClockList).years.map((one) => `${one.year} ${one.state}`);
    expect(await years()).toEqual(['2026 half']);
    const body = { act: 'met', reference: '90/BC' };
    expect((await post('/api/v1/clocks/years/2026', body)).statusCode).toBe(403);
    expect((await post('/api/v1/clocks/years/2031', body, lead)).statusCode).toBe(404);
    expect((await post('/api/v1/clocks/years/2026', body, lead)).statusCode).toBe(200);
    bench.clock.now = Date.parse('2026-12-28T00:00:00.000Z');
    await newWatch().look(free);
    expect(await told('yearly-2026')).toHaveLength(1);
    expect(await years()).toEqual(['2026 met']);
  });
});
