import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HaidangError } from '../errors.ts';
import type { App, Services } from '../services.ts';
import { taxiiAdminRoutes } from './admin-routes.ts';
import { sendError, taxiiAnswer, taxiiErrors } from './answers.ts';
import { ENDPOINTS } from './endpoints.ts';
import { LIMITS } from './limits.ts';
import { admit, rootOf } from './request.ts';
import { openRoom } from './room.ts';
import { TAXII_ONLY, taxiiRequests } from './routing.ts';
import type { Taxii } from './taxii.ts';

/** Requests of one address in a minute: a province that catches up reads many pages. */
const RATE = { max: 12_000, timeWindow: 60_000, groupId: 'taxii' };
const METHODS = ['GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS'] as const;

/** The TAXII 2.1 server, and its administration. Only the national role has these routes. */
export async function taxiiRoutes(app: App, taxii: Taxii, { log }: Pick<Services, 'log'>): Promise<void> {
  app.addConstraintStrategy(taxiiRequests((name) => taxii.catalog().roots.some((root) => root.name === name)));

  taxiiAdminRoutes(app, taxii);

  // A scope of its own: errors are TAXII's, and bodies reach the store as the bytes that came.
  await app.register(async (scope) => {
    scope.decorateRequest('taxii', null);
    scope.setErrorHandler((error, request, reply) => {
      const { fault } = sendError(reply, error);
      if (fault) log.error({ err: error, route: request.routeOptions.url }, 'a TAXII request failed');
      return reply;
    });
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    scope.addHook('onRequest', (request) => admit(request, taxii));
    endpointRoutes(scope as unknown as FastifyInstance, taxii);
  });
}

function endpointRoutes(scope: FastifyInstance, taxii: Taxii): void {
  const config = { access: 'public', rateLimit: RATE } as const;
  const room = openRoom({ bytes: LIMITS.roomBytes, waiting: LIMITS.waiting, waitMs: LIMITS.waitMs });
  for (const { method, path, params, query, status, answer, errors, before, handle } of ENDPOINTS) {
    const [description, schema] = answer;
    const shown = {
      tags: ['taxii'],
      ...(params ? { params } : {}),
      ...(query ? { querystring: query } : {}),
      response: { [status]: taxiiAnswer(description, schema), ...taxiiErrors(...errors) },
    };
    const options = {
      config,
      ...constraintsOf(path),
      bodyLimit: LIMITS.bodyBytes,
      preParsing: async (request: FastifyRequest, { raw }: FastifyReply) => {
        before?.(request);
        // Nothing of a body is read before there is room for all of it.
        if (method === 'POST')
          await room.enter(longest(request), (over) => raw.once('finish', over).once('close', over));
      },
    };
    const run = (request: FastifyRequest, reply: FastifyReply) => handle(taxii, request, reply);
    scope.route({ ...options, method, url: path, schema: shown, handler: run });
    // A forgotten slash at the end is no reason to send a client away.
    scope.route({ ...options, method, url: path.slice(0, -1), schema: { ...shown, hide: true }, handler: run });
  }
  for (const path of new Set(ENDPOINTS.map((one) => one.path))) otherMethods(scope, path);
  const nothing = async () => {
    throw new HaidangError('HD_NOT_FOUND', 'TAXII has nothing at this address.');
  };
  const options = { config, schema: { hide: true }, handler: nothing };
  scope.route({ ...options, method: [...METHODS], url: '/:root/*', constraints: TAXII_ONLY });
}

/** Bytes that a body has, or may have where it does not say so. */
function longest(request: FastifyRequest): number {
  const said = Number(request.headers['content-length']);
  return Number.isSafeInteger(said) ? said : Math.min(rootOf(request).maxContentLength, LIMITS.bodyBytes);
}

/** Methods that an endpoint does not have are answered with those it has (RFC 9110 §15.5.6). */
function otherMethods(scope: FastifyInstance, path: string): void {
  const own: readonly string[] = ENDPOINTS.filter((one) => one.path === path).map(({ method }) => method);
  const allow = own.includes('GET') ? [...own, 'HEAD'] : own;
  for (const url of [path, path.slice(0, -1)]) {
    scope.route({
      method: METHODS.filter((method) => !own.includes(method)),
      url,
      ...constraintsOf(path),
      schema: { hide: true },
      config: { access: 'public', rateLimit: RATE },
      handler: async (request, reply) => {
        reply.header('allow', allow.join(', '));
        throw new HaidangError(
          'HD_TAXII_METHOD',
          `${request.method} is not for this address, only ${allow.join(', ')}.`,
        );
      },
    });
  }
}

function constraintsOf(path: string): { readonly constraints?: typeof TAXII_ONLY } {
  return path.startsWith('/:root') ? { constraints: TAXII_ONLY } : {};
}
