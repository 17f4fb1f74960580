import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cluster } from '../../../server/store/opensearch/cluster.ts';
import { getMany, getPlaced } from '../../../server/store/opensearch/get-many.ts';

// A stand-in for a node with one shard that cannot answer: a real one is in that state for a moment only, when a node dies.

const FOUND = { _id: 'a', found: true, _seq_no: 4, _primary_term: 1, _source: { n: 1 } };
const ABSENT = { _id: 'b', found: false };
const failed = (type: string) => ({ _id: 'b', error: { type, reason: 'so it is' } });

let server: Server;
let cluster: Cluster;
let docs: readonly object[] = [];
let asked = '';

beforeAll(async () => {
  server = createServer((request, response) => {
    asked = request.url ?? '';
    request.resume();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ docs }));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const said = { info: () => undefined, warn: () => undefined, error: () => undefined };
  cluster = new Cluster(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, said);
});

afterAll(async () => {
  await cluster.close();
  await new Promise((closed) => server.close(closed));
});

test('what is there and what is not comes in the order asked for, from the first copies', async () => {
  docs = [FOUND, ABSENT];
  const found = await getMany(cluster, 'records', ['a', 'b']);
  expect(found.map((one) => one.found)).toEqual([true, false]);
  expect(asked).toMatch(/^\/records\/_mget\?.*preference=_primary/);
});

test('a day that was deleted meanwhile has none', async () => {
  docs = [failed('index_not_found_exception')];
  const [one] = await getPlaced(cluster, [{ _index: 'gone', _id: 'b' }]);
  expect(one?.found).toBeUndefined();
});

test.each(['no_shard_available_action_exception', 'circuit_breaking_exception'])(
  'a shard that answers %s is not taken for a record that is not there',
  async (type) => {
    docs = [FOUND, failed(type)];
    const refused = { code: 'HD_STORE_DOWN', message: expect.stringContaining(type) };
    await expect(getMany(cluster, 'records', ['a', 'b'])).rejects.toMatchObject(refused);
    await expect(
      getPlaced(
        cluster,
        [FOUND, ABSENT].map(({ _id }) => ({ _index: 'day', _id })),
      ),
    ).rejects.toMatchObject(refused);
  },
);

test('an answer that is too short is none', async () => {
  docs = [FOUND];
  await expect(getMany(cluster, 'records', ['a', 'b'])).rejects.toMatchObject({ code: 'HD_STORE_DOWN' });
});
