import { AsyncLocalStorage } from 'node:async_hooks';
import type { FastifyRequest } from 'fastify';
import type { Act, Audit } from '../accounts/audit.ts';
import type { SignedIn } from '../accounts/sessions.ts';
import type { App } from '../services.ts';
import { SENSITIVE_READS } from './sensitive-reads.ts';
import type { UnfinishedChanges } from './unfinished.ts';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
/** The same read by the same person within this time is one act. */
const SAME_ACT_MS = 60_000;
const REMEMBERED = 2_000;
const MOST_OF_A_PART = 1_000;

/** What a request did for the audit log so far. */
interface Trace {
  recorded: boolean;
  /** What stands with each act: the token by which a program did it, emergency rights. */
  readonly marks: Marks;
  readonly end: (() => void) | undefined;
}

interface Marks {
  readonly token?: string;
  readonly emergency?: true;
}

function marksOf({ token, emergency = false }: SignedIn): Marks {
  return { ...(token === undefined ? {} : { token }), ...(emergency ? { emergency } : {}) };
}

const current = new AsyncLocalStorage<Trace>();

/** Notices which requests record an act of their own. */
export function traced(audit: Audit): Audit {
  const mark = (write: (act: Act) => Promise<void>) => async (act: Act) => {
    const trace = current.getStore();
    await write(trace === undefined ? act : { ...act, detail: { ...act.detail, ...trace.marks } });
    if (trace) trace.recorded = true;
  };
  return { ...audit, record: mark(audit.record), note: mark(audit.note) };
}

declare module 'fastify' {
  interface FastifyRequest {
    trace: Trace | null;
  }
}

/**
 * Around every route: sensitive reads are recorded before they are answered; a change is on disk before it begins, and
 * one whose route records nothing by itself is recorded by its method and path. No route can forget it. Where nothing can
 * be recorded, nothing is done.
 */
export function auditRequests(app: App, audit: Audit, unfinished?: UnfinishedChanges): void {
  const seen = createSeen();
  app.decorateRequest('trace', null);

  app.addHook('preHandler', async (request) => {
    const { who } = request;
    if (!who) return;
    const actor = who.identity.name;
    if (SAFE.has(request.method)) {
      const act = readAct(request);
      if (act && seen(`${actor} ${who.token ?? ''} ${act.act} ${act.target} ${JSON.stringify(act.detail)}`)) {
        await audit.note({ actor, ...act, detail: { ...act.detail, ...marksOf(who) } });
      }
      return;
    }
    const end = await unfinished?.begin({ actor, target: targetOf(request) });
    request.trace = { recorded: false, marks: marksOf(who), end };
  });
  app.addHook('preHandler', (request, _reply, done) => {
    if (request.trace) current.run(request.trace, done);
    else done();
  });
  app.addHook('onSend', async (request, reply) => {
    const { trace, who } = request;
    if (!trace || !who || trace.recorded || reply.statusCode >= 400) return;
    trace.recorded = true;
    const detail = { status: reply.statusCode };
    await audit.record({ actor: who.identity.name, act: 'request', target: targetOf(request), detail });
  });
  app.addHook('onResponse', async (request) => request.trace?.end?.());
}

/** Records that somebody was refused for want of a permission; the same within a minute once. */
export function refusals(audit: Audit): (actor: string, request: FastifyRequest, permission: string) => Promise<void> {
  const seen = createSeen();
  return async (actor, request, permission) => {
    const target = `${request.method} ${request.routeOptions.url ?? ''}`;
    if (seen(`${actor} ${target}`)) await audit.note({ actor, act: 'access.refused', target, detail: { permission } });
  };
}

function targetOf(request: FastifyRequest): string {
  const [path = ''] = request.url.split('?');
  return `${request.method} ${path}`;
}

function readAct(request: FastifyRequest): (Pick<Act, 'act' | 'target' | 'detail'> & { detail: object }) | undefined {
  const read = SENSITIVE_READS[`${request.method} ${request.routeOptions.url ?? ''}`];
  if (!read) return undefined;
  const query = request.query as Readonly<Record<string, unknown>>;
  const parts = read.by.flatMap((name) =>
    query[name] === undefined ? [] : [[name, String(query[name]).slice(0, MOST_OF_A_PART)] as const],
  );
  const { id } = request.params as { id?: string };
  return { act: read.act, target: id ?? read.act.split('.')[0] ?? '', detail: Object.fromEntries(parts) };
}

/** Whether something comes for the first time within a minute. Bounded in memory. */
function createSeen(): (key: string) => boolean {
  const table = new Map<string, number>();
  return (key) => {
    const now = Date.now();
    const last = table.get(key);
    if (last !== undefined && now - last < SAME_ACT_MS) return false;
    table.delete(key);
    table.set(key, now);
    const oldest = table.size > REMEMBERED ? table.keys().next().value : undefined;
    if (oldest !== undefined) table.delete(oldest);
    return true;
  };
}
