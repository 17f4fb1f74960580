import { Type } from 'typebox';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import { ownName } from './own-name.ts';
import { OpenSessions, SessionParams, SessionQuery } from './schema.ts';

const UserParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });
const GONE = { 204: Type.Null() };

/** Open sessions, seen and ended: one's own, and as an administrator those of others. */
export function sessionRoutes(app: App, { accounts }: Services): void {
  const tags = ['accounts'];
  const { sessionBook: book } = accounts;

  app.get(
    '/api/v1/session/sessions',
    { config: { access: 'signed-in' }, schema: { tags, response: { 200: OpenSessions, ...problems(401, 403) } } },
    async (request) => book.own(ownName(request.signedIn()), request.signedIn().session),
  );

  app.delete(
    '/api/v1/session/sessions',
    {
      config: { access: 'signed-in' },
      schema: { tags, description: 'All but the one that asks.', response: { ...GONE, ...problems(401, 403) } },
    },
    async (request, reply) => {
      await book.revokeOthers(ownName(request.signedIn()), request.signedIn().session);
      return reply.code(204).send(null);
    },
  );

  app.delete(
    '/api/v1/session/sessions/:id',
    {
      config: { access: 'signed-in' },
      schema: { tags, params: SessionParams, response: { ...GONE, ...problems(400, 401, 403, 404) } },
    },
    async (request, reply) => {
      await book.revokeOwn(ownName(request.signedIn()), request.params.id);
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/api/v1/sessions',
    {
      config: { access: 'sessions.manage' },
      schema: { tags, querystring: SessionQuery, response: { 200: OpenSessions, ...problems(400, 401, 403) } },
    },
    async (request) => {
      const { identity, session } = request.signedIn();
      return book.all(identity, session, request.query.user);
    },
  );

  app.delete(
    '/api/v1/sessions/:id',
    {
      config: { access: 'sessions.manage' },
      schema: { tags, params: SessionParams, response: { ...GONE, ...problems(400, 401, 403, 404) } },
    },
    async (request, reply) => {
      await book.revoke(request.signedIn().identity, request.params.id);
      return reply.code(204).send(null);
    },
  );

  app.delete(
    '/api/v1/users/:id/sessions',
    {
      config: { access: 'sessions.manage' },
      schema: { tags, params: UserParams, response: { ...GONE, ...problems(400, 401, 403, 404) } },
    },
    async (request, reply) => {
      await book.revokeAllOf(request.signedIn().identity, request.params.id);
      return reply.code(204).send(null);
    },
  );
}
