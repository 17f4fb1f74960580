import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROLES } from '../../server/identity.ts';
import { type AttackOptions, attack, schemathesis, startTarget, type Target } from './schemathesis.ts';

const folder = await schemathesis();
/** `npm run test:schemathesis` asks for more of each. */
const EXAMPLES = Number(process.env['HAIDANG_TEST_EXAMPLES'] ?? '0');
const LONG = EXAMPLES > 0;
const MANY: AttackOptions = {
  examples: LONG ? EXAMPLES : 1,
  seed: 20_261_123,
  seconds: LONG ? 7_200 : 600,
  phases: LONG ? 'coverage,fuzzing' : 'fuzzing',
};
/** One run takes most of a minute: with all tests only nobody, who may do most, and who may see least. */
const AS = LONG ? [undefined, ...ROLES] : ([undefined, 'administrator', 'agency-officer'] as const);

describe.skipIf(!folder)('the whole OpenAPI document under schemathesis', () => {
  let target: Target;
  beforeAll(async () => {
    target = await startTarget();
  });
  afterAll(() => target?.close());

  it.each(AS)(
    'as %s: no fault of the server, and every answer as the document says',
    async (role) => {
      const { findings, cases } = await attack(folder ?? '', target, role, MANY);
      expect(findings).toBe('');
      expect(cases).toBeGreaterThan(100);
    },
    MANY.seconds * 1_000,
  );
});
