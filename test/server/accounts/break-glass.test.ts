import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustBeAnother } from '../../../server/accounts/duties.ts';
import type { AlertRow } from '../../../server/alerts/schema.ts';
import { SYSTEM } from '../../../server/identity.ts';
import { type Bench, HOST, openBench } from '../api/harness.ts';

let bench: Bench;
let chief = '';
beforeAll(async () => {
  bench = await openBench();
  await bench.addAgency('one');
  chief = await bench.signIn({ user: 'chief', role: 'administrator' });
});
afterAll(() => bench.close());

function ask(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, cookie: string, payload?: object) {
  return bench.app.inject({
    method,
    url: `/api/v1${path}`,
    headers: { host: HOST, origin: `http://${HOST}`, cookie },
    ...(payload ? { payload } : {}),
  });
}
const WHY = { reason: 'Trưởng ca báo: quản trị viên không liên lạc được', minutes: 30 };
const cookieOf = (answer: Awaited<ReturnType<typeof ask>>) =>
  `haidang_session=${answer.cookies.find(({ name }) => name === 'haidang_session')?.value ?? ''}`;
async function acts(): Promise<{ actor: string; act: string; target: string; detail: Record<string, unknown> }[]> {
  const { records } = await bench.records.as(SYSTEM).find('audit', { limit: 1000 });
  return records.map(({ document }) => ({ ...document, detail: { ...document.detail } }));
}

describe('emergency access', () => {
  it('makes an administrator for a while, loudly, and ends by itself', async () => {
    const before = await bench.signIn({ user: 'minh', role: 'analyst', agencies: ['one'] });
    expect((await ask('GET', '/sessions', before)).statusCode).toBe(403);
    const opened = await ask('POST', '/users/minh/emergency', chief, WHY);
    expect(opened.statusCode, opened.payload).toBe(201);
    expect(opened.json()).toMatchObject({ user: 'minh', by: 'chief', reason: WHY.reason });

    const now = await ask('GET', '/session', before);
    expect(now.json()).toMatchObject({ role: 'administrator', agencies: 'all' });
    const minh = cookieOf(now);
    expect((await ask('GET', '/sessions', minh)).statusCode).toBe(200);

    // Everybody is told; why, and by whom, is the province's.
    const viewer = await bench.signIn({ user: 'viewer', role: 'viewer' });
    const bound = await bench.signIn({ user: 'bound', agencies: ['one'] });
    expect((await ask('GET', '/emergencies', viewer)).json().emergencies).toMatchObject([
      { user: 'minh', reason: WHY.reason },
    ]);
    expect((await ask('GET', '/emergencies', bound)).json().emergencies).toMatchObject([
      { user: 'minh', reason: '', by: '' },
    ]);
    const { alerts } = (await ask('GET', '/alerts', viewer)).json() as { alerts: AlertRow[] };
    expect(alerts).toMatchObject([{ severity: 'critical', status: 'new', group: { 'user.name': 'minh' } }]);

    // What is done with it is marked in the audit log.
    await bench.signIn({ user: 'somebody' });
    const change = { displayName: 'x', role: 'viewer', agencies: 'all', disabled: false };
    expect((await ask('PUT', '/users/somebody', minh, change)).statusCode).toBe(200);
    const recorded = await acts();
    expect(recorded).toContainEqual(
      expect.objectContaining({
        act: 'break-glass.open',
        actor: 'chief',
        target: 'minh',
        detail: expect.objectContaining(WHY),
      }),
    );
    expect(recorded.find(({ target, act }) => target === 'somebody' && act === 'user.change')?.detail).toMatchObject({
      emergency: true,
    });

    bench.clock.now += 30 * 60_000;
    expect((await ask('GET', '/session', minh)).json()).toMatchObject({ role: 'analyst', agencies: ['one'] });
    expect((await ask('GET', '/emergencies', viewer)).json()).toEqual({ emergencies: [] });
    await bench.accounts.breakGlass.sweep();
    await bench.accounts.breakGlass.sweep();
    expect((await acts()).filter(({ act }) => act === 'break-glass.end')).toHaveLength(1);
    expect(await bench.accounts.users.get('minh')).not.toHaveProperty('emergency');
  });

  it('can be ended before its time, and is not opened twice', async () => {
    const hoa = await bench.signIn({ user: 'hoa' });
    expect((await ask('POST', '/users/hoa/emergency', chief, WHY)).statusCode).toBe(201);
    expect((await ask('POST', '/users/hoa/emergency', chief, WHY)).statusCode).toBe(409);
    expect((await ask('DELETE', '/users/hoa/emergency', chief)).statusCode).toBe(204);
    expect((await ask('DELETE', '/users/hoa/emergency', chief)).statusCode).toBe(404);
    expect((await ask('GET', '/session', hoa)).json()).toMatchObject({ role: 'analyst' });
  });

  it('takes a reason, a time within bounds, an account, and somebody of all agencies', async () => {
    await bench.signIn({ user: 'khoa' });
    for (const wrong of [
      { ...WHY, reason: 'vì thế' },
      { ...WHY, minutes: 0 },
      { ...WHY, minutes: 481 },
      { minutes: 5 },
    ])
      expect((await ask('POST', '/users/khoa/emergency', chief, wrong)).statusCode).toBe(400);
    expect((await ask('POST', '/users/nobody/emergency', chief, WHY)).statusCode).toBe(404);
    const bound = await bench.signIn({ user: 'chief-one', role: 'administrator', agencies: ['one'] });
    expect((await ask('POST', '/users/khoa/emergency', bound, WHY)).statusCode).toBe(403);
    const lead = await bench.signIn({ user: 'lead', role: 'lead' });
    expect((await ask('POST', '/users/lead/emergency', lead, WHY)).statusCode).toBe(403);
  });

  it('is not handed on to programs: tokens keep the rights that the account has in the ordinary way', async () => {
    const actor = { kind: 'user', name: 'long', role: 'analyst', agencies: ['one'] } as never;
    await bench.signIn({ user: 'long', agencies: ['one'] });
    const { token } = await bench.accounts.tokens.create(
      'long',
      { name: 'x', permissions: ['alerts.read'], days: 1 },
      actor,
    );
    expect((await ask('POST', '/users/long/emergency', chief, WHY)).statusCode).toBe(201);
    const headers = { host: HOST, authorization: `Bearer ${token}` };
    const answer = await bench.app.inject({ url: '/api/v1/session', headers });
    expect(answer.json()).toMatchObject({ role: 'analyst', agencies: ['one'], permissions: ['alerts.read'] });
    const wanted = { name: 'y', permissions: ['users.change' as const], days: 1 };
    await expect(bench.accounts.tokens.create('long', wanted, actor)).rejects.toMatchObject({ code: 'HD_FORBIDDEN' });
    expect((await ask('DELETE', '/users/long/emergency', chief)).statusCode).toBe(204);
  });

  it('does not count as an administrator where the last one would go', async () => {
    await bench.signIn({ user: 'nga' });
    expect((await ask('POST', '/users/nga/emergency', chief, WHY)).statusCode).toBe(201);
    const change = { displayName: 'x', role: 'viewer', agencies: 'all', disabled: false };
    expect((await ask('PUT', '/users/chief', chief, change)).json()).toMatchObject({ code: 'HD_LAST_ADMINISTRATOR' });
  });
});

describe('the duties of two persons', () => {
  it('are of two: who made it is told so, everybody else may', () => {
    expect(() => mustBeAnother('lan', 'lan', 'The report')).toThrow(/The report was made by lan/);
    expect(() => mustBeAnother('minh', 'lan')).not.toThrow();
  });

  it('by default concern what leaves the house, and rules where the operator says so', () => {
    expect(bench.accounts.duties).toEqual({ approval: true, rules: false });
  });
});

describe('the audit log', () => {
  it.each([
    '/../../audit/000001.log',
    '/%2e%2e/%2e%2e/audit/000001.log',
    '/api/v1/audit/../../../audit/000001.log',
    '/api/v1/incidents/x/evidence/..%2f..%2f..%2faudit%2f000001.log',
    '/audit/000001.log',
  ])('is not reached as a file by anybody: %s', async (url) => {
    for (const method of ['GET', 'PUT', 'DELETE', 'POST'] as const) {
      const answer = await bench.app.inject({
        method,
        url,
        headers: { host: HOST, origin: `http://${HOST}`, cookie: chief },
        ...(method === 'GET' || method === 'DELETE' ? {} : { payload: {} }),
      });
      expect(answer.payload, `${method} ${url}`).not.toContain('"previous"');
      if (method !== 'GET') expect(answer.statusCode, `${method} ${url}`).toBeGreaterThanOrEqual(400);
    }
  });
});
