import { Type } from 'typebox';
import { HaidangError } from '../errors.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import { intervalFor, questionOf, untilGone } from './asking.ts';
import { exportRoutes } from './export-routes.ts';
import { openRunningSearches, type RunningSearches } from './progress.ts';
import { savedSearchRoutes } from './saved-routes.ts';
import {
  EventAnswer,
  EventSearchPage,
  EventSearchQuery,
  HistogramAnswer,
  HistogramQuery,
  ProgressAnswer,
  ProgressQuery,
} from './schema.ts';
import { valueRoutes } from './value-routes.ts';

/** Searching stored events: pages, histograms, values, export, saved searches, and one event. */
export function searchRoutes(app: App, services: Services): void {
  const running = openRunningSearches();
  pageRoutes(app, services, running);
  valueRoutes(app, services, running);
  exportRoutes(app, services);
  savedSearchRoutes(app, services);
}

function pageRoutes(app: App, { events, settings }: Services, running: RunningSearches): void {
  const tags = ['search'];
  const config = { access: 'events.read' } as const;

  app.get(
    '/api/v1/events',
    {
      config,
      schema: { tags, querystring: EventSearchQuery, response: { 200: EventSearchPage, ...problems(400, 401, 503) } },
    },
    async (request) => {
      const { limit = 100, after, search } = request.query;
      const query = { ...questionOf(request.query), limit, ...(after === undefined ? {} : { after }) };
      const { identity } = request.signedIn();
      const { onProgress, end } = running.start(identity.name, search);
      const asked = untilGone(request, (signal) => events.as(identity).search(query, signal, onProgress));
      const page = await asked.finally(end);
      return {
        events: page.events.map(({ id, event }) => ({ id, event })),
        next: page.next,
        complete: page.complete,
        ...(page.stopped === undefined ? {} : { stopped: page.stopped }),
        ...reachedBy(page.complete, page.next),
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
      const { buckets = 60, by, values = 5, search } = request.query;
      const { range, condition } = questionOf(request.query);
      const intervalSeconds = intervalFor(range, buckets);
      const { identity } = request.signedIn();
      const view = events.as(identity);
      const { onProgress, end } = running.start(identity.name, search);
      const query = { range, condition, intervalSeconds };
      const asked = untilGone(request, async (signal) => {
        if (by === undefined) return { found: await view.histogram(query, signal, onProgress), stack: undefined };
        const stacked = { ...query, field: by, limit: values, sample: MOST_STACKED_DOCUMENTS };
        const found = await view.stackedHistogram(stacked, signal, onProgress);
        const parts = found.buckets.map(({ counts, other, absent }) => ({ counts: [...counts], other, absent }));
        return { found, stack: { field: by, values: [...found.values], buckets: parts } };
      });
      const { found, stack } = await asked.finally(end);
      return {
        ...range,
        intervalSeconds,
        buckets: found.buckets.map(({ start, count }) => ({ start, count })),
        total: found.total,
        complete: found.complete,
        ...(found.stopped === undefined ? {} : { stopped: found.stopped }),
        exportLimit: settings.exportEvents,
        ...(stack === undefined ? {} : { stack }),
      };
    },
  );

  app.get(
    '/api/v1/events/progress',
    { config, schema: { tags, querystring: ProgressQuery, response: { 200: ProgressAnswer, ...problems(400, 401) } } },
    async (request) => {
      const progress = running.of(request.signedIn().identity.name, request.query.search);
      return progress ? { running: true, ...progress } : { running: false, done: 1, rows: 0, documents: 0 };
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

/** Documents read for a histogram by a field that the index does not hold: more would keep the reader waiting. */
const MOST_STACKED_DOCUMENTS = 50_000;

/** The time that a search which stopped early has come to: a place begins with it, in base 36. */
function reachedBy(complete: boolean, next: string | null): { readonly reached?: string } {
  const ts = complete || next === null ? Number.NaN : Number.parseInt(next, 36);
  return Math.abs(ts) < 8.64e15 ? { reached: new Date(ts).toISOString() } : {};
}
