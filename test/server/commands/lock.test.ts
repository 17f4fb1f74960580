import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lockFolder } from '../../../server/control/lock.ts';

it('keeps a data folder for one process, and frees it however that process ends', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'haidang-lock-'));
  const script = `import { lockFolder } from ${JSON.stringify(new URL('../../../server/control/lock.ts', import.meta.url).href)};
    lockFolder(${JSON.stringify(folder)}); process.stdout.write('held'); setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(holder.stdout, 'data');
    expect(() => lockFolder(folder)).toThrow(/in use by another haidang/);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const free = lockFolder(folder);
    expect(() => lockFolder(folder)).toThrow(/in use/);
    free();
    lockFolder(folder)();
  } finally {
    holder.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
});
