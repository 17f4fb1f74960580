import { safeJson } from '../../ecs/safe-json.ts';
import { loadConfig } from '../config.ts';
import type { IncidentDetail, IncidentList, IncidentRow } from '../incidents/schema.ts';
import { readArguments, readNumber, UsageError } from './arguments.ts';
import { type Connection, connect } from './connection.ts';
import { plain, table } from './terminal.ts';

const HELP = `Usage: haidang incident list [--status open,investigating,…] [--limit N] [--json] [--config FILE]
       haidang incident show ID [--json] [--config FILE]

Lists incidents, changed last first, or shows one with its alerts, tasks, indicators and timeline. States: open,
investigating, contained, resolved, closed, merged (only listed when asked for). --json writes one incident a line.`;

/** `haidang incident` */
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
  const [act, id, ...more] = positionals;
  const showing = act === 'show' && id !== undefined && more.length === 0;
  if (!showing && !(act === 'list' && id === undefined))
    throw new UsageError('say "haidang incident list" or "haidang incident show ID"; --help tells more.');
  const limit = readNumber('limit', values.limit, 100_000, 100_000);
  const connection = await connect(await loadConfig(values.config));
  try {
    if (showing) {
      const detail = await connection.ask<IncidentDetail>('GET', `/api/v1/incidents/${encodeURIComponent(id)}`);
      console.log(values.json ? safeJson(detail) : page(detail));
      return 0;
    }
    const rows = await list(connection, values.status, limit);
    if (values.json) for (const row of rows) console.log(safeJson(row));
    else console.log(rows.length === 0 ? 'No incidents.' : table(HEADING, rows.map(cells), [5]));
    return 0;
  } finally {
    await connection.close();
  }
}

async function list(connection: Connection, status: string | undefined, limit: number): Promise<IncidentRow[]> {
  const rows: IncidentRow[] = [];
  let after: string | null = null;
  do {
    const search = new URLSearchParams({ limit: String(Math.min(500, limit - rows.length)) });
    if (status !== undefined) search.set('status', status);
    if (after !== null) search.set('after', after);
    const answer: IncidentList = await connection.ask('GET', `/api/v1/incidents?${search}`);
    rows.push(...answer.incidents);
    after = answer.next;
  } while (after !== null && rows.length < limit);
  return rows;
}

const HEADING = ['id', 'severity', 'status', 'agencies', 'incident', 'alerts', 'owner', 'detected'];

function cells(row: IncidentRow): string[] {
  const agencies = row.agencies.map(({ agency }) => agency).join(', ');
  const { id, severity, status, title, alerts, owner, detectedAt } = row;
  return [id, severity, status, agencies, title, String(alerts), owner ?? '', detectedAt];
}

function page({ incident, summary, alerts, tasks, indicators, timeline }: IncidentDetail): string {
  const { id, title, severity, status, tlp, rsit, owner, detectedAt } = incident;
  const parts = [
    `${id}  ${plain(title)}`,
    `${severity}, ${status}, TLP:${tlp.toUpperCase()}, ${rsit ?? 'not classified'}, owner ${owner ?? 'nobody'}, detected ${detectedAt}`,
    ...(summary === '' ? [] : ['', ...summary.split('\n').map(plain)]),
  ];
  const section = (name: string, lines: readonly string[]) => {
    if (lines.length > 0) parts.push('', name, ...lines.map((line) => `  ${plain(line)}`));
  };
  section(
    'Alerts',
    alerts.map((one) => `${one.id}  ${one.title}${one.alert ? `  (${one.alert.count} events)` : ''}`),
  );
  section(
    'Tasks',
    tasks.map((one) => `[${one.doneAt === null ? ' ' : 'x'}] ${one.title}  ${one.assignee ?? ''}  ${one.due ?? ''}`),
  );
  section(
    'Indicators',
    indicators.map((one) => `${one.type}  ${one.defanged}`),
  );
  section(
    'Timeline',
    timeline.map((one) =>
      [one.at, one.by ?? '', one.act, one.from ?? '', one.to ?? '', one.note ?? ''].filter(Boolean).join('  '),
    ),
  );
  return parts.join('\n');
}
