import { readField } from '../../ecs/event.ts';
import { safeJson } from '../../ecs/safe-json.ts';
import { loadConfig } from '../config.ts';
import type { EventSearchPage } from '../search/schema.ts';
import { readArguments, readNumber, UsageError } from './arguments.ts';
import { connect } from './connection.ts';
import { everyRow } from './every-row.ts';
import { plain } from './terminal.ts';

const HELP = `Usage: haidang query [KQL] [--from TIME] [--to TIME] [--limit N] [--json] [--config FILE]

Searches stored events, newest first. TIME is ISO 8601 or now-24h (units s m h d w); the default is the last 24 hours.
--limit is 100 unless set, at most 1000000. --json writes one ECS event a line.

  haidang query 'event.outcome: failure and source.ip: 203.0.113.0/24' --from now-7d`;

/** `haidang query` */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, {
    json: { type: 'boolean' },
    from: { type: 'string' },
    to: { type: 'string' },
    limit: { type: 'string' },
    config: { type: 'string' },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (positionals.length > 1) throw new UsageError('the query must be one argument; put it in quotes.');
  const limit = readNumber('limit', values.limit, 100, 1_000_000);
  // The range is fixed once: every further page must look at the same stretch of time.
  const { from = 'now-24h', to = new Date(Date.now() + 60_000).toISOString() } = values;
  const wanted = { kql: positionals[0] ?? '', from: from.startsWith('now') ? fixed(from) : from, to };

  const connection = await connect(await loadConfig(values.config));
  try {
    for await (const { event } of everyRow(connection, '/api/v1/events', (page: EventSearchPage) => page.events, {
      wanted,
      limit,
      pageRows: 1000,
    }))
      console.log(values.json ? safeJson(event) : describe(event));
    return 0;
  } finally {
    await connection.close();
  }
}

function fixed(text: string): string {
  const found = /^now-(\d{1,6})([smhdw])$/.exec(text);
  if (!found) return text;
  const seconds = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }[found[2] as 's' | 'm' | 'h' | 'd' | 'w'];
  return new Date(Date.now() - Number(found[1]) * seconds * 1000).toISOString();
}

function describe(event: object): string {
  const [time, agency, host] = ['@timestamp', 'organization.id', 'host.name'].map(
    (name) => readField(event, name) ?? '-',
  );
  const line = readField(event, 'event.original') ?? readField(event, 'message') ?? '';
  return plain(`${time}  ${agency}  ${host}  ${String(line)}`);
}
