import { appendFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readConfig } from '../../../collector/config.ts';
import type { Log } from '../../../collector/log.ts';
import { type RunningCollector, startCollector } from '../../../collector/main.ts';
import { makeCertificates, quietLog, Receiver, temporaryFolder, until } from '../receiver.ts';
import { writeMmdb } from './mmdb-writer.ts';

let folder: ReturnType<typeof temporaryFolder>;
let receiver: Receiver;
let running: RunningCollector | undefined;

beforeEach(() => {
  folder = temporaryFolder();
  receiver = new Receiver();
});
afterEach(async () => {
  await running?.stop(0);
  running = undefined;
  await receiver.stop();
  folder.remove();
});

const LOG = () => join(folder.path, 'access.log');

async function start(more: object): Promise<RunningCollector> {
  const certificates = makeCertificates(folder.path);
  const { ca, certificate, key } = certificates;
  await receiver.start(certificates);
  const path = join(folder.path, 'collector.yaml');
  const server = `https://127.0.0.1:${receiver.port}`;
  const inputs = [{ type: 'file', paths: ['access.log', 'app.json'] }];
  const files = { ca, certificate, key, spool: 'spool' };
  writeFileSync(path, stringify({ id: 'c0test01', server, ...files, inputs, ...more }));
  running = await startCollector(readConfig(path), quietLog() as unknown as Log);
  return running;
}

const line = (ip: string) => `${ip} - - [23/Nov/2026:07:00:00 +0700] "GET /a HTTP/1.1" 200 12 "-" "curl/8"\n`;

test('events leave with country, network and direction; a table that comes later is taken up, and its absence told', async () => {
  writeFileSync(
    join(folder.path, 'country.mmdb'),
    writeMmdb([['113.160.0.0/11', { country: { iso_code: 'VN', names: { en: 'Vietnam' } } }]]),
  );
  writeFileSync(LOG(), line('113.160.1.1') + line('10.0.0.1'));
  const flow = {
    '@timestamp': '2026-11-23T00:00:00.000Z',
    source: { ip: '10.9.0.1' },
    destination: { ip: '113.160.1.1' },
  };
  writeFileSync(join(folder.path, 'app.json'), `${JSON.stringify(flow)}\n`);
  const collector = await start({ geo: { country: 'country.mmdb', as: 'as.mmdb' }, internal_networks: ['10.0.0.0/8'] });
  await until('three events', () => receiver.events.size === 3);
  const events = [...receiver.events.values()];
  const of = (ip: string) => events.find((event) => (event['source'] as { ip: string }).ip === ip);
  expect(of('113.160.1.1')?.['source']).toEqual({
    ip: '113.160.1.1',
    geo: { country_iso_code: 'VN', country_name: 'Vietnam' },
  });
  expect(of('10.0.0.1')?.['source']).toEqual({ ip: '10.0.0.1' });
  expect(of('10.9.0.1')).toMatchObject({
    network: { direction: 'outbound' },
    destination: { geo: { country_iso_code: 'VN' } },
  });
  expect(collector.status().health?.geoFault).toContain(join(folder.path, 'as.mmdb'));
});

test('a machine whose clock is wrong says what its own lines were dated, and is right all the same', async () => {
  // The server is an hour and a half ahead of this machine; what the machine writes, it writes by its own clock.
  const offset = 5_400_000;
  receiver.clockOffset = offset;
  await start({});
  await until('the offset', () => Math.abs((running?.status().health?.clockOffsetMs ?? 0) - offset) < 60_000);
  const written = new Date(Date.now() - 1_000).toISOString();
  const own = { '@timestamp': written, message: 'own', host: { name: hostname() } };
  const other = { '@timestamp': written, message: 'other', host: { name: 'elsewhere' } };
  appendFileSync(join(folder.path, 'app.json'), `${JSON.stringify(own)}\n${JSON.stringify(other)}\n`);
  await until('both events', () => receiver.events.size === 2);
  const [first, second] = [...receiver.events.values()];
  expect(first?.['haidang']).toMatchObject({ time: { corrected: true, original: written } });
  const moved = Date.parse(first?.['@timestamp'] ?? '') - Date.parse(written);
  expect(Math.abs(moved - offset)).toBeLessThan(60_000);
  expect(second?.['@timestamp']).toBe(written);
  expect(second?.['haidang']).toBeUndefined();
});
