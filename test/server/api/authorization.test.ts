import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PERMISSIONS, type Permission, permissionsOf } from '../../../server/accounts/permissions.ts';
import { type AgencyId, ROLES, type Role, SYSTEM } from '../../../server/identity.ts';
import { NO_SHARING } from '../../../server/sharing/settings.ts';
import { type Bench, HOST, openBench } from './harness.ts';

interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly permission: Permission | undefined;
  readonly isPublic: boolean;
}

let bench: Bench;
let operations: readonly Operation[] = [];
const cookies = new Map<Role, string>();

/** Routes for whoever has a session: their own account and nothing else. */
const OWN_ACCOUNT = /^\/api\/v1\/session(\/|$)/;
/** What an auditor or a viewer may write all the same: searches of their own. */
const KEEPING = new Set<Permission>(['searches.keep']);

beforeAll(async () => {
  bench = await openBench({ sharing: NO_SHARING });
  await bench.addAgency('one');
  for (const role of ROLES) {
    const agencies = role === 'agency-officer' ? ['one'] : ('all' as const);
    cookies.set(role, await bench.signIn({ user: role, role, agencies }));
  }
  const { paths } = (await bench.app.inject({ url: '/openapi.json', headers: { host: HOST } })).json();
  operations = Object.entries(paths as Record<string, Record<string, Record<string, unknown>>>).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase() as 'GET',
        path,
        permission: operation['x-permission'] as Permission | undefined,
        isPublic: (operation['security'] as unknown[]).length === 0,
      })),
  );
});
afterAll(() => bench.close());

const ask = (cookie: string, { method, path }: Operation) =>
  bench.app.inject({
    method,
    url: path.replaceAll(/\{\w+\}/g, 'nothing-of-this-id'),
    headers: { host: HOST, origin: `http://${HOST}`, cookie },
    ...(method === 'GET' || method === 'DELETE' ? {} : { payload: { nothing: 'that any route takes' } }),
  });

describe('every route of the OpenAPI document', () => {
  it('declares one permission of the table, is for everybody, or is about one’s own account', () => {
    expect(operations.length).toBeGreaterThan(80);
    const lacking = operations.filter(({ permission, isPublic, path }) => {
      if (isPublic) return permission !== undefined;
      return permission === undefined ? !OWN_ACCOUNT.test(path) : !Object.hasOwn(PERMISSIONS, permission);
    });
    expect(lacking.map(({ method, path, permission }) => `${method} ${path}: ${permission ?? 'none'}`)).toEqual([]);
  });

  it.each([...ROLES])('lets %s do what the table says and nothing else', async (role) => {
    const granted: readonly string[] = permissionsOf({ kind: 'user', name: role, role, agencies: 'all' });
    for (const operation of operations) {
      const { method, path, permission } = operation;
      // To sign out is tried elsewhere: it would end the session that the rest is tried with.
      if (operation.isPublic || (method === 'DELETE' && path === '/api/v1/session')) continue;
      const answer = await ask(cookies.get(role) ?? '', operation);
      const name = `${role}: ${method} ${path} → ${answer.statusCode} ${answer.payload.slice(0, 200)}`;
      const refused = answer.statusCode === 403 && answer.json().detail.startsWith('This needs "');
      expect(refused, name).toBe(permission !== undefined && !granted.includes(permission));
      expect(answer.statusCode, name).not.toBe(401);
      expect(answer.statusCode, name).toBeLessThan(500);
    }
  });

  it.each(['administrator', 'analyst', 'agency-officer', 'auditor'] as const)(
    'lets a token of %s do what it is for and nothing else',
    async (role) => {
      const scopes: Permission[] = ['alerts.read', 'incidents.read', 'ledger.read'];
      const made = await bench.accounts.tokens.create(
        role,
        { name: 'matrix', permissions: scopes, days: 1 },
        { kind: 'user', name: role, role, agencies: 'all' },
      );
      for (const operation of operations) {
        const { method, path, permission } = operation;
        if (operation.isPublic) continue;
        const answer = await bench.app.inject({
          method,
          url: path.replaceAll(/\{\w+\}/g, 'nothing-of-this-id'),
          headers: { host: HOST, authorization: `Bearer ${made.token}` },
          ...(method === 'GET' || method === 'DELETE' ? {} : { payload: { nothing: 'that any route takes' } }),
        });
        const name = `token of ${role}: ${method} ${path} → ${answer.statusCode} ${answer.payload.slice(0, 200)}`;
        if (permission === undefined) {
          expect(answer.statusCode, name).toBe(path === '/api/v1/session' && method === 'GET' ? 200 : 403);
          continue;
        }
        const refused = answer.statusCode === 403 && answer.json().detail.startsWith('This needs "');
        expect(refused, name).toBe(!scopes.includes(permission));
        expect(answer.statusCode, name).not.toBe(401);
        expect(answer.statusCode, name).toBeLessThan(500);
      }
    },
  );

  it('refuses a role that it does not know, as an older program would find one from a newer', async () => {
    const cookie = await bench.signIn({ user: 'later', role: 'role-of-a-later-version' as Role });
    for (const operation of operations.filter(({ permission }) => permission !== undefined)) {
      const { statusCode } = await ask(cookie, operation);
      expect(statusCode, `${operation.method} ${operation.path}`).toBe(403);
    }
  });
});

describe('the table of permissions', () => {
  const changing = () => operations.filter(({ method, isPublic }) => method !== 'GET' && !isPublic);
  const has = (role: Role, permission: Permission) => (PERMISSIONS[permission] as readonly Role[]).includes(role);

  it.each(['viewer', 'auditor'] as const)('lets %s change nothing but searches of their own', (role) => {
    const may = changing().filter(({ permission }) => permission !== undefined && has(role, permission));
    expect(may.filter(({ permission }) => !KEEPING.has(permission as Permission))).toEqual([]);
  });

  it('gives accounts, agencies, deletion and backups to administrators alone', () => {
    for (const permission of ['users.change', 'agencies.change', 'retention.change', 'backups.run'] as const)
      expect(PERMISSIONS[permission], permission).toEqual(['administrator']);
  });

  it('keeps raw log lines from those who judge and those who speak for the province', () => {
    for (const role of ['auditor', 'national-liaison'] as const) {
      expect(has(role, 'events.read')).toBe(false);
      expect(has(role, 'events.export')).toBe(false);
    }
  });

  it('lets auditors read the audit log, and nobody change it by any route', () => {
    expect(PERMISSIONS['audit.read']).toContain('auditor');
    const routes = operations.filter(({ path }) => path.startsWith('/api/v1/audit'));
    expect(routes.map(({ method }) => method).filter((method) => method !== 'GET')).toEqual([]);
  });

  it('parts writing rules from handling what they raise', () => {
    expect(has('rule-author', 'rules.change')).toBe(true);
    expect(has('rule-author', 'alerts.triage')).toBe(false);
    expect(has('analyst', 'rules.change')).toBe(false);
  });
});

describe('roles and agencies', () => {
  const PASSWORD = 'một mật khẩu đủ dài';
  const add = (role: Role, agencies: 'all' | string[]) =>
    bench.app.inject({
      method: 'POST',
      url: '/api/v1/users',
      headers: { host: HOST, origin: `http://${HOST}`, cookie: cookies.get('administrator') ?? '' },
      payload: { user: `new-${role}`, displayName: 'x', role, agencies, password: PASSWORD },
    });

  it.each([
    ['agency-officer', 'all', /some agencies/],
    ['auditor', ['one'], /all agencies/],
    ['national-liaison', ['one'], /all agencies/],
  ] as const)('refuse %s for %s', async (role, agencies, words) => {
    const answer = await add(role, agencies === 'all' ? agencies : [...agencies]);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().detail).toMatch(words);
  });

  it('take an account of an earlier version as it is', async () => {
    const view = bench.records.as(SYSTEM);
    for (const role of ['viewer', 'analyst', 'administrator'] as const) {
      const found = await view.get('user', role);
      const { name, displayName, agencies, password, createdAt, disabled } = found?.document ?? ({} as never);
      const old = { name, displayName, role, agencies, password, createdAt, disabled };
      await view.create('user', `old-${role}`, { ...old, name: `old-${role}`, agencies: ['one' as AgencyId] });
      const { token } = await bench.accounts.sessions.start(`old-${role}`);
      const headers = { host: HOST, cookie: `haidang_session=${token}` };
      const session = (await bench.app.inject({ url: '/api/v1/session', headers })).json();
      expect(session).toMatchObject({ role, agencies: ['one'] });
      expect(session.permissions).toContain('alerts.read');
      expect(session.permissions.includes('alerts.triage')).toBe(role !== 'viewer');
    }
  });
});
