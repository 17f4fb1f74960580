import { describe, expect, it } from 'vitest';
import { seeded, tortureSharing } from './torture.ts';

describe('a province that is killed while it reports to a recipient that errs', () => {
  it('ends with every state delivered once, in order, as it was approved', async () => {
    const outcome = await tortureSharing({
      ...{ incidents: 12, updates: 3, kills: 3, faults: 0.2, mostMs: 600_000 },
      random: seeded(20_261_123),
    });
    expect(outcome.wrong).toEqual([]);
    expect(outcome.conflicts).toEqual([]);
    expect(outcome.disorder).toEqual([]);
    expect(outcome.versions).toBe(outcome.wanted);
    expect(outcome.kills).toBeGreaterThan(0);
    expect(outcome.faults).toBeGreaterThan(0);
    expect(outcome.wrongCertificates).toBeGreaterThan(0);
  }, 660_000);
});
