import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROLES } from '../../server/identity.ts';
import { attack, schemathesis, startTarget, type Target } from './schemathesis.ts';

const folder = await schemathesis();
/** `npm run test:schemathesis` asks for more of each. */
const EXAMPLES = Number(process.env['HAIDANG_TEST_EXAMPLES'] ?? '0');
const MANY = { examples: EXAMPLES || 4, seed: 20_261_123, seconds: EXAMPLES > 0 ? 3_600 : 300 };
const FEW = { ...MANY, examples: EXAMPLES || 1 };

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
