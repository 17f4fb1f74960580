import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { safeJson } from '../../ecs/safe-json.ts';
import type { RequestDetail, RequestList, RequestRow } from '../requests/schema.ts';
import { readNumber, UsageError, type ValuesOf } from './arguments.ts';
import type { Connection } from './connection.ts';
import { needed, readDue } from './due.ts';
import { everyRow } from './every-row.ts';
import { type Act, runAct } from './run-act.ts';
import { plain, table } from './terminal.ts';

const HELP = `Usage: haidang request list [--state asked,read,…] [--agency ID] [--incident ID] [--limit N] [--json] [--config FILE]
       haidang request show ID [--json]
       haidang request ask AGENCY --incident ID|--alert ID --subject TEXT --text TEXT --due TIME|--hours N [--json]
       haidang request answer ID --text TEXT [--file FILE]... [--json]
       haidang request again ID --text TEXT --due TIME|--hours N [--json]
       haidang request close ID [--note TEXT] [--json]

Questions to an agency about an incident or an alert, with their answers; what is due first comes first. States: asked, read,
overdue, answered, closed. "answer" writes down what came another way, by telephone or on paper; files become evidence of the
incident. --json writes one request a line.`;

const OPTIONS = {
  json: { type: 'boolean' },
  state: { type: 'string' },
  agency: { type: 'string' },
  incident: { type: 'string' },
  alert: { type: 'string' },
  subject: { type: 'string' },
  text: { type: 'string' },
  due: { type: 'string' },
  hours: { type: 'string' },
  note: { type: 'string' },
  file: { type: 'string', multiple: true },
  limit: { type: 'string' },
  config: { type: 'string' },
} as const;
type Values = ValuesOf<typeof OPTIONS>;

/** `haidang request` */
export async function run(args: readonly string[]): Promise<number> {
  return runAct(args, { help: HELP, options: OPTIONS, readAct });
}

function readAct([act, id, ...more]: readonly string[], values: Values): Act {
  const wrong = () =>
    new UsageError('say "haidang request list", "show", "ask", "answer", "again" or "close"; --help tells more.');
  if (more.length > 0) throw wrong();
  if (act === 'list' && id === undefined) return (connection) => showList(connection, values);
  if (id === undefined) throw wrong();
  const path = `/api/v1/requests/${encodeURIComponent(id)}`;
  const sent = (to: string, body: object) => async (connection: Connection) =>
    show(await connection.ask<RequestDetail>('POST', to, body), values);
  switch (act) {
    case 'show':
      return async (connection) => show(await connection.ask<RequestDetail>('GET', path), values, true);
    case 'ask': {
      const { incident, alert } = values;
      if (incident === undefined && alert === undefined)
        throw new UsageError('"haidang request ask" needs --incident or --alert.');
      const about = { ...(incident === undefined ? {} : { incident }), ...(alert === undefined ? {} : { alert }) };
      const question = { subject: needed('subject', values.subject), text: needed('text', values.text) };
      return sent('/api/v1/requests', { agency: id, ...about, ...question, due: dueOf(values) });
    }
    case 'answer': {
      const text = needed('text', values.text);
      return (connection) => answer(connection, path, text, values);
    }
    case 'again':
      return sent(`${path}/again`, { text: needed('text', values.text), due: dueOf(values) });
    case 'close':
      return sent(`${path}/close`, { note: values.note ?? '' });
    default:
      throw wrong();
  }
}

function dueOf(values: Values): string {
  return readDue(values) ?? needed('due', values.due);
}

/** Files first: an answer that cannot be sent whole is not given at all. */
async function answer(connection: Connection, path: string, text: string, values: Values): Promise<number> {
  for (const file of values.file ?? [])
    await connection.sendFile(`${path}/files?name=${encodeURIComponent(basename(file))}`, await readFile(file));
  return show(await connection.ask<RequestDetail>('POST', `${path}/answer`, { text }), values);
}

async function showList(connection: Connection, values: Values): Promise<number> {
  const limit = readNumber('limit', values.limit, 100_000, 100_000);
  const { state, agency, incident, alert } = values;
  const rows = await Array.fromAsync(
    everyRow(connection, '/api/v1/requests', (page: RequestList) => page.requests, {
      wanted: { state, agency, incident, alert },
      limit,
    }),
  );
  if (values.json) for (const row of rows) console.log(safeJson(row));
  else console.log(rows.length === 0 ? 'No requests.' : table(HEADING, rows.map(cells)));
  return 0;
}

const HEADING = ['id', 'state', 'agency', 'due', 'about', 'subject'];

function cells({ id, state, agency, due, incident, alert, subject }: RequestRow): string[] {
  return [id, state, agency, due, incident ?? alert ?? '', subject];
}

function show(detail: RequestDetail, { json }: Values, whole = false): number {
  if (json) {
    console.log(safeJson(detail));
    return 0;
  }
  const { request, messages, files, officers } = detail;
  console.log(
    `${request.id}  ${request.state}, ${plain(request.agencyName)}, due ${request.due}  ${plain(request.subject)}`,
  );
  if (officers === 0)
    console.error(
      `Nobody of ${request.agency} can read it: the agency has no officer; add one with "haidang user add".`,
    );
  if (!whole) return 0;
  for (const { at, by, text } of messages) {
    console.log(`\n${at}  ${plain(by)}`);
    for (const line of text.split('\n')) console.log(`  ${plain(line)}`);
  }
  for (const { name, bytes, sha256 } of files) console.log(`\n${plain(name)}  ${bytes} bytes  sha256 ${sha256}`);
  return 0;
}
