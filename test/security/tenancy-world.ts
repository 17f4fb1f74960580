import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { parseRules } from '../../rules/sigma/parse.ts';
import { openAccounts } from '../../server/accounts/accounts.ts';
import { PROVINCIAL_ROLES, permissionsOf } from '../../server/accounts/permissions.ts';
import { openAgencyBook } from '../../server/agencies/names.ts';
import { loadConfig, type ServerConfig } from '../../server/config.ts';
import { type AgencyId, type CollectorId, type Role, SYSTEM } from '../../server/identity.ts';
import { createLog } from '../../server/log.ts';
import { type RunningServer, startServer } from '../../server/main.ts';
import { openEmbeddedStore } from '../../server/store/embedded/open.ts';
import type { EventStore } from '../../server/store/event-store.ts';
import type { RecordStore } from '../../server/store/record-store.ts';
import { storeEvents } from '../server/search/events.ts';
import { type Parsed, sshFailure } from '../server/store/frames.ts';

/**
 * Agencies of the world. Everything of one carries its id, and none of these ids is part of another word: an answer that holds the
 * id of an agency that the asker may not see is a leak.
 */
export const PARENT = 'cha-kin-dao';
export const OWN = 'minh-day-thoi';
export const CHILD = 'con-trong-nha';
export const OTHER = 'hai-kin-dao';
const PLACES = { [PARENT]: null, [OWN]: PARENT, [CHILD]: OWN, [OTHER]: PARENT } as const;

/** Events of each; a prime that no answer has by chance tells whose events were counted. */
export const EVENTS = { [PARENT]: 5, [OWN]: 4, [CHILD]: 3, [OTHER]: 1_997 } as const;

/** Passes an agency's own threshold, and the province's together with the others. */
const RULES = `
title: A failed SSH login
id: mot-lan-sai
level: low
logsource: {product: linux, service: sshd}
detection: {s: {event.action: ssh_login, event.outcome: failure}, condition: s}
haidang:
  group_by: [host.name]
---
title: A failed SSH login that is only counted
name: failed
logsource: {product: linux, service: sshd}
detection: {s: {event.action: ssh_login, event.outcome: failure}, condition: s}
---
title: One address tries the whole province
id: ca-tinh
level: high
correlation:
  type: event_count
  rules: [failed]
  group-by: [source.ip]
  timespan: 1h
  condition: {gte: 20}
haidang:
  scope: province
  group_by: [source.ip]
  sentence: {en: "{source.ip} failed {count} logins as {user.name} on {host.name}"}
`;
const RAISED = ['mot-lan-sai', 'ca-tinh'];
const ATTACKER = '203.0.113.7';
const PASSWORD = 'ngọn đèn biển 2026';

/** Who asks, by the header that says so. */
export type Headers = Readonly<Record<string, string>>;

/** A running server of a province with some of everything in each agency. */
export interface TenancyWorld {
  readonly url: string;
  /** An administrator of the whole province. */
  readonly province: Headers;
  /** A session of an account bound to an agency, or with `*` of all. */
  session(role: Role, agency?: string): Headers;
  /** A token of an administrator of all that is bound to `OWN` and has every permission. */
  readonly token: Headers;
  /** Tokens of the same, each with a part of the permissions and bound to no agency; together they have all. */
  readonly scoped: readonly { readonly permissions: readonly string[]; readonly who: Headers }[];
  stop(): Promise<void>;
}

/** Roles that exist for single agencies. */
export const BOUND: readonly Role[] = ['agency-officer', 'viewer', 'analyst', 'lead', 'rule-author', 'administrator'];

/** Lays people, machines, events and records into a folder, starts the server over it, and waits until its alerts are raised. */
export async function startTenancyWorld(): Promise<TenancyWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'haidang-tenancy-'));
  const settings = { HAIDANG_DATA: join(folder, 'data'), HAIDANG_PORT: '0', HAIDANG_INGEST_PORT: '0' };
  const loaded = await loadConfig(undefined, settings);
  const config: ServerConfig = {
    ...loaded,
    logLevel: 'silent',
    requestsPerMinute: 1_000_000,
    sharing: {
      ...loaded.sharing,
      recipients: [
        { id: 'trung-uong', name: 'TW', tlp: 'amber+strict', channel: { kind: 'archive', folder: undefined } },
      ],
    },
  };
  let server: RunningServer | undefined;
  try {
    const people = await layOut(config.data);
    server = await startServer(config, createLog('silent'), Promise.resolve(parseRules(RULES, 'rules.yml')));
    const running = server;
    const world: TenancyWorld = {
      url: running.address,
      province: as(people.sessions.get('tinh')),
      session: (role, agency = OWN) => as(people.sessions.get(`${role}.${agency}`)),
      token: bearer(people.token),
      scoped: people.scoped.map(({ permissions, token }) => ({ permissions, who: bearer(token) })),
      async stop() {
        await running.stop();
        await rm(folder, { recursive: true, force: true });
      },
    };
    await fill(world);
    return world;
  } catch (error) {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });
const as = (cookie: string | undefined): Headers => ({ cookie: cookie ?? 'nobody' });

interface People {
  readonly sessions: ReadonlyMap<string, string>;
  readonly token: string;
  readonly scoped: readonly { readonly permissions: readonly string[]; readonly token: string }[];
}

async function layOut(data: string): Promise<People> {
  const log = pino({ level: 'silent' });
  const { events, records } = await openEmbeddedStore({ folder: join(data, 'store'), log });
  try {
    const view = records.as(SYSTEM);
    const createdAt = new Date().toISOString();
    for (const [id, parent] of Object.entries(PLACES)) {
      const contact = { person: `Người ${id}`, phone: '0', email: `ai@${id}.example.vn`, address: `Phố ${id}` };
      const above = parent === null ? {} : { parent: parent as AgencyId };
      const named = { name: `Cơ quan ${id}`, contact, securityLevel: 3, createdAt };
      await view.create('agency', id, { ...named, ...above, networks: [], sources: [`file:/${id}*`] });
    }
    let place = 0;
    for (const [agency, count] of Object.entries(EVENTS)) await machineOf(agency, count, place++, { events, records });
    return await peopleOf(data, records);
  } finally {
    await events.close();
    await records.close();
  }
}

/** A collector, what it sent, and what went wrong with it. */
async function machineOf(
  agency: string,
  count: number,
  place: number,
  { events, records }: { readonly events: EventStore; readonly records: RecordStore },
): Promise<void> {
  const view = records.as(SYSTEM);
  const collector = `c${place}aaaaaa` as CollectorId;
  const of = agency as AgencyId;
  const sent = Array.from({ length: count }, (_, at): Parsed => {
    // The last line is one that no parser understood; the field of the one before is found by its name alone.
    const failure = sshFailure(0, ATTACKER, `user-${agency}`);
    const original = `failure ${at} of ${agency}`;
    const extra = at === count - 2 ? { labels: { [agency]: agency } } : {};
    const event = at === count - 1 ? { original, kind: 'pipeline_error' } : { ...failure.event, original };
    return { ...failure, ...extra, message: original, host: { name: `host-${agency}` }, event };
  });
  await storeEvents(events, sent, { agency, collector });
  const source = `file:/${agency}.log`;
  await view.create('collector', collector, {
    agency: of,
    name: `collector of ${agency}`,
    fingerprint: collector,
    notAfter: '2100-01-01T00:00:00.000Z',
    revoked: false,
    createdAt: '2026-01-01T00:00:00.000Z',
    lastSeenAt: null,
    status: null,
    counters: [{ source, read: count + 1, spooled: count + 1, dropped: {}, unparsed: 1 }],
  });
  const at = new Date().toISOString();
  await view.create('dead-letter', `dead-${place}`, {
    agency: of,
    collector,
    at,
    source,
    reason: 'json',
    line: agency,
  });
  const lost = { source, events: 2, from: at, to: at };
  await view.create('gap', `gap-${place}`, { agency: of, collector, reason: 'restore', at, sources: [lost] });
}

async function peopleOf(data: string, records: RecordStore): Promise<People> {
  const accounts = openAccounts({ records, agencies: openAgencyBook(records), folder: data });
  const view = records.as(SYSTEM);
  const first = {
    user: 'tinh',
    displayName: 'Tỉnh',
    role: 'administrator',
    agencies: 'all',
    password: PASSWORD,
  } as const;
  await accounts.users.add(first, 'test');
  const made = await view.get('user', 'tinh');
  if (!made) throw new Error('The first account was not made.');
  const sessions = new Map<string, string>();
  const begin = async (name: string) => {
    sessions.set(name, `haidang_session=${(await accounts.sessions.start(name)).token}`);
  };
  await begin('tinh');
  for (const agency of Object.keys(PLACES)) {
    for (const role of BOUND) {
      const name = `${role}.${agency}`;
      const agencies = [agency as AgencyId];
      // One slow hash serves all: what is tried here is not the hash.
      await view.create('user', name, { ...made.document, name, displayName: `Người ${name}`, role, agencies });
      await begin(name);
      const identity = { kind: 'user', name, role, agencies } as const;
      const permissions = permissionsOf(identity).slice(0, 3);
      await accounts.tokens.create(name, { name: `token ${name}`, permissions, days: 1 }, identity);
    }
  }
  for (const role of PROVINCIAL_ROLES) {
    const name = `${role}.*`;
    await view.create('user', name, { ...made.document, name, displayName: `Người ${name}`, role });
    await begin(name);
  }
  const all = { kind: 'user', name: 'tinh', role: 'administrator', agencies: 'all' } as const;
  const permissions = permissionsOf(all);
  const wanted = { name: 'bound', permissions, agencies: [OWN], days: 1 };
  const { token } = await accounts.tokens.create('tinh', wanted, all);
  const parts = [0, 1].map((part) => permissions.filter((_, at) => at % 2 === part));
  const scoped = await Promise.all(
    parts.map(async (part, at) => {
      const scope = { name: `part ${at}`, permissions: part, days: 1 };
      return { permissions: part, token: (await accounts.tokens.create('tinh', scope, all)).token };
    }),
  );
  return { sessions, token, scoped };
}

/** What people do in each agency, by the API as they do. */
async function fill(world: TenancyWorld): Promise<void> {
  const { province } = world;
  await alertsRaised(world);
  for (const agency of Object.keys(PLACES)) {
    const alerts = (await get(world, province, '/api/v1/alerts?limit=200'))['alerts'] as {
      id: string;
      agency: string;
    }[];
    const own = alerts.filter((alert) => alert.agency === agency).map(({ id }) => id);
    const { incident } = (await send(world, province, 'POST', '/api/v1/incidents', {
      alerts: own,
      title: `Vụ ở ${agency}`,
      summary: `Chuyện của ${agency}`,
      agencies: [agency],
    })) as { incident: { id: string } };
    await send(world, province, 'POST', `/api/v1/incidents/${incident.id}/changes`, {
      comment: `Ghi chú ${agency}`,
      addTask: { title: `Việc của ${agency}`, assignee: null, due: null },
      addSystem: { name: `may-${agency}`, agency, level: 4 },
    });
    const note = `name=${agency}.txt&note=${agency}`;
    await send(
      world,
      province,
      'POST',
      `/api/v1/incidents/${incident.id}/evidence?${note}`,
      Buffer.from(`tệp ${agency}`),
    );
    const due = new Date(Date.now() + 86_400_000).toISOString();
    const asked = { agency, incident: incident.id, subject: `Hỏi ${agency}`, text: `Xin nhật ký của ${agency}`, due };
    const request = await send(world, province, 'POST', '/api/v1/requests', asked);
    const officer = world.session('agency-officer', agency);
    const file = `/api/v1/requests/${idIn(request)}/files?name=${agency}.log`;
    await send(world, officer, 'POST', file, Buffer.from(`trả lời của ${agency}`));
    const asset = { kind: 'host', value: `host-${agency}`, level: 4, name: `Máy ${agency}`, agency };
    await send(world, province, 'POST', '/api/v1/assets', asset);
    const hold = { agency, fromDay: '2026-01-01', toDay: null, reason: `Giữ cho ${agency}` };
    await send(world, province, 'POST', '/api/v1/legal-holds', hold);
    await send(world, province, 'POST', '/api/v1/shifts', {
      kind: 'handover',
      text: `Giao ${agency}`,
      alerts: own,
      to: null,
    });
    const expires = new Date(Date.now() + 86_400_000).toISOString();
    const exception = { kql: `host.name: "khong-${agency}"`, agency, reason: `Bỏ qua ở ${agency}`, expires };
    await send(world, province, 'POST', '/api/v1/rules/mot-lan-sai/exceptions', exception);
    await send(world, province, 'POST', '/api/v1/collectors/tokens', { agency, agencies: [], hours: 1 });
    const search = {
      name: `Tìm ${agency}`,
      kql: `host.name: "host-${agency}"`,
      from: 'now-1h',
      to: 'now',
      by: null,
      shared: true,
    };
    await send(world, world.session('analyst', agency), 'POST', '/api/v1/searches', search);
  }
}

/** The id of what was made, on its own or below its name. */
function idIn(answer: Readonly<Record<string, unknown>>): string {
  const found = /"id":"([^"]+)"/.exec(JSON.stringify(answer))?.[1];
  if (found === undefined) throw new Error(`No id in ${JSON.stringify(answer)}`);
  return found;
}

/** Detection has evaluated everything: every agency has an alert, and the province one of its own. */
async function alertsRaised(world: TenancyWorld): Promise<void> {
  for (const end = Date.now() + 60_000; ; ) {
    const alerts = (await get(world, world.province, '/api/v1/alerts?limit=200'))['alerts'] as {
      rule: string;
      agency: string;
      count: number;
    }[];
    const counts = new Map(
      alerts.filter(({ rule }) => RAISED.includes(rule)).map(({ agency, count }) => [agency, count]),
    );
    const whole = Object.values(EVENTS).reduce((sum, count) => sum + count - 1, 0);
    const isWhole = Object.entries(EVENTS).every(([agency, count]) => counts.get(agency) === count - 1);
    if (isWhole && counts.get('*') === whole) return;
    if (Date.now() > end) throw new Error(`The alerts are not raised: ${JSON.stringify([...counts])}`);
    await new Promise((wait) => setTimeout(wait, 50));
  }
}

/** Asks the server as somebody; gives the answer as it came. */
export function ask(
  { url }: Pick<TenancyWorld, 'url'>,
  who: Headers,
  method: string,
  path: string,
  body?: string | Buffer,
): Promise<Response> {
  const type = Buffer.isBuffer(body) ? 'application/octet-stream' : 'application/json';
  return fetch(`${url}${path}`, {
    method,
    redirect: 'manual',
    headers: { origin: url, ...who, ...(body === undefined ? {} : { 'content-type': type }) },
    ...(body === undefined ? {} : { body: Buffer.isBuffer(body) ? new Uint8Array(body) : body }),
  });
}

async function get(world: TenancyWorld, who: Headers, path: string): Promise<Readonly<Record<string, unknown>>> {
  const answer = await ask(world, who, 'GET', path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Readonly<Record<string, unknown>>;
}

async function send(
  world: TenancyWorld,
  who: Headers,
  method: string,
  path: string,
  body: object,
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await ask(world, who, method, path, Buffer.isBuffer(body) ? body : JSON.stringify(body));
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return text === '' ? {} : (JSON.parse(text) as Readonly<Record<string, unknown>>);
}
