import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/** How the tests of one file ended; a file whose set-up failed counts as one failed test. */
export interface FileOutcome {
  passed: number;
  failed: number;
  skipped: number;
}

/** What one run of the tests came to: by file (absolute path), and what was found outside any file. */
export interface Outcome {
  readonly files: Readonly<Record<string, FileOutcome>>;
  readonly found: number;
}

/** The plain last line, `N passed, N failed, N skipped`, for scripts that read the outcome. */
export function closingLine({ files, found }: Outcome): string {
  const sum = { passed: 0, failed: found, skipped: 0 };
  for (const file of Object.values(files)) {
    sum.passed += file.passed;
    sum.failed += file.failed;
    sum.skipped += file.skipped;
  }
  return `${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`;
}

/** Prints the closing line, or writes the outcome to the file that HAIDANG_TEST_OUTCOME names. */
export class ClosingLine implements Reporter {
  readonly #others: readonly { readonly found: number }[];

  /** `others` look at the whole run; what they find counts as failed. */
  constructor(others: readonly { readonly found: number }[] = []) {
    this.#others = others;
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const files: Record<string, FileOutcome> = {};
    for (const module of modules) {
      const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
      for (const test of module.children.allTests()) count[test.result().state] += 1;
      if (count.failed === 0 && module.state() === 'failed') count.failed += 1;
      files[module.moduleId] = {
        passed: count.passed,
        failed: count.failed,
        skipped: count.skipped + count.pending,
      };
    }
    const outcome = { files, found: this.#others.reduce((sum, { found }) => sum + found, errors.length) };
    const path = process.env['HAIDANG_TEST_OUTCOME'];
    if (path) writeFileSync(path, JSON.stringify(outcome));
    else console.log(closingLine(outcome));
  }
}
