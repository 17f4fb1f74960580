import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { everyNight } from '../leases/every-night.ts';
import type { Log } from '../log.ts';
import type { RecordStore } from '../store/record-store.ts';
import { noteHead } from './head.ts';
import { openEvidenceKey } from './keys.ts';
import type { SignAnswer, SignSetup } from './worker.ts';

/** Signs closed days, every night and once after the start. */
export interface EvidenceJob {
  /** Signs what is due now; gives how many manifests were written. */
  run(): Promise<number>;
  stop(): Promise<void>;
}

export interface EvidenceJobOptions {
  readonly data: string;
  readonly records: RecordStore;
  readonly closeAfterDays: number;
  /** `HH:MM` in the time zone. */
  readonly at: string;
  readonly timeZone: string;
  readonly log: Log;
  readonly now?: () => number;
  /** Milliseconds after the start before the first run; default 90 seconds. */
  readonly firstAfterMs?: number;
}

/** Starts the job; each run is in a thread of its own, as it reads whole days. */
export async function startEvidenceJob(options: EvidenceJobOptions): Promise<EvidenceJob> {
  const { data, records, closeAfterDays, log } = options;
  const now = options.now ?? Date.now;
  let running: Promise<number> | undefined;
  let worker: Worker | undefined;
  // Made with the first start, so that it is in the first backup.
  await openEvidenceKey(join(data, 'authority')).catch((err) => log.error({ err }, 'No day can be signed.'));

  const sign = async (): Promise<number> => {
    try {
      const workerData: SignSetup = { data, now: now(), closeAfterDays };
      worker = new Worker(new URL('./worker.ts', import.meta.url), { name: 'evidence', workerData });
      const [answer] = (await once(worker, 'message')) as [SignAnswer];
      if ('failure' in answer) throw new Error(answer.failure);
      const { signed, problems, head } = answer.result;
      if (head) await noteHead(records, head);
      for (const problem of problems) log.error(problem, 'A closed day cannot be signed; haidang verify tells more.');
      for (const day of signed) log.info(day, 'A closed day was signed.');
      return signed.length;
    } catch (err) {
      log.error({ err }, 'Closed days could not be signed; it is tried again the next night.');
      return 0;
    }
  };
  const run = () => {
    running ??= sign().finally(() => {
      running = undefined;
    });
    return running;
  };

  const nights = await everyNight({ ...options, job: 'evidence' }, run);
  const first = setTimeout(run, options.firstAfterMs ?? 90_000);
  first.unref();
  return {
    run,
    async stop() {
      clearTimeout(first);
      await nights.stop();
      // A manifest is written whole or not at all: the next run takes up what this one leaves.
      await worker?.terminate();
    },
  };
}
