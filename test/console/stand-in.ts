import fastifyHelmet from '@fastify/helmet';
import fastifyStatic from '@fastify/static';
import fastifyWebsocket from '@fastify/websocket';
import Fastify, { type FastifyInstance } from 'fastify';
import type { WebSocket } from 'ws';
import type { AlertChanges, AlertList, AlertRow } from '../../server/alerts/schema.ts';
import { ERRORS } from '../../server/errors.ts';
import type { Problem } from '../../server/schema.ts';
import type { NewSavedSearch, SavedSearch } from '../../server/search/schema.ts';
import * as samples from './samples.ts';
import { addBoardRoutes } from './stand-in-board.ts';
import { addFleetRoutes } from './stand-in-fleet.ts';
import { addIncidentRoutes } from './stand-in-incident.ts';
import { addNoticeRoutes } from './stand-in-notices.ts';
import { addParserRoutes, type ParserAnswers } from './stand-in-parsers.ts';
import { addRequestRoutes } from './stand-in-requests.ts';
import { addRuleRoutes, type RuleAnswers, ruleAnswers } from './stand-in-rules.ts';

/** A server with typed sample answers: for looking at layout alone, not a test of the product's server. */
export interface StandIn {
  readonly url: string;
  alerts: AlertRow[];
  signedIn: boolean;
  /** Bodies of `POST /alerts/changes`, as they came. */
  readonly changes: AlertChanges[];
  /** Live places asked for, oldest first. */
  readonly since: number[];
  /** The next change meets a newer version. */
  conflictNext: boolean;
  /** Milliseconds before a list answers. */
  delay: number;
  broken: boolean;
  /** Somebody has emergency access, which every page says. */
  emergency: boolean;
  /** Names under which searches may be asked for their progress. */
  readonly searches: string[];
  saved: readonly SavedSearch[];
  exportLimit: number;
  readonly rules: RuleAnswers;
  readonly parsers: ParserAnswers;
  tell(row: AlertRow): void;
  cutLive(): void;
  close(): Promise<void>;
}

function problem(code: keyof typeof ERRORS, detail: string): Problem {
  const { status, title, advice } = ERRORS[code];
  return { type: 'about:blank', title, status, code, detail, advice };
}

/** Starts the stand-in on an ephemeral port of the loopback, with the console that was built into a folder. */
export async function startStandIn(folder: string): Promise<StandIn> {
  const app = Fastify();
  const sockets = new Set<WebSocket>();
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'self'"] } },
    hsts: false,
  });
  await app.register(fastifyWebsocket);
  await app.register(fastifyStatic, { root: folder });
  app.setNotFoundHandler((request, reply) =>
    request.url.startsWith('/api/')
      ? reply.code(404).send(problem('HD_NOT_FOUND', request.url))
      : reply.sendFile('index.html'),
  );
  const state: StandIn = {
    url: '',
    alerts: Array.from({ length: 400 }, (_, index) => samples.sampleAlert(index)),
    signedIn: true,
    changes: [],
    since: [],
    conflictNext: false,
    delay: 0,
    broken: false,
    emergency: false,
    searches: [],
    saved: samples.SAVED_SEARCHES.searches,
    exportLimit: 1_000_000,
    rules: ruleAnswers(),
    parsers: { sent: [] },
    tell: (row) => {
      state.alerts = [row, ...state.alerts.filter(({ id }) => id !== row.id)];
      for (const socket of sockets) socket.send(JSON.stringify({ type: 'alert', change: row.change, alert: row }));
    },
    cutLive: () => {
      for (const socket of sockets) socket.terminate();
    },
    close: async () => {
      state.cutLive();
      await app.close();
    },
  };
  addRoutes(app, state, sockets);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return Object.assign(state, { url });
}

function addRoutes(app: FastifyInstance, state: StandIn, sockets: Set<WebSocket>): void {
  const api = '/api/v1';
  app.get(`${api}/session`, (_, reply) =>
    state.signedIn ? samples.SESSION : reply.code(401).send(problem('HD_NOT_SIGNED_IN', 'No session.')),
  );
  app.post(`${api}/session`, (request, reply) => {
    state.signedIn = (request.body as { password: string }).password === 'right horse battery';
    return state.signedIn ? samples.SESSION : reply.code(401).send(problem('HD_WRONG_PASSWORD', 'No such pair.'));
  });
  app.get(`${api}/sign-in`, () => ({ provider: { label: 'Tài khoản công vụ' } }));
  app.get(`${api}/setup`, (request) => ({
    needed: true,
    valid: (request.query as { token?: string }).token === 'a-token-of-twenty-chars',
  }));
  app.get(`${api}/overview`, () => samples.OVERVIEW);
  app.get(`${api}/users`, () => samples.USERS);
  for (const path of ['session/sessions', 'sessions']) app.get(`${api}/${path}`, () => samples.SESSIONS);
  for (const path of ['session/tokens', 'tokens']) app.get(`${api}/${path}`, () => samples.TOKENS);
  app.get(`${api}/audit`, () => samples.AUDIT);
  app.get(`${api}/health`, () => samples.HEALTH);
  app.get(`${api}/backups`, () => samples.BACKUPS);
  app.get(`${api}/first-run`, () => samples.FIRST_RUN);
  app.get(`${api}/emergencies`, () => (state.emergency ? samples.EMERGENCIES : { emergencies: [] }));
  app.get(`${api}/agencies`, () => samples.AGENCIES);
  app.get(`${api}/ledger`, () => samples.LEDGER);
  addBoardRoutes(app, problem);
  addFleetRoutes(app);
  addRequestRoutes(app);
  addIncidentRoutes(app);
  addNoticeRoutes(app);
  addParserRoutes(app, state.parsers);
  addRuleRoutes(app, state.rules, (path) => problem('HD_NOT_FOUND', path));
  app.get(`${api}/retention`, () => samples.RETENTION);
  app.get(`${api}/retention/days`, () => samples.RETENTION_DAYS);
  app.get(`${api}/retention/deletions`, () => samples.DELETIONS);
  app.get(`${api}/legal-holds`, () => samples.LEGAL_HOLDS);
  app.get(`${api}/shifts`, () => samples.SHIFTS);
  addSearchRoutes(app, state, api);
  app.get(`${api}/alerts`, async (request, reply) => {
    if (state.broken) return reply.code(503).send(problem('HD_STORE_DOWN', 'The record store does not answer.'));
    const query = request.query as Record<string, string | undefined>;
    if (state.delay > 0 && query['limit'] !== '1') await new Promise((done) => setTimeout(done, state.delay));
    const wanted = state.alerts.filter(
      (row) =>
        (query['status'] ?? row.status).split(',').includes(row.status) &&
        (query['severity'] ?? row.severity).split(',').includes(row.severity) &&
        (query['agency'] ?? row.agency) === row.agency,
    );
    const begin = Number(query['after'] ?? 0);
    const end = begin + Number(query['limit'] ?? 200);
    const list: AlertList = {
      alerts: wanted.slice(begin, end),
      next: end < wanted.length ? String(end) : null,
      total: wanted.length,
      change: Math.max(0, ...state.alerts.map(({ change }) => change)),
    };
    return list;
  });
  app.get(`${api}/alerts/:id`, (request, reply) => {
    const row = state.alerts.find(({ id }) => id === (request.params as { id: string }).id);
    return row ? samples.sampleDetail(row) : reply.code(404).send(problem('HD_RECORD_ABSENT', 'No such alert.'));
  });
  app.get(`${api}/alerts/:id/events`, () => samples.ALERT_EVENTS);
  app.post(`${api}/alerts/changes`, (request, reply) => {
    const body = request.body as AlertChanges;
    const ids = new Set(body.alerts.map(({ id }) => id));
    if (state.conflictNext) {
      state.conflictNext = false;
      state.alerts = state.alerts.map((row) =>
        ids.has(row.id) ? { ...row, version: row.version + 1, owner: 'minh', status: 'in_progress' } : row,
      );
      return reply.code(409).send(problem('HD_RECORD_CONFLICT', 'One alert is newer.'));
    }
    state.changes.push(body);
    const { alerts: _, note: __, ...change } = body;
    state.alerts = state.alerts.map((row) =>
      ids.has(row.id) ? { ...row, ...change, version: row.version + 1, change: row.change + 1_000_000 } : row,
    );
    return { alerts: state.alerts.filter(({ id }) => ids.has(id)) };
  });
  app.get(`${api}/live`, { websocket: true }, (socket, request) => {
    const since = Number((request.query as { since: string }).since);
    state.since.push(since);
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    for (const row of state.alerts.filter(({ change }) => change > since)) {
      socket.send(JSON.stringify({ type: 'alert', change: row.change, alert: row }));
    }
    socket.send(JSON.stringify({ type: 'tick', change: since, at: samples.OVERVIEW.now }));
  });
}

function addSearchRoutes(app: FastifyInstance, state: StandIn, api: string): void {
  app.get(`${api}/events`, async (request, reply) => {
    const { kql, search } = request.query as { kql?: string; search?: string };
    if (kql === 'a: (') return reply.code(400).send(problem('HD_KQL_SYNTAX', 'A value is missing at column 4.'));
    if (search !== undefined) state.searches.push(search);
    if (state.delay > 0) await new Promise((done) => setTimeout(done, state.delay));
    return samples.EVENTS;
  });
  app.get(`${api}/events/histogram`, (request) => {
    const { by } = request.query as { by?: string };
    const answer = by === undefined ? samples.HISTOGRAM : samples.stackedHistogram(by);
    return { ...answer, exportLimit: state.exportLimit };
  });
  app.get(`${api}/events/progress`, (request) => {
    const running = state.searches.includes((request.query as { search: string }).search);
    return { running, done: 0.42, rows: 1_234_567, documents: 8_901 };
  });
  app.get(`${api}/events/fields`, () => samples.FIELDS);
  app.get(`${api}/events/values`, (request) => samples.sampleValues((request.query as { field: string }).field));
  app.get(`${api}/events/suggest`, (request) => {
    const { field, prefix = '' } = request.query as { field?: string; prefix?: string };
    const all = field === undefined ? ['event.action', 'event.outcome'] : ['failure', 'success'];
    return { suggestions: all.filter((one) => one.startsWith(prefix)) };
  });
  app.get(`${api}/searches`, () => ({ searches: state.saved }));
  app.post(`${api}/searches`, (request, reply) => {
    const made = { ...(request.body as NewSavedSearch), id: `s${state.saved.length + 10}`, version: 1, owner: 'lan' };
    const full = { ...made, own: true, canChange: true, updatedAt: samples.OVERVIEW.now };
    state.saved = [...state.saved, full];
    return reply.code(201).send(full);
  });
  app.put(`${api}/searches/:id`, (request) => {
    const { id } = request.params as { id: string };
    state.saved = state.saved.map((one) => (one.id === id ? { ...one, ...(request.body as NewSavedSearch) } : one));
    return state.saved.find((one) => one.id === id);
  });
  app.delete(`${api}/searches/:id`, (request, reply) => {
    state.saved = state.saved.filter(({ id }) => id !== (request.params as { id: string }).id);
    return reply.code(204).send();
  });
}
