import { Type } from 'typebox';
import { HaidangError } from '../errors.ts';
import type { Identity } from '../identity.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import type { Fleet } from './fleet.ts';
import { listFleet } from './list.ts';
import { type PolicyVersion, readPolicy, versionsOf } from './policies.ts';
import { groupsOf } from './policy-groups.ts';
import { readPolicyText } from './policy-text.ts';
import { Group, NewPolicy, Policy, PolicyCheck, PolicyGroups, PolicyRollback, PolicyVersions } from './schema.ts';

const Params = Type.Object({ group: Group.properties.group });
const tags = ['collectors'];

/** Policies: what groups of collectors read and how much they send, by version. */
export function policyRoutes(app: App, { records, agencies }: Services, fleet: Fleet): void {
  const mustHave = async (group: string) => {
    const kept = await readPolicy(records, group);
    if (!kept) throw new HaidangError('HD_NOT_FOUND', `Group "${group}" has no policy.`);
    return kept;
  };

  app.get(
    '/api/v1/collectors/policies',
    { config: { access: 'collectors.read' }, schema: { tags, response: { 200: PolicyGroups, ...problems(401, 403) } } },
    async (request) => {
      const { identity } = request.signedIn();
      mustBeProvincial(identity);
      const collectors = await listFleet(identity, { records, agencies, now: Date.now() });
      return { groups: await groupsOf(records, collectors) };
    },
  );

  app.get(
    '/api/v1/collectors/policies/:group',
    {
      config: { access: 'collectors.read' },
      schema: { tags, params: Params, response: { 200: Policy, ...problems(401, 403, 404) } },
    },
    async (request) => {
      mustBeProvincial(request.signedIn().identity);
      const { group } = request.params;
      return { group, ...shown(await mustHave(group)) };
    },
  );

  app.get(
    '/api/v1/collectors/policies/:group/versions',
    {
      config: { access: 'collectors.read' },
      schema: { tags, params: Params, response: { 200: PolicyVersions, ...problems(401, 403, 404) } },
    },
    async (request) => {
      mustBeProvincial(request.signedIn().identity);
      const { group } = request.params;
      return { group, versions: versionsOf(await mustHave(group)).map(shown) };
    },
  );

  app.post(
    '/api/v1/collectors/policies/check',
    {
      config: { access: 'collectors.manage' },
      schema: { tags, body: NewPolicy, response: { 200: PolicyCheck, ...problems(400, 401, 403, 429) } },
    },
    async (request) => ({ faults: [...readPolicyText(request.body.yaml).faults] }),
  );

  app.put(
    '/api/v1/collectors/policies/:group',
    {
      config: { access: 'collectors.manage' },
      schema: {
        tags,
        params: Params,
        body: NewPolicy,
        response: { 200: Policy, ...problems(400, 401, 403, 409, 429) },
      },
    },
    async (request) => {
      const { identity } = request.signedIn();
      mustBeProvincial(identity);
      const { group } = request.params;
      return { group, ...shown(await fleet.setPolicy(group, request.body.yaml, identity.name)) };
    },
  );

  app.post(
    '/api/v1/collectors/policies/:group/rollback',
    {
      config: { access: 'collectors.manage' },
      schema: {
        tags,
        params: Params,
        body: PolicyRollback,
        response: { 200: Policy, ...problems(400, 401, 403, 404, 409, 429) },
      },
    },
    async (request) => {
      const { identity } = request.signedIn();
      mustBeProvincial(identity);
      const { group } = request.params;
      const { version } = request.body;
      const found = versionsOf(await mustHave(group)).find((one) => one.version === version);
      if (!found) throw new HaidangError('HD_NOT_FOUND', `Version ${version} of the policy of "${group}" is not kept.`);
      // Collectors never take a lower number: the old text becomes the next version.
      return { group, ...shown(await fleet.setPolicy(group, found.yaml, identity.name, version)) };
    },
  );
}

/** A policy works on machines of every agency in its group. */
export function mustBeProvincial({ agencies }: Identity): void {
  if (agencies !== 'all')
    throw new HaidangError('HD_FORBIDDEN', 'Policies are of every agency; your account is bound to some.');
}

function shown({ version, yaml, at, by, restores }: PolicyVersion) {
  return { version, yaml, at, by, restores: restores ?? null };
}
