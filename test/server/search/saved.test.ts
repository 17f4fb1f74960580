import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SYSTEM } from '../../../server/identity.ts';
import type { SavedSearch } from '../../../server/search/schema.ts';
import { type Bench, HOST, openBench } from '../api/harness.ts';

let bench: Bench;
const cookies: Record<string, string> = {};
beforeAll(async () => {
  bench = await openBench();
  cookies['tinh'] = await bench.signIn({ user: 'tinh' });
  cookies['tinh2'] = await bench.signIn({ user: 'tinh2', role: 'viewer' });
  cookies['chu'] = await bench.signIn({ user: 'chu', role: 'administrator' });
  cookies['mot'] = await bench.signIn({ user: 'mot', agencies: ['one'] });
  cookies['mot2'] = await bench.signIn({ user: 'mot2', agencies: ['one', 'two'] });
  cookies['hai'] = await bench.signIn({ user: 'hai', agencies: ['two'], role: 'administrator' });
});
afterAll(() => bench.close());

beforeEach(async () => {
  const view = bench.records.as(SYSTEM);
  const { records } = await view.find('saved-search', { limit: 1_000 });
  for (const { id } of records) await view.remove('saved-search', id);
});

const SEARCH = {
  name: 'Đăng nhập sai',
  kql: 'event.outcome: failure',
  from: 'now-24h',
  to: 'now',
  by: 'user.name',
  shared: false,
};

const ask = (user: string, method: 'GET' | 'POST' | 'PUT' | 'DELETE', id = '', payload?: object) =>
  bench.app.inject({
    method,
    url: `/api/v1/searches${id === '' ? '' : `/${id}`}`,
    headers: { host: HOST, origin: `http://${HOST}`, cookie: cookies[user] ?? '' },
    ...(payload === undefined ? {} : { payload }),
  });
const save = async (user: string, change: Partial<typeof SEARCH> = {}): Promise<SavedSearch> => {
  const answer = await ask(user, 'POST', '', { ...SEARCH, ...change });
  expect(answer.statusCode).toBe(201);
  return answer.json();
};
const seenBy = async (user: string): Promise<string[]> =>
  ((await ask(user, 'GET')).json().searches as SavedSearch[]).map(({ name }) => name);

describe('saved searches', () => {
  it('are kept, changed, renamed and deleted by their owner', async () => {
    const made = await save('tinh');
    expect(made).toMatchObject({ ...SEARCH, owner: 'tinh', own: true, canChange: true, version: 1 });
    const renamed = await ask('tinh', 'PUT', made.id, { ...SEARCH, name: ' Khác ', by: null, version: made.version });
    expect(renamed.json()).toMatchObject({ name: 'Khác', by: null, kql: SEARCH.kql });
    const late = await ask('tinh', 'PUT', made.id, { ...SEARCH, version: made.version });
    expect(late.json()).toMatchObject({ code: 'HD_RECORD_CONFLICT' });
    expect(await seenBy('tinh')).toEqual(['Khác']);
    expect((await ask('tinh', 'DELETE', made.id)).statusCode).toBe(204);
    expect((await ask('tinh', 'DELETE', made.id)).statusCode).toBe(404);
    expect(await seenBy('tinh')).toEqual([]);
    const { records } = await bench.records.as(SYSTEM).find('audit', { limit: 1_000 });
    const acts = records.filter(({ document }) => document.target === made.id).map(({ document }) => document.act);
    expect(acts.sort()).toEqual(['search.change', 'search.delete', 'search.save']);
  });

  it('stay with their owner until they are shared, and then go to those who see as much', async () => {
    await save('tinh', { name: 'own of province' });
    await save('tinh', { name: 'shared of province', shared: true });
    await save('mot', { name: 'shared of one', shared: true });
    await save('mot2', { name: 'shared of one and two', shared: true });
    await save('hai', { name: 'own of two' });
    expect(await seenBy('tinh')).toEqual([
      'own of province',
      'shared of province',
      'shared of one',
      'shared of one and two',
    ]);
    expect(await seenBy('tinh2')).toEqual(['shared of one', 'shared of one and two', 'shared of province']);
    expect(await seenBy('mot')).toEqual(['shared of one']);
    expect(await seenBy('mot2')).toEqual(['shared of one and two', 'shared of one']);
    expect(await seenBy('hai')).toEqual(['own of two']);
  });

  it('are not changed by others, but the administrator of the province may clear shared ones', async () => {
    const own = await save('tinh');
    const shared = await save('mot', { shared: true });
    const change = { ...SEARCH, version: 1 };
    for (const user of ['chu', 'mot', 'hai']) {
      expect([user, (await ask(user, 'PUT', own.id, change)).statusCode]).toEqual([user, 404]);
      expect([user, (await ask(user, 'DELETE', own.id)).statusCode]).toEqual([user, 404]);
    }
    expect((await ask('tinh', 'PUT', shared.id, change)).json()).toMatchObject({ code: 'HD_FORBIDDEN' });
    expect((await ask('mot2', 'DELETE', shared.id)).json()).toMatchObject({ code: 'HD_FORBIDDEN' });
    expect((await ask('hai', 'DELETE', shared.id)).statusCode).toBe(404);
    expect((await ask('chu', 'DELETE', shared.id)).statusCode).toBe(204);
  });

  it('of viewers are their own alone', async () => {
    await save('tinh2');
    const answer = await ask('tinh2', 'POST', '', { ...SEARCH, shared: true });
    expect(answer.json()).toMatchObject({ code: 'HD_FORBIDDEN' });
  });

  it('can be run: a wrong query, time or name is refused', async () => {
    const wrong: [Partial<typeof SEARCH>, string][] = [
      [{ kql: 'a: (' }, 'HD_KQL_SYNTAX'],
      [{ from: 'yesterday' }, 'HD_TIME_RANGE'],
      [{ name: '   ' }, 'HD_BAD_REQUEST'],
      [{ name: 'x'.repeat(121) }, 'HD_BAD_REQUEST'],
    ];
    for (const [change, code] of wrong) {
      expect((await ask('tinh', 'POST', '', { ...SEARCH, ...change })).json()).toMatchObject({ code });
    }
    expect((await ask('tinh', 'POST', '', { ...SEARCH, owner: 'chu' })).statusCode).toBe(400);
    expect(await seenBy('tinh')).toEqual([]);
  });

  it('are at most 200 of one user', async () => {
    const view = bench.records.as(SYSTEM);
    const { shared: _, ...rest } = SEARCH;
    const at = new Date().toISOString();
    for (let n = 0; n < 200; n++) {
      const record = {
        ...rest,
        owner: 'mot',
        agencies: 'all',
        visibility: 'private',
        createdAt: at,
        updatedAt: at,
      } as const;
      await view.create('saved-search', `s${n}`, record);
    }
    expect((await ask('mot', 'POST', '', SEARCH)).json()).toMatchObject({ code: 'HD_BAD_REQUEST' });
    await save('tinh');
    expect(await seenBy('mot')).toHaveLength(200);
  });
});
