import { safeJson } from '../../ecs/safe-json.ts';
import type { AuditPage } from '../audit/schema.ts';
import { loadConfig } from '../config.ts';
import { readArguments, UsageError } from './arguments.ts';
import { connect } from './connection.ts';
import { everyRow } from './every-row.ts';
import { plain, table } from './terminal.ts';

const HELP = `Usage: haidang audit list [--actor NAME] [--act ACT] [--from TIME] [--to TIME] [--limit N] [--json] [--config FILE]

Shows who did what, newest first: sign-ins, reads of log lines, changes, exports. --act takes a whole act or the beginning
of one, like "user". Nobody can change the log; "haidang verify" proves that nobody did. Looking at it is on record as well.`;

/** `haidang audit` */
export async function run(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values, positionals } = readArguments(args, {
    actor: text,
    act: text,
    from: text,
    to: text,
    limit: text,
    config: text,
    json: { type: 'boolean' },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const { actor, act, from, to } = values;
  const most = values.limit === undefined ? 100 : Number(values.limit);
  if (positionals.length !== 1 || positionals[0] !== 'list')
    throw new UsageError('say "haidang audit list"; --help tells more.');
  if (!Number.isInteger(most) || most < 1) throw new UsageError('--limit takes a number from 1.');
  const connection = await connect(await loadConfig(values.config));
  try {
    const rows: string[][] = [];
    for await (const entry of everyRow(connection, '/api/v1/audit', (page: AuditPage) => page.entries, {
      wanted: { actor, act, from, to },
      limit: most,
    })) {
      if (values.json) console.log(safeJson(entry));
      else rows.push([entry.at, entry.actor, entry.act, entry.target, JSON.stringify(entry.detail)].map(plain));
    }
    if (!values.json) console.log(rows.length === 0 ? 'There is no such act on record.' : table(HEADING, rows));
    return 0;
  } finally {
    await connection.close();
  }
}

const HEADING = ['at', 'who', 'act', 'what', 'detail'];
