import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRules } from '../../../rules/sigma/parse.ts';
import { SYSTEM } from '../../../server/identity.ts';
import type { CheckAnswer, Exception, RuleDetail, RuleList } from '../../../server/rules/schema.ts';
import { batchOf, sshFailure } from '../store/frames.ts';
import { type Bench, HOST, openBench } from './harness.ts';

const ID = '0b7f3c1e-6a55-4f0e-9a57-7a1d2f0c9e11';
const COUNT = '0b7f3c1e-6a55-4f0e-9a57-7a1d2f0c9e22';
const TEXT = `title: A failed login
id: ${ID}
name: failed
status: test
level: medium
tags: [attack.credential-access, attack.t1110]
logsource: {product: linux, service: sshd}
detection:
  selection: {event.outcome: failure}
  condition: selection
haidang:
  samples:
    match:
      - {event.module: system, process.name: sshd, event.outcome: failure}
`;
const CORRELATION = `title: Many failed logins
id: ${COUNT}
status: test
level: high
correlation: {type: event_count, rules: [failed], group-by: [source.ip], timespan: 1m, condition: {gte: 10}, generate: true}
`;

let bench: Bench;
const cookies: Record<string, string> = {};
beforeAll(async () => {
  bench = await openBench({ rules: parseRules(`${TEXT}---\n${CORRELATION}`, 'rules.yml').rules });
  await bench.addAgency('one');
  cookies['admin'] = await bench.signIn({ user: 'hoa', role: 'administrator' });
  cookies['analyst'] = await bench.signIn({ user: 'lan' });
  cookies['viewer'] = await bench.signIn({ user: 'xem', role: 'viewer' });
  cookies['agency'] = await bench.signIn({ user: 'one', role: 'administrator', agencies: ['one'] });
});
afterAll(() => bench.close());

const ask = (who: string, method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, payload?: object) =>
  bench.app.inject({
    method,
    url: `/api/v1/rules${path}`,
    headers: { host: HOST, origin: `http://${HOST}`, cookie: cookies[who] ?? '' },
    ...(payload ? { payload } : {}),
  });
const exception = (part: object = {}) => ({
  kql: 'source.ip: 203.0.113.7',
  agency: null,
  reason: 'our scanner',
  expires: new Date(Date.now() + 86_400_000).toISOString(),
  ...part,
});

describe('who may do what with rules', () => {
  it.each([
    ['viewer', 'POST', `/${ID}/exceptions`, exception()],
    ['agency', 'POST', `/${ID}/exceptions`, exception()],
    ['agency', 'GET', '/health', undefined],
    ['agency', 'POST', '/reload', undefined],
    ['analyst', 'POST', '/reload', undefined],
    ['analyst', 'POST', `/${ID}/decision`, { enabled: false, reason: 'too loud' }],
    ['agency', 'POST', `/${ID}/decision`, { enabled: false, reason: 'too loud' }],
    ['analyst', 'PUT', `/${ID}`, { yaml: TEXT }],
    ['analyst', 'POST', '/check', { yaml: TEXT }],
    ['analyst', 'POST', `/${ID}/refill`, undefined],
  ] as const)('%s may not %s %s', async (who, method, path, payload) => {
    const answer = await ask(who, method, path, payload);
    expect(answer.statusCode).toBe(403);
    expect(answer.json()).toMatchObject({ code: 'HD_FORBIDDEN' });
  });

  it('who sees one agency sees what a rule is, and nothing of how it fares elsewhere', async () => {
    const made = (await ask('analyst', 'POST', `/${ID}/exceptions`, exception())).json<Exception>();
    expect(made).toMatchObject({ active: true, createdBy: 'lan', hidden: 0 });
    const list = (await ask('agency', 'GET', '')).json<RuleList>();
    expect(list.rules).toMatchObject([{ id: ID, exceptions: 0, missed: 0, health: null }, { id: COUNT }]);
    const detail = (await ask('agency', 'GET', `/${ID}`)).json<RuleDetail>();
    expect(detail).toMatchObject({ exceptions: [], versions: [], gaps: [] });
    expect((await ask('viewer', 'GET', `/${ID}`)).json()).toMatchObject({
      rule: { exceptions: 1 },
      exceptions: [{ id: made.id, reason: 'our scanner' }],
    });
    const ended = await ask('analyst', 'POST', `/${ID}/exceptions/${made.id}/end`);
    expect(ended.json()).toMatchObject({ active: false, endedBy: 'lan' });
  });
});

describe('an exception is refused', () => {
  it.each([
    ['that is no query', exception({ kql: 'source.ip: (' }), 400, 'HD_KQL_SYNTAX'],
    ['that hides everything', exception({ kql: 'not source.ip: 203.0.113.7' }), 400, 'HD_BAD_REQUEST'],
    ['that has ended', exception({ expires: '2020-01-01T00:00:00.000Z' }), 400, 'HD_BAD_REQUEST'],
    ['that lasts for years', exception({ expires: '2099-01-01T00:00:00.000Z' }), 400, 'HD_BAD_REQUEST'],
    ['for an agency that is not there', exception({ agency: 'nowhere' }), 400, 'HD_BAD_REQUEST'],
    ['without a reason', exception({ reason: '' }), 400, 'HD_BAD_REQUEST'],
  ])('%s', async (_what, payload, status, code) => {
    const answer = await ask('analyst', 'POST', `/${ID}/exceptions`, payload);
    expect(answer.json()).toMatchObject({ code });
    expect(answer.statusCode).toBe(status);
  });

  it('that would silence another rule too', async () => {
    const answer = await ask('analyst', 'POST', `/${COUNT}/exceptions`, exception());
    expect(answer.statusCode).toBe(400);
    expect(answer.json<{ detail: string }>().detail).toContain('Other rules count the same events');
  });

  it('that would have hidden a true positive, unless that is confirmed', async () => {
    await bench.events.append(batchOf([sshFailure(0, '198.51.100.9'), sshFailure(1, '198.51.100.10')]));
    const range = { from: '2000-01-01T00:00:00.000Z', to: '2100-01-01T00:00:00.000Z' };
    const { events } = await bench.events.as(SYSTEM).search({ range, condition: { kind: 'always' }, limit: 10 });
    expect(events).toHaveLength(2);
    const updatedAt = new Date().toISOString();
    await bench.addAlert('true-1', { rule: ID, events: events.map(({ id }) => id), count: 2, updatedAt });
    const [alert] = (await bench.records.as(SYSTEM).find('alert', { limit: 10 })).records;
    if (!alert) throw new Error('The alert is stored.');
    const judged = { ...alert.document, status: 'closed' as const, verdict: 'true_positive' as const };
    await bench.records.as(SYSTEM).replace('alert', alert.id, judged, alert.version);

    const kql = 'source.ip: 198.51.100.9';
    const preview = await ask('analyst', 'POST', `/${ID}/exceptions/preview`, { kql, agency: null });
    expect(preview.json()).toEqual({
      alerts: 1,
      alertsHidden: 0,
      events: 2,
      eventsHidden: 1,
      truePositives: ['true-1'],
      complete: true,
    });
    const refused = await ask('analyst', 'POST', `/${ID}/exceptions`, exception({ kql }));
    expect(refused.statusCode).toBe(409);
    expect(refused.json()).toMatchObject({ code: 'HD_RULE_TRUE_POSITIVE' });
    const confirmed = await ask('analyst', 'POST', `/${ID}/exceptions`, exception({ kql, override: true }));
    expect(confirmed.statusCode).toBe(201);
    const { records } = await bench.records.as(SYSTEM).find('audit', { limit: 100 });
    const acts = records.map(({ document }) => document).filter(({ act }) => act === 'rule.exception');
    const detail = expect.objectContaining({ truePositives: ['true-1'] });
    expect(acts).toContainEqual(expect.objectContaining({ actor: 'lan', target: ID, detail }));
  });
});

describe('a rule of the console', () => {
  it('is refused with the reason where it is not right', async () => {
    const put = async (yaml: string) =>
      (await ask('admin', 'PUT', `/${ID}`, { yaml })).json<{ code: string; detail: string }>();
    expect(
      await put(TEXT.replace('event.outcome: failure}\n  condition', 'event.outcome|nope: x}\n  condition')),
    ).toMatchObject({
      code: 'HD_RULE_INVALID',
      detail: expect.stringContaining('Line 9'),
    });
    expect((await put(TEXT.replace(ID, COUNT))).code).toBe('HD_RULE_INVALID');
    expect((await put(TEXT.slice(0, TEXT.indexOf('haidang:')))).detail).toContain('no sample');
    expect(
      (await put(TEXT.replace('event.outcome: failure}\n  condition', 'event.outcome: success}\n  condition'))).detail,
    ).toContain('Sample 1 of match');
  });

  it('is checked without being saved', async () => {
    const checked = (await ask('admin', 'POST', '/check', { yaml: TEXT })).json<CheckAnswer>();
    expect(checked).toMatchObject({ id: ID, problems: [], samples: 1, failed: [] });
    expect(await bench.records.as(SYSTEM).get('rule', ID)).toBeUndefined();
  });

  it('is not switched off while another rule counts its matches', async () => {
    const answer = await ask('admin', 'POST', `/${ID}/decision`, { enabled: false, reason: 'too loud' });
    expect(answer.statusCode).toBe(400);
    expect(answer.json<{ detail: string }>().detail).toContain(COUNT);
    const off = await ask('admin', 'POST', `/${COUNT}/decision`, { enabled: false, reason: 'too loud' });
    expect(off.json()).toMatchObject({ enabled: false, updatedBy: 'hoa', reason: 'too loud' });
    const list = (await ask('viewer', 'GET', '')).json<RuleList>();
    expect(list.rules.map(({ id, enabled, version }) => [id, enabled, version === null])).toEqual([
      [ID, true, false],
      [COUNT, false, true],
    ]);
  });
});
