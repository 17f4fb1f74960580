import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import { HaidangError } from '../errors.ts';
import { type Failure, sendPage, sendTaxii } from './answers.ts';
import { collectionsFor, discoveryFor } from './catalog.ts';
import { type Query, readFilter, readPageRequest } from './filter.ts';
import { LIMITS } from './limits.ts';
import { TAXII_TYPE } from './media-type.ts';
import {
  admitted,
  collectionOf,
  collectionResource,
  mayDelete,
  mayRead,
  mayWrite,
  mustFit,
  rootOf,
} from './request.ts';
import * as S from './schema.ts';
import type { Taxii } from './taxii.ts';
import type { PageForm } from './thread-calls.ts';

/** One of TAXII's endpoints; its path ends in a slash (TAXII 2.1 §3.1). */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly status: 200 | 202;
  readonly answer: readonly [description: string, schema: TSchema];
  readonly errors: readonly Failure[];
  /** Looks before the body is read. */
  readonly before?: (request: FastifyRequest) => unknown;
  readonly handle: (taxii: Taxii, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;
}

const COLLECTION = '/:root/collections/:collection/';
const OBJECT = `${COLLECTION}objects/:object/`;
const NAMED = [401, 404, 406, 429] as const;
const READ = [400, 401, 403, 404, 406, 429] as const;

/** Every endpoint of TAXII 2.1 (§4, §5). */
export const ENDPOINTS: readonly Endpoint[] = [
  {
    ...{ method: 'GET', path: '/taxii2/', status: 200, answer: ['Discovery', S.DiscoveryResource], errors: NAMED },
    handle: async (_taxii, request, reply) => {
      const { account, catalog } = admitted(request);
      return sendTaxii(reply, 200, JSON.stringify(discoveryFor(catalog, account.name)));
    },
  },
  {
    ...{ method: 'GET', path: '/:root/', params: S.RootParams, status: 200, errors: NAMED },
    answer: ['API root', S.ApiRootResource],
    handle: async (_taxii, request, reply) => {
      const { title, description, maxContentLength } = rootOf(request);
      const length = Math.min(maxContentLength, LIMITS.bodyBytes);
      const resource = { title, description, versions: [TAXII_TYPE], max_content_length: length };
      return sendTaxii(reply, 200, JSON.stringify(resource));
    },
  },
  {
    ...{ method: 'GET', path: '/:root/status/:status/', params: S.StatusParams, status: 200, errors: NAMED },
    answer: ['Status', S.StatusResource],
    handle: async ({ store }, request, reply) => {
      const { status } = request.params as { status: string };
      const text = await store.status(rootOf(request).name, status, admitted(request).account.number);
      if (text !== null) return sendTaxii(reply, 200, text);
      throw new HaidangError('HD_NOT_FOUND', 'There is no such status resource any more, or it is not yours.');
    },
  },
  {
    ...{ method: 'GET', path: '/:root/collections/', params: S.RootParams, status: 200, errors: NAMED },
    answer: ['Collections', S.CollectionsResource],
    handle: async (_taxii, request, reply) => {
      const { account, catalog } = admitted(request);
      const seen = collectionsFor(catalog, rootOf(request).name, account.name);
      const collections = seen.map((one) => collectionResource(one, account));
      return sendTaxii(reply, 200, JSON.stringify(collections.length > 0 ? { collections } : {}));
    },
  },
  {
    ...{ method: 'GET', path: COLLECTION, params: S.CollectionParams, status: 200, errors: NAMED },
    answer: ['Collection', S.CollectionResource],
    handle: async (_taxii, request, reply) => {
      const { collection, account } = collectionOf(request);
      return sendTaxii(reply, 200, JSON.stringify(collectionResource(collection, account)));
    },
  },
  {
    ...{
      method: 'GET',
      path: `${COLLECTION}manifest/`,
      params: S.CollectionParams,
      query: S.ObjectsQuery,
      status: 200,
    },
    ...{ answer: ['Manifest', S.Manifest], errors: READ },
    handle: (taxii, request, reply) => page(taxii, request, reply, 'manifest'),
  },
  {
    ...{ method: 'GET', path: `${COLLECTION}objects/`, params: S.CollectionParams, query: S.ObjectsQuery, status: 200 },
    ...{ answer: ['Envelope', S.Envelope], errors: READ },
    handle: (taxii, request, reply) => page(taxii, request, reply, 'objects'),
  },
  {
    ...{ method: 'POST', path: `${COLLECTION}objects/`, params: S.CollectionParams, status: 202 },
    ...{ answer: ['Status', S.StatusResource], errors: [401, 403, 404, 406, 413, 415, 422, 429] },
    before: mayWrite,
    handle: add,
  },
  {
    ...{ method: 'GET', path: OBJECT, params: S.ObjectParams, query: S.ObjectQuery, status: 200 },
    ...{ answer: ['Envelope', S.Envelope], errors: READ },
    handle: (taxii, request, reply) => page(taxii, request, reply, 'objects'),
  },
  {
    ...{ method: 'DELETE', path: OBJECT, params: S.ObjectParams, query: S.DeleteQuery, status: 200 },
    ...{ answer: ['Deleted, with nothing to say', S.Nothing], errors: READ },
    handle: remove,
  },
  {
    ...{ method: 'GET', path: `${OBJECT}versions/`, params: S.ObjectParams, query: S.VersionsQuery, status: 200 },
    ...{ answer: ['Versions', S.VersionList], errors: READ },
    handle: (taxii, request, reply) => page(taxii, request, reply, 'versions'),
  },
];

async function page({ store }: Taxii, request: FastifyRequest, reply: FastifyReply, form: PageForm) {
  const { number } = mayRead(request);
  const query = request.query as Query;
  const { object } = request.params as { object?: string };
  const asked = readPageRequest(object === undefined ? query : { ...query, 'match[id]': object }, `${number} ${form}`);
  const versions = form === 'versions' ? ('all' as const) : asked.versions;
  const one = object === undefined ? {} : { object };
  return sendPage(reply, await store.page({ collection: number, request: { ...asked, versions }, form, ...one }));
}

async function add(taxii: Taxii, request: FastifyRequest, reply: FastifyReply) {
  const { collection, space, root, account } = mayWrite(request);
  const body = request.body instanceof Uint8Array ? request.body : new Uint8Array();
  mustFit(root, body.length);
  const to = { root: root.name, collection: collection.number, space, account: account.number };
  const added = await taxii.store.add({ to, body, nowMs: taxii.now() });
  if (added.changed) await taxii.reload();
  const detail = { status: added.id, succeeded: added.succeeded, failed: added.failed };
  await taxii.acted(account, 'taxii.objects.add', collection.id, detail);
  return sendTaxii(reply, 202, added.body);
}

async function remove(taxii: Taxii, request: FastifyRequest, reply: FastifyReply) {
  const { collection, account } = mayDelete(request);
  const { object } = request.params as { object: string };
  const query = request.query as Query;
  const wanted = readFilter({ ...query, 'match[id]': object });
  // Without a word about versions the object goes, and not its latest version alone: it must not be found afterwards (§5.7).
  const versions = query['match[version]'] === undefined ? ('all' as const) : wanted.versions;
  const filter = { ...wanted, versions, specs: wanted.specs ?? [20, 21] };
  const count = await taxii.store.delete({ collection: collection.number, account: account.number, filter });
  await taxii.acted(account, 'taxii.object.delete', object, { collection: collection.id, versions: count });
  return sendTaxii(reply, 200, '');
}
