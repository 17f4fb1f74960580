import { HaidangError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import type { StoredReport } from './board-records.ts';
import type { National } from './national.ts';
import * as S from './schema.ts';
import { boardDetail, boardRow, indicatorRow } from './view.ts';

const RANKS = ['informational', 'low', 'medium', 'high', 'critical'];

/** The board of the national role: incidents of all provinces, acknowledgements, tasks, indicators. */
export function nationalRoutes(app: App, { records }: Pick<Services, 'records'>, national: National): void {
  const tags = ['national'];
  const errors = problems(400, 401, 403, 404, 409, 429, 503);

  const namesOf = async () => new Map((await national.provinces.all()).map(({ account, name }) => [account, name]));
  const shown = async (identity: Identity, stored: StoredReport) =>
    boardDetail(stored, {
      contents: await national.contents(stored.document),
      versions: await national.versions(stored.document),
      names: await namesOf(),
      view: records.as(identity),
    });

  app.get(
    '/api/v1/national/board',
    {
      config: { access: 'board.read' },
      schema: {
        tags,
        description: 'Incidents as provinces reported them last, changed last first.',
        querystring: S.BoardQuery,
        response: { 200: S.Board, ...errors },
      },
    },
    async (request) => {
      const view = records.as(whole(request.signedIn().identity));
      const { province, severity, state, show = 'all', limit = 100, after } = request.query;
      const wanted = {
        ...(province === undefined ? {} : { province: [province] }),
        ...(severity === undefined ? {} : { severityRank: [RANKS.indexOf(severity) + 1] }),
        ...(state === undefined ? {} : { state: [state] }),
      };
      const whereOf = (which: typeof show) => ({
        ...wanted,
        ...(which === 'new' ? { acknowledged: [0] } : which === 'seen' ? { acknowledged: [1] } : {}),
        ...(which === 'asked' ? { asked: [1] } : {}),
      });
      const count = (which: typeof show) => view.count('national-incident', { where: whereOf(which) });
      const [page, all, fresh, seen, asked, provinces] = await Promise.all([
        view.find('national-incident', {
          where: whereOf(show),
          orderBy: { field: 'updatedAt', descending: true },
          limit,
          ...(after === undefined ? {} : { after }),
        }),
        count('all'),
        count('new'),
        count('seen'),
        count('asked'),
        national.provinces.all(),
      ]);
      const counts = { all, new: fresh, seen, asked };
      const names = new Map(provinces.map(({ account, name }) => [account, name]));
      return {
        incidents: page.records.map((stored) => boardRow(stored, names)),
        next: page.next,
        total: counts[show],
        counts,
        provinces: provinces.map(({ account, name }) => ({ account, name })),
      };
    },
  );

  app.get(
    '/api/v1/national/board/:id',
    {
      config: { access: 'board.read' },
      schema: { tags, params: S.BoardParams, response: { 200: S.BoardDetail, ...errors } },
    },
    async (request) => {
      const identity = whole(request.signedIn().identity);
      return shown(identity, await national.get(request.params.id));
    },
  );

  app.post(
    '/api/v1/national/board/:id/acknowledge',
    {
      config: { access: 'board.work' },
      schema: {
        tags,
        description: 'Tells the province that the center saw this version.',
        params: S.BoardParams,
        body: S.AcknowledgeReport,
        response: { 200: S.BoardDetail, ...errors },
      },
    },
    async (request) => {
      const identity = whole(request.signedIn().identity);
      const { version, text = '' } = request.body;
      return shown(identity, await national.acknowledge(identity, request.params.id, { version, text }));
    },
  );

  app.post(
    '/api/v1/national/board/:id/tasks',
    {
      config: { access: 'board.work' },
      schema: {
        tags,
        description: 'Asks the province to do something by a time.',
        params: S.BoardParams,
        body: S.NewNationalTask,
        response: { 201: S.BoardDetail, ...errors },
      },
    },
    async (request, reply) => {
      const identity = whole(request.signedIn().identity);
      const { title, text = '', due = null } = request.body;
      const stored = await national.addTask(identity, request.params.id, { title, text, due });
      return reply.code(201).send(await shown(identity, stored));
    },
  );

  app.post(
    '/api/v1/national/board/:id/tasks/:task/withdraw',
    {
      config: { access: 'board.work' },
      schema: { tags, params: S.BoardTaskParams, body: S.WithdrawTask, response: { 200: S.BoardDetail, ...errors } },
    },
    async (request) => {
      const identity = whole(request.signedIn().identity);
      const { id, task } = request.params;
      return shown(identity, await national.withdrawTask(identity, id, task, request.body.reason));
    },
  );

  app.get(
    '/api/v1/national/indicators',
    {
      config: { access: 'board.read' },
      schema: {
        tags,
        description: 'What provinces met; the same value is one, with each province that met it and when.',
        querystring: S.NationalIndicatorQuery,
        response: { 200: S.NationalIndicators, ...errors },
      },
    },
    async (request) => {
      const view = records.as(whole(request.signedIn().identity));
      const { shared = false, limit = 100, after } = request.query;
      const where = shared ? { shared: [1] } : {};
      const [page, total, names] = await Promise.all([
        view.find('national-indicator', {
          where,
          orderBy: { field: 'lastAt', descending: true },
          limit,
          ...(after === undefined ? {} : { after }),
        }),
        view.count('national-indicator', { where }),
        namesOf(),
      ]);
      return { indicators: page.records.map(({ document }) => indicatorRow(document, names)), next: page.next, total };
    },
  );

  app.get(
    '/api/v1/national/provinces',
    { config: { access: 'board.read' }, schema: { tags, response: { 200: S.ProvinceList, ...errors } } },
    async (request) => {
      whole(request.signedIn().identity);
      return { provinces: [...(await national.provinces.all())] };
    },
  );

  app.put(
    '/api/v1/national/provinces/:account',
    {
      config: { access: 'taxii.manage' },
      schema: {
        tags,
        description: 'Names the province of a TAXII account, and makes the collection with what is for it alone.',
        params: S.ProvinceParams,
        body: S.NameProvince,
        response: { 200: S.ProvinceRow, ...errors },
      },
    },
    async (request) => {
      const identity = whole(request.signedIn().identity);
      return national.provinces.name(request.params.account, request.body.name.trim(), identity);
    },
  );
}

/** Provinces are no agencies of this server: who sees some of them alone has no part in it. @throws HaidangError `HD_FORBIDDEN` */
function whole(identity: Identity): Identity {
  if (identity.agencies === 'all') return identity;
  throw new HaidangError('HD_FORBIDDEN', 'The board of provinces belongs to accounts that see all agencies.');
}
