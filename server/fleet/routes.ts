import { Type } from 'typebox';
import { HaidangError } from '../errors.ts';
import type { AgencyId, CollectorId, Identity } from '../identity.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import { changeRecord } from './change-record.ts';
import { listFleet } from './list.ts';
import { mustBeProvincial, policyRoutes } from './policy-routes.ts';
import { FleetCollector, FleetCollectors, FleetSettings, Group, NewToken, Token } from './schema.ts';
import { readSettings, writeSettings } from './settings.ts';

const Params = Type.Object({ id: Type.String({ pattern: '^[a-z0-9]{4,32}$' }) });

/** Collectors: how they are, tokens for new ones, revocation, silence, groups. */
export function fleetRoutes(app: App, services: Services): void {
  const { records, agencies, accounts, fleet } = services;
  if (!fleet) return;
  const tags = ['collectors'];
  policyRoutes(app, services, fleet);
  const mustHave = async (identity: Identity, id: string) => {
    const found = await records.as(identity).get('collector', id);
    if (!found) throw new HaidangError('HD_NOT_FOUND', `There is no collector "${id}".`);
    return found.document;
  };

  app.get(
    '/api/v1/collectors',
    { config: { access: 'collectors.read' }, schema: { tags, response: { 200: FleetCollectors, ...problems(401) } } },
    async (request) => {
      const now = Date.now();
      const collectors = await listFleet(request.signedIn().identity, { records, agencies, now });
      return { now: new Date(now).toISOString(), collectors };
    },
  );

  app.post(
    '/api/v1/collectors/tokens',
    {
      config: { access: 'collectors.manage' },
      schema: { tags, body: NewToken, response: { 201: Token, ...problems(400, 401, 403, 404, 429) } },
    },
    async (request, reply) => {
      const { identity } = request.signedIn();
      const { agency, agencies: further, hours } = request.body;
      const known = await agencies.all();
      for (const one of [agency, ...further]) {
        if (identity.agencies !== 'all' && !(identity.agencies as readonly string[]).includes(one))
          throw new HaidangError('HD_FORBIDDEN', 'Your account is bound to other agencies.');
        if (!known.has(one)) throw new HaidangError('HD_NOT_FOUND', `There is no agency "${one}"; add it first.`);
      }
      const made = await fleet.token({
        agency: agency as AgencyId,
        agencies: further as AgencyId[],
        hours,
        by: identity.name,
      });
      const { expires } = made.record;
      const authority = fleet.authorityFingerprint;
      const all = [...made.record.agencies];
      const server = services.ingestAddress?.() ?? '';
      return reply
        .code(201)
        .send({ id: made.id, token: made.token, agency, agencies: all, expires, authority, server });
    },
  );

  app.post(
    '/api/v1/collectors/:id/revoke',
    {
      config: { access: 'collectors.manage' },
      schema: { tags, params: Params, response: { 200: FleetCollector, ...problems(401, 403, 404, 429) } },
    },
    async (request) => {
      const { identity } = request.signedIn();
      const { id } = request.params;
      await mustHave(identity, id);
      await fleet.revoke(id as CollectorId, identity.name);
      const shown = (await listFleet(identity, { records, agencies, now: Date.now() })).find((one) => one.id === id);
      if (!shown) throw new HaidangError('HD_NOT_FOUND', `There is no collector "${id}".`);
      return shown;
    },
  );

  app.get(
    '/api/v1/collectors/settings',
    { config: { access: 'collectors.read' }, schema: { tags, response: { 200: FleetSettings, ...problems(401) } } },
    async () => readSettings(records),
  );

  app.put(
    '/api/v1/collectors/settings',
    {
      config: { access: 'collectors.manage' },
      schema: { tags, body: FleetSettings, response: { 200: FleetSettings, ...problems(400, 401, 403, 409, 429) } },
    },
    async (request) => {
      const { identity } = request.signedIn();
      if (identity.agencies !== 'all')
        throw new HaidangError('HD_FORBIDDEN', 'These settings are of every agency; your account is bound to some.');
      await writeSettings(records, request.body);
      const detail = { silence: request.body.silence };
      await accounts.audit.record({ actor: identity.name, act: 'collector.settings', target: 'fleet', detail });
      return request.body;
    },
  );

  app.put(
    '/api/v1/collectors/:id/group',
    {
      config: { access: 'collectors.manage' },
      schema: { tags, params: Params, body: Group, response: { 200: Group, ...problems(400, 401, 403, 404, 429) } },
    },
    async (request) => {
      const { identity } = request.signedIn();
      const { id } = request.params;
      const { group } = request.body;
      mustBeProvincial(identity);
      await mustHave(identity, id);
      await changeRecord(records, id, (record) => ({ ...record, group }));
      await accounts.audit.record({ actor: identity.name, act: 'collector.group', target: id, detail: { group } });
      return { group };
    },
  );
}
