import { basename } from 'node:path';
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { openOpenSearchStore } from '../../../server/store/opensearch/open.ts';
import { storeConformance } from './conformance.ts';
import { faultCases } from './opensearch-faults.ts';
import { requireOpenSearch, startOpenSearch, type TestNode } from './opensearch-node.ts';
import { translationCases } from './opensearch-translation.ts';

const log = { info: () => {}, warn: () => {}, error: () => {} };
requireOpenSearch();
const NOW = Date.UTC(2026, 10, 20, 9);

describe('a real OpenSearch', { timeout: 120_000 }, () => {
  let node: TestNode;
  const run = `haidang-test-${process.pid}`;
  const prefixes = new Set<string>();
  const open = (prefix: string, now: () => number) => {
    prefixes.add(prefix);
    return openOpenSearchStore({ url: node.url, prefix, now, log });
  };

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

  storeConformance('OpenSearch', (folder, now) => open(basename(folder).toLowerCase(), now));

  describe('faults', () => {
    const ask = (method: string, path: string, body?: object) =>
      fetch(`${node.url}${path}`, {
        method,
        ...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
      });
    faultCases(
      (name) => open(`${run}-${name}`, () => NOW),
      (name) => ({ prefix: `${run}-${name}`, ask }),
    );
  });

  describe('the translation to queries', () => {
    translationCases((name) => open(`${run}-${name}`, () => NOW));
  });
});
