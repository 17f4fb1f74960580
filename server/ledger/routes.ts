import { Type } from 'typebox';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import { Ledger } from './schema.ts';

/** The loss ledger of what the caller may see. */
export function ledgerRoutes(app: App, { ledger }: Services): void {
  app.get(
    '/api/v1/ledger',
    {
      config: { access: 'ledger.read' },
      schema: {
        tags: ['ledger'],
        /** `full`: every stored row is counted again, not only what may have changed. */
        querystring: Type.Object({ full: Type.Optional(Type.Boolean({ default: false })) }),
        response: { 200: Ledger, ...problems(400, 401, 503) },
      },
    },
    async (request) => ledger(request.signedIn().identity, request.query.full ?? false),
  );
}
