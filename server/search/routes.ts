import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Condition } from '../../rules/query/condition.ts';
import { KqlError, parseKql } from '../../rules/query/kql.ts';
import { HaidangError } from '../errors.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import { EventAnswer, EventSearchPage, EventSearchQuery, HistogramAnswer, HistogramQuery } from './schema.ts';
import { parseRange } from './time-range.ts';

/** Searching stored events, their histogram, and one event. */
export function searchRoutes(app: App, { events }: Services): void {
  const tags = ['search'];
  const config = { access: 'signed-in' } as const;

  app.get(
    '/api/v1/events',
    {
      config,
      schema: { tags, querystring: EventSearchQuery, response: { 200: EventSearchPage, ...problems(400, 401, 503) } },
    },
    async (request) => {
      const { kql, from, to, limit = 100, after } = request.query;
      const range = parseRange(from, to, Date.now());
      const query = { range, condition: condition(kql), limit, ...(after === undefined ? {} : { after }) };
      const view = events.as(request.signedIn().identity);
      const page = await untilGone(request, (signal) => view.search(query, signal));
      return {
        events: page.events.map(({ id, event }) => ({ id, event })),
        next: page.next,
        complete: page.complete,
      };
    },
  );

  app.get(
    '/api/v1/events/histogram',
    {
      config,
      schema: { tags, querystring: HistogramQuery, response: { 200: HistogramAnswer, ...problems(400, 401, 503) } },
    },
    async (request) => {
      const { kql, from, to, buckets = 60 } = request.query;
      const range = parseRange(from, to, Date.now());
      const intervalSeconds = interval(range, buckets);
      const view = events.as(request.signedIn().identity);
      const query = { range, condition: condition(kql), intervalSeconds };
      const found = await untilGone(request, (signal) => view.histogram(query, signal));
      return {
        ...range,
        intervalSeconds,
        buckets: found.buckets.map(({ start, count }) => ({ start, count })),
        total: found.total,
        complete: found.complete,
      };
    },
  );

  app.get(
    '/api/v1/events/:id',
    {
      config,
      schema: {
        tags,
        params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 120 }) }),
        response: { 200: EventAnswer, ...problems(400, 401, 404) },
      },
    },
    async (request) => {
      const found = await events.as(request.signedIn().identity).get(request.params.id);
      if (!found) throw new HaidangError('HD_NOT_FOUND', 'There is no event of this id that you may see.');
      return { id: found.id, event: found.event };
    },
  );
}

/** A KQL text as a condition; nothing means everything. @throws HaidangError `HD_KQL_SYNTAX` */
function condition(kql: string | undefined): Condition {
  if (kql === undefined || kql.trim() === '') return { kind: 'always' };
  try {
    return parseKql(kql);
  } catch (error) {
    if (!(error instanceof KqlError)) throw error;
    throw new HaidangError('HD_KQL_SYNTAX', error.message);
  }
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

/** The smallest round interval that gives no more than the wanted number of buckets, in seconds. */
function interval(range: { from: string; to: string }, buckets: number): number {
  const exact = (Date.parse(range.to) - Date.parse(range.from)) / 1000 / buckets;
  return STEPS.find((step) => step >= exact) ?? Math.ceil(exact / 86_400) * 86_400;
}

/** Runs a search until it is done or its client went away, in which case the store stops working on it. */
async function untilGone<T>(request: FastifyRequest, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const gone = () => abort.abort();
  request.raw.once('close', gone);
  request.raw.socket?.once('close', gone);
  try {
    return await work(abort.signal);
  } finally {
    request.raw.off('close', gone);
    request.raw.socket?.off('close', gone);
  }
}
