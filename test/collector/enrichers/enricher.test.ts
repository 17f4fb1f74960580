import { renameSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CorrectedClock } from '../../../collector/clock.ts';
import { type Enricher, openEnricher } from '../../../collector/enrichers/index.ts';
import type { Log } from '../../../collector/log.ts';
import { lineText, parseLine } from '../../../collector/parsers/index.ts';
import type { EcsEvent } from '../../../ecs/event.ts';
import { quietLog, temporaryFolder } from '../receiver.ts';
import { type MmdbEntries, writeMmdb } from './mmdb-writer.ts';

const COUNTRIES: MmdbEntries = [
  ['113.160.0.0/11', { country: { iso_code: 'VN', names: { en: 'Vietnam', vi: 'Việt Nam' } } }],
  ['113.161.2.0/24', { registered_country: { iso_code: 'KH', names: { en: 'Cambodia' } } }],
  ['2405:4800::/32', { country: { iso_code: 'VN', names: { en: 'Vietnam' } } }],
  ['8.8.8.0/24', { country: { iso_code: 'US', names: { en: 'United States' } } }],
  ['9.9.9.0/24', { country_code: 'DE', country_name: 'Germany' }],
  ['7.7.7.0/24', { country: { iso_code: 'not a code' } }],
];
const NETWORKS: MmdbEntries = [
  ['113.160.0.0/11', { autonomous_system_number: 45_899, autonomous_system_organization: 'VNPT Corp' }],
  ['2405:4800::/32', { autonomous_system_number: 18_403, autonomous_system_organization: 'FPT' }],
  ['9.9.9.0/24', { asn: 'AS19281', as_name: 'Quad9' }],
];

let folder: ReturnType<typeof temporaryFolder>;
let log: ReturnType<typeof quietLog>;
let clock: CorrectedClock;
const opened: Enricher[] = [];

const country = () => join(folder.path, 'country.mmdb');
const as = () => join(folder.path, 'as.mmdb');

beforeEach(() => {
  folder = temporaryFolder();
  log = quietLog();
  clock = new CorrectedClock();
});
afterEach(() => {
  for (const one of opened.splice(0)) one.stop();
  folder.remove();
});

async function enricher(internalNetworks?: readonly string[]): Promise<Enricher> {
  const geo = { country: country(), as: as() };
  const one = await openEnricher({ geo, internalNetworks, clock, log: log as unknown as Log });
  opened.push(one);
  return one;
}

async function withTables(internalNetworks?: readonly string[]): Promise<Enricher> {
  writeFileSync(country(), writeMmdb(COUNTRIES));
  writeFileSync(as(), writeMmdb(NETWORKS, { kind: 'Test-AS' }));
  return enricher(internalNetworks);
}

function event(more: object): EcsEvent {
  return { '@timestamp': '2026-11-23T00:00:00.000Z', event: { kind: 'event' }, ...more };
}

function enriched(one: Enricher, more: object): Record<string, unknown> {
  const made = event(more);
  one.event(made, Date.now(), false);
  const { '@timestamp': _, event: __, ...rest } = made;
  return rest;
}

describe('country and network of an address', () => {
  it('are added to both ends, IPv4 and IPv6', async () => {
    const found = enriched(await withTables(), {
      source: { ip: '113.160.1.1', port: 5 },
      destination: { ip: '2405:4800::5' },
    });
    expect(found).toEqual({
      source: {
        ip: '113.160.1.1',
        port: 5,
        geo: { country_iso_code: 'VN', country_name: 'Vietnam' },
        as: { number: 45_899, organization: { name: 'VNPT Corp' } },
      },
      destination: {
        ip: '2405:4800::5',
        geo: { country_iso_code: 'VN', country_name: 'Vietnam' },
        as: { number: 18_403, organization: { name: 'FPT' } },
      },
      network: { direction: 'external' },
    });
  });

  it.each([24, 28, 32] as const)('are read from tables with records of %i bits', async (recordSize) => {
    writeFileSync(country(), writeMmdb(COUNTRIES, { recordSize }));
    const one = await enricher();
    const of = (ip: string) =>
      (enriched(one, { source: { ip } })['source'] as { geo?: { country_iso_code: string } }).geo?.country_iso_code;
    expect(
      [
        '113.160.0.0',
        '113.191.255.255',
        '113.161.2.9',
        '113.192.0.0',
        '8.8.8.8',
        '2405:4800:ffff::1',
        '2405:4801::',
      ].map(of),
    ).toEqual(['VN', 'VN', 'KH', undefined, 'US', 'VN', undefined]);
  });

  it('are the registered country where no other is known, and are read from flat tables', async () => {
    const one = await withTables();
    expect(enriched(one, { source: { ip: '113.161.2.9' } })['source']).toMatchObject({
      geo: { country_iso_code: 'KH' },
    });
    expect(enriched(one, { source: { ip: '9.9.9.9' } })['source']).toMatchObject({
      geo: { country_iso_code: 'DE', country_name: 'Germany' },
      as: { number: 19_281, organization: { name: 'Quad9' } },
    });
  });

  it('are the same for an IPv4 address that is written as an IPv6 one', async () => {
    expect(enriched(await withTables(), { source: { ip: '::ffff:113.160.1.1' } })['source']).toMatchObject({
      geo: { country_iso_code: 'VN' },
    });
  });

  it('are not looked for where an address is private, none, or of no country', async () => {
    const one = await withTables();
    for (const ip of [
      '10.1.2.3',
      '192.168.1.1',
      'fe80::1%eth0',
      'fd00::1',
      '127.0.0.1',
      'nobody',
      '',
      'x'.repeat(300),
      '7.7.7.7',
    ]) {
      expect(enriched(one, { source: { ip } })).toEqual({ source: { ip } });
    }
    for (const source of ['113.160.1.1', ['113.160.1.1'], { ip: ['113.160.1.1'] }, null, { ip: 4 }]) {
      expect(enriched(one, { source })).toEqual({ source });
    }
  });

  it('leave what the event says itself', async () => {
    const one = await withTables();
    const own = { ip: '113.160.1.1', geo: { country_iso_code: 'LA' }, as: { number: 1 } };
    expect(enriched(one, { source: own })).toEqual({ source: own });
    expect(enriched(one, { source: { ip: '113.160.1.1', geo: { city_name: 'Vinh' } } })['source']).toMatchObject({
      geo: { city_name: 'Vinh', country_iso_code: 'VN' },
    });
  });

  it('stay right when more addresses come than are remembered', async () => {
    const one = await withTables();
    const wrong: string[] = [];
    for (let at = 0; at < 9_000; at++) {
      const ip = `113.${160 + (at % 32)}.${(at >> 8) & 255}.${at & 255}`;
      const source = enriched(one, { source: { ip } })['source'] as { geo?: { country_iso_code: string } };
      if (source.geo?.country_iso_code !== (ip.startsWith('113.161.2.') ? 'KH' : 'VN')) wrong.push(ip);
    }
    expect(wrong).toEqual([]);
  });
});

describe('the direction', () => {
  const of = (one: Enricher, source: string, destination: string, network?: unknown) =>
    enriched(one, {
      source: { ip: source },
      destination: { ip: destination },
      ...(network === undefined ? {} : { network }),
    })['network'];

  it('is told by which ends are inside', async () => {
    const one = await enricher();
    expect(of(one, '10.0.0.1', '10.2.0.1')).toEqual({ direction: 'internal' });
    expect(of(one, '10.0.0.1', '8.8.8.8')).toEqual({ direction: 'outbound' });
    expect(of(one, '8.8.8.8', 'fd12::1')).toEqual({ direction: 'inbound' });
    expect(of(one, '8.8.8.8', '9.9.9.9')).toEqual({ direction: 'external' });
    expect(of(one, 'fe80::1%2', '::1')).toEqual({ direction: 'internal' });
  });

  it('follows the networks that are configured', async () => {
    const one = await enricher(['113.160.0.0/16', '2405:4800:1::/48']);
    expect(of(one, '113.160.9.9', '10.0.0.1')).toEqual({ direction: 'outbound' });
    expect(of(one, '8.8.8.8', '2405:4800:1::9')).toEqual({ direction: 'inbound' });
  });

  it('needs both ends, and leaves what the event says', async () => {
    const one = await enricher();
    expect(enriched(one, { source: { ip: '10.0.0.1' } })['network']).toBeUndefined();
    expect(enriched(one, { source: { ip: '10.0.0.1' }, destination: { ip: 'unknown' } })['network']).toBeUndefined();
    expect(of(one, '10.0.0.1', '8.8.8.8', { direction: 'inbound', transport: 'tcp' })).toEqual({
      direction: 'inbound',
      transport: 'tcp',
    });
    expect(of(one, '10.0.0.1', '8.8.8.8', { transport: 'tcp' })).toEqual({ transport: 'tcp', direction: 'outbound' });
    expect(of(one, '10.0.0.1', '8.8.8.8', 'odd')).toBe('odd');
  });
});

describe('the files', () => {
  it('are taken into use when they are replaced', async () => {
    const one = await withTables();
    expect(enriched(one, { source: { ip: '8.8.8.8' } })['source']).toMatchObject({ geo: { country_iso_code: 'US' } });
    const next = join(folder.path, 'next');
    writeFileSync(next, writeMmdb([['8.8.8.0/24', { country: { iso_code: 'SG', names: { en: 'Singapore' } } }]]));
    renameSync(next, country());
    await one.look();
    expect(enriched(one, { source: { ip: '8.8.8.8' } })['source']).toMatchObject({ geo: { country_iso_code: 'SG' } });
    expect(one.state().map(({ error }) => error)).toEqual([null, null]);
  });

  it('are told where they are absent, and taken up when they come', async () => {
    const one = await enricher();
    expect(one.state().map(({ table, error }) => [table, error?.includes('HD_') ?? error?.includes('ENOENT')])).toEqual(
      [
        [null, false],
        [null, false],
      ],
    );
    expect(one.state()[0]?.error).toContain(`${country()} cannot be used`);
    expect(enriched(one, { source: { ip: '8.8.8.8' } })).toEqual({ source: { ip: '8.8.8.8' } });
    writeFileSync(country(), writeMmdb(COUNTRIES));
    await one.look();
    expect(one.state()[0]).toMatchObject({ table: { kind: 'Test-Country' }, error: null });
    expect(enriched(one, { source: { ip: '8.8.8.8' } })['source']).toMatchObject({ geo: { country_iso_code: 'US' } });
  });

  it('go on as they were when a damaged one comes in their place', async () => {
    const one = await withTables();
    const whole = writeMmdb(COUNTRIES);
    for (const bytes of [
      Buffer.from('not a table'),
      Buffer.alloc(0),
      whole.subarray(0, whole.length >> 1),
      Buffer.alloc(100_000, 7),
    ]) {
      writeFileSync(country(), bytes);
      await one.look();
      expect(one.state()[0]).toMatchObject({ table: { kind: 'Test-Country' } });
      expect(one.state()[0]?.error).toContain('cannot be used');
      expect(enriched(one, { source: { ip: '8.8.8.8' } })['source']).toMatchObject({ geo: { country_iso_code: 'US' } });
    }
  });

  it('never throw on damage inside, wherever it is', async () => {
    const whole = writeMmdb([...COUNTRIES, ...NETWORKS]);
    for (let at = 0; at < whole.length; at += 29) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 0xff;
      writeFileSync(country(), damaged);
      const one = await enricher();
      for (const ip of ['113.160.1.1', '2405:4800::1', '9.9.9.9', '8.8.8.8']) {
        const made = event({ source: { ip } });
        expect(() => one.event(made, 0, false)).not.toThrow();
        expect(typeof JSON.stringify(made)).toBe('string');
      }
      one.stop();
    }
  });
});

describe('lines that are text at once', () => {
  const LINES = [
    '113.160.1.1 - - [23/Nov/2026:07:00:00 +0700] "GET /a?b=1 HTTP/1.1" 200 12 "-" "curl/8"',
    '2405:4800::9 - an [23/Nov/2026:07:00:00 +0700] "POST /x HTTP/2.0" 404 0 "https://a.vn/" "Mozilla/5.0"',
    '10.1.1.1 - - [23/Nov/2026:07:00:00 +0700] "GET / HTTP/1.1" 200 5 "-" "-"',
    '8.8.8.8 - - [23/Nov/2026:07:00:00 +0700] "GET /,"source":{"ip":"1.2.3.4 HTTP/1.1" 200 5 "-" "-"',
    '9.9.9.9 - - [23/Nov/2026:07:00:00 +0700] "GET /,source:{ip:1.2.3.4 HTTP/1.1" 200 5 "-" ",source:{ip:1.2.3.4"',
  ];

  it('say what the object says', async () => {
    const one = await withTables();
    const context = { now: Date.UTC(2026, 10, 23), timeZone: 'UTC' };
    const texts = LINES.map((line) => {
      const text = lineText(line, 'nginx', context, 'id-', {});
      if (text === undefined) return undefined;
      const object = parseLine(line, 'nginx', context);
      object.event.id = (JSON.parse(text) as EcsEvent).event.id as string;
      one.event(object, context.now, false);
      const got = one.text(text);
      expect(got).toBe(JSON.stringify(object));
      return got;
    });
    // Most of them have the form whose text is written at once; else this test would say nothing.
    expect(texts.filter((text) => text !== undefined).length).toBeGreaterThanOrEqual(4);
    expect(texts[0]).toContain('"country_iso_code":"VN"');
  });

  it('stay as they are without tables', async () => {
    const one = await openEnricher({
      geo: { country: undefined, as: undefined },
      internalNetworks: undefined,
      clock,
      log: log as unknown as Log,
    });
    opened.push(one);
    const text = '{"a":1,"source":{"ip":"8.8.8.8"}}';
    expect(one.text(text)).toBe(text);
    expect(one.state()).toEqual([]);
  });
});

describe('times of a clock that is wrong', () => {
  const NOW = Date.UTC(2026, 10, 23, 8, 0, 0);
  const at = (offset: number, written: number, more: object = {}) => {
    clock = new CorrectedClock(offset);
    const made = { ...event(more), '@timestamp': new Date(written).toISOString() };
    return enricher().then((one) => ({ mark: one.event(made, NOW, true), made, needsObject: one.needsObject(true) }));
  };

  it.each([300_000, -300_000, 86_400_000, 2_000])('are set right by %i ms and keep what they were', async (offset) => {
    const written = NOW - offset - 1_500;
    const { mark, made, needsObject } = await at(offset, written);
    expect(needsObject).toBe(true);
    expect(made['@timestamp']).toBe(new Date(NOW - 1_500).toISOString());
    expect(made.event.created).toBe(new Date(NOW).toISOString());
    expect(mark).toEqual({ corrected: true, original: new Date(written).toISOString(), offset_ms: offset });
  });

  it('of this host are, by its name with or without the domain; of others are not', async () => {
    const short = hostname().split('.')[0];
    for (const name of [hostname(), `${short}.example.vn`, String(short).toUpperCase()])
      expect((await at(60_000, NOW - 60_000, { host: { name } })).mark).toBeDefined();
    expect((await at(60_000, NOW - 60_000, { host: { name: 'some-other-host' } })).mark).toBeUndefined();
  });

  it('stay where the difference of now says nothing about then', async () => {
    // Written two hours ago; dated later than the machine's own clock; the collector's own time, already right.
    for (const written of [NOW - 60_000 - 7_200_000, NOW - 60_000 + 10_000, NOW]) {
      const { mark, made } = await at(60_000, written);
      expect(mark).toBeUndefined();
      expect(made['@timestamp']).toBe(new Date(written).toISOString());
      expect(made.event.created).toBeUndefined();
    }
  });

  it('stay where the clock is right, or another machine wrote them', async () => {
    expect((await at(1_999, NOW - 5_000)).mark).toBeUndefined();
    clock = new CorrectedClock(60_000);
    const one = await enricher();
    expect(one.event(event({}), NOW, false)).toBeUndefined();
    expect(one.needsObject(false)).toBe(false);
  });
});
