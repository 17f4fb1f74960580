import { describe, expect, it } from 'vitest';
import { postureOf } from '../../../server/feed/posture.ts';
import { withholdSmall } from '../../../server/feed/withhold.ts';
import { seeded } from '../sharing/torture.ts';

describe('small counts', () => {
  it.each([
    ['nothing is small', { a: 10, b: 5, c: 0 }, { a: 10, b: 5, c: 0 }],
    ['one is small: the next larger one hides it', { a: 10, b: 2, c: 0 }, { a: null, b: null, c: 0 }],
    ['two hide each other', { a: 10, b: 2, c: 1, d: 7 }, { a: 10, b: null, c: null, d: 7 }],
    ['two small ones of the same size', { a: 2, b: 2, c: 0 }, { a: null, b: null, c: 0 }],
    ['the only one there is: not even where there are none is said', { a: 2, b: 0 }, { a: null, b: null }],
    ['all together are few', { a: 1, b: 1, c: 0 }, { a: null, b: null, c: null }],
    ['there is nothing', { a: 0, b: 0 }, { a: 0, b: 0 }],
  ])('are withheld where %s', (_, counts, shown) => {
    expect(withholdSmall(counts, 3)).toEqual(shown);
  });

  it('are never told, nor to be reckoned from the total, whatever the counts', () => {
    const random = seeded(20_261_124);
    for (let round = 0; round < 2_000; round += 1) {
      const smallest = 2 + Math.floor(random() * 5);
      const names = Array.from({ length: 1 + Math.floor(random() * 8) }, (_, at) => `c${at}`);
      const counts = Object.fromEntries(names.map((name) => [name, Math.floor(random() * random() * 12)]));
      const shown = withholdSmall(counts, smallest);
      const told = Object.values(shown).filter((count) => count !== null);
      expect(told.filter((count) => count > 0 && count < smallest)).toEqual([]);
      const hidden = names.filter((name) => shown[name] === null);
      const sum = hidden.reduce((all, name) => all + (counts[name] ?? 0), 0);
      // What the total gives away about the hidden ones is one sum: of several, and no small one, or of all there are.
      if (hidden.length > 0 && hidden.length < names.length) {
        expect(hidden.length, JSON.stringify({ counts, shown, smallest })).toBeGreaterThan(1);
        expect(sum).toBeGreaterThanOrEqual(smallest);
      }
    }
  });
});

describe('the posture', () => {
  const none = { critical: 0, high: 0, medium: 0, low: 0, informational: 0 };
  const calm = {
    incidents: { open: 0, openBySeverity: none },
    newAlerts: { critical: 0, high: 0 },
    services: [{ state: 'up' as const }, { state: 'unknown' as const }, { state: 'degraded' as const }],
    coverage: { agencies: 10, covered: 8 },
  };
  const open = (severity: keyof typeof none) => ({ open: 1, openBySeverity: { ...none, [severity]: 1 } });

  it.each([
    ['nothing is the matter', {}, 'normal', []],
    ['there are no agencies yet', { coverage: { agencies: 0, covered: 0 } }, 'normal', []],
    ['an incident is open', { incidents: open('low') }, 'elevated', ['open-incident']],
    ['a grave one is', { incidents: open('high') }, 'high', ['high-incident', 'open-incident']],
    ['a critical one is', { incidents: open('critical') }, 'severe', ['critical-incident', 'open-incident']],
    ['a high alert is new', { newAlerts: { critical: 0, high: 1 } }, 'elevated', ['high-alert']],
    ['a critical alert is', { newAlerts: { critical: 1, high: 1 } }, 'high', ['critical-alert', 'high-alert']],
    ['a site is down', { services: [{ state: 'down' as const }] }, 'elevated', ['service-down']],
    ['a page was replaced', { services: [{ state: 'altered' as const }] }, 'high', ['service-altered']],
    ['too few are heard', { coverage: { agencies: 10, covered: 7 } }, 'elevated', ['coverage-low']],
  ])('where %s', (_, change, level, reasons) => {
    expect(postureOf({ ...calm, ...change })).toEqual({ level, reasons });
  });
});
