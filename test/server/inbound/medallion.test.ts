import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Connection, connect } from '../../../server/commands/connection.ts';
import { loadConfig, type ServerConfig } from '../../../server/config.ts';
import type { InboundItems, InboundSources, SourceRow } from '../../../server/inbound/schema.ts';
import type { IndicatorLists } from '../../../server/indicators/schema.ts';
import { createLog } from '../../../server/log.ts';
import { type RunningServer, startServer } from '../../../server/main.ts';
import { until } from '../../e2e/harness.ts';
import { ask, COLLECTION, indicator } from '../taxii/national.ts';
import { type Medallion, startMedallion, taxiiPython } from '../taxii/python.ts';

const python = await taxiiPython();
/** A bound for what hangs; a busy machine takes long. */
const LONG = 180_000;
const LATER = '2026-03-02T00:00:00.000Z';
const GREEN = { object_marking_refs: ['marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb'] };

/** What becomes of one request on its way to the medallion and back. */
type Fate = 'answered' | 'answer lost' | 'answer held' | 'next unknown';

describe.skipIf(python === undefined)('polling a medallion 3.0.0', () => {
  let medallion: Medallion;
  let folder = '';
  let way: Server;
  let config: ServerConfig;
  let server: RunningServer | undefined;
  let connection: Connection | undefined;
  /** Decides by the page of the sweep, counted from 1. */
  let fateOf: (page: number) => Fate = () => 'answered';
  let page = 0;
  const held: ServerResponse[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'haidang-from-medallion-'));
    medallion = await startMedallion(python ?? '', { pageSize: 10 });
    way = createServer((asked, answer) => {
      const url = new URL(`${medallion.url}${asked.url}`);
      page = url.searchParams.has('next') ? page + 1 : 1;
      const fate = fateOf(page);
      if (fate === 'next unknown') url.searchParams.set('next', 'gone');
      const { host: _, ...headers } = asked.headers;
      const upstream = request(url, { headers, agent: false }, (theirs) => {
        const pieces: Buffer[] = [];
        theirs.on('data', (piece: Buffer) => pieces.push(piece));
        theirs.on('end', () => {
          // It has struck the page off by now, whether or not anybody gets it.
          if (fate === 'answer lost') answer.destroy();
          else if (fate === 'answer held') held.push(answer);
          else answer.writeHead(theirs.statusCode ?? 500, theirs.headers).end(Buffer.concat(pieces));
        });
      });
      upstream.on('error', () => answer.destroy());
      upstream.end();
    });
    await new Promise<void>((done) => way.listen(0, '127.0.0.1', done));
    await writeFile(join(folder, 'password'), 'Password0\n', { mode: 0o600 });
    const settings = { HAIDANG_DATA: join(folder, 'data'), HAIDANG_PORT: '0', HAIDANG_INGEST_PORT: '0' };
    config = {
      ...(await loadConfig(undefined, settings)),
      logLevel: 'silent',
      inbound: [
        {
          ...{
            id: 'med',
            name: 'Medallion',
            root: `http://127.0.0.1:${(way.address() as AddressInfo).port}/national/`,
          },
          ...{ collection: COLLECTION.empty, user: 'admin', passwordFile: join(folder, 'password') },
          ...{ caFile: undefined, certificateFile: undefined, keyFile: undefined, answersTo: undefined },
          // Asked at the start, and whenever the test wants it.
          ...{ takes: ['indicators', 'advisories'], everySeconds: 86_400, severity: 'high', tlp: 'amber' },
        },
      ],
    };
  }, 400_000);
  afterAll(async () => {
    await stop();
    way?.closeAllConnections();
    await new Promise<void>((done) => (way ? way.close(() => done()) : done()));
    await medallion?.stop();
    await rm(folder, { recursive: true, force: true });
  }, LONG);

  async function start(): Promise<void> {
    server = await startServer(config, createLog('silent'), Promise.resolve({ rules: [], problems: [] }));
    connection = await connect(config);
  }
  async function stop(): Promise<void> {
    await connection?.close();
    await server?.stop();
    connection = undefined;
    server = undefined;
  }
  const api = <T>(method: 'GET' | 'POST', path: string): Promise<T> => {
    if (!connection) throw new Error('no server');
    return connection.ask<T>(method, path);
  };
  const poll = () => api('POST', '/api/v1/inbound/med/poll');
  const source = async (): Promise<SourceRow | undefined> =>
    (await api<InboundSources>('GET', '/api/v1/inbound')).sources[0];
  /** The list of green indicators once it has that many. */
  const listed = (count: number) =>
    until(
      `a list of ${count}`,
      async () => {
        const { lists } = await api<IndicatorLists>('GET', '/api/v1/indicators');
        return lists.find(({ id }) => id === 'med-green')?.count === count || undefined;
      },
      LONG,
    );
  const problem = (words: RegExp) =>
    until(`the problem ${words}`, async () => words.test((await source())?.problem ?? '') || undefined, LONG);
  // Few: it compares each object with each line of its manifest, whenever it is asked.
  /** Adds in one envelope: all of it gets one and the same time of arrival. */
  async function add(objects: readonly object[]): Promise<void> {
    const url = `${medallion.url}/national/collections/${COLLECTION.empty}/objects/`;
    const { status, body } = await ask(url, { method: 'POST', body: { objects } });
    expect([status, body.success_count]).toEqual([202, objects.length]);
  }
  const named = (from: number, count: number, change: object = {}) =>
    Array.from({ length: count }, (_, at) => {
      const pattern = `[domain-name:value = 'd${from + at}.example.net']`;
      return indicator(from + at, { ...GREEN, pattern, ...change });
    });

  it('reads many pages of one and the same moment, also where an answer was lost on the way', async () => {
    await add(named(1_000, 40));
    await add(named(2_000, 8));
    await add([
      {
        ...{ type: 'report', spec_version: '2.1', id: 'report--00000000-0000-4000-8000-000000000001', ...GREEN },
        ...{
          created: LATER,
          modified: LATER,
          published: LATER,
          name: 'Cảnh báo CVE',
          object_refs: [indicator(1)['id']],
        },
      },
      // It answers 500 to whoever asks for all types where one of these is there.
      {
        ...{ type: 'extension-definition', spec_version: '2.1', name: 'x', schema: 'x', version: '1.0.0' },
        ...{ id: 'extension-definition--00000000-0000-4000-8000-000000000001', created: LATER, modified: LATER },
        ...{
          created_by_ref: 'identity--00000000-0000-4000-8000-000000000001',
          extension_types: ['property-extension'],
        },
      },
    ]);
    let isLost = false;
    fateOf = (at) => {
      if (isLost || at !== 3) return 'answered';
      isLost = true;
      return 'answer lost';
    };
    await start();
    await problem(/broke the connection off/);
    await poll();
    await listed(48);
    const advisories = await until(
      'the advisory',
      async () => (await api<InboundItems>('GET', '/api/v1/inbound/items?show=advisories')).items[0],
      LONG,
    );
    expect(advisories).toMatchObject({ title: 'Cảnh báo CVE', tlp: 'green' });
    await until('the source is well', async () => (await source())?.problem === null || undefined, LONG);
    expect(await source()).toMatchObject({ failures: 0, warning: null, lists: [{ id: 'med-green', count: 48 }] });
  }, 400_000);

  it('goes on without loss where the server ended between an answer and its writing', async () => {
    await add(named(3_000, 30));
    fateOf = (at) => (at === 2 ? 'answer held' : 'answered');
    await poll();
    await until('a page is held', () => held[0]);
    await stop();
    for (const answer of held) answer.destroy();
    fateOf = () => 'answered';
    await start();
    await listed(78);
  }, 400_000);

  it('takes back what was revoked, also where the server no longer knows its "next"', async () => {
    await add(named(1_000, 25, { modified: LATER, revoked: true }));
    let isGone = false;
    fateOf = (at) => {
      if (isGone || at !== 2) return 'answered';
      isGone = true;
      return 'next unknown';
    };
    await poll();
    await listed(53);
    expect(isGone).toBe(true);
    expect((await source())?.problem).toBeNull();
  }, 400_000);

  it('says that the password is wrong, and where to look', async () => {
    fateOf = () => 'answered';
    await writeFile(join(folder, 'password'), 'wrong\n');
    await poll();
    await problem(/answered 401.*"password_file"/);
    expect((await source())?.problemKind).toBe('denied');
    await writeFile(join(folder, 'password'), 'Password0\n');
    await poll();
    await until('the source is well', async () => (await source())?.problem === null || undefined, LONG);
  }, 400_000);

  it('keeps what it has while the medallion is down, and reads on from one that was started anew', async () => {
    const { port } = new URL(medallion.url);
    await medallion.stop();
    await poll();
    await problem(/127\.0\.0\.1:\d+ broke the connection off/);
    expect((await source())?.problemKind).toBe('unreachable');
    expect((await source())?.lists).toEqual([{ id: 'med-green', tlp: 'green', count: 53 }]);
    medallion = await startMedallion(python ?? '', { pageSize: 10, port: Number(port) });
    await add(named(4_000, 5));
    await poll();
    await listed(58);
    await until('the source is well', async () => (await source())?.problem === null || undefined, LONG);
  }, 400_000);
});
