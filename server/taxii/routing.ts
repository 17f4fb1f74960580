import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';

type Strategy = Parameters<FastifyInstance['addConstraintStrategy']>[0];

/** What TAXII's routes are bound to: API roots lie at the top of this server's addresses, where the console's pages are too. */
export const TAXII_ONLY = { taxii: 'yes' } as const;

/**
 * Tells TAXII's requests from those for the console: by an API root that there is, else by what only a TAXII client sends,
 * so that a root that there is not gets TAXII's answer.
 */
export function taxiiRequests(isRoot: (name: string) => boolean): Strategy {
  return {
    name: 'taxii',
    mustMatchWhenDerived: false,
    storage() {
      const handlers = new Map<unknown, unknown>();
      return {
        get: (value: unknown) => handlers.get(value) ?? null,
        set: (value: unknown, handler: unknown) => void handlers.set(value, handler),
      } as ReturnType<Strategy['storage']>;
    },
    validate: () => {},
    deriveConstraint(request) {
      const { url = '', headers } = request as IncomingMessage;
      const name = /^\/([^/?#]+)/.exec(url)?.[1];
      if (name === undefined) return undefined;
      const asked = headers.accept?.includes('application/taxii+json') || /^basic /i.test(headers.authorization ?? '');
      return isRoot(name) || asked ? TAXII_ONLY.taxii : undefined;
    },
  };
}
