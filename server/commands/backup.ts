import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { safeJson } from '../../ecs/safe-json.ts';
import { openTarget } from '../backup/open-target.ts';
import { isS3Address } from '../backup/s3/address.ts';
import type {
  BackupJob,
  BackupRequest,
  BackupSummary,
  Backups,
  NewRestoreDrill,
  RestoreDrill,
} from '../backup/schema.ts';
import { loadConfig } from '../config.ts';
import { readArguments, UsageError } from './arguments.ts';
import { connect } from './connection.ts';
import { progressLine } from './progress-line.ts';
import { count, plain, table } from './terminal.ts';

const HELP = `Usage: haidang backup --to FOLDER|s3://BUCKET/PREFIX [--keep N] [--json] [--config FILE]
       haidang backup now [--json] [--config FILE]
       haidang backup list --from FOLDER|s3://BUCKET/PREFIX [--json] [--config FILE]
       haidang backup status [--json] [--config FILE]
       haidang backup drill ID --note TEXT [--config FILE]

Backs up the data folder while the server runs, or while it does not: events, records, certificates, signed manifests,
this machine's own collector and the configuration FILE. A second backup to the same place copies only what changed, and
the newest N stay there (backup.keep, 3 unless set). A backup that is broken off leaves those before it as they were.

A bucket is reached by the settings s3.* of the server's configuration, with the keys of s3.access_key_file and
s3.secret_key_file, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment of the server.

It holds private keys: keep it where only you can read it. Exit code 1 where a file could not be copied. "list" shows
which backups are there; haidang restore brings one back. "now" backs up to the place of backup.to, "status" shows what lies there, the last
backup and the last restore that was tried; "drill" puts one on record: what came of restoring the backup ID elsewhere.`;

const ASK_EVERY_MS = 200;

/** `haidang backup` */
export async function run(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values, positionals } = readArguments(args, {
    to: text,
    from: text,
    keep: text,
    note: text,
    config: text,
    json: { type: 'boolean' },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (positionals[0] === 'list' && positionals.length === 1 && values.from && values.to === undefined) {
    return list(placeOf(values.from), values.config, values.json === true);
  }
  const [act, id, ...more] = positionals;
  if ((act === 'now' || act === 'status') && id === undefined && values.to === undefined)
    return act === 'now'
      ? backUp(values.config, undefined, values.json === true)
      : status(values.config, values.json === true);
  if (act === 'drill' && id !== undefined && more.length === 0) return drill(values.config, id, values.note ?? '');
  if (!values.to || values.from !== undefined || positionals.length > 0) {
    throw new UsageError('say "haidang backup --to FOLDER" or "haidang backup list --from FOLDER"; --help tells more.');
  }
  const keep = readKeep(values.keep);
  const to = placeOf(values.to);
  const config = values.config === undefined ? undefined : await readFile(values.config, 'utf8');
  const wanted = { to, ...(config === undefined ? {} : { config }), ...(keep === undefined ? {} : { keep }) };
  return backUp(values.config, wanted, values.json === true);
}

/** Begins a backup, to the configured place unless told another one, and waits for its end. */
async function backUp(
  configFile: string | undefined,
  wanted: BackupRequest | undefined,
  json: boolean,
): Promise<number> {
  const connection = await connect(await loadConfig(configFile));
  const line = progressLine();
  try {
    const path = wanted === undefined ? '/api/v1/backups/configured' : '/api/v1/backups';
    let job = await connection.ask<BackupJob>('POST', path, wanted);
    while (job.state === 'running') {
      line.show(job.progress.path, job.progress.doneBytes, job.progress.totalBytes);
      await new Promise((done) => setTimeout(done, ASK_EVERY_MS));
      const { id } = job;
      job = await connection.ask<BackupJob>('GET', '/api/v1/backups/current');
      if (job.id !== id) throw new Error('The server was restarted during the backup; start it again.');
    }
    line.clear();
    if (!job.summary) throw new Error(job.error ?? 'The backup failed; see the server log.');
    console.log(json ? safeJson(job.summary) : describe(job.summary));
    return job.summary.problems.length > 0 ? 1 : 0;
  } finally {
    line.clear();
    await connection.close();
  }
}

async function status(configFile: string | undefined, json: boolean): Promise<number> {
  const connection = await connect(await loadConfig(configFile));
  try {
    const found = await connection.ask<Backups>('GET', '/api/v1/backups');
    console.log(json ? safeJson(found) : statusText(found).map(plain).join('\n'));
    return found.problem === null && found.current?.state !== 'failed' ? 0 : 1;
  } finally {
    await connection.close();
  }
}

function statusText({ to, kept, problem, current, drill: tried }: Backups): string[] {
  return [
    to === null ? 'No place is configured: set backup.to, or use haidang backup --to FOLDER.' : `Kept at ${to}:`,
    ...(problem === null ? [] : [`It cannot be looked at: ${problem}`]),
    ...kept.map(({ id, at }) => `  ${id}  ${at}`),
    ...(to !== null && problem === null && kept.length === 0 ? ['  nothing yet'] : []),
    ...(current
      ? [
          `Last backup since the start: ${current.state}, begun ${current.startedAt}${current.error ? `: ${current.error}` : ''}`,
        ]
      : []),
    tried === null
      ? 'No restore was tried yet: restore one elsewhere, and put it on record with haidang backup drill ID --note TEXT.'
      : `Last restore that was tried: ${tried.backup} by ${tried.by} at ${tried.at}: ${tried.note}`,
  ];
}

async function drill(configFile: string | undefined, backup: string, note: string): Promise<number> {
  if (note.trim() === '') throw new UsageError('say what came of it: haidang backup drill ID --note TEXT.');
  const connection = await connect(await loadConfig(configFile));
  try {
    const wanted: NewRestoreDrill = { backup, note: note.trim() };
    const { at } = await connection.ask<RestoreDrill>('POST', '/api/v1/backups/drills', wanted);
    console.log(plain(`On record at ${at}.`));
    return 0;
  } finally {
    await connection.close();
  }
}

/** A place as the server takes it: folders are relative to the command's own. */
export function placeOf(text: string): string {
  return isS3Address(text) ? text : resolve(text);
}

function readKeep(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new UsageError('--keep must be a number of backups from 1 to 999.');
}

/** Reads the place itself: it works on a machine that has nothing but the configuration. */
async function list(from: string, configFile: string | undefined, json: boolean): Promise<number> {
  const { data, s3 } = await loadConfig(configFile);
  const target = openTarget(from, { data, s3 });
  try {
    const rows: string[][] = [];
    let problems = 0;
    for (const id of await target.generations()) {
      try {
        const { since, events, days, files } = await target.manifest(id);
        const bytes = files.reduce((sum, { size }) => sum + size, 0);
        if (json) console.log(safeJson({ id, since, events, days: days.length, files: files.length, bytes }));
        else rows.push([id, since, String(events), String(days.length), mebibytes(bytes)]);
      } catch (error) {
        problems++;
        console.error(plain(`${id}: ${error instanceof Error ? error.message : String(error)}`));
      }
    }
    if (!json) console.log(rows.length === 0 ? `No whole backup at ${from}.` : table(HEADING, rows));
    return problems > 0 ? 1 : 0;
  } finally {
    target.close();
  }
}

const HEADING = ['id', 'state of', 'events', 'days', 'size'];

function describe(summary: BackupSummary): string {
  const { id, to, since, events, days, files, bytes, copiedFiles, copiedBytes, problems } = summary;
  return [
    `Backed up to ${to}, as ${id}: ${count(events, 'event')} of ${count(days, 'day')}, all that was stored at ${since}.`,
    `${count(files, 'file')}, ${mebibytes(bytes)}; copied now: ${count(copiedFiles, 'file')}, ${mebibytes(copiedBytes)}.`,
    ...problems.map(({ path, reason }) => plain(`NOT COPIED: ${path}: ${reason}`)),
  ].join('\n');
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
