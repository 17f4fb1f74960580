import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AlertDetected } from '../../../server/alerts/record.ts';
import { openAssetBook } from '../../../server/assets/book.ts';
import type { Asset } from '../../../server/assets/schema.ts';
import { assetTable, networkOf, weigh } from '../../../server/assets/weigh.ts';
import type { AgencyId } from '../../../server/identity.ts';
import { type Bench, HOST, openBench } from '../api/harness.ts';

const asset = (kind: Asset['kind'], value: string, level: number, agency: string | null = null): Asset => ({
  id: `${kind}:${value}`,
  kind,
  value,
  level,
  name: '',
  agency,
});
const about = (values: Readonly<Record<string, readonly string[]>>, more: Partial<AlertDetected> = {}) =>
  ({
    agency: 'one' as AgencyId,
    severity: 'medium',
    severityRank: 3,
    entities: Object.fromEntries(
      Object.entries(values).map(([field, own]) => [field, { values: own, total: own.length }]),
    ),
    ...more,
  }) as Pick<AlertDetected, 'agency' | 'entities' | 'severity' | 'severityRank' | 'ruleLevel'>;

describe('the severity of an alert by what it is about', () => {
  const agencies = new Map([
    ['one', { securityLevel: 3 }],
    ['guarded', { securityLevel: 4 }],
    ['small', { securityLevel: 1 }],
  ]);
  const assets = [
    asset('network', '10.1.0.0/16', 4),
    asset('network', '2001:db8::/32', 5),
    asset('host', 'igate-db', 5),
    asset('host', 'kiosk', 1),
    asset('host', 'theirs', 5, 'guarded'),
    asset('agency', 'gateway', 5),
  ];
  const of = (values: Readonly<Record<string, readonly string[]>>, more: Partial<AlertDetected> = {}) => {
    const {
      severity,
      severityRank,
      ruleLevel,
      asset: found,
    } = weigh(about(values, more), assetTable(assets, agencies)) as AlertDetected;
    return [severity, severityRank, ruleLevel, found?.level, found?.value];
  };

  it.each([
    ['a host of level 5', { 'host.name': ['IGATE-DB'] }, {}, ['critical', 5, 'medium', 5, 'IGATE-DB']],
    [
      'an address of a network of level 4',
      { 'destination.ip': ['192.0.2.1', '10.1.2.3'], 'host.name': [] },
      {},
      ['high', 4, 'medium', 4, '10.1.2.3'],
    ],
    ['an IPv6 address', { 'source.ip': ['2001:db8::7'] }, {}, ['critical', 5, 'medium', 5, '2001:db8::7']],
    [
      'a host of level 1',
      { 'host.name': ['kiosk'] },
      { severity: 'high', severityRank: 4 },
      ['medium', 3, 'high', 1, 'kiosk'],
    ],
    [
      'one of level 1, and one that nobody listed',
      { 'host.name': ['kiosk', 'other'] },
      {},
      ['medium', 3, 'medium', undefined, undefined],
    ],
    [
      'what another agency listed for itself',
      { 'host.name': ['theirs'] },
      {},
      ['medium', 3, 'medium', undefined, undefined],
    ],
    [
      'the same, seen by the province',
      { 'host.name': ['theirs'] },
      { agency: '*' as AgencyId },
      ['critical', 5, 'medium', 5, 'theirs'],
    ],
    [
      'nothing listed, of an agency of level 4',
      { 'host.name': ['x'] },
      { agency: 'guarded' as AgencyId },
      ['high', 4, 'medium', 4, undefined],
    ],
    [
      'nothing listed, of an agency of level 1',
      { 'host.name': ['x'] },
      { agency: 'small' as AgencyId, severity: 'low', severityRank: 2 },
      ['low', 2, 'low', undefined, undefined],
    ],
    [
      'an agency in the list',
      { 'host.name': ['x'] },
      { agency: 'gateway' as AgencyId },
      ['critical', 5, 'medium', 5, undefined],
    ],
    [
      'what is only informational',
      { 'host.name': ['igate-db'] },
      { severity: 'informational', severityRank: 1 },
      ['informational', 1, 'informational', undefined, undefined],
    ],
    [
      'a critical one',
      { 'host.name': ['igate-db'] },
      { severity: 'critical', severityRank: 5 },
      ['critical', 5, 'critical', undefined, undefined],
    ],
  ] as const)('%s', (_name, values, more, expected) => {
    expect(of(values, more)).toEqual(expected);
  });

  it('goes by the rule’s own level when it is weighed again', () => {
    const once = weigh(about({ 'host.name': ['igate-db'] }), assetTable(assets, agencies));
    expect(once).toMatchObject({ severity: 'critical', ruleLevel: 'medium' });
    expect(weigh(once, assetTable(assets, agencies))).toEqual(once);
    expect(weigh(once, assetTable([], agencies))).toMatchObject({
      severity: 'medium',
      severityRank: 3,
      ruleLevel: 'medium',
    });
  });

  it('knows networks by what they say', () => {
    expect(['10.0.0.0/8', '10.1.1.1', '2001:db8::/32', '::1'].map((text) => networkOf(text) !== undefined)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(['10.0.0.0/99', 'host', '', '10.1'].map((text) => networkOf(text) === undefined)).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });
});

describe('the list of assets', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench();
    await bench.addAgency('one');
    await bench.addAgency('two');
  });
  afterAll(() => bench.close());
  const as = async (cookie: string, method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) => {
    const headers = { host: HOST, origin: `http://${HOST}`, cookie };
    const answer = await bench.app.inject({ method, url, headers, ...(payload ? { payload } : {}) });
    return { status: answer.statusCode, body: answer.payload === '' ? undefined : answer.json() };
  };
  const network = { kind: 'network', value: '10.2.0.0/16', level: 5, name: 'Trục liên thông', agency: null };

  it('is kept by administrators, audited, and carried over to open alerts', async () => {
    const admin = await bench.signIn({ user: 'qtv', role: 'administrator' });
    const book = openAssetBook(bench.records);
    const entities = { 'destination.ip': { values: ['10.2.3.4'], total: 1 } };
    await bench.addAlert('raised', { agency: 'one' as AgencyId, severity: 'medium', severityRank: 3, entities });
    const set = await as(admin, 'POST', '/api/v1/assets', network);
    expect(set).toMatchObject({ status: 200, body: { id: 'network:10.2.0.0/16', level: 5 } });
    const shown = async () => (await as(admin, 'GET', '/api/v1/alerts/raised')).body.alert;
    expect(await shown()).toMatchObject({
      severity: 'critical',
      ruleLevel: 'medium',
      asset: { level: 5, value: '10.2.3.4' },
    });
    expect((await as(admin, 'GET', '/api/v1/alerts?severity=critical')).body.total).toBe(1);
    // The same network again is the same asset.
    await as(admin, 'POST', '/api/v1/assets', { ...network, level: 4 });
    expect((await as(admin, 'GET', '/api/v1/assets')).body.assets).toHaveLength(1);
    expect(await shown()).toMatchObject({ severity: 'high', ruleLevel: 'medium', asset: { level: 4 } });
    expect(await as(admin, 'DELETE', `/api/v1/assets/${encodeURIComponent('network:10.2.0.0/16')}`)).toMatchObject({
      status: 204,
    });
    const back = await shown();
    expect(back).toMatchObject({ severity: 'medium' });
    expect(back).not.toHaveProperty('ruleLevel');
    expect(await book.all()).toEqual([]);
  });

  it.each([
    [{ ...network, value: '10.2.0.0/40' }, 400],
    [{ ...network, kind: 'host', value: '   ' }, 400],
    [{ ...network, level: 6 }, 400],
    [{ ...network, agency: 'nobody' }, 404],
    [{ ...network, kind: 'agency', value: 'nobody' }, 404],
  ])('refuses %j', async (payload, status) => {
    const admin = await bench.signIn({ user: 'qtv', role: 'administrator' });
    expect((await as(admin, 'POST', '/api/v1/assets', payload)).status).toBe(status);
  });

  it('shows and takes of an agency’s administrator its own alone', async () => {
    const admin = await bench.signIn({ user: 'qtv', role: 'administrator' });
    for (const agency of ['one', 'two'])
      await as(admin, 'POST', '/api/v1/assets', { ...network, kind: 'host', value: `h-${agency}`, agency });
    const own = await bench.signIn({ user: 'mot', role: 'administrator', agencies: ['one'] });
    expect((await as(own, 'GET', '/api/v1/assets')).body.assets).toMatchObject([{ id: 'host:h-one:one' }]);
    expect((await as(own, 'POST', '/api/v1/assets', network)).status).toBe(403);
    expect((await as(own, 'POST', '/api/v1/assets', { ...network, agency: 'two' })).status).toBe(403);
    expect((await as(own, 'POST', '/api/v1/assets', { ...network, agency: 'one' })).status).toBe(200);
    expect((await as(own, 'DELETE', '/api/v1/assets/host:h-two:two')).status).toBe(404);
    const viewer = await bench.signIn({ user: 'xem', role: 'viewer' });
    expect((await as(viewer, 'POST', '/api/v1/assets', network)).status).toBe(403);
  });
});
