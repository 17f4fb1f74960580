import { Type } from 'typebox';
import { HaidangError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import type { App, Services } from '../services.ts';
import type { Versioned } from '../store/record-store.ts';
import { problems } from '../system/answers.ts';
import { questionOf } from './asking.ts';
import type { SavedSearchRecord } from './record.ts';
import { mayChange, openSavedSearches } from './saved.ts';
import { ChangedSavedSearch, NewSavedSearch, SavedSearch, SavedSearches } from './schema.ts';

const Id = Type.Object({ id: Type.String({ pattern: '^[a-z0-9-]{1,64}$' }) });

/** Searches to come back to: own ones, and those shared by people who may see no more than the reader. */
export function savedSearchRoutes(app: App, { records, accounts }: Services): void {
  const saved = openSavedSearches(records);
  const tags = ['search'];
  const config = { access: 'searches.keep' } as const;
  const record = (identity: Identity, act: string, id: string, { name, visibility }: SavedSearchRecord) =>
    accounts.audit.record({ actor: identity.name, act, target: id, detail: { name, visibility } });

  app.get(
    '/api/v1/searches',
    { config, schema: { tags, response: { 200: SavedSearches, ...problems(401, 503) } } },
    async (request) => {
      const { identity } = request.signedIn();
      return { searches: (await saved.list(identity)).map((one) => shown(identity, one)) };
    },
  );

  app.post(
    '/api/v1/searches',
    { config, schema: { tags, body: NewSavedSearch, response: { 201: SavedSearch, ...problems(400, 401, 403, 503) } } },
    async (request, reply) => {
      const { identity } = request.signedIn();
      const made = await saved.add(identity, checked(request.body));
      await record(identity, 'search.save', made.id, made.document);
      return reply.code(201).send(shown(identity, made));
    },
  );

  app.put(
    '/api/v1/searches/:id',
    {
      config,
      schema: {
        tags,
        params: Id,
        body: ChangedSavedSearch,
        response: { 200: SavedSearch, ...problems(400, 401, 403, 404, 409, 503) },
      },
    },
    async (request) => {
      const { identity } = request.signedIn();
      const { version, ...search } = request.body;
      const changed = await saved.change(identity, request.params.id, version, checked(search));
      await record(identity, 'search.change', changed.id, changed.document);
      return shown(identity, changed);
    },
  );

  app.delete(
    '/api/v1/searches/:id',
    {
      config,
      schema: { tags, params: Id, response: { 204: Type.Null(), ...problems(401, 403, 404, 503) } },
    },
    async (request, reply) => {
      const { identity } = request.signedIn();
      const { id } = request.params;
      await record(identity, 'search.delete', id, await saved.remove(identity, id));
      return reply.code(204).send(null);
    },
  );
}

/** A search that cannot be run is not kept. @throws HaidangError `HD_KQL_SYNTAX`, `HD_TIME_RANGE`, `HD_BAD_REQUEST` */
function checked(search: NewSavedSearch): NewSavedSearch {
  if (search.name.trim() === '') throw new HaidangError('HD_BAD_REQUEST', 'A saved search needs a name.');
  questionOf({ kql: search.kql, from: search.from, to: search.to });
  return search;
}

function shown(identity: Identity, { id, version, document }: Versioned<SavedSearchRecord>): SavedSearch {
  const { name, owner, kql, from, to, by, visibility, updatedAt } = document;
  const own = owner === identity.name;
  const shared = visibility === 'shared';
  return {
    id,
    version,
    name,
    owner,
    own,
    shared,
    kql,
    from,
    to,
    by,
    updatedAt,
    canChange: mayChange(identity, document),
  };
}
