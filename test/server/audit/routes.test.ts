import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SENSITIVE_READS } from '../../../server/audit/sensitive-reads.ts';
import { ROLES, SYSTEM } from '../../../server/identity.ts';
import { type Bench, HOST, openBench } from '../api/harness.ts';

let bench: Bench;
let auditor = '';
let analyst = '';
let chief = '';

beforeAll(async () => {
  bench = await openBench();
  await bench.addAgency('one');
  auditor = await bench.signIn({ user: 'kiem-toan', role: 'auditor' });
  analyst = await bench.signIn({ user: 'lan' });
  chief = await bench.signIn({ user: 'chief', role: 'administrator' });
});
afterAll(() => bench.close());

const headers = (cookie: string) => ({ host: HOST, origin: `http://${HOST}`, cookie });
const get = (cookie: string, url: string) => bench.app.inject({ url, headers: headers(cookie) });
const send = (cookie: string, method: 'POST' | 'PUT' | 'DELETE', url: string, payload: object) =>
  bench.app.inject({ method, url, payload, headers: headers(cookie) });
const acts = async (actor: string) => {
  const page = await bench.records.as(SYSTEM).find('audit', { where: { actor: [actor] }, limit: 500 });
  return page.records.map(({ document }) => document);
};

describe('reading log lines', () => {
  it('is on record before it is answered: who, and what was asked', async () => {
    expect((await get(analyst, '/api/v1/events?kql=user.name%3Aroot&from=now-1h')).statusCode).toBe(200);
    expect(await acts('lan')).toContainEqual(
      expect.objectContaining({ act: 'events.search', detail: { kql: 'user.name:root', from: 'now-1h' } }),
    );
  });

  it('is one act where the same is asked again at once, and another one where it is not', async () => {
    for (let n = 0; n < 3; n++) await get(analyst, '/api/v1/events?kql=again');
    await get(analyst, '/api/v1/events?kql=other');
    const found = (await acts('lan')).filter(({ detail }) => ['again', 'other'].includes(String(detail['kql'])));
    expect(found.map(({ detail }) => detail['kql']).sort()).toEqual(['again', 'other']);
  });

  it('names routes that are there', async () => {
    const { paths } = (await bench.app.inject({ url: '/openapi.json', headers: { host: HOST } })).json();
    for (const route of Object.keys(SENSITIVE_READS)) {
      const path = route.replace('GET ', '').replaceAll(/:(\w+)/g, '{$1}');
      expect(paths[path]?.get, route).toBeDefined();
    }
  });
});

describe('changes', () => {
  it('are recorded by method and path where their route records nothing', async () => {
    // Asks by POST for the sake of its body, and has no act of its own.
    expect((await send(chief, 'POST', '/api/v1/rules/check', { yaml: 'title: x' })).statusCode).toBe(200);
    const recorded = (await acts('chief')).filter(({ act }) => act === 'request');
    expect(recorded).toMatchObject([{ target: 'POST /api/v1/rules/check', detail: { status: 200 } }]);
  });

  it('that name their own act have that one alone', async () => {
    const entry = { kind: 'note', text: 'Ca trực', alerts: [], to: null };
    expect((await send(analyst, 'POST', '/api/v1/shifts', entry)).statusCode).toBeLessThan(300);
    const mine = (await acts('lan')).filter(({ act }) => act.startsWith('shift') || act === 'request');
    expect(mine.map(({ act }) => act)).toEqual(['shift.note']);
  });

  it('that are refused for want of a right are on record', async () => {
    const body = { user: 'x', displayName: 'x', role: 'administrator', agencies: 'all', password: 'một mật khẩu dài' };
    expect((await send(analyst, 'POST', '/api/v1/users', body)).statusCode).toBe(403);
    expect(await acts('lan')).toContainEqual(
      expect.objectContaining({
        act: 'access.refused',
        target: 'POST /api/v1/users',
        detail: { permission: 'users.change' },
      }),
    );
  });
});

describe('GET /api/v1/audit', () => {
  it('gives pages, newest first, by actor, act and time', async () => {
    for (const target of ['a', 'b', 'c']) {
      bench.clock.now += 1_000;
      await bench.accounts.audit.record({ actor: 'minh', act: 'user.change', target });
    }
    await bench.accounts.audit.record({ actor: 'minh', act: 'userland', target: 'x' });
    const first = (await get(auditor, '/api/v1/audit?actor=minh&act=user&limit=2')).json();
    expect(first.entries.map(({ target }: { target: string }) => target)).toEqual(['c', 'b']);
    const rest = (await get(auditor, `/api/v1/audit?actor=minh&act=user&limit=2&after=${first.next}`)).json();
    expect(rest.entries.map(({ target }: { target: string }) => target)).toEqual(['a']);
    expect((await get(auditor, '/api/v1/audit?actor=minh&to=2020-01-01')).json().entries).toEqual([]);
    expect((await get(auditor, '/api/v1/audit?from=yesterday')).statusCode).toBe(400);
  });

  it('is for auditors and administrators of the whole province', async () => {
    for (const role of ROLES.filter((one) => one !== 'agency-officer')) {
      const cookie = await bench.signIn({ user: `reads-${role}`, role });
      const wanted = role === 'auditor' || role === 'administrator' ? 200 : 403;
      expect((await get(cookie, '/api/v1/audit')).statusCode, role).toBe(wanted);
    }
    const bound = await bench.signIn({ user: 'bound', role: 'administrator', agencies: ['one'] });
    expect((await get(bound, '/api/v1/audit')).statusCode).toBe(403);
  });

  it('is on record itself, and changed by nobody', async () => {
    await get(auditor, '/api/v1/audit?actor=lan');
    expect((await acts('kiem-toan')).map(({ act }) => act)).toContain('audit.read');
    for (const method of ['POST', 'PUT', 'DELETE'] as const)
      expect((await send(chief, method, '/api/v1/audit', {})).statusCode).toBe(404);
  });
});
