import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { openEvidenceKey } from './keys.ts';
import { type SignResult, signClosedDays } from './sign-days.ts';

/** What the thread is started with. */
export interface SignSetup {
  readonly data: string;
  readonly now: number;
  readonly closeAfterDays: number;
}

/** What it answers. */
export type SignAnswer = { readonly result: SignResult } | { readonly failure: string };

async function signAll({ data, now, closeAfterDays }: SignSetup): Promise<SignAnswer> {
  try {
    const key = await openEvidenceKey(join(data, 'authority'));
    return { result: signClosedDays({ data, key, now, closeAfterDays }) };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.postMessage(await signAll(workerData as SignSetup));
