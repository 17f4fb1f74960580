import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Bench, HOST, openBench } from '../server/api/harness.ts';
import { type Operation, operationsOf, type Subject } from './openapi-requests.ts';
import { type Ask, harvest, minus, type Pools, walk } from './tenancy-walk.ts';
import {
  ask,
  BOUND,
  CHILD,
  EVENTS,
  type Headers,
  OTHER,
  OWN,
  PARENT,
  startTenancyWorld,
  type TenancyWorld,
} from './tenancy-world.ts';

let world: TenancyWorld;
let operations: readonly Operation[] = [];
/** Ids that the province sees, and those that `OWN` sees. */
let all: Pools = new Map();
let own: Pools = new Map();
/** Routes that give the province something of `OTHER`: what is hidden elsewhere is really there. */
let telling: ReadonlySet<string> = new Set();

/** Rules are everybody's; what they keep silent about in an agency is not. */
const SHARED: Pools = new Map([['rules', new Set(['mot-lan-sai', 'ca-tinh'])]]);

/** Own account, signing in and first start: about nobody else, and tried by tests of their own. */
const OWN_ACCOUNT = /^\/api\/v1\/(session|sign-in|setup)(\/|$)/;
/** Reads of signing in and first start: they are bounded to few a minute. */
const SIGNING_IN = /^\/api\/v1\/(sign-in|setup)(\/|$)/;
/** Numbers of the whole installation, for whoever watches the machine; no records (docs/asvs.md, 13.4.5). */
const OF_THE_MACHINE = new Set(['/metrics', '/openapi.json']);

const asker =
  (who: Headers): Ask =>
  async (method, path, body) => {
    const answer = await ask(world, who, method, path, body);
    return { status: answer.status, text: await answer.text() };
  };

/** Questions about an agency: in each parameter and property that could lead to what is its own. */
function about(agency: string, pools: Pools): Subject {
  const of = (place: string) => [...(pools.get(place) ?? [])];
  const [alert = 'x', incident = 'x'] = [of('alerts')[0], of('incidents')[0]];
  const agencies = [agency];
  return {
    named: {
      kql: ['*', `host.name: "host-${agency}"`],
      from: ['now-2h'],
      to: ['now'],
      field: ['organization.id', 'host.name', 'labels'],
      by: ['organization.id', 'host.name', 'user.name'],
      fields: ['organization.id,host.name,user.name,message'],
      prefix: ['', agency.slice(0, 3), 'labels'],
      limit: [200],
      full: [true],
      agency: agencies,
      parent: agencies,
      agencies: [agencies],
      alerts: [[alert], [{ id: alert, version: 1 }]],
      alert: [alert],
      incident: [incident],
      incidents: [[incident]],
      into: [incident],
      user: [`analyst.${agency}`],
      owner: [`analyst.${agency}`],
      assignee: [`analyst.${agency}`],
      collector: of('collectors'),
      rule: ['mot-lan-sai', 'ca-tinh'],
      query: [agency],
      q: [agency],
      text: [agency],
    },
    texts: [
      'abcdefghij',
      'ABCDEFGH',
      '2026-11-20',
      new Date().toISOString(),
      '203.0.113.7',
      'a@b.vn',
      '1',
      '',
      'title: x\n',
    ],
  };
}

/** Counts that need the events of an agency that is hidden. */
const NUMBERS = [EVENTS[OTHER], EVENTS[OTHER] - 1, EVENTS[OTHER] + 1].flatMap((count) =>
  [0, EVENTS[OWN], EVENTS[OWN] - 1, EVENTS[OWN] + EVENTS[CHILD], EVENTS[OWN] + EVENTS[CHILD] + EVENTS[PARENT]].map(
    (more) => count + more,
  ),
);

beforeAll(async () => {
  world = await startTenancyWorld();
  operations = operationsOf(JSON.parse((await asker({})('GET', '/openapi.json')).text)).filter(
    ({ path }) => !OF_THE_MACHINE.has(path),
  );
  const found = await harvest(operations, asker(world.province), about(OTHER, new Map()), [OTHER], SHARED);
  all = found.pools;
  telling = found.answered;
  own = (await harvest(operations, asker(world.session('administrator')), about(OWN, new Map()))).pools;
}, 240_000);
afterAll(() => world?.stop());

/** Walks routes as somebody who may not see `OTHER`, nor what is above. */
function walkAs(
  who: Headers,
  chosen: readonly Operation[],
  hidden: readonly string[] = [OTHER, PARENT],
  ghosts = true,
) {
  const foreign = minus(all, own);
  return walk(chosen, {
    ask: asker(who),
    subject: about(OTHER, foreign),
    forbidden: { words: hidden, numbers: hidden.includes(OTHER) ? NUMBERS : [] },
    foreign,
    shared: SHARED,
    fallback: [OTHER, ...[...(foreign.get('incidents') ?? [])].slice(0, 1)],
    ghosts,
  });
}
const reads = () => operations.filter(({ method, path }) => method === 'GET' && !SIGNING_IN.test(path));
const changes = () => operations.filter(({ method, path }) => method !== 'GET' && !OWN_ACCOUNT.test(path));

describe('every route of the running server', () => {
  it('is walked: what is hidden from others is there for the province', () => {
    expect(operations.length).toBeGreaterThan(110);
    for (const path of [
      '/api/v1/agencies',
      '/api/v1/alerts',
      '/api/v1/alerts/{id}',
      '/api/v1/alerts/{id}/events',
      '/api/v1/assets',
      '/api/v1/audit',
      '/api/v1/collectors',
      '/api/v1/events',
      '/api/v1/events/export',
      '/api/v1/events/fields',
      '/api/v1/events/histogram',
      '/api/v1/events/suggest',
      '/api/v1/events/values',
      '/api/v1/events/{id}',
      '/api/v1/incidents',
      '/api/v1/incidents/{id}',
      '/api/v1/incidents/{id}/evidence/{evidence}',
      '/api/v1/ledger',
      '/api/v1/legal-holds',
      '/api/v1/parsers/not-understood',
      '/api/v1/requests',
      '/api/v1/requests/{id}',
      '/api/v1/requests/{id}/files/{file}',
      '/api/v1/rules/{id}',
      '/api/v1/searches',
      '/api/v1/sessions',
      '/api/v1/shifts',
      '/api/v1/tokens',
      '/api/v1/users',
    ])
      expect([...telling], path).toContain(path);
  });

  it.each(['agency-officer', 'viewer'] as const)(
    'tells a %s of one agency nothing of another or of what is above',
    async (role) => {
      expect(await walkAs(world.session(role), reads())).toEqual([]);
    },
  );

  it('tells a token that is bound to one agency nothing of another, though its owner sees all', async () => {
    expect(await walkAs(world.token, reads())).toEqual([]);
  });

  it('tells a commune nothing of its district, of the department, and of those beside', async () => {
    expect(await walkAs(world.session('agency-officer', CHILD), reads(), [OTHER, PARENT, OWN], false)).toEqual([]);
  });

  it('shows who is above what is below, and who is below nothing of what is above', async () => {
    for (const [agency, seen] of [
      [PARENT, [PARENT, OWN, CHILD, OTHER]],
      [OWN, [OWN, CHILD]],
      [CHILD, [CHILD]],
    ] as const)
      for (const path of [
        '/api/v1/agencies',
        '/api/v1/alerts?limit=200',
        '/api/v1/collectors',
        '/api/v1/events/values?field=organization.id&from=now-2h',
        '/api/v1/incidents',
        '/api/v1/ledger',
      ]) {
        const { status, text } = await asker(world.session('agency-officer', agency))('GET', path);
        const found = Object.keys(EVENTS).filter((one) => text.includes(one));
        expect([agency, path, status, found.sort()]).toEqual([agency, path, 200, [...seen].sort()]);
      }
  });

  it.each(['agency-officer', 'viewer'] as const)(
    'lets a %s of one agency change nothing of another, and does not say what is there',
    async (role) => {
      const before = await stateOfOther();
      expect(await walkAs(world.session(role), changes())).toEqual([]);
      expect(await stateOfOther()).toEqual(before);
    },
  );

  it('lets a bound token change nothing of another', async () => {
    const before = await stateOfOther();
    expect(await walkAs(world.token, changes())).toEqual([]);
    expect(await stateOfOther()).toEqual(before);
  });
});

/** All records of `OTHER` that the province sees in lists, as they are now. */
async function stateOfOther(): Promise<readonly string[]> {
  const lists = [...telling].filter(
    (path) => !path.includes('{') && !/audit|events|sessions|health|overview/.test(path),
  );
  const found: string[] = [];
  const keep = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const text = JSON.stringify(value);
    if (!text.includes(OTHER)) return;
    // What the server says by itself of a silent collector comes when it comes.
    if ('rule' in value && !['mot-lan-sai', 'ca-tinh'].includes(String(value.rule))) return;
    if ('id' in value || 'name' in value || 'user' in value) found.push(text);
    else for (const inner of Object.values(value)) keep(inner);
  };
  for (const path of lists) {
    const { status, text } = await asker(world.province)('GET', path);
    if (status === 200 && text.startsWith('{')) keep(JSON.parse(text));
  }
  expect(found.length).toBeGreaterThan(10);
  return found.sort();
}

describe('every live connection', () => {
  it('brings somebody of one agency nothing of another', async () => {
    const topics = operations.filter(({ isWebSocket }) => isWebSocket).map(({ path }) => path);
    expect(topics).toContain('/api/v1/live');
    const listeners = [world.session('agency-officer'), world.session('viewer'), world.token, world.province];
    const open = topics.flatMap((path) => listeners.map((who) => listen(path, who)));
    try {
      await Promise.all(open.map(({ ready }) => ready));
      // A change at the other agency, then one of their own: when that has come, the other one would have come too.
      const alerts = JSON.parse((await asker(world.province)('GET', '/api/v1/alerts?limit=200')).text).alerts as {
        id: string;
        agency: string;
        version: number;
      }[];
      for (const agency of [OTHER, PARENT, OWN]) {
        const { id, version } = alerts.find((alert) => alert.agency === agency) ?? { id: '', version: 0 };
        const note = JSON.stringify({ alerts: [{ id, version }], status: 'in_progress', note: `xem ${agency}` });
        expect((await asker(world.province)('POST', '/api/v1/alerts/changes', note)).status).toBe(200);
      }
      for (const { path, who, heard } of open) {
        if (path !== '/api/v1/live') continue;
        await until(() => heard.some((text) => text.includes(OWN) && text.includes('in_progress')));
        if (who === world.province) expect(heard.join()).toContain(OTHER);
      }
      for (const { who, heard } of open) {
        if (who === world.province) continue;
        for (const word of [OTHER, PARENT]) expect(heard.filter((text) => text.includes(word))).toEqual([]);
        for (const text of heard)
          for (const number of NUMBERS) expect(text).not.toMatch(new RegExp(`"count":${number}\\D`));
      }
    } finally {
      for (const { socket } of open) socket.terminate();
    }
  });
});

describe('an agency that is moved in the tree', () => {
  it('is at once seen by who is above it now, and by nobody who was before', async () => {
    const { text } = await asker(world.province)('GET', '/api/v1/agencies');
    const card = (JSON.parse(text).agencies as { id: string }[]).find(({ id }) => id === CHILD);
    const put = (parent: string) =>
      asker(world.province)('PUT', `/api/v1/agencies/${CHILD}`, JSON.stringify({ ...card, parent }));
    const sees = async (agency: string) =>
      (await asker(world.session('viewer', agency))('GET', '/api/v1/alerts?limit=200')).text.includes(CHILD);
    expect([await sees(OWN), await sees(OTHER)]).toEqual([true, false]);
    expect((await put(OTHER)).status).toBe(200);
    expect([await sees(OWN), await sees(OTHER)]).toEqual([false, true]);
    expect(await walkAs(world.session('administrator'), reads(), [CHILD], false)).toEqual([]);
    expect((await put(OWN)).status).toBe(200);
    expect([await sees(OWN), await sees(OTHER)]).toEqual([true, false]);
  });
});

describe('the walk itself', () => {
  let bench: Bench;
  afterAll(() => bench?.close());

  it('finds a new route that forgets whose records they are, in a list, by an id, in a count, and by what it refuses', async () => {
    bench = await openBench();
    await bench.addAgency(OTHER);
    const config = { access: 'alerts.read' } as const;
    const schema = { tags: ['alerts'] };
    bench.app.get('/api/v1/forgetful', { config, schema }, async () => ({ things: [{ id: 'x1', of: OTHER }] }));
    bench.app.get('/api/v1/forgetful/:id', { config, schema }, async (request) =>
      JSON.stringify(request.params).includes('x1') ? { of: OTHER } : { of: 'nobody' },
    );
    bench.app.get('/api/v1/counting', { config, schema }, async () => ({ count: EVENTS[OTHER] }));
    bench.app.post('/api/v1/forgetful/:id/refuse', { config, schema }, async (request, reply) =>
      reply.code(JSON.stringify(request.params).includes('x1') ? 409 : 404).send({ code: 'X' }),
    );
    const askBench =
      (cookie: string): Ask =>
      async (method, path, body) => {
        const headers = { host: HOST, origin: `http://${HOST}`, cookie };
        const answer = await bench.app.inject({
          method: method as 'GET',
          url: path,
          headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
          ...(body === undefined ? {} : { payload: body }),
        });
        return { status: answer.statusCode, text: answer.payload };
      };
    const subject = about(OTHER, new Map());
    const document = operationsOf((await bench.app.inject({ url: '/openapi.json', headers: { host: HOST } })).json());
    const routes = document.filter(({ path }) => /forgetful|counting/.test(path));
    const bound = askBench(await bench.signIn({ user: 'mot', agencies: ['one'], role: 'viewer' }));
    const { pools } = await harvest(routes, askBench(await bench.signIn({ user: 'tinh' })), subject, [OTHER]);
    const found = await walk(routes, {
      ask: bound,
      subject,
      forbidden: { words: [OTHER], numbers: NUMBERS },
      foreign: pools,
      shared: new Map(),
      fallback: ['y2'],
      ghosts: true,
    });
    expect(found.map((sentence) => sentence.split(' ').slice(0, 2).join(' '))).toEqual([
      'GET /api/v1/counting',
      'GET /api/v1/forgetful',
      'GET /api/v1/forgetful/x1',
      'POST /api/v1/forgetful/x1/refuse',
    ]);
  });

  it('asks as every role that exists for single agencies', () => {
    expect([...BOUND].sort()).toEqual(['administrator', 'agency-officer', 'analyst', 'lead', 'rule-author', 'viewer']);
  });
});

function listen(path: string, who: Headers) {
  const heard: string[] = [];
  const headers = { origin: world.url, ...who };
  const socket = new WebSocket(`${world.url.replace('http', 'ws')}${path}?since=0`, { headers });
  socket.on('message', (text) => heard.push(String(text)));
  const ready = new Promise<void>((done, failed) => {
    socket.once('open', () => done());
    socket.once('error', failed);
  });
  return { path, who, socket, heard, ready };
}

async function until(enough: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !enough(); ) {
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((wait) => setTimeout(wait, 20));
  }
}
