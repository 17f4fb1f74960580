import { describe, expect, it } from 'vitest';
import { HaidangError } from '../../../server/errors.ts';
import { parseRange, parseTime } from '../../../server/search/time-range.ts';

const NOW = Date.parse('2026-11-22T08:00:00.000Z');

describe('times of a search', () => {
  it.each([
    ['now', '2026-11-22T08:00:00.000Z'],
    ['now-24h', '2026-11-21T08:00:00.000Z'],
    ['now-15m', '2026-11-22T07:45:00.000Z'],
    ['now-7d', '2026-11-15T08:00:00.000Z'],
    ['now-2w', '2026-11-08T08:00:00.000Z'],
    ['now+30s', '2026-11-22T08:00:30.000Z'],
    ['2026-11-22', '2026-11-22T00:00:00.000Z'],
    ['2026-11-22T01:02', '2026-11-22T01:02:00.000Z'],
    ['2026-11-22T01:02:03', '2026-11-22T01:02:03.000Z'],
    ['2026-11-22T01:02:03+07:00', '2026-11-21T18:02:03.000Z'],
  ])('reads %s', (text, iso) => {
    expect(new Date(parseTime(text, NOW)).toISOString()).toBe(iso);
  });
  it.each(['', 'yesterday', 'now-', 'now-24', 'now-1y', '2026-13-01', '2026-11-22T99:00', '22/11/2026', '1234567890'])(
    'refuses %j by name',
    (text) => {
      expect(() => parseTime(text, NOW)).toThrow(HaidangError);
    },
  );
  it('is the last 24 hours unless told', () => {
    const { from, to } = parseRange(undefined, undefined, NOW);
    expect(from).toBe('2026-11-21T08:00:00.000Z');
    expect(Date.parse(to)).toBeGreaterThan(NOW);
  });
  it('refuses a range that ends before it begins', () => {
    expect(() => parseRange('now', 'now-1h', NOW)).toThrow(/ends before/);
  });
});
