import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { safeJson } from '../../ecs/safe-json.ts';
import { loadConfig } from '../config.ts';
import type { IndicatorLists, ListImport } from '../indicators/schema.ts';
import { readArguments, UsageError } from './arguments.ts';
import { type Connection, connect } from './connection.ts';
import { progressLine } from './progress-line.ts';
import { plain, table } from './terminal.ts';

const HELP = `Usage: haidang indicators import FILE --name NAME --source SOURCE [OPTIONS]
       haidang indicators list [--json] [--config FILE]
       haidang indicators remove ID [--config FILE]

Lists of addresses, networks, domains, URLs, hashes and e-mail addresses that events are compared with as they come: STIX
2.1 bundles, MISP exports (JSON), and CSV. Each list is a rule of its own (indicators:ID), whose alerts name the list, the
indicator and the field. Exit code 1 where something in the file is refused.

  --id ID            small letters, digits and "-"; of a list that is there: replaces it
  --format FORMAT    stix, misp or csv; otherwise told from the file
  --tlp MARK         clear, green, amber (default), amber+strict or red; a stricter mark in the file holds
  --severity LEVEL   of its alerts; high if left out
  --days N           until indicators end that do not say it themselves; without it they never do
  --confidence N     0 to 100, of indicators that do not say it; 50 if left out
  --json             one JSON line a list, or the result of the import`;

const LOOK_MS = 200;
const TEXT = { type: 'string' } as const;
const OPTIONS = {
  ...Object.fromEntries(['name', 'source', 'id', 'format', 'tlp', 'severity'].map((name) => [name, TEXT])),
  days: TEXT,
  confidence: TEXT,
  config: TEXT,
  json: { type: 'boolean' },
} as const;

/** `haidang indicators` */
export async function run(args: readonly string[]): Promise<number> {
  const [command = '', ...rest] = args;
  if (command === '--help' || command === '-h' || rest.includes('--help')) {
    console.log(HELP);
    return 0;
  }
  const { values, positionals } = readArguments(rest, OPTIONS);
  const options = values as Readonly<Record<string, string | boolean | undefined>>;
  const [target] = positionals;
  const isRight = command === 'list' ? positionals.length === 0 : positionals.length === 1;
  if (!['import', 'list', 'remove'].includes(command) || !isRight)
    throw new UsageError('say "haidang indicators import FILE", "list" or "remove ID"; --help tells more.');
  if (command === 'import' && (!options['name'] || !options['source']))
    throw new UsageError('indicators import needs --name NAME and --source SOURCE.');
  const connection = await connect(await loadConfig(values.config));
  try {
    if (command === 'list') return await list(connection, values.json === true);
    if (command === 'import') return await importList(connection, target ?? '', options);
    await connection.ask('DELETE', `/api/v1/indicators/${encodeURIComponent(target ?? '')}`);
    return 0;
  } finally {
    await connection.close();
  }
}

async function list(connection: Connection, json: boolean): Promise<number> {
  const { lists, indicators, bytes } = await connection.ask<IndicatorLists>('GET', '/api/v1/indicators');
  if (json) for (const one of lists) console.log(safeJson(one));
  else {
    const rows = lists.map(({ id, name, source, count, tlp, severity, expires, problem }) => {
      const about = [id, name, source, String(count), `TLP:${tlp.toUpperCase()}`, severity];
      return [...about, expires?.slice(0, 10) ?? 'never', problem ?? ''];
    });
    console.log(table(['id', 'name', 'source', 'indicators', 'tlp', 'severity', 'ends', ''], rows, [3]));
    console.error(`${indicators} indicators in force, ${Math.round(bytes / 1024 / 1024)} MiB.`);
  }
  return lists.some(({ problem }) => problem !== null) ? 1 : 0;
}

async function importList(
  connection: Connection,
  file: string,
  options: Readonly<Record<string, string | boolean | undefined>>,
): Promise<number> {
  const body: Record<string, unknown> = { path: resolve(file) };
  for (const name of ['name', 'source', 'id', 'format', 'tlp', 'severity'])
    if (options[name] !== undefined) body[name] = options[name];
  for (const name of ['days', 'confidence']) if (options[name] !== undefined) body[name] = Number(options[name]);
  let job = await connection.ask<ListImport>('POST', '/api/v1/indicators/imports', body);
  const line = progressLine();
  while (job.state === 'running') {
    line.show(`${job.done} indicators`);
    await sleep(LOOK_MS);
    job = await connection.ask<ListImport>('GET', '/api/v1/indicators/imports/current');
  }
  line.clear();
  if (job.error !== null) throw new Error(job.error);
  if (options['json']) console.log(safeJson(job));
  else {
    for (const { at, what } of job.problems) console.log(plain(`${file}:${at} ${what}`));
    console.error(`${job.list}: ${job.count} indicators in force, ${job.refused} refused, ${job.skipped} left out.`);
  }
  return job.refused > 0 ? 1 : 0;
}
