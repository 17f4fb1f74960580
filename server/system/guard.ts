import type { FastifyRequest, RouteOptions } from 'fastify';
import { bearerOf, isTokenSession } from '../accounts/api-tokens.ts';
import { readCookie, setCookie } from '../accounts/cookie.ts';
import { may, PERMISSIONS, type Permission } from '../accounts/permissions.ts';
import { type SignedIn, tokenHash } from '../accounts/sessions.ts';
import { refusals } from '../audit/requests.ts';
import { HaidangError } from '../errors.ts';
import type { App, AppSettings, Services } from '../services.ts';
import { clientOf } from './client-of.ts';
import { isAllowedHost, isOwnOrigin } from './origin.ts';
import { createStrangerLimit } from './stranger-limit.ts';

/**
 * What calling a route takes; every route declares it: nothing, a session of whatever role (one's own account), or one
 * permission of `accounts/permissions.ts`.
 */
export type Access = 'public' | 'signed-in' | Permission;

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    /** Who asks, where that is known. */
    who: SignedIn | null;
    /** Who asks. @throws HaidangError `HD_NOT_SIGNED_IN` */
    signedIn(): SignedIn;
  }
}

/** The one address that is upgraded to a WebSocket. */
const LIVE = '/api/v1/live';
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Before every route: Host, Origin, who asks, and whether they may. Refuses at start to serve a route without a declared access. */
export function guard(app: App, { accounts, settings, trusted }: Services): void {
  const refused = refusals(accounts.audit);
  const strangers = createStrangerLimit(settings.requestsPerMinute ?? 1200);
  app.decorateRequest('who', null);
  app.decorateRequest('signedIn', function (this: FastifyRequest): SignedIn {
    if (this.who) return this.who;
    throw new HaidangError('HD_NOT_SIGNED_IN', 'This needs a signed-in user.');
  });

  app.addHook('onRoute', (route: RouteOptions) => {
    const hidden = route.schema?.hide === true;
    const access = route.config?.access;
    const known = access === 'public' || access === 'signed-in' || Object.hasOwn(PERMISSIONS, access ?? '');
    if (!hidden && (!known || route.schema === undefined))
      throw new Error(`Route ${String(route.method)} ${route.url} lacks its access or its schema.`);
  });

  app.addHook('onRequest', async (request, reply) => {
    // Answers hold events and people's names: no cache on the way or on disk keeps them.
    if (request.url.startsWith('/api/')) reply.header('cache-control', 'no-store');
    const access = request.routeOptions.config.access ?? 'public';
    const local = trusted(request.raw);
    if (local) {
      request.who = { identity: local, displayName: local.name, session: undefined, expires: FAR };
    } else {
      checkOrigin(request, settings);
      if (request.headers.upgrade !== undefined && request.routeOptions.url !== LIVE)
        throw new HaidangError('HD_BAD_REQUEST', 'This address speaks no WebSocket.');
      const bearer = bearerOf(request.headers.authorization);
      const token = bearer === undefined ? readCookie(request, settings.secureCookies) : undefined;
      if (access !== 'public' && bearer === undefined && token === undefined) strangers.check(clientOf(request.ip));
      if (bearer !== undefined) request.who = (await accounts.tokens.find(bearer, request.ip)) ?? null;
      else if (token !== undefined) request.who = (await accounts.sessions.find(token)) ?? null;
    }
    if (access === 'public') return;
    if (request.who === null) strangers.refused(clientOf(request.ip));
    if (request.who === null && !local && bearerOf(request.headers.authorization) !== undefined)
      throw new HaidangError('HD_NOT_SIGNED_IN', 'The token is unknown, has expired, or was revoked.');
    const { identity, session, stale, expires } = request.signedIn();
    // Whoever holds the token of a session from before its rights changed does not get the new ones for long.
    if (stale && session !== undefined && request.headers.upgrade === undefined) {
      const fresh = await accounts.sessions.renew(session);
      if (fresh !== undefined && request.who) {
        request.who = { ...request.who, session: tokenHash(fresh) };
        setCookie(reply, fresh, settings.secureCookies, expires);
      }
    }
    if (access === 'signed-in') {
      mustBePerson(request, session);
      return;
    }
    if (request.who?.overdue)
      throw new HaidangError('HD_SECOND_FACTOR', 'Your role takes a second factor, and the time to set it up is over.');
    if (may(identity, access)) return;
    await refused(identity.name, request, access);
    throw new HaidangError(
      'HD_FORBIDDEN',
      `This needs "${access}", which ${identity.limits ? 'this token or its account' : `the role ${identity.role}`} lacks.`,
    );
  });
}

/** A program asks who it is, and no more: passwords, sessions and tokens are its owner's. @throws HaidangError `HD_FORBIDDEN` */
function mustBePerson({ method, routeOptions }: FastifyRequest, session: string | undefined): void {
  if (!isTokenSession(session) || (method === 'GET' && routeOptions.url === '/api/v1/session')) return;
  throw new HaidangError('HD_FORBIDDEN', 'A token cannot change the account that it speaks for; sign in.');
}

/** The control socket has no session that could end. */
const FAR = '9999-12-31T23:59:59.999Z';

/** A page elsewhere must reach us neither by a name of its own (DNS rebinding) nor with the user's cookie. */
function checkOrigin(request: FastifyRequest, { allowedHosts, secureCookies }: AppSettings): void {
  const { host, origin, upgrade } = request.headers;
  // Whoever stands before this server may have looked at the other one (RFC 9112 §3.2).
  if (request.raw.rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host').length > 1)
    throw new HaidangError('HD_BAD_REQUEST', 'The request has more than one Host header.');
  if (!isAllowedHost(host, allowedHosts))
    throw new HaidangError('HD_ORIGIN', 'The Host header does not name this server; add the name to allowed_hosts.');
  const changes = !SAFE.has(request.method) || upgrade !== undefined;
  if (changes && !isOwnOrigin(origin, host, secureCookies))
    throw new HaidangError('HD_ORIGIN', 'The Origin header names another site than this one.');
  if (changes && origin === undefined && request.headers['sec-fetch-site'] !== undefined)
    throw new HaidangError('HD_ORIGIN', 'A browser sent this without an Origin header.');
}
