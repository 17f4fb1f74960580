import { Type } from 'typebox';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import { Emergencies, Emergency, NewEmergency } from './schema.ts';

const UserParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });

/** Emergency access: opened and closed by administrators, shown to everybody who is signed in. */
export function breakGlassRoutes(app: App, { accounts, live }: Services): void {
  const tags = ['accounts'];
  const { breakGlass } = accounts;
  breakGlass.onAlert(() => live.wake());

  app.get(
    '/api/v1/emergencies',
    { config: { access: 'alerts.read' }, schema: { tags, response: { 200: Emergencies, ...problems(401, 403) } } },
    async (request) => {
      const { emergencies } = await breakGlass.list();
      // Whoever is bound to agencies learns that it is so; why is the province's.
      const all = request.signedIn().identity.agencies === 'all';
      return { emergencies: emergencies.map((one) => (all ? one : { ...one, reason: '', by: '' })) };
    },
  );

  app.post(
    '/api/v1/users/:id/emergency',
    {
      config: { access: 'users.change' },
      schema: {
        tags,
        params: UserParams,
        body: NewEmergency,
        response: { 201: Emergency, ...problems(400, 401, 403, 404, 409) },
      },
    },
    async (request, reply) => {
      const { identity } = request.signedIn();
      return reply.code(201).send(await breakGlass.open(request.params.id, request.body, identity));
    },
  );

  app.delete(
    '/api/v1/users/:id/emergency',
    {
      config: { access: 'users.change' },
      schema: { tags, params: UserParams, response: { 204: Type.Null(), ...problems(400, 401, 403, 404, 409) } },
    },
    async (request, reply) => {
      await breakGlass.close(request.params.id, request.signedIn().identity);
      return reply.code(204).send(null);
    },
  );
}
