import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { HaidangError } from '../errors.ts';
import type { Log } from '../log.ts';
import { STAGING } from './data-files.ts';
import { targetProblem } from './open-target.ts';
import type { S3Settings } from './s3/settings.ts';
import type { BackupJob, BackupRequest } from './schema.ts';
import type { BackupMessage, BackupSetup } from './worker.ts';

/** Backups of this server's data folder, one at a time, in a thread of their own. */
export interface BackupJobs {
  /** @throws HaidangError `HD_TOO_MANY` where one runs, `HD_BAD_REQUEST` */
  start(request: BackupRequest): BackupJob;
  /** The one that runs, or the last one; undefined where there was none. */
  current(): BackupJob | undefined;
  stop(): Promise<void>;
}

export interface BackupJobsOptions {
  readonly data: string;
  readonly program: string;
  /** False where events and records are in a cluster: a copy of the data folder would not bring them back. */
  readonly embedded: boolean;
  readonly s3: S3Settings;
  /** How many backups stay at a target where a request does not say. */
  readonly keep: number;
  readonly log: Log;
}

/** Opens the book of backups. */
export function openBackupJobs({ data, program, embedded, s3, keep, log }: BackupJobsOptions): BackupJobs {
  // Of a process that ended during a backup: the data folder is this process's alone.
  rmSync(join(data, STAGING), { recursive: true, force: true });
  let job: BackupJob | undefined;
  let worker: Worker | undefined;

  const change = (part: Partial<BackupJob>) => {
    if (job) job = { ...job, ...part };
  };
  const fail = (error: string) => {
    if (job?.state !== 'running') return;
    change({ state: 'failed', error });
    log.error({ to: job?.to, reason: error }, 'A backup failed; the one before it is as it was.');
  };

  return {
    start({ to, config, keep: wanted }) {
      if (!embedded) {
        throw new HaidangError(
          'HD_BAD_REQUEST',
          'Events and records are in OpenSearch: back them up by its snapshots (docs/backup.md).',
        );
      }
      if (job?.state === 'running') {
        throw new HaidangError('HD_TOO_MANY', `A backup to ${job.to} is running already.`, { retryAfter: 30 });
      }
      const problem = targetProblem(to);
      if (problem !== undefined) throw new HaidangError('HD_BAD_REQUEST', problem);
      job = {
        id: randomBytes(6).toString('hex'),
        to,
        state: 'running',
        startedAt: new Date().toISOString(),
        progress: { path: '', doneBytes: 0, totalBytes: 0 },
        summary: null,
        error: null,
      };
      const workerData: BackupSetup = { data, to, config, program, keep: wanted ?? keep, s3 };
      worker = new Worker(new URL('./worker.ts', import.meta.url), { name: 'backup', workerData });
      worker.on('message', (message: BackupMessage) => {
        if ('progress' in message) change({ progress: message.progress });
        else if ('failure' in message) fail(message.failure);
        else {
          change({ state: 'done', summary: message.summary });
          const { problems, ...summary } = message.summary;
          log.info({ ...summary, problems: problems.length }, 'A backup is complete.');
        }
      });
      worker.on('error', (error) => fail(`The backup thread failed: ${error.message}`));
      worker.on('exit', () => fail('The backup thread ended before the backup was whole.'));
      return job;
    },
    current: () => job,
    async stop() {
      await worker?.terminate();
    },
  };
}
