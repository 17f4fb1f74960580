import { describe, expect, it } from 'vitest';
import { allowList, defang, observablesOf, readObservable } from '../../../server/incidents/indicators.ts';

describe('observables', () => {
  const read: [string, object | undefined][] = [
    ['203.0.113.7', { type: 'ipv4', value: '203.0.113.7' }],
    ['203[.]0[.]113[.]7', { type: 'ipv4', value: '203.0.113.7' }],
    ['::ffff:203.0.113.7', { type: 'ipv4', value: '203.0.113.7' }],
    ['2001:DB8:0:0::7%eth0', { type: 'ipv6', value: '2001:db8::7' }],
    ['Evil.Example.', { type: 'domain', value: 'evil.example' }],
    ['hxxps://evil[.]example/a?b=c', { type: 'url', value: 'https://evil.example/a?b=c' }],
    ['http://evil.example/{a}?b=\\', { type: 'url', value: 'http://evil.example/%7Ba%7D?b=%5C' }],
    ['http://lan:secret@evil.example/', { type: 'url', value: 'http://evil.example/' }],
    ['Lan[@]evil.example', { type: 'email', value: 'lan@evil.example' }],
    ['D41D8CD98F00B204E9800998ECF8427E', { type: 'md5', value: 'd41d8cd98f00b204e9800998ecf8427e' }],
    ['a'.repeat(40), { type: 'sha1', value: 'a'.repeat(40) }],
    ['b'.repeat(64), { type: 'sha256', value: 'b'.repeat(64) }],
    ['ác-ý.example.vn', { type: 'domain', value: 'xn--c--lia8i.example.vn' }],
    ['web1', undefined],
    ['999.1.1.1', undefined],
    ['', undefined],
    ['http://', undefined],
    ['javascript:alert(1)', undefined],
    [`${'a.'.repeat(3_000)}example`, undefined],
  ];
  it.each(read)('%s', (text, expected) => {
    expect(readObservable(text)).toEqual(expected);
  });

  it.each([
    ['203.0.113.7', '203[.]0[.]113[.]7'],
    ['2001:db8::7', '2001[:]db8[:][:]7'],
    ['https://evil.example:8443/x.y', 'hxxps://evil[.]example:8443/x.y'],
    ['lan@evil.example', 'lan[@]evil[.]example'],
  ])('%s is shown as %s, and read again from it', (text, shown) => {
    const observable = readObservable(text);
    expect(observable && defang(observable)).toBe(shown);
    expect(readObservable(shown)).toEqual(observable);
  });

  it('leave out own networks and names, and what the allow-list holds', () => {
    const allowed = allowList(['203.0.113.0/24', '*.cantho.gov.vn', 'microsoft.com']);
    const values = [
      '10.1.2.3',
      '192.168.1.1',
      'fe80::1',
      '203.0.113.9',
      '198.51.100.4',
      'mail.cantho.gov.vn',
      'https://10.0.0.8/login',
      'https://update.microsoft.com/x',
      'https://notmicrosoft.com/x',
      'printer.local',
      'lan@cantho.gov.vn',
      '198.51.100.4',
    ];
    expect(observablesOf(values, allowed)).toEqual([
      { type: 'ipv4', value: '198.51.100.4' },
      { type: 'url', value: 'https://notmicrosoft.com/x' },
    ]);
  });
});
