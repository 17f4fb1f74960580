import { basename } from 'node:path';
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { openOpenSearchStore } from '../../../server/store/opensearch/open.ts';
import { storeConformance } from './conformance.ts';
import { deletionCases } from './opensearch-deletion.ts';
import { faultCases } from './opensearch-faults.ts';
import type { NodeKind } from './opensearch-install.ts';
import { requireOpenSearch, startOpenSearch, type TestNode } from './opensearch-node.ts';
import { translationCases } from './opensearch-translation.ts';

const log = { info: () => {}, warn: () => {}, error: () => {} };
const NOW = Date.UTC(2026, 10, 20, 9);

/** All that the store must do, on a real node of some kind. */
export function openSearchSuite(name: string, kind: NodeKind): void {
  requireOpenSearch(kind);
  describe(name, { timeout: 300_000 }, () => {
    let node: TestNode;
    // The role of least privilege is for names that begin so.
    const run = `haidang-test-${process.pid}`;
    const prefixes = new Set<string>();
    const open = (prefix: string, now: () => number) => {
      prefixes.add(prefix);
      // A machine that is busy with more than the tests must not end a search early.
      return openOpenSearchStore({ ...node.address, prefix, now, log, limits: { milliseconds: 60_000 } });
    };

    beforeAll(async () => {
      node = await startOpenSearch(kind);
    }, 700_000);
    afterAll(() => node?.stop());

    afterEach(async () => {
      for (const prefix of prefixes) {
        await node.ask('DELETE', `/${prefix}-*`);
        await node.ask('DELETE', `/_index_template/${prefix}-events`);
      }
      prefixes.clear();
    });

    storeConformance(name, (folder, now) => open(basename(folder).toLowerCase(), now));

    describe('faults', () => {
      faultCases(
        (one) => open(`${run}-${one}`, () => NOW),
        (one) => ({ prefix: `${run}-${one}`, ask: (...asked) => node.ask(...asked) }),
      );
    });

    describe('deletion', () => {
      deletionCases((one) => open(`${run}-${one}`, () => NOW), {
        address: () => node.address,
        prefix: (one) => `${run}-${one}`,
      });
    });

    describe('the translation to queries', () => {
      translationCases((one) => open(`${run}-${one}`, () => NOW));
    });
  });
}
