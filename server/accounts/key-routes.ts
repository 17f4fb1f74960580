import { Type } from 'typebox';
import { HaidangError } from '../errors.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';

/** The key of secrets at rest, changed by administrators of all agencies. */
export function keyRoutes(app: App, { accounts }: Services): void {
  app.post(
    '/api/v1/keys/rotate',
    {
      config: { access: 'keys.rotate' },
      schema: {
        tags: ['accounts'],
        response: { 200: Type.Object({ sealed: Type.Integer() }), ...problems(401, 403, 503) },
      },
    },
    async (request) => {
      const { identity } = request.signedIn();
      if (identity.agencies !== 'all')
        throw new HaidangError('HD_FORBIDDEN', 'The key is that of all agencies; this takes an account that sees all.');
      return accounts.keys.rotate(identity.name);
    },
  );
}
