import { resolve } from 'node:path';
import { safeJson } from '../../ecs/safe-json.ts';
import { type RestoreSummary, restoreBackup } from '../backup/restore.ts';
import { loadConfig } from '../config.ts';
import { readArguments, UsageError } from './arguments.ts';
import { placeOf } from './backup.ts';
import { progressLine } from './progress-line.ts';
import { count } from './terminal.ts';

const HELP = `Usage: haidang restore --from FOLDER|s3://BUCKET/PREFIX [--id ID] [--data DIR] [--config FILE] [--json]

Restores a backup of haidang backup, the newest or the one of that ID, into the data folder DIR (HAIDANG_DATA unless
given), which must be empty. Every file is checked against its SHA-256 before it is put in place; where one is missing or
changed, nothing is restored. A folder "collector" may lie in DIR already: it is kept, so that this machine's own collector
sends again what it still holds. A bucket is reached by the settings s3.* of FILE or the environment. Then start haidang:
collectors send again what they kept since the backup (48 hours), and what they cannot send again shows as lost in
haidang status.`;

/** `haidang restore` */
export async function run(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values, positionals } = readArguments(args, {
    from: text,
    id: text,
    data: text,
    config: text,
    json: { type: 'boolean' },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (values.from === undefined || values.from === '' || positionals.length > 0) {
    throw new UsageError('say "haidang restore --from FOLDER"; --help tells more.');
  }
  const config = await loadConfig(values.config);
  const data = values.data === undefined ? config.data : resolve(values.data);
  const line = progressLine();
  try {
    const onProgress = (p: { path: string; doneBytes: number; totalBytes: number }) =>
      line.show(p.path, p.doneBytes, p.totalBytes);
    const { from, id } = values;
    const summary = await restoreBackup({ from: placeOf(from), id, data, s3: config.s3, onProgress });
    line.clear();
    console.log(values.json ? safeJson(summary) : describe(summary));
    return 0;
  } finally {
    line.clear();
  }
}

function describe({ data, since, events, files, keptCollector, config }: RestoreSummary): string {
  return [
    `Restored ${count(files, 'file')} with ${count(events, 'event')} to ${data}: the state of ${since}.`,
    ...(keptCollector
      ? ["The folder of this machine's own collector was kept; it sends again all it still holds."]
      : []),
    ...(config === null ? [] : [`The configuration of the backup is ${config}; give it by --config at the start.`]),
    'Start haidang now: collectors send again what they kept, and haidang status shows what is missing.',
  ].join('\n');
}
