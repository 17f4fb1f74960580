import type { FastifyRequest, RouteOptions } from 'fastify';
import { readCookie } from '../accounts/cookie.ts';
import { may, PERMISSIONS, type Permission } from '../accounts/permissions.ts';
import type { SignedIn } from '../accounts/sessions.ts';
import { refusals } from '../audit/requests.ts';
import { HaidangError } from '../errors.ts';
import type { App, Services } from '../services.ts';
import { isAllowedHost, isOwnOrigin } from './origin.ts';

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

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Before every route: Host, Origin, who asks, and whether they may. Refuses at start to serve a route without a declared access. */
export function guard(app: App, { accounts, settings, trusted }: Services): void {
  const refused = refusals(accounts.audit);
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
      checkOrigin(request, settings.allowedHosts);
      const token = readCookie(request);
      if (token !== undefined) request.who = (await accounts.sessions.find(token)) ?? null;
    }
    if (access === 'public') return;
    const { identity } = request.signedIn();
    if (access === 'signed-in') return;
    if (request.who?.overdue)
      throw new HaidangError('HD_SECOND_FACTOR', 'Your role takes a second factor, and the time to set it up is over.');
    if (may(identity, access)) return;
    await refused(identity.name, request, access);
    throw new HaidangError('HD_FORBIDDEN', `This needs "${access}", which the role ${identity.role} lacks.`);
  });
}

/** The control socket has no session that could end. */
const FAR = '9999-12-31T23:59:59.999Z';

/** A page elsewhere must reach us neither by a name of its own (DNS rebinding) nor with the user's cookie. */
function checkOrigin(request: FastifyRequest, allowedHosts: readonly string[]): void {
  const { host, origin, upgrade } = request.headers;
  if (!isAllowedHost(host, allowedHosts))
    throw new HaidangError('HD_ORIGIN', 'The Host header does not name this server; add the name to allowed_hosts.');
  const changes = !SAFE.has(request.method) || upgrade !== undefined;
  if (changes && !isOwnOrigin(origin, host))
    throw new HaidangError('HD_ORIGIN', 'The Origin header names another site than this one.');
  if (changes && origin === undefined && request.headers['sec-fetch-site'] !== undefined)
    throw new HaidangError('HD_ORIGIN', 'A browser sent this without an Origin header.');
}
