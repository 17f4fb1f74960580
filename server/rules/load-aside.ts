import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Rule } from '../../rules/rule.ts';
import type { LoadedRules } from '../detection/detection.ts';
import type { FromLoading } from './load-thread.ts';
import { knowVersion } from './version.ts';

const PACKS = fileURLToPath(new URL('../../rules/packs', import.meta.url));

/** Our own rules, and those that the operator put beside the store in the data folder. */
export function ruleFolders(data: string): string[] {
  return [PACKS, join(data, 'rules')];
}

/**
 * Loads rules in a thread of its own: reading YAML takes longer than all else at a start, and the main thread builds the
 * application meanwhile. Rules are plain documents, so that nothing is lost on the way back; they come some at a time, as
 * thousands at once would stop the main thread for a quarter of a second. What was read is kept beside the last folder, which is the operator's.
 */
export async function loadRulesAside(folders: readonly string[]): Promise<LoadedRules> {
  const own = folders.at(-1);
  const workerData = { folders, cache: own === undefined ? undefined : join(dirname(own), 'cache') };
  const worker = new Worker(new URL('./load-thread.ts', import.meta.url), { workerData });
  const answer = async (): Promise<FromLoading> => ((await once(worker, 'message')) as [FromLoading])[0];
  const first = await answer();
  if (first.kind !== 'read') throw new Error('The thread that reads rules gave another answer.');
  const rules: Rule[] = [];
  for (let left = 1; left > 0; ) {
    worker.postMessage('next');
    const part = await answer();
    if (part.kind !== 'rules') throw new Error('The thread that reads rules gave another answer.');
    for (const [at, rule] of part.rules.entries()) {
      knowVersion(rule, part.versions[at] ?? '');
      rules.push(rule);
    }
    left = part.left;
    await immediate();
  }
  return { ...first.loaded, rules };
}
