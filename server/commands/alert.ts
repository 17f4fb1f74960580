import { safeJson } from '../../ecs/safe-json.ts';
import type { AlertList, AlertRow } from '../alerts/schema.ts';
import { loadConfig } from '../config.ts';
import { readArguments, readNumber, UsageError } from './arguments.ts';
import { connect } from './connection.ts';
import { everyRow } from './every-row.ts';
import { table } from './terminal.ts';

const HELP = `Usage: haidang alert list [--status new,in_progress,closed] [--limit N] [--json] [--config FILE]

Lists alert groups, latest first. --json writes one a line with id, rule, severity, status, agency, count (events
behind it), first, last and entities (field → values).`;

/** `haidang alert list` */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, {
    json: { type: 'boolean' },
    status: { type: 'string' },
    limit: { type: 'string' },
    config: { type: 'string' },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (positionals.length !== 1 || positionals[0] !== 'list')
    throw new UsageError('say "haidang alert list"; --help tells more.');
  const limit = readNumber('limit', values.limit, 1_000_000, 1_000_000);
  const connection = await connect(await loadConfig(values.config));
  try {
    const rows = await Array.fromAsync(
      everyRow(connection, '/api/v1/alerts', (page: AlertList) => page.alerts, {
        wanted: { status: values.status },
        limit,
        pageRows: 1000,
      }),
    );
    if (values.json) for (const row of rows) console.log(safeJson(line(row)));
    else console.log(rows.length === 0 ? 'No alerts.' : table(HEADING, rows.map(cells), [4]));
    return 0;
  } finally {
    await connection.close();
  }
}

function line(row: AlertRow) {
  const entities = Object.fromEntries(Object.entries(row.entities).map(([field, { values }]) => [field, values]));
  const { id, rule, severity, status, agency, count, first, last } = row;
  return { id, rule, severity, status, agency, count, first, last, entities };
}

const HEADING = ['severity', 'status', 'agency', 'alert', 'events', 'last', 'who and what'];

function cells(row: AlertRow): string[] {
  const who = Object.values(row.group).filter((value) => value !== '');
  return [
    row.severity,
    row.status.replace('_', ' '),
    row.agency,
    row.title.en,
    String(row.count),
    row.last,
    who.join(', '),
  ];
}
