import { expect, test } from 'vitest';

test('the suite runs on the pinned Node, not on the machine’s own', () => {
  expect(Number(process.versions.node.split('.')[0])).toBeGreaterThanOrEqual(24);
});
