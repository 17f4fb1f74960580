import { parentPort, workerData } from 'node:worker_threads';
import { loadRules } from '../detection/load-rules.ts';

/** The thread behind `loadRulesAside`: loads the folders that it is given, and ends. */
const { folders, cache } = workerData as { folders: string[]; cache: string | undefined };
parentPort?.postMessage(await loadRules(folders, cache));
