import { Type } from 'typebox';
import { HaidangError } from '../errors.ts';
import { type Identity, SYSTEM } from '../identity.ts';
import type { App, Services } from '../services.ts';
import type { AgencyRecord } from '../store/record-kinds.ts';
import { problems } from '../system/answers.ts';
import { Agencies, Agency } from './schema.ts';

/** Agencies with their contact cards. */
export function agencyRoutes(app: App, { records, agencies, accounts }: Services): void {
  const tags = ['agencies'];

  app.get(
    '/api/v1/agencies',
    { config: { access: 'agencies.read' }, schema: { tags, response: { 200: Agencies, ...problems(401) } } },
    async (request) => {
      const { identity } = request.signedIn();
      const all = [...(await agencies.all())].filter(([id]) => sees(identity, id));
      return { agencies: all.map(([id, record]) => shown(id, record)).sort((a, b) => a.id.localeCompare(b.id)) };
    },
  );

  app.post(
    '/api/v1/agencies',
    {
      config: { access: 'agencies.change' },
      schema: { tags, body: Agency, response: { 201: Agency, ...problems(400, 401, 403, 409, 429) } },
    },
    async (request, reply) => {
      const { identity } = request.signedIn();
      const { id, ...rest } = request.body;
      mustSee(identity, id);
      const made = await records.as(SYSTEM).create('agency', id, { ...rest, createdAt: new Date().toISOString() });
      agencies.forget();
      await accounts.audit.record({ actor: identity.name, act: 'agency.add', target: id, detail: { name: rest.name } });
      return reply.code(201).send(shown(id, made.document));
    },
  );

  app.put(
    '/api/v1/agencies/:id',
    {
      config: { access: 'agencies.change' },
      schema: {
        tags,
        params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
        body: Agency,
        response: { 200: Agency, ...problems(400, 401, 403, 404, 409, 429) },
      },
    },
    async (request) => {
      const { identity } = request.signedIn();
      const { id, ...rest } = request.body;
      if (id !== request.params.id)
        throw new HaidangError(
          'HD_BAD_REQUEST',
          'The id in the body is not the one in the address; an id never changes.',
        );
      mustSee(identity, id);
      const view = records.as(SYSTEM);
      const current = await view.get('agency', id);
      if (!current) throw new HaidangError('HD_NOT_FOUND', `There is no agency "${id}".`);
      const { createdAt } = current.document;
      const changed = await view.replace('agency', id, { ...rest, createdAt }, current.version);
      agencies.forget();
      await accounts.audit.record({
        actor: identity.name,
        act: 'agency.change',
        target: id,
        detail: { name: rest.name },
      });
      return shown(id, changed.document);
    },
  );
}

function sees(identity: Identity, id: string): boolean {
  return identity.agencies === 'all' || (identity.agencies as readonly string[]).includes(id);
}

/** Agencies have no agency field of their own, so that the store's scope does not hold them apart; this does. */
function mustSee(identity: Identity, id: string): void {
  if (!sees(identity, id)) throw new HaidangError('HD_FORBIDDEN', 'Your account is bound to other agencies.');
}

function shown(id: string, { name, contact, securityLevel }: AgencyRecord): Agency {
  return { id, name, contact: { ...contact }, securityLevel };
}
