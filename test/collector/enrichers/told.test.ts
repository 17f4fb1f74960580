import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readConfig } from '../../../collector/config.ts';
import { examine } from '../../../collector/doctor/examine.ts';
import { judge } from '../../../server/fleet/judge.ts';
import type { CollectorRecord } from '../../../server/store/record-kinds.ts';
import { makeCertificates, temporaryFolder } from '../receiver.ts';
import { writeMmdb } from './mmdb-writer.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

function configure(more: object): string {
  const { ca, certificate, key } = makeCertificates(folder.path);
  const path = join(folder.path, 'collector.yaml');
  // Nobody listens there; what is looked at here needs no server.
  const server = 'https://127.0.0.1:1';
  writeFileSync(
    path,
    stringify({ id: 'c0test01', server, ca, certificate, key, spool: 'spool', inputs: [{ type: 'stdin' }], ...more }),
  );
  return path;
}

test('the doctor names a table of addresses that is absent or damaged, and the one that is well', async () => {
  writeFileSync(
    join(folder.path, 'good.mmdb'),
    writeMmdb([['8.8.8.0/24', { country: { iso_code: 'US' } }]], { kind: 'Test-Good' }),
  );
  writeFileSync(join(folder.path, 'bad.mmdb'), 'no table');
  const tables = async (geo: object) => (await examine(configure({ geo }))).filter(({ check }) => check === 'geo');
  expect(await tables({ country: 'good.mmdb', as: 'bad.mmdb' })).toMatchObject([
    { name: join(folder.path, 'good.mmdb'), state: 'ok', detail: 'Test-Good' },
    { name: join(folder.path, 'bad.mmdb'), state: 'bad', fault: 'geo' },
  ]);
  expect(await tables({ as: 'absent.mmdb' })).toMatchObject([{ state: 'bad', fault: 'geo' }]);
  expect(await tables({})).toEqual([]);
});

test('a network that is none is named with its line', () => {
  const path = configure({ internal_networks: ['10.0.0.0/8', '10.0.0/8'] });
  expect(() => readConfig(path)).toThrow(/collector\.yaml:\d+: internal_networks\.1 is wrong/);
});

test('the server says of a collector that its tables cannot be used', () => {
  const health = {
    machine: null,
    cpuPercent: 1,
    rssBytes: 1,
    spoolBytes: 1,
    spoolMaxBytes: 100,
    diskFreeBytes: 1024 ** 4,
    clockOffsetMs: 0,
    waitingSince: null,
    certificateEnds: null,
    policy: { version: null, failed: null },
  };
  const now = Date.UTC(2026, 10, 23);
  const found = (more: object) =>
    judge(
      {
        notAfter: '2030-01-01T00:00:00.000Z',
        createdAt: '2026-11-22T00:00:00.000Z',
        lastSeenAt: new Date(now).toISOString(),
        status: { sources: [], waiting: { events: 0 }, health: { ...health, ...more } },
      } as unknown as CollectorRecord,
      [],
      now,
    );
  expect(found({})).toEqual([]);
  expect(found({ geoFault: 'The table is damaged.' })).toMatchObject([
    { what: 'geo', detail: 'The table is damaged.' },
  ]);
});
