import { Type } from 'typebox';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import { breakGlassRoutes } from './break-glass-routes.ts';
import { clientOf } from './client.ts';
import { clearCookie, readCookie, setCookie } from './cookie.ts';
import { keyRoutes } from './key-routes.ts';
import { providerRoutes } from './oidc/routes.ts';
import { ownName } from './own-name.ts';
import {
  BeginSecondFactor,
  NewPassword,
  NewSecondFactor,
  NewUser,
  OwnPassword,
  RecoveryCodes,
  SecondFactorCode,
  Session,
  Setup,
  SetupState,
  SignIn,
  User,
  UserChange,
  Users,
} from './schema.ts';
import { sessionRoutes } from './session-routes.ts';
import { sessionAnswer, tokenHash } from './sessions.ts';
import { tokenRoutes } from './token-routes.ts';
import { mustCover, mustReach } from './users.ts';

const UserParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });

/** Signing in and out, the first set-up, and users. */
export function accountRoutes(app: App, services: Services): void {
  const { accounts, settings } = services;
  sessionRoutes(app, services);
  tokenRoutes(app, services);
  breakGlassRoutes(app, services);
  providerRoutes(app, services);
  keyRoutes(app, services);

  app.get(
    '/api/v1/session',
    { config: { access: 'signed-in' }, schema: { tags: ['accounts'], response: { 200: Session, ...problems(401) } } },
    async (request) => sessionAnswer(request.signedIn(), accounts.provider?.signOutAddress()),
  );

  app.post(
    '/api/v1/session',
    {
      config: { access: 'public', rateLimit: { max: 30, timeWindow: 60_000, groupId: 'sign-in' } },
      bodyLimit: 4096,
      schema: { tags: ['accounts'], body: SignIn, response: { 200: Session, ...problems(400, 401, 403, 429, 503) } },
    },
    async (request, reply) => {
      const { token, signedIn } = await accounts.signIn(request.body, clientOf(request));
      // A session from before is not carried over: a token that somebody planted stays worthless.
      const old = readCookie(request, settings.secureCookies);
      if (old !== undefined) await accounts.sessions.end(tokenHash(old));
      setCookie(reply, token, settings.secureCookies, signedIn.expires);
      return sessionAnswer(signedIn);
    },
  );

  app.delete(
    '/api/v1/session',
    {
      config: { access: 'signed-in' },
      schema: { tags: ['accounts'], response: { 204: Type.Null(), ...problems(401, 403) } },
    },
    async (request, reply) => {
      await accounts.signOut(request.signedIn());
      clearCookie(reply, settings.secureCookies);
      return reply.code(204).send(null);
    },
  );

  app.put(
    '/api/v1/session/password',
    {
      config: { access: 'signed-in', rateLimit: { max: 30, timeWindow: 60_000, groupId: 'own-password' } },
      bodyLimit: 4096,
      schema: {
        tags: ['accounts'],
        body: OwnPassword,
        response: { 204: Type.Null(), ...problems(400, 401, 403, 404, 429) },
      },
    },
    async (request, reply) => {
      const { identity, session } = request.signedIn();
      ownName(request.signedIn());
      await accounts.changePassword(identity.name, request.body, identity, session);
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/api/v1/session/second-factor',
    {
      config: { access: 'signed-in', rateLimit: { max: 30, timeWindow: 60_000, groupId: 'own-password' } },
      bodyLimit: 4096,
      schema: {
        tags: ['accounts'],
        body: BeginSecondFactor,
        response: { 200: NewSecondFactor, ...problems(400, 401, 403, 429, 503) },
      },
    },
    async (request) => accounts.beginSecondFactor(ownName(request.signedIn()), request.body.password),
  );

  app.post(
    '/api/v1/session/second-factor/confirm',
    {
      config: { access: 'signed-in', rateLimit: { max: 10, timeWindow: 60_000, groupId: 'second-factor' } },
      bodyLimit: 4096,
      schema: {
        tags: ['accounts'],
        body: SecondFactorCode,
        response: { 200: RecoveryCodes, ...problems(400, 401, 403, 429, 503) },
      },
    },
    async (request, reply) => {
      const name = ownName(request.signedIn());
      const codes = await accounts.secondFactors.confirm(name, request.body.code);
      // What was open before, this session too, came by the password alone.
      const { token, signedIn } = await accounts.sessions.start(name, clientOf(request));
      await accounts.sessions.endAllOf(name, tokenHash(token));
      setCookie(reply, token, settings.secureCookies, signedIn.expires);
      return codes;
    },
  );

  app.get(
    '/api/v1/setup',
    {
      config: { access: 'public', rateLimit: { max: 30, timeWindow: 60_000, groupId: 'setup' } },
      schema: {
        tags: ['accounts'],
        querystring: Type.Object({ token: Type.Optional(Type.String({ maxLength: 100 })) }),
        response: { 200: SetupState, ...problems(400, 429) },
      },
    },
    async (request) => accounts.setup.state(request.query.token ?? ''),
  );

  app.post(
    '/api/v1/setup',
    {
      config: { access: 'public', rateLimit: { max: 10, timeWindow: 60_000, groupId: 'setup-use' } },
      bodyLimit: 4096,
      schema: { tags: ['accounts'], body: Setup, response: { 200: Session, ...problems(400, 403, 410, 429) } },
    },
    async (request, reply) => {
      const { token, signedIn } = await accounts.firstSignIn(request.body, clientOf(request));
      setCookie(reply, token, settings.secureCookies, signedIn.expires);
      return sessionAnswer(signedIn);
    },
  );

  app.get(
    '/api/v1/users',
    { config: { access: 'users.read' }, schema: { tags: ['accounts'], response: { 200: Users, ...problems(401) } } },
    async (request) => accounts.users.list(request.signedIn().identity),
  );

  app.post(
    '/api/v1/users',
    {
      config: { access: 'users.change' },
      schema: {
        tags: ['accounts'],
        body: NewUser,
        response: { 201: Type.Object({ user: Type.String() }), ...problems(400, 401, 403, 409, 429) },
      },
    },
    async (request, reply) => {
      const { identity } = request.signedIn();
      mustCover(identity, request.body.agencies);
      const { user, displayName, password } = request.body;
      await accounts.passwords.judge(password, [user, displayName]);
      await accounts.users.add(request.body, identity.name);
      return reply.code(201).send({ user: request.body.user });
    },
  );

  app.put(
    '/api/v1/users/:id',
    {
      config: { access: 'users.change' },
      schema: {
        tags: ['accounts'],
        params: UserParams,
        body: UserChange,
        response: { 200: User, ...problems(400, 401, 403, 404, 409, 429) },
      },
    },
    async (request) => {
      const name = request.params.id;
      const { identity } = request.signedIn();
      const { user, newRights } = await accounts.users.change(name, request.body, identity);
      if (user.disabled || newRights) await accounts.tokens.endAllOf(name, identity.name);
      if (user.disabled) await accounts.sessions.endAllOf(name);
      else if (newRights) await accounts.sessions.rightsChanged(name);
      return user;
    },
  );

  app.put(
    '/api/v1/users/:id/password',
    {
      config: { access: 'users.change' },
      bodyLimit: 4096,
      schema: {
        tags: ['accounts'],
        params: UserParams,
        body: NewPassword,
        response: { 204: Type.Null(), ...problems(400, 401, 403, 404, 429) },
      },
    },
    async (request, reply) => {
      const { identity, session } = request.signedIn();
      const name = request.params.id;
      const { current, password } = request.body;
      const account = await accounts.users.get(name);
      mustReach(identity, name, account);
      if (current !== undefined) {
        await accounts.changePassword(name, { current, password }, identity);
        return reply.code(204).send(null);
      }
      await accounts.passwords.judge(password, [name, account?.displayName ?? '']);
      await accounts.users.setPassword(name, password, identity);
      // Whoever knew the old one is out; the administrator's own session is the one that asks.
      await accounts.sessions.endAllOf(name, name === identity.name ? session : undefined);
      await accounts.tokens.endAllOf(name, identity.name);
      return reply.code(204).send(null);
    },
  );

  app.delete(
    '/api/v1/users/:id/second-factor',
    {
      config: { access: 'users.change' },
      schema: {
        tags: ['accounts'],
        params: UserParams,
        response: { 204: Type.Null(), ...problems(400, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const { identity } = request.signedIn();
      const name = request.params.id;
      mustReach(identity, name, await accounts.users.get(name));
      await accounts.secondFactors.reset(name, identity);
      await accounts.sessions.endAllOf(name);
      return reply.code(204).send(null);
    },
  );
}
