import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readField } from '../../ecs/event.ts';
import { canonicalValue, guessType, type Indicator, type IndicatorType } from '../../rules/indicators/indicator.ts';
import { IndicatorLook } from '../../rules/indicators/look.ts';
import { IndicatorTable, TableBuilder } from '../../rules/indicators/table.ts';
import { networkHolds, parseIp, parseNetwork } from '../../rules/query/ip-address.ts';

const indicator = (type: IndicatorType, value: string, expires = 0): Indicator => ({
  type,
  value,
  expires,
  confidence: 50,
});
const tableOf = (...indicators: readonly Indicator[]) => {
  const builder = new TableBuilder(7);
  for (const one of indicators) builder.add(one, 0);
  return builder.finish();
};
const NOW = 1_800_000_000;
const hitsOf = (look: IndicatorLook, event: object, second = NOW) =>
  look
    .hits((place) => readField(event, look.fields[place] as string), second)
    .map(({ field, value }) => [field, value]);

describe('a value has one spelling', () => {
  it.each([
    ['network', '203.0.113.7', '203.0.113.7'],
    ['network', '203[.]0[.]113[.]7/24', '203.0.113.0/24'],
    ['network', '2001:DB8:0:0::0001', '2001:db8::1'],
    ['network', '2001:db8::/32', '2001:db8::/32'],
    ['network', '::ffff:10.0.0.1', '10.0.0.1'],
    ['network', '10.0.0.300', undefined],
    ['domain', 'WWW.Example.COM.', 'www.example.com'],
    ['domain', '*.evil[.]vn', 'evil.vn'],
    ['domain', 'bücher.example', 'xn--bcher-kva.example'],
    ['domain', 'localhost', undefined],
    ['domain', '10.0.0.1', undefined],
    ['url', 'hxxps://Evil.VN:443/A?b=c#d', 'evil.vn/A?b=c'],
    ['url', 'http://evil.vn', 'evil.vn/'],
    ['url', 'javascript://x', undefined],
    ['hash', 'D41D8CD98F00B204E9800998ECF8427E', 'd41d8cd98f00b204e9800998ecf8427e'],
    ['hash', 'd41d8cd98f00b204e9800998ecf8427', undefined],
    ['email', 'Root@Evil.VN', 'root@evil.vn'],
    ['email', 'evil.vn', undefined],
  ] as const)('%s %s', (type, text, expected) => {
    expect(canonicalValue(type, text)).toBe(expected);
  });

  it.each([
    ['198.51.100.0/24', 'network'],
    ['evil.vn', 'domain'],
    ['evil.vn/path', 'url'],
    ['a@evil.vn', 'email'],
    ['d41d8cd98f00b204e9800998ecf8427e', 'hash'],
    ['one two', undefined],
  ] as const)('%s is taken for a %s', (text, type) => expect(guessType(text)).toBe(type));
});

describe('a table', () => {
  it('finds what is in it and nothing else, whatever there is', () => {
    const octet = fc.integer({ min: 0, max: 3 });
    const address = fc.tuple(octet, octet, octet, octet).map((parts) => parts.join('.'));
    const network = fc.tuple(address, fc.integer({ min: 1, max: 32 })).map(([ip, bits]) => `${ip}/${bits}`);
    const label = fc.constantFrom('a', 'b', 'cc');
    const domain = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => `${labels.join('.')}.vn`);
    fc.assert(
      fc.property(
        fc.array(fc.oneof(network, domain, address), { maxLength: 30 }),
        address,
        domain,
        (listed, ip, name) => {
          const entries = listed.map((text) => {
            const type = guessType(text) as IndicatorType;
            return indicator(type, canonicalValue(type, text) as string);
          });
          const table = new IndicatorTable(tableOf(...entries));
          const found: number[] = [];
          table.findAddress(parseIp(ip) as number, NOW, found);
          const holding = entries.filter(({ type, value }) => {
            const own = type === 'network' ? parseNetwork(value) : undefined;
            return own && networkHolds(own, parseIp(ip) as number);
          });
          expect(found.map((entry) => table.text(entry)).sort()).toEqual(holding.map(({ value }) => value).sort());
          found.length = 0;
          table.findDomain(name, NOW, found);
          const above = entries.filter(
            ({ type, value }) => type === 'domain' && (name === value || name.endsWith(`.${value}`)),
          );
          expect(found.map((entry) => table.text(entry)).sort()).toEqual(above.map(({ value }) => value).sort());
        },
      ),
      { numRuns: 300 },
    );
  });

  it('grows to what is put in, and says of each entry what it is', () => {
    const builder = new TableBuilder(3);
    for (let at = 0; at < 50_000; at++) builder.add(indicator('domain', `host-${at}.example.vn`), at % 5);
    builder.add(indicator('network', '2001:db8::/32'), 2);
    const table = new IndicatorTable(builder.finish());
    const found: number[] = [];
    table.findDomain('a.host-49999.example.vn', NOW, found);
    expect(found.map((entry) => [table.text(entry), table.list(entry)])).toEqual([['host-49999.example.vn', 4]]);
    found.length = 0;
    table.findDomain('host-50000.example.vn', NOW, found);
    table.findAddress(parseIp('2001:db8:1::5') as readonly number[], NOW, found);
    expect(found.map((entry) => [table.type(entry), table.text(entry)])).toEqual([['network', '2001:db8::/32']]);
  });
});

describe('an event', () => {
  const look = new IndicatorLook(
    tableOf(
      indicator('network', '203.0.113.0/24'),
      indicator('domain', 'evil.vn'),
      indicator('url', 'good.example/malware.exe?x=1'),
      indicator('hash', 'd41d8cd98f00b204e9800998ecf8427e'),
      indicator('email', 'boss@phish.example'),
      indicator('domain', 'old.example', NOW - 1),
    ),
  );

  it.each([
    ['an address of a network', { source: { ip: '203.0.113.200' } }, [['source.ip', '203.0.113.0/24']]],
    [
      'a list of addresses',
      { dns: { resolved_ip: ['10.0.0.1', '203.0.113.9'] } },
      [['dns.resolved_ip', '203.0.113.0/24']],
    ],
    ['a domain below', { dns: { question: { name: 'C2.Evil.vn.' } } }, [['dns.question.name', 'evil.vn']]],
    ['no domain that only ends alike', { dns: { question: { name: 'devil.vn' } } }, []],
    [
      'a URL',
      { url: { full: 'HTTP://Good.example/malware.exe?x=1#y' } },
      [['url.full', 'good.example/malware.exe?x=1']],
    ],
    ['another path', { url: { full: 'http://good.example/other' } }, []],
    ['the host of a URL', { url: { original: 'https://a.evil.vn:8443/x' } }, [['url.original', 'evil.vn']]],
    ['the address in a URL', { url: { full: 'http://203.0.113.1/x' } }, [['url.full', '203.0.113.0/24']]],
    [
      'a hash',
      { process: { hash: { md5: 'D41D8CD98F00B204E9800998ECF8427E' } } },
      [['process.hash.md5', 'd41d8cd98f00b204e9800998ecf8427e']],
    ],
    [
      'hashes as Sysmon writes them',
      { winlog: { event_data: { Hashes: 'SHA1=AA,MD5=D41D8CD98F00B204E9800998ECF8427E' } } },
      [['winlog.event_data.Hashes', 'd41d8cd98f00b204e9800998ecf8427e']],
    ],
    [
      'a sender',
      { email: { from: { address: ['Boss@Phish.Example'] } } },
      [['email.from.address', 'boss@phish.example']],
    ],
    ['what has ended', { dns: { question: { name: 'old.example' } } }, []],
    [
      'one indicator twice',
      { source: { ip: '203.0.113.1' }, destination: { ip: '203.0.113.2' } },
      [['source.ip', '203.0.113.0/24']],
    ],
    ['nothing that is no text', { source: { ip: 7 }, dns: { question: { name: { a: 1 } } } }, []],
    ['nothing in its message', { message: 'evil.vn 203.0.113.1' }, []],
  ])('is searched for %s', (_what, event, expected) => {
    expect(hitsOf(look, event)).toEqual(expected);
  });

  it('that came before an indicator ended still matches it', () => {
    expect(hitsOf(look, { dns: { question: { name: 'old.example' } } }, NOW - 2)).toEqual([
      ['dns.question.name', 'old.example'],
    ]);
  });

  it('matches or not by when it came, however often and in whatever order its value was looked up', () => {
    const event = { dns: { question: { name: 'old.example' } }, source: { domain: 'harmless.example' } };
    for (const [second, hits] of [
      [NOW, 0],
      [NOW - 2, 1],
      [NOW, 0],
      [NOW - 2, 1],
    ] as const)
      expect(hitsOf(look, event, second)).toHaveLength(hits);
  });

  it('is found among more harmless values than are remembered', () => {
    for (let at = 0; at < 20_000; at++)
      expect(hitsOf(look, { dns: { question: { name: `www${at}.example.org` } } })).toEqual([]);
    expect(hitsOf(look, { dns: { question: { name: 'www7.evil.vn' } } })).toEqual([['dns.question.name', 'evil.vn']]);
    // What is harmless as a name of a host is looked up as what else it may be.
    const hash = 'd41d8cd98f00b204e9800998ecf8427e';
    expect(hitsOf(look, { dns: { question: { name: hash } } })).toEqual([]);
    expect(hitsOf(look, { process: { hash: { md5: hash } } })).toHaveLength(1);
  });

  it('is read only where a table has something for it', () => {
    expect(new IndicatorLook(tableOf(indicator('hash', 'd41d8cd98f00b204e9800998ecf8427e'))).fields).not.toContain(
      'source.ip',
    );
  });

  it('never makes it throw, nor find anything, by strange values', () => {
    fc.assert(
      fc.property(fc.anything(), fc.string({ unit: 'binary' }), (value, text) => {
        for (const one of [value, text, [text, value]]) expect(look.hits(() => one, NOW)).toEqual([]);
      }),
    );
  });
});
