import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROLES } from '../../server/identity.ts';
import { type AttackOptions, attack, schemathesis, startTarget, type Target } from './schemathesis.ts';

const folder = await schemathesis();
/** `npm run test:schemathesis` asks for more of each. */
const EXAMPLES = Number(process.env['HAIDANG_TEST_EXAMPLES'] ?? '0');
const LONG = EXAMPLES > 0;
const MANY: AttackOptions = {
  examples: LONG ? EXAMPLES : 3,
  seed: 20_261_123,
  seconds: LONG ? 7_200 : 600,
  phases: LONG ? 'coverage,fuzzing' : 'fuzzing',
};
const FEW = { ...MANY, examples: LONG ? EXAMPLES : 1 };

describe.skipIf(!folder)('the whole OpenAPI document under schemathesis', () => {
  let target: Target;
  beforeAll(async () => {
    target = await startTarget();
  });
  afterAll(() => target?.close());

  it.each([undefined, ...ROLES])(
    'as %s: no fault of the server, and every answer as the document says',
    async (role) => {
      const { findings, cases } = await attack(folder ?? '', target, role, role === 'administrator' ? MANY : FEW);
      expect(findings).toBe('');
      expect(cases).toBeGreaterThan(100);
    },
    MANY.seconds * 1_000,
  );
});
