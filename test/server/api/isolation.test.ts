import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROVINCIAL_ROLES } from '../../../server/accounts/permissions.ts';
import { type AgencyId, type CollectorId, ROLES, SYSTEM } from '../../../server/identity.ts';
import { makeFrame } from './frame.ts';
import { type Bench, HOST, openBench } from './harness.ts';
import { RULE } from './rule.ts';

/** Everything of agency two carries this word: an answer to agency one that holds it is a leak. */
const SECRET = 'mat-cua-hai';
let bench: Bench;
let cookie = '';
let eventOfTwo = '';

beforeAll(async () => {
  bench = await openBench({ rules: [RULE] });
  await bench.addAgency('one');
  await bench.addAgency(SECRET);
  for (const [agency, collector] of [
    ['one', 'cone'],
    [SECRET, 'ctwo'],
  ] as const) {
    const { body, ids } = makeFrame(collector, [`line of ${agency}`]);
    await bench.events.append({
      collector: collector as CollectorId,
      agency: agency as AgencyId,
      receivedAt: new Date().toISOString(),
      body,
    });
    if (agency === SECRET) eventOfTwo = ids[0] ?? '';
    await bench.records.as(SYSTEM).create('collector', collector, {
      agency: agency as AgencyId,
      name: `collector of ${agency}`,
      fingerprint: collector,
      notAfter: '2030-01-01T00:00:00.000Z',
      revoked: false,
      createdAt: '2026-01-01T00:00:00.000Z',
      lastSeenAt: null,
      status: null,
      counters: [{ source: `file:/${agency}`, read: 1, spooled: 1, dropped: {}, unparsed: 0 }],
    });
    await bench.addAlert(`alert-${agency}`, {
      agency: agency as AgencyId,
      group: { 'host.name': agency },
      events: ids,
    });
  }
  await bench.signIn({ user: `nguoi-${SECRET}`, agencies: [SECRET] });
  const province = await bench.signIn({ user: 'tinh' });
  const note = { kind: 'note', text: `Ca trực: ${SECRET}`, alerts: [], to: null };
  await bench.app.inject({ method: 'POST', url: '/api/v1/shifts', payload: note, headers: headers(province) });
  cookie = await bench.signIn({ user: 'mot', agencies: ['one'], role: 'administrator' });
});
afterAll(() => bench.close());

const headers = (of: string) => ({ host: HOST, origin: `http://${HOST}`, cookie: of });

describe('a user bound to one agency', () => {
  it('sees its own', async () => {
    for (const [url, text] of [
      ['/api/v1/alerts', 'alert-one'],
      ['/api/v1/events', 'line of one'],
      ['/api/v1/ledger', 'cone'],
      ['/api/v1/agencies', 'Agency one'],
    ]) {
      const answer = await bench.app.inject({ url: url ?? '', headers: headers(cookie) });
      expect(answer.payload, url).toContain(text);
    }
  });

  const bound = ROLES.filter((role) => !PROVINCIAL_ROLES.includes(role));
  it.each(bound)('finds nothing of another on any route that reads, as %s', async (role) => {
    const own = await bench.signIn({ user: `mot-${role}`, agencies: ['one'], role });
    const { paths } = (await bench.app.inject({ url: '/openapi.json', headers: { host: HOST } })).json();
    const urls = Object.entries(paths as Record<string, { get?: unknown }>)
      .filter(([path, { get }]) => get !== undefined && !['/api/v1/live', '/metrics', '/openapi.json'].includes(path))
      .map(([path]) => path);
    expect(urls.length).toBeGreaterThan(12);
    const filled = urls.flatMap((path) => {
      if (!path.includes('{id}')) return [path, `${path}?agency=${SECRET}&kql=${SECRET}&full=true`];
      return [path.replace('{id}', `alert-${SECRET}`), path.replace('{id}', eventOfTwo)];
    });
    for (const url of filled) {
      const answer = await bench.app.inject({ url, headers: headers(own) });
      expect(answer.statusCode, url).toBeLessThan(500);
      // An error may quote what was asked; beyond the question nothing of the other agency may come back.
      const said = answer.payload.replaceAll(`alert-${SECRET}`, '').replaceAll(eventOfTwo, '');
      if (answer.statusCode < 400 || !url.includes('kql=')) expect(said, url).not.toContain(SECRET);
    }
  });

  it('changes nothing of another', async () => {
    const send = (method: 'POST' | 'PUT', url: string, payload: object) =>
      bench.app.inject({ method, url, payload, headers: headers(cookie) });
    const agency = {
      id: SECRET,
      name: 'x',
      contact: { person: '', phone: '', email: '', address: '' },
      securityLevel: 1,
    };
    const alerts = [{ id: `alert-${SECRET}`, version: 1 }];
    expect((await send('POST', '/api/v1/alerts/changes', { alerts, note: 'x' })).statusCode).toBe(404);
    expect((await send('PUT', `/api/v1/agencies/${SECRET}`, agency)).statusCode).toBe(403);
    const handover = { kind: 'handover', text: 'x', alerts: [`alert-${SECRET}`], to: null };
    expect((await send('POST', '/api/v1/shifts', handover)).statusCode).toBe(403);
  });

  it('makes no user with more rights than its own', async () => {
    const user = {
      user: 'lach',
      displayName: 'x',
      role: 'administrator',
      agencies: 'all',
      password: 'mật khẩu rất dài',
    };
    const answer = await bench.app.inject({
      method: 'POST',
      url: '/api/v1/users',
      payload: user,
      headers: headers(cookie),
    });
    expect(answer.statusCode).toBe(403);
  });
});

describe('searching', () => {
  it('finds by KQL, gives one event, and a histogram of the same', async () => {
    const province = await bench.signIn({ user: 'tinh' });
    const ask = async (url: string) => (await bench.app.inject({ url, headers: headers(province) })).json();
    const page = await ask(`/api/v1/events?kql=${encodeURIComponent('"line of one"')}&from=now-1h`);
    expect(page).toMatchObject({ complete: true, next: null, events: [{ event: { organization: { id: 'one' } } }] });
    const [{ id }] = page.events;
    expect(await ask(`/api/v1/events/${id}`)).toMatchObject({ id, event: { event: { original: 'line of one' } } });
    const histogram = await ask('/api/v1/events/histogram?from=now-1h&buckets=60');
    expect(histogram).toMatchObject({ intervalSeconds: 120, total: 2, complete: true });
  });

  it.each([
    ['kql=a%3A', 'HD_KQL_SYNTAX'],
    ['kql=(', 'HD_KQL_SYNTAX'],
    ['from=yesterday', 'HD_TIME_RANGE'],
    ['from=now&to=now-1h', 'HD_TIME_RANGE'],
    ['limit=5000', 'HD_BAD_REQUEST'],
  ])('refuses %s with %s', async (query, code) => {
    const answer = await bench.app.inject({ url: `/api/v1/events?${query}`, headers: headers(cookie) });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code, type: expect.any(String), advice: expect.any(String) });
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });

  it('names the column of a KQL error', async () => {
    const answer = await bench.app.inject({ url: '/api/v1/events?kql=a%3A', headers: headers(cookie) });
    expect(answer.json().detail).toMatch(/column 3/);
  });
});
