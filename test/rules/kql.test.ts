import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KqlError, parseKql } from '../../rules/query/kql.ts';
import { compileMatcher } from '../../rules/query/matcher.ts';

const EVENT = {
  '@timestamp': '2026-11-22T10:15:30.123Z',
  message: 'Failed password for invalid user admin from 203.0.113.9 port 4022 ssh2',
  event: { original: '<38>Failed password', category: ['authentication'], outcome: 'failure', severity: 3 },
  source: { ip: '203.0.113.9', port: 4022 },
  'host.name': 'Web-01',
  user: { name: 'admin (or) bob', id: '0' },
  url: { original: '/a*b?c="x"' },
  related: { ip: ['203.0.113.9', '2001:db8::1'] },
  flag: true,
};

const holds = (query: string): boolean => compileMatcher(parseKql(query))(EVENT);

describe('a KQL query holds', () => {
  it.each([
    ['', 'nothing asked'],
    ['*', 'anything'],
    ['event.outcome: failure', 'field and value'],
    ['event.outcome:FAILURE', 'without regard to case'],
    ['host.name: web-01', 'a key that itself is dotted'],
    ['event.category: authentication', 'an element of a list'],
    ['event.outcome: fail*', 'wildcard'],
    ['event.*: failure', 'wildcard in the field name'],
    ['source.port: 4022', 'a number'],
    ['source.port >= 4022 and source.port < 5000', 'ranges'],
    ['flag: true', 'a boolean'],
    ['@timestamp >= "2026-11-22" and @timestamp < "2026-11-22T11:00:00+00:00"', 'times'],
    ['@timestamp: 2026-11-22', 'a day'],
    ['password', 'a free word'],
    ['"failed password"', 'a phrase'],
    ['failed admin', 'words beside each other: all of them'],
    ['pass*', 'a word that begins so'],
    ['*word', 'a word that ends so'],
    ['message: password', 'a word of a text field'],
    ['message: "invalid user"', 'a phrase of a text field'],
    ['message: inval*', 'a pattern in a text field'],
    ['not event.outcome: success', 'not'],
    ['event.outcome: success or source.port: 4022', 'or'],
    ['event.outcome: (success or failure)', 'a list of values'],
    ['event.outcome: (not success)', 'not inside values'],
    ['event.outcome: success and source.port: 1 or host.name: web-01', 'and binds more than or'],
    ['event.outcome: failure and (source.port: 1 or host.name: web-01)', 'parentheses'],
    ['user.name: *', 'exists'],
    ['not user.email: *', 'does not exist'],
    ['source.ip: 203.0.113.0/24', 'a network'],
    ['related.ip: 2001:db8::/32', 'an IPv6 network'],
    ['related.ip: 2001:0DB8:0:0::1', 'an IPv6 address in other spelling'],
    ['user.name: "admin (or) bob"', 'a quoted value'],
    ['user.name: admin \\(or\\) bob', 'an escaped value'],
    ['url.original: "/a*b?c=\\"x\\""', 'a star in quotation marks is a star'],
    ['url.original: /a\\*b*', 'an escaped star'],
    ['source.ip: 203.0.113.9 AND NOT source.port: 1', 'operators in capitals'],
  ])('%s (%s)', (query) => {
    expect(holds(query)).toBe(true);
  });

  it.each([
    ['event.outcome: success'],
    ['event.outcome: fail'],
    ['pass'],
    ['"password failed"'],
    ['assword*'],
    ['failed missing'],
    ['source.ip: 203.0.114.0/24'],
    ['source.ip: 203.0.113.90'],
    ['source.port > 4022'],
    ['@timestamp < "2026-11-22T10:15:30.123Z"'],
    ['url.original: "/a*"'],
    ['user.email: *'],
    ['message: assword'],
  ])('not: %s', (query) => {
    expect(holds(query)).toBe(false);
  });
});

describe('a query that is not KQL is refused', () => {
  it.each([
    ['event.outcome:', 15],
    ['event.outcome: (a or b', 16],
    ['a and', 6],
    ['or b', 1],
    ['a)', 2],
    ['"open', 1],
    ['a.b: "open', 6],
    ['source.ip: 10.0.0.0/33', 1],
    ['source.ip: 1.1.1.1 user.name: bob', 20],
    ['user.*  >= 5', 1],
    ['@timestamp > now-1h', 14],
    ['a > b*', 5],
    ['a: { b: c }', 4],
    [`${'('.repeat(40)}a${')'.repeat(40)}`, 34],
    ['x '.repeat(300), 513],
    ['x'.repeat(5000), 4097],
  ])('%.40s at column %i', (query, column) => {
    let thrown: unknown;
    try {
      parseKql(query);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(KqlError);
    expect((thrown as KqlError).column).toBe(column);
    expect((thrown as KqlError).message).toMatch(/column \d+/);
  });

  it('never in another way than by KqlError', () => {
    const token = fc.constantFrom(
      'a',
      ':',
      '*',
      '(',
      ')',
      '"',
      '\\',
      ' ',
      'and',
      'or',
      'not',
      '<=',
      '>',
      '10.0.0.0/8',
      '::1',
      'é',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(token, { maxLength: 40 }).map((tokens) => tokens.join(' ')),
        ),
        (query) => {
          try {
            compileMatcher(parseKql(query))(EVENT);
          } catch (error) {
            if (!(error instanceof KqlError)) throw error;
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('finds any value again when it is quoted', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 50, unit: 'binary' }), (value) => {
        const quoted = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
        expect(compileMatcher(parseKql(`user.name: "${quoted}"`))({ user: { name: value } })).toBe(true);
      }),
    );
  });
});
