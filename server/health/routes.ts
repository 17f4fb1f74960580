import { HaidangError } from '../errors.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import { systemHealth } from './health.ts';
import { SystemHealth } from './schema.ts';

/** How the server itself is. */
export function healthRoutes(app: App, services: Services): void {
  app.get(
    '/api/v1/health',
    {
      config: { access: 'health.read' },
      schema: { tags: ['system'], response: { 200: SystemHealth, ...problems(401, 403, 503) } },
    },
    async (request) => {
      const { identity } = request.signedIn();
      if (identity.agencies !== 'all')
        throw new HaidangError(
          'HD_FORBIDDEN',
          'The server is that of all agencies; this takes an account that sees all.',
        );
      return systemHealth(services, identity, Date.now());
    },
  );
}
