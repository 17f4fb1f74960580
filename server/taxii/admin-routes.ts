import { randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { hashPassword } from '../accounts/password.ts';
import { HaidangError } from '../errors.ts';
import type { App } from '../services.ts';
import { problems } from '../system/answers.ts';
import * as S from './admin-schema.ts';
import type { CatalogChange } from './change-catalog.ts';
import { pinnedCertificates } from './client-certificate.ts';
import { isRootName } from './data-file.ts';
import { LIMITS } from './limits.ts';
import type { Taxii } from './taxii.ts';

/** Administration of the TAXII server: accounts of provinces, API roots, collections, who may do what, and data files. */
export function taxiiAdminRoutes(app: App, taxii: Taxii): void {
  const tags = ['taxii'];
  const config = { access: 'taxii.manage' } as const;
  const errors = problems(400, 401, 403, 404, 409, 429, 503);
  const change = async (request: FastifyRequest, what: CatalogChange, target: string, detail: object = {}) => {
    const { identity } = request.signedIn();
    // Provinces are nobody's own here: who sees some agencies alone must not open their mail to others.
    if (identity.agencies !== 'all')
      throw new HaidangError('HD_FORBIDDEN', 'This takes an administrator of all agencies.');
    await taxii.change(what, identity, target, detail);
  };

  app.post(
    '/api/v1/taxii/loads',
    {
      config,
      schema: { tags, body: S.LoadRequest, response: { 200: S.LoadAnswer, ...problems(400, 401, 403, 429, 503) } },
    },
    async (request) => {
      const { identity } = request.signedIn();
      if (identity.kind !== 'local')
        throw new HaidangError('HD_FORBIDDEN', 'A data file is loaded on the server itself, by "haidang taxii load".');
      const loaded = await taxii.load(request.body.path, request.body.passwords, identity);
      return { ...loaded, refused: [...loaded.refused] };
    },
  );

  app.get(
    '/api/v1/taxii',
    { config, schema: { tags, response: { 200: S.TaxiiOverview, ...problems(401, 403, 429) } } },
    async () => {
      const { roots, collections, accounts } = taxii.catalog();
      return {
        roots: roots.map(({ name, title, maxContentLength }) => ({ name, title, maxContentLength })),
        collections: collections.map(({ number: _, mediaTypes: __, description: ___, ...shown }) => shown),
        accounts: accounts.map(({ name, loopback, disabled, certificates }) => ({
          ...{ name, loopback, disabled },
          certificates: [...certificates],
        })),
      };
    },
  );

  app.post(
    '/api/v1/taxii/accounts',
    { config, schema: { tags, body: S.NewTaxiiAccount, response: { 204: Type.Null(), ...errors } } },
    async (request, reply) => {
      const { name, password } = request.body;
      const account = { name, password: await hashPassword(password), loopback: false };
      await change(request, { kind: 'add-account', account }, name);
      return reply.code(204).send(null);
    },
  );

  app.put(
    '/api/v1/taxii/accounts/:name',
    {
      config,
      schema: { tags, params: S.AccountParams, body: S.AccountChange, response: { 204: Type.Null(), ...errors } },
    },
    async (request, reply) => {
      const { name } = request.params;
      const { password, disabled, certificates } = request.body;
      const hashed = password === undefined ? {} : { password: await hashPassword(password) };
      const state = disabled === undefined ? {} : { disabled };
      const pinned = certificates === undefined ? {} : { certificates: pinnedCertificates(certificates) };
      const detail = { ...state, ...pinned, newPassword: password !== undefined };
      await change(request, { kind: 'change-account', name, ...hashed, ...state, ...pinned }, name, detail);
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/api/v1/taxii/roots',
    { config, schema: { tags, body: S.NewApiRoot, response: { 204: Type.Null(), ...errors } } },
    async (request, reply) => {
      const { name, maxContentLength = LIMITS.contentBytes, ...rest } = request.body;
      if (!isRootName(name)) throw new HaidangError('HD_BAD_REQUEST', `"${name}" is an address of this server itself.`);
      const root = { ...rest, name, maxContentLength, open: false };
      await change(request, { kind: 'add-root', root }, name);
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/api/v1/taxii/collections',
    { config, schema: { tags, body: S.NewTaxiiCollection, response: { 201: S.CollectionMade, ...errors } } },
    async (request, reply) => {
      const id = randomUUID();
      const mediaTypes = ['application/stix+json;version=2.1'];
      const collection = { ...request.body, id, mediaTypes, grants: {} };
      await change(request, { kind: 'add-collection', collection }, id, { title: collection.title });
      return reply.code(201).send({ id });
    },
  );

  app.put(
    '/api/v1/taxii/collections/:collection/grants/:account',
    { config, schema: { tags, params: S.GrantParams, body: S.Grant, response: { 204: Type.Null(), ...errors } } },
    async (request, reply) => {
      const { collection, account } = request.params;
      const rights = request.body;
      await change(request, { kind: 'grant', collection, account, rights }, collection, { account, ...rights });
      return reply.code(204).send(null);
    },
  );

  app.delete(
    '/api/v1/taxii/collections/:collection/grants/:account',
    { config, schema: { tags, params: S.GrantParams, response: { 204: Type.Null(), ...errors } } },
    async (request, reply) => {
      const { collection, account } = request.params;
      await change(request, { kind: 'grant', collection, account, rights: null }, collection, {
        account,
        rights: null,
      });
      return reply.code(204).send(null);
    },
  );
}
