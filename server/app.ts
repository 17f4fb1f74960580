import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import websocket from '@fastify/websocket';
import { type FastifyBaseLogger, type FastifyReply, fastify, LogController } from 'fastify';
import { accountRoutes } from './accounts/routes.ts';
import { agencyRoutes } from './agencies/routes.ts';
import { alertRoutes } from './alerts/routes.ts';
import { assetRoutes } from './assets/routes.ts';
import { auditRequests } from './audit/requests.ts';
import { auditRoutes } from './audit/routes.ts';
import { backupRoutes } from './backup/routes.ts';
import { clockRoutes } from './clocks/routes.ts';
import { HaidangError } from './errors.ts';
import { feedRoutes } from './feed/routes.ts';
import { firstRunRoutes } from './first-run/routes.ts';
import { fleetRoutes } from './fleet/routes.ts';
import { healthRoutes } from './health/routes.ts';
import { inboundRoutes } from './inbound/routes.ts';
import { incidentRoutes } from './incidents/routes.ts';
import { indicatorRoutes } from './indicators/routes.ts';
import { ledgerRoutes } from './ledger/routes.ts';
import { noticeRoutes } from './notify/routes.ts';
import { parserRoutes } from './parsers/routes.ts';
import { toProblem } from './problem.ts';
import { liveRoutes } from './realtime/routes.ts';
import { reportRoutes } from './reports/routes.ts';
import { requestRoutes } from './requests/routes.ts';
import { retentionRoutes } from './retention/routes.ts';
import { ruleRoutes } from './rules/routes.ts';
import { searchRoutes } from './search/routes.ts';
import type { App, Services } from './services.ts';
import { sharingRoutes } from './sharing/routes.ts';
import { shiftRoutes } from './shifts/routes.ts';
import { answerClientError } from './system/client-error.ts';
import { clientOf } from './system/client-of.ts';
import { convertQuery } from './system/convert-query.ts';
import { isDateTime } from './system/date-time.ts';
import { guard } from './system/guard.ts';
import { jsonBodies } from './system/json-body.ts';
import { lazyCompilers } from './system/lazy-compilers.ts';
import { metricsRoutes } from './system/metrics.ts';
import { openApiOptions } from './system/openapi.ts';
import { systemRoutes } from './system/routes.ts';
import { serveConsole } from './system/static-console.ts';
import { tellTurnedAway } from './system/turned-away.ts';
import { consoleServer } from './tls/console-server.ts';

const BODY_BYTES = 256 * 1024;
/** Address and headers together are no longer (`tls/console-server.ts`). */
const HEADER_BYTES = 16 * 1024;

/** Builds the HTTP application: every route with schema, access and error handling. It does not listen; `serverFactory` makes what will. */
export async function buildApp(services: Services, serverFactory = consoleServer(undefined)): Promise<App> {
  const { secureCookies, behindProxy = false, requestsPerMinute = 1200 } = services.settings;
  const app: App = fastify({
    serverFactory,
    // Who a proxy on this machine says is asking; nobody else's word counts.
    trustProxy: behindProxy ? 'loopback' : false,
    loggerInstance: services.log as FastifyBaseLogger,
    // Requests name what people look for; only faults are logged, by route.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_BYTES,
    // Long parts of an address are refused by each route's schema, as anything else that it does not take.
    routerOptions: { maxParamLength: HEADER_BYTES, ignoreTrailingSlash: false },
    // What no route was found for: an address that is not encoded as it should be.
    frameworkErrors(error, _request, reply) {
      const { body } = toProblem(new HaidangError('HD_BAD_REQUEST', 'The address is not encoded as RFC 3986 asks.'));
      services.log.debug({ err: error }, 'an address could not be read');
      const answer = (reply as unknown as FastifyReply).code(body.status).header('cache-control', 'no-store');
      answer.type('application/problem+json').serializer(JSON.stringify).send(body);
    },
    ajv: {
      customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: true, allErrors: false },
      onCreate: (ajv) => void ajv.addFormat('date-time', isDateTime),
    },
    schemaController: { compilersFactory: lazyCompilers() },
    clientErrorHandler: answerClientError,
    return503OnClosing: true,
    forceCloseConnections: true,
  }).withTypeProvider<TypeBoxTypeProvider>();

  const turnedAway = tellTurnedAway(services.log);
  app.setErrorHandler((error, request, reply) => {
    const { body, retryAfter, fault } = toProblem(error);
    const { url = '' } = request.routeOptions;
    turnedAway({ client: clientOf(request.ip), code: body.code, route: url, who: request.who?.identity.name });
    if (fault) services.log.error({ err: error, route: request.routeOptions.url, code: body.code }, 'a request failed');
    if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
    return reply.code(body.status).type('application/problem+json').serializer(JSON.stringify).send(body);
  });

  await app.register(swagger, openApiOptions(services.settings.version));
  await app.register(cookie);
  await app.register(helmet, { ...CONTENT_POLICY, strictTransportSecurity: secureCookies ? BY_TLS_ALONE : false });
  // Before the guard: an upgrade that the guard refuses must still be closed by the WebSocket plugin.
  await app.register(websocket, {
    options: { maxPayload: 1024, perMessageDeflate: false },
    errorHandler: (err, socket) => {
      services.log.debug({ err }, 'a live connection failed');
      socket.terminate();
    },
  });
  guard(app, services);
  await app.register(rateLimit, {
    max: requestsPerMinute,
    timeWindow: 60_000,
    cache: 10_000,
    addHeadersOnExceeding: NO_RATE_HEADERS,
    addHeaders: NO_RATE_HEADERS,
    allowList: (request) => services.trusted(request.raw) !== undefined,
    keyGenerator: (request) => (request.who ? `by ${request.who.identity.name}` : clientOf(request.ip)),
    errorResponseBuilder: (_request, { ttl }) => {
      const seconds = Math.ceil(ttl / 1000);
      return new HaidangError('HD_TOO_MANY', `Too many requests; try again in ${seconds} s.`, { retryAfter: seconds });
    },
  });
  jsonBodies(app);
  convertQuery(app);
  auditRequests(app, services.accounts.audit, services.unfinished);

  accountRoutes(app, services);
  auditRoutes(app, services);
  alertRoutes(app, services);
  incidentRoutes(app, services);
  clockRoutes(app, services, services.clocks);
  noticeRoutes(app, services, services.notices);
  requestRoutes(app, services);
  reportRoutes(app, services);
  if (services.sharing) sharingRoutes(app, services, services.sharing);
  if (services.inbound) inboundRoutes(app, services, services.inbound);
  searchRoutes(app, services);
  feedRoutes(app, services);
  agencyRoutes(app, services);
  assetRoutes(app, services);
  fleetRoutes(app, services);
  parserRoutes(app, services);
  shiftRoutes(app, services);
  ruleRoutes(app, services);
  indicatorRoutes(app, services);
  ledgerRoutes(app, services);
  retentionRoutes(app, services);
  backupRoutes(app, services);
  liveRoutes(app, services);
  healthRoutes(app, services);
  firstRunRoutes(app, services);
  systemRoutes(app, services);
  metricsRoutes(app, services);
  if (services.taxii) {
    // Loaded only where it is used: most servers are a province's.
    const { taxiiRoutes } = await import('./taxii/routes.ts');
    await taxiiRoutes(app, services.taxii, services);
    const { nationalRoutes } = await import('./national/routes.ts');
    if (services.national) nationalRoutes(app, services, services.national);
  }
  await serveConsole(app, services.settings.consoleFolder);
  return app;
}

/** A limit is told when it is met, by Retry-After; counting down would only tell an attacker how fast to go. */
const NO_RATE_HEADERS = { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false };

/** Browsers that came once by TLS come by nothing else for two years (RFC 6797). */
const BY_TLS_ALONE = { maxAge: 63_072_000, includeSubDomains: true };

/** Everything from this server alone; no inline script or style, no frame around us, no form to elsewhere. */
const CONTENT_POLICY = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      baseUri: ["'none'"],
      objectSrc: ["'none'"],
      frameAncestors: ["'none'"],
      formAction: ["'self'"],
    },
  },
  referrerPolicy: { policy: 'no-referrer' },
  crossOriginEmbedderPolicy: false,
} as const;
