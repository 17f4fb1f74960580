import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCsv } from '../../../server/indicators/read/csv.ts';
import { readMisp } from '../../../server/indicators/read/misp.ts';
import { type ListSink, openListSink } from '../../../server/indicators/read/read-list.ts';
import { readStix } from '../../../server/indicators/read/stix.ts';
import { PatternError, patternValues } from '../../../server/indicators/read/stix-pattern.ts';

const read = async (by: (sink: ListSink) => void | Promise<void>) => {
  const found: string[] = [];
  const sink = openListSink({ expires: 0, confidence: 50 }, ({ type, value, expires, confidence }) =>
    found.push([type, value, expires, confidence].join(' ')),
  );
  await by(sink);
  const { refused, ...rest } = sink.result();
  return { found, refused: refused.map(({ at, what }) => `${at}: ${what}`), ...rest };
};
const csv = (text: string) => read((sink) => readCsv(createInterface({ input: Readable.from([text]) }), sink));

describe('patterns of STIX', () => {
  it.each([
    ["[ipv4-addr:value = '203.0.113.7']", ['network 203.0.113.7']],
    [
      "[ipv4-addr:value='203.0.113.0/24' OR ipv6-addr:value = '2001:db8::1']",
      ['network 203.0.113.0/24', 'network 2001:db8::1'],
    ],
    ["[domain-name:value = 'evil.vn'] OR [url:value = 'http://evil.vn/a']", ['domain evil.vn', 'url http://evil.vn/a']],
    ["([domain-name:value IN ('a.vn', 'b.vn')])", ['domain a.vn', 'domain b.vn']],
    ["[file:hashes.'SHA-256' = 'ab' OR file:hashes.MD5 = 'cd']", ['hash ab', 'hash cd']],
    ["[(email-message:from_ref.value = 'a@b.vn')]", ['email a@b.vn']],
    ["[ipv4-addr:value ISSUBSET '198.51.100.0/24']", ['network 198.51.100.0/24']],
    ["[network-traffic:dst_ref.value = '198.51.100.1']", ['network 198.51.100.1']],
    ["[domain-name:value = 'it\\'s']", ["domain it's"]],
  ])('%s', (pattern, expected) => {
    expect(patternValues(pattern).map(({ type, value }) => `${type} ${value}`)).toEqual(expected);
  });

  it.each([
    ["[ipv4-addr:value = '1.2.3.4' AND network-traffic:dst_port = 80]", 'AND is not supported'],
    ["[domain-name:value = 'a.vn'] AND [domain-name:value = 'b.vn']", 'AND is not supported'],
    ["[domain-name:value = 'a.vn'] FOLLOWEDBY [domain-name:value = 'b.vn']", 'FOLLOWEDBY is not supported'],
    ["[domain-name:value = 'a.vn'] WITHIN 5 SECONDS", 'WITHIN is not supported'],
    ["[domain-name:value LIKE '%.vn']", 'comparison LIKE is not supported'],
    ["[domain-name:value MATCHES '^a']", 'comparison MATCHES is not supported'],
    ["[domain-name:value != 'a.vn']", 'comparison != is not supported'],
    ["[domain-name:value NOT = 'a.vn']", 'NOT is not supported'],
    ["[process:name = 'x']", 'path process:name is not supported'],
    ["[domain-name:value = 'a.vn'", 'where ] belongs'],
    ['', 'where [ belongs'],
  ])('%s is refused by name', (pattern, message) => {
    expect(() => patternValues(pattern)).toThrow(message);
  });

  it('never fail in another way', () => {
    const piece = fc.constantFrom(
      '[',
      ']',
      '(',
      ')',
      'OR',
      'AND',
      "'a'",
      'ipv4-addr:value',
      '=',
      ' ',
      ',',
      'IN',
      'x',
      "'",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((pieces) => pieces.join('')),
        ),
        (pattern) => {
          try {
            patternValues(pattern);
          } catch (error) {
            expect(error).toBeInstanceOf(PatternError);
          }
        },
      ),
    );
  });
});

describe('lists are read', () => {
  it('from STIX 2.1 bundles, with their ends, confidence and marks', async () => {
    const indicator = (part: object) => ({ type: 'indicator', pattern_type: 'stix', ...part });
    const bundle = {
      type: 'bundle',
      objects: [
        { type: 'identity', name: 'x' },
        indicator({
          pattern: "[domain-name:value = 'evil.vn']",
          valid_until: '2027-01-01T00:00:00Z',
          confidence: 80,
          object_marking_refs: ['marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1'],
        }),
        indicator({ pattern: "[ipv4-addr:value = '999.1.1.1']" }),
        indicator({ pattern: "[domain-name:value = 'gone.vn']", revoked: true }),
        indicator({ pattern: 'rule x {}', pattern_type: 'yara' }),
      ],
    };
    expect(await read((sink) => readStix(bundle, sink))).toEqual({
      found: ['domain evil.vn 1798761600 80'],
      refused: [
        '3: "999.1.1.1" is no address or network.',
        '5: The pattern is of the type "yara"; only "stix" is read.',
      ],
      refusedTotal: 2,
      count: 1,
      skipped: 1,
      tlp: 'red',
      lastExpires: 1_798_761_600,
    });
    await expect(read((sink) => readStix({ type: 'indicator' }, sink))).rejects.toThrow('no STIX bundle');
  });

  it('from exports of MISP, without what is there for context alone', async () => {
    const event = {
      Tag: [{ name: 'tlp:green' }, { name: 'other' }],
      Attribute: [
        { type: 'ip-dst|port', value: '198.51.100.7|443', to_ids: true },
        { type: 'domain', value: 'google.com', to_ids: false },
        { type: 'filename|sha1', value: `a.exe|${'a'.repeat(40)}`, to_ids: true },
        { type: 'comment', value: 'x', to_ids: true },
      ],
      Object: [{ Attribute: [{ type: 'domain|ip', value: 'evil.vn|203.0.113.9', to_ids: true }] }],
    };
    const expected = {
      found: [
        'network 198.51.100.7 0 50',
        `hash ${'a'.repeat(40)} 0 50`,
        'domain evil.vn 0 50',
        'network 203.0.113.9 0 50',
      ],
      refused: ['4: Attributes of the type "comment" are not read.'],
      skipped: 1,
      tlp: 'green',
      lastExpires: 0,
    };
    expect(await read((sink) => readMisp({ Event: event }, sink))).toMatchObject(expected);
    expect(await read((sink) => readMisp({ response: [{ Event: event }] }, sink))).toMatchObject(expected);
    await expect(read((sink) => readMisp({ x: 1 }, sink))).rejects.toThrow('no MISP export');
  });

  it('from CSV, with and without names of columns', async () => {
    const named =
      '\ufeff# a feed\ntype,value,valid_until,confidence,tlp\nipv4,198.51.100.7,2027-01-01,90,TLP:AMBER\nmd5,zz,,,\n,evil.vn,,,\nja3,x,,,\ndomain,b.vn,soon,,\n';
    expect(await csv(named)).toMatchObject({
      found: ['network 198.51.100.7 1798761600 90', 'domain evil.vn 0 50'],
      refused: [
        '4: "zz" is no MD5, SHA-1 or SHA-2 hash.',
        '6: The type "ja3" is not read.',
        '7: "soon" is no time such as 2026-12-31.',
      ],
      tlp: 'amber',
    });
    expect(await csv('203.0.113.0/24\n"evil.vn"\n\n0.0.0.0/0\n')).toMatchObject({
      found: ['network 203.0.113.0/24 0 50', 'domain evil.vn 0 50'],
      refused: ['4: The network 0.0.0.0/0 holds nearly every address.'],
    });
  });
});
