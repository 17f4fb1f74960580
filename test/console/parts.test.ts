import fc from 'fast-check';
import { expect, test } from 'vitest';
import { equations } from '../../console/ledger/equations.ts';
import { makeAlarm } from '../../console/parts/alarm.ts';
import { fieldText, flatFields } from '../../console/parts/fields.ts';
import { SEVERITIES, SEVERITY_LOOKS } from '../../console/parts/severity.ts';
import { visiblePieces } from '../../console/parts/visible.ts';
import { csvField, toCsv } from '../../console/search/csv.ts';
import { appendKql, kqlClause, kqlErrorColumn, kqlValue, searchAddress } from '../../console/search/kql.ts';
import { momentOf } from '../../console/search/range.ts';
import { LEDGER, sampleAlert } from './samples.ts';

test('five severities differ by shape, by word and by colour', () => {
  expect(SEVERITIES).toHaveLength(5);
  for (const what of ['path', 'word', 'colour'] as const) {
    expect(new Set(SEVERITIES.map((severity) => SEVERITY_LOOKS[severity][what])).size).toBe(5);
  }
});

test.each([
  ['=1+1', '"\'=1+1"'],
  ['+84 290', '"\'+84 290"'],
  ['-2', '"\'-2"'],
  ['@SUM(A1)', '"\'@SUM(A1)"'],
  ['  =cmd', '"\'  =cmd"'],
  ['\t=x', '"\'\t=x"'],
  ['＝1', '"\'＝1"'],
  ['\u0000=1', '"\'\u0000=1"'],
])('a spreadsheet takes %j for text', (text, field) => {
  expect(csvField(text)).toBe(field);
});

test('CSV quotes what needs it, and leaves numbers and plain text alone', () => {
  expect(csvField(-5)).toBe('-5');
  expect(csvField('plain')).toBe('plain');
  expect(csvField(undefined)).toBe('');
  expect(csvField('say "hi", twice')).toBe('"say ""hi"", twice"');
  expect(csvField('two\nlines')).toBe('"two\nlines"');
  expect(toCsv(['a', 'b'], [['1', null]])).toBe('a,b\r\n1,\r\n');
});

test('no text at all makes a CSV field that begins as a formula', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const field = csvField(text).replace(/^"/, '');
      expect(/^[\s]*[=+\-@]/.test(field)).toBe(false);
    }),
  );
});

test('a clause is added to a query with the meaning it had', () => {
  expect(appendKql('', 'a: "1"')).toBe('a: "1"');
  expect(appendKql('b: 2', 'a: "1"')).toBe('b: 2 and a: "1"');
  expect(appendKql('b: 2 or c: 3', 'a: "1"')).toBe('(b: 2 or c: 3) and a: "1"');
  expect(appendKql('b: (2 or 3)', 'a: "1"')).toBe('b: (2 or 3) and a: "1"');
  expect(appendKql('b: "x or y"', 'a: "1"')).toBe('b: "x or y" and a: "1"');
  expect(appendKql('b: 2 and a: "1"', 'a: "1"')).toBe('b: 2 and a: "1"');
});

test('values from logs stay values', () => {
  expect(kqlValue('a" or *: "')).toBe('"a\\" or *: \\""');
  expect(kqlValue('C:\\x')).toBe('"C:\\\\x"');
  expect(kqlClause('source.port', 22, true)).toBe('not source.port: 22');
  const address = new URL(searchAddress(kqlClause('user.name', '&from=x#'), 'now-24h', 'now'), 'http://x');
  expect(address.searchParams.get('kql')).toBe('user.name: "&from=x#"');
  expect(kqlErrorColumn('A value is missing at column 4.')).toBe(4);
  expect(kqlErrorColumn('Something else.')).toBeUndefined();
});

test('time ranges are read as the API has them', () => {
  expect(momentOf('now', 100)).toBe(100);
  expect(momentOf('now-15m', 1_000_000)).toBe(100_000);
  expect(momentOf('2026-11-22T00:00:00Z', 0)).toBe(Date.parse('2026-11-22T00:00:00Z'));
  expect(momentOf('then', 0)).toBeUndefined();
});

test('control and bidirectional characters are shown, and no other character is lost', () => {
  expect(visiblePieces('a\u202eb\u0000')).toEqual([
    { text: 'a' },
    { unseen: 'U+202E' },
    { text: 'b' },
    { unseen: 'U+0000' },
  ]);
  expect(visiblePieces('tab\tand\nline')).toEqual([{ text: 'tab\tand\nline' }]);
  expect(visiblePieces('ក\u200bខ', true)).toEqual([{ text: 'ក\u200bខ' }]);
  expect(visiblePieces('ក\u200bខ')).toHaveLength(3);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const back = visiblePieces(text)
        .map((piece) => ('text' in piece ? piece.text : String.fromCodePoint(Number(`0x${piece.unseen.slice(2)}`))))
        .join('');
      expect(back).toBe(text);
    }),
  );
});

test('an event is flattened to its leaves, however deep or large', () => {
  expect(flatFields({ b: { c: [1, { d: null }] }, a: true })).toEqual([
    { name: 'a', value: true },
    { name: 'b.c', value: 1 },
    { name: 'b.c.d', value: null },
  ]);
  let deep: unknown = 'x';
  for (let level = 0; level < 5_000; level += 1) deep = { n: deep };
  expect(flatFields(deep)).toHaveLength(1);
  expect(flatFields(Array.from({ length: 5_000 }, (_, n) => n))).toHaveLength(1_000);
  expect(fieldText({ source: { ip: '::1' } }, 'source.ip')).toBe('::1');
});

test('the ledger names what cannot be accounted for', () => {
  const remainders = LEDGER.rows.map((row) => equations(row).map(({ remainder }) => remainder));
  expect(remainders).toEqual([
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
    [0, 2, 0],
  ]);
});

test('the alarm rings once for a new critical alert made since the start, and for nothing else', () => {
  const rings = makeAlarm('2026-11-22T08:00:00.000Z');
  const fresh = sampleAlert(0, { severity: 'critical', status: 'new', createdAt: '2026-11-22T08:10:00.000Z' });
  expect(rings(fresh)).toBe(true);
  expect(rings({ ...fresh, count: 99 })).toBe(false);
  expect(rings({ ...fresh, id: 'b', createdAt: '2026-11-22T07:10:00.000Z' })).toBe(false);
  expect(rings({ ...fresh, id: 'c', severity: 'high' })).toBe(false);
  expect(rings({ ...fresh, id: 'd', status: 'closed' })).toBe(false);
});
