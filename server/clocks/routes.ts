import { Type } from 'typebox';
import { HaidangError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import { incidentRows } from '../incidents/view.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import type { Clocks } from './clocks.ts';
import * as S from './schema.ts';
import type { LegalClock } from './state.ts';
import { nameOf } from './words.ts';
import type { YearlyClock } from './yearly.ts';

const Incident = Type.String({ minLength: 1, maxLength: 100 });
const IncidentParams = Type.Object({ id: Incident });
const ClockParams = Type.Object({ id: Incident, clock: Type.String({ minLength: 1, maxLength: 64 }) });
const YearParams = Type.Object({ year: Type.String({ pattern: '^20\\d\\d$', description: 'The year' }) });

/** The legal clocks: what is due next, those of an incident, and what people say about a term. */
export function clockRoutes(app: App, { incidents, agencies }: Services, clocks: Clocks): void {
  const tags = ['clocks'];

  app.get(
    '/api/v1/clocks',
    {
      config: { access: 'incidents.read' },
      schema: { tags, querystring: S.ClockQuery, response: { 200: S.ClockList, ...problems(400, 401) } },
    },
    async (request) => {
      const { identity } = request.signedIn();
      const { limit = 100, after } = request.query;
      const { found, next, total } = await clocks.list(identity, { limit, after });
      const rows = await incidentRows(
        found.map(({ incident }) => incident),
        agencies,
      );
      const years = identity.agencies === 'all' ? await clocks.years() : [];
      return {
        incidents: rows.map((incident, at) => ({ incident, clocks: (found[at]?.clocks ?? []).map(clockRow) })),
        years: years.map(yearRow),
        next,
        total,
      };
    },
  );

  app.get(
    '/api/v1/incidents/:id/clocks',
    {
      config: { access: 'incidents.read' },
      schema: { tags, params: IncidentParams, response: { 200: S.IncidentClocks, ...problems(400, 401, 404) } },
    },
    async (request) => {
      const found = await incidents.get(request.signedIn().identity, request.params.id);
      return { clocks: (await clocks.of(found)).map(clockRow) };
    },
  );

  app.post(
    '/api/v1/incidents/:id/clocks/:clock',
    {
      config: { access: 'incidents.approve' },
      schema: {
        tags,
        description: 'A person says that a term was met elsewhere, is not owed, or takes that back.',
        params: ClockParams,
        body: S.MarkClock,
        response: { 200: S.IncidentClocks, ...problems(400, 401, 403, 404, 409, 429) },
      },
    },
    async (request) => {
      const { id, clock } = request.params;
      const identity = whole(request.signedIn().identity);
      return { clocks: (await clocks.mark(identity, id, clock, request.body)).map(clockRow) };
    },
  );

  app.post(
    '/api/v1/clocks/years/:year',
    {
      config: { access: 'incidents.approve' },
      schema: {
        tags,
        params: YearParams,
        body: S.MarkClock,
        response: {
          200: Type.Object({ years: Type.Array(S.YearRow) }),
          ...problems(400, 401, 403, 404, 409, 429),
        },
      },
    },
    async (request) => {
      const identity = whole(request.signedIn().identity);
      const years = await clocks.markYear(identity, Number(request.params.year), request.body);
      return { years: years.map(yearRow) };
    },
  );
}

/** Reporting is the province's duty: an account of some agencies alone says nothing about it. @throws HaidangError `HD_FORBIDDEN` */
function whole(identity: Identity): Identity {
  if (identity.agencies === 'all') return identity;
  throw new HaidangError('HD_FORBIDDEN', 'What was reported is said by accounts that see all agencies.');
}

/** One term as people see it. */
export function clockRow(clock: LegalClock): S.ClockRow {
  const { id, until, source, hours, from, due, stages, state, met, waived } = clock;
  return { id, name: { ...nameOf(clock) }, until, source, hours, from, due, stages: { ...stages }, state, met, waived };
}

function yearRow({ year, source, from, due, stages, state, mark }: YearlyClock): S.YearRow {
  const said = mark && mark.act !== 'open' ? { ...mark, act: mark.act } : null;
  return {
    ...{ year, source, from, due, state },
    name: { ...nameOf({ id: 'yearly', name: undefined }) },
    stages: { ...stages },
    mark: said && { act: said.act, at: said.at, by: said.by, reference: said.reference, note: said.note },
  };
}
