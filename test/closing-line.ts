import type { Reporter, TestModule } from 'vitest/node';

/** Prints one plain last line, `N passed, N failed, N skipped`, for scripts that read the outcome. */
export class ClosingLine implements Reporter {
  readonly #others: readonly { readonly found: number }[];

  /** `others` look at the whole run; what they find counts as failed. */
  constructor(others: readonly { readonly found: number }[] = []) {
    this.#others = others;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) count[test.result().state] += 1;
      if (module.errors().length > 0) count.failed += 1;
    }
    for (const { found } of this.#others) count.failed += found;
    console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped + count.pending} skipped`);
  }
}
