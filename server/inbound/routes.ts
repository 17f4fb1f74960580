import { ruleBook } from '../alerts/queries.ts';
import { HaidangError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import { IncidentDetail } from '../incidents/schema.ts';
import { incidentDetail } from '../incidents/view.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import type { Inbound } from './inbound.ts';
import { listIdOf } from './lists.ts';
import type { InboundItemRecord } from './record.ts';
import * as S from './schema.ts';
import type { InboundSource } from './settings.ts';

const TLPS = ['clear', 'green', 'amber', 'amber+strict', 'red'] as const;

/** What comes in from outside: sources, tasks, advisories, and answers to tasks. */
export function inboundRoutes(app: App, services: Services, inbound: Inbound): void {
  const { records, indicators, agencies, accounts } = services;
  const tags = ['inbound'];
  const errors = problems(400, 401, 403, 404, 409, 429, 503);
  const nameOf = (source: string) => inbound.sources.find(({ id }) => id === source)?.name ?? source;

  const sourceRow = async ({ id, name, root, collection, takes, answersTo, everySeconds }: InboundSource) => {
    const { askedAt, answeredAt, nextAt, problem, problemKind, failures, warning, warningKind } =
      await inbound.state(id);
    const known = indicators.lists().lists;
    const lists = TLPS.flatMap((tlp) => {
      const list = known.find((one) => one.id === listIdOf(id, tlp));
      return list ? [{ id: list.id, tlp, count: list.count }] : [];
    });
    return {
      ...{ id, name, root, collection, takes: [...takes], answersTo: answersTo ?? null, everySeconds, lists },
      ...{ askedAt, answeredAt, nextAt, problem, problemKind, failures, warning, warningKind },
    };
  };

  app.get(
    '/api/v1/inbound',
    {
      config: { access: 'inbound.read' },
      schema: { tags, response: { 200: S.InboundSources, ...errors } },
    },
    async (request) => {
      whole(request.signedIn().identity);
      return { sources: await Promise.all(inbound.sources.map(sourceRow)) };
    },
  );

  app.post(
    '/api/v1/inbound/:source/poll',
    {
      config: { access: 'inbound.manage' },
      schema: {
        tags,
        description: 'Has a source asked at once, and not only when its time has come.',
        params: S.SourceParams,
        response: { 202: S.SourceRow, ...errors },
      },
    },
    async (request, reply) => {
      const identity = whole(request.signedIn().identity);
      const { source } = request.params;
      const found = inbound.sources.find(({ id }) => id === source);
      if (!found) throw new HaidangError('HD_NOT_FOUND', `There is no source "${source}" in the configuration.`);
      await inbound.wake(source);
      await accounts.audit.record({ actor: identity.name, act: 'inbound.poll', target: source, detail: {} });
      return reply.code(202).send(await sourceRow(found));
    },
  );

  app.get(
    '/api/v1/inbound/items',
    {
      config: { access: 'inbound.read' },
      schema: {
        tags,
        description: 'Tasks, remarks and advisories that came in, the last first.',
        querystring: S.InboundQuery,
        response: { 200: S.InboundItems, ...errors },
      },
    },
    async (request) => {
      const view = records.as(whole(request.signedIn().identity));
      const { show = 'all', limit = 100, after } = request.query;
      const where = WHERE[show];
      const [page, total, open, advisories] = await Promise.all([
        view.find('inbound-item', {
          where,
          orderBy: { field: 'receivedAt', descending: true },
          limit,
          ...(after === undefined ? {} : { after }),
        }),
        view.count('inbound-item', { where }),
        view.count('inbound-item', { where: WHERE.open }),
        view.count('inbound-item', { where: WHERE.advisories }),
      ]);
      const items = page.records.map(({ id, document }) => itemRow(id, document, nameOf(document.source)));
      return { items, next: page.next, total, counts: { open, advisories } };
    },
  );

  app.get(
    '/api/v1/inbound/items/:item',
    {
      config: { access: 'inbound.read' },
      schema: { tags, params: S.ItemParams, response: { 200: S.InboundItem, ...errors } },
    },
    async (request) => {
      const view = records.as(whole(request.signedIn().identity));
      const { item } = request.params;
      const found = await view.get('inbound-item', item);
      if (!found) throw new HaidangError('HD_NOT_FOUND', `Nothing with the id "${item.slice(0, 200)}" came in.`);
      return itemRow(found.id, found.document, nameOf(found.document.source));
    },
  );

  app.post(
    '/api/v1/inbound/items/:item/answer',
    {
      config: { access: 'incidents.work' },
      schema: {
        tags,
        description: 'Answers a task on the incident that holds it by now.',
        params: S.ItemParams,
        body: S.AnswerTask,
        response: { 200: S.InboundItem, ...errors },
      },
    },
    async (request) => {
      const identity = whole(request.signedIn().identity);
      const { id, document } = await inbound.answerItem(identity, request.params.item, request.body.text);
      return itemRow(id, document, nameOf(document.source));
    },
  );

  app.post(
    '/api/v1/incidents/:id/tasks/:task/answer',
    {
      config: { access: 'incidents.work' },
      schema: {
        tags,
        description:
          'Answers a task that came from outside; the answer leaves with the next version that somebody lets out.',
        params: S.AnswerParams,
        body: S.AnswerTask,
        response: { 200: IncidentDetail, ...errors },
      },
    },
    async (request) => {
      const { identity } = request.signedIn();
      const { id, task } = request.params;
      const found = await inbound.answer(identity, id, task, request.body.text);
      const rules = ruleBook(services.rules.rules);
      return incidentDetail(found, { view: records.as(identity), rules, agencies });
    },
  );
}

const WHERE: Readonly<
  Record<'all' | 'open' | 'tasks' | 'advisories' | 'messages', Record<string, (string | number)[]>>
> = {
  all: {},
  open: { open: [1] },
  tasks: { kind: ['task'] },
  advisories: { kind: ['advisory'] },
  messages: { kind: ['acknowledgement', 'note'] },
};

function itemRow(id: string, record: InboundItemRecord, sourceName: string): S.InboundItem {
  const { source, kind, incident, title, text, tlp, due, link, state, publishedAt, receivedAt } = record;
  return { id, source, sourceName, kind, incident, title, text, tlp, due, link, state, publishedAt, receivedAt };
}

/** What others send is the province's: an account of some agencies alone has no part in it. @throws HaidangError `HD_FORBIDDEN` */
function whole(identity: Identity): Identity {
  if (identity.agencies === 'all') return identity;
  throw new HaidangError('HD_FORBIDDEN', 'What comes from outside belongs to accounts that see all agencies.');
}
