import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Agency } from '../../server/agencies/schema.ts';
import { writeMmdb } from '../collector/enrichers/mmdb-writer.ts';
import { Installation, until } from './harness.ts';

let installation: Installation;
let folder: string;
const SLOW_MS = 240_000;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'haidang-agencies-'));
  const country = join(folder, 'country.mmdb');
  writeFileSync(country, writeMmdb([['113.160.0.0/11', { country: { iso_code: 'VN', names: { en: 'Vietnam' } } }]]));
  const line = (ip: string) => `${ip} - - [${commonTime()}] "GET /a HTTP/1.1" 200 12 "-" "curl/8"\n`;
  writeFileSync(join(folder, 'access.log'), line('113.161.0.9'));
  installation = await Installation.create({
    inputs: () => [{ type: 'file', paths: [join(folder, 'access.log')], parser: 'nginx' }],
    env: { HAIDANG_GEO_COUNTRY: country },
  });
  await installation.up();
  appendFileSync(join(folder, 'access.log'), line('10.1.1.1'));
}, SLOW_MS);
afterAll(async () => {
  await installation?.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Now as access logs write it: `23/Nov/2026:08:00:00 +0000`. */
function commonTime(): string {
  const [, date, month, year, time] = new Date().toUTCString().split(/[ ,]+/);
  return `${date}/${month}/${year}:${time} +0000`;
}

it(
  'the collector of a fresh installation tells the country of an address',
  async () => {
    const found = await until(
      'both events',
      async () => {
        const { out } = await installation.cli([
          'query',
          'event.dataset: nginx.access',
          '--json',
          '--config',
          installation.config,
        ]);
        const lines = out.split('\n').filter(Boolean);
        return lines.length === 2
          ? lines.map((line) => JSON.parse(line) as { source: { ip: string; geo?: object } })
          : undefined;
      },
      100_000,
    );
    const source = (ip: string) => found.find((event) => event.source.ip === ip)?.source;
    expect(source('113.161.0.9')?.geo).toEqual({ country_iso_code: 'VN', country_name: 'Vietnam' });
    expect(source('10.1.1.1')?.geo).toBeUndefined();
  },
  SLOW_MS,
);

it(
  'agencies are added, changed, listed and taken from a table on the command line',
  async () => {
    const agency = (...args: string[]) => installation.cli(['agency', ...args, '--config', installation.config]);
    expect((await agency('add', 'so-y-te', '--name', 'Sở Y tế', '--networks', '10.50.0.0/16')).code).toBe(0);
    const below = await agency('add', 'tt-y-te', '--name', 'Trung tâm', '--parent', 'so-y-te', '--level', '4');
    expect(below.code).toBe(0);
    expect((await agency('change', 'tt-y-te', '--phone', '0290 1', '--sources', 'file:/y*')).code).toBe(0);
    const circle = await agency('change', 'so-y-te', '--parent', 'tt-y-te');
    expect([circle.code === 0, circle.err.includes('above itself')]).toEqual([false, true]);

    const table = join(folder, 'agencies.csv');
    writeFileSync(table, 'id,name,networks\nxa-1,Xã Một,10.50.0.0/16\nxa-2,Xã Hai,10.60.0.0/16\n');
    const wrong = await agency('import', table);
    expect([wrong.code, wrong.err.includes("line 2: the network 10.50.0.0/16 (so-y-te) is another agency's.")]).toEqual(
      [1, true],
    );
    writeFileSync(table, 'id,name,networks,parent\nxa-1,Xã Một,10.61.0.0/16,so-y-te\nxa-2,Xã Hai,10.60.0.0/16,xa-1\n');
    const tried = await agency('import', table, '--dry-run');
    expect([tried.code, tried.out]).toEqual([
      0,
      'line 2: add xa-1\nline 3: add xa-2\nWould be done: 2 added, 0 changed, 0 as they were, 0 wrong.\n',
    ]);
    expect((await agency('import', table)).out).toBe('Done: 2 added, 0 changed, 0 as they were, 0 wrong.\n');

    const listed = (await agency('list', '--json')).out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Agency);
    expect(listed.find(({ id }) => id === 'tt-y-te')).toMatchObject({
      parent: 'so-y-te',
      securityLevel: 4,
      contact: { phone: '0290 1' },
      sources: ['file:/y*'],
    });
    expect(listed.find(({ id }) => id === 'xa-2')).toMatchObject({ parent: 'xa-1', networks: ['10.60.0.0/16'] });
  },
  SLOW_MS,
);
