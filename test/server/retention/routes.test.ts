import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SYSTEM } from '../../../server/identity.ts';
import type { RetentionState } from '../../../server/retention/schema.ts';
import { type Bench, HOST, openBench } from '../api/harness.ts';

let bench: Bench;
const cookies: Record<string, string> = {};

beforeAll(async () => {
  bench = await openBench();
  await bench.addAgency('one');
  cookies['lead'] = await bench.signIn({ user: 'lead', role: 'administrator' });
  cookies['analyst'] = await bench.signIn({ user: 'analyst' });
  cookies['bound'] = await bench.signIn({ user: 'bound', role: 'administrator', agencies: ['one'] });
});
afterAll(() => bench.close());

const HOLD = { agency: null, fromDay: '2026-01-01', toDay: null, reason: 'Vụ 12/2026 của Công an tỉnh' };

async function ask(who: string, method: 'GET' | 'POST' | 'PUT', path: string, payload?: object) {
  const headers = { host: HOST, origin: `http://${HOST}`, cookie: cookies[who] ?? '' };
  const url = `/api/v1${path}`;
  const answer = await bench.app.inject({ method, url, headers, ...(payload ? { payload } : {}) });
  return { status: answer.statusCode, body: answer.json() };
}

describe('who may do what', () => {
  it.each([
    ['GET', '/retention', 'analyst', 200],
    ['GET', '/retention/days', 'analyst', 200],
    ['GET', '/retention/deletions', 'analyst', 200],
    ['GET', '/legal-holds', 'analyst', 200],
    ['GET', '/retention', 'bound', 403],
    ['GET', '/retention/days', 'bound', 403],
    ['GET', '/retention/deletions', 'bound', 403],
    ['GET', '/legal-holds', 'bound', 200],
  ] as const)('%s %s as %s: %i', async (method, path, who, status) => {
    expect((await ask(who, method, path)).status).toBe(status);
  });

  it.each(['analyst', 'bound'])('changes nothing as %s', async (who) => {
    const policy = { keepDays: [92, 92, 184, 366, 731], sources: [] };
    expect((await ask(who, 'PUT', '/retention/policy', policy)).status).toBe(403);
    expect((await ask(who, 'POST', '/retention/runs', { dryRun: true })).status).toBe(403);
    expect((await ask(who, 'POST', '/legal-holds', HOLD)).status).toBe(403);
    expect((await ask(who, 'POST', '/legal-holds/x/lift', { reason: 'xong' })).status).toBe(403);
  });
});

describe('the policy', () => {
  it('is refused below the law, with the reason', async () => {
    const keepDays = [92, 92, 184, 366, 300];
    const answer = await ask('lead', 'PUT', '/retention/policy', { keepDays, sources: [] });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      code: 'HD_BAD_REQUEST',
      detail: expect.stringMatching(/300 days of level 5 .* 12 months \(366 days\)/),
    });
  });

  it('is set and audited', async () => {
    const policy = { keepDays: [100, 100, 200, 400, 800], sources: [{ source: 'netflow*', levels: [1], days: 30 }] };
    expect(await ask('lead', 'PUT', '/retention/policy', policy)).toMatchObject({ status: 200, body: policy });
    const state = (await ask('analyst', 'GET', '/retention')).body as RetentionState;
    expect(state).toMatchObject({ policy, from: 'api', minimumDays: [10, 31, 92, 184, 366], running: false });
    const acts = await bench.records.as(SYSTEM).find('audit', { where: { actor: ['lead'] } });
    expect(acts.records.map(({ document }) => document.act)).toContain('retention.policy');
  });
});

describe('a run', () => {
  it('is begun, and leaves its report', async () => {
    expect(await ask('lead', 'POST', '/retention/runs', { dryRun: false })).toMatchObject({
      status: 202,
      body: { begun: true },
    });
    let state = (await ask('lead', 'GET', '/retention')).body as RetentionState;
    while (state.running) state = (await ask('lead', 'GET', '/retention')).body as RetentionState;
    expect(state.last).toMatchObject({ by: 'lead', dryRun: false, deleted: [], failure: null });
  });
});

describe('legal holds', () => {
  it('are placed and lifted with reasons, both audited', async () => {
    const placed = await ask('lead', 'POST', '/legal-holds', HOLD);
    expect(placed).toMatchObject({ status: 201, body: { ...HOLD, placedBy: 'lead', liftedAt: null } });
    const { id } = placed.body as { id: string };
    expect((await ask('lead', 'POST', `/legal-holds/${id}/lift`, { reason: '  ' })).status).toBe(400);
    expect((await ask('lead', 'POST', `/legal-holds/${id}/lift`, {})).status).toBe(400);
    const lifted = await ask('lead', 'POST', `/legal-holds/${id}/lift`, { reason: 'Đã có bản án' });
    expect(lifted).toMatchObject({ status: 200, body: { id, liftedBy: 'lead', liftReason: 'Đã có bản án' } });
    expect((await ask('lead', 'POST', `/legal-holds/${id}/lift`, { reason: 'lần nữa' })).status).toBe(409);
    expect((await ask('lead', 'POST', '/legal-holds/none/lift', { reason: 'xong' })).status).toBe(404);
    const acts = await bench.records.as(SYSTEM).find('audit', { where: { actor: ['lead'] } });
    expect(acts.records.map(({ document }) => document.act)).toEqual(
      expect.arrayContaining(['legal-hold.place', 'legal-hold.lift']),
    );
  });

  it.each([
    [{ ...HOLD, reason: '' }, 400],
    [{ ...HOLD, fromDay: '1.1.2026' }, 400],
    [{ ...HOLD, fromDay: '2026-02-31' }, 400],
    [{ ...HOLD, toDay: '2025-01-01' }, 400],
    [{ ...HOLD, agency: 'nobody' }, 400],
    [{ ...HOLD, more: 1 }, 400],
  ])('are refused where they make no sense: %j', async (hold, status) => {
    expect((await ask('lead', 'POST', '/legal-holds', hold)).status).toBe(status);
  });

  it('of one agency are seen by its people; those of all are not', async () => {
    await ask('lead', 'POST', '/legal-holds', { ...HOLD, agency: 'one', reason: 'của một' });
    await ask('lead', 'POST', '/legal-holds', { ...HOLD, reason: 'của tất cả' });
    const { holds } = (await ask('bound', 'GET', '/legal-holds')).body as { holds: { reason: string }[] };
    expect(holds.map(({ reason }) => reason)).toEqual(['của một']);
  });
});
