import { expect, it } from 'vitest';
import { isDateTime } from '../../../server/system/date-time.ts';

it.each([
  '2026-11-23T14:30:00Z',
  '2026-11-23t14:30:00z',
  '2026-11-23T14:30:00.123456789+07:00',
  '2024-02-29T00:00:00-11:00',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59Z',
])('%s is a time, and can be kept', (text) => {
  expect(isDateTime(text)).toBe(true);
  expect(new Date(text).toISOString()).toMatch(/^\d{4}-/);
});

it.each([
  // Leap seconds (RFC 3339 §5.7) and what the usual check takes beside it: `Date` reads none of them.
  '2016-12-31T23:59:60Z',
  '1990-12-31T15:59:60-08:00',
  '2026-01-01T00:00:00+00',
  '2026-01-01T00:00:00+0000',
  '2026-01-01 00:00:00Z',
  // Past four digits once in UTC.
  '9999-12-31T23:59:59-23:59',
  '0000-01-01T00:00:00+23:59',
  '2026-02-29T00:00:00Z',
  '2026-04-31T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-01-01T24:00:00Z',
  '2026-01-01T25:00:00Z',
  '2026-01-01T00:00:00',
  `2026-01-01T00:00:00.${'1'.repeat(50)}Z`,
  'now',
  '',
])('%s is none', (text) => expect(isDateTime(text)).toBe(false));
