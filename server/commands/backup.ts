import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { BackupJob, BackupSummary } from '../backup/schema.ts';
import { loadConfig } from '../config.ts';
import { readArguments, UsageError } from './arguments.ts';
import { connect } from './connection.ts';
import { progressLine } from './progress-line.ts';
import { count, plain } from './terminal.ts';

const HELP = `Usage: haidang backup --to FOLDER [--json] [--config FILE]

Backs up the data folder to FOLDER while the server runs, or while it does not: events, records, certificates, signed
manifests, this machine's own collector and the configuration FILE. A second backup to the same FOLDER copies only what
changed. A backup that is broken off leaves the one before it as it was. It holds private keys: keep it where only you
can read it. Exit code 1 where a file could not be copied. haidang restore brings it back.`;

const ASK_EVERY_MS = 200;

/** `haidang backup` */
export async function run(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values, positionals } = readArguments(args, { to: text, config: text, json: { type: 'boolean' } });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (values.to === undefined || values.to === '' || positionals.length > 0) {
    throw new UsageError('say "haidang backup --to FOLDER"; --help tells more.');
  }
  const to = resolve(values.to);
  const config = values.config === undefined ? undefined : await readFile(values.config, 'utf8');
  const connection = await connect(await loadConfig(values.config));
  const line = progressLine();
  try {
    let job = await connection.ask<BackupJob>('POST', '/api/v1/backups', {
      to,
      ...(config === undefined ? {} : { config }),
    });
    while (job.state === 'running') {
      line.show(job.progress.path, job.progress.doneBytes, job.progress.totalBytes);
      await new Promise((done) => setTimeout(done, ASK_EVERY_MS));
      const { id } = job;
      job = await connection.ask<BackupJob>('GET', '/api/v1/backups/current');
      if (job.id !== id) throw new Error('The server was restarted during the backup; start it again.');
    }
    line.clear();
    if (!job.summary) throw new Error(job.error ?? 'The backup failed; see the server log.');
    console.log(values.json ? JSON.stringify(job.summary) : describe(job.summary));
    return job.summary.problems.length > 0 ? 1 : 0;
  } finally {
    line.clear();
    await connection.close();
  }
}

function describe(summary: BackupSummary): string {
  const { to, since, events, days, files, bytes, copiedFiles, copiedBytes, problems } = summary;
  return [
    `Backed up to ${to}: ${count(events, 'event')} of ${count(days, 'day')}, all that was stored at ${since}.`,
    `${count(files, 'file')}, ${mebibytes(bytes)}; copied now: ${count(copiedFiles, 'file')}, ${mebibytes(copiedBytes)}.`,
    ...problems.map(({ path, reason }) => plain(`NOT COPIED: ${path}: ${reason}`)),
  ].join('\n');
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
