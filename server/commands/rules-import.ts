import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { safeJson } from '../../ecs/safe-json.ts';
import { loadConfig } from '../config.ts';
import type { ImportJob, ImportReport, ImportRow, TakeOver } from '../rules/import/schema.ts';
import { readArguments, UsageError } from './arguments.ts';
import { type Connection, connect } from './connection.ts';
import { progressLine } from './progress-line.ts';
import { plain, table } from './terminal.ts';

const OPTIONS = {
  as: { type: 'string' },
  reason: { type: 'string' },
  'with-data': { type: 'boolean' },
  json: { type: 'boolean' },
  config: { type: 'string' },
} as const;
const LOOK_MS = 200;
const PAGE = 1_000;

/** `haidang rules import PATH` */
export async function importRules(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, OPTIONS);
  const [path] = positionals;
  if (path === undefined || positionals.length > 1) throw new UsageError('rules import takes one folder or file.');
  const { as } = values;
  if (as !== undefined && as !== 'draft' && as !== 'enabled')
    throw new UsageError(`--as takes draft or enabled, not "${as}".`);
  if (as === 'enabled' && values.reason === undefined)
    throw new UsageError('--as enabled needs --reason TEXT: the rules were not tested here.');
  const connection = await connect(await loadConfig(values.config));
  try {
    let job = await connection.ask<ImportJob>('POST', '/api/v1/rules/imports', { path: resolve(path) });
    const line = progressLine();
    while (job.state === 'running') {
      const { done, files } = job.progress;
      line.show(`${done} of ${files} files`, done, files);
      await sleep(LOOK_MS);
      job = await connection.ask<ImportJob>('GET', '/api/v1/rules/imports/current');
    }
    line.clear();
    if (job.error !== null) throw new Error(job.error);
    const rows = await allRows(connection);
    if (values.json) for (const row of rows) console.log(safeJson(row));
    else print(job, rows);
    const takable = rows.filter(({ state }) => state === 'runs' || (state === 'no-data' && !values['with-data']));
    if (as === undefined || takable.length === 0) {
      await connection.ask('POST', '/api/v1/rules/imports/current/cancel', {});
    } else {
      const states: TakeOver['states'] = values['with-data'] ? ['runs'] : ['runs', 'no-data'];
      const choice: TakeOver = { as, states, ...(values.reason === undefined ? {} : { reason: values.reason }) };
      job = await connection.ask<ImportJob>('POST', '/api/v1/rules/imports/current/take', choice);
      console.error(
        as === 'draft'
          ? `${job.taken?.rules} rules are taken over as drafts; the console's page of rules tests and enables them.`
          : `${job.taken?.rules} rules are in force.`,
      );
    }
    return rows.some(({ state }) => state === 'refused') ? 1 : 0;
  } finally {
    await connection.close();
  }
}

async function allRows(connection: Connection): Promise<readonly ImportRow[]> {
  const rows: ImportRow[] = [];
  for (;;) {
    const at = `offset=${rows.length}&limit=${PAGE}`;
    const page = await connection.ask<ImportReport>('GET', `/api/v1/rules/imports/current/report?${at}`);
    rows.push(...page.rows);
    if (page.rows.length === 0 || rows.length >= page.total) return rows;
  }
}

const WHY: Readonly<Record<ImportRow['reasons'][number], string>> = {
  'source-never': 'no event of its log source',
  'field-never': 'no event with a field it needs',
  'field-unknown': 'a field that does not exist',
  same: 'there already',
  'other-wording': 'a rule of this id is there with another wording',
};

function print({ counts, looked }: ImportJob, rows: readonly ImportRow[]): void {
  const unable = rows.filter(({ state }) => state === 'no-data' || state === 'present');
  if (unable.length > 0) {
    const shown = unable.map(({ state, title, file, reasons, fields }) => [
      state,
      plain(title),
      plain(file),
      [reasons.map((reason) => WHY[reason]).join(', '), fields.slice(0, 3).join(', ')].filter(Boolean).join(': '),
    ]);
    console.log(table(['state', 'rule', 'file', 'why'], shown));
  }
  for (const { file, line, column, code, message } of rows.filter(({ state }) => state === 'refused'))
    console.log(plain(`${file}:${line}:${column} ${code} ${message}`));
  if (!counts) return;
  const { runs, present, refused, 'no-data': noData } = counts;
  console.error(
    `${runs} rules run, ${noData} have no data (by ${looked} stored events), ${present} are there already, ${refused} problems.`,
  );
}
