import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { ClosingLine } from './test/closing-line.ts';
import { beginKeepingLogs } from './test/kept-logs.ts';
import { LogLeaks } from './test/log-leaks.ts';

// Tests start hundreds of threads and commands: compiled once, a store opens in half the time. The folder is the command's.
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(new URL('./node_modules/.cache/compile', import.meta.url));

beginKeepingLogs();
const leaks = new LogLeaks();

/** A real OpenSearch takes minutes and a download of its own: `npm run test:opensearch` asks for it. */
const withOpenSearch = process.env['HAIDANG_TEST_OPENSEARCH'] === '1' || process.env['OPENSEARCH_URL'] !== undefined;

export default defineConfig({
  test: {
    reporters: ['default', leaks, new ClosingLine([leaks])],
    projects: [
      {
        test: {
          name: 'parts',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', ...(withOpenSearch ? [] : ['test/server/**/opensearch*.test.ts'])],
          maxWorkers: 2,
          // Bounds for what hangs, not for what is slow: the machine may be busy with more than the tests.
          testTimeout: 90_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Whole installations with real senders and a real browser: apart from the parts, for two fill two cores.
        test: {
          name: 'end to end',
          include: ['test/e2e/**/*.test.ts'],
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
