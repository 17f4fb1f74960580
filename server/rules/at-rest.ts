import type { Services } from '../services.ts';

/** What routes need of rules where nothing evaluates: no health is known, and nothing can be filled. */
export const RULES_AT_REST: Pick<Services, 'ruleHealth' | 'ruleRuns'> = {
  ruleHealth: {
    of: () => ({
      state: 'waiting',
      reasons: [],
      lastMatch: null,
      matches: 0,
      selfTest: null,
      sourceSeen: null,
      fieldsNeverSeen: [],
      nanosecondsPerEvent: null,
    }),
    hidden: () => ({ count: 0, lastAt: null }),
    look: async () => {},
  },
  ruleRuns: {
    spans: () => new Map(),
    refills: () => [],
    refill: () => Promise.reject(new Error('Nothing is evaluated here; start the server.')),
  },
};
