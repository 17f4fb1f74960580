import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AlertDetail } from '../../../server/alerts/schema.ts';
import { type AgencyId, type CollectorId, SYSTEM } from '../../../server/identity.ts';
import { startByRule } from '../../../server/incidents/by-rule.ts';
import { openIncidents } from '../../../server/incidents/incidents.ts';
import type { IncidentDetail, IncidentList } from '../../../server/incidents/schema.ts';
import { makeFrame } from '../api/frame.ts';
import { type Bench, HOST, openBench } from '../api/harness.ts';
import { RULE } from '../api/rule.ts';

let bench: Bench;
let lan = '';
let minh = '';
let viewer = '';
let ofOne = '';
let admin = '';
let eventIds: readonly string[] = [];
beforeAll(async () => {
  bench = await openBench({ rules: [RULE] });
  await bench.addAgency('one');
  await bench.addAgency('two');
  lan = await bench.signIn({ user: 'lan' });
  minh = await bench.signIn({ user: 'minh' });
  admin = await bench.signIn({ user: 'sep', role: 'administrator' });
  viewer = await bench.signIn({ user: 'xem', role: 'viewer' });
  ofOne = await bench.signIn({ user: 'mot', agencies: ['one'] });
  const { body, ids } = makeFrame('cone', ['GET /x from 198.51.100.4', 'second line']);
  await bench.events.append({
    collector: 'cone' as CollectorId,
    agency: 'one' as AgencyId,
    receivedAt: new Date().toISOString(),
    body,
  });
  eventIds = ids;
});
afterAll(() => bench.close());

const headers = (cookie: string) => ({ host: HOST, origin: `http://${HOST}`, cookie });
const get = (url: string, cookie = lan) => bench.app.inject({ url, headers: headers(cookie) });
const post = (url: string, payload: object, cookie = lan) =>
  bench.app.inject({ method: 'POST', url, payload, headers: headers(cookie) });

async function make(payload: object, cookie = lan): Promise<IncidentDetail> {
  const answer = await post('/api/v1/incidents', payload, cookie);
  expect(answer.statusCode, answer.payload).toBe(201);
  return answer.json();
}
async function act(id: string, payload: object, cookie = lan): Promise<IncidentDetail> {
  const answer = await post(`/api/v1/incidents/${id}/changes`, payload, cookie);
  expect(answer.statusCode, answer.payload).toBe(200);
  return answer.json();
}
const read = async (id: string, cookie = lan): Promise<IncidentDetail> =>
  (await get(`/api/v1/incidents/${id}`, cookie)).json();
const alert = async (id: string): Promise<AlertDetail> => (await get(`/api/v1/alerts/${id}`)).json();

describe('making an incident', () => {
  it('of several alerts in one act takes over what they know, and marks them', async () => {
    await bench.addAlert('a1', { createdAt: '2026-11-22T01:00:00.000Z' });
    await bench.addAlert('a2', {
      severity: 'critical',
      severityRank: 5,
      entities: { 'source.ip': { values: ['198.51.100.9', '10.0.0.5'], total: 2 } },
      tags: ['attack.t1190'],
    });
    const made = await make({ alerts: ['a1', 'a2'] });
    expect(made.incident).toMatchObject({
      id: expect.stringMatching(/^HD-[0-9A-Z]{4}-[0-9A-Z]{4}$/),
      title: 'Nhiều lần đăng nhập sai',
      severity: 'critical',
      status: 'open',
      tlp: 'amber',
      origin: 'alerts',
      agencies: [{ agency: 'one', name: 'Agency one' }],
      alerts: 2,
      detectedAt: '2026-11-22T01:00:00.000Z',
      createdBy: 'lan',
    });
    expect(made.indicators.map(({ defanged }) => defanged)).toEqual(['203[.]0[.]113[.]7', '198[.]51[.]100[.]9']);
    expect(made.techniques.map(({ technique }) => technique)).toEqual(['T1110', 'T1190']);
    expect(made.timeline.map(({ kind, act: what }) => `${kind} ${what}`)).toEqual([
      'event first',
      'event first',
      'event last',
      'event last',
      'act created',
      'act alert',
      'act alert',
    ]);
    const { alert: row, timeline } = await alert('a1');
    expect(row).toMatchObject({ incident: made.incident.id, status: 'in_progress' });
    expect(timeline).toMatchObject([
      { act: 'created' },
      { act: 'incident', to: made.incident.id, by: 'lan' },
      { act: 'status' },
    ]);
    const { records } = await bench.records.as(SYSTEM).find('audit', { limit: 1000 });
    const audited = records.filter(({ document }) => document.target === made.incident.id);
    expect(audited.map(({ document }) => document.act)).toEqual(['incident.create']);
    const stored = await bench.records.as(SYSTEM).get('incident', made.incident.id);
    expect(stored?.document).toMatchObject({ waiting: 0, pending: [] });
  });

  it('by hand needs a title, and is the province’s where it names no agency', async () => {
    expect((await post('/api/v1/incidents', { alerts: [] })).statusCode).toBe(400);
    const { incident } = await make({ alerts: [], title: 'Trang thông tin bị thay đổi' });
    expect((await get(`/api/v1/incidents/${incident.id}`, ofOne)).statusCode).toBe(404);
    const named = await make({ alerts: [], title: 'x', agencies: ['one'] });
    expect((await read(named.incident.id, ofOne)).incident.title).toBe('x');
    expect((await post('/api/v1/incidents', { alerts: [], title: 'x', agencies: ['none'] })).statusCode).toBe(400);
  });

  it('of an alert that another incident has is refused, and of one that is nobody’s to see', async () => {
    await bench.addAlert('b1');
    const { incident } = await make({ alerts: ['b1'] });
    const again = await post('/api/v1/incidents', { alerts: ['b1'] });
    expect(again.statusCode).toBe(409);
    expect(again.json().detail).toContain(incident.id);
    await bench.addAlert('b2', { agency: 'two' as AgencyId });
    expect((await post('/api/v1/incidents', { alerts: ['b2'] }, ofOne)).statusCode).toBe(404);
    expect((await post('/api/v1/incidents', { alerts: ['b2'] }, viewer)).statusCode).toBe(403);
  });

  it('by two at once leaves the alert with one of them, and the other says so', async () => {
    await bench.addAlert('c1');
    const [one, two] = await Promise.all([
      post('/api/v1/incidents', { alerts: ['c1'] }),
      post('/api/v1/incidents', { alerts: ['c1'] }, minh),
    ]);
    const owner = (await alert('c1')).alert.incident;
    for (const answer of [one, two]) {
      if (answer.statusCode === 409) continue;
      const { incident } = answer.json<IncidentDetail>();
      const now = await read(incident.id);
      expect(now.alerts.length).toBe(incident.id === owner ? 1 : 0);
      if (incident.id !== owner) expect(now.timeline.some(({ act: what }) => what === 'alert-elsewhere')).toBe(true);
    }
    expect(owner).toBeDefined();
  });

  it('by rule makes one for each chosen alert, once, and none of what a person took out', async () => {
    const settings = { byRule: [{ rule: 'rule-auto', severity: 'high' }], allow: ['203.0.113.0/24'] };
    const put = await bench.app.inject({
      method: 'PUT',
      url: '/api/v1/incidents/settings',
      payload: settings,
      headers: headers(admin),
    });
    expect(put.statusCode, put.payload).toBe(200);
    const incidents = openIncidents({
      records: bench.records,
      events: bench.events,
      audit: bench.accounts.audit,
      log: bench.app.log as never,
      data: bench.folder,
      titleOf: ({ ruleTitle }) => ruleTitle,
      woken: () => undefined,
    });
    const byRule = startByRule({ records: bench.records, incidents, log: bench.app.log as never, everyMs: 3_600_000 });
    try {
      await byRule.look();
      await bench.addAlert('r1', { rule: 'rule-auto' });
      await bench.addAlert('r2', { rule: 'rule-auto', severity: 'low', severityRank: 2 });
      expect(await byRule.look()).toBe(1);
      await bench.addAlert('r1', { rule: 'rule-auto', count: 99 });
      expect(await byRule.look()).toBe(0);
      const id = (await alert('r1')).alert.incident ?? '';
      const found = await read(id);
      expect(found.incident).toMatchObject({ origin: 'rule', createdBy: 'rules', alerts: 1 });
      expect(found.indicators).toEqual([]);
      await act(id, { version: found.incident.version, removeAlert: 'r1' });
      expect((await alert('r1')).alert.incident).toBeUndefined();
      await bench.addAlert('r1', { rule: 'rule-auto', count: 100 });
      expect(await byRule.look()).toBe(0);
    } finally {
      byRule.stop();
    }
  });
});

describe('acts', () => {
  it('go the allowed ways alone, and each needs its reasons', async () => {
    await bench.addAlert('s1');
    const { incident, moves } = await make({ alerts: ['s1'] });
    const { id } = incident;
    expect(moves).toEqual(['investigating', 'closed']);
    let { version } = incident;
    const set = async (change: object, status = 200) => {
      const answer = await post(`/api/v1/incidents/${id}/changes`, { version, set: change });
      expect(answer.statusCode, answer.payload).toBe(status);
      if (status === 200) version = answer.json<IncidentDetail>().incident.version;
      return answer.json();
    };
    expect((await set({ status: 'contained' }, 400)).detail).toContain('open to contained');
    await set({ status: 'investigating', owner: 'minh', rsit: 'intrusion-attempts/brute-force', tlp: 'green' });
    await set({ rsit: 'no/such' }, 400);
    await set({ owner: 'nobody' }, 400);
    await set({ outcome: 'confirmed' }, 400);
    await set({ status: 'contained' });
    await set({ status: 'closed', outcome: 'confirmed', note: 'x' }, 400);
    await set({ status: 'resolved' });
    await set({ status: 'closed', outcome: 'confirmed' }, 400);
    await set({ status: 'closed', note: 'Đã gỡ mã độc' }, 400);
    await set({ status: 'closed', outcome: 'confirmed', note: 'Đã gỡ mã độc', closeAlerts: true });
    expect((await alert('s1')).alert).toMatchObject({ status: 'closed', verdict: 'true_positive' });
    expect((await read(id)).incident).toMatchObject({
      status: 'closed',
      outcome: 'confirmed',
      owner: 'minh',
      tlp: 'green',
    });
    await set({ status: 'investigating' }, 400);
    await set({ status: 'investigating', note: 'Thấy lại' });
    expect((await read(id)).incident).toMatchObject({ outcome: null, closedAt: null });
  });

  it('of two analysts at once lose no update', async () => {
    const { incident } = await make({ alerts: [], title: 'x' });
    const { id, version } = incident;
    const answers = await Promise.all([
      post(`/api/v1/incidents/${id}/changes`, { version, set: { severity: 'critical' } }),
      post(`/api/v1/incidents/${id}/changes`, { version, set: { owner: 'minh' } }, minh),
    ]);
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409]);
    const refused = answers.find(({ statusCode }) => statusCode === 409)?.json();
    expect(refused).toMatchObject({ code: 'HD_RECORD_CONFLICT', current: version + 1 });
    // What is only added conflicts with nothing: all of it is there.
    const texts = Array.from({ length: 12 }, (_, index) => `bình luận ${index}`);
    await Promise.all(texts.map((comment, index) => act(id, { comment }, index % 2 === 0 ? lan : minh)));
    expect((await read(id)).comments.map(({ text }) => text).sort()).toEqual([...texts].sort());
  });

  it('need the version where they change or take away', async () => {
    const { incident } = await make({ alerts: [], title: 'x' });
    const answer = await post(`/api/v1/incidents/${incident.id}/changes`, { set: { title: 'y' } });
    expect(answer.statusCode).toBe(400);
    expect((await post(`/api/v1/incidents/${incident.id}/changes`, {})).statusCode).toBe(400);
    expect((await post(`/api/v1/incidents/${incident.id}/changes`, { comment: 'x' }, viewer)).statusCode).toBe(403);
  });

  it('keep tasks, systems, indicators and techniques', async () => {
    const { incident } = await make({ alerts: [], title: 'x' });
    const { id } = incident;
    const task = { title: 'Cô lập máy', assignee: 'minh', due: '2026-11-23T00:00:00+07:00' };
    let now = await act(id, { addTask: task, addSystem: { name: 'iOffice', agency: 'two', level: 3 } });
    now = await act(id, { addIndicator: 'hxxp://evil[.]example/a', addTechnique: 'T1190' });
    expect(now.incident).toMatchObject({ openTasks: 1, due: '2026-11-22T17:00:00.000Z' });
    expect(now.indicators).toMatchObject([{ type: 'url', value: 'http://evil.example/a', alert: null }]);
    expect(now.techniques).toMatchObject([{ technique: 'T1190', name: 'Exploit Public-Facing Application' }]);
    expect((await post(`/api/v1/incidents/${id}/changes`, { addIndicator: 'web1' })).statusCode).toBe(400);
    now = await act(id, { version: now.incident.version, task: { id: now.tasks[0]?.id, done: true } });
    expect(now.tasks).toMatchObject([{ doneBy: 'lan' }]);
    now = await act(id, {
      version: now.incident.version,
      removeSystem: now.systems[0]?.id,
      removeIndicator: now.indicators[0]?.id,
      removeTechnique: now.techniques[0]?.id,
    });
    expect([now.systems, now.indicators, now.techniques]).toEqual([[], [], []]);
    expect((await post(`/api/v1/incidents/${id}/changes`, { addTask: { ...task, assignee: 'mot' } })).statusCode).toBe(
      400,
    );
  });
});

describe('evidence', () => {
  const send = (id: string, name: string, payload: Buffer, cookie = lan) =>
    bench.app.inject({
      method: 'POST',
      url: `/api/v1/incidents/${id}/evidence?name=${encodeURIComponent(name)}&note=x`,
      payload,
      headers: { ...headers(cookie), 'content-type': 'application/octet-stream' },
    });

  it('is kept under its hash with who had it in hand, and its chain shows what was taken out', async () => {
    const { incident } = await make({ alerts: [], title: 'x', agencies: ['one'] });
    const answer = await send(incident.id, 'mẫu.bin', Buffer.from('mã độc'));
    expect(answer.statusCode, answer.payload).toBe(201);
    const [piece] = answer.json<IncidentDetail>().evidence;
    expect(piece).toMatchObject({
      kind: 'file',
      name: 'mẫu.bin',
      bytes: 10,
      custodyHolds: true,
      custody: [{ act: 'added' }],
    });
    const bytes = await get(`/api/v1/incidents/${incident.id}/evidence/${piece?.id}`);
    expect(bytes.rawPayload.toString()).toBe('mã độc');
    expect(bytes.headers['content-disposition']).toContain('attachment');
    const handed = await act(incident.id, { handOver: { evidence: piece?.id, note: 'Giao cho công an tỉnh' } }, minh);
    expect(handed.evidence[0]?.custody.map(({ by, act: what }) => `${by} ${what}`)).toEqual([
      'lan added',
      'lan read',
      'minh handed',
    ]);
    expect((await get(`/api/v1/incidents/${incident.id}/evidence/${piece?.id}`, viewer)).statusCode).toBe(403);
    const place = join(bench.folder, 'incident-files', piece?.sha256.slice(0, 2) ?? '', piece?.sha256 ?? '');
    await writeFile(place, 'khác');
    const changed = await get(`/api/v1/incidents/${incident.id}/evidence/${piece?.id}`);
    expect(changed.json()).toMatchObject({ code: 'HD_EVIDENCE_CHANGED', status: 409 });
    const view = bench.records.as(SYSTEM);
    const stored = await view.get('incident', incident.id);
    const evidence = stored?.document.evidence.map((one) => ({
      ...one,
      custody: one.custody.filter(({ act: what }) => what !== 'read'),
    }));
    if (stored && evidence)
      await view.replace('incident', incident.id, { ...stored.document, evidence }, stored.version);
    expect((await read(incident.id)).evidence[0]?.custodyHolds).toBe(false);
  });

  it('of events is a snapshot of what the store has now', async () => {
    const { incident } = await make({ alerts: [], title: 'x', agencies: ['one'] });
    const now = await act(incident.id, { snapshot: { events: [...eventIds], note: 'Lúc phát hiện' } });
    expect(now.evidence).toMatchObject([{ kind: 'events', events: 2, note: 'Lúc phát hiện' }]);
    const bytes = await get(`/api/v1/incidents/${incident.id}/evidence/${now.evidence[0]?.id}`);
    expect(
      bytes.payload
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line).event.original),
    ).toEqual(['GET /x from 198.51.100.4', 'second line']);
    const gone = { snapshot: { events: ['20260101-abcd-00000000-1-000000000000'], note: '' } };
    expect((await post(`/api/v1/incidents/${incident.id}/changes`, gone)).statusCode).toBe(404);
  });

  it('that is too large or empty is refused, and leaves no file', async () => {
    const { incident } = await make({ alerts: [], title: 'x' });
    expect((await send(incident.id, 'x', Buffer.alloc(0))).statusCode).toBe(400);
    expect((await send(incident.id, 'x', Buffer.alloc(25 * 1024 * 1024 + 1))).statusCode).toBe(413);
    expect((await send('HD-NONE-0000', 'x', Buffer.from('x'))).statusCode).toBe(404);
    expect(await readdir(join(bench.folder, 'incoming'))).toEqual([]);
  });
});

describe('merging', () => {
  it('brings all together, and parting gives it back as it is by then', async () => {
    await bench.addAlert('m1');
    await bench.addAlert('m2', { agency: 'two' as AgencyId });
    const into = await make({ alerts: ['m1'] });
    const from = await make({ alerts: ['m2'], title: 'Thứ hai' });
    await act(from.incident.id, { addTask: { title: 'Gọi', assignee: null, due: null } });
    const second = await read(from.incident.id);
    const ask = { version: into.incident.version, from: from.incident.id, fromVersion: second.incident.version };
    const stale = await post(`/api/v1/incidents/${into.incident.id}/merge`, { ...ask, fromVersion: 1 });
    expect(stale.statusCode).toBe(409);
    const merged: IncidentDetail = (await post(`/api/v1/incidents/${into.incident.id}/merge`, ask)).json();
    expect(merged.alerts.map(({ id }) => id)).toEqual(['m1', 'm2']);
    expect(merged.incident.agencies.map(({ agency }) => agency)).toEqual(['one', 'two']);
    expect((await get(`/api/v1/incidents/${into.incident.id}`, ofOne)).statusCode).toBe(404);
    expect((await read(from.incident.id)).incident).toMatchObject({ status: 'merged', mergedInto: into.incident.id });
    const list: IncidentList = (await get('/api/v1/incidents?limit=500')).json();
    expect(list.incidents.map(({ id }) => id)).not.toContain(from.incident.id);
    expect((await post(`/api/v1/incidents/${from.incident.id}/changes`, { comment: 'x' })).statusCode).toBe(400);
    const done = await act(into.incident.id, {
      version: merged.incident.version,
      task: { id: merged.tasks[0]?.id, done: true },
      comment: 'sau khi gộp',
    });
    const parted = await post(`/api/v1/incidents/${into.incident.id}/part`, {
      version: done.incident.version,
      from: from.incident.id,
    });
    expect(parted.statusCode, parted.payload).toBe(200);
    expect(parted.json<IncidentDetail>()).toMatchObject({
      alerts: [{ id: 'm1' }],
      tasks: [],
      comments: [{ text: 'sau khi gộp' }],
    });
    const back = await read(from.incident.id);
    expect(back).toMatchObject({
      incident: { status: 'open', title: 'Thứ hai' },
      alerts: [{ id: 'm2' }],
      tasks: [{ title: 'Gọi', doneBy: 'lan' }],
    });
    expect((await get(`/api/v1/incidents/${into.incident.id}`, ofOne)).statusCode).toBe(200);
  });

  it('across agencies is not for who sees one alone', async () => {
    const mine = await make({ alerts: [], title: 'x', agencies: ['one'] }, ofOne);
    const theirs = await make({ alerts: [], title: 'y', agencies: ['two'] });
    const ask = { version: mine.incident.version, from: theirs.incident.id, fromVersion: theirs.incident.version };
    expect((await post(`/api/v1/incidents/${mine.incident.id}/merge`, ask, ofOne)).statusCode).toBe(404);
    await bench.addAlert('x2', { agency: 'two' as AgencyId });
    expect((await post(`/api/v1/incidents/${mine.incident.id}/changes`, { addAlerts: ['x2'] }, ofOne)).statusCode).toBe(
      404,
    );
    await act(mine.incident.id, { addAlerts: ['x2'] });
    expect((await get(`/api/v1/incidents/${mine.incident.id}`, ofOne)).statusCode).toBe(404);
  });
});

describe('what an incident owes', () => {
  it('when a server stopped between writing and doing is done by the next one, once', async () => {
    await bench.addAlert('p1');
    const { incident } = await make({ alerts: ['p1'] });
    const view = bench.records.as(SYSTEM);
    const stored = await view.get('incident', incident.id);
    if (!stored) throw new Error('no incident');
    const at = new Date().toISOString();
    const pending = [
      { id: 'late-1', at, by: 'lan', kind: 'audit' as const, act: 'incident.change', detail: {} },
      { id: 'late-2', at, by: 'lan', kind: 'link' as const, alert: 'p1' },
    ];
    await view.replace('incident', incident.id, { ...stored.document, waiting: 1, pending }, stored.version);
    const before = (await alert('p1')).timeline.length;
    const open = () =>
      openIncidents({
        records: bench.records,
        events: bench.events,
        audit: bench.accounts.audit,
        log: { info: () => undefined, warn: () => undefined } as never,
        data: bench.folder,
        titleOf: ({ ruleTitle }) => ruleTitle,
        woken: () => undefined,
      });
    expect(await open().relay.recover()).toBe(1);
    expect(await open().relay.recover()).toBe(0);
    expect((await view.get('audit', 'incident-late-1'))?.document.actor).toBe('lan');
    expect((await alert('p1')).timeline.length).toBe(before);
    expect((await view.get('incident', incident.id))?.document).toMatchObject({ waiting: 0, pending: [] });
  });
});
