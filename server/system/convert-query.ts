import type { FastifyRequest } from 'fastify';
import type { App } from '../services.ts';

interface QuerySchema {
  readonly properties?: Readonly<Record<string, { readonly type?: string }>>;
}

/**
 * Turns the numbers and booleans of a query string into what its schema says, before validation. Ajv's own coercion is
 * off because it would also rewrite bodies, where it turns `null` into an empty string.
 */
export function convertQuery(app: App): void {
  app.addHook('preValidation', async (request: FastifyRequest) => {
    const schema = request.routeOptions.schema?.querystring as QuerySchema | undefined;
    const query = request.query as Record<string, unknown> | undefined;
    if (!schema?.properties || !query) return;
    for (const [name, { type }] of Object.entries(schema.properties)) {
      const value = query[name];
      if (typeof value !== 'string') continue;
      if ((type === 'integer' || type === 'number') && /^-?\d{1,15}$/.test(value)) query[name] = Number(value);
      if (type === 'boolean' && (value === 'true' || value === 'false')) query[name] = value === 'true';
    }
  });
}
