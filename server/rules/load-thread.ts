import { parentPort, workerData } from 'node:worker_threads';
import type { Rule } from '../../rules/rule.ts';
import type { LoadedRules } from '../detection/detection.ts';
import { loadRules } from '../detection/load-rules.ts';
import { PART } from '../system/in-parts.ts';
import { ruleVersion } from './version.ts';

/** Thread → main: first all but the rules, then some rules, and their versions, for each asking. */
export type FromLoading =
  | { readonly kind: 'read'; readonly loaded: Omit<LoadedRules, 'rules'> }
  | {
      readonly kind: 'rules';
      readonly rules: readonly Rule[];
      readonly versions: readonly string[];
      readonly left: number;
    };

/** The thread behind `loadRulesAside`: loads the folders that it is given, and ends when the last rules were asked for. */
const { folders, cache } = workerData as { folders: string[]; cache: string | undefined };
const { rules, ...loaded } = await loadRules(folders, cache);
let given = 0;
parentPort?.on('message', () => {
  const part = rules.slice(given, given + PART);
  given += part.length;
  const left = rules.length - given;
  const versions = part.map(ruleVersion);
  parentPort?.postMessage({ kind: 'rules', rules: part, versions, left } satisfies FromLoading);
  if (left === 0) parentPort?.close();
});
parentPort?.postMessage({ kind: 'read', loaded } satisfies FromLoading);
