import { Type } from 'typebox';
import { HaidangError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import type { App, Services } from '../services.ts';
import type { Versioned } from '../store/record-store.ts';
import { problems } from '../system/answers.ts';
import type { DayVerdict } from './examine.ts';
import { minimumDays } from './policy.ts';
import type { DeletionRecord, LegalHoldRecord } from './record.ts';
import type { RunReport } from './retention.ts';
import {
  type Deletion,
  Deletions,
  LegalHold,
  LegalHolds,
  LiftLegalHold,
  NewLegalHold,
  NewRun,
  Policy,
  type RetentionDay,
  RetentionDays,
  type RetentionRun,
  RetentionState,
  RunBegun,
} from './schema.ts';

const MOST_HOLDS = 500;

/** How long events are kept, what was deleted and why, and legal holds. Days hold events of all agencies: provincial accounts alone. */
export function retentionRoutes(app: App, { retention, accounts }: Services): void {
  const tags = ['retention'];

  app.get(
    '/api/v1/retention',
    {
      config: { access: 'retention.read' },
      schema: { tags, response: { 200: RetentionState, ...problems(401, 403, 503) } },
    },
    async (request) => {
      provincial(request.signedIn().identity);
      const { minimumMonths } = retention;
      // Asked before the report is read: what no longer runs has its report kept already.
      const running = retention.running();
      const last = await retention.lastRun();
      const { policy, from } = await retention.policy();
      return {
        policy: shownPolicy(policy),
        from,
        minimumMonths: [...minimumMonths],
        minimumDays: minimumDays(minimumMonths),
        running,
        next: retention.next(),
        last: last ? shownRun(last) : null,
      };
    },
  );

  app.put(
    '/api/v1/retention/policy',
    {
      config: { access: 'retention.change' },
      schema: { tags, body: Policy, response: { 200: Policy, ...problems(400, 401, 403, 409, 429, 503) } },
    },
    async (request) => {
      const identity = provincial(request.signedIn().identity);
      const before = (await retention.policy()).policy;
      await retention.setPolicy(request.body);
      const detail = { before, after: request.body };
      await accounts.audit.record({ actor: identity.name, act: 'retention.policy', target: 'retention', detail });
      return request.body;
    },
  );

  app.get(
    '/api/v1/retention/days',
    {
      config: { access: 'retention.read' },
      schema: { tags, response: { 200: RetentionDays, ...problems(401, 403, 503) } },
    },
    async (request) => {
      provincial(request.signedIn().identity);
      return { days: (await retention.days()).map(shownDay) };
    },
  );

  app.post(
    '/api/v1/retention/runs',
    {
      config: { access: 'retention.change' },
      schema: { tags, body: NewRun, response: { 202: RunBegun, ...problems(400, 401, 403, 429, 503) } },
    },
    async (request, reply) => {
      const identity = provincial(request.signedIn().identity);
      const { dryRun } = request.body;
      if (!dryRun) await accounts.audit.record({ actor: identity.name, act: 'retention.run', target: 'retention' });
      return reply.code(202).send({ begun: retention.begin(identity.name, dryRun) });
    },
  );

  app.get(
    '/api/v1/retention/deletions',
    {
      config: { access: 'retention.read' },
      schema: {
        tags,
        querystring: Type.Object({
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
          after: Type.Optional(Type.String({ maxLength: 200 })),
        }),
        response: { 200: Deletions, ...problems(400, 401, 403, 503) },
      },
    },
    async (request) => {
      provincial(request.signedIn().identity);
      const { limit = 50, after } = request.query;
      const page = await retention.deletions(limit, after);
      return { deletions: page.records.map(shownDeletion), next: page.next };
    },
  );

  app.get(
    '/api/v1/legal-holds',
    { config: { access: 'retention.read' }, schema: { tags, response: { 200: LegalHolds, ...problems(401, 503) } } },
    async (request) => {
      const { identity } = request.signedIn();
      return { holds: (await retention.holds(identity, MOST_HOLDS)).map(shownHold) };
    },
  );

  app.post(
    '/api/v1/legal-holds',
    {
      config: { access: 'retention.change' },
      schema: { tags, body: NewLegalHold, response: { 201: LegalHold, ...problems(400, 401, 403, 429, 503) } },
    },
    async (request, reply) => {
      const identity = provincial(request.signedIn().identity);
      const placed = await retention.placeHold(request.body, identity);
      const { agency, fromDay, toDay, reason } = request.body;
      const detail = { agency, fromDay, toDay, reason };
      await accounts.audit.record({ actor: identity.name, act: 'legal-hold.place', target: placed.id, detail });
      return reply.code(201).send(shownHold(placed));
    },
  );

  app.post(
    '/api/v1/legal-holds/:id/lift',
    {
      config: { access: 'retention.change' },
      schema: {
        tags,
        params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }),
        body: LiftLegalHold,
        response: { 200: LegalHold, ...problems(400, 401, 403, 404, 409, 429, 503) },
      },
    },
    async (request) => {
      const identity = provincial(request.signedIn().identity);
      const { reason } = request.body;
      const lifted = await retention.liftHold(request.params.id, reason, identity);
      const act = { actor: identity.name, act: 'legal-hold.lift', target: lifted.id, detail: { reason } };
      await accounts.audit.record(act);
      return shownHold(lifted);
    },
  );
}

function provincial(identity: Identity): Identity {
  if (identity.agencies === 'all') return identity;
  throw new HaidangError(
    'HD_FORBIDDEN',
    'Retention concerns every agency; it belongs to accounts that see all of them.',
  );
}

function shownPolicy({
  keepDays,
  sources,
}: Policy | Awaited<ReturnType<Services['retention']['policy']>>['policy']): Policy {
  return {
    keepDays: [...keepDays],
    sources: sources.map(({ levels, ...rest }) => ({ ...rest, ...(levels ? { levels: [...levels] } : {}) })),
  };
}

function shownDay({ dueAt, rules, holds, ...day }: DayVerdict): RetentionDay {
  return { ...day, dueAt: new Date(dueAt).toISOString(), rules: [...rules], holds: [...holds] };
}

function shownRun(run: RunReport): RetentionRun {
  return { ...run, days: run.days.filter(({ state }) => state !== 'kept').map(shownDay), deleted: [...run.deleted] };
}

function shownDeletion({ id, document }: Versioned<DeletionRecord>): Deletion {
  const { sources, rules, ...rest } = document;
  const events = sources.reduce((sum, { stored }) => sum + stored, 0);
  return { id, ...rest, events, rules: [...rules], sources: [...sources] };
}

function shownHold({ id, document }: Versioned<LegalHoldRecord>): LegalHold {
  return { id, ...document };
}
