import { FIELD_TYPES, fieldType } from '../../ecs/fields.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import { questionOf, untilGone } from './asking.ts';
import type { RunningSearches } from './progress.ts';
import { FieldsAnswer, FieldsQuery, SuggestAnswer, SuggestQuery, ValuesAnswer, ValuesQuery } from './schema.ts';

/** Documents read for the values of a field that the index does not hold. */
const MOST_DOCUMENTS = 20_000;
const SUGGESTED = 20;
/** Events looked at for a suggestion: it must come while somebody types. */
const SUGGESTED_FROM = { names: 300, values: 2_000 } as const;

/** What the found events hold: fields, their values, and suggestions while a query is written. */
export function valueRoutes(app: App, { events }: Services, running: RunningSearches): void {
  const tags = ['search'];
  const config = { access: 'events.read' } as const;

  app.get(
    '/api/v1/events/fields',
    { config, schema: { tags, querystring: FieldsQuery, response: { 200: FieldsAnswer, ...problems(400, 401, 503) } } },
    async (request) => {
      const { sample = 1000 } = request.query;
      const view = events.as(request.signedIn().identity);
      const query = { ...questionOf(request.query), sample };
      const found = await untilGone(request, (signal) => view.fields(query, signal));
      return {
        fields: found.fields.map(({ name, events }) => {
          const type = fieldType(name);
          return { name, events, ...(type === undefined ? {} : { type }) };
        }),
        looked: found.looked,
        complete: found.complete,
      };
    },
  );

  app.get(
    '/api/v1/events/values',
    { config, schema: { tags, querystring: ValuesQuery, response: { 200: ValuesAnswer, ...problems(400, 401, 503) } } },
    async (request) => {
      const { field, limit = 10, search } = request.query;
      const { identity } = request.signedIn();
      const { onProgress, end } = running.start(identity.name, search);
      const query = { ...questionOf(request.query), field, limit, sample: MOST_DOCUMENTS };
      const asked = untilGone(request, (signal) => events.as(identity).topValues(query, signal, onProgress));
      const { values, stopped, approximate, ...counts } = await asked.finally(end);
      return {
        field,
        values: values.map(({ value, count }) => ({ value, count })),
        ...counts,
        ...(stopped === undefined ? {} : { stopped }),
        ...(approximate === undefined ? {} : { approximate }),
      };
    },
  );

  app.get(
    '/api/v1/events/suggest',
    {
      config,
      schema: { tags, querystring: SuggestQuery, response: { 200: SuggestAnswer, ...problems(400, 401, 503) } },
    },
    async (request) => {
      const { field, prefix = '' } = request.query;
      const view = events.as(request.signedIn().identity);
      const question = questionOf(request.query);
      return untilGone(request, async (signal) => {
        if (field !== undefined) {
          const query = { ...question, field, prefix, limit: SUGGESTED, sample: SUGGESTED_FROM.values };
          const { values } = await view.topValues(query, signal);
          return { suggestions: values.map(({ value }) => value) };
        }
        const { fields } = await view.fields({ ...question, sample: SUGGESTED_FROM.names }, signal);
        return { suggestions: namesLike(prefix, fields) };
      });
    },
  );
}

/** Names that begin so, or whose parts do: those that events have come first, then those that ECS knows. */
function namesLike(prefix: string, seen: readonly { readonly name: string }[]): string[] {
  const wanted = prefix.toLowerCase();
  const starts = (name: string) => name.toLowerCase().startsWith(wanted);
  const parts = (name: string) => !starts(name) && name.toLowerCase().includes(`.${wanted}`);
  const names = seen.map(({ name }) => name);
  const known = [...FIELD_TYPES.keys()];
  const found = [...names.filter(starts), ...names.filter(parts), ...known.filter(starts), ...known.filter(parts)];
  return [...new Set(found)].slice(0, SUGGESTED);
}
