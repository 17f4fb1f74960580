import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AlertChangesAnswer, AlertDetail, AlertList, AlertRow } from '../../../server/alerts/schema.ts';
import { type AgencyId, SYSTEM } from '../../../server/identity.ts';
import { type Bench, HOST, openBench } from './harness.ts';
import { RULE } from './rule.ts';

let bench: Bench;
let lan = '';
let viewer = '';
beforeAll(async () => {
  bench = await openBench({ rules: [RULE] });
  await bench.addAgency('one');
  await bench.addAgency('two');
  lan = await bench.signIn({ user: 'lan' });
  viewer = await bench.signIn({ user: 'xem', role: 'viewer' });
  await bench.signIn({ user: 'of-two', agencies: ['two'] });
});
afterAll(() => bench.close());

const headers = (cookie: string) => ({ host: HOST, origin: `http://${HOST}`, cookie });
async function get<T>(url: string, cookie = lan): Promise<T> {
  return (await bench.app.inject({ url, headers: headers(cookie) })).json();
}
function change(payload: object, cookie = lan) {
  return bench.app.inject({ method: 'POST', url: '/api/v1/alerts/changes', payload, headers: headers(cookie) });
}
async function row(id: string): Promise<AlertRow> {
  return (await get<AlertDetail>(`/api/v1/alerts/${id}`)).alert;
}

describe('the queue', () => {
  it('is latest first, filtered, paged, counted, and tells where the live feed resumes', async () => {
    for (let n = 0; n < 5; n += 1)
      await bench.addAlert(`q${n}`, {
        last: `2026-11-22T01:0${n}:00.000Z`,
        severity: n === 4 ? 'critical' : 'high',
        severityRank: n === 4 ? 5 : 4,
      });
    const all = await get<AlertList>('/api/v1/alerts');
    expect(all.alerts.map((alert) => alert.id)).toEqual(['q4', 'q3', 'q2', 'q1', 'q0']);
    expect(all.total).toBe(5);
    expect(all.change).toBeGreaterThanOrEqual(Math.max(...all.alerts.map((alert) => alert.change)));
    expect(all.alerts[0]).toMatchObject({
      title: { en: 'Many failed sign-ins', vi: 'Nhiều lần đăng nhập sai' },
      agencyName: 'Agency one',
      countSinceClose: 0,
    });
    const first = await get<AlertList>('/api/v1/alerts?limit=2&status=new&severity=high');
    expect(first).toMatchObject({ total: 4, alerts: [{ id: 'q3' }, { id: 'q2' }] });
    const second = await get<AlertList>(
      `/api/v1/alerts?limit=2&status=new&severity=high&after=${encodeURIComponent(first.next ?? '')}`,
    );
    expect(second.alerts.map((alert) => alert.id)).toEqual(['q1', 'q0']);
    expect((await get<AlertList>('/api/v1/alerts?status=closed')).alerts).toEqual([]);
  });

  it.each(['status=open', 'severity=huge', 'limit=0', 'limit=many', 'limit=1001'])('refuses %s', async (query) => {
    const answer = await bench.app.inject({ url: `/api/v1/alerts?${query}`, headers: headers(lan) });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'HD_BAD_REQUEST' });
  });
});

describe('one alert', () => {
  it('says what happened, what to do, whom to call and why it fired', async () => {
    await bench.addAlert('d1');
    const detail = await get<AlertDetail>('/api/v1/alerts/d1');
    expect(detail.sentence).toMatchObject({ en: '10 failed sign-ins from 203.0.113.7' });
    expect(detail.guidance.vi).toMatchObject({ meaning: 'Dò mật khẩu', reviewed: false });
    expect(detail.guidance.en).toBeUndefined();
    expect(detail.contact).toMatchObject({ agency: 'Agency one', email: 'one@example.vn' });
    expect(detail.rule).toMatchObject({
      yaml: RULE.yaml,
      techniques: [{ id: 'T1110.001', name: 'Password Guessing' }],
      tactics: ['Credential Access'],
    });
    expect(detail.timeline).toMatchObject([{ act: 'created' }]);
  });

  it('of a rule that is gone still opens', async () => {
    await bench.addAlert('d2', { rule: 'gone', ruleTitle: 'An old rule' });
    expect(await get<AlertDetail>('/api/v1/alerts/d2')).toMatchObject({
      sentence: { en: 'An old rule' },
      guidance: {},
    });
  });

  it('counts events that retention took', async () => {
    await bench.addAlert('d3', { events: ['20260101-abcd-00000000-1-000000000000'] });
    expect(await get('/api/v1/alerts/d3/events')).toEqual({ events: [], gone: 1, total: 1 });
  });

  it('that is not there is a 404', async () => {
    expect(await get('/api/v1/alerts/none')).toMatchObject({ code: 'HD_NOT_FOUND', status: 404 });
  });
});

describe('acts', () => {
  it('close with verdict and note, and each is in the timeline with who and when', async () => {
    await bench.addAlert('a1');
    const { version } = await row('a1');
    const answer = await change({
      alerts: [{ id: 'a1', version }],
      status: 'closed',
      verdict: 'false_positive',
      note: 'Quét nội bộ',
      owner: 'lan',
    });
    expect(answer.statusCode).toBe(200);
    expect(answer.json<AlertChangesAnswer>().alerts[0]).toMatchObject({
      status: 'closed',
      verdict: 'false_positive',
      owner: 'lan',
    });
    const { timeline } = await get<AlertDetail>('/api/v1/alerts/a1');
    expect(timeline.slice(1)).toMatchObject([
      { by: 'lan', act: 'status', from: 'new', to: 'closed', verdict: 'false_positive', note: 'Quét nội bộ' },
      { by: 'lan', act: 'owner', from: null, to: 'lan' },
    ]);
    const audit = await bench.records.as(SYSTEM).find('audit', { limit: 1000 });
    expect(audit.records.some(({ document }) => document.act === 'alert.change' && document.target === 'a1')).toBe(
      true,
    );
  });

  it('show what came after closing, and can be undone', async () => {
    await bench.addAlert('a2');
    const before = await row('a2');
    await change({
      alerts: [before].map(({ id, version }) => ({ id, version })),
      status: 'closed',
      verdict: 'benign',
      note: 'x',
    });
    await bench.addAlert('a2', { count: 25 });
    const grown = await row('a2');
    expect(grown).toMatchObject({ status: 'closed', count: 25, countSinceClose: 15 });
    const undone = await change({ alerts: [{ id: 'a2', version: grown.version }], status: 'new', verdict: null });
    expect(undone.json<AlertChangesAnswer>().alerts[0]).toMatchObject({
      status: 'new',
      verdict: null,
      countSinceClose: 0,
    });
  });

  it('do not conflict with an alert that grows', async () => {
    await bench.addAlert('a3');
    const { version } = await row('a3');
    for (let count = 11; count < 20; count += 1) await bench.addAlert('a3', { count });
    const answer = await change({ alerts: [{ id: 'a3', version }], status: 'in_progress' });
    expect(answer.json<AlertChangesAnswer>().alerts[0]).toMatchObject({ status: 'in_progress', count: 19 });
  });

  it('on many rows change all, or none where somebody else was first', async () => {
    await bench.addAlert('b1');
    await bench.addAlert('b2');
    const [one, two] = [await row('b1'), await row('b2')];
    await change({ alerts: [{ id: 'b2', version: two.version }], note: 'Đang xem' });
    const both = {
      alerts: [one, two].map(({ id, version }) => ({ id, version })),
      status: 'in_progress',
      owner: 'lan',
    };
    const refused = await change(both);
    expect(refused.statusCode).toBe(409);
    expect(refused.json()).toMatchObject({ code: 'HD_RECORD_CONFLICT', detail: expect.stringContaining('lan') });
    expect(await row('b1')).toMatchObject({ status: 'new', owner: null });
    const again = await change({
      ...both,
      alerts: [
        { id: 'b1', version: one.version },
        { id: 'b2', version: (await row('b2')).version },
      ],
    });
    expect(again.statusCode).toBe(200);
    expect(await row('b2')).toMatchObject({ status: 'in_progress', owner: 'lan' });
  });

  it('on an alert that became part of another are refused, and it is in no list but still opens', async () => {
    await bench.addAlert('m1');
    await bench.addAlert('m2');
    const { version } = await row('m2');
    await bench.addAlert('m1', { count: 21 }, ['m2']);
    const list = await get<AlertList>('/api/v1/alerts?limit=1000');
    expect(list.alerts.map(({ id }) => id)).toContain('m1');
    expect(list.alerts.map(({ id }) => id)).not.toContain('m2');
    expect(list.total).toBe(list.alerts.length);
    expect(await row('m2')).toMatchObject({ status: 'merged', mergedInto: 'm1' });
    const refused = await change({ alerts: [{ id: 'm2', version: version + 1 }], note: 'x' });
    expect(refused.statusCode).toBe(409);
    expect(refused.json()).toMatchObject({ code: 'HD_RECORD_CONFLICT', detail: expect.stringContaining('"m1"') });
    expect((await change({ alerts: [{ id: 'm1', version: 1 }], status: 'merged' })).statusCode).toBe(400);
    const handed = await bench.app.inject({
      method: 'POST',
      url: '/api/v1/shifts',
      payload: { kind: 'handover', text: 'x', alerts: ['m2'], to: null },
      headers: headers(lan),
    });
    expect(handed.statusCode).toBe(400);
  });

  it('of two at once on one alert, one conflicts', async () => {
    await bench.addAlert('b3');
    const { version } = await row('b3');
    const act = { alerts: [{ id: 'b3', version }], note: 'x' };
    const answers = await Promise.all([change(act), change(act)]);
    expect(answers.map((answer) => answer.statusCode).sort()).toEqual([200, 409]);
  });

  const wrong: [string, object, number][] = [
    ['nothing', {}, 400],
    ['a close without a verdict', { status: 'closed', note: 'x' }, 400],
    ['a close without a note', { status: 'closed', verdict: 'benign' }, 400],
    ['a close with an empty note', { status: 'closed', verdict: 'benign', note: '  ' }, 400],
    ['a verdict on an open alert', { verdict: 'benign' }, 400],
    ['an owner who is not there', { owner: 'nobody' }, 400],
    ['an owner who may not see it', { owner: 'of-two' }, 400],
    ['a status that is none', { status: 'gone' }, 400],
  ];
  it.each(wrong)('refuse %s', async (_name, act, status) => {
    await bench.addAlert('w1');
    const { version } = await row('w1');
    const answer = await change({ alerts: [{ id: 'w1', version }], ...act });
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toMatchObject({ code: 'HD_BAD_REQUEST', advice: expect.any(String) });
    expect((await row('w1')).status).toBe('new');
  });

  it('refuse an alert that is not there, and the same one twice', async () => {
    expect((await change({ alerts: [{ id: 'none', version: 1 }], note: 'x' })).statusCode).toBe(404);
    await bench.addAlert('w2');
    const one = { id: 'w2', version: (await row('w2')).version };
    expect((await change({ alerts: [one, one], note: 'x' })).statusCode).toBe(400);
  });

  it('are not for viewers', async () => {
    await bench.addAlert('w3');
    const answer = await change({ alerts: [{ id: 'w3', version: 1 }], note: 'x' }, viewer);
    expect(answer.json()).toMatchObject({ code: 'HD_FORBIDDEN', status: 403 });
  });

  it('by a page of another site change nothing', async () => {
    await bench.addAlert('w4');
    const { version } = await row('w4');
    const answer = await bench.app.inject({
      method: 'POST',
      url: '/api/v1/alerts/changes',
      payload: { alerts: [{ id: 'w4', version }], note: 'x' },
      headers: { ...headers(lan), origin: 'http://evil.example' },
    });
    expect(answer.json()).toMatchObject({ code: 'HD_ORIGIN', status: 403 });
    expect((await row('w4')).version).toBe(version);
  });
});

describe('the shift log', () => {
  const add = (payload: object, cookie = lan) =>
    bench.app.inject({ method: 'POST', url: '/api/v1/shifts', payload, headers: headers(cookie) });
  const accept = (id: string, cookie: string) =>
    bench.app.inject({ method: 'POST', url: `/api/v1/shifts/${id}/accept`, payload: {}, headers: headers(cookie) });

  it('hands alerts over only once they are accepted, and then only those still open', async () => {
    const minh = await bench.signIn({ user: 'minh' });
    await bench.addAlert('s1');
    await bench.addAlert('s2');
    const made = await add({ kind: 'handover', text: 'Theo dõi tiếp', alerts: ['s1', 's2'], to: null });
    expect(made.statusCode).toBe(201);
    expect(await row('s1')).toMatchObject({ owner: null });
    await change({
      alerts: [{ id: 's2', version: (await row('s2')).version }],
      status: 'closed',
      verdict: 'benign',
      note: 'x',
    });

    const { id } = made.json<{ id: string }>();
    const accepted = await accept(id, minh);
    expect(accepted.json()).toMatchObject({ acceptedBy: 'minh', acceptedAt: expect.any(String) });
    expect(await row('s1')).toMatchObject({ owner: 'minh' });
    expect(await row('s2')).toMatchObject({ owner: null, status: 'closed' });
    expect((await accept(id, minh)).statusCode).toBe(200);
    expect((await accept(id, lan)).statusCode).toBe(409);
    const log = await get<{ entries: { id: string }[] }>('/api/v1/shifts');
    expect(log.entries[0]).toMatchObject({ id, kind: 'handover', alerts: ['s1', 's2'] });
  });

  it('keeps a hand-over for whom it names', async () => {
    await bench.signIn({ user: 'minh' });
    const made = await add({ kind: 'handover', text: 'Cho Minh', alerts: [], to: 'minh' });
    expect((await accept(made.json<{ id: string }>().id, lan)).statusCode).toBe(403);
  });

  it.each([
    ['a note with alerts', { kind: 'note', text: 'x', alerts: ['q0'], to: null }],
    ['an empty text', { kind: 'note', text: '', alerts: [], to: null }],
    ['an alert that is not there', { kind: 'handover', text: 'x', alerts: ['none'], to: null }],
    ['a receiver who is not there', { kind: 'handover', text: 'x', alerts: [], to: 'nobody' }],
  ])('refuses %s', async (_name, entry) => {
    expect((await add(entry)).statusCode).toBe(400);
  });

  it('refuses to accept a note', async () => {
    const made = await add({ kind: 'note', text: 'Yên', alerts: [], to: null });
    expect((await accept(made.json<{ id: string }>().id, lan)).statusCode).toBe(400);
  });
});

describe('agencies', () => {
  const agency = {
    id: 'three',
    name: 'Ba',
    contact: { person: '', phone: '', email: '', address: '' },
    securityLevel: 3,
  };
  it('are added and changed by administrators, and alerts show the new name', async () => {
    const admin = await bench.signIn({ user: 'admin', role: 'administrator' });
    const send = (method: 'POST' | 'PUT', url: string, payload: object, cookie: string) =>
      bench.app.inject({ method, url, payload, headers: headers(cookie) });
    expect((await send('POST', '/api/v1/agencies', agency, lan)).statusCode).toBe(403);
    expect((await send('POST', '/api/v1/agencies', agency, admin)).statusCode).toBe(201);
    expect((await send('POST', '/api/v1/agencies', agency, admin)).statusCode).toBe(409);
    expect((await send('PUT', '/api/v1/agencies/three', { ...agency, name: 'Bốn' }, admin)).json()).toMatchObject({
      name: 'Bốn',
    });
    expect((await send('PUT', '/api/v1/agencies/one', agency, admin)).statusCode).toBe(400);
    expect((await send('PUT', '/api/v1/agencies/none', { ...agency, id: 'none' }, admin)).statusCode).toBe(404);
    expect((await send('POST', '/api/v1/agencies', { ...agency, id: 'A B' }, admin)).statusCode).toBe(400);
    await bench.addAlert('g1', { agency: 'three' as AgencyId });
    expect(await row('g1')).toMatchObject({ agencyName: 'Bốn' });
  });
});
