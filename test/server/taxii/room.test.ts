import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRoom } from '../../../server/taxii/room.ts';
import { indicator, type National, startNational } from './national.ts';

describe('the room for bodies', () => {
  /** Asks for room; says in order who came in, and gives what ends each. */
  const open = (waiting = 10, waitMs = 600_000) => {
    const room = openRoom({ bytes: 100, waiting, waitMs });
    const inside: string[] = [];
    const ends = new Map<string, () => void>();
    const enter = (name: string, bytes: number) => {
      const entered = room.enter(bytes, (over) => ends.set(name, over)).then(() => void inside.push(name));
      entered.catch(() => undefined);
      return entered;
    };
    return { room, inside, enter, end: (name: string) => ends.get(name)?.() };
  };
  const settled = () => new Promise((done) => setImmediate(done));

  it('lets in what fits, the rest in the order in which it came, and never more than there is room for', async () => {
    const { room, inside, enter, end } = open();
    for (const [name, bytes] of [
      ['a', 60],
      ['b', 30],
      ['c', 50],
      ['d', 5],
    ] as const)
      void enter(name, bytes);
    await settled();
    // The last would fit, and waits all the same: who needs much would never have its turn.
    expect([inside, room.used()]).toEqual([['a', 'b'], 90]);
    end('a');
    await settled();
    expect([inside, room.used()]).toEqual([['a', 'b', 'c', 'd'], 85]);
    for (const name of ['b', 'c', 'd', 'd']) end(name);
    expect(room.used()).toBe(0);
  });

  it('lets in alone what needs more than there is', async () => {
    const { room, inside, enter, end } = open();
    void enter('small', 1);
    void enter('huge', 1_000);
    await settled();
    expect(inside).toEqual(['small']);
    end('small');
    await settled();
    expect([inside, room.used()]).toEqual([['small', 'huge'], 100]);
    end('huge');
    expect(room.used()).toBe(0);
  });

  it('sends away those for whom even waiting has no room, and forgets who went', async () => {
    const { room, inside, enter, end } = open(2);
    void enter('a', 100);
    const gone = enter('b', 100);
    void enter('c', 100);
    await expect(enter('d', 1)).rejects.toMatchObject({ code: 'HD_TOO_MANY' });
    end('b');
    await expect(gone).rejects.toMatchObject({ code: 'HD_TOO_MANY' });
    end('a');
    await settled();
    expect([inside, room.used()]).toEqual([['a', 'c'], 100]);
  });
});

describe('whoever waits', () => {
  it('is sent away in time, and nobody behind waits for it', async () => {
    const room = openRoom({ bytes: 100, waiting: 10, waitMs: 20 });
    let end = () => {};
    await room.enter(60, (over) => {
      end = over;
    });
    const late = room.enter(100, () => undefined);
    await expect(late).rejects.toMatchObject({ code: 'HD_TOO_MANY', retryAfter: 5 });
    await room.enter(40, () => undefined);
    end();
    expect(room.used()).toBe(40);
  });
});

describe('provinces that send several at once', () => {
  const PROVINCES = Array.from({ length: 3 }, (_, at) => [`tinh-${at}`, `mật khẩu của tỉnh ${at}`] as const);
  const ENVELOPES = 8;
  const OBJECTS = 40;
  let national: National;
  let inbox = '';
  beforeAll(async () => {
    national = await startNational(null);
    const connection = await national.connection();
    await connection.ask('POST', '/api/v1/taxii/roots', { name: 'soc', title: 'SOC' });
    const made = { root: 'soc', title: 'Hộp thư' };
    inbox = (await connection.ask<{ id: string }>('POST', '/api/v1/taxii/collections', made)).id;
    for (const [name, password] of [...PROVINCES, ['trung-tam', 'mật khẩu của trung tâm'] as const])
      await connection.ask('POST', '/api/v1/taxii/accounts', { name, password });
    const grant = (name: string, canRead: boolean) =>
      connection.ask('PUT', `/api/v1/taxii/collections/${inbox}/grants/${name}`, { canRead, canWrite: true });
    for (const [name] of PROVINCES) await grant(name, false);
    await grant('trung-tam', true);
    await connection.close();
  });
  afterAll(() => national?.stop());

  it('each have the status of what they sent, and all of it is there, in parts that nobody mixed', async () => {
    const path = `/soc/collections/${inbox}/objects/`;
    const number = (at: number, envelope: number, object: number) => (at * ENVELOPES + envelope) * OBJECTS + object;
    const sent = PROVINCES.flatMap((user, at) =>
      Array.from({ length: ENVELOPES }, async (_, envelope) => {
        const objects = Array.from({ length: OBJECTS }, (_, object) => indicator(number(at, envelope, object)));
        // One of each is wrong, so that no two statuses are alike.
        const wrong = { ...indicator(0), id: `sai-${at}-${envelope}` };
        const answer = await national.ask(path, { user, method: 'POST', body: { objects: [...objects, wrong] } });
        return { user, answer, ids: objects.map(({ id }) => id), wrong: wrong.id };
      }),
    );
    for (const { user, answer, ids, wrong } of await Promise.all(sent)) {
      expect(answer.status).toBe(202);
      const status = (await national.ask(`/soc/status/${answer.body.id}/`, { user })).body;
      expect(status).toMatchObject({ status: 'complete', success_count: OBJECTS, failure_count: 1 });
      expect(status.successes.map(({ id }: { id: string }) => id)).toEqual(ids);
      expect(status.failures[0].id).toBe(wrong);
    }
    const found = new Set<string>();
    let next: string | undefined = '';
    for (let query = '?limit=1000'; next !== undefined; query = `?limit=1000&next=${next}`) {
      const page = await national.ask(path + query, { user: ['trung-tam', 'mật khẩu của trung tâm'] });
      for (const { id } of page.body.objects) found.add(id);
      next = page.body.next;
    }
    expect(found.size).toBe(PROVINCES.length * ENVELOPES * OBJECTS);
  });
});
