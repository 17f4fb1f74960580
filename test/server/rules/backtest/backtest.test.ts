import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backtest, BacktestList } from '../../../../server/rules/backtest/schema.ts';
import type { RuleList } from '../../../../server/rules/schema.ts';
import { type Bench, HOST, openBench } from '../../api/harness.ts';
import { AGENCY_A, AGENCY_B, batchOf, COLLECTOR, sshFailure } from '../../store/frames.ts';

const SINGLE = '5c1e1e5a-7c53-4f67-9d70-2b9d61f50001';
const MANY = '5c1e1e5a-7c53-4f67-9d70-2b9d61f50002';
const DRAFT = '5c1e1e5a-7c53-4f67-9d70-2b9d61f50003';
const text = (id: string, outcome = 'failure', ip = '198.51.100.9') => `title: A login
id: ${id}
status: test
level: medium
logsource: {product: linux, service: sshd}
detection:
  selection: {event.outcome: ${outcome}, source.ip: ${ip}}
  condition: selection
haidang:
  group_by: [source.ip]
  gap: 1h
  samples:
    match:
      - {event.module: system, process.name: sshd, event.outcome: ${outcome}, source.ip: ${ip}}
`;
const CORRELATION = `title: Many
id: ${MANY}
status: test
level: high
correlation: {type: event_count, rules: [${SINGLE}], group-by: [source.ip], timespan: 1m, condition: {gte: 3}, generate: true}
`;
const BASE = '5c1e1e5a-7c53-4f67-9d70-2b9d61f50015';
const WIDE = '5c1e1e5a-7c53-4f67-9d70-2b9d61f50016';
const WIDE_IP = '203.0.113.77';
/** Four from one address, two of them at each of two agencies. */
const wide = (scope: 'agency' | 'province') => `title: Wide
id: ${WIDE}
status: test
level: high
correlation: {type: event_count, rules: [${BASE}], group-by: [source.ip], timespan: 1m, condition: {gte: 4}}
haidang: {scope: ${scope}, group_by: [source.ip]}
`;
const DAY_MS = 86_400_000;
const now = Date.now();

let bench: Bench;
const cookies: Record<string, string> = {};
const ask = (who: string, method: 'GET' | 'POST' | 'PUT', path: string, payload?: object) =>
  bench.app.inject({
    method,
    url: `/api/v1/rules${path}`,
    headers: { host: HOST, origin: `http://${HOST}`, cookie: cookies[who] ?? '' },
    ...(payload ? { payload } : {}),
  });
const settled = async (): Promise<Backtest> => {
  for (;;) {
    const job = (await ask('admin', 'GET', '/backtests/current')).json<Backtest>();
    if (job.state !== 'running') return job;
    await new Promise((done) => setTimeout(done, 100));
  }
};
const run = async (part: object, who = 'admin'): Promise<Backtest> => {
  const begun = await ask(who, 'POST', '/backtests', { rule: SINGLE, days: 2, agency: null, ...part });
  expect(begun.statusCode).toBe(202);
  return settled();
};
const stageOf = async (id: string) =>
  (await ask('admin', 'GET', '')).json<RuleList>().rules.find((rule) => rule.id === id)?.stage;

/** Failed logins so many milliseconds ago, a second apart, as they arrived then. */
const logins = async (ago: number, count: number, agency = AGENCY_A, ip = '198.51.100.9') => {
  const at = now - ago;
  const events = Array.from({ length: count }, (_, index) => ({
    ...sshFailure(index, ip),
    '@timestamp': new Date(at + index * 1_000).toISOString(),
  }));
  const receivedAt = new Date(at + count * 1_000).toISOString();
  const day = receivedAt.slice(0, 10).replaceAll('-', '');
  first += count;
  await bench.events.append(batchOf(events, { agency, receivedAt, day, collector: COLLECTOR, first: first - count }));
};
let first = 1;

beforeAll(async () => {
  bench = await openBench();
  await bench.addAgency(AGENCY_A);
  await bench.addAgency(AGENCY_B);
  cookies['admin'] = await bench.signIn({ user: 'hoa', role: 'administrator' });
  cookies['analyst'] = await bench.signIn({ user: 'lan' });
  cookies['viewer'] = await bench.signIn({ user: 'xem', role: 'viewer' });
  await mkdir(join(bench.folder, 'rules', 'drafts'), { recursive: true });
  await writeFile(join(bench.folder, 'rules', 'own.yml'), `${text(SINGLE)}---\n${CORRELATION}`);
  const base = text(BASE, 'failure', WIDE_IP);
  await writeFile(join(bench.folder, 'rules', 'wide.yml'), `${base}---\n${wide('province')}`);
  await writeFile(join(bench.folder, 'rules', 'drafts', 'draft.yml'), text(DRAFT));
  await ask('admin', 'POST', '/reload');
  await logins(5 * DAY_MS, 40);
  await logins(DAY_MS + 600_000, 4);
  await logins(600_000, 2, AGENCY_B);
  await logins(500_000, 5, AGENCY_A, '203.0.113.9');
});
afterAll(() => bench.close());

describe('a backtest', () => {
  it('is for analysts who see all agencies, and for rules and agencies that are there', async () => {
    const body = { rule: SINGLE, days: 2, agency: null };
    expect((await ask('viewer', 'POST', '/backtests', body)).statusCode).toBe(403);
    expect((await ask('analyst', 'POST', '/backtests', { ...body, rule: 'none' })).statusCode).toBe(404);
    expect((await ask('analyst', 'POST', '/backtests', { ...body, agency: 'none' })).statusCode).toBe(400);
    expect((await ask('analyst', 'POST', '/backtests', { ...body, yaml: 'title: [' })).statusCode).toBe(400);
  });

  it('counts matches and alerts of the days asked for, by day and agency, with samples', async () => {
    const { state, result, progress } = await run({}, 'analyst');
    expect(state).toBe('done');
    expect(progress).toEqual({ done: 11, total: 11 });
    expect(result).toMatchObject({ evaluated: 11, events: 6, alerts: 2, failed: 0, approximate: false, hidden: [] });
    expect(result?.days).toMatchObject([
      { agency: AGENCY_A, events: 4, alerts: 1 },
      { agency: AGENCY_B, events: 2, alerts: 1 },
    ]);
    expect(result?.samples.map(({ agency }) => agency).sort()).toEqual([
      AGENCY_A,
      AGENCY_A,
      AGENCY_A,
      AGENCY_B,
      AGENCY_B,
    ]);
    expect(result?.samples[0]?.text).toContain('Failed password');
    const older = await run({ days: 10 });
    expect(older.result).toMatchObject({ evaluated: 51, events: 46, alerts: 3 });
    expect((await run({ days: 10, agency: AGENCY_B })).result).toMatchObject({ evaluated: 2, events: 2, alerts: 1 });
    const { backtests } = (await ask('viewer', 'GET', `/${SINGLE}/backtests`)).json<BacktestList>();
    expect(backtests.map(({ days, agency }) => [days, agency])).toEqual([
      [10, AGENCY_B],
      [10, null],
      [2, null],
    ]);
  });

  it('of a correlation gives its alerts, and of a text that is not saved what that would give', async () => {
    expect((await run({ rule: MANY, days: 10 })).result).toMatchObject({ events: 46, alerts: 2 });
    const narrower = await run({ yaml: text(SINGLE, 'failure', '203.0.113.9') });
    expect(narrower.result).toMatchObject({ events: 5, alerts: 1 });
  });

  it('says what the exceptions of the rule would have hidden', async () => {
    const expires = new Date(now + DAY_MS).toISOString();
    const exception = { kql: `organization.id: ${AGENCY_B}`, agency: null, reason: 'our scanner', expires };
    expect((await ask('analyst', 'POST', `/${SINGLE}/exceptions`, exception)).statusCode).toBe(201);
    const { result } = await run({});
    expect(result).toMatchObject({ events: 6, hidden: [{ kql: exception.kql, events: 2 }] });
  });

  it('is one at a time, and ends when it is cancelled', async () => {
    const body = { rule: SINGLE, days: 10, agency: null };
    const seen = new Set<string>();
    // So few events may be done before the next request comes: then it is tried again.
    for (let tries = 0; tries < 50 && !(seen.has('HD_TOO_MANY') && seen.has('cancelled')); tries++) {
      expect((await ask('admin', 'POST', '/backtests', body)).statusCode).toBe(202);
      const [second, cancelled] = await Promise.all([
        ask('admin', 'POST', '/backtests', body),
        ask('admin', 'POST', '/backtests/current/cancel'),
      ]);
      seen.add(second.json<{ code?: string }>().code ?? '');
      seen.add(cancelled.json<Backtest>().state);
      await settled();
    }
    expect([...seen]).toEqual(expect.arrayContaining(['HD_TOO_MANY', 'cancelled']));
    expect((await run({})).state).toBe('done');
  });
});

describe('a rule', () => {
  const decide = (part: object) =>
    ask('admin', 'POST', `/${DRAFT}/decision`, { enabled: true, reason: 'needed', ...part });

  it('goes from draft to tested to enabled to disabled, and is enabled untested only with a word for it', async () => {
    expect(await stageOf(DRAFT)).toBe('draft');
    expect((await decide({})).json()).toMatchObject({ code: 'HD_RULE_UNTESTED' });
    // Of one agency alone it is not enough.
    await run({ rule: DRAFT, agency: AGENCY_A });
    expect(await stageOf(DRAFT)).toBe('draft');
    await run({ rule: DRAFT });
    expect(await stageOf(DRAFT)).toBe('tested');
    expect((await decide({})).statusCode).toBe(200);
    expect(await stageOf(DRAFT)).toBe('enabled');
    expect((await decide({ enabled: false })).statusCode).toBe(200);
    expect(await stageOf(DRAFT)).toBe('disabled');
  });

  it('of another wording is tested anew, unless that was in force before', async () => {
    const put = (yaml: string, part: object = {}) => ask('admin', 'PUT', `/${SINGLE}`, { yaml, ...part });
    const other = text(SINGLE, 'success');
    expect((await put(other)).json()).toMatchObject({ code: 'HD_RULE_UNTESTED' });
    expect((await put(other, { untested: 'no' })).statusCode).toBe(400);
    await run({ yaml: other });
    expect((await put(other)).statusCode).toBe(200);
    expect((await put(text(SINGLE, 'unknown'), { untested: 'an attack is under way' })).statusCode).toBe(200);
    expect((await put(text(SINGLE))).statusCode).toBe(200);
  });

  it('that never had a sample comes back as it was, but in no other wording', async () => {
    const id = '5c1e1e5a-7c53-4f67-9d70-2b9d61f50005';
    const bare = text(id).replace(/haidang:[\s\S]*/, '');
    await writeFile(join(bench.folder, 'rules', 'bare.yml'), bare);
    await ask('admin', 'POST', '/reload');
    expect(await stageOf(id)).toBe('enabled');
    const put = (yaml: string) => ask('admin', 'PUT', `/${id}`, { yaml, untested: 'an attack is under way' });
    expect((await put(text(id, 'success'))).statusCode).toBe(200);
    expect((await put(bare)).statusCode).toBe(200);
    expect((await put(bare.replace('medium', 'low'))).json()).toMatchObject({ code: 'HD_RULE_INVALID' });
  });

  it('is saved as a draft before it is ever in force', async () => {
    const id = '5c1e1e5a-7c53-4f67-9d70-2b9d61f50004';
    expect((await ask('admin', 'PUT', `/${id}`, { yaml: text(id), draft: true })).statusCode).toBe(200);
    expect(await stageOf(id)).toBe('draft');
    expect((await ask('admin', 'PUT', `/${SINGLE}`, { yaml: text(SINGLE), draft: true })).statusCode).toBe(400);
    const enable = { enabled: true, untested: true, reason: 'an attack is under way' };
    expect((await ask('admin', 'POST', `/${id}/decision`, enable)).statusCode).toBe(200);
    expect(await stageOf(id)).toBe('enabled');
  });
});

describe('a backtest of a rule of the province', () => {
  beforeAll(async () => {
    await logins(400_000, 2, AGENCY_A, WIDE_IP);
    await logins(400_000, 2, AGENCY_B, WIDE_IP);
  });

  it('counts what agencies have in common as one alert of the province, and each one’s events as its own', async () => {
    const { state, result } = await run({ rule: WIDE, days: 1 });
    expect(state).toBe('done');
    expect(result).toMatchObject({ events: 4, alerts: 1 });
    const of = (agency: string) => result?.days.filter((day) => day.agency === agency);
    expect(of(AGENCY_A)).toMatchObject([{ events: 2, alerts: 1 }]);
    expect(of(AGENCY_B)).toMatchObject([{ events: 2, alerts: 1 }]);
    expect(result?.days).toHaveLength(2);
  });

  it('gives none of it where the same rule looks at each agency by itself, or only one is looked at', async () => {
    const narrow = await run({ rule: WIDE, days: 1, yaml: wide('agency') });
    expect(narrow.result).toMatchObject({ events: 4, alerts: 0 });
    expect((await run({ rule: WIDE, days: 1, agency: AGENCY_B })).result).toMatchObject({ events: 2, alerts: 0 });
  });
});
