import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { problems } from './answers.ts';

/** The head of the OpenAPI 3.1 document that `/openapi.json` serves; the rest comes from the routes' schemas. */
export function openApiOptions(version: string): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Hải Đăng',
        version,
        description: 'Event monitor of a provincial security operations center. Errors are RFC 9457 problem documents.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      tags: [
        'accounts',
        'audit',
        'alerts',
        'incidents',
        'search',
        'agencies',
        'shifts',
        'rules',
        'indicators',
        'ledger',
        'live',
        'system',
      ].map((name) => ({
        name,
      })),
      components: {
        securitySchemes: {
          session: { type: 'apiKey', in: 'cookie', name: 'haidang_session' },
          token: { type: 'http', scheme: 'bearer' },
        },
      },
    },
    transform: ({ schema, url, route }) => {
      const access = route.config?.access;
      const security = access === undefined || access === 'public' ? [] : [{ session: [] }, { token: [] }];
      // Whatever the route does: a wrong Host or Origin, a request that is none, too many of them.
      const response = { ...problems(400, 403, 429), ...(schema?.response as object | undefined) };
      if (access === undefined || access === 'public' || access === 'signed-in')
        return { schema: { ...schema, response, security }, url };
      return { schema: { ...schema, response, security, 'x-permission': access }, url };
    },
  };
}
