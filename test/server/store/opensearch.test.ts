import { basename } from 'node:path';
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { openOpenSearchStore } from '../../../server/store/opensearch/open.ts';
import { storeConformance } from './conformance.ts';
import { missingForOpenSearch, startOpenSearch, type TestNode } from './opensearch-node.ts';

const log = { info: () => {}, warn: () => {}, error: () => {} };
const missing = missingForOpenSearch();

describe.skipIf(missing !== undefined)(missing ?? 'OpenSearch', () => {
  let node: TestNode;
  const prefixes = new Set<string>();

  beforeAll(async () => {
    node = await startOpenSearch();
  }, 300_000);
  afterAll(() => node?.stop());

  afterEach(async () => {
    for (const prefix of prefixes) {
      await fetch(`${node.url}/${prefix}-*`, { method: 'DELETE' });
      await fetch(`${node.url}/_index_template/${prefix}-events`, { method: 'DELETE' });
    }
    prefixes.clear();
  });

  storeConformance('OpenSearch', (folder, now) => {
    const prefix = basename(folder).toLowerCase();
    prefixes.add(prefix);
    return openOpenSearchStore({ url: node.url, prefix, now, log });
  });
});
