import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { HaidangError } from '../errors.ts';
import type { Log } from '../log.ts';
import { STAGING } from './data-files.ts';
import { openTarget, targetProblem } from './open-target.ts';
import type { S3Settings } from './s3/settings.ts';
import type { BackupJob, BackupRequest } from './schema.ts';
import type { BackupMessage, BackupSetup } from './worker.ts';

/** Backups of this server's data folder, one at a time, in a thread of their own. */
export interface BackupJobs {
  /** @throws HaidangError `HD_TOO_MANY` where one runs, `HD_BAD_REQUEST` */
  start(request: BackupRequest): BackupJob;
  /** Begins one to the configured target. @throws HaidangError as `start`, `HD_BAD_REQUEST` where none is configured */
  startConfigured(): BackupJob;
  /** What lies at the configured target, newest first. @throws Error where it cannot be looked at */
  kept(): Promise<readonly { readonly id: string; readonly at: string }[]>;
  readonly to: string | undefined;
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
  /** Where backups go that are begun in the console. */
  readonly to?: string | undefined;
  readonly log: Log;
}

const MOST_SHOWN = 100;

/** When a backup was begun, by its id (`generationId`). */
function timeOf(id: string): string {
  return id.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z.*$/, '$1-$2-$3T$4:$5:$6.$7Z');
}

/** Opens the book of backups. */
export function openBackupJobs(options: BackupJobsOptions): BackupJobs {
  const { data, program, embedded, s3, keep, to: configured, log } = options;
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

  const jobs: BackupJobs = {
    to: configured,
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
    startConfigured() {
      if (configured === undefined)
        throw new HaidangError('HD_BAD_REQUEST', 'No target of backups is configured; set "backup.to".');
      return jobs.start({ to: configured });
    },
    async kept() {
      if (configured === undefined) return [];
      const target = openTarget(configured, { data, s3 });
      try {
        return (await target.generations()).slice(0, MOST_SHOWN).map((id) => ({ id, at: timeOf(id) }));
      } finally {
        target.close();
      }
    },
    current: () => job,
    async stop() {
      await worker?.terminate();
    },
  };
  return jobs;
}
