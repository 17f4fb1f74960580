import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AgencyId, SYSTEM } from '../../../server/identity.ts';
import type { IncidentDetail } from '../../../server/incidents/schema.ts';
import type { LiveMessage } from '../../../server/realtime/schema.ts';
import { openRequestWatch } from '../../../server/requests/notice-watch.ts';
import { MOST_FILES } from '../../../server/requests/record.ts';
import type { RequestDetail, RequestList } from '../../../server/requests/schema.ts';
import { type Bench, HOST, openBench } from '../api/harness.ts';
import { RULE } from '../api/rule.ts';

let bench: Bench;
let host = '';
let lan = '';
let viewer = '';
let officerOne = '';
let officerTwo = '';
let analystOne = '';
beforeAll(async () => {
  bench = await openBench({ rules: [RULE] });
  await bench.addAgency('one');
  await bench.addAgency('two');
  lan = await bench.signIn({ user: 'lan' });
  viewer = await bench.signIn({ user: 'xem', role: 'viewer' });
  officerOne = await bench.signIn({ user: 'can-bo-mot', role: 'agency-officer', agencies: ['one'] });
  officerTwo = await bench.signIn({ user: 'can-bo-hai', role: 'agency-officer', agencies: ['two'] });
  analystOne = await bench.signIn({ user: 'phong-mot', agencies: ['one'] });
  host = new URL(await bench.app.listen({ host: '127.0.0.1', port: 0 })).host;
});
afterAll(() => bench.close());

const headers = (cookie: string) => ({ host: HOST, origin: `http://${HOST}`, cookie });
const get = (url: string, cookie: string) => bench.app.inject({ url, headers: headers(cookie) });
const post = (url: string, payload: object, cookie: string) =>
  bench.app.inject({ method: 'POST', url, payload, headers: headers(cookie) });
const send = (id: string, name: string, bytes: Buffer, cookie: string) =>
  bench.app.inject({
    method: 'POST',
    url: `/api/v1/requests/${id}/files?name=${encodeURIComponent(name)}`,
    payload: bytes,
    headers: { ...headers(cookie), 'content-type': 'application/octet-stream' },
  });

const inHours = (hours: number) => new Date(bench.clock.now + hours * 3_600_000).toISOString();
const QUESTION = { subject: 'Máy chủ web1', text: 'Ai đã đăng nhập lúc 01:05?' };

async function incident(payload: object = {}): Promise<IncidentDetail> {
  const made = await post('/api/v1/incidents', { alerts: [], title: 'Sự cố mật-của-tỉnh', ...payload }, lan);
  expect(made.statusCode, made.payload).toBe(201);
  return made.json();
}
async function ask(about: object, cookie = lan): Promise<RequestDetail> {
  const made = await post('/api/v1/requests', { agency: 'one', due: inHours(24), ...QUESTION, ...about }, cookie);
  expect(made.statusCode, made.payload).toBe(201);
  return made.json();
}
async function act(id: string, path: string, payload: object, cookie: string): Promise<RequestDetail> {
  const answer = await post(`/api/v1/requests/${id}/${path}`, payload, cookie);
  expect(answer.statusCode, answer.payload).toBe(200);
  return answer.json();
}
const readIncident = async (id: string): Promise<IncidentDetail> => (await get(`/api/v1/incidents/${id}`, lan)).json();
const list = async (query: string, cookie: string): Promise<RequestList> =>
  (await get(`/api/v1/requests?${query}`, cookie)).json();

describe('a request to an agency', () => {
  it('goes from asked over read to answered and closed, and stands in the incident’s history and the audit log', async () => {
    const { incident: about } = await incident();
    const asked = await ask({ incident: about.id });
    const { id } = asked.request;
    expect(asked).toMatchObject({
      request: {
        id: expect.stringMatching(/^YC-[0-9A-Z]{4}-[0-9A-Z]{4}$/),
        state: 'asked',
        side: 'asker',
        agencyName: 'Agency one',
        incident: about.id,
      },
      messages: [{ kind: 'question', by: 'lan', text: QUESTION.text }],
      officers: 1,
    });
    // The asker opening it does not count as read.
    expect((await act(id, 'read', {}, lan)).request.state).toBe('asked');
    const read = await act(id, 'read', {}, officerOne);
    expect(read).toMatchObject({ request: { state: 'read', side: 'agency' }, readBy: 'can-bo-mot', officers: null });
    const answered = await act(id, 'answer', { text: 'Quản trị viên Hùng.' }, officerOne);
    expect(answered.request).toMatchObject({ state: 'answered', late: false });
    expect(answered.messages.at(-1)).toMatchObject({ kind: 'answer', side: 'agency', by: 'can-bo-mot' });
    expect((await post(`/api/v1/requests/${id}/close`, { note: '' }, officerOne)).statusCode).toBe(403);
    const closed = await act(id, 'close', { note: 'Đã rõ.' }, lan);
    expect(closed).toMatchObject({ request: { state: 'closed' }, closedBy: 'lan', closeNote: 'Đã rõ.' });
    expect((await post(`/api/v1/requests/${id}/answer`, { text: 'muộn' }, officerOne)).statusCode).toBe(400);

    const { timeline } = await readIncident(about.id);
    const lines = timeline.filter(({ to }) => to === id).map(({ act: what, by }) => `${what} ${by}`);
    expect(lines).toEqual(['request lan', 'request-answered can-bo-mot', 'request-closed lan']);
    const { records } = await bench.records.as(SYSTEM).find('audit', { limit: 1000 });
    const acts = records.filter(({ document }) => document.target === id).map(({ document }) => document.act);
    expect([...acts].sort()).toEqual(['request.answer', 'request.ask', 'request.close', 'request.read']);
    const stored = await bench.records.as(SYSTEM).get('agency-request', id);
    expect(stored?.document).toMatchObject({ waiting: 0, pending: [] });
  });

  it('whose server stopped before its history and its line of audit were written has both after the next look', async () => {
    const { incident: about } = await incident();
    const { request } = await ask({ incident: about.id });
    const view = bench.records.as(SYSTEM);
    const stored = await view.get('agency-request', request.id);
    if (!stored) throw new Error('no request');
    const owed = { by: 'can-bo-mot', at: new Date(bench.clock.now).toISOString() };
    const pending = [
      { ...owed, id: 'owed-1', kind: 'audit' as const, act: 'request.answer', detail: {} },
      { ...owed, id: 'owed-2', kind: 'history' as const, act: 'request-answered' as const },
    ];
    await view.replace('agency-request', request.id, { ...stored.document, waiting: 1, pending }, stored.version);
    await bench.requests.look();
    await bench.requests.look();
    const { timeline } = await readIncident(about.id);
    expect(timeline.filter(({ act: what }) => what === 'request-answered')).toHaveLength(1);
    expect((await view.get('audit', 'request-owed-1'))?.document).toMatchObject({ target: request.id });
    expect((await view.get('agency-request', request.id))?.document).toMatchObject({ waiting: 0, pending: [] });
  });

  it('is asked again with a new due time, by those alone who see what the asker saw', async () => {
    const { incident: about } = await incident();
    const { request } = await ask({ incident: about.id });
    await act(request.id, 'answer', { text: 'Chưa rõ.' }, officerOne);
    const again = { text: 'Còn máy chủ web2?', due: inHours(48) };
    expect((await post(`/api/v1/requests/${request.id}/again`, again, analystOne)).statusCode).toBe(403);
    const asked = await act(request.id, 'again', again, lan);
    expect(asked.request).toMatchObject({ state: 'asked', due: again.due, readAt: null });
    expect(asked.messages.map(({ kind }) => kind)).toEqual(['question', 'answer', 'again']);
  });

  it('needs an agency, a subject to talk about and a due time ahead', async () => {
    const { incident: about } = await incident();
    const body = { agency: 'one', incident: about.id, due: inHours(1), ...QUESTION };
    for (const [change, status] of [
      [{ agency: 'none' }, 400],
      [{ incident: undefined }, 400],
      [{ incident: 'HD-0000-0000' }, 404],
      [{ alert: 'no-such-alert' }, 404],
      [{ due: inHours(-1) }, 400],
      [{ due: inHours(24 * 400) }, 400],
      [{ subject: '   ' }, 400],
      [{ text: '' }, 400],
    ] as const)
      expect((await post('/api/v1/requests', { ...body, ...change }, lan)).statusCode, JSON.stringify(change)).toBe(
        status,
      );
    expect((await post('/api/v1/requests', body, officerOne)).statusCode).toBe(403);
    expect((await post('/api/v1/requests', body, viewer)).statusCode).toBe(403);
    // The province's incident is not one that an account of an agency could ask about.
    expect((await post('/api/v1/requests', body, analystOne)).statusCode).toBe(404);
  });
});

describe('files of an answer', () => {
  const bytes = Buffer.from('nhật ký của web1');
  const sha256 = createHash('sha256').update(bytes).digest('hex');

  it('become evidence of the incident, once, with who sent them in the chain of custody', async () => {
    const { incident: about } = await incident();
    const { request } = await ask({ incident: about.id });
    const sent = await send(request.id, 'nhật ký.log', bytes, officerOne);
    expect(sent.statusCode, sent.payload).toBe(201);
    expect(sent.json().files).toMatchObject([{ name: 'nhật ký.log', sha256, placed: true, custodyHolds: true }]);
    const { evidence } = await readIncident(about.id);
    expect(evidence).toMatchObject([
      { kind: 'file', name: 'nhật ký.log', sha256, by: 'can-bo-mot', note: request.id, custodyHolds: true },
    ]);
    expect(evidence[0]?.custody).toMatchObject([{ act: 'added', by: 'can-bo-mot' }]);
    await bench.requests.look();
    expect((await readIncident(about.id)).evidence).toHaveLength(1);

    const [file] = sent.json<RequestDetail>().files;
    const back = await get(`/api/v1/requests/${request.id}/files/${file?.id}`, officerOne);
    expect(back.rawPayload).toEqual(bytes);
    expect(back.headers['content-disposition']).toContain('attachment');
    const now: RequestDetail = (await get(`/api/v1/requests/${request.id}`, lan)).json();
    expect(now.files[0]?.custody.map(({ act: what, by }) => `${what} ${by}`)).toEqual([
      'added can-bo-mot',
      'read can-bo-mot',
    ]);
    expect(now.files[0]?.custodyHolds).toBe(true);
  });

  it('of a request about an alert wait for its incident, and go to the one that it was merged into', async () => {
    await bench.addAlert('r1');
    const { request } = await ask({ alert: 'r1' });
    expect(request).toMatchObject({ alert: 'r1', incident: null });
    const sent = await send(request.id, 'a.log', bytes, officerOne);
    expect(sent.json().files).toMatchObject([{ placed: false }]);
    const small = await incident({ alerts: ['r1'] });
    const big = await incident();
    const merge = { version: big.incident.version, from: small.incident.id, fromVersion: small.incident.version };
    expect((await post(`/api/v1/incidents/${big.incident.id}/merge`, merge, lan)).statusCode).toBe(200);
    await bench.requests.look();
    expect((await readIncident(big.incident.id)).evidence).toMatchObject([{ name: 'a.log', sha256 }]);
    const { requests } = await list(`incident=${big.incident.id}`, lan);
    expect(requests.map(({ id }) => id)).toEqual([request.id]);
  });

  it('are bounded in number, and refused where the request is closed', async () => {
    const { incident: about } = await incident();
    const { request } = await ask({ incident: about.id });
    const view = bench.records.as(SYSTEM);
    const stored = await view.get('agency-request', request.id);
    if (!stored) throw new Error('no request');
    const file = { at: '', by: 'x', side: 'agency' as const, name: 'x', bytes: 1, sha256, custody: [], placed: 'x' };
    const files = Array.from({ length: MOST_FILES }, (_, at) => ({ ...file, id: `f${at}` }));
    await view.replace('agency-request', request.id, { ...stored.document, files }, stored.version);
    expect((await send(request.id, 'b.log', bytes, officerOne)).statusCode).toBe(413);
    const other = await ask({ incident: about.id });
    await act(other.request.id, 'close', { note: '' }, lan);
    expect((await send(other.request.id, 'b.log', bytes, officerOne)).statusCode).toBe(400);
  });
});

describe('what is due', () => {
  it('becomes overdue and is told, and an answer is taken all the same', async () => {
    const { incident: about } = await incident();
    const { request } = await ask({ incident: about.id, due: inHours(1) });
    const before = bench.clock.now;
    expect(await bench.requests.look()).toBe(0);
    bench.clock.now += 3_600_001;
    // Others that are due by then turn as well.
    expect(await bench.requests.look()).toBeGreaterThanOrEqual(1);
    expect(await bench.requests.look()).toBe(0);
    const late: RequestDetail = (await get(`/api/v1/requests/${request.id}`, lan)).json();
    expect(late.request.state).toBe('overdue');
    expect((await list('state=overdue', lan)).requests.map(({ id }) => id)).toContain(request.id);
    const answered = await act(request.id, 'answer', { text: 'Xin lỗi vì trễ.' }, officerOne);
    expect(answered.request).toMatchObject({ state: 'answered', late: true });
    bench.clock.now = before;
  });

  it('refuses a state that there is none', async () => {
    expect((await get('/api/v1/requests?state=lost', lan)).statusCode).toBe(400);
  });
});

describe('the notices of a request', () => {
  it('reach the officers, then the asker, once each, and name it by its number alone', async () => {
    const watch = openRequestWatch({ records: bench.records, notices: bench.notices, now: () => bench.clock.now });
    const officer = {
      kind: 'user',
      name: 'can-bo-mot',
      role: 'agency-officer',
      agencies: ['one' as AgencyId],
    } as const;
    const asker = { kind: 'user', name: 'lan', role: 'analyst', agencies: 'all' } as const;
    const { incident: about } = await incident();
    const { request } = await ask({ incident: about.id, subject: 'mật-của-tỉnh' });
    const of = async (who: typeof officer | typeof asker) => {
      await watch.look(async () => undefined);
      const mine = await bench.notices.mine(who, 500);
      return mine.map(({ document }) => document).filter(({ path }) => path === `/requests/${request.id}`);
    };
    const asked = await of(officer);
    expect(asked).toMatchObject([{ kind: 'request', agency: 'one', people: ['can-bo-mot'] }]);
    expect(JSON.stringify(asked)).not.toContain('mật-của-tỉnh');
    expect(await of(officer)).toHaveLength(1);
    expect(await of(asker)).toEqual([]);
    await act(request.id, 'answer', { text: 'Đã rõ.' }, officerOne);
    expect(await of(asker)).toMatchObject([{ people: ['lan'], level: 'info' }]);
  });
});

describe('whose a request is', () => {
  it('is the agency’s alone: another agency finds nothing of it, by any way', async () => {
    const { incident: about } = await incident();
    const { request } = await ask({ incident: about.id });
    const sent = await send(request.id, 'x.log', Buffer.from('x'), officerOne);
    const [file] = sent.json<RequestDetail>().files;
    const base = `/api/v1/requests/${request.id}`;
    expect((await get(base, officerTwo)).statusCode).toBe(404);
    expect((await get(`${base}/files/${file?.id}`, officerTwo)).statusCode).toBe(404);
    for (const [path, body] of [
      ['read', {}],
      ['answer', { text: 'x' }],
    ] as const)
      expect((await post(`${base}/${path}`, body, officerTwo)).statusCode, path).toBe(404);
    expect((await send(request.id, 'y.log', Buffer.from('y'), officerTwo)).statusCode).toBe(404);
    expect((await list('', officerTwo)).requests).toEqual([]);
  });

  it('shows the agency the question, and nothing else of the incident', async () => {
    const { incident: about } = await incident({ summary: 'mật-của-tỉnh' });
    const { request } = await ask({ incident: about.id });
    const seen = await get(`/api/v1/requests/${request.id}`, officerOne);
    expect(seen.json().request).toMatchObject({ subject: QUESTION.subject, incident: null });
    expect(seen.payload).not.toContain(about.id);
    expect(seen.payload).not.toContain('mật-của-tỉnh');
    expect((await get(`/api/v1/incidents/${about.id}`, officerOne)).statusCode).toBe(404);
    expect((await get(`/api/v1/requests?incident=${about.id}`, officerOne)).statusCode).toBe(404);
  });

  it('reaches the consoles of the agency and of the province live, and no other', async () => {
    const since = await bench.records.lastChange();
    const [ofOne, ofTwo, ofProvince] = await Promise.all(
      [officerOne, officerTwo, lan].map((cookie) => listen(cookie, since)),
    );
    const { incident: about } = await incident();
    const mine = await ask({ incident: about.id, subject: 'Hỏi một' });
    const other = await ask({ incident: about.id, agency: 'two', subject: 'Hỏi hai' });
    await Promise.all([
      ofOne?.until(mine.request.id),
      ofTwo?.until(other.request.id),
      ofProvince?.until(other.request.id),
    ]);
    const subjects = (messages: readonly LiveMessage[] = []) => [
      ...new Set(messages.flatMap((one) => (one.type === 'request' ? [one.subject] : []))),
    ];
    expect(subjects(ofOne?.messages)).toEqual(['Hỏi một']);
    expect(subjects(ofTwo?.messages)).toEqual(['Hỏi hai']);
    expect(subjects(ofProvince?.messages)).toEqual(['Hỏi một', 'Hỏi hai']);
    for (const one of [ofOne, ofTwo, ofProvince]) one?.socket.close();
  });

  it('that an account of an agency asked is its own question, and the province’s', async () => {
    await bench.addAlert('r2', { agency: 'one' as AgencyId });
    const { request } = await ask({ alert: 'r2' }, analystOne);
    expect(request.side).toBe('asker');
    expect((await get(`/api/v1/requests/${request.id}`, lan)).json().request.side).toBe('asker');
  });
});

interface Listener {
  readonly messages: LiveMessage[];
  readonly socket: WebSocket;
  until(id: string): Promise<void>;
}

/** The global WebSocket takes headers in Node. */
type WithHeaders = new (url: string, options: { headers: Record<string, string> }) => WebSocket;

function listen(cookie: string, since: number): Promise<Listener> {
  const socket = new (WebSocket as unknown as WithHeaders)(`ws://${host}/api/v1/live?since=${since}`, {
    headers: { cookie, origin: `http://${host}` },
  });
  const messages: LiveMessage[] = [];
  const waiting = new Set<() => void>();
  socket.addEventListener('message', ({ data }) => {
    messages.push(JSON.parse(String(data)));
    for (const look of waiting) look();
  });
  const until = (id: string) =>
    new Promise<void>((done) => {
      const look = () => {
        if (messages.some((one) => one.type === 'request' && one.id === id)) done();
      };
      waiting.add(look);
      look();
    });
  return new Promise((opened, failed) => {
    socket.addEventListener('open', () => opened({ messages, socket, until }));
    socket.addEventListener('error', () => failed(new Error('the live connection failed')));
  });
}
