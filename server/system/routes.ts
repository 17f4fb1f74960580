import { Type } from 'typebox';
import type { App, Services } from '../services.ts';
import { problems } from './answers.ts';
import { overview } from './overview.ts';
import { Health, Overview } from './schema.ts';

/** Health, readiness, the overview and the OpenAPI document. */
export function systemRoutes(app: App, services: Services): void {
  const tags = ['system'];

  app.get(
    '/healthz',
    { config: { access: 'public' }, schema: { tags, response: { 200: Health, ...problems(403) } } },
    async () => ({ status: 'ok' as const }),
  );

  app.get(
    '/readyz',
    { config: { access: 'public' }, schema: { tags, response: { 200: Health, 503: Health, ...problems(403) } } },
    async (_request, reply) => {
      const checks = { ...(await services.readiness()) };
      const ready = Object.values(checks).every((state) => state === 'ok');
      if (ready) return { status: 'ok' as const, checks };
      return reply.code(503).send({ status: 'unavailable', checks });
    },
  );

  app.get(
    '/api/v1/overview',
    { config: { access: 'alerts.read' }, schema: { tags, response: { 200: Overview, ...problems(401, 503) } } },
    async (request) => overview(services, request.signedIn().identity),
  );

  app.get(
    '/openapi.json',
    {
      config: { access: 'public' },
      schema: { tags, response: { 200: Type.Object({}, { additionalProperties: true }), ...problems(403) } },
    },
    async () => app.swagger() as Record<string, unknown>,
  );
}
