import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { LoadedRules } from '../detection/detection.ts';

const PACKS = fileURLToPath(new URL('../../rules/packs', import.meta.url));

/** Our own rules, and those that the operator put beside the store in the data folder. */
export function ruleFolders(data: string): string[] {
  return [PACKS, join(data, 'rules')];
}

/**
 * Loads rules in a thread of its own: reading YAML takes longer than all else at a start, and the main thread builds the
 * application meanwhile. Rules are plain documents, so that nothing is lost on the way back. What was read is kept beside the last folder, which is the operator's.
 */
export async function loadRulesAside(folders: readonly string[]): Promise<LoadedRules> {
  const own = folders.at(-1);
  const workerData = { folders, cache: own === undefined ? undefined : join(dirname(own), 'cache') };
  const worker = new Worker(new URL('./load-thread.ts', import.meta.url), { workerData });
  const [rules] = (await once(worker, 'message')) as [LoadedRules];
  return rules;
}
