import { Type } from 'typebox';
import { HaidangError } from '../errors.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import { ownName } from './own-name.ts';
import { ApiTokens, MadeApiToken, NewApiToken, NewApiTokenFor, SessionParams } from './schema.ts';

const GONE = { 204: Type.Null() };

/** Tokens for programs: one's own, and as an administrator those of others. */
export function tokenRoutes(app: App, { accounts }: Services): void {
  const tags = ['accounts'];
  const { tokens } = accounts;

  app.get(
    '/api/v1/session/tokens',
    { config: { access: 'signed-in' }, schema: { tags, response: { 200: ApiTokens, ...problems(401, 403) } } },
    async (request) => tokens.own(ownName(request.signedIn())),
  );

  app.post(
    '/api/v1/session/tokens',
    {
      config: { access: 'signed-in', rateLimit: { max: 30, timeWindow: 60_000, groupId: 'tokens' } },
      schema: { tags, body: NewApiToken, response: { 201: MadeApiToken, ...problems(400, 401, 403, 404, 429) } },
    },
    async (request, reply) => {
      const who = request.signedIn();
      return reply.code(201).send(await tokens.create(ownName(who), request.body, who.identity));
    },
  );

  app.delete(
    '/api/v1/session/tokens/:id',
    {
      config: { access: 'signed-in' },
      schema: { tags, params: SessionParams, response: { ...GONE, ...problems(400, 401, 403, 404) } },
    },
    async (request, reply) => {
      await tokens.revokeOwn(ownName(request.signedIn()), request.params.id);
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/api/v1/tokens',
    { config: { access: 'tokens.manage' }, schema: { tags, response: { 200: ApiTokens, ...problems(401, 403) } } },
    async (request) => tokens.all(request.signedIn().identity),
  );

  app.post(
    '/api/v1/tokens',
    {
      config: { access: 'tokens.manage' },
      schema: { tags, body: NewApiTokenFor, response: { 201: MadeApiToken, ...problems(400, 401, 403, 404) } },
    },
    async (request, reply) => {
      const { identity } = request.signedIn();
      // Over the network each makes their own: nobody gets a token that speaks under another's name.
      if (identity.kind !== 'local')
        throw new HaidangError(
          'HD_FORBIDDEN',
          'A token for somebody else is made on the server itself, by "haidang token create".',
        );
      const { owner, ...wanted } = request.body;
      return reply.code(201).send(await tokens.create(owner, wanted, identity));
    },
  );

  app.delete(
    '/api/v1/tokens/:id',
    {
      config: { access: 'tokens.manage' },
      schema: { tags, params: SessionParams, response: { ...GONE, ...problems(400, 401, 403, 404) } },
    },
    async (request, reply) => {
      await tokens.revoke(request.signedIn().identity, request.params.id);
      return reply.code(204).send(null);
    },
  );
}
