import { rmSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';
import { LOGS_VARIABLE, leaksIn } from './kept-logs.ts';

/** After the last test: no server of the whole run may have logged a password, token, cookie or key. */
export class LogLeaks implements Reporter {
  found = 0;

  onTestRunEnd(_modules: readonly TestModule[]): void {
    const folder = process.env[LOGS_VARIABLE];
    if (folder === undefined) return;
    const { logs, bytes, leaks } = leaksIn(folder);
    rmSync(folder, { recursive: true, force: true });
    this.found = leaks.length;
    if (logs > 0)
      console.log(
        `${logs} logs of servers (${Math.ceil(bytes / 1024)} KiB) searched for secrets: ${leaks.length} found`,
      );
    for (const leak of leaks) console.error(leak);
    if (leaks.length > 0) process.exitCode = 1;
  }
}
