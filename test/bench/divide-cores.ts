import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import type { TestNode } from '../server/store/opensearch-node.ts';

const run = promisify(execFile);

/**
 * Gives a node on this machine the first half of its processors, and this process the other half, as where servers and cluster
 * have machines of their own; gives what takes that back. @throws Error where that cannot be done here
 */
export async function divideCores(node: TestNode): Promise<() => Promise<void>> {
  const cores = availableParallelism();
  if (cores < 2) throw new Error('There is one processor only: it cannot be divided.');
  const { body } = await node.ask('GET', '/_nodes/process');
  const [found] = Object.values(body['nodes'] as Record<string, { readonly process: { readonly id: number } }>);
  if (!found) throw new Error('The node does not say which process it is.');
  const half = cores >> 1;
  const put = async (pid: number, from: number, to: number) => {
    await run('taskset', ['--all-tasks', '--cpu-list', '--pid', `${from}-${to}`, String(pid)]);
  };
  await put(found.process.id, 0, half - 1);
  await put(process.pid, half, cores - 1);
  return async () => {
    await put(found.process.id, 0, cores - 1);
    await put(process.pid, 0, cores - 1);
  };
}
