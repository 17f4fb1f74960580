import { describe, expect, it } from 'vitest';
import { isoString, isoTimeAt, isTimeZone, yearlessTime, zonedTime } from '../../../collector/parsers/time.ts';
import { CONTEXT, parsed } from './fixtures.ts';

const at = (text: string) => Date.parse(text);
const iso = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());

describe('times without a year', () => {
  const read = (month: number, day: number, now: string) => iso(yearlessTime(month, day, 0, at(now), 'UTC'));

  it('are the last such day before the clock', () => {
    expect(read(10, 21, '2026-11-22T12:00:00Z')).toBe('2026-11-21T00:00:00.000Z');
    expect(read(11, 31, '2027-01-01T00:00:05Z')).toBe('2026-12-31T00:00:00.000Z');
  });

  it('may be up to a day ahead of the clock', () => {
    expect(read(10, 23, '2026-11-22T12:00:00Z')).toBe('2026-11-23T00:00:00.000Z');
    expect(read(10, 24, '2026-11-22T12:00:00Z')).toBe('2025-11-24T00:00:00.000Z');
    expect(read(0, 1, '2026-12-31T23:59:00Z')).toBe('2027-01-01T00:00:00.000Z');
  });

  it('find the last leap year for 29 February', () => {
    expect(read(1, 29, '2028-03-01T00:00:00Z')).toBe('2028-02-29T00:00:00.000Z');
    expect(read(1, 29, '2027-03-01T00:00:00Z')).toBe('2024-02-29T00:00:00.000Z');
    expect(read(1, 30, '2027-03-01T00:00:00Z')).toBeUndefined();
  });

  it('turn with the year of the zone, and with the clock even where the line is the same', () => {
    const line = 'Jan  1 00:30:00 h p: x';
    const time = (now: string) => parsed(line, 'syslog', { ...CONTEXT, now: at(now) })['@timestamp'];
    expect(time('2026-12-31T17:40:00Z')).toBe('2026-12-31T17:30:00.000Z');
    expect(time('2026-06-01T00:00:00Z')).toBe('2025-12-31T17:30:00.000Z');
  });
});

describe('times without a zone', () => {
  it('are read in the zone given', () => {
    expect(iso(zonedTime(at('2026-11-22T08:00:00Z'), 'Asia/Ho_Chi_Minh'))).toBe('2026-11-22T01:00:00.000Z');
    expect(iso(zonedTime(at('2026-11-22T08:00:00Z'), 'UTC'))).toBe('2026-11-22T08:00:00.000Z');
  });

  it('are the earlier of two where clocks are set back', () => {
    expect(iso(zonedTime(at('2026-10-25T02:30:00Z'), 'Europe/Paris'))).toBe('2026-10-25T00:30:00.000Z');
    expect(iso(zonedTime(at('2026-11-01T01:30:00Z'), 'America/New_York'))).toBe('2026-11-01T05:30:00.000Z');
  });

  it('go on as before where clocks are set forward', () => {
    expect(iso(zonedTime(at('2026-03-29T02:30:00Z'), 'Europe/Paris'))).toBe('2026-03-29T01:30:00.000Z');
  });

  it('are right on both sides of a change', () => {
    expect(iso(zonedTime(at('2026-10-25T01:59:59Z'), 'Europe/Paris'))).toBe('2026-10-24T23:59:59.000Z');
    expect(iso(zonedTime(at('2026-10-25T03:00:00Z'), 'Europe/Paris'))).toBe('2026-10-25T02:00:00.000Z');
  });

  it('are UTC where the zone is unknown', () => {
    expect(isTimeZone('Nowhere/Town')).toBe(false);
    expect(iso(zonedTime(at('2026-11-22T08:00:00Z'), 'Nowhere/Town'))).toBe('2026-11-22T08:00:00.000Z');
  });
});

describe('ISO times', () => {
  const read = (text: string) => iso(isoTimeAt(text, 0, 'Asia/Ho_Chi_Minh')?.ms);

  it('are read with any fraction and any form of zone', () => {
    expect(read('2026-11-22T08:00:00.123456789Z')).toBe('2026-11-22T08:00:00.123Z');
    expect(read('2026-11-22T08:00:00.5+07:00')).toBe('2026-11-22T01:00:00.500Z');
    expect(read('2026-11-22T08:00:00,25-0330')).toBe('2026-11-22T11:30:00.250Z');
    expect(read('2026-11-22T08:00:00+07')).toBe('2026-11-22T01:00:00.000Z');
    expect(read('2026-11-22 08:00:00')).toBe('2026-11-22T01:00:00.000Z');
  });

  it('are refused where the calendar or the clock has no such time', () => {
    for (const text of ['2026-02-30T00:00:00Z', '2026-13-01T00:00:00Z', '2026-11-22T24:00:00Z', '2026-11-22', '']) {
      expect(read(text)).toBeUndefined();
    }
  });

  it('are written in UTC with milliseconds', () => {
    for (const text of ['2026-11-22T08:00:00.007Z', '1969-12-31T23:59:59.999Z', '2026-11-22T08:00:00.120Z']) {
      expect(isoString(at(text))).toBe(text);
    }
  });
});
