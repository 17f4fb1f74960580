import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from '../../../server/commands/connection.ts';
import { createLog } from '../../../server/log.ts';
import { startServer } from '../../../server/main.ts';
import { basic, DATA_FILE, indicator, type National, startNational, TYPE } from './national.ts';

const A = ['can-tho', 'mật khẩu của Cần Thơ'] as const;
const B = ['lao-cai', 'mật khẩu của Lào Cai'] as const;
const CENTRE = ['trung-tam', 'mật khẩu của trung tâm'] as const;

let national: National;
let connection: Connection;
/** Everybody's inbox, A's own, and what all may read. */
const made = { inbox: '', own: '', feed: '' };

beforeAll(async () => {
  national = await startNational(null);
  connection = await national.connection();
  for (const [name, password] of [A, B, CENTRE])
    await connection.ask('POST', '/api/v1/taxii/accounts', { name, password });
  await connection.ask('POST', '/api/v1/taxii/roots', { name: 'soc', title: 'Trung tâm quốc gia' });
  for (const key of ['inbox', 'own', 'feed'] as const) {
    const { id } = await connection.ask<{ id: string }>('POST', '/api/v1/taxii/collections', {
      root: 'soc',
      title: key,
    });
    made[key] = id;
  }
  await grant('inbox', A, false, true);
  await grant('inbox', B, false, true);
  await grant('inbox', CENTRE, true, true);
  await grant('own', A, true, true);
  await grant('feed', A, true, false);
  await grant('feed', B, true, false);
  await grant('feed', CENTRE, true, true);
});
afterAll(async () => {
  await connection.close();
  await national.stop();
});

const grant = (key: keyof typeof made, [account]: readonly string[], canRead: boolean, canWrite: boolean) =>
  connection.ask('PUT', `/api/v1/taxii/collections/${made[key]}/grants/${account}`, { canRead, canWrite });
const at = (key: keyof typeof made, rest = '') => `/soc/collections/${made[key]}/${rest}`;
const as = (user: readonly [string, string]) => ({
  get: (path: string) => national.ask(path, { user }),
  delete: (path: string) => national.ask(path, { user, method: 'DELETE' }),
  post: (key: keyof typeof made, ...objects: unknown[]) =>
    national.ask(at(key, 'objects/'), { user, method: 'POST', body: { objects } }),
});

describe('accounts of provinces', () => {
  it('see the collections that they have a right to, and no others', async () => {
    const seen = async (user: typeof A | typeof B) =>
      (await as(user).get('/soc/collections/')).body.collections.map(({ title }: { title: string }) => title);
    expect(await seen(A)).toEqual(['inbox', 'own', 'feed']);
    expect(await seen(B)).toEqual(['inbox', 'feed']);
    for (const path of [at('own'), at('own', 'objects/'), at('own', 'manifest/')])
      expect((await as(B).get(path)).status).toBe(404);
    expect((await as(B).post('own', indicator(1))).status).toBe(404);
    expect((await as(A).get('/taxii2/')).body.api_roots).toEqual(['/soc/']);
  });

  it('write into one inbox, and learn nothing of what others put there', async () => {
    const [a, b] = [indicator(1, { name: 'của A' }), indicator(1, { name: 'của B' })];
    const first = await as(A).post('inbox', a);
    const second = await as(B).post('inbox', b);
    // The same id and version as A's: no word of it, and both are there.
    expect(second.body.successes).toEqual([{ id: b['id'], version: b['modified'] }]);
    expect((await as(B).post('inbox', b)).body.successes).toEqual(second.body.successes);
    for (const path of ['objects/', 'manifest/', `objects/${a['id']}/`, `objects/${a['id']}/versions/`])
      expect((await as(A).get(at('inbox', path))).status).toBe(403);
    expect((await as(A).delete(at('inbox', `objects/${a['id']}/`))).status).toBe(403);
    const all = await as(CENTRE).get(at('inbox', 'objects/'));
    expect(all.body.objects.map(({ name }: { name: string }) => name)).toEqual(['của A', 'của B']);
    // A status is its sender's alone.
    expect((await as(A).get(`/soc/status/${first.body.id}/`)).status).toBe(200);
    expect((await as(B).get(`/soc/status/${first.body.id}/`)).status).toBe(404);
    expect((await as(CENTRE).get(`/soc/status/${first.body.id}/`)).status).toBe(404);
  });

  it('delete their own objects alone', async () => {
    await as(CENTRE).post('feed', indicator(5));
    expect((await as(A).delete(at('feed', `objects/${indicator(5)['id']}/`))).status).toBe(403);
    await as(A).post('inbox', indicator(6));
    const others = await as(CENTRE).delete(at('inbox', `objects/${indicator(6)['id']}/`));
    expect([others.status, others.body.description]).toEqual([403, expect.stringContaining('Another account')]);
    expect((await as(CENTRE).delete(at('feed', `objects/${indicator(5)['id']}/`))).status).toBe(200);
  });

  it('lose a right, an account or a password at once', async () => {
    expect((await as(B).get(at('feed'))).status).toBe(200);
    await grant('feed', B, false, false);
    expect((await as(B).get(at('feed', 'objects/'))).status).toBe(403);
    await connection.ask('PUT', '/api/v1/taxii/accounts/lao-cai', { disabled: true });
    expect((await as(B).get('/soc/')).status).toBe(401);
    await connection.ask('PUT', '/api/v1/taxii/accounts/lao-cai', {
      disabled: false,
      password: 'một mật khẩu khác hẳn',
    });
    expect((await as(B).get('/soc/')).status).toBe(401);
    expect((await as(['lao-cai', 'một mật khẩu khác hẳn']).get('/soc/')).status).toBe(200);
  });

  it('are not made twice, nor with a short password', async () => {
    await expect(connection.ask('POST', '/api/v1/taxii/accounts', { name: A[0], password: A[1] })).rejects.toThrow(
      /already/,
    );
    await expect(connection.ask('POST', '/api/v1/taxii/accounts', { name: 'x', password: 'ngắn' })).rejects.toThrow(
      /body/,
    );
  });

  it('are told apart from those of this machine: those pass no proxy', async () => {
    await connection.ask('POST', '/api/v1/taxii/loads', { path: DATA_FILE, passwords: { may: 'x' } });
    expect((await national.ask('/national/', { user: ['may', 'x'] })).status).toBe(200);
    const forwarded = { 'x-forwarded-for': '203.0.113.9' };
    expect((await national.ask('/national/', { user: ['may', 'x'], headers: forwarded })).status).toBe(401);
    expect((await national.ask('/soc/', { user: A, headers: forwarded })).status).toBe(200);
  });

  it('leave their acts in the audit trail, without passwords', async () => {
    const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
    const db = new DatabaseSync(join(national.config.data, 'store', 'ops.db'), { readOnly: true });
    const documents = db
      .prepare('SELECT document FROM "record audit"')
      .all()
      .map((row) => String(row['document']));
    db.close();
    const acts = new Set(documents.map((text) => (JSON.parse(text) as { act: string }).act));
    const expected = [
      'add-account',
      'change-account',
      'add-root',
      'add-collection',
      'grant',
      'load',
      'objects.add',
      'object.delete',
      'refused',
    ];
    expect([...acts]).toEqual(expect.arrayContaining(expected.map((act) => `taxii.${act}`)));
    expect(documents.join()).not.toContain('mật khẩu');
  });
});

describe('the administration of accounts', () => {
  it('is for administrators, and for the national role', async () => {
    const answer = await fetch(`${national.url}/api/v1/taxii`, { headers: { authorization: basic(...A) } });
    expect(answer.status).toBe(401);
    const overview = await connection.ask<{ accounts: { name: string }[] }>('GET', '/api/v1/taxii');
    expect(overview.accounts.map(({ name }) => name)).toEqual(['can-tho', 'lao-cai', 'may', 'trung-tam']);
    expect(JSON.stringify(overview)).not.toContain('argon2id');
  });

  it('shows in OpenAPI, with every endpoint of TAXII', async () => {
    const { paths } = (await (await fetch(`${national.url}/openapi.json`)).json()) as { paths: Record<string, object> };
    const own = Object.entries(paths).filter(([path]) => /taxii|\{root\}/.test(path));
    expect(
      own.flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)),
    ).toEqual(
      expect.arrayContaining([
        'GET /taxii2/',
        'GET /{root}/',
        'GET /{root}/status/{status}/',
        'GET /{root}/collections/',
        'GET /{root}/collections/{collection}/',
        'GET /{root}/collections/{collection}/manifest/',
        'GET /{root}/collections/{collection}/objects/',
        'POST /{root}/collections/{collection}/objects/',
        'GET /{root}/collections/{collection}/objects/{object}/',
        'DELETE /{root}/collections/{collection}/objects/{object}/',
        'GET /{root}/collections/{collection}/objects/{object}/versions/',
        'POST /api/v1/taxii/loads',
      ]),
    );
  });
});

describe('a data file', () => {
  it('is loaded once: what is there already stays', async () => {
    const load = () =>
      connection.ask<{ objects: number; kept: number }>('POST', '/api/v1/taxii/loads', {
        path: DATA_FILE,
        passwords: {},
      });
    expect(await load()).toMatchObject({ objects: 0, kept: 9 });
  });

  it('may have users, and times beside the objects instead of a manifest', async () => {
    const path = join(national.folder, 'other.json');
    const object = {
      ...indicator(77),
      __meta: { date_added: '2024-05-06T07:08:09.000001Z', version: indicator(77)['modified'] },
    };
    const collection = {
      id: 'khac',
      title: 'Khác',
      can_read: true,
      can_write: true,
      objects: [object, { id: 'wrong' }],
    };
    const root = { information: { title: 'Khác', max_content_length: 1000 }, collections: [collection] };
    await writeFile(
      path,
      `\ufeff${JSON.stringify({ users: { ban: 'p' }, '/discovery': { title: 'D' }, other: root })}`,
    );
    const loaded = await connection.ask('POST', '/api/v1/taxii/loads', { path, passwords: {} });
    expect(loaded).toMatchObject({ roots: 1, objects: 1, accounts: 1, refusedCount: 1, refused: [{ id: 'wrong' }] });
    const user = ['ban', 'p'] as const;
    const { headers, body } = await national.ask('/other/collections/khac/objects/', { user });
    expect(headers.get('x-taxii-date-added-first')).toBe('2024-05-06T07:08:09.000001Z');
    expect(body.objects).toEqual([indicator(77)]);
  });

  it.each([
    ['[', /not JSON/],
    ['[]', /must be an object/],
    ['{}', /no API root/],
    ['{"a b":{"information":{"title":"t"}}}', /must be named/],
    ['{"assets":{"information":{"title":"t"}}}', /uses itself/],
    ['{"a":{}}', /"information"/],
    ['{"a":{"information":{"title":"t"},"collections":[{"title":"t"}]}}', /the id of a collection/],
    ['{"a":{"information":{"title":"t"},"collections":{}}}', /must be a list/],
  ])('is refused with the reason where it is %s', async (text, reason) => {
    const path = join(national.folder, 'bad.json');
    await writeFile(path, text);
    await expect(connection.ask('POST', '/api/v1/taxii/loads', { path, passwords: {} })).rejects.toThrow(reason);
  });

  it('is read from a path on this machine, and only for the command line', async () => {
    await expect(
      connection.ask('POST', '/api/v1/taxii/loads', { path: '/nonexistent/x.json', passwords: {} }),
    ).rejects.toThrow(/ENOENT/);
  });
});

it('lets forty accounts in that come at the same moment, and takes what each sends', {
  timeout: 180_000,
}, async () => {
  // More than may wait for the check of a password at once (server/accounts/password.ts).
  const crowd = Array.from(
    { length: 40 },
    (_, number) => [`tinh-${number}`, `mật khẩu số ${number} của tỉnh`] as const,
  );
  // Made from a file, where passwords are hashed one after the other.
  const path = join(national.folder, 'crowd.json');
  const collection = { id: 'chung', title: 'Chung', can_read: false, can_write: true };
  const root = { information: { title: 'Đông', max_content_length: 100_000 }, collections: [collection] };
  await writeFile(path, JSON.stringify({ crowd: root }));
  await connection.ask('POST', '/api/v1/taxii/loads', { path, passwords: Object.fromEntries(crowd) });
  const answers = await Promise.all(
    crowd.map((user, number) =>
      national.ask('/crowd/collections/chung/objects/', {
        user,
        method: 'POST',
        body: { objects: [indicator(number), indicator(number + 1)] },
      }),
    ),
  );
  expect(answers.map(({ status, body }) => [status, body.success_count])).toEqual(crowd.map(() => [202, 2]));
});

it('keeps everything over a restart', async () => {
  const first = await startNational();
  await first.ask('/national/collections/them-vao/objects/', { method: 'POST', body: { objects: [indicator(1)] } });
  const { folder, config } = first;
  // Another server over the same folder, once the first has stopped.
  await first.pause();
  const again = await startServer(config, createLog('silent'), Promise.resolve({ rules: [], problems: [] }));
  try {
    const answer = await fetch(`${again.address}/national/collections/them-vao/objects/`, {
      headers: { accept: TYPE, authorization: basic('admin', 'Password0') },
    });
    expect(await answer.json()).toEqual({ more: false, objects: [indicator(1)] });
    expect(folder).toBe(first.folder);
  } finally {
    await again.stop();
    await first.stop();
  }
});
