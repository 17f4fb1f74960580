import { safeJson } from '../../ecs/safe-json.ts';
import type { InboundItem, InboundItems, InboundSources, SourceRow } from '../inbound/schema.ts';
import { readNumber, UsageError, type ValuesOf } from './arguments.ts';
import type { Connection } from './connection.ts';
import { needed } from './due.ts';
import { everyRow } from './every-row.ts';
import { type Act, runAct } from './run-act.ts';
import { plain, table } from './terminal.ts';

const HELP = `Usage: haidang inbound status [--json] [--config FILE]
       haidang inbound poll SOURCE [--json]
       haidang inbound tasks [--all] [--limit N] [--json]
       haidang inbound advisories|messages [--limit N] [--json]
       haidang inbound show ITEM [--json]
       haidang inbound answer ITEM --text TEXT [--json]

What comes in from outside: indicators, advisories, and tasks of the national center. "status" shows each source with its
last answer and problem (exit code 1 where one fails), "poll" has one asked at once, "tasks" lists what waits for an answer
(--all: what was answered or withdrawn too), "messages" acknowledgements and remarks. "answer" answers a task; the answer
leaves with the next version of its incident that somebody lets out ("haidang sharing"). --json writes one record a line.`;

const OPTIONS = {
  json: { type: 'boolean' },
  all: { type: 'boolean' },
  text: { type: 'string' },
  limit: { type: 'string' },
  config: { type: 'string' },
} as const;
type Values = ValuesOf<typeof OPTIONS>;

/** `haidang inbound` */
export async function run(args: readonly string[]): Promise<number> {
  return runAct(args, { help: HELP, options: OPTIONS, readAct });
}

function readAct([act, id, ...more]: readonly string[], values: Values): Act {
  const wrong = () =>
    new UsageError(
      'say "haidang inbound status", "poll", "tasks", "advisories", "messages", "show" or "answer"; --help tells more.',
    );
  if (more.length > 0) throw wrong();
  if (id === undefined) {
    const limit = readNumber('limit', values.limit, 1_000, 100_000);
    if (act === 'status') return (connection) => showStatus(connection, values);
    if (act === 'tasks') return (connection) => showItems(connection, values.all ? 'tasks' : 'open', limit, values);
    if (act === 'advisories' || act === 'messages') return (connection) => showItems(connection, act, limit, values);
    throw wrong();
  }
  const path = `/api/v1/inbound/items/${encodeURIComponent(id)}`;
  const shown = (item: InboundItem): number => {
    console.log(values.json ? safeJson(item) : page(item));
    return 0;
  };
  switch (act) {
    case 'poll':
      return async (connection) => {
        const row = await connection.ask<SourceRow>('POST', `/api/v1/inbound/${encodeURIComponent(id)}/poll`);
        if (values.json) console.log(safeJson(row));
        else
          console.log(
            connection.running
              ? `${row.id} is asked now; "haidang inbound status" shows what it answered.`
              : `${row.id} is asked first when the server starts.`,
          );
        return 0;
      };
    case 'show':
      return async (connection) => shown(await connection.ask<InboundItem>('GET', path));
    case 'answer': {
      const text = needed('text', values.text);
      return async (connection) => {
        const item = await connection.ask<InboundItem>('POST', `${path}/answer`, { text });
        if (!values.json && item.incident !== null)
          console.error(
            `The answer leaves with the next version of ${item.incident}: haidang sharing preview ${item.incident} RECIPIENT`,
          );
        return shown(item);
      };
    }
    default:
      throw wrong();
  }
}

async function showStatus(connection: Connection, { json }: Values): Promise<number> {
  const { sources } = await connection.ask<InboundSources>('GET', '/api/v1/inbound');
  if (json) for (const source of sources) console.log(safeJson(source));
  else if (sources.length === 0) console.log('No sources are set up (inbound.sources).');
  else {
    const rows = sources.map(({ id, name, takes, askedAt, answeredAt, nextAt, lists }) => {
      const indicators = lists.reduce((sum, { count }) => sum + count, 0);
      return [
        id,
        name,
        takes.join(', '),
        askedAt ?? 'never',
        answeredAt ?? 'never',
        nextAt ?? 'now',
        String(indicators),
      ];
    });
    console.log(table(['source', 'name', 'takes', 'asked', 'answered', 'next', 'indicators'], rows, [6]));
    for (const { id, problem, failures, warning } of sources) {
      if (problem !== null) console.log(plain(`${id}: ${problem} (${failures} in a row)`));
      if (warning !== null) console.log(plain(`${id}: ${warning}`));
    }
  }
  return sources.some(({ problem }) => problem !== null) ? 1 : 0;
}

async function showItems(connection: Connection, show: string, limit: number, { json }: Values): Promise<number> {
  const items = await Array.fromAsync(
    everyRow(connection, '/api/v1/inbound/items', (page: InboundItems) => page.items, { wanted: { show }, limit }),
  );
  if (json) for (const item of items) console.log(safeJson(item));
  else {
    const rows = items.map(({ id, kind, state, incident, due, title, receivedAt }) => {
      return [id, kind, state, incident ?? '', due ?? '', receivedAt, title];
    });
    const heading = ['id', 'kind', 'state', 'incident', 'due', 'came', 'title'];
    console.log(rows.length === 0 ? 'Nothing.' : table(heading, rows));
  }
  return 0;
}

function page({
  id,
  kind,
  state,
  sourceName,
  incident,
  tlp,
  due,
  link,
  title,
  text,
  publishedAt,
}: InboundItem): string {
  const about = incident === null ? [] : [`about ${incident}`];
  const head = [kind, state, sourceName, `TLP:${tlp.toUpperCase()}`, publishedAt, ...about];
  if (due !== null) head.push(`due ${due}`);
  return [
    `${id}  ${plain(title)}`,
    plain(head.join(', ')),
    ...(link === null ? [] : [plain(link)]),
    ...(text === '' ? [] : ['', ...text.split('\n').map(plain)]),
  ].join('\n');
}
