import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRules } from '../../../rules/sigma/parse.ts';
import type { AlertRow } from '../../../server/alerts/schema.ts';
import type { Detection } from '../../../server/detection/detection.ts';
import type { AgencyId } from '../../../server/identity.ts';
import type { LiveMessage } from '../../../server/realtime/schema.ts';
import { type Bench, HOST, openBench } from '../api/harness.ts';
import { startAnyDetection } from '../detection/any-detection.ts';
import { batchOf, type Parsed, sshFailure } from '../store/frames.ts';

/** Everything of agency two carries this word: an answer to agency one that holds it is a leak. */
const SECRET = 'mat-cua-hai';
const RULES = `
title: A failed SSH login
name: failed
logsource: {product: linux, service: sshd}
detection: {s: {event.action: ssh_login, event.outcome: failure}, condition: s}
---
title: One address tries the whole province
id: province-wide
level: high
correlation:
  type: event_count
  rules: [failed]
  group-by: [source.ip]
  timespan: 5m
  condition: {gte: 9}
haidang:
  scope: province
  group_by: [source.ip]
  sentence: {en: "{source.ip} failed {count} logins as {user.name} on {host.name}"}
`;
const ATTACKER = '203.0.113.7';

let bench: Bench;
let detection: Detection;
let one = '';
let all = '';
let next = 1;

/** Failures at an agency, `from` seconds after 08:00. */
async function store(agency: string, count: number, from: number, detected = detection): Promise<void> {
  const events = Array.from({ length: count }, (_, at): Parsed => {
    const event = sshFailure(0, ATTACKER, `user-${agency}`);
    const time = new Date(Date.UTC(2026, 10, 20, 8) + (from + at) * 1000).toISOString();
    const original = `failure of ${agency} ${from + at}`;
    return { ...event, '@timestamp': time, host: { name: `host-${agency}` }, event: { ...event.event, original } };
  });
  const collector = agency === SECRET ? 'c2bbbbbb' : 'c1aaaaaa';
  const stored = await bench.events.append(batchOf(events, { first: next, collector, agency: agency as AgencyId }));
  next += count;
  if (stored.appended) detected.offer(stored.appended);
  const last = await bench.events.lastSequence();
  while (detected.state().cursor < last) await new Promise((resolve) => setTimeout(resolve, 5));
}

const start = () =>
  startAnyDetection({
    events: bench.events,
    records: bench.records,
    rules: parseRules(RULES, 'rules.yml'),
    log: pino({ level: 'silent' }),
    onAlertsChanged: () => undefined,
  });

beforeAll(async () => {
  const { rules } = parseRules(RULES, 'rules.yml');
  bench = await openBench({ rules });
  await bench.addAgency('one');
  await bench.addAgency(SECRET);
  detection = await start();
  // Four and three cross the threshold only with what the other agency saw, and after a restart.
  await store('one', 4, 0);
  await store(SECRET, 3, 10);
  await detection.stop();
  detection = await start();
  await store('one', 2, 20);
  await store(SECRET, 30, 30);
  one = await bench.signIn({ user: 'mot', agencies: ['one'] });
  all = await bench.signIn({ user: 'tinh' });
});
afterAll(async () => {
  await detection.stop();
  await bench.close();
});

const headers = (cookie: string) => ({ host: HOST, origin: `http://${HOST}`, cookie });
const ask = async (cookie: string, url: string) => {
  const answer = await bench.app.inject({ url, headers: headers(cookie) });
  expect(answer.statusCode, url).toBe(200);
  return answer.json();
};
const alertsOf = async (cookie: string): Promise<AlertRow[]> => (await ask(cookie, '/api/v1/alerts')).alerts;

describe('an alert of the province', () => {
  it('is one for who sees all, with the agencies and what is of each', async () => {
    const list = await ask(all, '/api/v1/alerts');
    expect(list).toMatchObject({ total: 1, next: null });
    expect(list.alerts).toMatchObject([
      {
        agency: '*',
        agencyName: `Agency ${SECRET} · Agency one`,
        scope: 'province',
        count: 39,
        agencies: [
          { agency: SECRET, name: `Agency ${SECRET}`, count: 33 },
          { agency: 'one', name: 'Agency one', count: 6 },
        ],
        first: '2026-11-20T08:00:00.000Z',
        last: '2026-11-20T08:00:59.000Z',
        group: { 'source.ip': ATTACKER },
      },
    ]);
    expect(await ask(all, '/api/v1/overview')).toMatchObject({ openAlerts: { new: 1 } });
    const [{ id }] = list.alerts;
    const detail = await ask(all, `/api/v1/alerts/${id}`);
    expect(detail.sentence.en).toBe(`${ATTACKER} failed 39 logins as user-one +1 on host-one +1`);
    expect((await ask(all, `/api/v1/alerts/${id}/events`)).total).toBe(39);
  });

  it('is for an agency its own events, entities and counts', async () => {
    const list = await ask(one, '/api/v1/alerts');
    expect(list).toMatchObject({ total: 1, next: null });
    expect(list.alerts).toMatchObject([
      {
        agency: 'one',
        agencyName: 'Agency one',
        scope: 'province',
        count: 6,
        first: '2026-11-20T08:00:00.000Z',
        last: '2026-11-20T08:00:21.000Z',
        entities: { 'user.name': { values: ['user-one'], total: 1 }, 'host.name': { values: ['host-one'], total: 1 } },
      },
    ]);
    expect(list.alerts[0]).not.toHaveProperty('agencies');
    const [{ id }] = list.alerts;
    expect((await ask(one, `/api/v1/alerts/${id}`)).sentence.en).toBe(
      `${ATTACKER} failed 6 logins as user-one on host-one`,
    );
    const events = await ask(one, `/api/v1/alerts/${id}/events`);
    expect(events).toMatchObject({ total: 6, gone: 0 });
    expect(events.events).toHaveLength(6);
    expect(await ask(one, '/api/v1/overview')).toMatchObject({ openAlerts: { new: 1 } });
  });

  it('gives an agency nothing of another on any route, by whatever id', async () => {
    const { paths } = (await bench.app.inject({ url: '/openapi.json', headers: { host: HOST } })).json();
    const ids = [...(await alertsOf(all)), ...(await alertsOf(one))].map(({ id }) => id);
    const parts = await bench.records
      .as({ kind: 'system', name: 'test', role: 'administrator', agencies: 'all' })
      .find('alert');
    const every = [...new Set([...ids, ...parts.records.map(({ id }) => id)])];
    expect(every).toHaveLength(3);
    const urls = Object.entries(paths as Record<string, { get?: unknown }>)
      .filter(([path, { get }]) => get !== undefined && !['/api/v1/live', '/metrics', '/openapi.json'].includes(path))
      .flatMap(([path]) => (path.includes('{id}') ? every.map((id) => path.replace('{id}', id)) : [path]));
    expect(urls.length).toBeGreaterThan(20);
    for (const path of urls) {
      for (const url of [path, `${path}?agency=*&kql=${ATTACKER}&from=2026-11-20&rule=province-wide&field=host.name`]) {
        const answer = await bench.app.inject({ url, headers: headers(one) });
        expect(answer.statusCode, url).toBeLessThan(500);
        expect(answer.payload, url).not.toContain(SECRET);
      }
    }
    const whole = (await alertsOf(all))[0]?.id;
    for (const url of [`/api/v1/alerts/${whole}`, `/api/v1/alerts/${whole}/events`]) {
      expect((await bench.app.inject({ url, headers: headers(one) })).statusCode).toBe(404);
    }
  });

  it('is sent live to each as it may see it', async () => {
    const host = new URL(await bench.app.listen({ host: '127.0.0.1', port: 0 })).host;
    const connect = (cookie: string) => {
      const socket = new (WebSocket as unknown as new (url: string, options: object) => WebSocket)(
        `ws://${host}/api/v1/live?since=0`,
        { headers: { cookie, origin: `http://${host}` } },
      );
      const texts: string[] = [];
      const got = new Promise<void>((done) =>
        socket.addEventListener('message', ({ data }) => {
          texts.push(String(data));
          if ((JSON.parse(String(data)) as LiveMessage).type === 'alert') done();
        }),
      );
      return { socket, texts, got };
    };
    const [mine, whole] = [connect(one), connect(all)];
    await Promise.all([mine.got, whole.got]);
    const alerts = (texts: readonly string[]) =>
      texts.map((text) => JSON.parse(text) as LiveMessage).flatMap((one) => (one.type === 'alert' ? [one.alert] : []));
    expect(alerts(mine.texts).map(({ agency, count }) => [agency, count])).toEqual([['one', 6]]);
    expect(mine.texts.join()).not.toContain(SECRET);
    expect(alerts(whole.texts).map(({ agency, count }) => [agency, count])).toEqual([['*', 39]]);
    mine.socket.close();
    whole.socket.close();
  });

  it('is worked on by the province and by the agency apart from each other', async () => {
    const [mine] = await alertsOf(one);
    const act = await bench.app.inject({
      method: 'POST',
      url: '/api/v1/alerts/changes',
      headers: headers(one),
      payload: { alerts: [{ id: mine?.id, version: mine?.version }], status: 'in_progress', note: 'đang xem' },
    });
    expect(act.statusCode).toBe(200);
    expect(await alertsOf(one)).toMatchObject([{ status: 'in_progress' }]);
    const [whole] = await alertsOf(all);
    expect(whole).toMatchObject({ status: 'new', count: 39 });
    const other = await bench.app.inject({
      method: 'POST',
      url: '/api/v1/alerts/changes',
      headers: headers(one),
      payload: { alerts: [{ id: whole?.id, version: whole?.version }], note: 'x' },
    });
    expect(other.statusCode).toBe(404);
    // And it goes on, over another restart.
    await detection.stop();
    detection = await start();
    await store('one', 1, 70);
    expect(await alertsOf(one)).toMatchObject([{ count: 7, status: 'in_progress' }]);
    expect(await alertsOf(all)).toMatchObject([{ count: 40, status: 'new', agencies: [{ count: 33 }, { count: 7 }] }]);
  });
});

it('refuses another scope where it is written', () => {
  const { problems } = parseRules(RULES.replace('scope: province', 'scope: country'), 'rules.yml');
  expect(problems).toMatchObject([{ code: 'HD_RULE_EXTENSION', line: 17, column: 10 }]);
});
