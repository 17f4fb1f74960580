import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PERMISSIONS, type Permission, PROVINCIAL_ROLES } from '../../server/accounts/permissions.ts';
import { ROLES, type Role } from '../../server/identity.ts';
import { type Operation, operationsOf } from './openapi-requests.ts';
import { ask, BOUND, type Headers, OTHER, OWN, startTenancyWorld, type TenancyWorld } from './tenancy-world.ts';

/** Every route of the running server × every role × own or another agency × scopes of tokens. */
let world: TenancyWorld;
let operations: readonly Operation[] = [];

/** For whoever has a session, whatever the role: one's own account, and what it knows of itself. */
const ONE_S_OWN = /^\/api\/v1\/session(\/|$)/;

beforeAll(async () => {
  world = await startTenancyWorld();
  operations = operationsOf(
    (await (await ask(world, {}, 'GET', '/openapi.json')).json()) as { paths: Record<string, object> },
  );
}, 240_000);
afterAll(() => world?.stop());

const asked = async (
  who: Headers,
  { method, path }: Pick<Operation, 'method' | 'path'>,
  body = '{"nothing":"that any route takes"}',
) => {
  const url = path.replaceAll(/\{\w+\}/g, 'nothing-of-this-id');
  const answer = await ask(world, who, method, url, method === 'GET' || method === 'DELETE' ? undefined : body);
  const text = await answer.text();
  return { status: answer.status, text, isRefused: answer.status === 403 && /"detail":"This needs \\"/.test(text) };
};

/** Some at a time, as the requests of one table do not depend on each other; gives what is wrong. */
async function each<T>(
  items: readonly T[],
  look: (item: T) => Promise<string | undefined>,
): Promise<readonly string[]> {
  const left = [...items];
  const found: string[] = [];
  const lane = async () => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) {
      const wrong = await look(item);
      if (wrong !== undefined) found.push(wrong);
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  return found.sort();
}

describe('every route of the running server', () => {
  it('declares one permission of the table, is for everybody, or is about one’s own account', () => {
    expect(operations.length).toBeGreaterThan(120);
    const lacking = operations.filter(({ permission, isPublic, path }) => {
      if (isPublic) return permission !== undefined;
      return permission === undefined ? !ONE_S_OWN.test(path) : !Object.hasOwn(PERMISSIONS, permission);
    });
    expect(lacking.map(({ method, path, permission }) => `${method} ${path}: ${permission ?? 'none'}`)).toEqual([]);
  });

  it('asks nobody in who has no session', async () => {
    const closed = operations.filter(({ isPublic }) => !isPublic);
    expect(
      await each(closed, async (operation) => {
        const { status } = await asked({}, operation);
        return status === 401 ? undefined : `${operation.method} ${operation.path} → ${status}`;
      }),
    ).toEqual([]);
  });

  it.each([...ROLES])('lets %s do what the table says and nothing else', async (role) => {
    const who = world.session(role, PROVINCIAL_ROLES.includes(role) ? '*' : OWN);
    const closed = operations.filter(({ permission }) => permission !== undefined);
    const wrong = await each(closed, async (operation) => {
      const granted: readonly Role[] = PERMISSIONS[operation.permission as Permission];
      const { status, text, isRefused } = await asked(who, operation);
      const isRight = isRefused !== granted.includes(role) && status !== 401 && status < 500;
      return isRight ? undefined : `${operation.method} ${operation.path} → ${status} ${text.slice(0, 200)}`;
    });
    expect(wrong).toEqual([]);
  });

  it('lets a token do what is in its scope and nothing else', async () => {
    const closed = operations.filter(({ permission }) => permission !== undefined);
    const used = new Set<string>();
    for (const { permissions, who } of world.scoped) {
      const wrong = await each(closed, async (operation) => {
        const { permission = '' } = operation;
        const { status, text, isRefused } = await asked(who, operation);
        if (!isRefused) used.add(permission);
        const isRight = isRefused !== permissions.includes(permission) && status !== 401 && status < 500;
        return isRight ? undefined : `${operation.method} ${operation.path} → ${status} ${text.slice(0, 200)}`;
      });
      expect(wrong).toEqual([]);
    }
    // Each permission of an administrator was in one of the two.
    const needed = new Set(closed.map(({ permission = '' }) => permission));
    const has = (permission: string) =>
      (PERMISSIONS[permission as Permission] as readonly Role[]).includes('administrator');
    expect([...needed].filter((permission) => has(permission) && !used.has(permission))).toEqual([]);
  });
});

/** Records that belong to an agency: where its ids are listed, and the routes that take one. */
const RECORDS = [
  { list: '/api/v1/alerts?limit=200', key: 'alerts', paths: ['/api/v1/alerts/{id}', '/api/v1/alerts/{id}/events'] },
  { list: '/api/v1/incidents', key: 'incidents', paths: ['/api/v1/incidents/{id}'] },
  { list: '/api/v1/events?from=now-2h&limit=1000', key: 'events', paths: ['/api/v1/events/{id}'] },
] as const;

describe('records of one’s own and of another agency', () => {
  it.each(RECORDS)(
    '$list: each role reads its own by id, and is told that the other’s is not there',
    async ({ list, key, paths }) => {
      const idsOf = async (agency: string): Promise<readonly string[]> => {
        const answer = await ask(world, world.session('administrator', agency), 'GET', list);
        const rows = ((await answer.json()) as Record<string, readonly { readonly id: string }[]>)[key] ?? [];
        return rows.map(({ id }) => id);
      };
      const [own, other] = [await idsOf(OWN), await idsOf(OTHER)];
      const foreign = other.filter((id) => !own.includes(id));
      expect([own.length > 0, foreign.length > 0]).toEqual([true, true]);
      for (const role of BOUND) {
        for (const path of paths) {
          const operation = operations.find((one) => one.path === path && one.method === 'GET');
          const granted: readonly Role[] = PERMISSIONS[operation?.permission as Permission];
          const of = async (id: string | undefined) =>
            (await ask(world, world.session(role), 'GET', path.replace('{id}', id ?? ''))).status;
          const expected = granted.includes(role) ? [200, 404] : [403, 403];
          expect([role, path, await of(own[0]), await of(foreign[0])]).toEqual([role, path, ...expected]);
        }
      }
    },
  );
});
