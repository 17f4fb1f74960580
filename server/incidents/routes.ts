import { rm } from 'node:fs/promises';
import { Type } from 'typebox';
import { ruleBook } from '../alerts/queries.ts';
import { HaidangError } from '../errors.ts';
import type { AgencyId, Identity } from '../identity.ts';
import { provincial } from '../rules/provincial.ts';
import type { App, Services } from '../services.ts';
import type { RecordFilter } from '../store/record-store.ts';
import { problems } from '../system/answers.ts';
import { FILE_TYPE, fileRoutes, receiveFile } from '../system/receive-file.ts';
import { MOST_EVIDENCE_BYTES } from './evidence-files.ts';
import type { StoredIncident } from './incidents.ts';
import {
  IncidentChanges,
  IncidentDetail,
  IncidentList,
  IncidentListQuery,
  IncidentSettings,
  MergeIncidents,
  NewIncident,
  PartIncident,
} from './schema.ts';
import { parseNameOrNetwork } from './settings.ts';
import { incidentDetail, incidentRows } from './view.ts';

const IncidentParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) });
const STATUSES = ['open', 'investigating', 'contained', 'resolved', 'closed', 'merged'];
const SEVERITIES = ['informational', 'low', 'medium', 'high', 'critical'];

/** Incidents: the queue, one incident, acts on it, its evidence, merging and parting. */
export function incidentRoutes(app: App, services: Services): void {
  const { records, incidents, agencies, accounts } = services;
  const tags = ['incidents'];
  const rules = () => ruleBook(services.rules.rules);
  const shown = (identity: Identity, found: StoredIncident) =>
    incidentDetail(found, { view: records.as(identity), rules: rules(), agencies });

  /** People who are given an incident or a task must be able to open it. */
  async function checkPeople(
    people: readonly (string | null | undefined)[],
    scope: readonly AgencyId[],
  ): Promise<void> {
    for (const name of people) {
      if (name === null || name === undefined) continue;
      const user = await accounts.users.get(name);
      if (!user || user.disabled) throw new HaidangError('HD_BAD_REQUEST', `There is no active user "${name}".`);
      const { agencies: seen } = user;
      if (seen !== 'all' && scope.some((agency) => !seen.includes(agency)))
        throw new HaidangError('HD_BAD_REQUEST', `User "${name}" may not see this incident.`);
    }
  }

  app.get(
    '/api/v1/incidents',
    {
      config: { access: 'incidents.read' },
      schema: { tags, querystring: IncidentListQuery, response: { 200: IncidentList, ...problems(400, 401) } },
    },
    async (request) => {
      const view = records.as(request.signedIn().identity);
      const where = incidentFilter(request.query);
      const { limit = 100, after } = request.query;
      const [page, total] = await Promise.all([
        view.find('incident', {
          where,
          orderBy: { field: 'updatedAt', descending: true },
          limit,
          ...(after === undefined ? {} : { after }),
        }),
        view.count('incident', { where }),
      ]);
      return { incidents: await incidentRows(page.records, agencies), next: page.next, total };
    },
  );

  app.post(
    '/api/v1/incidents',
    {
      config: { access: 'incidents.work' },
      schema: {
        tags,
        body: NewIncident,
        response: { 201: IncidentDetail, ...problems(400, 401, 403, 404, 409, 429) },
      },
    },
    async (request, reply) => {
      const { identity } = request.signedIn();
      await checkPeople([request.body.owner], []);
      const made = await incidents.create(identity, request.body);
      return reply.code(201).send(await shown(identity, made));
    },
  );

  app.get(
    '/api/v1/incidents/:id',
    {
      config: { access: 'incidents.read' },
      schema: { tags, params: IncidentParams, response: { 200: IncidentDetail, ...problems(400, 401, 404) } },
    },
    async (request) => {
      const { identity } = request.signedIn();
      return shown(identity, await incidents.get(identity, request.params.id));
    },
  );

  app.post(
    '/api/v1/incidents/:id/changes',
    {
      config: { access: 'incidents.work' },
      schema: {
        tags,
        description: 'One act of any parts, done whole or not at all; a conflict names the version of now.',
        params: IncidentParams,
        body: IncidentChanges,
        response: { 200: IncidentDetail, ...problems(400, 401, 403, 404, 409, 429) },
      },
    },
    async (request) => {
      const { identity } = request.signedIn();
      const { body } = request;
      const { document } = await incidents.get(identity, request.params.id);
      await checkPeople([body.set?.owner, body.addTask?.assignee, body.task?.assignee], [document.agency]);
      return shown(identity, await incidents.change(identity, request.params.id, body));
    },
  );

  for (const [path, body, act] of [
    ['merge', MergeIncidents, incidents.merge],
    ['part', PartIncident, incidents.part],
  ] as const)
    app.post(
      `/api/v1/incidents/:id/${path}`,
      {
        config: { access: 'incidents.work' },
        schema: {
          tags,
          params: IncidentParams,
          body,
          response: { 200: IncidentDetail, ...problems(400, 401, 403, 404, 409, 429) },
        },
      },
      async (request) => {
        const { identity } = request.signedIn();
        return shown(identity, await act(identity, request.params.id, request.body as MergeIncidents));
      },
    );

  fileRoutes(app, (scope) => {
    scope.post(
      '/api/v1/incidents/:id/evidence',
      {
        config: { access: 'incidents.work' },
        schema: {
          tags,
          description: 'Adds a file as evidence; its name and a note are in the query.',
          consumes: [FILE_TYPE],
          params: IncidentParams,
          querystring: Type.Object({
            name: Type.String({ minLength: 1, maxLength: 255 }),
            note: Type.Optional(Type.String({ maxLength: 1_000, default: '' })),
          }),
          response: { 201: IncidentDetail, ...problems(400, 401, 403, 404, 409, 429) },
        },
      },
      async (request, reply) => {
        const { identity } = request.signedIn();
        await incidents.get(identity, request.params.id);
        if (Number(request.headers['content-length']) > MOST_EVIDENCE_BYTES)
          throw new HaidangError('HD_TOO_LARGE', `A piece of evidence has at most ${MOST_EVIDENCE_BYTES} bytes.`);
        const path = await receiveFile(request.body, incidents.files.incoming, MOST_EVIDENCE_BYTES);
        const { name, note = '' } = request.query;
        try {
          const changed = await incidents.addFile(identity, request.params.id, { path, name, note });
          return await reply.code(201).send(await shown(identity, changed));
        } finally {
          await rm(path, { force: true });
        }
      },
    );
  });

  app.get(
    '/api/v1/incidents/:id/evidence/:evidence',
    {
      config: { access: 'incidents.work' },
      schema: {
        tags,
        description: 'The bytes of a piece of evidence; reading them is written into its chain of custody.',
        params: Type.Object({ ...IncidentParams.properties, evidence: Type.String({ minLength: 1, maxLength: 100 }) }),
        response: {
          200: { description: 'The bytes', content: { [FILE_TYPE]: { schema: Type.String({ format: 'binary' }) } } },
          ...problems(400, 401, 403, 404, 409, 413, 429),
        },
      },
    },
    async (request, reply) => {
      const { identity } = request.signedIn();
      const { item, bytes } = await incidents.readEvidence(identity, request.params.id, request.params.evidence);
      // Never shown by the browser: what was kept may be what attacked.
      reply.header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(item.name)}`);
      reply.header('content-security-policy', 'sandbox');
      return reply
        .type(FILE_TYPE)
        .serializer((whole: unknown) => whole as string)
        .send(bytes as unknown as string);
    },
  );

  app.get(
    '/api/v1/incidents/settings',
    {
      config: { access: 'incidents.read' },
      schema: { tags, response: { 200: IncidentSettings, ...problems(401, 403, 429) } },
    },
    async (request) => {
      provincial(request.signedIn().identity);
      return incidents.settings.get();
    },
  );

  app.put(
    '/api/v1/incidents/settings',
    {
      config: { access: 'rules.change' },
      schema: {
        tags,
        body: IncidentSettings,
        response: { 200: IncidentSettings, ...problems(400, 401, 403, 409, 429) },
      },
    },
    async (request) => {
      const identity = provincial(request.signedIn().identity);
      for (const entry of request.body.allow) parseNameOrNetwork(entry);
      await incidents.settings.set(request.body);
      const detail = { byRule: request.body.byRule, allow: request.body.allow.length };
      await accounts.audit.record({ actor: identity.name, act: 'incident.settings', target: 'incidents', detail });
      return incidents.settings.get();
    },
  );
}

/** The record filter of a list query; merged incidents are in no list unless asked for. @throws HaidangError `HD_BAD_REQUEST` */
function incidentFilter(query: {
  status?: string;
  severity?: string;
  owner?: string;
}): NonNullable<RecordFilter['where']> {
  const list = (name: string, text: string | undefined, allowed?: readonly string[]): readonly string[] | undefined => {
    if (text === undefined || text === '') return undefined;
    const values = text.split(',').map((value) => value.trim());
    const wrong = allowed && values.find((value) => !allowed.includes(value));
    if (wrong === undefined) return values;
    throw new HaidangError(
      'HD_BAD_REQUEST',
      `"${wrong.slice(0, 50)}" is no ${name}; there are ${allowed?.join(', ')}.`,
    );
  };
  const severity = list('severity', query.severity, SEVERITIES);
  const owner = list('owner', query.owner);
  return {
    status: list('status', query.status, STATUSES) ?? STATUSES.filter((status) => status !== 'merged'),
    ...(severity ? { severityRank: severity.map((one) => SEVERITIES.indexOf(one) + 1) } : {}),
    ...(owner ? { owner } : {}),
  };
}
