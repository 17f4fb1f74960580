import { Type } from 'typebox';
import { HaidangError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';

/** The key of secrets at rest, changed by administrators of all agencies. */
export function keyRoutes(app: App, { accounts }: Services): void {
  const tags = ['accounts'];

  app.post(
    '/api/v1/keys/rotate',
    {
      config: { access: 'keys.rotate' },
      schema: {
        tags,
        response: {
          // `kept`: servers share the store, and the old key stays until `/keys/finish`.
          200: Type.Object({ sealed: Type.Integer(), kept: Type.Boolean() }),
          ...problems(401, 403, 503),
        },
      },
    },
    async (request) => accounts.keys.rotate(provincial(request.signedIn().identity)),
  );

  app.post(
    '/api/v1/keys/finish',
    {
      config: { access: 'keys.rotate' },
      schema: {
        tags,
        response: { 200: Type.Object({ sealed: Type.Integer() }), ...problems(400, 401, 403, 503) },
      },
    },
    async (request) => accounts.keys.finish(provincial(request.signedIn().identity)),
  );
}

/** @throws HaidangError `HD_FORBIDDEN` */
function provincial({ agencies, name }: Identity): string {
  if (agencies === 'all') return name;
  throw new HaidangError('HD_FORBIDDEN', 'The key is that of all agencies; this takes an account that sees all.');
}
