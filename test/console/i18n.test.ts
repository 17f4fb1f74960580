import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fromLocalInput, makeFormat, toLocalInput } from '../../console/i18n/format.ts';
import { firstLanguage, type Messages, makeTranslate, pickText, type Text } from '../../console/i18n/messages.ts';

function load(language: string): Record<string, Text> {
  return JSON.parse(readFileSync(new URL(`../../console/i18n/${language}.json`, import.meta.url), 'utf8'));
}
const texts = { vi: load('vi'), en: load('en'), km: load('km') };
const forms = (text: Text | undefined): string[] =>
  text === undefined ? [] : typeof text === 'string' ? [text] : Object.values(text);
const placeholders = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();

/** Texts that are the same in every language: code, and a number alone. */
const WITHOUT_KHMER = new Set(['search.placeholder', 'queue.moreEntities']);

describe.each(['vi', 'km'] as const)('%s', (language) => {
  test('has exactly the keys of English', () => {
    expect(Object.keys(texts[language]).sort()).toEqual(Object.keys(texts.en).sort());
  });

  test('has the same kind of text and the same placeholders at every key', () => {
    for (const [key, english] of Object.entries(texts.en)) {
      const other = texts[language][key];
      expect(typeof other, key).toBe(typeof english);
      const wanted = placeholders(forms(english).at(-1) ?? '');
      for (const form of forms(other)) expect(placeholders(form), key).toEqual(wanted);
    }
  });

  test('has no other plural category than its language knows', () => {
    const known = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    for (const [key, text] of Object.entries(texts[language])) {
      if (typeof text !== 'string') expect(Object.keys(text), key).toEqual(known);
    }
  });
});

test('no text is empty or has space around it', () => {
  for (const [language, messages] of Object.entries(texts)) {
    for (const [key, text] of Object.entries(messages)) {
      expect(forms(text).length, `${language} ${key}`).toBeGreaterThan(0);
      for (const form of forms(text)) expect(form.trim(), `${language} ${key}`).toBe(form);
      for (const form of forms(text)) expect(form, `${language} ${key}`).not.toBe('');
    }
  }
});

test('every Khmer text is written in Khmer', () => {
  for (const [key, text] of Object.entries(texts.km)) {
    const bare = forms(text).every((form) => form.replace(/\{\w+\}/g, '').match(/\p{Letter}/u) === null);
    if (WITHOUT_KHMER.has(key) || bare) continue;
    for (const form of forms(text)) expect(form, key).toMatch(/\p{Script=Khmer}/u);
  }
});

test('Vietnamese differs from English but for what is the same word', () => {
  const same = Object.keys(texts.en).filter(
    (key) => JSON.stringify(forms(texts.en[key])) === JSON.stringify(forms(texts.vi[key])),
  );
  expect(same.sort()).toEqual(['queue.moreEntities', 'search.placeholder', 'timeline.status']);
});

test('t() fills in values, writes numbers as the language does, and chooses the plural form', () => {
  const en = makeTranslate('en', texts.en as Messages);
  const vi = makeTranslate('vi', texts.vi as Messages);
  expect(en('queue.total', { count: 1 })).toBe('1 alert');
  expect(en('queue.total', { count: 12_482 })).toBe('12,482 alerts');
  expect(vi('queue.total', { count: 12_482 })).toBe('12.482 cảnh báo');
  expect(en('live.reconnecting', {})).toContain('{since}');
  expect(en('keys.go', { page: '{page} $& <b>' })).toBe('Go to: {page} $& <b>');
});

test('the first language is the chosen one, else the browser’s, else Vietnamese', () => {
  expect(firstLanguage('km', ['en-US'])).toBe('km');
  expect(firstLanguage(null, ['fr-FR', 'en-US'])).toBe('en');
  expect(firstLanguage('xx', ['fr'])).toBe('vi');
});

test('a text falls back to English and says so', () => {
  expect(pickText({ en: 'a', vi: 'b' }, 'km')).toEqual({ language: 'en', text: 'a' });
  expect(pickText({ vi: 'b' }, 'vi')).toEqual({ language: 'vi', text: 'b' });
  expect(pickText({}, 'vi')).toBeUndefined();
});

test('dates are dd/MM/yyyy HH:mm:ss in the province’s zone, UTC beside', () => {
  const format = makeFormat('vi', 'Asia/Ho_Chi_Minh');
  expect(format.dateTime('2026-11-22T18:30:05.123Z')).toBe('23/11/2026 01:30:05');
  expect(format.utc('2026-11-22T18:30:05.123Z')).toBe('22/11/2026 18:30:05 UTC');
  expect(format.dateTime('2026-11-22T17:00:00Z')).toBe('23/11/2026 00:00:00');
  expect(format.dateTime('no time')).toBe('no time');
  expect(makeFormat('en', 'No/Such_Zone').dateTime('2026-11-22T18:30:05Z')).toBe('23/11/2026 01:30:05');
});

test.each([
  ['2026-11-22T02:00:00Z', '2026-11-22T03:20:59Z', '09:00 – 10:20'],
  ['2026-11-22T02:00:00Z', '2026-11-22T02:00:40Z', '09:00'],
  ['2026-04-17T07:13:00Z', '2026-04-17T08:20:00Z', '17/04 14:13 – 15:20'],
  ['2026-04-17T07:13:00Z', '2026-04-19T10:13:00Z', '17/04 – 19/04'],
  ['2026-11-20T18:00:00Z', '2026-11-22T01:00:00Z', '21/11 – 22/11'],
  ['2017-05-17T03:05:00Z', '2017-05-17T04:05:00Z', '17/05/2017 10:05 – 11:05'],
  ['2017-05-17T03:05:00Z', '2017-05-20T04:05:00Z', '17/05 – 20/05/2017'],
  ['2025-12-30T03:05:00Z', '2026-01-02T04:05:00Z', '30/12/2025 – 02/01/2026'],
  ['no time', '2026-01-02T04:05:00Z', 'no time'],
])('from %s to %s is in brief %s', (first, last, text) => {
  expect(makeFormat('vi', 'Asia/Ho_Chi_Minh').span(first, last, Date.parse('2026-11-22T08:00:00Z'))).toBe(text);
});

test('relative times are written in each language, Khmer too where the browser does not know it', () => {
  const now = Date.parse('2026-11-22T08:00:00Z');
  const at = (language: 'vi' | 'en' | 'km', seconds: number) =>
    makeFormat(language, 'UTC').relative(now - seconds * 1000, now);
  expect(at('en', 7200)).toBe('2 hours ago');
  expect(at('vi', 7200)).toBe('2 giờ trước');
  expect([0, 30, 120, 7200, 86_400 * 3, -60].map((seconds) => at('km', seconds))).toEqual([
    'ឥឡូវ',
    '30 វិនាទីមុន',
    '2 នាទីមុន',
    '2 ម៉ោងមុន',
    '3 ថ្ងៃមុន',
    '1 នាទីទៀត',
  ]);
});

test('a moment of another year says its year', () => {
  const format = makeFormat('vi', 'Asia/Ho_Chi_Minh');
  const now = Date.parse('2026-11-22T08:00:00Z');
  expect(format.brief('2026-11-22T07:00:00Z', now)).toBe('14:00');
  expect(format.brief('2026-11-21T07:00:00Z', now)).toBe('21/11 14:00');
  expect(format.brief('2017-11-22T07:00:00Z', now)).toBe('22/11/2017 14:00');
});

test('a local time typed in the province’s zone means the right moment, also around a clock change', () => {
  expect(fromLocalInput('2026-11-23T01:30', 'Asia/Ho_Chi_Minh')).toBe('2026-11-22T18:30:00.000Z');
  expect(toLocalInput(Date.parse('2026-11-22T18:30:00Z'), 'Asia/Ho_Chi_Minh')).toBe('2026-11-23T01:30');
  expect(fromLocalInput('2026-03-29T03:30', 'Europe/Berlin')).toBe('2026-03-29T01:30:00.000Z');
  expect(fromLocalInput('soon', 'Asia/Ho_Chi_Minh')).toBeUndefined();
});
